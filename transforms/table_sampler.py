"""Tables of many rows, without those that are routine: CSV, TSV, what psql, mysql, sqlite3 and kubectl print.

    id | customer | state  | total             id | customer | state  | total
    ---+----------+--------+------             ---+----------+--------+------
     1 | 113      | paid   | 25.90              1 | 113      | paid   | 25.90
     2 | 115      | paid   | 18.20         →    2 | 115      | paid   | 18.20
     3 | 101      | paid   | 31.00             [lines 5-92 omitted: 88 routine rows; full text: PATH]
    ...                                        91 | 110      | refund | 12.00

What is routine is told as it is for records (`transforms.records.routine`): the first rows, rare values, extremes,
errors, and what the question or the call names stay.

Known limitation: cells that are set apart by blanks are told by two of them, so rows with an empty cell stay.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from transforms.contract import Block, Budget, Kind, Rewrite
from transforms.lossy.focus import named_lines
from transforms.lossy.line_sampler import LineSampler, Ranked
from transforms.records.routine import Rows
from transforms.records.sample import MAX_SHARE, MIN_CHARS, MIN_ROWS, MIN_SHARE, names_of, words_of
from transforms.records.tree import Tree
from transforms.tokenizer import count_tokens

_ROWS_SHARE = 0.6
"""Of the lines, how many have as many cells in what is one table."""
_FEWEST = 3
"""Cells of a row."""
_FEW_PLAIN = 0.2
"""The share of rows up to which those without a digit are unlike the others."""
_DIGIT = re.compile(r"[0-9]")
_RULES = "-=:─━═ "
_BARS = re.compile(r"[|│┃║]")
_BLANKS = re.compile(r" {2,}|\t")

type Cells = list[str]


class TableSampler(LineSampler):
    """Tables without their routine rows."""

    name = "table_sampler"
    kinds = frozenset({Kind.TABLE})
    lines_stand_alone = False

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The table with a marker in place of each run of routine rows; None when they are less than a tenth."""
        if len(block.text) < MIN_CHARS:
            return None
        total = count_tokens(block.text)
        most = int(MAX_SHARE * total)
        rewrite = super().rewrite(block, replace(budget, tokens=min(budget.tokens, most)))
        if rewrite is None:
            return None
        at_limit = rewrite.at_limit and budget.tokens <= most
        if count_tokens(rewrite.text) > (1 - MIN_SHARE) * total:
            return Rewrite.none_of(block.text, at_limit=at_limit)
        return replace(rewrite, at_limit=at_limit)

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """The routine rows of the largest table."""
        rows = _rows(lines)
        if len(rows) < MIN_ROWS:
            return None
        del rows[min(rows)]  # names of columns are no values; what stands in their place stays as well
        cells: list[Tree] = [{str(place): cell for place, cell in enumerate(row)} for row in rows.values()]
        numbers = list(rows)
        ranks = [0] * len(lines)
        words = words_of(block.question, block.call)
        for routine in Rows.of(cells, []).routine(words, names_of(words, block.question)):
            ranks[numbers[routine]] = 1
        for kept in named_lines(block, lines) | _headers(lines, numbers):
            ranks[kept] = 0
        return Ranked(ranks, _told)


def _told(first: int, last: int) -> str:
    return f"{last - first + 1} routine rows" if last > first else "1 routine row"


def _headers(lines: Sequence[str], numbers: Sequence[int]) -> set[int]:
    """The rows without a digit among rows with: another table's names of columns."""
    plain = {number for number in numbers if _DIGIT.search(lines[number]) is None}
    return plain if len(plain) <= _FEW_PLAIN * len(numbers) else set()


def _rows(lines: Sequence[str]) -> dict[int, Cells]:
    """The cells of the rows of the largest table, by the numbers of their lines; none when there is no table."""
    for split in _SPLITS:
        cells = split(lines)
        width, count = Counter(map(len, cells)).most_common(1)[0]
        if width >= _FEWEST and count >= _ROWS_SHARE * len(lines):
            return {number: row for number, row in enumerate(cells) if len(row) == width and not _is_rule(row)}
    return {}


def _is_rule(row: Cells) -> bool:
    return not any(cell.strip(_RULES) for cell in row)


def _drawn(lines: Sequence[str]) -> list[Cells]:
    return [list(map(str.strip, _BARS.split(line))) for line in lines]


def _set_apart(lines: Sequence[str]) -> list[Cells]:
    return [_BLANKS.split(line.strip()) for line in lines]


def _separated(lines: Sequence[str], mark: str) -> list[Cells]:
    """The cells of the lines of a CSV; none for the lines of a row that has a cell of several lines."""
    found: list[Cells] = []
    inside = False
    for line in lines:
        opens = line.count('"') % 2 == 1
        found.append([] if inside or opens else line.split(mark) if '"' not in line else _quoted(line, mark))
        inside ^= opens
    return found


def _quoted(line: str, mark: str) -> Cells:
    try:
        return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return []


_SPLITS: tuple[Callable[[Sequence[str]], list[Cells]], ...] = (
    _drawn,
    *(partial(_separated, mark=mark) for mark in "\t,;"),
    _set_apart,
)
