"""Long commit histories with less of their messages: what follows the subject of a commit goes, the subject stays.

Lossy. A history of many commits is searched, not read: hash, author, date, subject and diffstat of every commit stay,
and so does each line that names what the question or the call named, with the paragraph it stands in. The newest
commits keep their messages.

    commit 9f1c0d2e7a
    Author: Ada

        Take the retry limit from the settings

    [lines 8-11 omitted: 4 lines of the message; full text: /var/lib/headroom/o/1a2b]

Contract: returns the original's lines with markers between them, at most `budget.tokens` dropped, or None.
"""

import re
from collections.abc import Iterator, Sequence

from transforms.contract import Block, Kind
from transforms.lossy.focus import named_lines
from transforms.lossy.gaps import with_blanks_between
from transforms.lossy.line_sampler import LineSampler, Ranked

_COMMIT = re.compile(r"commit [0-9a-f]{7,64}\b")
_INDENT = "    "
"""What git sets messages off with."""
_FEWEST = 20
"""Commits of a history that is long."""
_NEWEST = 3
"""Commits at the top whose messages stay."""

type Paragraph = tuple[int, int]
"""First and last line, counted from 0, inclusive."""


class HistoryTrimmer(LineSampler):
    """Leaves out what commits of a long history say beyond their subjects."""

    name = "history_trimmer"
    kinds = frozenset({Kind.DIFF})

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """What stands below the subjects of a long history."""
        starts = [at for at, line in enumerate(lines) if line.startswith("commit ") and _COMMIT.match(line)]
        if len(starts) < _FEWEST:
            return None
        return Ranked(_ranks(lines, starts, named_lines(block, lines)), _told)


def _ranks(lines: Sequence[str], starts: Sequence[int], named: frozenset[int]) -> list[int]:
    """1 for the lines of messages that may go, 0 for all others."""
    ranks = [0] * len(lines)
    for start, end in zip(starts[_NEWEST:], [*starts[_NEWEST + 1 :], len(lines)], strict=True):
        for first, last in list(_paragraphs(lines, start, end))[1:]:
            if named.isdisjoint(range(first, last + 1)):
                ranks[first : last + 1] = [1] * (last + 1 - first)
    return with_blanks_between(lines, ranks)


def _paragraphs(lines: Sequence[str], start: int, end: int) -> Iterator[Paragraph]:
    """The paragraphs of the message of the commit that stands from `start` to `end`; the first one is its subject."""
    first, begun = -1, False
    for at in range(start + 1, end):
        spoken = lines[at].startswith(_INDENT) and not lines[at].isspace()
        if first >= 0 and not spoken:
            yield first, at - 1
        first = (first if first >= 0 else at) if spoken else -1
        begun = begun or spoken
        if begun and not spoken and lines[at].strip():
            return  # notes, diffstats and patches, which may be indented further down
    if first >= 0:
        yield first, end - 1


def _told(first: int, last: int) -> str:
    number = last - first + 1
    return f"{number} line{'s' if number > 1 else ''} of the message"
