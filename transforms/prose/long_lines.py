"""Which sentences of long lines are left out, and the text with the gaps of lines and of sentences marked.

Contract: pure but for the scorer, linear in the lines but for sorting the gaps.
"""

from collections.abc import Callable, Container, Sequence

from transforms.contract import Rewrite
from transforms.lossy.gaps import Gap, runs_of
from transforms.marker import Markers
from transforms.prose.sentences import cut, sentences
from transforms.prose.worth import KEPT, Scorer
from transforms.tokenizer import count_tokens

_WORDS = 60
"""From which a line is long: some five sentences."""
_FEWEST = 4
_WORTH = 40
"""Tokens. A gap that holds fewer is not made, as in `transforms.lossy.gaps`."""

type Cuts = dict[int, list[Gap]]
"""For lines out of which sentences go, which ones; all counted from 0."""
type Chooser = Callable[[Sequence[str]], Sequence[bool]]
"""Says of sentences which ones may go."""


def cuts(
    lines: Sequence[str], staying: Container[int], may_go: Chooser, scorer: Scorer | None, tokens: int
) -> tuple[Cuts, bool]:
    """Gaps for at most `tokens` tokens in the long lines that are not `staying`, the largest first, or those that are
    worth least, and whether more would go for more tokens. The first and the last sentence of a line stay."""
    parts = {n: found for n, line in enumerate(lines) if n not in staying and len(found := _of_long(line)) >= _FEWEST}
    going = iter(may_go([sentence for found in parts.values() for sentence in found]))
    runs = []
    for number, found in parts.items():
        flags = [next(going) for _ in found]
        for gap in runs_of([False, *flags[1:-1], False]):
            text = "".join(found[gap[0] : gap[1] + 1])
            if (cost := count_tokens(text)) >= _WORTH:
                runs.append((number, gap, cost, text))
    scores = [-float(cost) for _, _, cost, _ in runs]
    if scorer is not None:
        scores = list(scorer.scores([text for *_, text in runs]))
        runs, scores = _below(runs, scores, KEPT)
    chosen: Cuts = {}
    at_limit = False
    for _, (number, gap, cost, _text) in sorted(
        zip(scores, runs, strict=True), key=lambda pair: (pair[0], pair[1][:2])
    ):
        if cost <= tokens:
            tokens -= cost
            chosen.setdefault(number, []).append(gap)
        else:
            at_limit = True
    return {number: sorted(gaps) for number, gaps in chosen.items()}, at_limit


def written(
    lines: Sequence[str], gaps: Sequence[Gap], cut_lines: Cuts, handle: str, describe: Callable[[int, int], str]
) -> Rewrite:
    """The lines with a marker in place of each gap; `describe(first, last)` says what was there."""
    markers, out, ends, at = Markers(handle), list[str](), dict(gaps), 0
    while at < len(lines):
        if at in ends:
            out.append(markers.gap(at + 1, ends[at] + 1, describe(at, ends[at])))
            at = ends[at]
        else:
            out.append(cut(lines[at], cut_lines[at], markers) if at in cut_lines else lines[at])
        at += 1
    return Rewrite("\n".join(out), tuple(markers.omitted))


def _of_long(line: str) -> list[str]:
    return sentences(line) if len(line.split(None, _WORDS)) > _WORDS else []


def _below[T](items: Sequence[T], scores: Sequence[float], limit: float) -> tuple[list[T], list[float]]:
    kept = [(item, score) for item, score in zip(items, scores, strict=True) if score < limit]
    return [item for item, _ in kept], [score for _, score in kept]
