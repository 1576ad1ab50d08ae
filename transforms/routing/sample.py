"""The stretches of a text that its kind is told from: bounded, whatever the length of the text.

Contract: pure, never raises; the first, middle and last 8,192 characters, and 200 lines of them.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import filterfalse, islice, pairwise, repeat

from transforms.routing import line_forms as forms
from transforms.routing.expected_kind import Expected

WINDOW = 8192
"""Characters of each of the three stretches looked at; also the size from which a `.json` file may be data."""
_MAX_LINES = 200
_GUTTER_LINES = 40
MAX_LINE = 400
"""Characters of a line that are looked at."""
_ROUNDING = 1e-6
_COLOUR = re.compile(r"\x1b\[[0-9;:]*+[mK]")
"""What colours text, and what erases the rest of a line behind it."""


@dataclass(frozen=True)
class Sample:
    """The part of a text that is looked at. Not slotted: its properties are computed once."""

    text: str
    """The first, middle and last window."""
    size: int
    """Characters of the whole text."""
    expected: Expected

    @cached_property
    def lines(self) -> list[str]:
        """Lines that hold more than blanks, spread over the sample, without the line numbers of a reader's gutter."""
        lines = [line for line in self.text.split("\n") if line and not line.isspace()]
        if len(lines) > _MAX_LINES:
            half = _MAX_LINES // 2
            lines = (lines[:half] + lines[half :: 1 + (len(lines) - half) // half])[:_MAX_LINES]
        if self.numbered:
            lines = [forms.GUTTER.sub("", line, count=1) for line in lines]
        return [line[:MAX_LINE] for line in lines]

    @cached_property
    def numbered(self) -> bool:
        """Whether the lines carry a reader's line numbers, each one more than the one before: not a table's ids."""
        lines = self.text[:WINDOW].split("\n")[:_GUTTER_LINES]
        found = [forms.GUTTER.match(line) for line in lines]
        numbers = [int(match["number"]) for match in found if match]
        counted = len(numbers) > 0.6 * len(found) and all(b == a + 1 for a, b in pairwise(numbers))
        return counted and not same_cells(lines, "\t", 0.8)

    @cached_property
    def head(self) -> str:
        """The first characters after blanks."""
        return self.text[:WINDOW].lstrip()[:MAX_LINE]

    @cached_property
    def _logged(self) -> int:
        """How many lines start as a log's do; what is looked for first is found faster, and few others have it."""
        return len(list(filter(forms.LOG_LINE.match, filter(forms.LOG_MARK.search, self.lines))))

    def hits(self, form: re.Pattern[str]) -> int:
        """How many lines start with `form`."""
        return len(list(filter(form.match, self.lines)))

    def mostly(self, form: re.Pattern[str], share: float) -> bool:
        """Whether at least this `share` of the lines start with `form`: looks no further than it takes to know."""
        too_many = islice(filterfalse(form.match, self.lines), self._others(share), None)
        return bool(self.lines) and next(too_many, None) is None

    def logs(self, share: float) -> bool:
        """Whether at least this `share` of the lines start as a log's do."""
        return bool(self.lines) and len(self.lines) - self._logged <= self._others(share)

    def _others(self, share: float) -> int:
        """How many lines may be something else where this `share` is asked for."""
        return int((1 - share) * len(self.lines) + _ROUNDING)


def sampled(text: str) -> str:
    """The part of `text` that is looked at, without its colours."""
    windows = _windows(text)
    return _COLOUR.sub("", windows) if "\x1b[" in windows else windows


def _windows(text: str) -> str:
    if len(text) <= 3 * WINDOW:
        return text
    starts = (0, (len(text) - WINDOW) // 2, len(text) - WINDOW)
    windows = [text[start : start + WINDOW] for start in starts]
    if not any("\n" in window for window in windows):
        return "".join(windows)
    return "\n".join(_whole_lines(text, start) for start in starts)


def _whole_lines(text: str, start: int) -> str:
    """The window at `start` without the lines it cuts in two, unless it is all one line."""
    end = start + WINDOW
    first = text.find("\n", start, end) + 1 if start else 0
    last = text.rfind("\n", start, end) if end < len(text) else end
    return text[first:last] if start <= first < last else text[start:end]


def same_cells(lines: list[str], mark: str, wanted: float) -> bool:
    """Whether `wanted` of the lines have the same number of cells, at least three, when cut at `mark`."""
    (marks, times), *_ = Counter(map(str.count, lines, repeat(mark))).most_common(1)
    return len(lines) > 2 and marks > 1 and times >= wanted * len(lines)
