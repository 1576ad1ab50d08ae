"""Tables as text: the padding and the rules of drawn tables, and the columns of a CSV that never change.

    +----+----------+           |id|name|
    | id | name     |           |---|---|
    +----+----------+     →     |1|first|
    |  1 | first    |
    +----+----------+

    id,region,state             [column 2 `region` is `eu-west-1` in every row]
    1,eu-west-1,up        →     id,state
    2,eu-west-1,down            1,up
    ...                         2,down

Lossless as data: all cells come back, in order and spelling; how wide a column was drawn does not. A CSV comes
back character by character. Known limitation: a CSV with quoted cells stays as it is, and so does a drawn table in
which a cell holds a bar, for without padding nobody can tell that bar from an edge.
"""

import re

from transforms.contract import Block, Budget, Kind, Loss, Rewrite

_BARS = "|│┃║"
_EDGED = re.compile(rf"[ \t]*([{_BARS}])(.*)[{_BARS}][ \t]*\r?")
_RULE = re.compile(r"[ \t]*[+┌├└┏┡┣┗╔╠╟╚╞╘╒╭╰][-+=─━═┄┈╌┬┴┼╪╤╧╇┳┻╋╦╩╬╫┐┤┘┓┩┫┛╗╣╢╝╡╛╕╮╯│┃║]+[ \t]*\r?")
"""A line between rows; Markdown's `|---|` is a row for us, for rows of dashes can be data."""
_CROSSED = re.compile(r"[ \t]*-+(?:\+-+)+[ \t]*\r?")
"""The rule below the header of psql, whose tables have no edges."""
_JUNCTION = re.compile(r"[+┬┴┼╪╤╧╇┳┻╋╦╩╬╫│┃║|]")
"""Where a rule crosses the line between two columns."""
_DASHES = re.compile(r":?-{3,}:?")
_GAP = re.compile(r"\[lines? [0-9-]+ omitted[^|\n]*\]")
"""Stands in place of rows that were left out."""
_MIN_ROWS = 3
_MIN_CSV_ROWS = 10
_TAKEN = re.compile(r"\[column (\d{1,4}) `([^`\n]*)` is `([^`\n]*)` in every row(?: shown)?\]")


class TableText:
    """Tables without what only draws them, and without columns of one value."""

    name = "table_text"
    kinds = frozenset({Kind.TABLE})
    loss = Loss.LOSSLESS
    lines_stand_alone = False

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """Drawn tables without padding and rules, or a CSV without its constant columns; None when there is neither."""
        if _TAKEN.match(block.text):
            return None
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
    """Every drawn table of at least three rows without padding and rules but for the one below its header."""
    lines = text.split("\n")
    out: list[str] = []
    at = 0
    while at < len(lines):
        end = _table_end(lines, at)
        compact = _compact(lines[at:end]) if end - at >= _MIN_ROWS else None
        out += lines[at:end] if compact is None else compact
        at = end
    return "\n".join(out)


def _table_end(lines: list[str], start: int) -> int:
    """Index after the last line of the table that starts at `start`; `start + 1` when none does."""
    end = start
    if start + 1 < len(lines) and "|" in lines[start] and _CROSSED.fullmatch(lines[start + 1]):
        bars, end = lines[start + 1].count("+"), start + 2
        while end < len(lines) and (lines[end].count("|") == bars or _GAP.fullmatch(lines[end])):
            end += 1
        return end if lines[start].count("|") == bars else start + 1
    while end < len(lines) and (
        _EDGED.fullmatch(lines[end]) or _RULE.fullmatch(lines[end]) or (end > start and _GAP.fullmatch(lines[end]))
    ):
        end += 1
    return max(end, start + 1)


