"""References instead of repeats: lines that stand in the same request already are named, not sent again.

A file read a second time, a test run that fails in the same way, a patch that the model itself has just written:
each run of lines that stands contiguously in an earlier text becomes one pointer (`transforms.reference_pointer`),
and whatever differs stays verbatim between the pointers, so that a re-run with few changes becomes its difference.

    <line 1>                                [lines 1-57: same as lines 1-57 of the Read of src/x.py above]
    ...                                     def load(path: Path) -> bytes:
    def load(path: Path) -> bytes:      →   [lines 59-104: same as lines 59-104 there]
    ...

Lossless in context: `resolve` puts the lines back, and a result is returned only if that gives the text character
by character. The texts pointed to must stay in the request, unchanged, for as long as the pointer does.
Known limitations: whole lines only, so a line with a new timestamp stays. A text in which a line already looks like
a pointer is left alone as a whole: its reader could not tell whose pointer it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.reference_index import Earlier, Entry, Index, Run
from transforms.reference_pointer import POINTER_START, Pointer, opening, read
from transforms.tokenizer import count_tokens

_FEWEST_TOKENS = 60
"""What a run must be worth; a pointer costs 20 to 40, one that says `there` about 17."""
_GAIN = 2
"""A run must be worth this many times its pointer: a reader has to look it up."""
_SAMPLE = 4_000
"""Characters of a run that are counted; a longer run is worth its pointer anyway."""
_SHORTEST_SEED = 4
"""Characters of a line by which a run is looked for; a run of shorter ones alone is no repeat."""
_STEP = 10
"""Lines between two runs of an earlier text over which a reader goes on without being told the words."""
_TELLING = re.compile(r"\w\W*\w\W*\w")


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
    if POINTER_START.search(text):
        return None
    index = earlier if isinstance(earlier, Index) else Index(earlier)
    lines = text.split("\n")
    out: list[str] = []
    needs: dict[bytes, None] = {}
    copied = 0
    for pointer, entry in _pointers(lines, index):
        out += lines[copied : pointer.first]
        out.append(str(pointer))
        copied = pointer.first + pointer.count
        needs[entry.identity] = None
    if not needs:
        return None
    referring = "\n".join(out + lines[copied:])
    return Reference(referring, tuple(needs)) if resolve(referring, index) == text else None


def resolve(text: str, earlier: Index | Sequence[Earlier]) -> str:
    """`text` with the lines that its pointers name; a line that names nothing in `earlier` stands for itself."""
    index = earlier if isinstance(earlier, Index) else Index(earlier)
    out: list[str] = []
    last: Entry | None = None
    for line in text.split("\n"):
        pointer = read(line) if line.startswith("[line") else None
        entry = _entry(pointer, index, last) if pointer else None
        run = index.lines(entry, pointer.source, pointer.count) if pointer and entry else []
        if pointer is None or not _holds(pointer, run, len(out)):
            out.append(line)
            continue
        out += run
        last = entry
    return "\n".join(out)


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
    at = floor = 0
    last: Entry | None = None
    due = 0
    while at < len(lines):
        run = index.longest(lines, at, floor) if len(lines[at]) >= _SHORTEST_SEED else None
        at += 1
        if run is None:
            continue
        entry = index.holder(run.source)
        run = _trimmed(lines, run, entry)
        pointer = _pointer(lines, run, entry, index)
        if entry is last:
            onward = 0 <= pointer.source - due <= _STEP
            pointer = replace(pointer, label="", namesakes=1, nth=1, words="" if onward else pointer.words)
        if _worth(lines, run, pointer):
            yield pointer, entry
            at = floor = run.end
            last, due = entry, pointer.source + run.count


def _trimmed(lines: Sequence[str], run: Run, entry: Entry) -> Run:
    """`run` without blank lines at its end, and from the first line on by which a reader finds it."""
    first, end = run.first, run.end
    while end > first and not lines[end - 1].strip():
        end -= 1
    if run.source > entry.start:
        while first < end and not _TELLING.search(lines[first]):
            first += 1
    return Run(first, run.source + first - run.first, end - first)


def _pointer(lines: Sequence[str], run: Run, entry: Entry, index: Index) -> Pointer:
    source = run.source - entry.start
    words = opening(lines[run.first]) if source and run.count else ""
    return Pointer(run.first, source, run.count, entry.label, entry.nth, len(index.named(entry.label)), words)


def _worth(lines: Sequence[str], run: Run, pointer: Pointer) -> bool:
    """Whether the tokens of the run clearly outweigh those of its pointer."""
    size, end = 0, run.first
    while end < run.end and size < _SAMPLE:
        size += len(lines[end]) + 1
        end += 1
    if size < _FEWEST_TOKENS:
        return False
    tokens = count_tokens("\n".join(lines[run.first : end])[:_SAMPLE])
    return tokens >= _FEWEST_TOKENS and tokens >= _GAIN * count_tokens(str(pointer))
