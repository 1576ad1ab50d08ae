"""A request to the site and its reply: plain records, without mitmproxy, sockets or threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

HOST = "headroom.internal"
"""The name that clients of the proxy use. ICANN has set `.internal` aside for private use: it never resolves
(resolution 2024.07.29.06)."""
TRIAL_HOST = f"doctor.{HOST}"
"""Requests to this name are rewritten like an API's and go to their port on this machine: `headroom-mitm doctor`."""
BODY_LIMIT = 1 << 20
"""Bytes of a request's body; ours are small."""
_MOST_FIELDS = 32


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks of the site."""

    method: str
    path: str
    """Without the query, as it was sent."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = b""
    peer: str = ""
    """The client's IP address."""
    hosts: frozenset[str] = frozenset({HOST})
    """The values of the Host header, in lower case, by which the site goes where the request came in."""
    base: str = f"http://{HOST}"
    """What addresses in replies begin with."""
    trusted: bool = False
    """Whether the request showed the token."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path in place of the route's `{name}`s."""

    def fields(self) -> dict[str, str]:
        """The query's fields; of a name that stands twice, the first. Raises ValueError when there are too many."""
        pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        return dict(reversed(pairs))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the site answers. Every reply goes out with `SAFE_HEADERS` besides its own, which win."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> dict[str, str]:
        """All headers but those that depend on the connection."""
        return {**SAFE_HEADERS, **self.headers, "content-length": str(len(self.body))}


SAFE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""What keeps another site's page from reading, running or framing ours; CORS headers are never sent."""


def text(body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply of plain text, unless the headers say another kind."""
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    return Reply(status, raw, {"content-type": "text/plain; charset=utf-8", **(headers or {})})


def json(value: Any, status: int = 200) -> Reply:
    """A reply of JSON; what is not UTF-8 becomes question marks."""
    return Reply(status, orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE), {"content-type": "application/json"})
