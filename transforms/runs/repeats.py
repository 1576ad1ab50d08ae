"""Lines of a run that say the same thing again and again, with other names and numbers in it.

Two lines are of one pattern when they are equal but for words that hold digits, quotes, underscores or path
characters. What a plan says, as Terraform's, is no repetition: each of its settings may be the one that differs. Nor
are results of a benchmark and sizes of what was built, where they are much of what the routine of the run leaves over,
or the names in a list that is most of that: such texts were asked for as what they are, however many tests passed
before. Contract: pure, linear, never raises.
"""

import re
from collections import Counter
from collections.abc import Sequence

_VARIABLE = re.compile(r"(?<!\S)(?:[^\s0-9_'\"/.:\\=@#\-]++|[/.:\\=@#\-](?!\S))*+[0-9_'\"/.:\\=@#\-]\S*+")
_RULE = re.compile(r"([=_─━-])(?<![=_─━-]{2})\1{2,}+(?!\S)")
_RULED = "──"
_HOLES = re.compile(r"…(?: …)+|──")
_HOLE = "…"
_PLANNED = re.compile(rf"[^\w{_HOLE}]*+[\w{_HOLE}][^\s=]*+ ++= |\s*+# |[^\n]*[\[{{(]$|(?:\[\w+\] )?[|│├└+\\]")
"""A name that is given a value, a comment, what opens a list or an object, and what is drawn as a tree."""
_SPOKEN = re.compile(r"[^\W\d_]{3}")
"""A pattern must hold a word: rows of numbers and names are data, not repetition."""
_SEEN = 4
"""Lines of one pattern from which on it is routine."""
_QUANTITY = re.compile(r"(?<![\w.:-])\d[\d.,]*+ ?(?:[nuµm]?s|[kKMG]i?B|%|ns/\w+|ops/s\w*)(?!\w)")
_DIGITS = re.compile(r"\d++")
_MUCH, _MOST = 0.15, 0.4
"""Shares of the lines left over (neither blank nor routine) from which on results stay, and a list of names."""
_SHOWN = 36
"""Characters of a pattern that a gap quotes."""


def patterns(bodies: Sequence[str]) -> list[str]:
    """The pattern of each line; an empty string for one that is not routine: rare, blank, planned or without a word.

    Lines that are routine of their own, as passed tests are, come blank.
    """
    masked = _VARIABLE.sub(_HOLE, _RULE.sub(_RULED, "\n".join(bodies))).split("\n")
    counts = Counter(masked)
    routine = {pattern for pattern, count in counts.items() if count >= _SEEN and _speaks(pattern)}
    left_over = sum(map(bool, bodies))
    for pattern in [pattern for pattern in routine if counts[pattern] >= _MUCH * left_over]:
        own = [body for body, its in zip(bodies, masked, strict=True) if its == pattern]
        if _are_results(own) or (len(own) >= _MOST * left_over and _are_names(own)):
            routine.remove(pattern)
    return [pattern if pattern in routine else "" for pattern in masked]


def _are_results(lines: Sequence[str]) -> bool:
    """Whether most of `lines` tell of quantities that are unlike."""
    return 2 * len({found[0] for line in lines if (found := _QUANTITY.search(line))}) > len(lines)


def _are_names(lines: Sequence[str]) -> bool:
    """Whether `lines` differ in more than their numbers."""
    return 3 * len({_DIGITS.sub("0", line) for line in lines}) > len(lines)


def _speaks(pattern: str) -> bool:
    if _PLANNED.match(pattern):
        return False
    return _SPOKEN.search(pattern) is not None or pattern == f"{_RULED} {_HOLE} {_RULED}"


def quoted(pattern: str) -> str:
    """The beginning of a pattern as a gap names it; none of it where it could pass for the gap's own words."""
    words = _HOLES.sub(_HOLE, " ".join(pattern.split())).strip(_HOLE + " ")
    shown = words if len(words) <= _SHOWN else words[:_SHOWN].rstrip() + _HOLE
    if ";" in shown:
        return "lines of one form"
    return f'"{shown}"' if shown else "section headers"
