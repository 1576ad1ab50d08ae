"""Reads what `transforms.records.document` writes.

Raises ValueError, IndexError or KeyError for any other text. Reading is strict only as far as a wrong result would
follow; the proof compares the result with the original's values.
"""

import re
from dataclasses import dataclass, field
from typing import cast

from transforms.records.fence import FENCE_KINDS, spell, unfence
from transforms.records.layout import FENCED
from transforms.records.section_reader import Read, SectionReader
from transforms.records.tree import Tree, parse

_HOLE = "0e0000"
"""A number that stands for a table or a fence while the JSON around it is parsed; longer where the text holds it."""
_TABLE_OPENS = re.compile(r"(?P<bracket>[\[{])(?P<rows>[0-9]+) rows\Z")
_FENCE_OPENS = re.compile(rf'(?P<quotes>"{{3,}})(?P<kind>{FENCE_KINDS})?\Z')
_ROW_FENCE = re.compile(rf'(?P<quotes>"{{3,}})(?P<kind>text|value|{FENCE_KINDS}) .*\Z')
_SIGNS = "#+[]}"
"""First characters of lines that are no rows, or not rows of cells alone; so is no character at all."""
_MARKER = re.compile(r"\[rows? (?P<first>[0-9]+)(?:-(?P<last>[0-9]+))? omitted[:;\]]")


def whole(tree: object) -> Tree:
    """What was read, as a tree. It must be read without gaps, or be free of them."""
    return cast(Tree, tree)


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that a marker says are missing; counted from 1, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """A table from which rows are missing."""

    rows: tuple[object, ...]
    """Values (pairs of key and value, when `keyed`) and Gaps, in order."""
    total: int
    keyed: bool


@dataclass(frozen=True, slots=True)
class Embedded:
    """A string of JSON in which a table is sampled."""

    style: str
    tree: object


@dataclass(slots=True)
class DocumentReader:
    """Reads lines from `at` on; values are trees, with Sampled and Embedded in them where there are `gaps`."""

    lines: list[str]
    hole: str
    gaps: bool = False
    """Whether markers are read; if not, they are an error."""
    at: int = 0
    holes: list[object] = field(default_factory=list)
    sampled: bool = False
    """Whether a marker was read."""

    @classmethod
    def of(cls, text: str, gaps: bool = False) -> "DocumentReader":
        """A reader that stands at the start of `text`."""
        hole = _HOLE
        while hole in text:
            hole += "0"
        return cls(text.split("\n"), hole, gaps)

    def read(self) -> object:
        """The value that starts on this line; `at` is then behind its last."""
        first = len(self.holes)
        pieces: list[str] = []
        line = self.lines[self.at]
        while True:
            self.at += 1
            table, fenced = _TABLE_OPENS.search(line), _FENCE_OPENS.search(line)
            opening = table or fenced
            if not opening:
                break
            pieces.append(line[: opening.start()])
            if table:
                hole, line = self._table(table["bracket"] == "{", int(table["rows"]))
            else:
                hole, line = self._fence(opening["quotes"], opening["kind"] or "text")
            pieces.append(f"{self.hole}{len(self.holes)}")
            self.holes.append(hole)
        tree = parse("".join([*pieces, line]))
        return self._fill(tree) if len(self.holes) > first else tree

    def document(self) -> object:
        """The one value that all lines are. Raises ValueError when lines are left."""
        tree = self.read()
        if self.at < len(self.lines):
            raise ValueError("text behind the value")
        return tree

    def _fill(self, tree: Tree) -> object:
        match tree:
            case bytes() if tree.startswith(self.hole.encode()):
                return self.holes[int(tree[len(self.hole) :])]
            case list():
                return [self._fill(item) for item in tree]
            case dict():
                return {key: self._fill(value) for key, value in tree.items()}
        return tree

    def _fence(self, quotes: str, kind: str) -> tuple[object, str]:
        """What a fence holds, and the rest of the line that ends it."""
        content, end = unfence(self.lines, self.at, quotes)
        self.at = end
        rest = self.lines[end].removeprefix(quotes)
        if kind == "text":
            return content, rest
        inner = DocumentReader.of(content, self.gaps)
        tree = inner.document()
        self.sampled |= inner.sampled
        if kind == "value":
            return tree, rest
        return Embedded(kind, tree) if inner.sampled else spell(whole(tree), kind), rest

    def _table(self, keyed: bool, total: int) -> tuple[object, str]:
        """The rows of a table, and the rest of the line that ends it."""
        rows: list[object] = []
        section = SectionReader(self.fenced, [], keyed)
        end = "}" if keyed else "]"
        while not (line := self.lines[self.at]).startswith(end):
            if not section.told and (alike := self._alike()):
                self.at += len(alike)
                rows += section.rows(alike)
                continue
            self.at += 1
            if line.startswith("#"):
                section = section.header(line)
            elif self.gaps and (gap := _MARKER.match(line)):
                rows.append(Gap(int(gap["first"]), int(gap["last"] or gap["first"])))
                self.sampled = True
            else:
                rows.append(section.row(line))
        section.end()
        missing = sum(row.last - row.first + 1 for row in rows if isinstance(row, Gap))
        gaps = sum(isinstance(row, Gap) for row in rows)
        if len(rows) - gaps + missing != total:
            raise ValueError("rows do not add up")
        return _collect(rows, total, keyed, gaps > 0), line[1:]

    def _alike(self) -> list[str]:
        """The lines from here on that are rows with nothing but cells of columns, each on its line."""
        stop = self.at
        while (line := self.lines[stop])[:1] not in _SIGNS and "\t+" not in line and FENCED not in line:
            stop += 1
        return self.lines[self.at : stop]

    def fenced(self) -> object:
        """The value of the fence that follows on the next line."""
        opening = _ROW_FENCE.match(self.lines[self.at])
        if not opening:
            raise ValueError("no fence below the row")
        self.at += 1
        value, rest = self._fence(opening["quotes"], opening["kind"])
        self.at += 1
        if rest:
            raise ValueError("text behind a fence")
        return value


def _collect(rows: list[object], total: int, keyed: bool, sampled: bool) -> object:
    if sampled:
        return Sampled(tuple(rows), total, keyed)
    if not keyed:
        return rows
    members: Read = dict(row for row in rows if isinstance(row, tuple))
    if len(members) != total:
        raise ValueError("a key twice")
    return members
