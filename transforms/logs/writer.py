"""Writes a folded log: chooses the letters, then says each line as shortly as they allow.

The form, and its inverse, are those of `transforms.logs.unfold`. Contract: pure, linear in the text.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from transforms.logs.legend import HOLE, TIME, Use, blank_follows, head_uses, is_tag, tags, tail_of, tail_tags
from transforms.logs.lines import Parsed
from transforms.logs.repeats import Repeat
from transforms.logs.times import changed, in_full
from transforms.logs.unfold import CLOSING, DITTO, escaped, follows_again, has_tail, opening, same_again, sayable

_FEWEST_TIMES = 3
"""A message gets a letter if it is said this many times."""
_SHORTEST_MESSAGE = 12
_SHORTEST_LINE = 48
"""Characters, for a line without a time: shorter ones give a text its shape."""


@dataclass(slots=True)
class Log:
    """A log taken apart."""

    lines: Sequence[str]
    parsed: Sequence[Parsed]
    repeats: Mapping[int, Repeat]
    """By the number of their first line, counted from 0."""
    whole: Container[int]
    """Numbers of the lines that are not to be shortened."""


@dataclass(slots=True)
class _Line:
    """How a line is said."""

    number: int
    use: Use | None
    """None: as it was."""
    rest: str
    """What follows the head, or the whole line."""

    @property
    def key(self) -> tuple[str, str]:
        """The words of its head, and what follows."""
        return (self.use.words if self.use else "", self.rest)


@dataclass(slots=True)
class _Legend:
    """The letters of a text."""

    heads: dict[str, str] = field(default_factory=dict)
    """By what they stand for."""
    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    """By the words of the head, and the message."""
    tails: dict[str, str] = field(default_factory=dict)
    """By the end of messages."""
    rows: list[str] = field(default_factory=list)


_NO_HEAD = Use("", (), whole=False)


class _Above(NamedTuple):
    """What the reader has seen so far."""

    time: str
    """The last time there was."""
    dated: bool
    """Whether the line directly above has one."""
    head: str = ""
    """The words of the head that the line directly above has a letter for."""
    values: tuple[str, ...] = ()
    """The values of that head."""

    def end_of(self, time: str) -> str:
        """What has to be said of the time of the next line."""
        return changed(time, self.time) if self.dated else in_full(time, self.time)

    def values_of(self, use: Use) -> list[str]:
        """How to say the values of the next line."""
        before = self.values if self.head == use.words else ()
        return [DITTO if before and before[i] == value else value for i, value in enumerate(use.values)]


def folded(log: Log) -> str:
    """The folded text of `log`, opening and legend included."""
    said = _said(log)
    legend = _legend(log, said)
    first = next((log.parsed[line.number].time for line in said if log.parsed[line.number].time), "")
    holes = any(HOLE in words for words in legend.heads)
    rows = [opening(first, legend=bool(legend.rows), holes=holes)]
    if legend.rows:
        rows += [*legend.rows, CLOSING]
    return "\n".join([*rows, *_written(log, said, legend, first)])


def _said(log: Log) -> list[_Line]:
    """The lines that are not repeats, each with the head it can be written with."""
    covered = {n for repeat in log.repeats.values() for n in range(repeat.first, repeat.first + repeat.count)}
    numbers = [number for number in range(len(log.lines)) if number not in covered]
    heads = Counter(
        (line.before, line.zone, line.head)
        for number in numbers
        if (line := log.parsed[number]).time and number not in log.whole
    )
    uses = head_uses(heads)
    return [_line(log, number, uses) for number in numbers]


def _line(log: Log, number: int, uses: Mapping[tuple[str, str, str], Use]) -> _Line:
    parsed = log.parsed[number]
    use = uses.get((parsed.before, parsed.zone, parsed.head)) if parsed.time and number not in log.whole else None
    if use is None:
        return _Line(number, None, log.lines[number])
    rest = parsed.message if use.whole else parsed.head + parsed.message
    if rest and rest[0] != " " and blank_follows(use.words):
        return _Line(number, None, log.lines[number])
    return _Line(number, use, rest)


def _legend(log: Log, said: Sequence[_Line]) -> _Legend:
    """Letters for the heads in use, then for the messages that are said often enough; each the most used first."""
    heads = Counter(line.use.words for line in said if line.use)
    messages = Counter(line.key for line in said if line.use or not _must_stay(log, line))
    often = {key: times for key, times in messages.most_common() if times >= _FEWEST_TIMES and _long_enough(*key)}
    legend = _Legend()
    given = tags([words for words, _ in heads.most_common()] + [head + rest for head, rest in often])
    for words, _ in heads.most_common():
        if (found := next(given, None)) is not None:
            legend.heads[words] = found[0]
            legend.rows.append(f"{found[0]} = {words}")
    for head, rest in often:
        if (found := next(given, None)) is not None:
            legend.messages[head, rest] = found[0]
            between = "" if not head or blank_follows(head) else " "
            legend.rows.append(f"{found[0]} = {legend.heads[head] if head else ''}{between}{rest}")
    tails = Counter(tail for line in said if line.use and line.key not in often and (tail := tail_of(line.rest)))
    for tag, tail in tail_tags(tail for tail, times in tails.most_common() if times >= _FEWEST_TIMES):
        legend.tails[tail] = tag
        legend.rows.append(f"{tag} = {tail}")
    return legend


def _must_stay(log: Log, line: _Line) -> bool:
    """Whether a line as it was cannot be a row of the legend: it has a time, or looks like another kind of row."""
    text = line.rest
    signs = HOLE in text or TIME in text or is_tag(text.partition(" ")[0])
    return signs or line.number in log.whole or bool(log.parsed[line.number].time)


def _long_enough(head: str, rest: str) -> bool:
    """Whether a message, or a whole line, is worth a letter; rules drawn with characters are cheap as they are."""
    if head:
        return len(rest) >= _SHORTEST_MESSAGE
    return len(rest) >= _SHORTEST_LINE <= 2 * sum(map(str.isalnum, rest))


def _written(log: Log, said: Sequence[_Line], legend: _Legend, time: str) -> list[str]:
    """The lines below the legend."""
    rows: list[str] = []
    above = _Above(time, dated=True)
    in_use = frozenset([*legend.heads.values(), *legend.messages.values()])
    for line in said:
        time = log.parsed[line.number].time
        row, head = None, _NO_HEAD
        if line.use is not None and (row := _row(line, above.end_of(time), legend, above)) is not None:
            head = line.use
        elif ("", line.rest) in legend.messages:
            row = legend.messages["", line.rest]
        rows.append(escaped(log.lines[line.number], in_use) if row is None else row)
        above = _Above(time or above.time, bool(time), head.words, head.values)
        repeat = log.repeats.get(line.number + 1)
        if repeat is not None:
            rows.append(same_again(repeat.count) if repeat.same else follows_again(repeat.count))
            times = (log.parsed[n].time for n in range(repeat.first + repeat.count - 1, repeat.first - 1, -1))
            above = _Above(next((later for later in times if later), above.time), dated=False)
    return rows


def _row(line: _Line, end_of_time: str, legend: _Legend, above: _Above) -> str | None:
    """A line with a letter; None if its time or its head cannot be said with one."""
    use = line.use
    if use is None or use.words not in legend.heads or not sayable(end_of_time):
        return None
    message = legend.messages.get(line.key)
    if message is None and has_tail(line.rest):
        return None
    words = [message or legend.heads[use.words], *above.values_of(use)]
    if end_of_time:
        words.insert(0, end_of_time)
    row = " ".join(words)
    if message or not line.rest:
        return row
    tail = tail_of(line.rest)
    rest = line.rest[: -len(tail)] + legend.tails[tail] if tail in legend.tails else line.rest
    return row + rest if blank_follows(use.words) else f"{row} {rest}"