def _compact(table: list[str]) -> list[str] | None:
    """The rows of a table, and one rule; None when not all have as many cells as the table has columns."""
    rows: list[str] = []
    widths: set[int] = set()
    columns = 0
    ruled = False
    for line in table:
        if _GAP.fullmatch(line):
            rows.append(line)
            continue
        if not _is_rule(line):
            cells = "|".join(_cells(line))
            widths.add(cells.count("|") + 1)
            rows.append(f"|{cells}|" if _EDGED.fullmatch(line) else cells)
            continue
        columns = max(columns, _columns(line))
        if len(rows) == 1 and not ruled:
            rows.append(re.sub(r"[^|]+", "---", rows[0]))
            ruled = True
    return rows if len(widths) == 1 and columns in (0, *widths) else None


def _columns(rule: str) -> int:
    """How many columns a rule is drawn over."""
    line = rule.strip(" \t\r")
    return len(_JUNCTION.findall(line if line[0] == "-" else line[1:-1])) + 1


def _is_rule(line: str) -> bool:
    return _RULE.fullmatch(line) is not None or _CROSSED.fullmatch(line) is not None


def _cells(line: str) -> list[str]:
    """The cells of a row without their padding; dashes of Markdown's rule are as few as can be."""
    edged = _EDGED.fullmatch(line)
    cells = (edged[2].split(edged[1]) if edged else line.split("|")) if edged or "|" in line else [line]
    stripped = [cell.strip(" \t\r") for cell in cells]
    if all(_DASHES.fullmatch(cell) for cell in stripped):
        return [re.sub("-+", "---", cell) for cell in stripped]
    return stripped


def _content(text: str) -> list[list[str] | str]:
    """What a table tells: the cells of each row, other lines as they are; rules tell nothing."""
    content: list[list[str] | str] = []
    for line in text.split("\n"):
        if _EDGED.fullmatch(line) or "|" in line:
            cells = _cells(line)
            if not all(_DASHES.fullmatch(cell) for cell in cells):
                content.append(cells)
        elif not _is_rule(line):
            content.append(line)
    return content


def _without_constants(text: str) -> str | None:
    """The CSV without the columns that hold one value throughout; None when it is no plain CSV or has none."""
    body = text.rstrip("\n")
    lines = body.split("\n")
    rows = [line for line in lines if not _GAP.fullmatch(line)]
    delimiter = _delimiter(rows[0]) if rows else ","
    width = rows[0].count(delimiter) if rows else 0
    if '"' in text or width < 1 or len(rows) < _MIN_CSV_ROWS or any(row.count(delimiter) != width for row in rows):
        return None
    columns = list(zip(*(row.split(delimiter) for row in rows), strict=True))
    constant = {n for n, column in enumerate(columns) if len(set(column[1:])) == 1 and "`" not in column[0] + column[1]}
    if not constant or len(columns) - len(constant) < 2:
        return None
    where = "in every row" if len(rows) == len(lines) else "in every row shown"
    notes = [f"[column {n + 1} `{columns[n][0]}` is `{columns[n][1]}` {where}]" for n in sorted(constant)]
    rest = zip(*(column for n, column in enumerate(columns) if n not in constant), strict=True)
    left = map(delimiter.join, rest)
    return "\n".join([*notes, *(line if _GAP.fullmatch(line) else next(left) for line in lines)]) + text[len(body) :]


def with_constants(text: str) -> str | None:
    """The CSV with the columns put back that its first lines tell; None where a row is too short for one."""
    body = text.rstrip("\n")
    lines = body.split("\n")
    taken: list[tuple[int, str, str]] = []
    while lines and (note := _TAKEN.fullmatch(lines[0])):
        taken.append((int(note[1]) - 1, note[2], note[3]))
        lines.pop(0)
    delimiter = _delimiter(lines[0]) if lines else ","
    for number, line in enumerate(lines):
        row = line.split(delimiter)
        for column, name, value in taken if not _GAP.fullmatch(line) else ():
            if not 0 <= column <= len(row):
                return None
            row.insert(column, value if number else name)
        lines[number] = delimiter.join(row)
    return "\n".join(lines) + text[len(body) :]


def _delimiter(header: str) -> str:
    return max(",\t;|", key=header.count)
