"""What was taken out of a text and what stands there instead, line by line, in time linear in the text.

Made for rewrites, whose kept lines stand in the old order: a line of the new text is matched with the next equal one of
the old text. That is no shortest edit script, and need not be.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby, islice

from addon.views.page_of_text import shown

_MOST_LINES = 20_000
_FAR = 60
"""A line that stands often is matched within so many lines only, or a lone bracket would skip half of the text."""
_MARKER = re.compile(r"\[\w+ [\d,]+(?:-[\d,]+)?[^\]]{0,40} omitted\b")
KEPT, GONE, NEW = " ", "-", "+"
MARKER = "»"
"""The sign before a line that names a gap."""

type Change = tuple[str, str]


def changes(before: str, after: str) -> Iterator[Change]:
    """The lines of both texts in order, each with its sign."""
    old, new = before.splitlines()[:_MOST_LINES], after.splitlines()[:_MOST_LINES]
    places: dict[str, list[int]] = {}
    for place, line in enumerate(old):
        places.setdefault(line, []).append(place)
    at, added = 0, list[str]()
    for line in new:
        found = _next(places.get(line, []), at)
        if found is None:
            added.append(line)
            continue
        yield from ((GONE, gone) for gone in old[at:found])
        yield from ((NEW, extra) for extra in added)
        yield KEPT, line
        at, added = found + 1, []
    yield from ((GONE, gone) for gone in old[at:])
    yield from ((NEW, extra) for extra in added)


def gaps(before: str, after: str) -> list[str]:
    """The lines that name what was left out: markers in the new text which the old one did not have."""
    known = set(before.splitlines()[:_MOST_LINES])
    return [line for line in after.splitlines()[:_MOST_LINES] if _MARKER.search(line) and line not in known]


def difference(before: str, after: str, most: int) -> list[str]:
    """The changes as lines for people, at most `most`: long runs by their ends and their length, gaps pointed out."""
    signed = groupby(changes(before, after), lambda change: change[0])
    runs = [(sign, [line for _, line in run]) for sign, run in signed]
    for context in (3, 2, 1, 0):
        lines = list(islice((line for sign, run in runs for line in _run(sign, run, context)), most + 1))
        if len(lines) <= most:
            return [f"{sign} {shown(line)}" for sign, line in lines]
    return [*(f"{sign} {shown(line)}" for sign, line in lines[: most - 1]), "… and more, which the Raw view has"]


def _next(places: list[int], at: int) -> int | None:
    found = bisect_left(places, at)
    if found == len(places) or (len(places) > 1 and places[found] - at > _FAR):
        return None
    return places[found]


def _run(sign: str, run: list[str], context: int) -> Iterator[Change]:
    if sign == NEW:
        marked = [place for place, line in enumerate(run) if _MARKER.search(line)]
        at = 0
        for place in marked:
            yield from _cut(NEW, run[at:place], context)
            yield MARKER, run[place]
            at = place + 1
        yield from _cut(NEW, run[at:], context)
    else:
        yield from _cut(sign, run, context)


_MORE = {KEPT: "as they were", GONE: "taken out", NEW: "put in"}


def _cut(sign: str, run: list[str], context: int) -> Iterator[Change]:
    ends = max(1, context) if sign == KEPT else 2 * context or 1
    if len(run) <= 2 * ends + 1:
        yield from ((sign, line) for line in run)
        return
    yield from ((sign, line) for line in run[:ends])
    yield sign, f"… {len(run) - 2 * ends:,} lines more {_MORE[sign]} …"
    yield from ((sign, line) for line in run[-ends:])
