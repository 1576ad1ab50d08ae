"""The line a row is written as, below the header of its section, and back.

Rows whose keys come in another order than the header says give up a place: what is out of order stands as
`+name=value` where it belongs. What fits no header is written as JSON behind a `=`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

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
    """A column that the header says too early for these rows; None when reading gives back the order of the keys."""


@dataclass(slots=True)
class Layout:
    """Writes the rows of one section."""

    columns: list[Column]
    repeats: dict[Cell, str]
    """Short forms of cells."""
    told: set[str] = field(default_factory=set)
    """Short forms that were told before, and not long ago."""
    untold: dict[str, str] = field(default_factory=dict)
    """Short forms that must be told above the row, with what they stand for; of fences, the first is told in it."""
    plans: dict[tuple[str, ...], Plan] = field(default_factory=dict)

    def tell_again(self) -> None:
        """What was told is far above by now; only fences and the like are too long to stand twice."""
        self.told -= {short for (_, cell), short in self.repeats.items() if len(cell) <= _TOLD_AGAIN}

    def plan(self, row: Row) -> Plan:
        """How `row` is written."""
        names = tuple(row)
        if names not in self.plans:
            self.plans[names] = self._plan(names)
        return self.plans[names]

    def line(self, row: Row) -> str | None:
        """The text of `row`, fences below it; None when the order of its keys does not fit the header."""
        plan = self.plan(row)
        if plan.misfit is not None:
            return None
        strings = {column.name for column in self.columns if column.strings}
        cells: list[str] = []
        fences: list[str] = []
        for before, name in plan.steps:
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
        return "\n".join(("\t".join(cells).rstrip("\t"), *fences))

    def _plan(self, names: tuple[str, ...]) -> Plan:
        ranks = {column.name: rank for rank, column in enumerate(self.columns)}
        placed = set(rising([ranks[name] for name in names if name in ranks]))
        steps: list[Step] = []
        told = list(self._implied(0))
        at = 0
        for name in names:
            rank = ranks.get(name, -1)
            if rank not in placed:
                steps.append((f"+{name}=", name))
                told.append(name)
            elif self.columns[rank].positional:
                for place in range(at, rank + 1):
                    here = [name] if place == rank else []
                    steps.extend([("", "".join(here))] if self.columns[place].positional else [])
                    told.extend([*here, *self._after(place)])
                at = rank + 1
        told.extend(name for place in range(at, len(self.columns)) for name in self._after(place))
        lost = (c.name for c in self.columns if c.twin is not None and ranks[c.twin] not in placed)
        return Plan(steps, next(lost, self._misfit(told, names)))

    def _misfit(self, told: list[str], names: tuple[str, ...]) -> str | None:
        if told == list(names):
            return None
        implied = {column.name for column in self.columns if not column.positional}
        pairs = zip_longest(told, names, fillvalue="")
        return next((a for a, b in pairs if a != b and a in implied), "") or next(iter(implied), "")

    def _after(self, rank: int) -> Iterable[str]:
        return self._implied(rank + 1) if self.columns[rank].positional else ()

    def _implied(self, at: int) -> Iterator[str]:
        """Names of the columns from place `at` on that rows have no cell for, up to the next that they have one for."""
        while at < len(self.columns) and not self.columns[at].positional:
            yield self.columns[at].name
            at += 1


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
