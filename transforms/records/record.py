"""Records as flat rows: the path of every value, and its cell.

An object inside a record becomes columns (`user.login`), as long as the records agree about its keys; so do the
objects of lists (`jobs[0].id`) that are as short and as long in most records. Another short list of objects with the
same keys becomes `labels[name,color]`, and its cell the list of their values. Long text and long lists become a cell of
several lines: a fence that stands below the row.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, repeat
from typing import cast

from transforms.records.cell import PATH, read_path, write_cell, write_cells, write_key
from transforms.records.fence import MIN_FENCED, fence
from transforms.records.tree import Tree, dumps

type Record = dict[str, Tree]
type Row = dict[str, str]
"""Cells by column name, in the order of the record's keys. A cell with a newline is a fence and what it holds."""

type Cell = tuple[str, str]
"""A column's name, and what stands in it."""

KEY = "(key)"
"""The column that holds the keys of an object of records."""
VALUE = "(value)"
"""The one column of a list that does not hold records."""

MANY = 20
"""Values; an array or object with so many is a table of its own, where it makes one."""
_MAX_LIST = 1500
"""Characters of a list within a row; a longer one stands below it."""
_MOST_ITEMS = 4
"""Objects of a list that become columns."""
_MOST_KEYS = 60
_FEWEST = 4
_ALIKE = 0.75
"""Of the records, how many have a list as long as the others', where its objects become columns."""
_DIFFERENT = 0.5
"""Of such lists, how many are different: those that come again are better said once and whole."""
_NAME = re.compile(rf"(?P<path>{PATH})(?:\[(?P<keys>[^\]\t]*+)\])?\Z")


@dataclass(slots=True)
class Nesting:
    """Which keys of a record hold objects that become columns, and what is nested in these."""

    inner: dict[str, "Nesting"] = field(default_factory=dict)
    items: int = 0
    """For a list of so many objects: the keys of `inner` are places in it."""

    @classmethod
    def of(cls, records: list[Record], levels: int = 4) -> "Nesting":
        """What the records agree about, so many levels down: objects with about the same keys in each of them."""
        if not levels:
            return cls()
        groups: dict[str, list[Record]] = {}
        lists: dict[str, list[list[Record]]] = {}
        for record in records:
            for key, value in record.items():
                if isinstance(value, dict) and value:
                    groups.setdefault(key, []).append(value)
                elif isinstance(value, list) and 0 < len(value) <= _MOST_ITEMS and (items := _objects(value)):
                    lists.setdefault(key, []).append(items)
        inner = {key: cls.of(group, levels - 1) for key, group in groups.items() if _agree(group, len(records))}
        for key in lists.keys() - inner.keys():
            if (nesting := cls._of_lists(lists[key], len(records), levels)) is not None:
                inner[key] = nesting
        return cls(inner)

    @classmethod
    def _of_lists(cls, lists: list[list[Record]], among: int, levels: int) -> "Nesting | None":
        """The same for the objects of lists, where most lists have as many; `among` so many records."""
        length, count = Counter(map(len, lists)).most_common(1)[0]
        alike = [items for items in lists if len(items) == length]
        places = list(zip(*alike, strict=True))
        if count < max(_FEWEST, _ALIKE * among) or not all(map(_same_keys, places)):
            return None
        if len({dumps(list[Tree](items)) for items in alike}) < _DIFFERENT * count:
            return None
        return cls({str(place): cls.of(list(objects), levels - 1) for place, objects in enumerate(places)}, length)

    def name(self, above: str, key: str) -> str:
        """The name of what stands under `key`, in what has the name `above`."""
        if self.items:
            return f"{above}[{key}]"
        return f"{above}.{write_key(key)}" if above else write_key(key)

    def members(self, value: Tree) -> Record | None:
        """What becomes columns of a value under this key; None where it stays a value."""
        if not self.items:
            return value if isinstance(value, dict) and value else None
        items = _objects(value) if isinstance(value, list) and len(value) == self.items else []
        return {str(place): item for place, item in enumerate(items)} or None


def _objects(values: list[Tree]) -> list[Record]:
    """The values, if they are objects that hold something; else none."""
    objects = [value for value in values if isinstance(value, dict) and value]
    return objects if len(objects) == len(values) else []


def _agree(group: list[Record], among: int) -> bool:
    """Whether most keys of the objects in `group` are in most of them, and enough records have such an object."""
    keys = set().union(*group)
    return 4 * len(group) >= among and len(keys) <= min(MANY - 1, 2 + 1.5 * sum(map(len, group)) / len(group))


def _same_keys(group: Sequence[Record]) -> bool:
    """Whether nearly all keys of the objects in `group` are in nearly all of them, and none is the name of a thing."""
    return len(set().union(*group)) <= min(_MOST_KEYS, 2 + sum(map(len, group)) / len(group))


