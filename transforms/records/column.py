"""A column of rows: the values that stand under one path, and the rows in which they are at an end of it.

Numbers are read in the spellings of tables: `12.5`, `+3`, `99.8%`, `1,234.50`, `12,5`. What is no number, but has an
order by the numbers in it (dates, times, addresses, versions), has a first and a last. Quantities are compared with
those that have the same unit: the largest of all is the largest of its unit.
"""

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import quantiles

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?\Z")
_WITH_COMMAS = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?%?\Z")
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+%?\Z")
_ORDERED = re.compile(r"(?=[:.,%+-]*[0-9])[0-9:.,%+-][0-9:.,%+TZ -]*\Z")
"""Dates, times, addresses, versions: what has an order by the numbers in it."""
_QUANTITY = re.compile(
    r"((?:[A-Za-z][A-Za-z_ ]{0,30}[:=] *|[$€£] ?)?)([-+]?[0-9]+(?:\.[0-9]+)?)( ?[A-Za-zµ]{0,5}(?:/s)?)\Z"
)
"""A number with its unit, `512Mi` or `3.2 ms`, or behind its name."""
_MOST_UNITS = 8
_DIGITS = re.compile(r"[0-9]+")
_MOST_DIGITS = 24
"""Of a number whose place in the order is told exactly."""
_SPREAD = 6.0
"""Interquartile ranges a number is away from the middle half when it stands out; Tukey calls 3 `far out`."""
_DISTINCT = 0.5
"""Of the numbers of a curve, the share of different ones at least."""
_SMALL_STEPS = 0.5
"""Of the spread of the numbers, how much their steps spread at most in a curve; those of any numbers spread more."""
NEARLY_ALL = 0.8
"""Of the rows."""

_FEW_KINDS = 10
_FEW_ROWS = 3

type Numbered = tuple[float, int]
"""A number, and its row."""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands under one path."""

    rows: list[int] = field(default_factory=list)
    """The rows that have it, in order."""
    texts: list[str] = field(default_factory=list)
    """Their values."""
    counts: Counter[str] = field(default_factory=Counter)
    """How often there is each value."""

    def rows_with(self, texts: Container[str]) -> set[int]:
        """The rows with one of these values."""
        return {row for row, text in zip(self.rows, self.texts, strict=True) if text in texts}

    def extremes(self, among: int) -> Sequence[set[int]]:
        """The rows with the least, with the greatest, far from the others, and at which a curve jumps; `among` rows."""
        numbers = self._numbered({text: number for text in self.counts if (number := _number(text)) is not None})
        if len(numbers) < max(4, len(self.rows) // 2):
            return self._first_and_last() or self._ends_of_units()
        ends = _ends(numbers)
        return (_jumps(numbers), *ends) if ends and len(numbers) >= NEARLY_ALL * among else ends

    def _numbered(self, values: Mapping[str, float]) -> list[Numbered]:
        """The numbers that texts are, with their rows."""
        pairs = zip(self.texts, self.rows, strict=True)
        return [(values[text], row) for text, row in pairs if text in values] if values else []

    def _first_and_last(self) -> Sequence[set[int]]:
        """The rows with the first and the last of what has an order by its numbers; none where few values have."""
        texts = [text for text in self.counts if _ORDERED.match(text)]
        if len(texts) < 2 or sum(self.counts[text] for text in texts) < max(4, len(self.rows) // 2):
            return ()
        key = None if len(set(map(len, texts))) == 1 else _by_numbers
        return self.rows_with({min(texts, key=key)}), self.rows_with({max(texts, key=key)})

    def _ends_of_units(self) -> Sequence[set[int]]:
        """The rows with the least and the greatest of each unit; none where few values are quantities."""
        units: dict[tuple[str, str], dict[str, float]] = {}
        for text in self.counts:
            if (found := _QUANTITY.match(text)) is not None:
                units.setdefault((found[1], found[3]), {})[text] = float(found[2])
        if len(units) > _MOST_UNITS or 2 * sum(map(len, units.values())) < len(self.counts):
            return ()
        return [rows for own in units.values() for rows in _ends(self._numbered(own))]


def _ends(numbers: list[Numbered]) -> Sequence[set[int]]:
    """The rows of the numbers that stand out, of the least, and of the greatest; none where all are the same."""
    low, high = min(numbers)[0], max(numbers)[0]
    if low == high:
        return ()
    return _far(numbers), *({row for number, row in numbers if number == end} for end in (low, high))


def tells_kinds(values: int, rows: int) -> bool:
    """Whether a column of `rows` with so many different values tells kinds of rows by them."""
    return values <= max(_FEW_KINDS, rows // 8) and values <= rows // 2


def few(rows: int) -> int:
    """How many of `rows` a word may be found in, at most, that picks some out."""
    return max(_FEW_ROWS, rows // 10)


def _number(text: str) -> float | None:
    """The number that a text is: `12.5`, `+3`, `99.8%`, `1,234.50`, `12,5`."""
    if not _NUMBER.match(text):
        if _WITH_COMMAS.match(text):
            text = text.replace(",", "")
        elif _DECIMAL_COMMA.match(text):
            text = text.replace(",", ".")
        else:
            return None
    return float(text.rstrip("%"))


def _by_numbers(text: str) -> list[str]:
    return [digits.lstrip("0").rjust(_MOST_DIGITS, "0") for digits in _DIGITS.findall(text)]


def _quartiles(numbers: list[Numbered]) -> tuple[float, float]:
    first, _, third = quantiles((number for number, _ in numbers), n=4)
    return first, third


def _far(numbers: list[Numbered]) -> set[int]:
    """The rows of the numbers that stand out from the others."""
    first, third = _quartiles(numbers)
    away = _SPREAD * (third - first)
    return {row for number, row in numbers if away and not first - away <= number <= third + away}


def _jumps(numbers: list[Numbered]) -> set[int]:
    """The rows before and after the steps that stand out, where the numbers are a curve: most of them are of their own,
    and most steps are small."""
    if len({number for number, _ in numbers}) < _DISTINCT * len(numbers):
        return set()
    steps = [(after - before, at) for at, ((before, _), (after, _)) in enumerate(pairwise(numbers))]
    (first, third), (low, high) = _quartiles(steps), _quartiles(numbers)
    if third - first > _SMALL_STEPS * (high - low):
        return set()
    return {numbers[at + beside][1] for at in _far(steps) for beside in (0, 1)}
