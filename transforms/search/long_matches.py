"""Matches on lines of thousands of characters (generated code, minified bundles), cut around what was found.

Lossy. A line of code is read whole; of a line of twenty thousand characters a reader wants the place that was found.
Kept of such a line: its start with path and number, its end, and what stands around every hit of a word that the call
or the question names. Every gap tells its columns: characters, counted in the line from 1. It begins and ends at a
blank or a sign that parts expressions, so that no name, number, path or time is shown in part.

    dist/app.js:1:!function(e){…         ->  dist/app.js:1:!function(e){…[columns 241-48121 omitted; full text: PATH]…
    …fetchUser(id)…                          …fetchUser(id)…

Contract: lines stay lines; at most `budget.tokens` go, the largest gaps first. A line in which no named word is found
stays whole, and so does one where such words stand everywhere.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.lossy.focus import named_terms
from transforms.lossy.stretches import Stretch, choose, leave_out, long_lines

_LONG = 2000
"""Characters of a line; readers' own tools cut lines at this length."""
_START, _AROUND, _END = 240, 160, 80
"""Characters kept of a line: at its start, on either side of a hit, at its end."""
_SHORTEST = 400
"""Characters of a gap: its marker costs as much as some 60 of them."""
_MOST_HITS = 40
"""A word that is found more often in a line is no place in it."""
_PARTS = " \t;(){}"
"""Signs between expressions. Commas, colons and points also stand within numbers, times and paths."""
_FARTHEST = 400
"""Characters in which such a sign is looked for; where there is none, the line is no code."""
_MARKER = re.compile(r"\[columns ([1-9]\d{0,11})-([1-9]\d{0,11}) omitted(?:; full text: [^\]\n]+)?\]")


class LongMatches:
    """Long lines among search results, cut around what was found in them."""

    name = "match_trimmer"
    kinds = frozenset({Kind.SEARCH})
    loss = Loss.LOSSY
    lines_stand_alone = True

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The results with gaps in their long lines; None when there is no such line, or little would go."""
        text = block.text
        if not budget.allows_loss or len(text) < _LONG or _MARKER.search(text):
            return None
        terms = named_terms(block)
        found = [gap for start, line in long_lines(text, _LONG) for gap in _gaps(text, start, line, terms)]
        return leave_out(text, choose(text, found, budget.tokens, _behind_part), budget.handle, _told)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether every line is the original's, but for columns that a marker in their place names."""
        before, after = original.split("\n"), rewritten.split("\n")
        return len(before) == len(after) and all(
            new == old or _explains(old, new) for old, new in zip(before, after, strict=True)
        )


def _gaps(text: str, start: int, line: str, terms: Sequence[str]) -> Iterator[Stretch]:
    """What stands between the kept places of one line; nothing where no place in it is named."""
    end, hits = start + len(line), list(_hits(line, terms))
    if not hits or len(hits) > _MOST_HITS:
        return
    kept = sorted((start + low - _AROUND, start + high + _AROUND) for low, high in hits)
    at = start + _START
    for low, high in [*kept, (end - _END, end)]:
        gap = _between_parts(text, at, low)
        if low > at and gap[1] - gap[0] >= _SHORTEST:
            yield Stretch("columns", *gap)
        at = max(at, high)


def _between_parts(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch from the first sign between expressions to the last one, both kept; nothing where there is none."""
    first = _next_part(text, start, min(end, start + _FARTHEST))
    last = next((at for at in range(end - 1, max(start, end - _FARTHEST), -1) if text[at] in _PARTS), 0)
    return (first, last) if first and last > first else (end, end)


def _next_part(text: str, start: int, end: int) -> int:
    """Behind the next sign between expressions; 0 where there is none."""
    return next((at + 1 for at in range(start, end) if text[at] in _PARTS), 0)


def _hits(line: str, terms: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the terms, in whatever case, stand in a line; a term that stands everywhere counts as none."""
    lowered = line.replace("\u0130", "i").lower()  # the one character that gets longer in lower case
    for term in terms:
        places = list(islice(_places(lowered, term), _MOST_HITS + 1))
        if len(places) <= _MOST_HITS:
            yield from places


def _places(line: str, term: str) -> Iterator[tuple[int, int]]:
    at = line.find(term)
    while at >= 0:
        yield at, at + len(term)
        at = line.find(term, at + len(term))


def _behind_part(text: str, start: int, end: int) -> int:
    """Behind the first sign between expressions; the end where little is left behind it."""
    first = _next_part(text, start, min(end, start + _FARTHEST)) or end
    return first if end - first >= _SHORTEST else end


def _told(text: str, gap: Stretch) -> str:
    line = text.rfind("\n", 0, gap.start) + 1
    return f"{gap.what} {gap.start - line + 1}-{gap.end - line} omitted"


def _explains(original: str, rewritten: str) -> bool:
    """Whether `rewritten` is the line `original` with just those columns left out that its markers name."""
    at = written = 0
    for marker in _MARKER.finditer(rewritten):
        kept = rewritten[written : marker.start()]
        first, last = int(marker[1]), int(marker[2])
        if original[at : at + len(kept)] != kept or first != at + len(kept) + 1 or not first < last <= len(original):
            return False
        at, written = last, marker.end()
    return written > 0 and original[at:] == rewritten[written:]
