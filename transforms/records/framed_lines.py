"""Lines of JSON behind what another program put before each: a container's name, a time.

api-1  | {"level":30,"msg":"ready"}   ->   {"(before)":"api-1  | ","level":30,"msg":"ready"}
listening on 3000                     ->   {"(line)":"listening on 3000"}
"""

import re

from transforms.records.tree import Tree, parse

BEFORE, LINE = "(before)", "(line)"
"""The keys of what stands before the JSON of a line, and of a line without JSON."""
FRAMED = re.compile(r'(?P<before>(?:[^{\s]{1,80}+[ \t]{0,40}+){1,6})(?=\{")')
"""Up to six words: more are cells of a table."""
_MIN_LINES = 4
_SHARE = 0.6
"""Of the lines, how many are such JSON."""


def read_framed(text: str) -> list[Tree]:
    """The lines as records. Raises ValueError where too few of them are JSON behind something."""
    lines = text.rstrip("\n").split("\n")
    found = [FRAMED.match(line) for line in lines]
    if len(lines) < _MIN_LINES or sum(map(bool, found)) < _SHARE * len(lines):
        raise ValueError("not JSON behind something")
    records = [_record(line, match) for line, match in zip(lines, found, strict=True)]
    if sum(BEFORE in record for record in records) < _SHARE * len(lines):
        raise ValueError("not JSON behind something")
    return [*records]


def _record(line: str, match: re.Match[str] | None) -> dict[str, Tree]:
    try:
        tree = parse(line[match.end() :]) if match else None
    except (ValueError, RecursionError):
        tree = None
    if match is None or not isinstance(tree, dict):
        return {LINE: line}
    if tree.keys() & {BEFORE, LINE}:
        raise ValueError("a key that has a meaning here")
    return {BEFORE: match["before"], **tree}
