"""A site made of a folder and fixed figures, and requests to it."""

from pathlib import Path

from addon.web.access_token import access_token
from addon.web.exchange import Reply, Request
from addon.web.routes import answer
from addon.web.sources import Sources

TOKEN = "a-token-of-the-tests"


def sources(home: Path, token: str = TOKEN) -> Sources:
    return Sources(
        home=lambda: home,
        token=lambda: access_token(home, token),
        metrics=lambda: b"headroom_blocks_total 1.0\n",
        stats=lambda: {"requests": 1},
    )


def ask(
    home: Path,
    target: str,
    method: str = "GET",
    *,
    peer: str = "127.0.0.1",
    body: bytes = b"",
    token: bool = False,
    **headers: str,
) -> Reply:
    """The reply to one request; in headers' names `_` stands for `-`."""
    path, _, query = target.partition("?")
    named = {"host": "headroom.internal"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        named["authorization"] = f"Bearer {TOKEN}"
    return answer(sources(home), Request(method, path, query, named, body, peer))
