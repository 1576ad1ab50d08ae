"""Times in log lines: which way of writing them a log uses, and how to say only what changed since the line before.

A time is a row of digit fields (`2024-03-05 10:00:01,250` has seven). Two times that share their first fields
are told apart by the rest, so the second one can be written as `02,375`: the reader, and the inverse, take the
missing fields from the time before.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

REACH = 80
"""Characters of a line in which its time is looked for: prefixes of CI systems and containers stand before it."""
_FIELD = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """One way of writing times. Every match of `pattern` has the same number of digit fields."""

    pattern: str
    """Regular expression without groups."""
    syslog: bool = False
    """Host and program follow the time, as RFC 3164 has it: https://www.rfc-editor.org/rfc/rfc3164#section-4.1"""


_DAY = r"\d{4}[-/.]\d\d[-/.]\d\d"
_CLOCK = r"\d\d:\d\d:\d\d"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = rf"{_MONTH} {{1,2}}\d{{1,2}}"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
FORMATS: tuple[TimeFormat, ...] = (
    TimeFormat(rf"{_DAY}[T _-]\d\d[:.]\d\d[:.]\d\d[.,]\d{{1,9}}"),
    TimeFormat(rf"{_DAY}[T _-]\d\d[:.]\d\d[:.]\d\d"),
    TimeFormat(rf"\d\d/{_MONTH}/\d{{4}}:{_CLOCK}"),
    TimeFormat(rf"{_WEEKDAY} {_DATE} {_CLOCK}\.\d{{1,9}}"),
    TimeFormat(rf"{_WEEKDAY} {_DATE} {_CLOCK}"),
    TimeFormat(rf"{_DATE} {_CLOCK}\.\d{{1,9}}", syslog=True),
    TimeFormat(rf"{_DATE} {_CLOCK}", syslog=True),
    TimeFormat(r"\d{8}-\d{1,2}:\d{1,2}:\d{1,2}:\d{1,3}"),
    TimeFormat(rf"\d\d[-/.]\d\d[-/.]\d\d {_CLOCK}[.,]\d{{1,9}}"),
    TimeFormat(rf"\d\d[-/.]\d\d[-/.]\d\d {_CLOCK}"),
    TimeFormat(rf"\d\d[-/.]?\d\d {_CLOCK}[.,]\d{{1,9}}"),
    TimeFormat(rf"\d\d[-/.]?\d\d {_CLOCK}"),
    TimeFormat(rf"(?<![\d:]){_CLOCK}[.,]\d{{1,9}}"),
    TimeFormat(rf"(?<![\d:]){_CLOCK}(?![:\d])"),
    TimeFormat(r"(?<!\S)\d{6} \d{6}(?!\S)"),
    TimeFormat(r"(?<=\[)[ \d]{4}\d\.\d{6}(?=\])"),
    TimeFormat(r"(?<![\w.])1\d{9}(?:\.\d{1,9}|(?![\w.]))"),
)
"""Most telling first: a shorter way may stand inside a longer one."""
_WHOLE = tuple(re.compile(known.pattern) for known in FORMATS)
_NEAR = tuple(re.compile(rf"[^\n]{{0,{REACH}}}?{known.pattern}") for known in FORMATS)


def common_format(lines: Iterable[str]) -> TimeFormat | None:
    """The format that most of `lines` write their time in, or None when fewer than half of them hold a time."""
    seen = [next((i for i, near in enumerate(_NEAR) if near.match(line)), -1) for line in lines]
    (index, count), *_ = Counter(seen).most_common(1) or [(-1, 0)]
    return FORMATS[index] if index >= 0 and 2 * count >= len(seen) else None


def format_of(time: str) -> TimeFormat | None:
    """The format that `time` is written in, or None when it is no time."""
    bracketed = f"[{time}]"
    for known, pattern in zip(FORMATS, _WHOLE, strict=True):
        match = pattern.match(bracketed, 1)
        if match is not None and match.end() == len(bracketed) - 1:
            return known
    return None


def field_starts(time: str) -> list[int]:
    """Where the digit fields of `time` start, last one first."""
    return [match.start() for match in _FIELD.finditer(time)][::-1]


def changed(time: str, before: str, starts: list[int]) -> str:
    """The end of `time` from the first field that differs from `before`; `starts` are the field starts of `before`.

    Empty when nothing changed, the whole time when the two share no field.
    """
    if time == before:
        return ""
    for start in starts:
        if time[:start] == before[:start]:
            return time[start:]
    return time


def completed(end: str, before: str) -> str:
    """The inverse of `changed`: the time whose last fields are `end` and whose first ones are those of `before`."""
    if not end:
        return before
    fields = len(_FIELD.findall(end))
    starts = field_starts(before)
    return before[: starts[fields - 1]] + end if fields <= len(starts) else end
