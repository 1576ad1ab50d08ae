"""Derived columns: cells that are those of another column with the same ending in all rows of a table.

    #every row: comments_url=={url}/comments

APIs that link to all they have tell one address many times over. Rows that are likely quoted tell such cells as well.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from transforms.records.cell import is_text
from transforms.records.column import few, tells_kinds
from transforms.records.record import Row

_MIN_ROWS = 3
_MIN_BASE = 12
"""Characters of a value that is worth being pointed to."""
_BRACED = re.compile(r"\{([^{}]*)\}")

type Derived = Mapping[str, tuple[str, str]]
"""By the name of a column: the column whose cells its own begin with, and their ending."""


def derived(rows: Sequence[Row]) -> Derived:
    """The columns of `rows` that the others tell; each begins with one that is told itself."""
    if len(rows) < _MIN_ROWS:
        return {}
    shared = set(rows[0]).intersection(*rows[1:])
    long = [(cell, name) for name, cell in rows[0].items() if name in shared and len(cell) >= _MIN_BASE]
    found: dict[str, tuple[str, str]] = {}
    bases: list[tuple[str, str]] = []
    for cell, name in sorted(long):
        while bases and not cell.startswith(bases[-1][0]):
            bases.pop()
        ending = cell[len(bases[-1][0]) :] if bases else ""
        if ending and _follows(rows, name, bases[-1][1], ending):
            found[name] = bases[-1][1], ending
        elif (not bases or ending) and "}" not in name:
            bases.append((cell, name))
    return found


def _follows(rows: Sequence[Row], name: str, base: str, ending: str) -> bool:
    """Whether it is so in all rows, and the ending does not look as if it told of a column itself."""
    if "\n" in ending or not rows[0].keys().isdisjoint(_BRACED.findall(ending)):
        return False
    return all(is_text(row[base]) and row[name] == row[base] + ending for row in rows)


def told(name: str, ending: str) -> str:
    """What the header says in place of the cells that are those of column `name` with an `ending`."""
    return f"{{{name}}}{ending}"


def telling(rows: Sequence[Row], endings: Derived, words: frozenset[str]) -> set[int]:
    """The rows that may be quoted: few have one of `words` as a cell, or one alone has a usual base of `endings`."""
    cells = words | {f'"{word}"' for word in words}
    found: defaultdict[str, set[int]] = defaultdict(set)
    for at, row in enumerate(rows):
        for cell in cells.intersection(row.values()):
            found[cell].add(at)
    asked = set().union(*(picked for picked in found.values() if len(picked) <= few(len(rows))))
    return asked.union(*(_alone([row[base] for row in rows]) for base in {base for base, _ in endings.values()}))


def _alone(cells: Sequence[str]) -> set[int]:
    """The rows with a value of their own, in a column of few values."""
    counts = Counter(cells)
    kinds = tells_kinds(len(counts), len(cells))
    return {at for at, cell in enumerate(cells) if counts[cell] == 1} if kinds else set()
