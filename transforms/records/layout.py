"""The line a row is written as, below the header of its section.

Cells of columns come first, each below its column's name; what has no column follows as `+name=value`. Where reading
the columns in order, and the rest behind them, would not give back the order of the record's keys, `+3:name=value` says
that the key is the third. Where at most the first column has a cell, the names of columns may follow so, too: rows that
are likely quoted are told in this way where their cells would have to be counted.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache
from operator import lt

from transforms.records.record import Cell, Row
from transforms.records.section import Column, write_as_string

FENCED = '"""'
"""The cell of a value that stands below the row."""

WIDE = 9
"""Columns from which on cells are no longer found at a glance when many are empty."""
_EMPTY = 2
"""Empty cells between others that are many in a row that was asked for."""
_TOLD_AGAIN = 400
"""Characters of a value that is told again."""

type Step = tuple[str, str]
"""One cell: what stands before the value, and the name of the value; no name: an empty cell."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows with the same keys are written."""

    steps: list[Step]
    special: list[int]
    """Which of them may not stand as they are."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What is wrong with a header for rows with the same names."""

    misfit: str | None
    """A column that the header says at a place that is wrong for these rows."""
    numbered: list[str]
    """Names that they would tell with their place."""


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
    plans: dict[tuple[tuple[str, ...], bool], Plan] = field(default_factory=dict)
    ranks: dict[str, int] = field(init=False)
    """The columns' places, by name."""
    positional: list[str] = field(init=False)
    """The columns that have cells."""
    derived: list[str] = field(init=False)
    """The columns that others tell."""
    keyed: frozenset[str] = field(init=False)
    strings: frozenset[str] = field(init=False)
    special: frozenset[str] = field(init=False)
    """The columns of whose cells some are not written as they are."""

    def __post_init__(self) -> None:
        self.ranks = {column.name: rank for rank, column in enumerate(self.columns)}
        self.positional = [column.name for column in self.columns if column.positional]
        self.derived = [column.name for column in self.columns if column.ending]
        self.keyed = frozenset(column.name for column in self.columns if column.keyed)
        self.strings = frozenset(column.name for column in self.columns if column.strings)
        self.special = self.strings.union(name for name, _ in self.repeats)

    def tell_again(self) -> None:
        """What was told is far above by now; only fences and the like are too long to stand twice."""
        self.told -= {short for (_, cell), short in self.repeats.items() if len(cell) <= _TOLD_AGAIN}

    def plan(self, names: tuple[str, ...], whole: bool) -> Plan:
        """How rows with these names are written."""
        if (names, whole) not in self.plans:
            self.plans[names, whole] = self._plan(names, whole)
        return self.plans[names, whole]

    def fit(self, names: tuple[str, ...]) -> Fit:
        """How rows with these names fit the header."""
        fits, behind = self._fits(names)
        placed = {name for name, fit in zip(names, fits, strict=True) if fit}
        lost = (column.name for column in self.columns if column.implied and column.name not in placed)
        twins = (column.name for column in self.columns if column.twin is not None and column.twin not in placed)
        numbered = [name for name, fit in zip(names[:behind], fits, strict=False) if not fit]
        return Fit(next(lost, None) or next(twins, None), numbered)

    def line(self, row: Row, whole: bool) -> str:
        """The text of `row`, fences below it; told `whole`, it has the cells that others tell as well, and it names
        its cells where else a reader had to count columns."""
        plan = self.plan(tuple(row), whole)
        cells = [before + row[name] if name else "" for before, name in plan.steps]
        line = "\t".join(cells)
        if "\n" not in line and not plan.special:
            return line
        fences: list[str] = []
        for at in plan.special if "\n" not in line else range(len(cells)):
            before, name = plan.steps[at]
            if name:
                cells[at] = before + self._told(name, row[name], fences, as_string=not before, first=not at)
        return "\n".join(("\t".join(cells), *fences))

    def _told(self, name: str, cell: str, fences: list[str], *, as_string: bool, first: bool) -> str:
        """What stands in the row for a cell; what stands below it goes to `fences`."""
        short = self.repeats.get((name, cell), "")
        if short and (short in self.told or "\n" not in cell):
            if short not in self.told:
                self.untold[short] = cell
                self.told.add(short)
            return short
        if "\n" in cell:
            opening, _, content = cell.partition("\n")
            fences.append(f"{opening} {name}\n{content}")
            self.told.add(short)
            return f"{short}={FENCED}" if short else FENCED
        return write_as_string(cell, first=first) if as_string and name in self.strings else cell

    def _plan(self, names: tuple[str, ...], whole: bool) -> Plan:
        fits, behind = self._fits(names)
        placed = {name for name, fit in zip(names, fits, strict=True) if fit}
        steps = [("", name if name in placed else "") for name in self.positional]
        while steps and not steps[-1][1]:
            del steps[-1]
        if whole and len(self.positional) >= WIDE and sum(not name for _, name in steps) >= _EMPTY:
            del steps[1:]
        shown = {name for _, name in steps}
        named = self.keyed if len(steps) > 1 else self.keyed.union(self.positional)
        for at, name in enumerate(names):
            if not fits[at]:
                last = at >= behind and name not in named
                steps.append((f"+{name}=" if last else f"+{at + 1}:{name}=", name))
            elif name in named and name not in shown:
                steps.append((f"+{name}=", name))
        if whole:
            steps += [(f"+{name}=", name) for name in self.derived]
        return Plan(steps, [at for at, (_, name) in enumerate(steps) if name in self.special])

    def _fits(self, names: tuple[str, ...]) -> tuple[list[bool], int]:
        """Which of the names come in the order of the columns, and behind how many names none of these follow."""
        ranks = [self.ranks.get(name, -1) for name in names]
        placed = set(rising(tuple([rank for rank in ranks if rank >= 0])))
        fits = [rank in placed for rank in ranks]
        return fits, len(fits) - fits[::-1].index(True) if placed else 0


@lru_cache(maxsize=4096)
def rising(ranks: tuple[int, ...]) -> tuple[int, ...]:
    """A longest run of rising numbers within `ranks`, in order, not necessarily adjacent."""
    if all(map(lt, ranks, ranks[1:])):
        return ranks
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, rank in enumerate(ranks):
        at = bisect_left(tails, rank)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(rank)
            ends.append(place)
        else:
            tails[at], ends[at] = rank, place
    run: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        run.append(ranks[place])
        place = before[place]
    return tuple(reversed(run))