@dataclass(slots=True)
class Rower:
    """Turns the records of one table into rows."""

    nesting: Nesting
    write: Callable[[Tree], str]
    """Writes a value that stands below a row."""

    def rows(self, records: list[Record]) -> list[Row]:
        """The cells of the records, written column by column."""
        columns = self._columns(records, self.nesting, "")
        if columns:
            return list(map(dict, zip(*columns, strict=True)))
        named = [_named(record, self.nesting, "") for record in records]
        values: dict[str, list[Tree]] = {}
        for record in named:
            for name, value in record.items():
                values.setdefault(name, []).append(value)
        following = {name: self.cells(name, own).__next__ for name, own in values.items()}
        return [dict([following[name]() for name in record]) for record in named]

    def _columns(self, records: Sequence[Record], nesting: Nesting, above: str) -> list[Iterator[Cell]]:
        """The columns of records that have the same keys, also in the objects that become columns; else none."""
        columns: list[Iterator[Cell]] = []
        if len(set(map(tuple, records))) != 1:
            return columns
        for key, values in zip(records[0], zip(*(record.values() for record in records), strict=True), strict=True):
            name = nesting.name(above, key)
            within = nesting.inner.get(key)
            opened = [members for value in values if (members := within.members(value))] if within else []
            inner = self._columns(opened, within, name) if within and len(opened) == len(values) else []
            if opened and not inner:
                return []
            columns += inner or [self.cells(name, values)]
        return columns

    def cells(self, name: str, values: Sequence[Tree]) -> Iterator[Cell]:
        """The cells of one column; the name of a list has the keys of its objects in it."""
        types = set(map(type, values))
        if list in types:
            return (self._list(name, item) if isinstance(item, list) else (name, self._cell(item)) for item in values)
        if types == {bytes}:
            return zip(repeat(name), map(bytes.decode, cast(Sequence[bytes], values)), strict=False)
        if types == {str} and max(map(len, cast(Sequence[str], values))) < MIN_FENCED:
            return zip(repeat(name), write_cells(cast(Sequence[str], values)), strict=False)
        return zip(repeat(name), map(self._cell, values), strict=False)

    def _cell(self, value: Tree) -> str:
        if isinstance(value, str) and len(value) >= MIN_FENCED:
            return self._string(value)
        if isinstance(value, dict) and len(value) >= MANY:
            return self._object(value)
        return write_cell(value)

    def _list(self, name: str, items: list[Tree]) -> Cell:
        keys = _shared_keys(items)
        cell = dumps([list(item.values()) for item in items if isinstance(item, dict)] if keys else items)
        if len(cell) > _MAX_LIST or len(items) >= MANY:
            content = self.write(items)
            if "\n" in content:
                return name, fence(content, "value")
        return f"{name}[{','.join(keys)}]" if keys else name, cell

    def _object(self, members: Record) -> str:
        content = self.write(members)
        return fence(content, "value") if "\n" in content else content

    def _string(self, text: str) -> str:
        opening, newline, content = self.write(text).partition("\n")
        kind = "text" if opening.endswith('"') else ""
        return f"{opening}{kind}{newline}{content}" if newline else write_cell(text)


def _named(record: Record, nesting: Nesting, above: str) -> Record:
    """The values of a record by the names of their columns."""
    if not nesting.inner and not above:
        return dict(zip(map(write_key, record), record.values(), strict=True))
    named: Record = {}
    for key, value in record.items():
        name = nesting.name(above, key)
        within = nesting.inner.get(key)
        members = within.members(value) if within else None
        if within and members:
            named |= _named(members, within, name)
        else:
            named[name] = value
    return named


def _shared_keys(items: list[Tree]) -> tuple[str, ...]:
    """The keys of the objects in a list of nothing else; none when they differ, or when one needs quotes."""
    first = items[0] if items else None
    if not isinstance(first, dict):
        return ()
    keys = tuple(first)
    alike = len(items) == 1 or all(isinstance(item, dict) and tuple(item) == keys for item in items)
    return keys if alike and _are_bare(keys) else ()


@lru_cache(maxsize=4096)
def _are_bare(keys: tuple[str, ...]) -> bool:
    return keys == tuple(map(write_key, keys))


def put(record: dict[str, object], name: str, value: object) -> None:
    """Store a value under a column's name, as a new key. Raises ValueError when the name makes no sense there."""
    outer, last, keys = _target(name)
    _store(record, outer, last, _unlist(keys, value) if keys else value)


def _store(record: dict[str, object], outer: tuple[str | int, ...], last: str, value: object) -> None:
    inside: object = record
    for key, following in pairwise((*outer, last)):
        made: object = [] if isinstance(following, int) else {}
        if isinstance(inside, dict) and isinstance(key, str):
            inside = inside.setdefault(key, made)
        elif isinstance(inside, list) and isinstance(key, int) and key <= len(inside):
            inside += [made] * (key == len(inside))
            inside = inside[key]
        else:
            raise ValueError(f"nothing to open: {key}")
    if not isinstance(inside, dict) or last in inside:
        raise ValueError(f"not an object, or twice: {last}")
    inside[last] = value


def put_all(fields: dict[str, list[object]], count: int) -> list[object]:
    """So many records, with the values of each under the columns' names. Raises ValueError as `put` does."""
    places: dict[str, object] = {}
    columns: list[list[object]] = []
    for name, values in fields.items():
        outer, last, keys = _target(name)
        _store(places, outer, last, len(columns))
        columns.append([_unlist(keys, value) for value in values] if keys else values)
    return _grown(places, columns, count)


def _grown(place: object, columns: list[list[object]], count: int) -> list[object]:
    """Values like `place`, which has the numbers of columns in place of their values."""
    if isinstance(place, dict):
        if not place:
            return [{} for _ in range(count)]
        filled = [_grown(inner, columns, count) for inner in place.values()]
        return [dict(zip(place, values, strict=True)) for values in zip(*filled, strict=True)]
    if isinstance(place, list):
        return list(map(list, zip(*(_grown(inner, columns, count) for inner in place), strict=True)))
    return columns[cast(int, place)]


@lru_cache(maxsize=4096)
def _target(name: str) -> tuple[tuple[str | int, ...], str, tuple[str, ...]]:
    found = _NAME.match(name)
    *outer, last = read_path(found["path"]) if found else [0]
    if not found or isinstance(last, int):
        raise ValueError(f"not a column: {name}")
    return tuple(outer), last, tuple(found["keys"].split(",")) if found["keys"] else ()


def _unlist(keys: tuple[str, ...], value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        raise ValueError("not a list of lists")
    return [dict(zip(keys, item, strict=True)) for item in value]
