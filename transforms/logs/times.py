"""Times in log lines: which way of writing them a log uses, and how to say only what changed since the line before.

A time is a row of digit fields (`2024-03-05 10:00:01,250` has seven). Two times that share their first fields
are told apart by the rest, so the second one can be written as `02,375`: the reader, and the inverse, take the
missing fields from the time before.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

REACH = 80
"""Characters of a line in which its time is looked for: prefixes of CI systems and containers stand before it."""
_FEWEST = 3
_SPARSE = 10
"""One line of so many holds a time, at least."""
_FIELD = re.compile(rb"0+")
_DAY_AND_CLOCK = re.compile(
    r"(?P<day>.*?)(?<!\d)(?P<h>\d\d?)[:.](?P<m>\d\d?)[:.](?P<s>\d\d?)(?:[.,:](?P<fraction>\d{1,9}))?"
    r"|(?P<date>\d{6}) (?P<hh>\d\d)(?P<mm>\d\d)(?P<ss>\d\d)",
)
_SECONDS = re.compile(r" *\d+(?:\.\d+)?")
_SECONDS_PER_DAY = 86_400
_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """One way of writing times. Every match of `pattern` has the same number of digit fields."""

    pattern: str
    """Regular expression without groups."""
    sign: re.Pattern[str]
    """Found, and found fast, in whatever holds such a time: most lines of a text that is no log have no sign."""
    syslog: bool = False
    """Host and program follow the time, as RFC 3164 has it: https://www.rfc-editor.org/rfc/rfc3164#section-4.1"""


_DAY_SIGN = re.compile(r"[-/.](?<=[0-9]{4}[-/.])[0-9][0-9][-/.][0-9][0-9][T _-]")
_CLOCK_SIGN = re.compile(r":(?<=[0-9]:)[0-9]{1,2}:[0-9]")
_LONG_SIGN = re.compile(r"[0-9][0-9]{5}")
_DAY = r"[0-9]{4}[-/.][0-9][0-9][-/.][0-9][0-9]"
_CLOCK = r"[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = rf"{MONTH} {{1,2}}[0-9]{{1,2}}"
WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
FORMATS: tuple[TimeFormat, ...] = (
    TimeFormat(rf"(?<![0-9]){_DAY}[T _-][0-9][0-9][:.][0-9][0-9][:.][0-9][0-9][.,][0-9]{{1,9}}", _DAY_SIGN),
    TimeFormat(rf"(?<![0-9]){_DAY}[T _-][0-9][0-9][:.][0-9][0-9][:.][0-9][0-9]", _DAY_SIGN),
    TimeFormat(rf"(?<![0-9])[0-9][0-9]/{MONTH}/[0-9]{{4}}:{_CLOCK}", _CLOCK_SIGN),
    TimeFormat(rf"{WEEKDAY} {_DATE} {_CLOCK}\.[0-9]{{1,9}}", _CLOCK_SIGN),
    TimeFormat(rf"{WEEKDAY} {_DATE} {_CLOCK}", _CLOCK_SIGN),
    TimeFormat(rf"{_DATE} {_CLOCK}\.[0-9]{{1,9}}", _CLOCK_SIGN, syslog=True),
    TimeFormat(rf"{_DATE} {_CLOCK}", _CLOCK_SIGN, syslog=True),
    TimeFormat(r"(?<![0-9])[0-9]{8}-[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,3}", _CLOCK_SIGN),
    TimeFormat(rf"(?<![0-9])[0-9][0-9][-/.][0-9][0-9][-/.][0-9][0-9] {_CLOCK}[.,][0-9]{{1,9}}", _CLOCK_SIGN),
    TimeFormat(rf"(?<![0-9])[0-9][0-9][-/.][0-9][0-9][-/.][0-9][0-9] {_CLOCK}", _CLOCK_SIGN),
    TimeFormat(rf"(?<![0-9])[0-9][0-9][-/.]?[0-9][0-9] {_CLOCK}[.,][0-9]{{1,9}}", _CLOCK_SIGN),
    TimeFormat(rf"(?<![0-9])[0-9][0-9][-/.]?[0-9][0-9] {_CLOCK}", _CLOCK_SIGN),
    TimeFormat(rf"(?<![0-9:]){_CLOCK}[.,][0-9]{{1,9}}", _CLOCK_SIGN),
    TimeFormat(rf"(?<![0-9:]){_CLOCK}(?![:0-9])", _CLOCK_SIGN),
    TimeFormat(r"(?<!\S)[0-9]{6} [0-9]{6}(?!\S)", _LONG_SIGN),
    TimeFormat(r"(?<=\[)[ 0-9]{4}[0-9]\.[0-9]{6}(?=\])", _LONG_SIGN),
    TimeFormat(r"(?<![\w.])1[0-9]{9}(?:\.[0-9]{1,9}|(?![\w.]))", _LONG_SIGN),
)
"""Most telling first: a shorter way may stand inside a longer one. None begins inside a number."""
_WHOLE = tuple(re.compile(known.pattern) for known in FORMATS)
_BY_SIGN = [
    (sign, [(index, _WHOLE[index]) for index, known in enumerate(FORMATS) if known.sign is sign])
    for sign in (_DAY_SIGN, _CLOCK_SIGN, _LONG_SIGN)
]
"""In the order of `FORMATS`."""
_LONGEST = 40
"""Characters of a time, at most."""


