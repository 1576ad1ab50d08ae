"""Cells and column names of the tables JSON is written as: one value, one line, no tab, read back exactly.

A cell is a bare string or JSON. What a reader would take for JSON is JSON, so the string "1" keeps its quotes
and the number 1 has none; an empty cell is a key the record does not have, `null` is null, `""` is the empty
string. A few first characters mean something in a table (`# * + = ] }`); strings that start so are quoted.

A column's name is the path to its values: `user.login` is the key `login` in the object under `user`, `jobs[0].id`
the key `id` in the first object of the list under `jobs`. A key that holds a character of that notation is quoted.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from transforms.records.tree import Tree, dumps, parse, quote

_LITERAL = r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity)"
_INERT = r"[^\x00-\x1f\x7f\ud800-\udfff]"
_ANY = rf"(?!{_LITERAL}$)(?![\s\"#*+=\[\]{{}}]){_INERT}++(?<!\s)"
_BARE = re.compile(rf"{_ANY}\Z", re.MULTILINE)
_ALL_BARE = re.compile(rf"(?:{_ANY}\n)*+\Z", re.MULTILINE)
_BARE_STRING = re.compile(rf"(?!null\Z)(?![\s\"#*+=\]}}]){_INERT}+(?<!\s)\Z")
_ALL_NUMBERS = re.compile(r"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+\n)*+\Z")
_NUMBER = re.compile(rf"{_LITERAL}\Z")
_FIRSTS = '"[{-0123456789tfnNI'
"""First characters of JSON."""
_NAMED: dict[str, Tree] = {"true": True, "false": False, "null": None}
_BARE_KEY = re.compile(r"(?![\s#*+])[^\x00-\x1f\x7f\ud800-\udfff\".:=,()\[\]{}]+(?<!\s)\Z")
_PART = re.compile(r'"(?:[^"\\]|\\.)*+"|[^".\[\]]+')

_KEY = r'(?:"(?:[^"\\]|\\.)*+"|[^".:=,()\[\]{}\t]++)'
PATH = rf"{_KEY}(?:(?:\[[0-9]{{1,3}}\])?\.{_KEY})*+"
"""A column's name, as a pattern."""


def write_cell(value: Tree) -> str:
    """`value` as a cell of a column that holds values of any type."""
    if type(value) is str:
        return value if _BARE.match(value) else quote(value)
    return dumps(value)


def is_text(cell: str) -> bool:
    """Whether a cell of any column is a bare string, and told by its first character to be one."""
    return cell[0] not in _FIRSTS


def write_cells(values: Sequence[str]) -> Sequence[str]:
    """Strings as cells of a column that holds values of any type; most columns are told by one look."""
    lines = "\n".join([*values, ""])
    plain = _ALL_BARE.match(lines) is not None and lines.count("\n") == len(values)
    return values if plain else list(map(write_cell, values))


def read_cell(cell: str) -> Tree:
    """The value of a cell of a column of any type. Raises ValueError for what no cell looks like."""
    if cell[0] not in _FIRSTS:
        return cell
    if cell[0] in '"[{':
        return parse(cell)
    if cell in _NAMED:
        return _NAMED[cell]
    return cell.encode() if _NUMBER.match(cell) else cell


def read_cells(cells: Sequence[str]) -> list[Tree]:
    """The values of the cells of one column; of most columns the type is told by one look."""
    lines = "\n".join([*cells, ""])
    if _ALL_BARE.match(lines):
        return list(cells)
    return list(map(str.encode if _ALL_NUMBERS.match(lines) else read_cell, cells))


def write_string(text: str, first: bool) -> str:
    """`text` as a cell of a column of strings: numbers and JSON need no quotes there.

    The `first` cell of a row may not start with a bracket, as markers and the end of a table do.
    """
    return text if _BARE_STRING.match(text) and not (first and text[0] == "[") else quote(text)


def read_string(cell: str) -> Tree:
    """The value of a cell of a column of strings, null among them."""
    if cell == "null":
        return None
    return parse(cell) if cell.startswith('"') else cell


@lru_cache(maxsize=4096)
def write_key(key: str) -> str:
    """One key as it stands in a column's name."""
    return key if _BARE_KEY.match(key) else quote(key)


def read_path(name: str) -> list[str | int]:
    """The keys and the places in lists of a column's name, outermost first."""
    return [
        int(part[0])
        if name.startswith("[", part.start() - 1) and part.start()
        else str(parse(part[0]) if part[0].startswith('"') else part[0])
        for part in _PART.finditer(name)
    ]
