"""The rows of `ls -l`: the mode, links, owner and group that most rows share are said once.

Contract: pure, linear in the lines, never raises. Sizes, dates and names stand on their rows as they were.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_DATE = (
    r"(?:[A-Z][a-z]{2} [ \d]\d (?: \d{4}|\d\d:\d\d)|[ \d]\d [A-Z][a-z]{2} (?: \d{4}|\d\d:\d\d)"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:\.\d{1,9})? [+-]\d{4})?)"
)
_SIZE = r"\d{1,18}(?:[.,]\d)?[BKMGTPi]{0,2}"
_MODE = re.compile(r"\n[-dlbcps][-r][-w][-xsS]")
_LONG = re.compile(
    r"([-dlbcps][-rwxsStTlL]{9}[@+.]? {1,9}+\d{1,9}+ \S{1,64}+ {1,40}+\S{1,64}+)"
    rf"( {{1,20}}+{_SIZE}) (?={_DATE} )"
)
_SHORT = re.compile(rf"^({_SIZE}) (?={_DATE} )", re.MULTILINE)
_LEGEND = re.compile(r"^\[rows without a mode: ([^\n]+), size (\d{1,2}) wide\](?:\n|\Z)", re.MULTILINE)
_FEWEST = 4
"""Rows with the same beginning from which the legend pays for itself."""


def encode_rows(text: str) -> str | None:
    """Each run of rows below a legend that says what the short ones lack; None if there is nothing to say once."""
    if not _MODE.search(f"\n{text}"):
        return None
    lines = text.split("\n")
    starts = [(row[1], row.end(2)) if row else None for row in map(_LONG.match, lines)]
    out: list[str] = []
    for first, last in _runs(starts):
        own = lines[first:last]
        start, rows = Counter(starts[first:last]).most_common(1)[0]
        if start is None or rows < _FEWEST:
            out += own
            continue
        shared = len(start[0])
        out.append(f"[rows without a mode: {start[0]}, size {start[1] - shared} wide]")
        rest = zip(own, starts[first:last], strict=True)
        out += [line[shared:].lstrip(" ") if own_start == start else line for line, own_start in rest]
    return "\n".join(out) if len(out) > len(lines) else None


def decode_rows(text: str) -> str:
    """The inverse of `encode_rows`: the rows below a legend are whole again."""
    if "[rows without a mode: " not in text:
        return text
    above, *parts = _LEGEND.split(text)
    below = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return above + "".join(_whole(rows, shared, int(width)) for shared, width, rows in below)


def _whole(rows: str, shared: str, width: int) -> str:
    return _SHORT.sub(lambda short: f"{shared}{short[1].rjust(width)} ", rows)


def _runs(found: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Cut where rows begin or end: `[first, last)` of each stretch of rows, and of what is between."""
    first = 0
    for at in range(1, len(found) + 1):
        if at == len(found) or (found[at] is None) != (found[first] is None):
            yield first, at
            first = at
