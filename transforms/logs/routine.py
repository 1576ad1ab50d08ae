"""Which lines of a log are routine: said so often, with so little of their own, that a reader misses none of them.

A line is of a kind with the lines that differ from it in words with digits only. It is never routine when it
tells of an error or a warning or stands beside a rare one, is the first or last of its kind, is of a rare kind,
holds a value that is rare in its place or far off the others, names something the text names hardly elsewhere, is a
frame of a stack trace, or stands at a hole in time.

Contract: pure; near-linear in the text (values are sorted per kind). Lines are counted from 0.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, zip_longest

from transforms.logs.lines import Parsed, templates_and_numbers
from transforms.logs.times import steps

_FEWEST_OF_A_KIND = 8
_OFTEN = 20
_MOST_OFTEN = 60
_ENDS = 5
"""Lines at the beginning and at the end of a text."""
_FIRST_OF_A_KIND = 2
_BESIDE = 2
"""Lines before and after an error."""
_RARE_ERROR = 3
"""Errors of a kind with more lines than this do not protect what stands beside them, in a text full of errors."""
_FULL_OF_ERRORS = 20
"""One error in so many lines."""
_NAME = re.compile(r"(?!\d\d:\d\d:\d\d$)[^\s]{7,}")
"""A value that may be the name of something: long enough, and no time of day."""
_RARE_NAME = 3
_QUANTITY = re.compile(r"-?(\d+(?:\.\d+)?)(?:[a-zA-Z]{1,2}|%)?")
_FAR_OFF = 8
"""Times the value that nine in ten stay below."""
_HOLE = 60.0
"""Seconds without a line, at least, that tell of a standstill,"""
_HOLE_TO_MEDIAN = 20
"""and times the usual step,"""
_HOLE_TO_MOST = 2
"""and times the step that nine in ten stay below: pauses that come all the time are none."""
_FRAME = re.compile(r"\s*+(?:at \S[^\n]*(?:\(\S[^()\n]*\)|:(?:line )?\d+)|File \"[^\n]+\", line \d+[^\n]*)\s*+")
"""A frame of a stack trace, as Java, .NET, JavaScript and Python write it."""
_FRAME_STARTS = ("at ", "File ")


@dataclass(frozen=True, slots=True)
class Kinds:
    """The lines of a text by kind."""

    of_line: Sequence[str]
    """For each line its words, with `*` for those that hold digits; without its time."""
    members: dict[str, list[int]]
    """The lines of each kind, in order."""
    numbers: Sequence[Sequence[str]]
    """For each line the words that hold digits."""

    @classmethod
    def of(cls, parsed: Sequence[Parsed]) -> "Kinds":
        """The kinds of the lines of a text."""
        of_line, numbers = templates_and_numbers(
            [before + zone + head + message for before, _, zone, head, message, _ in parsed]
        )
        members: dict[str, list[int]] = defaultdict(list)
        for number, kind in enumerate(of_line):
            members[kind].append(number)
        return cls(of_line, members, numbers)


def routine_ranks(parsed: Sequence[Parsed], kinds: Kinds, *, keep_names: bool) -> list[int]:
    """For each line 0 if it must stay, or 1 to 3: routine, 1 the most frequent kinds.

    `keep_names`: a line that names something the text names nowhere or hardly else must stay.
    """
    ranks = [0] * len(parsed)
    for members in kinds.members.values():
        if len(members) >= _FEWEST_OF_A_KIND:
            rank = 1 if len(members) >= _MOST_OFTEN else 2 if len(members) >= _OFTEN else 3
            for number in members[_FIRST_OF_A_KIND:-1]:
                ranks[number] = rank
    for number in _telling(parsed, kinds):
        ranks[number] = 0
    for number in _beside_holes(parsed):
        ranks[number] = 0
    for number in _rarely_named(kinds) if keep_names else ():
        ranks[number] = 0
    for number in _standing_out(kinds, ranks):
        ranks[number] = 0
    return ranks


def _telling(parsed: Sequence[Parsed], kinds: Kinds) -> Iterator[int]:
    """The ends of the text; errors and warnings with what belongs to them and what stands beside them."""
    total, kept = len(parsed), set[tuple[int, int]]()
    yield from range(min(_ENDS, total))
    yield from range(max(0, total - _ENDS), total)
    severe = [number for number, line in enumerate(parsed) if line.severe]
    few = len(severe) * _FULL_OF_ERRORS <= total
    entries = _entry_starts(parsed)
    for number in severe:
        entry = bisect_right(entries, number) - 1
        first, end = entries[entry], entries[entry + 1]
        if few or len(kinds.members[kinds.of_line[number]]) <= _RARE_ERROR:
            first, end = max(0, first - _BESIDE), min(total, end + _BESIDE)
        kept.add((first, end))
    for first, end in kept:
        yield from range(first, end)
    for number, line in enumerate(parsed):
        if line.message.lstrip().startswith(_FRAME_STARTS) and _FRAME.fullmatch(line.message):
            yield from (entries[bisect_right(entries, number) - 1], number)


def _beside_holes(parsed: Sequence[Parsed]) -> Iterator[int]:
    """The lines with a time before and after a step in time that is far longer than the others."""
    dated = [number for number, line in enumerate(parsed) if line.time]
    taken = steps(parsed[number].time for number in dated)
    if not taken:
        return
    usual = sorted(taken)
    median, most = usual[len(usual) // 2], usual[len(usual) * 9 // 10]
    least = max(_HOLE, _HOLE_TO_MEDIAN * median, _HOLE_TO_MOST * most)
    for (first, second), step in zip(pairwise(dated), taken, strict=True):
        if step > least:
            yield from (first, second)


def _entry_starts(parsed: Sequence[Parsed]) -> list[int]:
    """Where the entries of a log start, and its end: a line without a time belongs to the one with a time above it."""
    starts = [number for number, line in enumerate(parsed) if line.time] or list(range(len(parsed)))
    return [*([0] if starts[0] else []), *starts, len(parsed)]


def _rarely_named(kinds: Kinds) -> Iterator[int]:
    """The lines that name something named at most three times in all, or nowhere else in their kind.

    A port is no part of an address' name.
    """
    words = {word for numbers in kinds.numbers for word in numbers}
    names = {word: word.rpartition(":")[0] or word for word in words if _NAME.fullmatch(word)}
    named = [{names[word] for word in numbers if word in names} for numbers in kinds.numbers]
    rare = _said_at_most(_RARE_NAME, named)
    for members in kinds.members.values():
        if len(members) >= _FEWEST_OF_A_KIND:
            notable = rare | _said_at_most(1, [named[number] for number in members])
            yield from (number for number in members if not notable.isdisjoint(named[number]))


def _said_at_most(times: int, named: Iterable[Iterable[str]]) -> set[str]:
    return {name for name, count in Counter(chain.from_iterable(named)).items() if count <= times}


def _standing_out(kinds: Kinds, ranks: Sequence[int]) -> Iterator[int]:
    """The lines with a rank that hold a value which is rare in its place or far off the others."""
    for members in kinds.members.values():
        ranked = [number for number in members if ranks[number]]
        for column in zip_longest(*(kinds.numbers[number] for number in ranked), fillvalue=""):
            values = Counter(column)
            if len(values) > 1:
                notable = _rare_values(values) | _far_off(values)
                yield from (number for number, word in zip(ranked, column, strict=True) if word in notable)


def _rare_values(values: Counter[str]) -> set[str]:
    """The values that are not repeated, of a place where they mostly are."""
    return {value for value, count in values.items() if count == 1} if 4 * len(values) <= values.total() else set()


def _far_off(values: Counter[str]) -> set[str]:
    """The quantities that are many times what nine of ten lines have."""
    quantities: dict[str, float] = {}
    for value in values:
        if (match := _QUANTITY.fullmatch(value)) is None:
            return set()
        quantities[value] = float(match[1])
    usual = sorted(map(quantities.__getitem__, values.elements()))[values.total() * 9 // 10]
    return {value for value, quantity in quantities.items() if quantity > _FAR_OFF * max(usual, 1)}
