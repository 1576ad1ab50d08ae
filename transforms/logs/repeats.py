"""Lines that a text says again: the same line many times, or the same lines after the same line as before.

A repeated stack trace is the usual case: its first line carries a new time, what follows is the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FEWEST_CHARACTERS = 48
"""What is repeated must be longer than the words that say so."""
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
    """They all are the line before them; otherwise they are the lines that followed its message the last time."""


def repeats(lines: Sequence[str], messages: Sequence[str]) -> Iterator[Repeat]:
    """The repeats in `lines`, from the top; `messages` are the lines without their heads."""
    last: dict[str, int] = {}
    at, total = 0, len(lines)
    while at < total:
        source = last.get(messages[at], at)
        last[messages[at]] = at
        following = at + 1
        if following == total:
            return
        if lines[following] == lines[at]:
            count = _same(lines, at)
            if not _worth_counting(lines[at], count):
                last[messages[at]] = at + count - 1
                at += count
                continue
            found: Repeat | None = Repeat(following, count, same=True)
        else:
            found = _again(lines, messages, source, at) if lines[source + 1] == lines[following] else None
        if found is not None:
            yield found
            last.update((messages[i], i) for i in range(found.first, found.first + found.count))
            at += found.count
        at += 1


def _same(lines: Sequence[str], at: int) -> int:
    """How many lines after `at` are the same."""
    end = at + 1
    while end < len(lines) and lines[end] == lines[at]:
        end += 1
    return end - at - 1


def _worth_counting(line: str, count: int) -> bool:
    characters = count * (len(line) + 1)
    return characters >= (_FEWEST_CHARACTERS if count >= _FEWEST_TIMES else _MANY_CHARACTERS)


def _again(lines: Sequence[str], messages: Sequence[str], source: int, at: int) -> Repeat | None:
    """How many lines after `at` are those after `source`; None if not worth saying, or if `source` is `at`."""
    if len(messages[at].strip()) < _SHORTEST_MESSAGE:
        return None
    count, most, characters = 0, min(at - source, len(lines) - at - 1), 0
    while count < most and lines[source + 1 + count] == lines[at + 1 + count]:
        characters += len(lines[at + 1 + count])
        count += 1
    return Repeat(at + 1, count, same=False) if count > 1 and characters >= _FEWEST_CHARACTERS else None
