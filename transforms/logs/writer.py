"""Writes a folded log: chooses the letters, then says each line as shortly as they allow.

The form, and its inverse, are those of `transforms.logs.unfold`. Contract: pure, linear in the text.
"""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from transforms.logs.legend import TIME, Head, Use, blank_follows, head_uses, is_tag, tags, tail_of, tail_tags
from transforms.logs.lines import HOLE, Parsed
from transforms.logs.repeats import Repeat
from transforms.logs.times import changed, in_full
from transforms.logs.unfold import CLOSING, DITTO, escaped, follows_again, has_tail, opening, same_again, sayable

_FEWEST_TIMES = 3
"""A message gets a letter if it is said this many times."""
_SHORTEST_MESSAGE = 12
_SHORTEST_LINE = 48
"""Characters, for a line without a time: shorter ones give a text its shape."""
_head_of: Callable[[Parsed], Head] = itemgetter(0, 2, 3)


@dataclass(slots=True)
class Log:
    """A log taken apart."""

    lines: Sequence[str]
    parsed: Sequence[Parsed]
    repeats: Mapping[int, Repeat]
    """By the number of their first line, counted from 0."""
    whole: Container[int]
    """Numbers of the lines that are not to be shortened."""


class _Line(NamedTuple):
    """How a line is said."""

    number: int
    time: str
    use: Use | None
    """None: as it was."""
    rest: str
    """What follows the head, or the whole line."""
    key: tuple[str, str]
    """The words of its head, and what follows."""


@dataclass
class _Legend:
    """The letters of a text. Not slotted: its property is computed once."""

    heads: dict[str, str] = field(default_factory=dict)
    """By what they stand for."""
    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    """By the words of the head, and the message."""
    tails: dict[str, str] = field(default_factory=dict)
    """By the end of messages."""
    rows: list[str] = field(default_factory=list)

    @cached_property
    def in_use(self) -> frozenset[str]:
        """The letters for heads and messages."""
        return frozenset([*self.heads.values(), *self.messages.values()])


def folded(log: Log) -> str:
    """The folded text of `log`, opening and legend included."""
    said = _said(log)
    legend = _legend(log, said)
    first = next((line.time for line in said if line.time), "")
    holes = any(HOLE in words for words in legend.heads)
    rows = [opening(first, legend=bool(legend.rows), holes=holes)]
    if legend.rows:
        rows += [*legend.rows, CLOSING]
    writer = _Writer(legend, first)
    for line in said:
        writer.say(line, log.lines[line.number])
        if (repeat := log.repeats.get(line.number + 1)) is not None:
            writer.repeat(repeat, [line.time for line in log.parsed[repeat.first : repeat.first + repeat.count]])
    return "\n".join([*rows, *writer.rows])


def _said(log: Log) -> list[_Line]:
    """The lines that are not repeats, each with the head it can be written with."""
    covered = {n for repeat in log.repeats.values() for n in range(repeat.first, repeat.first + repeat.count)}
    heads = {
        number: _head_of(line)
        for number, line in enumerate(log.parsed)
        if line.time and number not in covered and number not in log.whole
    }
    uses = head_uses(Counter(heads.values()))
    return [
        _line(log, number, uses.get(heads[number]) if number in heads else None)
        for number in range(len(log.lines))
        if number not in covered
    ]


def _line(log: Log, number: int, use: Use | None) -> _Line:
    _, time, _, head, message, _ = log.parsed[number]
    if use is not None:
        rest = message if use.whole else head + message
        if not rest or rest[0] == " " or not blank_follows(use.words):
            return _Line(number, time, use, rest, (use.words, rest))
    return _Line(number, time, None, log.lines[number], ("", log.lines[number]))


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
    return signs or line.number in log.whole or bool(line.time)


def _long_enough(head: str, rest: str) -> bool:
    """Whether a message, or a whole line, is worth a letter; rules drawn with characters are cheap as they are."""
    if head:
        return len(rest) >= _SHORTEST_MESSAGE
    return len(rest) >= _SHORTEST_LINE <= 2 * sum(map(str.isalnum, rest))


@dataclass(slots=True)
class _Writer:
    """Says one line after the other, as shortly as what the reader has seen so far allows."""

    legend: _Legend
    time: str
    """The last time there was."""
    dated: bool = True
    """Whether the line directly above has one."""
    head: str = ""
    """The words of the head that the line directly above has a letter for."""
    values: tuple[str, ...] = ()
    """The values of that head."""
    rows: list[str] = field(default_factory=list)

    def say(self, line: _Line, text: str) -> None:
        """Add `line`, which is `text` in full."""
        row = self._with_letter(line, line.use) if line.use is not None else self.legend.messages.get(line.key)
        self.head, self.values = (line.use.words, line.use.values) if line.use is not None and row else ("", ())
        self.rows.append(row or escaped(text, self.legend.in_use))
        self.time, self.dated = line.time or self.time, bool(line.time)

    def repeat(self, repeat: Repeat, times: Sequence[str]) -> None:
        """Add what stands for repeated lines with these times."""
        self.rows.append(same_again(repeat.count) if repeat.same else follows_again(repeat.count))
        self.time = next(filter(None, reversed(times)), self.time)
        self.dated, self.head, self.values = False, "", ()

    def _with_letter(self, line: _Line, use: Use) -> str | None:
        """A line with a letter; None if its time or its head cannot be said with one."""
        end_of_time = changed(line.time, self.time) if self.dated else in_full(line.time, self.time)
        if use.words not in self.legend.heads or not sayable(end_of_time):
            return None
        message = self.legend.messages.get(line.key)
        if message is None and has_tail(line.rest):
            return None
        words = [end_of_time] if end_of_time else []
        words.append(message or self.legend.heads[use.words])
        if use.values:
            before = self.values if self.head == use.words else ()
            words += [DITTO if before and before[i] == value else value for i, value in enumerate(use.values)]
        row = " ".join(words)
        if message or not line.rest:
            return row
        tail = tail_of(line.rest)
        rest = line.rest[: -len(tail)] + self.legend.tails[tail] if tail in self.legend.tails else line.rest
        return row + rest if blank_follows(use.words) else f"{row} {rest}"
