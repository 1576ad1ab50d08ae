"""Sections: the header line that a run of rows shares.

    #id	name:str	kind=pod	labels[name,color]
    7	1.30	[["bug","red"]]	+note=slow start

The header names the columns. `kind=pod`: every row has this value there, and no cell. `a==b`: in every row the same
value as column b. `:str`: every value is a string, numbers and JSON too. A cell `+note=...` is a key that only this
row has, at its place in the record. `*1` stands for the value that a line `#*1=...` above gives. An empty
cell: the record has no such key; empty cells at the end of a row are not written.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from transforms.records.cell import PATH, read_cell, write_string
from transforms.records.record import KEY, Row

_COLUMN = re.compile(
    rf"(?P<name>\((?:key|value)\)|{PATH}(?:\[[^\]\t]*+\])?)(?::(?P<type>str)|==(?P<twin>[^\t]+)|=(?P<constant>[^\t]+))?\Z"
)
_MIN_REPEATED = 24
_MIN_SAVED = 40
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


type Cell = tuple[str, str]
"""A column's name, and what stands in it."""


@dataclass(slots=True)
class Repeats:
    """Long values that stand once per section; a value keeps its number throughout a table."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, rows: list[Row], columns: set[str]) -> dict[Cell, str]:
        """The short forms of the cells that stand more than once in one of the `columns`."""
        counts = Counter(
            (name, cell)
            for row in rows
            for name, cell in row.items()
            if len(cell) >= _MIN_REPEATED and name in columns and name != KEY
        )
        return {
            at: f"*{self.numbers.setdefault(at[1], len(self.numbers) + 1)}"
            for at, count in counts.items()
            if (count - 1) * len(at[1]) > _MIN_SAVED + 4 * count
        }


def columns_of(rows: list[Row], chosen: set[str], spelled_out: set[str]) -> list[Column]:
    """The header for `rows`: the `chosen` names in an order that suits most rows.

    The header says itself what is the same in all rows, but for the names in `spelled_out`.
    """
    order = _merge_orders(rows, chosen)
    counts = Counter(name for row in rows for name in row)
    firsts: dict[tuple[str, ...], str] = {}
    columns: list[Column] = []
    for name in order:
        if counts[name] < len(rows) or name in spelled_out:
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
                at = (at if order[at : at + 1] == [name] else order.index(name)) + 1
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
    saved = sum(len(cell) - len(as_string(cell, first=False)) for cell in quoted)
    return saved > len(":str")


def as_string(cell: str, *, first: bool) -> str:
    """A cell of any type, as it is written in a column of strings."""
    value = read_cell(cell)
    return write_string(value, first) if isinstance(value, str) else cell
