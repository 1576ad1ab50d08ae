"""Headings of test runners that print the results of a file below its name: jest, vitest, playwright, cargo.

What stays of a file's results must not stand under the heading of another file. Contract: pure, linear, never raises.
"""

import re
from collections.abc import Sequence

from transforms.lossy.gaps import Gap

_HEADING = re.compile(
    r"\s{0,2}(?:PASS|FAIL|RUNS) {1,2}(?:[^\s\[]+ +)?[^\s\[]*[./][^\s\[]*(?: +\(?\d.*)?\s*$|"
    r"\s{0,2}[✓✔❯×✗] +(?:\|[^|\n]{1,40}\| +)?\S*\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?(?: +\(.*)?\s*$|"
    r"\s{2,5}(?:Running|Doc-tests) \S.*$"
)
_ENDS = re.compile(
    r"\s{0,2}(?:Test Suites|Tests|Snapshots|Test Files|Summary of all failing tests)\b|⎯{5}|test result: "
)
"""Where the results of the last file are over."""
_WORTH = 200
"""Characters, as many as some 40 tokens: a smaller piece of a gap is not worth a marker."""


def below_their_headings(lines: Sequence[str], gaps: Sequence[Gap]) -> list[Gap]:
    """The `gaps` without the headings of what stays right below them: fewer or smaller ones, in the same order."""
    return [piece for gap in gaps for piece in _pieces(lines, gap)]


def _pieces(lines: Sequence[str], gap: Gap) -> list[Gap]:
    first, last = gap
    heading = next((at for at in range(last, first - 1, -1) if _bounds(lines[at])), None)
    if heading is None or _HEADING.match(lines[heading]) is None or not _goes_on(lines, last + 1):
        return [gap]
    pieces = ((first, heading - 1), (heading + 1, last))
    return [piece for piece in pieces if sum(map(len, lines[piece[0] : piece[1] + 1])) >= _WORTH]


def _goes_on(lines: Sequence[str], start: int) -> bool:
    """Whether results of the same file stand from `start` on."""
    following = next((lines[at] for at in range(start, len(lines)) if lines[at].strip()), "")
    return following != "" and not _bounds(following)


def _bounds(line: str) -> bool:
    return _HEADING.match(line) is not None or _ENDS.match(line) is not None