def most_common_format(lines: Sequence[str]) -> TimeFormat | None:
    """The format that `lines` write their times in, most often; None when hardly a line holds a time.

    Most lines may be without one: those of stack traces.
    """
    found = Counter[int]()
    for line in lines:
        index = _index_of_format(line)
        if index >= 0:
            found[index] += 1
            if found[index] >= max(_FEWEST, len(lines) // 2 + 1):  # whatever the others say
                break
    (index, count), *_ = found.most_common(1) or [(-1, 0)]
    return FORMATS[index] if count >= _FEWEST and count * _SPARSE >= len(lines) else None


def _index_of_format(line: str) -> int:
    """Which of `FORMATS` the time of a line is written in; -1: it has none."""
    start = line[: REACH + _LONGEST]
    for sign, formats in _BY_SIGN:
        if sign.search(start):
            for index, pattern in formats:
                if (time := pattern.search(start)) and time.start() <= REACH:
                    return index
    return -1


def format_of(time: str) -> TimeFormat | None:
    """The format that `time` is written in, or None when it is no time."""
    for around in (f"[{time}]", f" {time} "):
        for known, pattern in zip(FORMATS, _WHOLE, strict=True):
            match = pattern.match(around, 1)
            if match is not None and match.end() == len(around) - 1:
                return known
    return None


def steps(times: Iterable[str]) -> list[float]:
    """The seconds from each time to the next one; the least they can be where the day is not the same."""
    found: list[float] = []
    before, then = None, ("", 0.0)
    for time in times:
        now = then if time == before else _day_and_seconds(time)
        if before is not None:
            found.append(now[1] - then[1] + (_SECONDS_PER_DAY if now[0] != then[0] else 0))
        before, then = time, now
    return found


def _day_and_seconds(time: str) -> tuple[str, float]:
    """What names the day, and the seconds since it began; no day where a time is all seconds."""
    match = _DAY_AND_CLOCK.fullmatch(time)
    if match is None:
        return "", float(time) if _SECONDS.fullmatch(time) else 0.0
    if match["date"]:
        return match["date"], int(match["hh"]) * 3600.0 + int(match["mm"]) * 60 + int(match["ss"])
    fraction = float(f"0.{match['fraction'] or 0}")
    return match["day"], int(match["h"]) * 3600 + int(match["m"]) * 60 + int(match["s"]) + fraction


def layout(time: str) -> bytes:
    """`time` with every digit a 0: times of one layout have their fields at the same places."""
    return time.encode("ascii", "replace").translate(_TO_ZERO)


@lru_cache(maxsize=1024)
def field_starts(layout: bytes) -> tuple[int, ...]:
    """Where the digit fields of a time of this `layout` start, last one first."""
    return tuple(match.start() for match in _FIELD.finditer(layout))[::-1]


def changed(time: str, before: str) -> str:
    """The end of `time` from the first field that differs from `before`.

    Empty when nothing changed, the whole time when the two share no field.
    """
    if time == before:
        return ""
    for start in field_starts(layout(before)):
        if time.startswith(before[:start]):
            return time[start:]
    return time


def in_full(time: str, before: str) -> str:
    """`time` with all its fields; without the blanks it is filled up with where `before` tells them."""
    bare = time.lstrip()
    return bare if completed(bare, before) == time else time


def completed(end: str, before: str) -> str:
    """The inverse of `changed` and `in_full`: `end`, which is not empty, with the fields that it lacks from `before`.

    A time that starts with a name (of a month, of a day) lacks none.
    """
    if not end[0].isdigit():
        return end
    kept = _kept(layout(f"{end}\n{before}"))
    if before[0] == " " and before[: max(kept, 0)].isspace():
        return end.rjust(len(before))
    return before[:kept] + end if kept >= 0 else end


@lru_cache(maxsize=1024)
def _kept(layouts: bytes) -> int:
    """Where a time is cut to be completed by an end, given the layouts of both; -1: the end has more fields."""
    end, _, before = layouts.partition(b"\n")
    fields, starts = len(field_starts(end)), field_starts(before)
    return starts[fields - 1] if fields <= len(starts) else -1
