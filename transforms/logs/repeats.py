"""Lines that a text says again: the same line many times, or the same lines after the same line as before.

A repeated stack trace is the usual case: its first line carries a new time, what follows is the same.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_FEWEST_CHARACTERS = 48
"""What is repeated must be longer than the words that say so."""
_FEWEST_LINES = 2
_FEWEST_TIMES = 3
_MANY_CHARACTERS = 200
"""Fewer than three more of a line are counted only if they are longer than this: most have a letter anyway."""
_SHORTEST_MESSAGE = 4
"""A shorter message names no place in the text."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Lines that need not be said again."""

    first: int
    """The first one, counted from 0."""
    count: int
    """How many."""
    same: bool
    """They all are the line before them; otherwise they are the lines that follow its message wherever it is shown."""


class _Shown(NamedTuple):
    """Where a message is shown; what a repeat stands for is not."""

    last: int
    """The line that shows it last."""
    alike: int
    """How many lines after it are the same wherever it is shown."""


def repeats(lines: Sequence[str], messages: Sequence[str]) -> Iterator[Repeat]:
    """The repeats in `lines`, from the top; `messages` are the lines without their heads."""
    shown: dict[str, _Shown] = {}
    counts = Counter(messages)
    total, done = len(lines), 0
    for at in [at for at, message in enumerate(messages[:-1]) if counts[message] > 1]:
        if at < done:
            continue
        before = shown.get(messages[at])
        alike = _alike(lines, before, at) if len(messages[at].strip()) >= _SHORTEST_MESSAGE else 0
        shown[messages[at]] = _Shown(at, total if before is None else alike)
        found: Repeat | None = None
        if lines[at + 1] == lines[at]:
            count = _same(lines, at)
            if not _worth_counting(lines[at], count):
                shown[messages[at]] = _Shown(at + count - 1, 0)
                done = at + count
                continue
            found = Repeat(at + 1, count, same=True)
        elif _worth_naming(lines, at, alike):
            found = Repeat(at + 1, alike, same=False)
        if found is not None:
            yield found
            done = at + 1 + found.count


def _same(lines: Sequence[str], at: int) -> int:
    """How many lines after `at` are the same."""
    end = at + 1
    while end < len(lines) and lines[end] == lines[at]:
        end += 1
    return end - at - 1


def _worth_counting(line: str, count: int) -> bool:
    characters = count * (len(line) + 1)
    return characters >= (_FEWEST_CHARACTERS if count >= _FEWEST_TIMES else _MANY_CHARACTERS)


def _alike(lines: Sequence[str], before: _Shown | None, at: int) -> int:
    """How many lines after `at` are those that follow its message wherever it was shown before."""
    if before is None:
        return 0
    count, most = 0, min(before.alike, at - before.last, len(lines) - at - 1)
    while count < most and lines[before.last + 1 + count] == lines[at + 1 + count]:
        count += 1
    return count


def _worth_naming(lines: Sequence[str], at: int, count: int) -> bool:
    return count >= _FEWEST_LINES and sum(len(lines[n]) for n in range(at + 1, at + 1 + count)) >= _FEWEST_CHARACTERS
