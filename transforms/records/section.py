"""Sections: the header that a run of rows shares.

    #every row: 3:kind=pod	url==link	tags=={link}/tags
    #some rows: 4:size
    #id	name:str	labels[name,color]	link
    7	1.30	[["bug","red"]]	https://example.org/7	+size=12	+note=slow start

The last line names the columns, cell by cell. `#every row`: each row has this value, or (`a==b`) the same as in column
b, or (`a=={b}/c`) the one in column b and what follows. `#some rows`: keys that stand as `+name=value` in the rows that
have them. `3:` is the place among the names of all three lines; what has none comes last. `:str`: every value is a
string, numbers and JSON too. `*1` stands for the value that a line `#*1=...` above gives. An empty cell: the record has
no such key; empty cells at the end are not written.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate

from transforms.records.cell import PATH, read_cell, write_string
from transforms.records.derived import Derived, told
from transforms.records.record import KEY, Cell, Row

_COLUMN = re.compile(
    rf"(?P<name>\((?:key|value)\)|{PATH}(?:\[[^\]\t]*+\])?)(?::(?P<type>str)|==(?P<twin>[^\t]+)|=(?P<constant>[^\t]+))?\Z"
)
_MIN_REPEATED = 24
_MIN_SAVED = 40
_MIN_TWIN = 8
_EVERY_ROW = "#every row: "
_SOME_ROWS = "#some rows: "
APART = (_EVERY_ROW, _SOME_ROWS)
"""What the lines of a header start with that name no columns; a column's name is never followed by a colon so."""
_PLACED = re.compile(r"(?:(?P<place>[0-9]{1,6}):)?(?P<column>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Column:
    """One entry of a header, which need not have cells."""

    name: str
    constant: str | None = None
    """The cell that every row has."""
    twin: str | None = None
    """The column that every row repeats here."""
    ending: str = ""
    """What follows the twin's value."""
    strings: bool = False
    """Whether all values are strings."""
    keyed: bool = False
    """Whether it stands as `+name=value` in the rows that have it."""

    @property
    def implied(self) -> bool:
        """Whether the header says its values."""
        return self.constant is not None or self.twin is not None

    @property
    def positional(self) -> bool:
        """Whether rows have a cell for it."""
        return not self.implied and not self.keyed

    def __str__(self) -> str:
        if self.constant is not None:
            return f"{self.name}={self.constant}"
        if self.twin is not None:
            return f"{self.name}=={told(self.twin, self.ending) if self.ending else self.twin}"
        return f"{self.name}:str" if self.strings else self.name

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> "Column":
        """The inverse of `str`. Raises ValueError."""
        found = _COLUMN.match(text)
        if not found:
            raise ValueError(f"not a column: {text}")
        twin, ending = found["twin"], ""
        if twin and twin[0] == "{":
            twin, _, ending = twin[1:].partition("}")
        return Column(found["name"], found["constant"], twin, ending, found["type"] is not None)


type Apart = tuple[int | None, Column]
"""A column without cells, and its place in the header; None: behind all others."""


def header(columns: list[Column]) -> list[str]:
    """The lines that say `columns`: those without cells, and at last those with."""
    lines = [_apart(columns, [column.implied for column in columns], _EVERY_ROW)]
    lines.append(_apart(columns, [column.keyed for column in columns], _SOME_ROWS))
    return [*filter(None, lines), "#" + "\t".join(str(column) for column in columns if column.positional)]


def _apart(columns: list[Column], chosen: list[bool], opening: str) -> str:
    last = max((rank for rank, here in enumerate(chosen) if not here), default=-1)
    entries = [
        str(column) if rank > last else f"{rank + 1}:{column}" for rank, column in enumerate(columns) if chosen[rank]
    ]
    return opening + "\t".join(entries) if entries else ""


def read_apart(line: str) -> list[Apart]:
    """The columns that a line of APART names. Raises ValueError."""
    opening = _SOME_ROWS if line.startswith(_SOME_ROWS) else _EVERY_ROW
    found = [_PLACED.match(entry) for entry in line.removeprefix(opening).split("\t")]
    columns = [(entry["place"], Column.parse(entry["column"])) for entry in found if entry]
    return [
        (int(place) if place else None, column if column.implied else replace(column, keyed=True))
        for place, column in columns
    ]


def read_header(line: str, apart: list[Apart]) -> list[Column]:
    """All columns of a header, in order: those of its last `line`, and those `apart`. Raises ValueError."""
    columns = [Column.parse(name) for name in line[1:].split("\t")] if len(line) > 1 else []
    for place, column in sorted((entry for entry in apart if entry[0] is not None), key=lambda entry: entry[0] or 0):
        columns.insert((place or 1) - 1, column)
    return columns + [column for place, column in apart if place is None]


type Shapes = Counter[tuple[str, ...]]
"""How many rows of a section have which names, in the order of their first rows."""
type Cells = Mapping[str, Sequence[str]]
"""The cells of a section by name, of the rows that have one."""


@dataclass(slots=True)
class Repeats:
    """Long values that stand once per section; a value keeps its number throughout a table."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, rows: list[Row], cells: Cells, columns: set[str]) -> dict[Cell, str]:
        """The short forms of the cells that stand more than once in one of the `columns`."""
        long = {name for name in columns if name != KEY and max(map(len, cells[name])) >= _MIN_REPEATED}
        found = {
            (name, cell) for name in long for cell, count in Counter(cells[name]).items() if _is_worth(cell, count)
        }
        if not found:
            return {}
        again = (at for row in rows for at in row.items() if at[0] in long and at in found)
        return {at: f"*{self.numbers.setdefault(at[1], len(self.numbers) + 1)}" for at in again}


def _is_worth(cell: str, count: int) -> bool:
    """Whether a cell that stands so often is better said once."""
    return len(cell) >= _MIN_REPEATED and (count - 1) * len(cell) > _MIN_SAVED + 4 * count


def columns_of(shapes: Shapes, cells: Cells, chosen: set[str], spelled_out: set[str], derived: Derived) -> list[Column]:
    """The header for rows of these names and cells: the `chosen` names in an order that suits most rows.

    The header says itself what is the same in all rows, but for the names in `spelled_out`.
    """
    rows = shapes.total()
    firsts: dict[tuple[str, ...], str] = {}
    columns: list[Column] = []
    for name in _merge_orders(shapes, chosen):
        own = tuple(cells[name])
        if len(own) < rows or name in spelled_out:
            columns.append(Column(name))
        elif name in derived:
            base, ending = derived[name]
            columns.append(Column(name, twin=base, ending=ending))
        elif rows > 1 and "\n" not in own[0] and own.count(own[0]) == rows:
            columns.append(Column(name, constant=own[0]))
        else:
            first = firsts.setdefault(own, name)
            long = sum(map(len, own)) >= _MIN_TWIN * rows
            columns.append(Column(name, twin=first) if first != name and long else Column(name))
    return columns


def _merge_orders(shapes: Shapes, chosen: set[str]) -> list[str]:
    order: list[str] = []
    known: set[str] = set()
    for names in shapes:
        at = 0
        for name in names:
            if name in known:
                at = (at if order[at : at + 1] == [name] else order.index(name)) + 1
            elif name in chosen:
                order.insert(at, name)
                known.add(name)
                at += 1
    return order


def typed(columns: list[Column], cells: Cells) -> list[Column]:
    """The same columns; those of strings that need fewer quotes when all are known to be strings are marked so."""
    return [
        Column(column.name, strings=True) if column.positional and _quoted_strings(cells[column.name]) else column
        for column in columns
    ]


def _quoted_strings(cells: Sequence[str]) -> bool:
    # A line end in a string is told by its escape, unless a backslash is escaped too: then it may be that one and an n.
    quoted = [c for c in cells if c[0] == '"' and "\n" not in c and ("\\n" not in c or "\\\\" in c)]
    if not quoted or any(not isinstance(read_cell(c), str) for c in cells if c[0] != '"' and c != "null"):
        return False
    saved = accumulate(len(cell) - len(write_as_string(cell, first=False)) for cell in quoted)
    return any(characters > len(":str") for characters in saved)


def write_as_string(cell: str, *, first: bool) -> str:
    """A cell of a column of strings, written for any type, as it is written where all are known to be strings."""
    if cell[0] != '"':  # bare strings, and null
        return cell
    value = read_cell(cell)
    return write_string(value, first) if isinstance(value, str) else cell
