"""The page of one original: `/o/ID?lines=120-480&grep=ERROR&context=3&tokens=4000&format=json`.

Plain text is the original's bytes and nothing else, where all that was asked for fits; else a last line says what is
left and where. What is gone is told from what never was, with the call that would make it again.
"""

import time
from contextlib import closing
from typing import Any

from addon.store.originals import Found, Originals
from addon.store.shelf import Gone, Source
from addon.web.excerpt import BadQuestion, Excerpt, Wanted, excerpt
from addon.web.exchange import Reply, Request, json, text
from addon.web.sources import Sources

_WHY = {
    Gone.EXPIRED: "was not used for 30 days and was removed",
    Gone.EVICTED: "was removed for want of room",
    Gone.LOST: "is not in its folder any more",
}
_KNOWN = frozenset({"lines", "skip", "grep", "context", "tokens", "format", "token"})
_HOW = "lines=FIRST-LAST, grep=REGEX, context=LINES, tokens=HOW_MANY_AT_MOST, format=json"


def original(sources: Sources, request: Request) -> Reply:
    """An original or a part of it."""
    fields = request.fields()
    if unknown := sorted(fields.keys() - _KNOWN):
        return text(f"There is no {unknown[0]}=; allowed: {_HOW}\n", 400)
    if (kind := fields.get("format", "text")) not in ("text", "json"):
        return text(f"There is no format={kind}; allowed: text, json\n", 400)
    as_json = kind == "json"
    try:
        found = find(sources, request.names["id"])
        if not isinstance(found, Found):
            return _gone(found, as_json)
        part = excerpt(found.data, Wanted.parse(fields))
    except BadQuestion as error:
        return text(f"{error}\n", 400)
    address = f"{request.base}{request.path}?"
    if as_json:
        return json(_facts(request.names["id"], part, found.source, address))
    headers = {"x-headroom-lines": f"{part.first}-{part.last} of {part.total}"}
    if part.rest is not None:
        headers["x-headroom-next"] = address + part.rest.query
    return text(part.body + left(part, address), headers=headers)


def find(sources: Sources, name: str) -> Found | Source | None:
    """What there is of an id. Raises BadQuestion for what is none."""
    with closing(Originals(sources.home())) as originals:
        try:
            return originals.find(name)
        except ValueError as error:
            raise BadQuestion(str(error)) from None


def left(part: Excerpt, address: str) -> bytes:
    """A line that says what of a range is left and where to get it; empty where nothing is."""
    if part.rest is None:
        return b""
    new_line = "" if part.body.endswith(b"\n") else "\n"
    rest = part.rest
    told = f"lines {rest.first}-{rest.last} of {part.total} left: {address}{rest.query}"
    grep = "" if rest.grep else " (or &grep=REGEX&context=3)"
    return f"{new_line}[{told}{grep}]\n".encode()


def farewell(source: Source | None) -> str:
    """What to say of an original that is not there: why, since when, and how to get it again."""
    if source is None:
        return "No original with this id is known here: it was never kept, or removed more than 30 days ago."
    what = f"This original, kept on {_day(source.saved)}, {_WHY[source.gone or Gone.LOST]}"
    what += f" on {_day(source.gone_at)}." if source.gone_at else "."
    if not source.tool and not source.arguments:
        return what
    return f"{what} To get it again, repeat the call: {source.tool} {source.arguments}"


def _gone(source: Source | None, as_json: bool) -> Reply:
    status = 404 if source is None else 410
    if not as_json:
        return text(f"{farewell(source)}\n", status)
    facts: dict[str, Any] = {"error": farewell(source), "state": "unknown" if source is None else source.gone or "lost"}
    return json(facts | (_origin(source) if source else {}), status)


def _facts(name: str, part: Excerpt, source: Source, address: str) -> dict[str, Any]:
    rest = part.rest
    return {
        "id": name,
        "lines": [part.first, part.last],
        "of": part.total,
        "text": part.body.decode("utf-8", "replace"),
        "left": None if rest is None else [rest.first, rest.last],
        "next": None if rest is None else address + rest.query,
        **_origin(source),
    }


def _origin(source: Source) -> dict[str, Any]:
    return {
        "tool": source.tool,
        "arguments": source.arguments,
        "saved": _day(source.saved) if source.saved else None,
        "gone": _day(source.gone_at) if source.gone_at else None,
    }


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
