"""Which lines of a text hold a word: the text is searched for each word, not each line for all of them.

A search of a text runs at gigabytes a second, so dozens of words cost less than one look of a regular expression at
every line, and words that hardly a line holds cost next to nothing. Contract: pure; lines are counted from 0.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate

_IN_WORD = re.compile(r"\w")
_TRIES = 20


class Occurrences:
    """The words of one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self._text.split("\n")

    @cached_property
    def _ends(self) -> list[int]:
        """Where the line after each line starts."""
        return list(accumulate(len(line) + 1 for line in self.lines))

    def lines_with(self, word: str, whole: bool = False) -> Iterator[int]:
        """The lines that hold `word`, in order; where it is asked for as a `whole`, not as a part of a longer word."""
        find = self._find_whole if whole else self._text.find
        at = find(word, 0)
        while at >= 0:
            line = bisect_right(self._ends, at)
            yield line
            at = find(word, self._ends[line])

    def has_whole(self, word: str) -> bool:
        """Whether `word` stands in the text, not as a part of a longer word."""
        return self._find_whole(word, 0) >= 0

    def _find_whole(self, word: str, start: int) -> int:
        """Where `word` stands next as a whole, or -1; where it is often a part, an expression is worth being made."""
        at, size = start - 1, len(word)
        for _ in range(_TRIES):
            at = self._text.find(word, at + 1)
            if at < 0 or not _IN_WORD.search(self._text[max(at - 1, 0) : at] + self._text[at + size : at + size + 1]):
                return at
        found = re.compile(rf"{re.escape(word)}(?!\w)(?<!\w{re.escape(word)})").search(self._text, at + 1)
        return found.start() if found else -1

    def lines_with_any(self, words: Iterable[str], whole: bool = False) -> set[int]:
        """The lines that hold one of `words`."""
        return {line for word in words for line in self.lines_with(word, whole)}

    def lines_where(self, form: re.Pattern[str], words: Iterable[str]) -> set[int]:
        """The lines that `form` matches in. Whatever it matches begins with one of `words`, and ends on its line."""
        found = set[int]()
        for word in words:
            at = self._text.find(word)
            while at >= 0:
                start = at + 1
                if form.match(self._text, at) is not None:
                    line = bisect_right(self._ends, at)
                    found.add(line)
                    start = self._ends[line]
                at = self._text.find(word, start)
        return found
