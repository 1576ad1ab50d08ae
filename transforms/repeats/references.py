"""References instead of repeats: lines that stand in the same request already are named, not sent again.

A file read a second time, a test run that fails in the same way, a patch that the model itself has just written:
each run of lines that stands contiguously in an earlier text becomes one pointer (`transforms.repeats.pointer`),
and whatever differs stays verbatim between the pointers, so that a re-run with few changes becomes its difference.

    import os                          [output lines 1-57: same as output lines 1-57 of the Read of src/x.py above]
    (56 more lines)                    def load(path: Path) -> bytes:
    def load(path: Path) -> bytes: →   [output lines 59-104: same as output lines 59-104 there]
    (46 more lines)

A table or a folded log, whose lines say what they say by a header, is pointed to only as a whole.

Lossless in context: `resolve` puts the lines back, and a result is returned only if that gives the text character
by character. The texts pointed to must stay in the request, unchanged, for as long as the pointer does.
Known limitations: whole lines only, so a line with a new timestamp stays. A text in which a line already looks like
a pointer is left alone as a whole: its reader could not tell whose pointer it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.repeats.index import Earlier, Entry, Index, Run
from transforms.repeats.pointer import Pointer, pointers, present
from transforms.tokenizer import count_tokens

_FEWEST_TOKENS = 60
"""What a run must be worth; a pointer costs 20 to 40, one that says `there` about 17."""
_FEWEST_CHARACTERS = 150
"""A shorter run is not counted at all; 60 tokens of the densest usual output are longer."""
_FEWEST_UNCLEAR = 240
"""What it must be worth if several lines of the earlier text open with the words that the pointer quotes."""
_GAIN = 2
"""A run must be worth this many times its pointer: a reader has to look it up."""
_SAMPLE = 4_000
"""Characters of a run that are counted; what is worth its pointer shows in them."""
_STEP = 10
"""Lines between two runs of an earlier text over which a reader goes on without being told the words."""
_AHEAD = 4
"""Lines at the start of a run among which one is looked for that is found by its words."""
_GAP = re.compile(r"\[[a-z]+ [1-9]\d{0,11}(?:-[1-9]\d{0,11})? omitted\b")
"""The form of `transforms.marker.Markers.gap`."""
_NO_LINE = "\n\n"
"""Stands in no text."""
_HEADS = re.compile(r"diff --git |@@ ")
"""What names the file or the place of the lines below it."""
_TELLING = re.compile(r"\w\W*\w\W*\w")
"""What a line needs for a run to be looked for by it, or named by it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A text with pointers in place of what stands above it."""

    text: str
    needs: tuple[bytes, ...]
    """Identities of the earlier texts pointed to, each once, in the order of the pointers."""


def refer(text: str, earlier: Index | Sequence[Earlier]) -> Reference | None:
    """`text` with a pointer in place of every run of lines worth one; None when there is no such run.

    `earlier` is all that stands before the block, in the order of the request; an `Index` of it may be kept and
    added to from block to block. Linear in `text` (and in `earlier`, when that is not an index yet).
    """
    if present(text):
        return None
    index = earlier if isinstance(earlier, Index) else Index(earlier)
    lines = text.split("\n")
    out: list[str] = []
    needs: dict[bytes, None] = {}
    copied = 0
    for pointer, entry in _pointers(_without_gaps(lines), index):
        out += lines[copied : pointer.first]
        out.append(str(pointer))
        copied = pointer.first + pointer.count
        needs[entry.identity] = None
    if not needs:
        return None
    referring = "\n".join(out + lines[copied:])
    return Reference(referring, tuple(needs)) if resolve(referring, index) == text else None


def refer_whole(text: str, index: Index) -> Reference | None:
    """One pointer in place of all of `text`, where that is an earlier text which is found as a whole only."""
    entry = None if present(text) else index.same(text)
    if entry is None:
        return None
    lines = text.split("\n")
    pointer = Pointer(0, 0, len(lines), entry.label, entry.nth, len(index.named(entry.label)))
    return Reference(str(pointer), (entry.identity,)) if _worth(lines, pointer, _FEWEST_TOKENS) else None


def _without_gaps(lines: list[str]) -> list[str]:
    """`lines` with something else in place of those that name gaps, where there are several: all but the first leave it
    to that one to say of which text, so what another text leaves out in the same words may be something else."""
    gaps = [at for at, line in enumerate(lines) if " omitted" in line and _GAP.search(line)]
    if len(gaps) < 2:
        return lines
    told = lines.copy()
    for at in gaps:
        told[at] = _NO_LINE
    return told


def resolve(text: str, earlier: Index | Sequence[Earlier]) -> str:
    """`text` with the lines that its pointers name; a line that names nothing in `earlier` stands for itself."""
    index = earlier if isinstance(earlier, Index) else Index(earlier)
    lines = text.split("\n")
    out: list[str] = []
    last: Entry | None = None
    copied = 0
    for at, pointer in pointers(lines):
        out += lines[copied:at]
        entry = _entry(pointer, index, last)
        run = index.lines(entry, pointer.source, pointer.count) if entry else []
        if _holds(pointer, run, len(out)):
            out += run
            last, copied = entry, at + 1
        else:
            copied = at
    return "\n".join(out + lines[copied:])


def _entry(pointer: Pointer, index: Index, last: Entry | None) -> Entry | None:
    if not pointer.label:
        return last
    namesakes = index.named(pointer.label)
    return namesakes[pointer.nth - 1] if 0 < pointer.nth <= len(namesakes) else None


def _holds(pointer: Pointer, run: Sequence[str], at: int) -> bool:
    """Whether `run` is what `pointer`, read where line `at` is due, says about it."""
    return pointer.first == at and pointer.count == len(run) and run[0].strip().startswith(pointer.words)


def _pointers(lines: Sequence[str], index: Index) -> Iterator[tuple[Pointer, Entry]]:
    """The pointers for `lines`, from the top, and what each points to."""
    end = floor = due = 0
    last: Entry | None = None
    for at in index.held(lines):
        if at < end or _TELLING.search(lines[at]) is None or (found := index.longest(lines, at, floor)) is None:
            continue
        end = found.end
        if _small(lines, found):
            continue
        entry = index.holder(found.source)
        near = entry is last and 0 <= found.source - due <= _STEP
        pointer, fewest = _pointer(lines, found, index, near)
        if entry is last:
            pointer = replace(pointer, label="", nth=1, namesakes=1)
        if _worth(lines, pointer, fewest):
            yield pointer, entry
            floor = pointer.first + pointer.count
            last, due = entry, entry.start + pointer.source + pointer.count


def _small(lines: Sequence[str], run: Run) -> bool:
    return run.count < _FEWEST_CHARACTERS and sum(map(len, lines[run.first : run.end])) < _FEWEST_CHARACTERS


def _pointer(lines: Sequence[str], found: Run, index: Index, near: bool) -> tuple[Pointer, int]:
    """The pointer for `found`, and the tokens that the run must be worth; `near`: it needs no words."""
    entry = index.holder(found.source)
    run, words, fewest = _trimmed(lines, found), "", _FEWEST_TOKENS
    if not near and run.source > entry.start:
        run = _telling(lines, run, entry, index)
        words = index.words(entry, lines[run.first]) if run.count else ""
        fewest = _FEWEST_TOKENS if words else _FEWEST_UNCLEAR
    namesakes = len(index.named(entry.label))
    source = run.source - entry.start
    return Pointer(run.first, source, run.count, entry.label, entry.nth, namesakes, words), fewest


def _trimmed(lines: Sequence[str], run: Run) -> Run:
    """`run` without what its end does not need: blank lines, and the headers of a diff whose lines stand below."""
    end = run.end
    while end > run.first and (not lines[end - 1].strip() or _HEADS.match(lines[end - 1])):
        end -= 1
    return Run(run.first, run.source, end - run.first)


def _telling(lines: Sequence[str], run: Run, entry: Entry, index: Index) -> Run:
    """`run` from the line on by which a reader finds it: its first telling one, or a clear one soon after."""
    first = run.first
    while first < run.end and not _TELLING.search(lines[first]):
        first += 1
    ahead = range(first, min(first + _AHEAD, run.end))
    first = next((at for at in ahead if _TELLING.search(lines[at]) and index.words(entry, lines[at])), first)
    return Run(first, run.source + first - run.first, run.end - first)


def _worth(lines: Sequence[str], pointer: Pointer, fewest: int) -> bool:
    """Whether the run has `fewest` tokens, and clearly more than its pointer."""
    run = lines[pointer.first : min(pointer.first + pointer.count, pointer.first + _SAMPLE)]
    tokens = count_tokens("\n".join(line[:_SAMPLE] for line in run)[:_SAMPLE])
    return tokens >= fewest and tokens >= _GAIN * count_tokens(str(pointer))
