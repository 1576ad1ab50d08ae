"""Records as flat rows: the path of every value, and its cell.

An object inside a record becomes columns (`user.login`), as long as the records agree about its keys. A short
list of objects with the same keys becomes `labels[name,color]`, and its cell the list of their values. Long text and
long lists become a cell of several lines: a fence that stands below the row.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from transforms.records.cell import PATH, read_path, write_cell, write_key
from transforms.records.fence import MIN_FENCED, fence
from transforms.records.tree import Tree, dumps

type Record = dict[str, Tree]
type Row = dict[str, str]
"""Cells by column name, in the order of the record's keys. A cell with a newline is a fence and what it holds."""

KEY = "(key)"
"""The column that holds the keys of an object of records."""
VALUE = "(value)"
"""The one column of a list that does not hold records."""

MANY = 20
"""Values; an array or object with so many is a table of its own, where it makes one."""
_MAX_LIST = 1500
"""Characters of a list within a row; a longer one stands below it."""
_NAME = re.compile(rf"(?P<path>{PATH})(?:\[(?P<keys>[^\]\t]*+)\])?\Z")


@dataclass(slots=True)
class Nesting:
    """Which keys of a record hold objects that become columns, and what is nested in these."""

    inner: dict[str, "Nesting"] = field(default_factory=dict)

    @classmethod
    def of(cls, records: list[Record], levels: int = 4) -> "Nesting":
        """What the records agree about, so many levels down: objects with about the same keys in each of them."""
        if not levels:
            return cls()
        groups: dict[str, list[Record]] = {}
        for record in records:
            for key, value in record.items():
                if isinstance(value, dict) and value:
                    groups.setdefault(key, []).append(value)
        return cls({key: cls.of(group, levels - 1) for key, group in groups.items() if _agree(group, len(records))})


def _agree(group: list[Record], among: int) -> bool:
    """Whether most keys of the objects in `group` are in most of them, and enough records have such an object."""
    keys = set().union(*group)
    return 4 * len(group) >= among and len(keys) <= min(MANY - 1, 2 + 1.5 * sum(map(len, group)) / len(group))


@dataclass(slots=True)
class Rower:
    """Turns the records of one table into rows."""

    nesting: Nesting
    write: Callable[[Tree], str]
    """Writes a value that stands below a row."""
    names: dict[str, str] = field(default_factory=dict)

    def row(self, record: Record) -> Row:
        """The cells of one record."""
        row: Row = {}
        self._flatten(record, self.nesting, "", row)
        return row

    def _flatten(self, record: Record, nesting: Nesting, prefix: str, row: Row) -> None:
        for key, value in record.items():
            name = self.names.get(key) or self.names.setdefault(key, write_key(key))
            if isinstance(value, str):
                row[prefix + name] = write_cell(value) if len(value) < MIN_FENCED else self._string(value)
            elif isinstance(value, bytes):
                row[prefix + name] = value.decode()
            elif isinstance(value, dict) and value and key in nesting.inner:
                self._flatten(value, nesting.inner[key], f"{prefix}{name}.", row)
            elif isinstance(value, list) and value:
                self._list(prefix + name, value, row)
            elif isinstance(value, dict) and len(value) >= MANY:
                row[prefix + name] = self._object(value)
            else:
                row[prefix + name] = write_cell(value)

    def _list(self, name: str, items: list[Tree], row: Row) -> None:
        keys = _shared_keys(items)
        shape = f"{name}[{','.join(keys)}]" if keys else name
        cell = dumps([list(item.values()) for item in items if isinstance(item, dict)] if keys else items)
        if len(cell) > _MAX_LIST or len(items) >= MANY:
            content = self.write(items)
            if "\n" in content:
                row[name] = fence(content, "value")
                return
        row[shape] = cell

    def _object(self, members: Record) -> str:
        content = self.write(members)
        return fence(content, "value") if "\n" in content else content

    def _string(self, text: str) -> str:
        opening, newline, content = self.write(text).partition("\n")
        kind = "text" if opening.endswith('"') else ""
        return f"{opening}{kind}{newline}{content}" if newline else write_cell(text)


def _shared_keys(items: list[Tree]) -> tuple[str, ...]:
    """The keys of the objects in a list of nothing else; none when they differ, or when one needs quotes."""
    first = items[0]
    if not isinstance(first, dict) or not first:
        return ()
    keys = list(first)
    same = all(isinstance(item, dict) and list(item) == keys for item in items)
    same = same and all(write_key(key) == key for key in keys)
    return tuple(keys) if same else ()


def put(record: dict[str, object], name: str, value: object) -> None:
    """Store a value under a column's name, as a new key. Raises ValueError when the name makes no sense there."""
    outer, last, keys = _target(name)
    for key in outer:
        inner = record.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ValueError(f"not an object: {name}")
        record = inner
    if last in record:
        raise ValueError(f"twice: {name}")
    record[last] = _unlist(keys, value) if keys else value


@lru_cache(maxsize=4096)
def _target(name: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    found = _NAME.match(name)
    if not found:
        raise ValueError(f"not a column: {name}")
    *outer, last = read_path(found["path"])
    return tuple(outer), last, tuple(found["keys"].split(",")) if found["keys"] else ()


def _unlist(keys: tuple[str, ...], value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        raise ValueError("not a list of lists")
    return [dict(zip(keys, item, strict=True)) for item in value]
