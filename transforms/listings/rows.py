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
_MODE = re.compile(r"^[-dlbcps][-r][-w][-xsS]", re.MULTILINE)
_LONG = re.compile(
    r"([-dlbcps][-rwxsStTlL]{9}[@+.]? {1,9}+\d{1,9}+ \S{1,64}+ {1,40}+\S{1,64}+)"
    rf"( {{1,20}}+{_SIZE}) (?={_DATE} )"
)
_SHORT = re.compile(rf"({_SIZE}) (?={_DATE} )")
_LEGEND = re.compile(r"\[rows without a mode: ([^\n]+), size (\d{1,2}) wide\]")
_FEWEST = 4
"""Rows with the same beginning from which the legend pays for itself."""


def encode_rows(text: str) -> str | None:
    """Each run of rows below a legend that says what the short ones lack; None if there is nothing to say once."""
    if not _MODE.search(text):
        return None
    lines = text.split("\n")
    found = [_LONG.match(line) for line in lines]
    out: list[str] = []
    for first, last in _runs(found):
        run = found[first:last]
        starts = Counter((m[1], len(m[2])) for m in run if m)
        (shared, width), rows = starts.most_common(1)[0] if starts else (("", 0), 0)
        if rows < _FEWEST:
            out += lines[first:last]
            continue
        out.append(f"[rows without a mode: {shared}, size {width} wide]")
        for line, row in zip(lines[first:last], run, strict=True):
            short = row is not None and (row[1], len(row[2])) == (shared, width)
            out.append(line[len(shared) :].lstrip(" ") if short else line)
    return "\n".join(out) if len(out) > len(lines) else None


def decode_rows(text: str) -> str:
    """The inverse of `encode_rows`: the rows below a legend are whole again."""
    if "[rows without a mode: " not in text:
        return text
    out = []
    shared, width = "", 0
    for line in text.split("\n"):
        legend = _LEGEND.fullmatch(line)
        short = _SHORT.match(line) if shared else None
        if legend:
            shared, width = legend[1], int(legend[2])
        elif short:
            out.append(f"{shared}{short[1].rjust(width)}{line[short.end(1) :]}")
        else:
            out.append(line)
    return "\n".join(out)


def _runs(found: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Cut where rows begin or end: `[first, last)` of each stretch of rows, and of what is between."""
    first = 0
    for at in range(1, len(found) + 1):
        if at == len(found) or (found[at] is None) != (found[first] is None):
            yield first, at
            first = at
