"""Tables as text: the padding and the rules of drawn tables, and the columns of a CSV that never change.

    +----+----------+           |id|name|
    | id | name     |           |-|-|
    +----+----------+     →     |1|first|
    |  1 | first    |
    +----+----------+

    id,region,state             [column 2 is in every row `eu-west-1`, taken out]
    1,eu-west-1,up        →     id,state
    2,eu-west-1,down            1,up
                                2,down

Lossless as data: all cells come back, in order and spelling; how wide a column was drawn does not. A CSV comes
back character by character. Known limitation: a CSV with quoted cells stays as it is.
"""

import re
from typing import ClassVar

from transforms.contract import Block, Budget, Kind, Loss, Rewrite

_BARS = "|│┃║"
_EDGED = re.compile(rf"[ \t]*([{_BARS}])(.*)[{_BARS}][ \t]*\r?")
_RULE = re.compile(r"[ \t]*(?=[^\n]*[-─━═=]{3})[-+|:=─━═┄┈╌│┃║┌┐└┘├┤┬┴┼╞╡╪╤╧┡┩╇┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╭╮╯╰ \t]+\r?")
_RULE_DASHES = re.compile(r"-{2,}")
_CROSSED = re.compile(r"[ \t]*-+(?:\+-+)+[ \t]*\r?")
"""The rule of psql: a table without edges."""
_MIN_ROWS = 3
_MIN_CSV_ROWS = 10
_TAKEN = re.compile(r"\[column (\d+) is in every row `([^`\n]*)`, taken out\]")


class TableText:
    """Tables without what only draws them, and without columns of one value."""

    name: ClassVar[str] = "table_text"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TABLE})
    loss: ClassVar[Loss] = Loss.LOSSLESS

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """Drawn tables without padding and rules, or a CSV without its constant columns; None when there is neither."""
        text = _undrawn(block.text)
        if text == block.text:
            text = _without_constants(block.text) or block.text
        return Rewrite(text) if len(text) < len(block.text) else None

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether all cells and all other lines are there: as they were in a CSV, or but for padding and rules."""
        if _TAKEN.match(rewritten):
            return with_constants(rewritten) == original
        return _content(original) == _content(rewritten)


def _undrawn(text: str) -> str:
    """Every drawn table of at least three rows without its padding; its first inner rule stays, as Markdown has it."""
    lines = text.split("\n")
    out: list[str] = []
    at = 0
    while at < len(lines):
        end = _table_end(lines, at)
        out += _compact(lines[at:end]) if end - at >= _MIN_ROWS else lines[at : end or at + 1]
        at = max(end, at + 1)
    return "\n".join(out)


def _table_end(lines: list[str], start: int) -> int:
    """Index after the last line of the table that starts at `start`; `start + 1` when none does."""
    end = start
    if start + 1 < len(lines) and "|" in lines[start] and _CROSSED.fullmatch(lines[start + 1]):
        bars, end = lines[start + 1].count("+"), start + 2
        while end < len(lines) and lines[end].count("|") == bars:
            end += 1
        return end
    while end < len(lines) and (_EDGED.fullmatch(lines[end]) or (_RULE.fullmatch(lines[end]) and _is_drawn(lines[end]))):
        end += 1
    return max(end, start + 1)


def _is_drawn(rule: str) -> bool:
    """Whether a rule is one of a table with edges, not a mere line of dashes."""
    return re.match(r"[ \t]*[^-=─━═ \t]", rule) is not None


def _compact(table: list[str]) -> list[str]:
    rows: list[str] = []
    cells, rules = 0, 0
    for line in table:
        if _RULE.fullmatch(line):
            rules += bool(cells)
            if cells == 1 and rules == 1:
                rows.append(_rule_row(line, rows[0]))
        else:
            rows.append("|".join(_cells(line)) if _EDGED.fullmatch(line) is None else f"|{'|'.join(_cells(line))}|")
            cells += 1
    return rows


def _rule_row(rule: str, header: str) -> str:
    """The rule below the header in the fewest characters; Markdown's marks of alignment stay."""
    if ":" in rule:
        return _RULE_DASHES.sub("-", rule.replace(" ", "").strip())
    return re.sub(r"[^|]+", "-", header)


def _cells(line: str) -> list[str]:
    """The cells of a row without their padding; of one with edges, only what stands between them."""
    edged = _EDGED.fullmatch(line)
    bar = edged[1] if edged else "|"
    return [cell.strip(" \t\r") for cell in (edged[2] if edged else line).split(bar)]


def _content(text: str) -> list[list[str] | str]:
    """What a table tells: the cells of each row, other lines as they are; rules tell nothing."""
    return [
        _cells(line) if any(bar in line for bar in _BARS) else line
        for line in text.split("\n")
        if not (_RULE.fullmatch(line) or re.fullmatch(r"[-:|]+", line))
    ]


def _without_constants(text: str) -> str | None:
    """The CSV without the columns that hold one value throughout; None when it is no plain CSV or has none."""
    body = text.rstrip("\n")
    lines = body.split("\n")
    delimiter = max(",\t;|", key=lines[0].count)
    width = lines[0].count(delimiter)
    if '"' in text or width < 1 or len(lines) < _MIN_CSV_ROWS or any(line.count(delimiter) != width for line in lines):
        return None
    columns = list(zip(*(line.split(delimiter) for line in lines), strict=True))
    constant = [n for n, column in enumerate(columns) if len(set(column[1:])) == 1 and "`" not in column[0] + column[1]]
    if not constant or len(constant) == len(columns):
        return None
    notes = [f"[column {n + 1} is in every row `{_note(columns[n])}`, taken out]" for n in constant]
    rest = zip(*(column for n, column in enumerate(columns) if n not in set(constant)), strict=True)
    return "\n".join([*notes, delimiter.join(lines[0].split(delimiter)), *map(delimiter.join, rest)]) + text[len(body) :]


def _note(column: tuple[str, ...]) -> str:
    return f"{column[0]} = {column[1]}"
