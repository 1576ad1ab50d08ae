"""Long search results with the routine matches of each file left out; every gap says how many.

What stays: every file, its first and last matches, all matches of a file with few or that the user named, all context
lines and all text in between, declarations, matches that name what the user or the call named, errors among other
things, and matches of a form seen once or twice. So do those whose very text stands in their file again: `PathGrouper`
says them as one line. What goes: more of the same form in the same file, most frequent first.
Contract: returns the original's lines with markers between them, at most `budget.tokens` dropped, or None.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import count, groupby

from transforms.contract import Block, Kind
from transforms.lossy.focus import named_lines, names_file
from transforms.lossy.line_sampler import LineSampler, Ranked
from transforms.occurrences import Occurrences
from transforms.search.paths import Place, places

_BARE = re.compile(r" {0,4}(?:Line |L)?(\d{1,9}):")
"""A match below its file's name (`rg --heading`, agents' own tools) or of the only file searched."""
_DECLARING = (
    *("class", "def", "defmodule", "defn", "defp", "enum", "export", "extends", "fn", "func", "fun", "function"),
    *("impl", "implements", "interface", "macro", "macro_rules", "mod", "module", "namespace", "object", "package"),
    *("protocol", "record", "static", "struct", "trait", "type", "typedef", "union"),
)
_DEFINING = ("#define", "CREATE TABLE", "CREATE VIEW", "create table", "create view")
_ALARMING = (
    *("error", "warn", "fail", "fatal", "panic", "exception", "critical", "denied", "traceback", "todo", "fixme"),
    "deprecat",
)
_VALUE = re.compile(r"[\"'`0-9](?:(?<=\")[^\"\n]*+\"?|(?<=')[^'\n]*+'?|(?<=`)[^`\n]*+`?|[0-9]*+)")
"""What differs between matches of the same form: strings and numbers; it is found by its first character."""
_FEW = 8
"""A file with fewer matches than this keeps them all."""
_ENDS = 2
_LEAST = 40
"""Matches that a reader takes in whole."""
_SHORTEST_GAP = 4
"""Matches in a row: shorter gaps chop the results up and save little."""
_OFTEN, _SOME = 6, 3
"""Matches of one form in the block from which they are routine, or may be."""
_COMMON_SHARE = 10
"""An alarming word on more than one of this many matches is what was searched for."""


class SearchSampler(LineSampler):
    """Leaves out matches that repeat what other matches of the same file show.

    Known limitation: matches spread over many files with a few in each are not sampled, for every file stays.
    """

    name = "search_sampler"
    kinds = frozenset({Kind.SEARCH})

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """The routine matches, where there are many."""
        matches = _matches(lines)
        if len(matches) < _LEAST:
            return None
        return Ranked(_without_short_runs(_ranks(block, lines, matches)), _describer(matches))


def _matches(lines: Sequence[str]) -> dict[int, Place]:
    """The matches (no context lines) by line, counted from 0; where a path is not on the line, the heading's."""
    found: dict[int, Place] = {}
    unnamed, between = count(), ""
    for at, place in enumerate(places(lines)):
        if place is None:
            bare = _BARE.match(lines[at])
            if bare is None:
                between = f"\n{next(unnamed)}\n{lines[at].rstrip(':')}"
                continue
            place = Place(between, ":", bare[1], lines[at][bare.end() :])
        if place.mark == ":":
            found[at] = place
    return found


def _ranks(block: Block, lines: Sequence[str], matches: dict[int, Place]) -> list[int]:
    """0 for lines that stay, 1 for matches of a frequent form, 2 for those of a form seen a few times."""
    rests = "\n".join(place.rest for place in matches.values())
    forms = _forms(rests)
    ranked = {form: 1 if count >= _OFTEN else 2 for form, count in Counter(forms).items() if count >= _SOME}
    ranks = [0] * len(lines)
    for at, form in zip(matches, forms, strict=True):
        ranks[at] = ranked.get(form, 0)
    numbers = list(matches)
    firsts = dict(zip(reversed(forms), reversed(numbers), strict=True)).values()
    named = (*_staying(matches, block.question), *named_lines(block, lines))
    for at in (*named, *(numbers[n] for n in _telling(rests)), *firsts):
        ranks[at] = 0
    return ranks


def _forms(rests: str) -> list[str]:
    """The lines with all strings, numbers and runs of blanks made the same."""
    text = _VALUE.sub('"', rests).replace("\t", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.split("\n")


def _without_short_runs(ranks: Sequence[int]) -> list[int]:
    """The ranks with 0 where too few lines in a row may go."""
    out: list[int] = []
    for may_go, run in groupby(ranks, key=bool):
        own = list(run)
        out += own if not may_go or len(own) >= _SHORTEST_GAP else [0] * len(own)
    return out


def _staying(matches: dict[int, Place], question: str) -> list[int]:
    """First and last matches of each file and those of equal text; all of files with few or named in the question."""
    files: dict[str, list[int]] = defaultdict(list)
    for at, place in matches.items():
        files[place.path].append(at)
    stay: list[int] = []
    for path, own in files.items():
        if len(own) < _FEW or names_file(question, path):
            stay += own
            continue
        texts = Counter(matches[at].rest for at in own)
        stay += [*own[:_ENDS], *own[-_ENDS:], *(at for at in own if texts[matches[at].rest] > 1)]
    return stay


def _telling(rests: str) -> set[int]:
    """Which of the lines declare something, or are alarming where little else is."""
    found = Occurrences(rests)
    declarations = found.lines_with_any(_DECLARING, whole=True) | found.lines_with_any(_DEFINING)
    alarms = Occurrences(rests.lower()).lines_with_any(_ALARMING)
    return declarations | alarms if len(alarms) * _COMMON_SHARE <= len(found.lines) else declarations


def _describer(matches: dict[int, Place]) -> Callable[[int, int], str]:
    """Says what stood in a gap, which is within a file, and where in that: `21 more matches, at 442-676`.

    The lines that a gap counts are those of the results; beside the file's own numbers they would pass for these.
    """

    def describe(first: int, last: int) -> str:
        told = f"{last - first + 1} more match{'es' if last > first else ''}"
        start, end = matches[first].number, matches[last].number
        return f"{told}, at {start}{f'-{end}' if end != start else ''}" if start else told

    return describe
