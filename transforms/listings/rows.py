"""The rows of `ls -l`: the mode, links, owner and group that most rows share are said once, and so is their date.

Contract: pure, linear in the lines, never raises. Sizes, names and other dates stand on their rows as they were.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_DATE = (
    r"(?:[A-Z][a-z]{2} [ \d]\d (?: \d{4}|\d\d:\d\d)|[ \d]\d [A-Z][a-z]{2} (?: \d{4}|\d\d:\d\d)"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:\.\d{1,9})? [+-]\d{4})?)"
)
_SIZE = r"\d{1,18}(?:[.,]\d)?[BKMGTPi]{0,2}"
_START = r"[-dlbcps][-rwxsStTlL]{9}[@+.]? {1,9}+\d{1,9}+ \S{1,64}+ {1,40}+\S{1,64}+"
_MODE = re.compile(r"\n[-dlbcps][-r][-w][-xsS]")
_LONG = re.compile(rf"({_START})( {{1,20}}+{_SIZE}) ({_DATE}) (?!{_DATE} )")
_SHORT = re.compile(rf"^({_SIZE}) (?={_DATE} )", re.MULTILINE)
_UNDATED = re.compile(rf"^({_SIZE}|{_START} {{1,20}}+{_SIZE}) (?!{_DATE} )", re.MULTILINE)
_ROWS = re.compile(rf"(?:(?:{_SIZE}|{_START}) [^\n]*(?:\n|\Z))*+")
"""The lines below a legend, up to one that is no row."""
_LEGEND = re.compile(
    rf"^\[rows without a mode: ([^\n]+), size (\d{{1,2}}) wide(?:; without a date: ({_DATE}))?\](?:\n|\Z)",
    re.MULTILINE,
)
_FEWEST = 4
"""Rows with the same beginning, or date, from which the legend pays for itself."""


class _Row(NamedTuple):
    """The parts of a row, which follow one another with a blank before the date and one before the name."""

    start: str
    """Mode, links, owner and group."""
    size: str
    """With the blanks before it."""
    date: str
    name: str

    def said(self, start: str, width: int, date: str) -> str:
        """The row below a legend for this start, with sizes that wide, and this date."""
        shared = (self.start, len(self.size)) == (start, width)
        words = [self.size.lstrip(" ") if shared else self.start + self.size]
        return " ".join([*words, self.name] if self.date == date else [*words, self.date, self.name])


def encode_rows(text: str) -> str | None:
    """Each run of rows below a legend that says what the short ones lack; None if there is nothing to say once."""
    if not _MODE.search(f"\n{text}"):
        return None
    lines = text.split("\n")
    rows = [_row(line) for line in lines]
    out: list[str] = []
    for first, last in _runs(rows):
        own = [row for row in rows[first:last] if row]
        (start, width), shared = _most_common([(row.start, len(row.size)) for row in own]) or (("", 0), 0)
        if shared < _FEWEST:
            out += lines[first:last]
            continue
        date, dated = _most_common([row.date for row in own]) or ("", 0)
        date = date if dated >= _FEWEST and not (last < len(lines) and _UNDATED.match(lines[last])) else ""
        out.append(f"[rows without a mode: {start}, size {width} wide{date and f'; without a date: {date}'}]")
        out += [row.said(start, width, date) for row in own]
    return "\n".join(out) if len(out) > len(lines) else None


def decode_rows(text: str) -> str:
    """The inverse of `encode_rows`: the rows below a legend are whole again."""
    if "[rows without a mode: " not in text:
        return text
    above, *parts = _LEGEND.split(text)
    below = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    return above + "".join(_whole(rows, start, int(width), date) for start, width, date, rows in below)


def _row(line: str) -> _Row | None:
    found = _LONG.match(line)
    return _Row(found[1], found[2], found[3], line[found.end() :]) if found else None


def _most_common[T](values: Sequence[T]) -> tuple[T, int] | None:
    return Counter(values).most_common(1)[0] if values else None


def _whole(rows: str, start: str, width: int, date: str | None) -> str:
    if date and (own := _ROWS.match(rows)):
        rows = _UNDATED.sub(lambda row: f"{row[1]} {date} ", own[0]) + rows[own.end() :]
    return _SHORT.sub(lambda row: f"{start}{row[1].rjust(width)} ", rows)


def _runs(found: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Cut where rows begin or end: `[first, last)` of each stretch of rows, and of what is between."""
    first = 0
    for at in range(1, len(found) + 1):
        if at == len(found) or (found[at] is None) != (found[first] is None):
            yield first, at
            first = at
