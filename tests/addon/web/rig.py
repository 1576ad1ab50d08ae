"""A site made of a folder and fixed figures, and requests to it."""

from collections.abc import Mapping
from pathlib import Path

from addon.web.access_token import access_token
from addon.web.exchange import Reply, Request
from addon.web.recent import Recent
from addon.web.routes import answer
from addon.web.sources import Sources

TOKEN = "a-token-of-the-tests"


def sources(home: Path, recent: Recent | None = None) -> Sources:
    return Sources(
        home=lambda: home,
        token=lambda: access_token(home, TOKEN),
        metrics=lambda: b"headroom_blocks_total 1.0\n",
        stats=lambda: {"requests": 1},
        recent=recent or Recent(),
    )


def ask(
    home: Path,
    target: str,
    method: str = "GET",
    *,
    peer: str = "127.0.0.1",
    body: bytes = b"",
    token: bool = False,
    recent: Recent | None = None,
    also: Mapping[str, str] | None = None,
    **headers: str,
) -> Reply:
    """The reply to one request; in headers' names `_` stands for `-`."""
    path, _, query = target.partition("?")
    named = {"host": "headroom.internal"} | {name.replace("_", "-"): value for name, value in headers.items()}
    named |= also or {}
    if token:
        named["authorization"] = f"Bearer {TOKEN}"
    return answer(sources(home, recent), Request(method, path, query, named, body, peer))
