"""Who may ask: programs of this machine, or whoever shows the token. Pages of other sites may not, by any road.

- **Host**: only the site's own names. A name that an attacker resolves to 127.0.0.1 (DNS rebinding) is none of them.
- **Origin, Sec-Fetch-Site**: a browser says for whom it asks. Another site's page is refused, reading or writing; a
  link may be followed from a page on this machine (mitmweb's), not from elsewhere.
- **Address**: loopback, else the token. Loopback is not proof of *who* asks, since other users of the machine have it
  too: so ids are unguessable, and what lists them or tells of recent requests asks for the token (`trusted`).
"""

import hmac
from dataclasses import replace
from ipaddress import ip_address

from addon.web.exchange import Reply, Request, text

_BEARER = "bearer "
_OTHERS = ("cross-site", "same-site")


def admitted(request: Request, *tokens: str) -> Request | Reply:
    """The request, marked as trusted where it shows one of the tokens; or the reply that refuses it."""
    headers = request.headers
    if _host(headers.get("host", "")) not in request.hosts:
        return text("This is not a name of mine.\n", 421)
    if not _same_origin(request):
        return text("Not for pages of other sites.\n", 403)
    shown = _shown(request)
    trusted = shown is not None and any(_same(shown, token) for token in tokens)
    if shown is not None and not trusted:
        return text("That is not the token.\n", 401, {"www-authenticate": "Bearer"})
    if not trusted and not _is_loopback(request.peer):
        return text("Only for this machine, or with the token: Authorization: Bearer TOKEN\n", 403)
    return replace(request, trusted=trusted)


def _same(shown: str, token: str) -> bool:
    return bool(token) and hmac.compare_digest(shown.encode(), token.encode())


def _host(value: str) -> str:
    """A Host header without the ports that schemes imply."""
    host = value.strip().lower()
    return host.removesuffix(":443") if host.endswith(":443") else host.removesuffix(":80")


def _same_origin(request: Request) -> bool:
    headers = request.headers
    origin = headers.get("origin")
    if origin is not None and _host(origin.lower().partition("://")[2]) not in request.hosts:
        return False
    site = headers.get("sec-fetch-site", "none").lower()
    navigates = request.method == "GET" and headers.get("sec-fetch-mode", "").lower() == "navigate"
    return site not in _OTHERS or (site == "same-site" and navigates)


def _shown(request: Request) -> str | None:
    """The token that a request shows, in the Authorization header or as `?token=`, if any."""
    value = request.headers.get("authorization", "")
    if value.lower().startswith(_BEARER):
        return value[len(_BEARER) :].strip()
    return request.fields().get("token")


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
