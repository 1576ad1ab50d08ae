"""Ranks of the passages that may go, by how much of each is worth keeping.

Contract: pure but for the scorer, linear in the lines but for sorting the passages.
"""

from collections.abc import Sequence
from typing import Protocol

from transforms.lossy.gaps import runs_of

_GROUPS = 4
"""Ranks that are given: a gap grows when its neighbours' turn comes, so finer ones would only make more gaps."""
KEPT = 0.5
"""From this share on a passage stays: its tokens are more likely kept than dropped."""


class Scorer(Protocol):
    """Says of texts how much of each is worth keeping."""

    def scores(self, texts: Sequence[str]) -> Sequence[float]:
        """One number from 0 to 1 for each text, the same whenever it is asked. May raise."""


def by_worth(lines: Sequence[str], ranks: Sequence[int], scorer: Scorer) -> list[int]:
    """The ranks anew: 0 stays 0; a passage of other lines gets one from 1, least worth, to 4, or 0 if it is to stay."""
    passages = runs_of(rank > 0 and line.strip() != "" for line, rank in zip(lines, ranks, strict=True))
    scores = scorer.scores(["\n".join(lines[first : last + 1]) for first, last in passages])
    anew = [0] * len(lines)
    order = sorted(range(len(passages)), key=lambda at: (scores[at], at))
    for place, at in enumerate(order):
        if scores[at] < KEPT:
            first, last = passages[at]
            anew[first : last + 1] = [1 + place * _GROUPS // len(passages)] * (last + 1 - first)
    return anew
