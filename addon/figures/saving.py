"""Tokens before and after, by label: the smallest parts of the tally."""

from dataclasses import dataclass, field

OTHERS = "others"
"""Stands for all labels beyond the bound."""


@dataclass(slots=True)
class Saving:
    """Tokens of tool outputs as the client had them and as they were sent."""

    before: int = 0
    after: int = 0

    def add(self, before: int, after: int) -> None:
        """Count some more."""
        self.before += before
        self.after += after

    @property
    def saved(self) -> int:
        """What was not sent."""
        return self.before - self.after


@dataclass(slots=True)
class Row:
    """The two figures of one label."""

    once: Saving = field(default_factory=Saving)
    """Each tool output counted once, when it was decided."""
    sent: Saving = field(default_factory=Saving)
    """Each tool output counted in every request that the provider answered: a conversation sends it again each turn."""


class Split:
    """Rows by label, a bounded number of them: the first labels that come have rows of their own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.rows: dict[str, Row] = {}

    def row(self, label: str) -> Row:
        """The row of a label."""
        known = label in self.rows or len(self.rows) < self._most
        return self.rows.setdefault(label if known else OTHERS, Row())


class Distribution:
    """Observations in buckets, as a Prometheus histogram has them."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        place = next((n for n, bound in enumerate(self.bounds) if value <= bound), len(self.bounds))
        self.counts[place] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many were observed."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """The bound below which this share of the observations lies, at most the largest one; 0 for none."""
        seen = 0
        for bound, count in zip(self.bounds, self.counts, strict=False):
            seen += count
            if seen and seen >= share * self.count:
                return bound
        return self.bounds[-1] if self.count else 0.0
