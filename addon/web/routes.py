"""The site: one request in, one reply out, whatever way it came in.

Adding a page: a function `page(sources, request) -> Reply` in a module of this package, and a line in `ROUTES`. The
first line that fits answers. `{name}` in a path stands for one segment of letters, digits, `-` and `_`, which the page
finds in `request.names`; so nothing that could be a path trick ever reaches a page. What a page shows of single
requests or originals without being asked for them by their id, it shows to `request.trusted` only: `OWNER`.

Pages run in a thread, never on an event loop; they may block for a second or so, and raise: that is a 500.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from addon.dashboard import pages as dashboard
from addon.fail_open import describe, fail_open
from addon.web import explain, mcp_page, original, pages
from addon.web.exchange import BODY_LIMIT, Reply, Request, text
from addon.web.guard import admitted
from addon.web.sources import Sources

type Page = Callable[[Sources, Request], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """Which page answers what."""

    method: str
    """GET stands for HEAD too."""
    path: str
    page: Page
    owner: bool = False
    """Whether the token is needed, also on this machine."""

    def names_in(self, path: str) -> dict[str, str] | None:
        """The values of this route's names in a path; None when the path is another one."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_-]{1,128})", self.path)
        found = re.fullmatch(pattern, path)
        return None if found is None else found.groupdict()


OWNER = True

ROUTES = (
    Route("GET", "/", pages.index),
    Route("GET", "/dashboard", dashboard.page),
    Route("GET", "/dashboard/{file}", dashboard.file),
    Route("GET", "/healthz", pages.healthz),
    Route("GET", "/metrics", pages.metrics),
    Route("GET", "/stats", pages.stats),
    Route("GET", "/o/{id}", original.original),
    Route("GET", "/r/last", explain.last, OWNER),
    Route("GET", "/r/{id}", explain.request),
    Route("POST", "/mcp", mcp_page.mcp),
)
_WITH_TOKEN = "With the token only (`token` in the state folder, or headroom_token): Authorization: Bearer TOKEN\n"


def answer(sources: Sources, request: Request) -> Reply:
    """The reply to a request. Never raises."""
    replies: list[Reply] = []
    failures: list[BaseException] = []
    with fail_open(failures.append):
        replies.append(_answer(sources, request))
    return replies[0] if replies else text(f"That failed: {describe(failures[0])}\n", 500)


def _answer(sources: Sources, request: Request) -> Reply:
    if len(request.body) > BODY_LIMIT:
        return text("Too large.\n", 413)
    try:
        who = admitted(request, sources.token(), sources.key)
    except ValueError as error:
        return text(f"{error}\n", 400)
    if isinstance(who, Reply):
        return who
    method = "GET" if who.method == "HEAD" else who.method
    fitting = [(route, names) for route in ROUTES if (names := route.names_in(who.path)) is not None]
    for route, names in fitting:
        if route.method == method:
            if route.owner and not who.trusted:
                return text(_WITH_TOKEN, 401, {"www-authenticate": "Bearer"})
            return route.page(sources, replace(who, names=names))
    if fitting:
        return text("Not by that method.\n", 405, {"allow": ", ".join(route.method for route, _ in fitting)})
    return text("There is no such page; / lists them.\n", 404)
