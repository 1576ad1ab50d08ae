"""What all transforms that leave out whole lines have in common: they only say which lines may go, and in what order.

Contract: lossy; at most the budget's tokens go, every gap is named in place, and what is left stands as it was. A text
that has such gaps already stays as it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.lossy.gaps import Gap, choose, leave_out
from transforms.lossy.proof import has_gaps, lines_survive


@dataclass(frozen=True, slots=True)
class Ranked:
    """The lines of a text by when they go."""

    ranks: Sequence[int]
    """For each line 0 if it stays; 1 goes first, 2 next, and so on."""
    describe: Callable[[int, int], str]
    """Says what stands between two lines, which are counted from 0."""
    fit: Callable[[Sequence[Gap]], Sequence[Gap]] = lambda gaps: gaps
    """Takes out of the gaps what has to stay because of what stands behind them."""


class LineSampler(ABC):
    """Leaves out whole lines."""

    name: str
    kinds: frozenset[Kind]
    loss = Loss.LOSSY
    lines_stand_alone = True

    @abstractmethod
    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """Which of the `lines` of `block.text` may go; None where none may."""

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The text with a marker in place of each gap; None where there is nothing to leave out."""
        if not budget.allows_loss or has_gaps(block.text):
            return None
        lines = block.text.split("\n")
        ranked = self.ranked(block, lines)
        if ranked is None:
            return None
        choice = choose(lines, ranked.ranks, budget.tokens)
        return leave_out(lines, replace(choice, gaps=ranked.fit(choice.gaps)), budget.handle, ranked.describe)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether lines and named gaps cover `original` exactly once and in order."""
        return lines_survive(original, rewritten)
