"""Tables: an array of records, or an object of records, as lines of cells.

    [3 rows
    #every row: state=open
    #id	name
    1	first
    2	second
    3	third
    ]

An object of records is `{3 rows`, its first column `(key)` holds the keys, and it ends with `}`. The header comes again
where the records change, or where what it says for all rows would be far away from the rows that need it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from transforms.records.cell import write_cell
from transforms.records.derived import Derived, derived, telling, told
from transforms.records.layout import WIDE, Fit, Layout
from transforms.records.record import KEY, VALUE, Cell, Nesting, Record, Row, Rower
from transforms.records.section import Cells, Column, Repeats, Shapes, columns_of, header, typed
from transforms.records.tree import Tree

_CHUNK = 6
_MAX_CHUNK = 4000
"""Rows, or characters of rows, that share a header in any case."""
_LONG = 400
"""Characters; what a longer cell has beyond this does not count, as it is far from its row's other cells anyway."""
_NEW_HEADER = 8.0
"""Tokens another header must save: readers have to notice it."""
_MAX_SHARED = 7000
"""Characters of rows for which a header that says something about all of them is in sight."""
_MIN_SHARED = 4
"""Times the length of a header that it and its rows have at least: a long one costs more than looking back for it."""
_MAX_PLAIN = 24000
"""Characters of rows below any one header."""
_MAX_TRIES = 8
"""Headers tried before one that says nothing for all rows is taken."""
_BLANK = 2.0
"""What an empty cell costs: less in tokens, as tabs in a row share them, but a reader has to count them."""
_FILLED = 0.8
"""Share of cells that are not empty in a table in which they are found nevertheless."""
_MAX_GROWTH = 0.3
"""What naming cells may cost, as a share of `Tally.cost`, blanks at their price for readers: a tenth in real tokens."""
_NAMED = 2.0
"""Tokens that naming a cell costs beside its name."""
_MIN_NUMBERED = 2
"""Rows from which on a key is better in the header than told with its place in each of them."""


