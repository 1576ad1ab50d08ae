"""The proof shared by every lossy rewrite that leaves out whole lines: what is left is verbatim, every gap is named.

Contract: pure, linear in the texts, never raises; computed from the texts alone. A line is what stands
between two `\\n`; a `\\r` before it belongs to the line.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_GAP = re.compile(
    r"\[(?:lines (?P<first>[1-9][0-9]{0,11})-(?P<last>[1-9][0-9]{0,11})|line (?P<only>[1-9][0-9]{0,11})) omitted"
    r"(?:: [^\n]*?)?(?P<source>; full text: [^\n]+)?\]\r?"
)
"""The form of `transforms.marker.Markers.gap` with the unit `lines`."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a line is of which pieces were left out, each gap named where it is."""

    names_source: bool
    """Whether one of the gaps names the full text."""


type FindCut = Callable[[str, str], Cut | None]
"""Says how the second of two lines is cut out of the first; None if it is not."""


def lines_survive(original: str, rewritten: str, find_cut: FindCut = lambda _original, _line: None) -> bool:
    """Whether `rewritten` is `original` with nothing but whole lines left out, each gap named where it is.

    True if, read from the top, every line of `rewritten` is either the next line of `original` or a marker
    whose range starts at just that line (counted from 1), so that lines and ranges cover `original` exactly
    once and in order; if a gap was made, at least one marker names the full text; and the line end at the end
    of `original` is still there. A line that could be read both ways, because `original` itself holds a marker
    form that names its own place, proves nothing. A line may also be a cut of the next one, as `find_cut` tells.

    >>> lines_survive("a\\nb\\nc\\n", "a\\n[line 2 omitted; full text: /o/1]\\nc\\n")
    True
    >>> lines_survive("a\\nb\\nc\\n", "a\\nc\\n")
    False
    """
    lines = original.split("\n")
    total = len(lines) - (lines[-1] == "")
    at, gaps, sourced = 0, 0, False
    for line in rewritten.split("\n"):
        verbatim = at < len(lines) and lines[at] == line
        gap = _gap(line, at + 1, total) if line.startswith("[line") else None
        if not verbatim and gap is None and at < len(lines) and (cut := find_cut(lines[at], line)) is not None:
            at, sourced, gaps = at + 1, sourced or cut.names_source, gaps + 1
        elif verbatim == (gap is not None):
            return False
        elif gap is None:
            at += 1
        else:
            at, sourced, gaps = gap[0], sourced or gap[1], gaps + 1
    return at == len(lines) and (sourced or not gaps)


def has_gaps(text: str) -> bool:
    """Whether `text` is already the result of such a rewrite, which must not be shortened again.

    True if a marker stands in it whose range starts at the very line it stands on, as the first marker of a
    rewrite does. A marker form that content quotes, at some other place, is not one.
    """
    if " omitted" not in text:
        return False
    for number, line in enumerate(text.split("\n"), 1):
        marker = _GAP.fullmatch(line) if line.startswith("[line") else None
        if marker is not None and int(marker["first"] or marker["only"]) == number:
            return True
    return False


def _gap(line: str, first: int, total: int) -> tuple[int, bool] | None:
    """Where the gap ends that `line` says to start at line `first`, and whether it names the full text; or None."""
    marker = _GAP.fullmatch(line)
    if marker is None:
        return None
    if marker["only"]:
        start = last = int(marker["only"])
    else:
        start, last = int(marker["first"]), int(marker["last"])
        if last <= start:
            return None
    return (last, marker["source"] is not None) if start == first and last <= total else None
