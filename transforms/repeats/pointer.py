"""The one form in which a run of lines that stands above is named, always alone on its line.

    [output lines 12-58: same as output lines 40-86 of the Read of src/x.py above, from "func (s *Store) Load("]
    [output lines 61-98: same as output lines 89-126 there]

On the left the lines of this output, on the right those of the earlier text as the request shows it, both counted
from 1 where the output begins, headers included; `output` keeps them apart from the line numbers of a file. The quoted
words begin the run, for readers who do not count: the shortest that no other line of the earlier text opens with. They
are left out where the run begins the earlier text, where it goes on soon after the pointer before it stopped, and where
no such words were found. `there` is the text that the pointer before it names. When several texts above have the same
name, the pointer says which: `above (2nd of 3)`, counted from the top.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

_START = "[output line"
_LOOKS_LIKE_ONE = re.compile(r"^\[output lines? \d[^:\n]{0,40}: same as output line", re.MULTILINE)
_POINTER = re.compile(
    r"\[output lines? (?P<first>\d{1,12})(?:-(?P<last>\d{1,12}))?: "
    r"same as output lines? (?P<source>\d{1,12})(?:-(?P<source_last>\d{1,12}))? "
    r"(?:there|of (?P<label>.{1,100}) above(?: \((?P<nth>\d{1,9})(?:st|nd|rd|th) of \d{1,9}\))?)"
    r'(?:, from "(?P<words>.{1,64})")?\]'
)
OPENINGS = (32, 64)
"""Characters of a line that are quoted: the fewest that no other line of the earlier text opens with."""
_SUFFIXES = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Pointer:
    """What one pointer says; lines count from 0 here."""

    first: int
    """First line of the run in this output."""
    source: int
    """First line of the run in the earlier text."""
    count: int
    """Lines of the run."""
    label: str = ""
    """Name of the earlier text; empty: the one that the pointer before it names."""
    nth: int = 1
    """Which of those of this name, counted from 1."""
    namesakes: int = 1
    """How many of this name there are above."""
    words: str = ""
    """How the first line of the run begins, without its indent; empty: not said."""

    def __str__(self) -> str:
        which = f" ({_ordinal(self.nth)} of {self.namesakes})" if self.namesakes > 1 else ""
        where = f"of {self.label} above{which}" if self.label else "there"
        start = f', from "{self.words}"' if self.words else ""
        here, there = _lines(self.first, self.count), _lines(self.source, self.count)
        return f"[output {here}: same as output {there} {where}{start}]"


def openings(lines: Iterable[str], width: int) -> Iterator[str]:
    """How each of `lines` begins without its indent, in at most `width` characters."""
    return map(str.rstrip, map(itemgetter(slice(width)), map(str.strip, lines)))


def present(text: str) -> bool:
    """Whether a line of `text` looks like a pointer, whoever wrote it."""
    return _START in text and _LOOKS_LIKE_ONE.search(text) is not None


def pointers(lines: Sequence[str]) -> Iterator[tuple[int, Pointer]]:
    """The pointers among `lines`, each with its position."""
    places = [at for at, line in enumerate(lines) if line.startswith(_START)]
    return ((at, pointer) for at in places if (pointer := read(lines[at])) is not None)


def read(line: str) -> Pointer | None:
    """What `line` says if it is a pointer, else None. The number of namesakes is not read."""
    match = _POINTER.fullmatch(line)
    if match is None:
        return None
    first, source = int(match["first"]), int(match["source"])
    count = int(match["last"] or first) - first + 1
    if count < 1 or count != int(match["source_last"] or source) - source + 1 or not first or not source:
        return None
    return Pointer(
        first - 1, source - 1, count, match["label"] or "", int(match["nth"] or 1), words=match["words"] or ""
    )


def _lines(first: int, count: int) -> str:
    return f"lines {first + 1}-{first + count}" if count > 1 else f"line {first + 1}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else _SUFFIXES.get(number % 10, "th")
    return f"{number}{suffix}"
