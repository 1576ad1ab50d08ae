"""The line a row is written as, below the header of its section.

Cells of columns come first, each below its column's name; what has no column follows as `+name=value`. Where reading
the columns in order, and the rest behind them, would not give back the order of the record's keys, `+3:name=value` says
that the key is the third.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

from transforms.records.record import Row
from transforms.records.section import Cell, Column, as_string

FENCED = '"""'
"""The cell of a value that stands below the row."""

_TOLD_AGAIN = 400
"""Characters of a value that is told again."""

type Step = tuple[str, str]
"""One cell: what stands before the value, and the name of the value; no name: an empty cell."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows with the same keys are written."""

    steps: list[Step]
    misfit: str | None
    """A column that the header says at a place that is wrong for these rows."""
    numbered: frozenset[str]
    """Names that stand with their place."""


@dataclass(slots=True)
class Layout:
    """Writes the rows of one section, whose header must have no misfit for any of them."""

    columns: list[Column]
    repeats: dict[Cell, str]
    """Short forms of cells."""
    told: set[str] = field(default_factory=set)
    """Short forms that were told before, and not long ago."""
    untold: dict[str, str] = field(default_factory=dict)
    """Short forms that must be told above the row, with what they stand for; of fences, the first is told in it."""
    plans: dict[tuple[str, ...], Plan] = field(default_factory=dict)
    ranks: dict[str, int] = field(init=False)
    """The columns' places, by name."""
    positional: list[tuple[int, str]] = field(init=False)
    """Places and names of the columns that have cells."""

    def __post_init__(self) -> None:
        self.ranks = {column.name: rank for rank, column in enumerate(self.columns)}
        self.positional = [(rank, column.name) for rank, column in enumerate(self.columns) if column.positional]

    def tell_again(self) -> None:
        """What was told is far above by now; only fences and the like are too long to stand twice."""
        self.told -= {short for (_, cell), short in self.repeats.items() if len(cell) <= _TOLD_AGAIN}

    def plan(self, row: Row) -> Plan:
        """How `row` is written."""
        names = tuple(row)
        if names not in self.plans:
            self.plans[names] = self._plan(names)
        return self.plans[names]

    def line(self, row: Row) -> str:
        """The text of `row`, fences below it."""
        strings = {column.name for column in self.columns if column.strings}
        cells: list[str] = []
        fences: list[str] = []
        for before, name in self.plan(row).steps:
            cell = row[name] if name else ""
            short = self.repeats.get((name, cell), "")
            if short and (short in self.told or "\n" not in cell):
                if short not in self.told:
                    self.untold[short] = cell
                    self.told.add(short)
                cell = short
            elif "\n" in cell:
                opening, _, content = cell.partition("\n")
                fences.append(f"{opening} {name}\n{content}")
                cell = f"{short}={FENCED}" if short else FENCED
                self.told.add(short)
            elif name in strings and not before:
                cell = as_string(cell, first=not cells)
            cells.append(before + cell)
        return "\n".join(("\t".join(cells), *fences))

    def _plan(self, names: tuple[str, ...]) -> Plan:
        ranks = self.ranks
        placed = set(rising([ranks[name] for name in names if name in ranks]))
        steps = [("", name if rank in placed else "") for rank, name in self.positional]
        while steps and not steps[-1][1]:
            del steps[-1]
        end = max((at for at, name in enumerate(names) if ranks.get(name) in placed), default=-1)
        numbered: set[str] = set()
        for at, name in enumerate(names):
            column = self.columns[ranks[name]] if name in ranks else None
            if column is None or ranks[name] not in placed:
                last = at > end and not (column and column.keyed)
                steps.append((f"+{name}=" if last else f"+{at + 1}:{name}=", name))
                numbered |= set() if last else {name}
            elif column.keyed:
                steps.append((f"+{name}=", name))
        lost = (column.name for rank, column in enumerate(self.columns) if column.implied and rank not in placed)
        twins = (column.name for column in self.columns if column.twin is not None and ranks[column.twin] not in placed)
        return Plan(steps, next(lost, None) or next(twins, None), frozenset(numbered))


def rising(ranks: list[int]) -> list[int]:
    """A longest run of rising numbers within `ranks`, in order, not necessarily adjacent."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, rank in enumerate(ranks):
        at = bisect_left(tails, rank)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1] = [rank]
        ends[at : at + 1] = [place]
    run: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        run.append(ranks[place])
        place = before[place]
    return run[::-1]
