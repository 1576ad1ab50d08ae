r"""Records of one field a line: psql's `\x`, mysql's `\G`, `sqlite3 -line`, paragraphs of `Key: value`.

    -[ RECORD 1 ]-
    id    | 7             ->   {"id":7,"state":"paid"}
    state | paid

How wide the columns were drawn is not kept. Contract: `read_fields` is pure and linear; ValueError for other texts.
"""

import re

from transforms.records.tree import Tree

_HEAD = re.compile(r"-\[ RECORD (\d+) \]-*(?:\+-*)?|\*{27} (\d+)\. row \*{27}")
_FORMS = tuple(
    re.compile(rf" *(\S{{1,60}}|\w[\w ./()-]{{0,50}}\w){mark}(.*)")
    for mark in (r" *\|(?: |\Z)", r" +=(?: |\Z)", r" *:(?: |\Z)")
)
"""psql, sqlite3, and the others."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_FEWEST = 3


def read_fields(text: str) -> list[Tree]:
    """The records in `text`, all of which begin with the same key."""
    blocks = _blocks(text.rstrip("\n").split("\n"))
    first = blocks[0][0] if blocks and blocks[0] else ""
    form = next((form for form in _FORMS if form.fullmatch(first)), None)
    if form is None or len(blocks) < _FEWEST:
        raise ValueError("no records")
    records = [_record(block, form) for block in blocks]
    if len({next(iter(record)) for record in records}) > 1:
        raise ValueError("records of different kinds")
    return [*records]


def _blocks(lines: list[str]) -> list[list[str]]:
    """The lines of each record, below numbered heads or parted by empty lines."""
    headed = _HEAD.fullmatch(lines[0]) is not None
    blocks: list[list[str]] = [] if headed else [[]]
    for line in lines:
        head = _HEAD.fullmatch(line) if headed else None
        if head and int(head[1] or head[2]) != len(blocks) + 1:
            raise ValueError("a number is missing")
        if head or not (line or headed):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return blocks


def _record(lines: list[str], form: re.Pattern[str]) -> dict[str, Tree]:
    record: dict[str, Tree] = {}
    for line in lines:
        field = form.fullmatch(line)
        if field is None or field[1] in record or field[2] != field[2].strip():
            raise ValueError("no field")
        record[field[1]] = field[2].encode() if _NUMBER.fullmatch(field[2]) else field[2]
    if not record:
        raise ValueError("an empty record")
    return record