@dataclass(slots=True)
class Tally:
    """What the rows of a section have in each column, to weigh up headers by."""

    rows: int = 0
    columns: dict[str, tuple[int, int, str | None]] = field(default_factory=dict)
    """By name: rows that have it, characters of their cells, and the cell if it is one and the same."""

    @classmethod
    def of(cls, rows: list[Row]) -> "Tally":
        columns: dict[str, tuple[int, int, str | None]] = {}
        for name, cells in _by_name(rows).items():
            columns[name] = (len(cells), _chars(cells), cells[0] if cells.count(cells[0]) == len(cells) else None)
        return cls(len(rows), columns)

    def joined(self, other: "Tally") -> "Tally":
        """The tally of both together."""
        columns = dict(self.columns)
        for name, (count, chars, same) in other.columns.items():
            before = columns.get(name)
            columns[name] = (
                (count + before[0], chars + before[1], same if same == before[2] else None)
                if before
                else (count, chars, same)
            )
        return Tally(self.rows + other.rows, columns)

    def is_long(self) -> bool:
        """Whether the rows that the header speaks of are too many to have it in sight, or too few for its length."""
        head = body = 0
        constants = False
        for name, (count, chars, same) in self.columns.items():
            constant = count == self.rows and same is not None
            constants |= constant
            head += len(name) + 1 + (chars // count if constant else 0)
            body += 0 if constant else chars + count
        return head + body > max(_MAX_SHARED if constants else _MAX_PLAIN, _MIN_SHARED * head)

    def cost(self) -> float:
        """About the tokens of the names and the values."""
        return sum(self._column(name)[0] for name in self.columns)

    def chosen(self) -> set[str]:
        """The names that earn a column; the others stand in the rows that have them."""
        return {name for name in self.columns if self._column(name)[1]}

    def sparse(self, names: list[str]) -> set[str]:
        """Which of the columns `names`, emptiest first, are better named in the rows that have them.

        None of them where cells are found at a glance, in narrow or nearly full tables.
        """
        counts = {name: self.columns[name][0] for name in names}
        if len(names) < WIDE or sum(counts.values()) > _FILLED * self.rows * len(names):
            return set()
        tokens = _MAX_GROWTH * self.cost()
        found: set[str] = set()
        for name in sorted(names, key=lambda name: counts[name]):
            tokens -= counts[name] * (_NAMED + len(name) / 5)
            if tokens < 0 or counts[name] == self.rows:
                break
            found.add(name)
        return found

    def _column(self, name: str) -> tuple[float, bool]:
        count, chars, same = self.columns[name]
        head = 1 + len(name) / 5
        values = chars / 4
        if count == self.rows and same is not None:
            return head + values / count, True
        column = head + values + _BLANK * (self.rows - count)
        inline = values + count * (head + 1)
        return (column, True) if column <= inline else (inline, False)


@dataclass(slots=True)
class TableWriter:
    """Writes tables; `write` is what writes a value that stands below a row."""

    write: Callable[[Tree], str]
    words: frozenset[str] = frozenset()
    """What picks out rows that are asked for."""

    def records(self, records: list[Record], keys: list[str], total: int, notes: dict[int, str]) -> str:
        """The table of `records`; `keys` are theirs when they come from an object, else empty.

        `total` rows are announced; `notes` are lines that stand before the row of that index.
        """
        rows = Rower(Nesting.of(records), self.write).rows(records)
        if keys:
            rows = [{KEY: write_cell(key), **row} for key, row in zip(keys, rows, strict=True)]
        return _frame(rows, total, notes, "{}" if keys else "[]", self.words)

    def values(self, values: list[Tree], total: int, notes: dict[int, str]) -> str:
        """The table of `values` that are not all records, in one column."""
        cells = Rower(Nesting(), self.write).cells(VALUE, values)
        return _frame([dict([cell]) for cell in cells], total, notes, "[]", self.words)


@dataclass(frozen=True, slots=True)
class _Section:
    """Rows that share a header."""

    rows: list[Row]
    tally: Tally
    notes: dict[int, str]
    """Lines that stand before the row of that index."""
    whole: set[int]
    """The rows that are told whole."""


def _frame(rows: list[Row], total: int, notes: dict[int, str], brackets: str, words: frozenset[str]) -> str:
    lines = [f"{brackets[0]}{total} rows"]
    repeats = Repeats()
    at = 0
    endings = derived(rows)
    whole = telling(rows, endings, words)
    short = {name: told(base, ending) for name, (base, ending) in endings.items()}
    for stop, tally in _sections([row | short for row in rows] if short else rows):
        below = {row - at: note for row, note in notes.items() if at <= row < stop}
        section = _Section(rows[at:stop], tally, below, {row - at for row in whole if at <= row < stop})
        lines.extend(_section(section, repeats, endings))
        at = stop
    return "\n".join([*lines, brackets[1]])


def _section(section: _Section, known: Repeats, endings: Derived) -> Iterator[str]:
    shapes = Counter(map(tuple, section.rows))
    cells = _by_name(section.rows)
    columns = _columns(shapes, cells, section.tally, endings)
    repeats = known.of(section.rows, cells, cells.keys() - {column.name for column in columns if column.implied})
    return _lines(section, typed(columns, cells), repeats)


def _by_name(rows: list[Row]) -> Cells:
    if len(set(map(tuple, rows))) == 1:
        return dict(zip(rows[0], zip(*(row.values() for row in rows), strict=True), strict=True))
    cells: dict[str, list[str]] = {}
    for row in rows:
        for name, cell in row.items():
            if name in cells:
                cells[name].append(cell)
            else:
                cells[name] = [cell]
    return cells


def _lines(section: _Section, columns: list[Column], repeats: dict[Cell, str]) -> Iterator[str]:
    yield from header(columns)
    layout = Layout(columns, repeats)
    size = 0
    for index, row in enumerate(section.rows):
        if index in section.notes:
            yield section.notes[index]
        line = layout.line(row, index in section.whole)
        yield from (f"#{short}={cell}" for short, cell in layout.untold.items())
        layout.untold.clear()
        yield line
        size += len(line)
        if size > _MAX_SHARED:
            layout.tell_again()
            size = 0


def _columns(shapes: Shapes, cells: Cells, tally: Tally, endings: Derived) -> list[Column]:
    """The header for rows that have such names: those that few of them have are keyed, where cells or places would have
    to be counted."""
    chosen = tally.chosen()
    if len(shapes) == 1:  # every name earns a column, and every row fits
        return columns_of(shapes, cells, chosen, set(), endings)
    columns, fits = _fitting(shapes, cells, chosen, endings)
    counts: Counter[str] = Counter()
    for names, fit in fits.items():
        counts.update({name: shapes[names] for name in fit.numbered if name not in chosen})
    keyed = {name for name, count in counts.items() if count >= _MIN_NUMBERED}
    if keyed:
        columns, _ = _fitting(shapes, cells, chosen | keyed, endings)
    keyed |= tally.sparse([column.name for column in columns if column.positional and column.name not in keyed])
    return [replace(column, keyed=True) if column.name in keyed else column for column in columns]


def _fitting(
    shapes: Shapes, cells: Cells, chosen: set[str], endings: Derived
) -> tuple[list[Column], dict[tuple[str, ...], Fit]]:
    """The header, and how rows fit it; what stands too early in it for some rows has cells in all of them."""
    spelled_out: set[str] = set()
    for _ in range(_MAX_TRIES):
        layout = Layout(columns_of(shapes, cells, chosen, spelled_out, endings), {})
        fits = {names: layout.fit(names) for names in shapes}
        misfits = {fit.misfit for fit in fits.values() if fit.misfit}
        if not misfits:
            return layout.columns, fits
        spelled_out |= misfits
    layout = Layout(columns_of(shapes, cells, chosen, chosen, endings), {})
    return layout.columns, {names: layout.fit(names) for names in shapes}


def _sections(rows: list[Row]) -> Iterator[tuple[int, Tally]]:
    """Runs of rows that are cheapest under one header: where each ends."""
    current, cost = Tally(), 0.0
    at = 0
    while at < len(rows):
        stop = _chunk(rows, at)
        chunk = Tally.of(rows[at:stop])
        both = current.joined(chunk)
        apart, together = chunk.cost(), both.cost()
        if current.rows and (both.is_long() or together > cost + apart + _NEW_HEADER):
            yield at, current
            both, together = chunk, apart
        current, cost = both, together
        at = stop
    if current.rows:
        yield len(rows), current


def _chunk(rows: list[Row], at: int) -> int:
    """Where the rows end that share a header with row `at` in any case."""
    chars = 0
    for stop in range(at, min(at + _CHUNK, len(rows))):
        chars += _chars(rows[stop].values())
        if chars > _MAX_CHUNK and stop > at:
            return stop
    return min(at + _CHUNK, len(rows))


def _chars(cells: Collection[str]) -> int:
    """Characters of the cells, of each as many as count."""
    chars = sum(map(len, cells))
    return chars if chars <= _LONG else sum(min(len(cell), _LONG) for cell in cells)
