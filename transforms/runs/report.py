"""Output of tests, builds, installations and CI jobs, with the routine lines counted instead of listed.

Lossy. What goes first, as far as the budget needs: passed tests, compiler, download and install steps; then lines
that repeat one pattern, skipped tests and warnings that were given before word by word; last frames of third-party
code from the middles of long tracebacks. The first and the last line of each kind stay, and so do failures with all
that belongs to them, the first of equal warnings, summaries, the beginning and the end of the text, rare lines, and
every line that names what the question or the call named.

    tests/test_api.py::test_get PASSED                       [  1%]
    [lines 4-97 omitted: 94 passed tests; full text: /var/lib/headroom/o/1a2b]
    tests/test_api.py::test_put FAILED                       [ 97%]

Known limitation: routine is told by the form of a line, so a tool unknown to `lines` is folded only where its
lines repeat a pattern.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from transforms.contract import Block, Kind
from transforms.lossy.focus import named_lines
from transforms.lossy.gaps import numbered, with_blanks_between
from transforms.lossy.line_sampler import LineSampler, Ranked
from transforms.runs.failures import failure_lines, library_frames
from transforms.runs.headings import below_their_headings
from transforms.runs.lines import LABELS, body_of, is_warning, routines, signs, slow_lines
from transforms.runs.repeats import patterns, quoted

_ROUTINE, _REPEATED, _FRAMES = range(1, 4)
"""The ranks, in the order in which lines go."""
_LATER = frozenset({"skipped"})
"""Kinds of routine that go with the repeated lines."""
_FIRST, _LAST = 3, 6
"""Lines at the beginning and at the end that stay: what was run, and how it ended."""
_NAMED_KINDS = 2
"""Kinds of lines that a gap names."""
_PLURAL = re.compile(r"(?<=[^s])s\b")
"""The end of the first plural in what a gap says of a kind: "progress bars", "lines of passing tests"."""


@dataclass(slots=True)
class _Lines:
    """What is known of each line."""

    bodies: list[str]
    kinds: list[str]
    """What the line is one of, as a gap names it; empty for a line that is no routine."""
    ranks: list[int]


class RunReport(LineSampler):
    """Counts what went well, and shows what did not."""

    name = "run_report"
    kinds = frozenset({Kind.TEST})

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """The routine of the run; headings stay above what stays of their files."""
        read = _read(lines)
        if not any(read.ranks):
            return None
        _keep(read, named_lines(block, lines))
        ranks = with_blanks_between(read.bodies, read.ranks)
        return Ranked(ranks, _describer(lines, read), partial(below_their_headings, read.bodies))


def _read(lines: Sequence[str]) -> _Lines:
    bodies = [body_of(line) for line in lines]
    kinds = routines(bodies)
    wrong = signs(["" if kind else body for body, kind in zip(bodies, kinds, strict=True)])
    failures = failure_lines(bodies, wrong, kinds)
    read = _Lines(bodies, [""] * len(lines), [0] * len(lines))
    seen: set[str] = set()
    repeated = patterns(["" if kind else body for body, kind in zip(bodies, kinds, strict=True)])
    shown = {pattern: quoted(pattern) for pattern in set(repeated)}
    for at, (kind, pattern) in enumerate(zip(kinds, repeated, strict=True)):
        new, body = bodies[at] not in seen, bodies[at]
        seen.add(body)
        if failures[at]:
            continue
        if kind:
            read.kinds[at], read.ranks[at] = LABELS[kind], _REPEATED if kind in _LATER else _ROUTINE
        elif pattern and not (new and is_warning(body)):
            read.kinds[at], read.ranks[at] = shown[pattern], _REPEATED
    _keep(read, _ends(read.kinds))
    _keep(read, slow_lines(bodies, kinds))
    _keep(read, _neighbours(wrong, read))
    _keep(read, _headers(read))
    for at in library_frames(bodies):
        read.kinds[at], read.ranks[at] = "lines of library frames", _FRAMES
    return read


def _neighbours(wrong: Sequence[bool], read: _Lines) -> list[int]:
    """The repeated lines beside a line about something wrong, and the start of the test before it."""
    beside = ((sign + step, step) for sign, told in enumerate(wrong) if told for step in (-1, 1))
    return [
        at
        for at, step in beside
        if 0 <= at < len(read.ranks)
        and (read.ranks[at] == _REPEATED or (step < 0 and read.kinds[at] == LABELS["started"]))
    ]


def _ends(kinds: Sequence[str]) -> Iterable[int]:
    """The beginning and the end of the text, and the first and the last line of each kind."""
    yield from range(min(_FIRST, len(kinds)))
    yield from range(max(len(kinds) - _LAST, 0), len(kinds))
    yield from {kind: at for at, kind in reversed([*enumerate(kinds)])}.values()
    yield from {kind: at for at, kind in enumerate(kinds)}.values()


def _headers(read: _Lines) -> Iterable[int]:
    """The headers of pytest's sections of which a line stays."""
    head, stays = -1, False
    for at, body in enumerate([*read.bodies, "__"]):
        if body.startswith("__"):
            if stays:
                yield head
            head, stays = at, False
        elif head >= 0 and body.strip() and not read.ranks[at]:
            stays = True


def _keep(read: _Lines, places: Iterable[int]) -> None:
    for at in places:
        read.ranks[at] = 0


def _describer(lines: Sequence[str], read: _Lines) -> Callable[[int, int], str]:
    """Says how many lines of which kinds stood between two lines; the numbers add up to the lines of the gap."""

    def describe(first: int, last: int) -> str:
        kinds = read.kinds[first : last + 1]
        counts = Counter(kind for kind in kinds if kind)
        ranked = counts.most_common()
        shown = [(kind, count) for kind, count in ranked[:_NAMED_KINDS] if count > 1 or len(ranked) == 1]
        others = ranked[len(shown) :]
        shown += others if len(others) == 1 and shown else []
        told = [_told(count, kind) for kind, count in shown]
        if rest := counts.total() - sum(count for _, count in shown):
            told.append(_told(rest, "other routine lines" if told else "routine lines"))
        if blanks := len(kinds) - counts.total():
            told.append(_told(blanks, "blank lines"))
        return ", ".join(told) + numbered(lines, first, last)

    return describe


def _told(count: int, kind: str) -> str:
    if kind.startswith('"'):
        return f"{count} × {kind}"
    return f"{count} {_PLURAL.sub('', kind, count=1) if count == 1 else kind}"
