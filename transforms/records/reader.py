"""Reads what `transforms.records.document` writes.

Raises ValueError, IndexError or KeyError for any other text. Reading is strict only as far as a wrong result would
follow; the proof compares the result with the original's values.
"""

import re
from dataclasses import dataclass, field
from typing import cast

from transforms.records.cell import read_cell, read_string
from transforms.records.fence import FENCE_KINDS, spell, unfence
from transforms.records.layout import FENCED
from transforms.records.record import KEY, VALUE, put
from transforms.records.section import APART, Apart, Column, read_apart, read_header
from transforms.records.tree import Tree, parse

_HOLE = "0e0000"
"""A number that stands for a table or a fence while the JSON around it is parsed; longer where the text holds it."""
_TABLE_OPENS = re.compile(r"(?P<bracket>[\[{])(?P<rows>[0-9]+) rows\Z")
_FENCE_OPENS = re.compile(rf'(?P<quotes>"{{3,}})(?P<kind>{FENCE_KINDS})?\Z')
_ROW_FENCE = re.compile(rf'(?P<quotes>"{{3,}})(?P<kind>text|value|{FENCE_KINDS}) .*\Z')
_REPEAT = re.compile(r"#(?P<short>\*[0-9]+)=(?P<cell>.+)\Z", re.DOTALL)
_EXTRA = re.compile(r'\+(?:(?P<place>[0-9]{1,6}):)?(?P<name>(?:"(?:[^"\\]|\\.)*+"|[^"=])++)=(?P<cell>.+)\Z', re.DOTALL)
_MARKER = re.compile(r"\[rows? (?P<first>[0-9]+)(?:-(?P<last>[0-9]+))? omitted[:;\]]")


def whole(tree: object) -> Tree:
    """What was read, as a tree. It must be read without gaps, or be free of them."""
    return cast(Tree, tree)


type Read = dict[str, object]
"""An object as it is read."""


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
        section = _Section(self, [], keyed)
        end = "}" if keyed else "]"
        while not (line := self.lines[self.at]).startswith(end):
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

    def cell(self, cell: str, strings: bool) -> object:
        """The value of a cell, or of the fence that follows on the next line."""
        if cell != FENCED:
            return read_string(cell) if strings else read_cell(cell)
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


@dataclass(slots=True)
class _Section:
    """Reads the rows below one header."""

    document: DocumentReader
    columns: list[Column]
    keyed: bool
    repeats: dict[str, object] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """What was told above the next row, which must use it, in this order."""
    apart: list[Apart] = field(default_factory=list)
    """What the header said so far, when its last line is still to come."""
    positional: list[Column] = field(init=False)
    by_name: frozenset[str] = field(init=False)
    """The columns whose cells tell their names."""

    def __post_init__(self) -> None:
        self.positional = [column for column in self.columns if column.positional]
        self.by_name = frozenset(column.name for column in self.columns if column.keyed)

    def header(self, line: str) -> "_Section":
        """The section that goes on below a line of the header."""
        repeat = _REPEAT.match(line)
        if not repeat:
            self.end()
            if line.startswith(APART):
                return _Section(self.document, [], self.keyed, apart=self.apart + read_apart(line))
            return _Section(self.document, read_header(line, self.apart), self.keyed)
        self.repeats[repeat["short"]] = read_cell(repeat["cell"])
        self.told.append(repeat["short"])
        return self

    def end(self) -> None:
        """Raises ValueError when something was told that no row used."""
        if self.told:
            raise ValueError("told, and not used")

    def row(self, line: str) -> object:
        """The value a line stands for; a pair when the rows have keys."""
        row = self._row(line)
        self.end()
        return row

    def _row(self, line: str) -> object:
        cells = line.split("\t") if line else []
        count = next((at for at, cell in enumerate(cells) if cell.startswith("+")), len(cells))
        if count > len(self.positional):
            raise ValueError("more cells than columns")
        told: Read = {
            column.name: self._value(cell, column.strings)
            for column, cell in zip(self.positional, cells[:count], strict=False)
            if cell
        }
        named = [self._named(cell) for cell in cells[count:]]
        told |= {name: value for place, name, value in named if not place and name in self.by_name}
        fields = [(column.name, self._told(column, told)) for column in self.columns if _has(column, told)]
        for place, name, value in named:
            if place or name not in self.by_name:
                fields.insert(place - 1 if place else len(fields), (name, value))
        return self._record(fields)

    def _named(self, cell: str) -> tuple[int, str, object]:
        found = _EXTRA.match(cell)
        if not found:
            raise ValueError("not a cell")
        return int(found["place"] or 0), found["name"], self._value(found["cell"], False)

    def _told(self, column: Column, told: Read) -> object:
        if column.constant is not None:
            return read_cell(column.constant)
        return told[column.twin or column.name]

    def _record(self, fields: list[tuple[str, object]]) -> object:
        record: Read = {}
        outside: Read = {}
        for name, value in fields:
            if name in (KEY, VALUE):
                outside[name] = value
            else:
                put(record, name, value)
        if VALUE in outside:
            return outside[VALUE]
        return _pair([outside[KEY], record]) if self.keyed else record

    def _value(self, cell: str, strings: bool) -> object:
        if not cell.startswith("*"):
            return self.document.cell(cell, strings)
        short, told, cell = cell.partition("=")
        if told:
            self.repeats[short] = self.document.cell(cell, False)
        if self.told and self.told[0] == short:
            del self.told[0]
        return self.repeats[short]


def _has(column: Column, told: Read) -> bool:
    return column.implied or column.name in told


def _pair(row: object) -> tuple[str, object]:
    if not isinstance(row, list) or len(row) != 2 or not isinstance(row[0], str):
        raise ValueError("not a key and its value")
    return row[0], row[1]
