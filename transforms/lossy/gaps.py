"""Which lines a lossy rewrite leaves out for its budget, and the text with the gaps marked.

A rewrite gives every line a rank: 0 stays, 1 goes first, 2 next, and so on. From this follow the gaps. Contract:
pure, linear in the lines (times the number of ranks), never raises.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

from transforms.contract import Rewrite
from transforms.marker import Markers
from transforms.tokenizer import count_line, count_tokens

_WORTH = 40
"""Tokens. A gap that holds fewer is not made: its marker costs 12 to 25, and the reader's trust."""
_WORTH_ALONE = 80
"""The same for a gap of one line, whose marker says little less than the line itself."""
_GAIN = 2
"""All gaps together must be worth this many times their markers: a reader may have to look them up."""
_NUMBERED = re.compile(r"L? {0,11}(\d{1,9})(?:→|\t|: | ?[|│])")
"""The number that a reader of files puts before a line."""

type Gap = tuple[int, int]
"""First and last line left out, counted from 0, inclusive."""


@dataclass(frozen=True, slots=True)
class Choice[G]:
    """What a rewrite leaves out."""

    gaps: Sequence[G]
    """In the order of the text."""
    at_limit: bool
    """Whether more would have gone for more tokens."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of lines that may go, with its price."""

    gap: Gap
    cost: int
    """Tokens of its lines."""
    inside: list[Gap]
    """The gaps in it that were chosen for an earlier rank."""
    before: int
    """Tokens of those."""


def choose(lines: Sequence[str], ranks: Sequence[int], tokens: int) -> Choice[Gap]:
    """The gaps for at most `tokens` tokens: rank by rank, and of the first rank that is too much, the largest runs.

    A gap is a run of lines whose rank is not 0. Runs worth less than their marker stay.
    """
    chosen: list[Gap] = []
    costs = [0] * len(lines)
    for rank in sorted(set(ranks) - {0}):
        for at, own in enumerate(ranks):
            if own == rank:
                costs[at] = count_line(lines[at])
        runs = [(run, _cost(costs, run)) for run in runs_of(0 < own <= rank for own in ranks)]
        worthy = [(run, cost) for run, cost in runs if _pays(run, cost)]
        if sum(cost for _, cost in worthy) > tokens:
            return Choice(_fill(costs, chosen, worthy, tokens), at_limit=True)
        chosen = [run for run, _ in worthy]
    return Choice(chosen, at_limit=False)


def leave_out(
    lines: Sequence[str], choice: Choice[Gap], handle: str, describe: Callable[[int, int], str]
) -> Rewrite | None:
    """The lines with a marker in place of each gap; `describe(first, last)` says what was there.

    Nothing goes if the gaps together do not clearly pay for the markers.
    """
    markers, gaps = Markers(handle), choice.gaps
    named = [markers.gap(first + 1, last + 1, describe(first, last)) for first, last in gaps]
    if not _hold_more(lines, gaps, _GAIN * sum(map(count_tokens, named))):
        return Rewrite.none_of("\n".join(lines), at_limit=choice.at_limit)
    out, at = [], 0
    for (first, last), marker in zip(gaps, named, strict=True):
        out += [*lines[at:first], marker]
        at = last + 1
    return Rewrite("\n".join([*out, *lines[at:]]), tuple(markers.omitted), at_limit=choice.at_limit)


def runs_of(flags: Iterable[bool]) -> list[Gap]:
    """Where the flags are True: first and last of each run."""
    runs, start = [], -1
    for at, flag in enumerate(chain(flags, [False])):
        if flag:
            start = at if start < 0 else start
        elif start >= 0:
            runs.append((start, at - 1))
            start = -1
    return runs


def with_blanks_between(lines: Sequence[str], ranks: Sequence[int]) -> list[int]:
    """The ranks with those of blank lines between two lines that may go: they go when both may."""
    out = list(ranks)
    before, blanks = 0, list[int]()
    for at, (line, rank) in enumerate(zip(lines, ranks, strict=True)):
        if not rank and not line.strip():
            blanks.append(at)
            continue
        for blank in blanks if before and rank else ():
            out[blank] = max(before, rank)
        before, blanks = rank, []
    return out


def numbered(lines: Sequence[str], first: int, last: int) -> str:
    """What to say of a gap in a text that bears line numbers of its own, if the gap does not count like these.

    >>> numbered(["  120→a", "  121→b", "  122→c"], 1, 2)
    ', numbered 121-122'
    """
    found = _NUMBERED.match(lines[first]), _NUMBERED.match(lines[last])
    if found[0] is None or found[1] is None:
        return ""
    start, end = int(found[0][1]), int(found[1][1])
    counts_on = end > start and end - start == last - first  # of a single line a number may be anything
    return f", numbered {start}-{end}" if counts_on and start != first + 1 else ""


def _hold_more(lines: Sequence[str], gaps: Sequence[Gap], tokens: int) -> bool:
    """Whether the gaps hold more than `tokens` tokens; no more lines are counted than it takes to know."""
    costs = (count_line(line) for first, last in gaps for line in lines[first : last + 1])
    return any(total > tokens for total in accumulate(costs))


def _cost(costs: Sequence[int], run: Gap) -> int:
    return sum(costs[run[0] : run[1] + 1])


def _pays(run: Gap, cost: int) -> bool:
    return cost >= (_WORTH if run[1] > run[0] else _WORTH_ALONE)


def _fill(costs: Sequence[int], chosen: list[Gap], runs: list[tuple[Gap, int]], tokens: int) -> list[Gap]:
    """Of `runs`, which hold `chosen`, as much as `tokens` allow: the ones chosen before, then the largest first."""
    grown = _grown(costs, chosen, runs)
    left, gaps = tokens - sum(run.before for run in grown), []
    for run in sorted(grown, key=lambda run: (run.before - run.cost, run.gap)):
        if run.cost - run.before <= left:
            gaps.append(run.gap)
            left -= run.cost - run.before
        elif run.inside:
            gaps += run.inside
        elif (head := _head(costs, run.gap, left)) is not None:
            gaps.append(head)
            left -= _cost(costs, head)
    return sorted(gaps)


def _grown(costs: Sequence[int], chosen: list[Gap], runs: list[tuple[Gap, int]]) -> list[_Run]:
    """Each run with those of the `chosen` gaps that it holds; all are in the order of the text."""
    grown, at = [], 0
    for gap, cost in runs:
        start = at
        while at < len(chosen) and chosen[at][0] <= gap[1]:
            at += 1
        inside = chosen[start:at]
        grown.append(_Run(gap, cost, inside, sum(_cost(costs, held) for held in inside)))
    return grown


def _head(costs: Sequence[int], run: Gap, tokens: int) -> Gap | None:
    """The longest beginning of `run` within `tokens`, or None if that is not worth a marker."""
    if tokens < _WORTH:
        return None
    last, cost = run[0] - 1, 0
    while last < run[1] and (cost := cost + costs[last + 1]) <= tokens:
        last += 1
    gap = (run[0], last)
    return gap if last >= run[0] and _pays(gap, _cost(costs, gap)) else None
