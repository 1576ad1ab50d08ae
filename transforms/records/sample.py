"""Samples: which rows of a document's long arrays stay, within a budget, and the proof that the others are marked.

Rows are left out in runs, longest first, and only as far as they are routine (`transforms.records.routine`).
"""

import re
from dataclasses import dataclass, field

from transforms.call import Call
from transforms.lossy.focus import ASKED, QUOTED, texts_of
from transforms.lossy.gaps import runs_of
from transforms.marker import Markers
from transforms.records.document import Choice, Choices
from transforms.records.fence import embedded
from transforms.records.reader import Embedded, Gap, Sampled
from transforms.records.routine import Rows
from transforms.records.tree import Tree, dumps

MIN_ROWS = 20
MIN_CHARS = 2000
"""Characters of an array's JSON below which no row is left out."""
MIN_SHARE = 0.1
"""The share of the block's tokens below which leaving rows out is not worth the loss."""
MAX_SHARE = 0.5
"""The share that may go, whatever the budget: it may be that of a text many times as long, before it was folded."""
_MIN_RUN = 3
"""Rows of a run that is worth its marker."""
_MIN_RUN_TOKENS = 60
_MAX_WORDS = 100
_WORD = re.compile(r"[\w@#][\w.@#:/+-]*\w|\d")
_COUNT = re.compile(
    r"(?i)(?<![a-z_])(?:limit|page|per[_-]?page|page[_-]?size|max[_-]?(?:results|items|count)|offset|skip|top|tail|head|"
    r"lines|(?<=-)n)(?:=|: ?| )(?:-(?:n ?)?)?\d+"
)
"""How many rows a call asks for, and from where on; that names none of them."""
_NAMING = re.compile(r"[0-9_./@:#-]|[a-z][A-Z]")


def words_of(question: str, call: Call) -> frozenset[str]:
    """What the question and the call's values name: quoted strings, and words with digits or joints (ids, paths)."""
    text = "\n".join([question, *(_COUNT.sub(" ", text) for text in texts_of(call))])
    quoted = {next(filter(None, found.groups())) for found in QUOTED.finditer(text)}
    naming = {word for word in _WORD.findall(text) if _NAMING.search(word)}
    return frozenset(sorted(quoted | naming, key=len, reverse=True)[:_MAX_WORDS])


def names_of(words: frozenset[str], question: str) -> frozenset[str]:
    """What may be a value that is asked for: `words_of` it, and every other word of the end of the question."""
    found = words.union(_WORD.findall(question[-ASKED:]))
    return found | {word.lstrip("#@") for word in found}


@dataclass(slots=True)
class Sampler:
    """Chooses the rows of one document."""

    words: frozenset[str]
    """What picks out rows that are asked for."""
    names: frozenset[str]
    """What may be the name of a row."""
    terms: frozenset[str]
    """All names in the question and the call, in lower case: rows that have one stay."""
    tokens: float
    """What may still be left out."""
    tokens_per_char: float
    """Of the original text, by the characters of its shortest JSON."""
    markers: Markers
    at_limit: bool = False
    """Whether more rows would go for more `tokens`."""
    choices: Choices = field(default_factory=dict)
    strings: dict[str, tuple[str, Tree] | None] = field(default_factory=dict)

    def visit(self, tree: Tree, in_rows: bool = False) -> None:
        """Choose in `tree`, outermost arrays first; an object within rows is a part of these, not an array."""
        if isinstance(tree, str):
            if tree not in self.strings:
                self.strings[tree] = embedded(tree)
            found = self.strings[tree]
            if found:
                self.visit(found[1])
        elif isinstance(tree, list) and not self._choose(tree, tree, []):
            for item in tree:
                self.visit(item, True)
        elif isinstance(tree, dict):
            values = list(tree.values())
            records = not in_rows and all(isinstance(value, dict) and value for value in values)
            if not (records and self._choose(tree, values, list(tree))):
                for value in values:
                    self.visit(value, in_rows)

    def written_in(self, text: str) -> bool:
        """Whether every gap is named in `text`: arrays nested too deep for tables are written whole."""
        return all(note in text for choice in self.choices.values() for note in choice.notes.values())

    def _choose(self, container: Tree, values: list[Tree], names: list[str]) -> bool:
        if len(values) < MIN_ROWS or id(container) in self.choices:
            return False
        sizes = [
            len(dumps(value)) + len(name) + 1 for value, name in zip(values, names or [""] * len(values), strict=True)
        ]
        if sum(sizes) < MIN_CHARS:
            return False
        rows = Rows.of(values, names)
        runs = self._runs(rows.routine(self.words, self.names) - rows.mentioning(self.terms), sizes)
        if not runs:
            return False
        self.choices[id(container)] = self._choice(len(values), runs, rows)
        return True

    def _runs(self, routine: set[int], sizes: list[int]) -> list[range]:
        """Runs of routine rows to leave out, in order, and their tokens taken off the budget."""
        chosen: list[range] = []
        runs = [range(first, last + 1) for first, last in runs_of(row in routine for row in range(len(sizes)))]
        for run in sorted(runs, key=len, reverse=True):
            stop = run.start
            tokens = 0.0
            while stop < run.stop and tokens + sizes[stop] * self.tokens_per_char <= self.tokens:
                tokens += sizes[stop] * self.tokens_per_char
                stop += 1
            self.at_limit |= stop < run.stop
            if stop - run.start >= _MIN_RUN and tokens >= _MIN_RUN_TOKENS:
                self.tokens -= tokens
                chosen.append(range(run.start, stop))
        return sorted(chosen, key=lambda run: run.start)

    def _choice(self, count: int, runs: list[range], rows: Rows) -> Choice:
        gone = {row for run in runs for row in run}
        kept = [row for row in range(count) if row not in gone]
        notes: dict[int, str] = {}
        left_out = 0
        for run in runs:
            what = rows.common(run)
            told = f"{len(run)} routine rows{', all with ' if what else ''}{what}"
            notes[run.start - left_out] = self.markers.gap(run.start + 1, run.stop, told, "rows")
            left_out += len(run)
        return Choice(kept, notes)


def covers(original: Tree, read: object) -> bool:
    """Whether `read` is `original`, but for rows that a Gap names."""
    if isinstance(read, str | bytes):
        return type(original) is type(read) and original == read
    match read:
        case Sampled():
            return _covers_rows(original, read)
        case Embedded():
            found = embedded(original) if isinstance(original, str) else None
            return found is not None and found[0] == read.style and covers(found[1], read.tree)
        case list():
            return isinstance(original, list) and len(original) == len(read) and all(map(covers, original, read))
        case dict():
            return (
                isinstance(original, dict)
                and list(original) == list(read)
                and all(map(covers, original.values(), read.values()))
            )
    return type(original) is type(read) and original == read


def _covers_rows(original: Tree, read: Sampled) -> bool:
    rows: list[Tree]
    match original:
        case dict() if read.keyed:
            rows = [[key, value] for key, value in original.items()]
        case list() if not read.keyed:
            rows = original
        case _:
            return False
    if len(rows) != read.total:
        return False
    at = 0
    for row in read.rows:
        if isinstance(row, Gap):
            if row.first != at + 1 or row.last < row.first:
                return False
            at = row.last
        elif at >= len(rows) or not covers(rows[at], list(row) if isinstance(row, tuple) else row):
            return False
        else:
            at += 1
    return at == len(rows)
