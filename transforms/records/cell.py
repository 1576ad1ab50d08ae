"""Cells and column names of the tables JSON is written as: one value, one line, no tab, read back exactly.

A cell is a bare string or JSON. What a reader would take for JSON is JSON, so the string "1" keeps its quotes
and the number 1 has none; an empty cell is a key the record does not have, `null` is null, `""` is the empty
string. A few first characters mean something in a table (`# * + = ] }`); strings that start so are quoted.

A column's name is the path to its values: `user.login` is the key `login` in the object under `user`. A key that
holds a character of that notation is quoted.
"""

import re

from transforms.records.tree import Tree, dumps, parse, quote

_LITERAL = (
    r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
    r"|true|false|null|NaN|-?Infinity)\Z"
)
_INERT = r"[^\x00-\x1f\x7f\ud800-\udfff]"
_BARE = re.compile(rf"(?!{_LITERAL})(?![\s\"#*+=\[\]{{}}]){_INERT}+(?<!\s)\Z")
_BARE_STRING = re.compile(rf"(?!null\Z)(?![\s\"#*+=\]}}]){_INERT}+(?<!\s)\Z")
_VALUE = re.compile(rf"[\"\[{{]|{_LITERAL}")
_NAMED: dict[str, Tree] = {"true": True, "false": False, "null": None}
_BARE_KEY = re.compile(r"(?![\s#*+])[^\x00-\x1f\x7f\ud800-\udfff\".:=,()\[\]{}]+(?<!\s)\Z")
_PART = re.compile(r'"(?:[^"\\]|\\.)*+"|[^".]+')

PATH = r'(?:"(?:[^"\\]|\\.)*+"|[^".:=,()\[\]{}\t]++)(?:\.(?:"(?:[^"\\]|\\.)*+"|[^".:=,()\[\]{}\t]++))*+'
"""A column's name, as a pattern."""


def write_cell(value: Tree) -> str:
    """`value` as a cell of a column that holds values of any type."""
    if type(value) is str:
        return value if _BARE.match(value) else quote(value)
    return dumps(value)


def read_cell(cell: str) -> Tree:
    """The value of a cell of a column of any type. Raises ValueError for what no cell looks like."""
    if not _VALUE.match(cell):
        return cell
    if cell in _NAMED:
        return _NAMED[cell]
    return parse(cell) if cell[0] in '"[{' else cell.encode()


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


def write_key(key: str) -> str:
    """One key as it stands in a column's name."""
    return key if _BARE_KEY.match(key) else quote(key)


def read_path(name: str) -> list[str]:
    """The keys of a column's name, outermost first."""
    return [_read_key(part) for part in _PART.findall(name)]


def _read_key(part: str) -> str:
    key = parse(part) if part.startswith('"') else part
    if not isinstance(key, str):
        raise ValueError(f"not a key: {part}")
    return key
