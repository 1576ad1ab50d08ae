"""Sections: runs of rows that share a header line, and how a row is written below it.

    #id	name:str	kind=pod	labels[name,color]
    7	1.30	[["bug","red"]]	+note=slow start

The header names the columns. `kind=pod`: every row has this value there, and no cell. `a==b`: in every row the same
value as column b. `:str`: every value is a string, numbers and JSON too. A cell `+note=...` is a key that only this
row has, at its place in the record. `*1` stands for the value that a line `#*1=...` below the header gives. An empty cell:
the record has no such key; empty cells at the end of a row are not written.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from transforms.json_cell import PATH, read_cell, read_string, write_string
from transforms.json_fence import unfence
from transforms.json_record import Row
from transforms.json_tree import Tree

REPEATED = re.compile(r"\*[0-9]+\Z")
_COLUMN = re.compile(rf"(?P<name>{PATH}(?:\[[^\]\t]*+\])?)(?::(?P<type>str)|==(?P<twin>[^\t]+)|=(?P<constant>[^\t]+))?\Z")
_MIN_REPEATED = 24
_MIN_TWIN = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One entry of a header."""

    name: str
    constant: str | None = None
    """The cell that every row has."""
    twin: str | None = None
    """The column that every row repeats here."""
    strings: bool = False
    """Whether all values are strings."""

    @property
    def positional(self) -> bool:
        """Whether rows have a cell for it."""
        return self.constant is None and self.twin is None

    def __str__(self) -> str:
        if self.constant is not None:
            return f"{self.name}={self.constant}"
        if self.twin is not None:
            return f"{self.name}=={self.twin}"
        return f"{self.name}:str" if self.strings else self.name

    @classmethod
    def parse(cls, text: str) -> "Column":
        """The inverse of `str`. Raises ValueError."""
        found = _COLUMN.match(text)
        if not found:
            raise ValueError(f"not a column: {text}")
        return cls(found["name"], found["constant"], found["twin"], found["type"] is not None)


@dataclass(slots=True)
class Repeats:
    """Long values that stand once per section; a value keeps its number throughout a table."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, rows: list[Row], constant: set[str]) -> dict[str, str]:
        """The short forms of what pays to say once, by cell."""
        counts = Counter(
            cell for row in rows for name, cell in row.items() if len(cell) >= _MIN_REPEATED and name not in constant
        )
        return {
            cell: f"*{self.numbers.setdefault(cell, len(self.numbers) + 1)}"
            for cell, count in counts.items()
            if count > 1
        }


def columns_of(rows: list[Row], chosen: set[str]) -> list[Column]:
    """The header for `rows`: the `chosen` names in an order that suits most rows, each as plain as can be."""
    order = _merge_orders(rows, chosen)
    full = [name for name in order if all(name in row for row in rows)]
    firsts: dict[tuple[str, ...], str] = {}
    columns: list[Column] = []
    for name in order:
        if name not in full:
            columns.append(Column(name))
            continue
        cells = tuple(row[name] for row in rows)
        if len(rows) > 1 and "\n" not in cells[0] and cells.count(cells[0]) == len(cells):
            columns.append(Column(name, constant=cells[0]))
            continue
        first = firsts.setdefault(cells, name)
        long = sum(map(len, cells)) >= _MIN_TWIN * len(cells)
        columns.append(Column(name, twin=first) if first != name and long else Column(name))
    return columns


def _merge_orders(rows: list[Row], chosen: set[str]) -> list[str]:
    order: list[str] = []
    known: set[str] = set()
    for names in dict.fromkeys(tuple(row) for row in rows):
        at = 0
        for name in names:
            if name in known:
                at = order.index(name) + 1
            elif name in chosen:
                order.insert(at, name)
                known.add(name)
                at += 1
    return order


def typed(columns: list[Column], rows: list[Row]) -> list[Column]:
    """The same columns; those of strings that need fewer quotes when all are known to be strings are marked so."""
    return [
        Column(column.name, strings=True) if column.positional and _quoted_strings(column.name, rows) else column
        for column in columns
    ]


def _quoted_strings(name: str, rows: list[Row]) -> bool:
    cells = [row[name] for row in rows if name in row]
    quoted = [cell for cell in cells if cell[0] == '"' and "\n" not in cell]
    if not quoted or any(not isinstance(read_cell(c), str) for c in cells if c[0] != '"' and c != "null"):
        return False
    saved = sum(len(cell) - len(_as_string(cell, False)) for cell in quoted)
    return saved > 6


def _as_string(cell: str, first: bool) -> str:
    value = read_cell(cell)
    return write_string(value, first) if isinstance(value, str) else cell


@dataclass(frozen=True, slots=True)
class Layout:
    """Writes rows below one header."""

    columns: list[Column]
    repeats: dict[str, str]
    ranks: dict[str, int]
    """Places of the columns, by name."""

    @classmethod
    def of(cls, columns: list[Column], repeats: dict[str, str]) -> "Layout":
        return cls(columns, repeats, {column.name: rank for rank, column in enumerate(columns)})

    def line(self, row: Row) -> str | None:
        """`row` as text: its cells, and below them the fences. None: the order of its keys does not fit."""
        names = [name for name in row if name in self.ranks]
        ranks = [self.ranks[name] for name in names]
        if any(a > b for a, b in zip(ranks, ranks[1:], strict=False)):
            ranks = _rising(ranks)
        parts: list[tuple[int, str]] = []
        kept = {self.columns[rank].name for rank in ranks}
        if any(not column.positional and column.name not in kept for column in self.columns):
            return None
        sequence: list[str] = []
        cells: list[str] = []
        fences: list[str] = []
        del parts, sequence
        return self._line(row, kept, cells, fences)

    def _line(self, row: Row, kept: set[str], cells: list[str], fences: list[str]) -> str | None:
        raise NotImplementedError
