"""Reads the rows of tables: the values below one header.

Raises ValueError, IndexError or KeyError for rows that `transforms.records.layout` does not write.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from transforms.records.cell import read_cell, read_cells, read_string
from transforms.records.layout import FENCED
from transforms.records.record import KEY, VALUE, put, put_all
from transforms.records.section import APART, Apart, Column, read_apart, read_header

_REPEAT = re.compile(r"#(?P<short>\*[0-9]+)=(?P<cell>.+)\Z", re.DOTALL)
_EXTRA = re.compile(
    r'\+(?:(?P<place>[0-9]{1,6}):)?(?P<name>(?:"(?:[^"\\]++|\\.)*+"|[^"=]++)++)=(?P<cell>.+)\Z', re.DOTALL
)

type Read = dict[str, object]
"""An object as it is read."""


@dataclass(slots=True)
class SectionReader:
    """Reads the rows below one header."""

    fenced: Callable[[], object]
    """Reads the fence that follows below the row."""
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
    endings: frozenset[str] = field(init=False)
    """The columns that others tell with an ending: what a row says by such a name, the header has too."""
    twins: list[Column] = field(init=False)
    """The columns that repeat others; those with an ending behind it last, for they may repeat one of the former."""

    def __post_init__(self) -> None:
        self.positional = [column for column in self.columns if column.positional]
        self.by_name = frozenset(column.name for column in self.columns if column.keyed)
        self.endings = frozenset(column.name for column in self.columns if column.ending)
        twins = (column for column in self.columns if column.twin is not None)
        self.twins = sorted(twins, key=lambda column: column.ending != "")

    def header(self, line: str) -> "SectionReader":
        """The section that goes on below a line of the header."""
        repeat = _REPEAT.match(line)
        if not repeat:
            self.end()
            if line.startswith(APART):
                return SectionReader(self.fenced, [], self.keyed, apart=self.apart + read_apart(line))
            return SectionReader(self.fenced, read_header(line, self.apart), self.keyed)
        self.repeats[repeat["short"]] = read_cell(repeat["cell"])
        self.told.append(repeat["short"])
        return self

    def end(self) -> None:
        """Raises ValueError when something was told that no row used."""
        if self.told:
            raise ValueError("told, and not used")

    def rows(self, lines: list[str]) -> list[object]:
        """The values of lines of cells, read column by column for all lines that have cells in the same columns."""
        cells = [line.split("\t") for line in lines]
        shapes: dict[tuple[bool, ...], list[int]] = {}
        for number, row in enumerate(cells):
            shapes.setdefault(tuple(map(bool, row)), []).append(number)
        rows: list[object] = [None] * len(lines)
        for filled, numbers in shapes.items():
            columns = zip(*(cells[number] for number in numbers), strict=True)
            for number, value in zip(numbers, self._records(filled, columns, len(numbers)), strict=True):
                rows[number] = value
        return rows

    def _records(self, filled: tuple[bool, ...], columns: Iterable[tuple[str, ...]], count: int) -> list[object]:
        """The values of rows that have cells in the `filled` columns, and empty cells in others."""
        if len(filled) > len(self.positional):
            raise ValueError("more cells than columns")
        told = {
            column.name: self._values(cells, column.strings)
            for column, cells, here in zip(self.positional, columns, filled, strict=False)
            if here
        }
        told |= {
            column.name: [read_cell(column.constant) for _ in range(count)]
            for column in self.columns
            if column.constant is not None
        }
        for column in self.twins:
            values = told[column.twin or ""]
            told[column.name] = [_ended(value, column.ending) for value in values] if column.ending else values
        fields = {column.name: told[column.name] for column in self.columns if column.name in told}
        if VALUE in fields:
            return fields[VALUE]
        keys = fields.pop(KEY) if self.keyed else []
        records = put_all(fields, count)
        return list(map(_pair, zip(keys, records, strict=True))) if self.keyed else records

    def _values(self, cells: tuple[str, ...], strings: bool) -> list[object]:
        if strings or (self.repeats and any(cell[0] == "*" for cell in cells)):
            read = read_string if strings else read_cell
            return [self.repeats[cell] if cell[0] == "*" else read(cell) for cell in cells]
        return [*read_cells(cells)]

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
        by_name = self.by_name if count > 1 else self.by_name.union(column.name for column in self.positional)
        told |= {name: value for place, name, value in named if not place and name in by_name}
        told |= {column.name: read_cell(column.constant) for column in self.columns if column.constant is not None}
        for column in self.twins:
            value = told[column.twin or ""]
            told[column.name] = _ended(value, column.ending) if column.ending else value
        fields = [(column.name, told[column.name]) for column in self.columns if column.name in told]
        for place, name, value in named:
            if place or name not in by_name | self.endings:
                fields.insert(place - 1 if place else len(fields), (name, value))
            elif told[name] != value:
                raise ValueError(f"not the value that another column tells: {name}")
        return self._record(fields)

    def _named(self, cell: str) -> tuple[int, str, object]:
        found = _EXTRA.match(cell)
        if not found:
            raise ValueError("not a cell")
        return int(found["place"] or 0), found["name"], self._value(found["cell"], False)

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
        return _pair((outside[KEY], record)) if self.keyed else record

    def _value(self, cell: str, strings: bool) -> object:
        if cell == FENCED:
            return self.fenced()
        if cell[0] != "*":
            return read_string(cell) if strings else read_cell(cell)
        short, told, cell = cell.partition("=")
        if told:
            self.repeats[short] = self.fenced() if cell == FENCED else read_cell(cell)
        if self.told and self.told[0] == short:
            del self.told[0]
        return self.repeats[short]


def _ended(value: object, ending: str) -> str:
    if not isinstance(value, str):
        raise ValueError("an ending behind no text")
    return value + ending


def _pair(row: tuple[object, object]) -> tuple[str, object]:
    key, record = row
    if not isinstance(key, str):
        raise ValueError("not a key and its value")
    return key, record
