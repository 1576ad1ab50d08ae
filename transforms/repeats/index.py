"""The lines of the texts that stand before a block in its request, and where a run of lines stood among them.

Entries are added in the order of the request, each exactly as it is sent to the model. Adding one is linear in its
text, and so is looking up all runs of a text: every line is hashed once, and for a line that occurs often only the
8 places nearest to the block are tried. A run in a place further back is found all the same when any of its lines
is rarer, because matches grow in both directions.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.repeats.pointer import OPENINGS, openings

_BORDER = "\n"
"""Stands between two entries; no line equals it, so no run crosses it."""
_CANDIDATES = 8
"""Places tried for one line; lines of code that occur more often than this have rarer neighbours."""
_FARTHEST_BACK = 256
"""Lines that a match grows upwards; the lines above were looked up themselves, so this bounds repeated work only."""
_LONGEST_LABEL = 100
"""Characters; a name is for recognising a text, and is paid for in every pointer."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Something that stands before the block in the same request."""

    text: str
    """Exactly as it is sent to the model, rewritten form if it was rewritten."""
    name: str
    """What a reader calls it: `the Read of src/x.py`, `` the output of `pytest -q` ``, `your Edit of src/x.py`."""
    identity: bytes
    """The caller's key of it."""
    whole: bool = False
    """Whether it is found as a whole only: its lines say what they say by a header or legend."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One earlier text in an index."""

    label: str
    """Its name on one line."""
    nth: int
    """How many entries so far have this label, itself included."""
    identity: bytes
    start: int
    """Position of its first line in the index."""
    count: int
    """Its lines; a newline at the end begins one more, which is empty."""
    whole: bool = False
    """Whether it is found as a whole only."""


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of a text that stand in an earlier one as well."""

    first: int
    """The first one in the text, counted from 0."""
    source: int
    """Position of the same line in the index."""
    count: int
    """How many."""

    @property
    def end(self) -> int:
        """The line after the last one."""
        return self.first + self.count


class Index:
    """Grows with the request. A block may only be looked up among the entries added before it."""

    __slots__ = ("_entries", "_labels", "_last", "_lines", "_openings", "_previous", "_starts", "_wholes")

    def __init__(self, earlier: Iterable[Earlier] = ()) -> None:
        self._entries: list[Entry] = []
        self._labels: dict[str, list[Entry]] = {}
        self._starts: list[int] = []
        self._wholes: dict[str, list[Entry]] = {}
        self._lines = [_BORDER]
        self._last: dict[str, int] = {}
        self._previous = [0]
        self._openings: dict[tuple[int, int], Counter[str]] = {}
        for one in earlier:
            self.add(one)

    def add(self, earlier: Earlier) -> None:
        """Take in a text that stands below all others so far. Linear in its length."""
        label = " ".join(earlier.name.split())[:_LONGEST_LABEL].strip() or "the output"
        namesakes = self._labels.setdefault(label, [])
        lines = earlier.text.split("\n")
        start = len(self._lines)
        entry = Entry(label, len(namesakes) + 1, earlier.identity, start, len(lines), earlier.whole)
        namesakes.append(entry)
        self._entries.append(entry)
        self._starts.append(start)
        self._lines += lines
        self._lines.append(_BORDER)
        if earlier.whole:
            self._wholes.setdefault(earlier.text, []).append(entry)
            self._previous += [0] * (len(lines) + 1)
        else:
            self._chain(start)

    def _chain(self, start: int) -> None:
        """Link every line from `start` to the next place to try.

        From the last line to the first, so that of a line that repeats without end the first place is tried first:
        the one from which the longest run can follow.
        """
        flat, last = self._lines, self._last
        previous = [0] * (len(flat) - start)
        for at in range(len(flat) - 2, start - 1, -1):
            line = flat[at]
            previous[at - start] = last.get(line, 0)
            last[line] = at
        self._previous += previous

    def cut(self, count: int) -> None:
        """Take out all but the first `count` entries, as if the others had never been added."""
        while len(self._entries) > count:
            entry = self._entries.pop()
            if len(self._labels[entry.label]) > 1:
                self._labels[entry.label].pop()
            else:
                del self._labels[entry.label]
            if entry.whole:
                self._forget_whole(entry)
            else:
                self._unchain(entry)
            del self._starts[-1], self._lines[entry.start :], self._previous[entry.start :]
            for width in OPENINGS:
                self._openings.pop((entry.start, width), None)

    def _unchain(self, entry: Entry) -> None:
        """Undo `_chain` for the last entry."""
        for at in range(entry.start, entry.start + entry.count):
            if before := self._previous[at]:
                self._last[self._lines[at]] = before
            else:
                self._last.pop(self._lines[at], None)

    def _forget_whole(self, entry: Entry) -> None:
        text = "\n".join(self.lines(entry, 0, entry.count))
        self._wholes[text].pop()
        if not self._wholes[text]:
            del self._wholes[text]

    def same(self, text: str) -> Entry | None:
        """The last entry that is found as a whole only and is this text."""
        found = self._wholes.get(text)
        return found[-1] if found else None

    def holder(self, position: int) -> Entry:
        """The entry that the line at `position` belongs to."""
        return self._entries[bisect_right(self._starts, position) - 1]

    def named(self, label: str) -> Sequence[Entry]:
        """The entries of this label, in the order of the request."""
        return self._labels.get(label, ())

    def lines(self, entry: Entry, first: int, count: int) -> list[str]:
        """`count` lines of `entry` from its line `first` (counted from 0); fewer when it ends before."""
        return self._lines[entry.start + first : entry.start + min(first + count, entry.count)]

    def words(self, entry: Entry, line: str) -> str:
        """The shortest words by which `line` is told from all others of `entry`; empty when there are none."""
        told = ((width, next(openings([line], width))) for width in OPENINGS)
        return next((words for width, words in told if self._count(entry, width)[words] == 1), "")

    def _count(self, entry: Entry, width: int) -> Counter[str]:
        """How many lines of `entry` open with each of its openings."""
        key = entry.start, width
        if key not in self._openings:
            lines = self.lines(entry, 0, entry.count)
            self._openings[key] = Counter(openings(lines, width))
        return self._openings[key]

    def held(self, lines: Sequence[str]) -> list[int]:
        """The positions of those of `lines` that any entry has."""
        last = self._last
        return [at for at, line in enumerate(lines) if line in last]

    def longest(self, lines: Sequence[str], at: int, floor: int) -> Run | None:
        """The longest run of `lines` around line `at`, from line `floor` on; of equals the nearest to the block."""
        flat, previous, total = self._lines, self._previous, len(lines)
        floor = max(floor, at - _FARTHEST_BACK)
        candidate, tried = self._last.get(lines[at], 0), 0
        best_first, best_count, best_shift = at, 0, 0
        while candidate and tried < _CANDIDATES:
            shift = candidate - at
            first, end = at, at + 1
            while end < total and lines[end] == flat[end + shift]:
                end += 1
            while first > floor and lines[first - 1] == flat[first - 1 + shift]:
                first -= 1
            if end - first > best_count:
                best_first, best_count, best_shift = first, end - first, shift
            if first == floor and end == total:
                break
            candidate, tried = previous[candidate], tried + 1
        return Run(best_first, best_first + best_shift, best_count) if best_count else None
