"""LogSampler: leaves out runs of routine lines of a log, and says which ones.

    [lines 41-212 omitted: routine, like "INFO Heartbeat * sent"; full text: /path/to/original]
    …
    [lines 305-340 omitted: routine, like lines 41-212]

Contract: lossy; whole lines only, within the budget, the most frequent kinds first. What is routine is told by
`transforms.logs.routine`; lines that hold a word of the question or of the call stay. Unless the question names
something by its number (a request, a host, a block), no such name goes from the text altogether.
Returns None for short texts, without a budget or handle, and for a text that has such gaps already.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from transforms.contract import Block, Kind
from transforms.logs.lines import common_format, taken_apart
from transforms.logs.names import lines_asked_for, names_asked_for
from transforms.logs.routine import Kinds, routine_ranks
from transforms.lossy.focus import named_lines
from transforms.lossy.gaps import numbered, runs_of
from transforms.lossy.line_sampler import LineSampler, Ranked

_FEWEST_LINES = 40
_SHORTEST_GAP = 6
"""Lines. What is left of a log is written so shortly afterwards that a smaller gap costs more than it saves."""
_SHOWN = 72
"""Characters of a kind that a marker shows."""


class LogSampler(LineSampler):
    """Drops runs of routine lines."""

    name = "log_sampler"
    kinds = frozenset({Kind.LOG})

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """The routine lines, where they stand in runs."""
        if len(lines) < _FEWEST_LINES:
            return None
        parsed = taken_apart(lines, common_format(lines))
        kinds = Kinds.of(parsed)
        asks = any(name in block.text for name in names_asked_for(block.question))
        ranks = routine_ranks(parsed, kinds, keep_names=not asks)
        for number in named_lines(block, lines) | lines_asked_for(block):
            ranks[number] = 0
        return Ranked(_in_long_runs(ranks), _describer(lines, kinds))


def _in_long_runs(ranks: Sequence[int]) -> list[int]:
    """The ranks, each raised to the first one at which its line is in a run long enough; 0 where there is none."""
    raised = [0] * len(ranks)
    for rank in sorted(set(ranks) - {0}):
        for first, last in runs_of(0 < own <= rank for own in ranks):
            if last + 1 - first >= _SHORTEST_GAP:
                raised[first : last + 1] = [known or rank for known in raised[first : last + 1]]
    return raised


def _describer(lines: Sequence[str], kinds: Kinds) -> Callable[[int, int], str]:
    """Says of a gap what kind of lines most of it was, and how many where that is not all; a kind is shown once, then
    the gap is named that has it."""
    shown: dict[str, str] = {}

    def kind_of(first: int, last: int) -> str:
        kind, count = Counter(kinds.of_line[first : last + 1]).most_common(1)[0]
        share = "" if count > last - first else f" {count} of them"
        if not kind.strip():
            return f"routine,{share} times alone"
        if kind in shown:
            return f"routine,{share} like lines {shown[kind]}"
        shown[kind] = f"{first + 1}-{last + 1}"
        return f'routine,{share} like "{_start_of(kind.strip())}"'

    return lambda first, last: kind_of(first, last) + numbered(lines, first, last)


def _start_of(words: str) -> str:
    """What a marker shows of `words`: no word is cut, unless it is too long by itself."""
    if len(words) <= _SHOWN:
        return words
    start, blank, _ = words[: _SHOWN + 1].rpartition(" ")
    return (start if blank else words[:_SHOWN]) + "…"
