"""Times in log lines: which way of writing them a log uses, and how to say only what changed since the line before.

A time is a row of digit fields (`2024-03-05 10:00:01,250` has seven). Two times that share their first fields
are told apart by the rest, so the second one can be written as `02,375`: the reader, and the inverse, take the
missing fields from the time before.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

REACH = 80
"""Characters of a line in which its time is looked for: prefixes of CI systems and containers stand before it."""
_FEWEST = 3
_SPARSE = 10
"""One line of so many holds a time, at least."""
_FIELD = re.compile(r"0+")
_TO_ZERO = str.maketrans("123456789", "000000000")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """One way of writing times. Every match of `pattern` has the same number of digit fields."""

    pattern: str
    """Regular expression without groups."""
    syslog: bool = False
    """Host and program follow the time, as RFC 3164 has it: https://www.rfc-editor.org/rfc/rfc3164#section-4.1"""


_DAY = r"[0-9]{4}[-/.][0-9][0-9][-/.][0-9][0-9]"
_CLOCK = r"[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = rf"{_MONTH} {{1,2}}[0-9]{{1,2}}"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
FORMATS: tuple[TimeFormat, ...] = (
    TimeFormat(rf"{_DAY}[T _-][0-9][0-9][:.][0-9][0-9][:.][0-9][0-9][.,][0-9]{{1,9}}"),
    TimeFormat(rf"{_DAY}[T _-][0-9][0-9][:.][0-9][0-9][:.][0-9][0-9]"),
    TimeFormat(rf"[0-9][0-9]/{_MONTH}/[0-9]{{4}}:{_CLOCK}"),
    TimeFormat(rf"{_WEEKDAY} {_DATE} {_CLOCK}\.[0-9]{{1,9}}"),
    TimeFormat(rf"{_WEEKDAY} {_DATE} {_CLOCK}"),
    TimeFormat(rf"{_DATE} {_CLOCK}\.[0-9]{{1,9}}", syslog=True),
    TimeFormat(rf"{_DATE} {_CLOCK}", syslog=True),
    TimeFormat(r"[0-9]{8}-[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,3}"),
    TimeFormat(rf"[0-9][0-9][-/.][0-9][0-9][-/.][0-9][0-9] {_CLOCK}[.,][0-9]{{1,9}}"),
    TimeFormat(rf"[0-9][0-9][-/.][0-9][0-9][-/.][0-9][0-9] {_CLOCK}"),
    TimeFormat(rf"[0-9][0-9][-/.]?[0-9][0-9] {_CLOCK}[.,][0-9]{{1,9}}"),
    TimeFormat(rf"[0-9][0-9][-/.]?[0-9][0-9] {_CLOCK}"),
    TimeFormat(rf"(?<![0-9:]){_CLOCK}[.,][0-9]{{1,9}}"),
    TimeFormat(rf"(?<![0-9:]){_CLOCK}(?![:0-9])"),
    TimeFormat(r"(?<!\S)[0-9]{6} [0-9]{6}(?!\S)"),
    TimeFormat(r"(?<=\[)[ 0-9]{4}[0-9]\.[0-9]{6}(?=\])"),
    TimeFormat(r"(?<![\w.])1[0-9]{9}(?:\.[0-9]{1,9}|(?![\w.]))"),
)
"""Most telling first: a shorter way may stand inside a longer one."""
_WHOLE = tuple(re.compile(known.pattern) for known in FORMATS)
_NEAR = tuple(re.compile(rf"[^\n]{{0,{REACH}}}?{known.pattern}") for known in FORMATS)


def common_format(lines: Iterable[str]) -> TimeFormat | None:
    """The format that `lines` write their times in, most often; None when hardly a line holds a time.

    Most lines may be without one: those of stack traces.
    """
    seen = [next((i for i, near in enumerate(_NEAR) if near.match(line)), -1) for line in lines]
    found = Counter(index for index in seen if index >= 0)
    (index, count), *_ = found.most_common(1) or [(-1, 0)]
    return FORMATS[index] if count >= _FEWEST and count * _SPARSE >= len(seen) else None


def format_of(time: str) -> TimeFormat | None:
    """The format that `time` is written in, or None when it is no time."""
    for around in (f"[{time}]", f" {time} "):
        for known, pattern in zip(FORMATS, _WHOLE, strict=True):
            match = pattern.match(around, 1)
            if match is not None and match.end() == len(around) - 1:
                return known
    return None


def layout(time: str) -> str:
    """`time` with every digit a 0: times of one layout have their fields at the same places."""
    return time.translate(_TO_ZERO)


@lru_cache(maxsize=1024)
def field_starts(layout: str) -> tuple[int, ...]:
    """Where the digit fields of a time of this `layout` start, last one first."""
    return tuple(match.start() for match in _FIELD.finditer(layout))[::-1]


def changed(time: str, before: str) -> str:
    """The end of `time` from the first field that differs from `before`.

    Empty when nothing changed, the whole time when the two share no field.
    """
    if time == before:
        return ""
    for start in field_starts(layout(before)):
        if time[:start] == before[:start]:
            return time[start:]
    return time


def completed(end: str, before: str) -> str:
    """The inverse of `changed`: the time whose last fields are `end` and whose first ones are those of `before`."""
    if not end:
        return before
    fields = len(field_starts(layout(end)))
    starts = field_starts(layout(before))
    return before[: starts[fields - 1]] + end if fields <= len(starts) else end
