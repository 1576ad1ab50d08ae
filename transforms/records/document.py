"""Documents: JSON in its shortest spelling, with tables and fenced text where they read better and are shorter.

    {"total":2,"items":[2 rows
    #every row: state=open
    #id	title
    1	Broken link
    2	Typo
    ]}

A line of JSON that ends with `[2 rows` goes on behind the table's closing bracket; one that ends with three quotes goes
on behind the fence. `transforms.records.reader` is the inverse.
"""

from dataclasses import dataclass, field

from transforms.records.fence import embedded, fence, many_lines
from transforms.records.record import Record
from transforms.records.table import TableWriter
from transforms.records.tree import Tree, dumps, quote

_MIN_ROWS = 2
_MAX_SHARE = 0.9
"""The share of the plain JSON's length that a table must stay below."""
_MIN_SAVED = 40
"""Characters that a table must save."""
_MAX_KEYS, _MAX_NAMES = 400, 2000
"""Keys of a record, and of all records; nobody reads a table with more columns."""
_MAX_DEPTH = 24
"""Levels of nesting below which JSON stays JSON."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items of an array are written."""

    kept: list[int]
    """Indices, in order."""
    notes: dict[int, str]
    """Lines that stand before the n-th of the kept."""


type Choices = dict[int, Choice]
"""Choices by the identity of the array or object they are for."""


def _wide(records: list[Record]) -> bool:
    return any(len(record) > _MAX_KEYS for record in records) or len(set().union(*records)) > _MAX_NAMES


def _worth(table: str, plain: str) -> bool:
    return len(table) < min(_MAX_SHARE * len(plain), len(plain) - _MIN_SAVED)


@dataclass(slots=True)
class DocumentWriter:
    """Writes a tree as a document."""

    choices: Choices = field(default_factory=dict)
    """The containers of which not all is written."""
    embedded: dict[str, tuple[str, Tree] | None] = field(default_factory=dict)
    """The JSON in strings that was parsed before, so that choices made in it hold."""
    words: frozenset[str] = frozenset()
    """What picks out rows that are asked for."""
    depth: int = 0
    written: dict[int, tuple[Tree, str]] = field(default_factory=dict)
    """What was written of each container, by its identity; the container is held so that it stays its own."""

    def write(self, tree: Tree) -> str:
        """The text of any value; several lines when it holds tables or fences."""
        if isinstance(tree, str):
            return self._string(tree)
        if not isinstance(tree, list | dict) or not tree or self.depth >= _MAX_DEPTH:
            return dumps(tree)
        if id(tree) not in self.written:
            self.depth += 1
            self.written[id(tree)] = (tree, self._list(tree) if isinstance(tree, list) else self._object(tree))
            self.depth -= 1
        return self.written[id(tree)][1]

    def _string(self, text: str) -> str:
        found = self.embedded[text] if text in self.embedded else embedded(text)
        if found:
            content = self.write(found[1])
            if "\n" in content:
                return fence(content, found[0])
        return fence(text) if many_lines(text) else quote(text)

    def _list(self, items: list[Tree]) -> str:
        choice = self.choices.get(id(items))
        records = [item for item in items if isinstance(item, dict)]
        if choice and len(records) < len(items):
            return self.tables.values([items[index] for index in choice.kept], len(items), choice.notes)
        if choice:
            return self.tables.records([records[index] for index in choice.kept], [], len(items), choice.notes)
        if len(records) < len(items) or len(items) < _MIN_ROWS or _wide(records):
            return self._items(items)
        table = self.tables.records(records, [], len(items), {})
        if _worth(table, dumps(items)):
            return table
        plain = self._items(items)
        return table if _worth(table, plain) else plain

    def _items(self, items: list[Tree]) -> str:
        return f"[{','.join(map(self.write, items))}]"

    def _object(self, members: Record) -> str:
        records = [value for value in members.values() if isinstance(value, dict) and value]
        keyed = len(records) == len(members) >= _MIN_ROWS
        choice = self.choices.get(id(members))
        keys = list(members)
        if choice:
            kept = [records[index] for index in choice.kept]
            return self.tables.records(kept, [keys[index] for index in choice.kept], len(keys), choice.notes)
        if not keyed or _wide(records):
            return self._members(members)
        table = self.tables.records(records, keys, len(keys), {})
        if _worth(table, dumps(members)):
            return table
        plain = self._members(members)
        return table if _worth(table, plain) else plain

    def _members(self, members: Record) -> str:
        return f"{{{','.join(f'{quote(key)}:{self.write(value)}' for key, value in members.items())}}}"

    @property
    def tables(self) -> TableWriter:
        """What writes the tables of this document."""
        return TableWriter(self.write, self.words)
