"""Sentences within long lines: the line with some of them left out, each gap named where it is, and the proof of it.

    The basin is calm and wide. [sentences 2-4 omitted: 61 words of plain text] The tide turns at 14:20.

Contract: pure, linear in the line, never raises. Sentences count from 1 in their line in markers, from 0 elsewhere.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from transforms.lossy.gaps import Gap
from transforms.lossy.proof import Cut
from transforms.marker import Markers

_END = re.compile(
    r"(?<=\w{4}[.!?])[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]?[A-ZÀ-ÞΑ-ΩА-Я0-9])|(?<=[。！？])[」』”’]*+\s*+(?!\Z)",
)
"""Behind a word of four letters: a shorter one is as likely an abbreviation, and then two sentences count as one."""
_GAP = re.compile(
    r"\[sentences? (?P<first>[1-9][0-9]{0,8})(?:-(?P<last>[1-9][0-9]{0,8}))? omitted: "
    r"[0-9]{1,9} words of plain text(?P<source>; full text: [^\]\n]{1,4096})?\](?P<blank>\s*)"
)
"""The form of `cut`."""


def sentences(line: str) -> list[str]:
    """The sentences of a line, each with the blanks behind it; joined, they are the line."""
    ends = [0, *(match.end() for match in _END.finditer(line)), len(line)]
    return [line[start:end] for start, end in pairwise(ends)]


def cut(line: str, gaps: Sequence[Gap], markers: Markers) -> str:
    """The line with a marker in place of each gap; gaps are ranges of sentences, in order."""
    parts, out, at = sentences(line), list[str](), 0
    for first, last in gaps:
        gone = "".join(parts[first : last + 1])
        told = markers.gap(first + 1, last + 1, f"{len(gone.split())} words of plain text", "sentences")
        out += [*parts[at:first], told, _blank_behind(gone)]
        at = last + 1
    return "".join([*out, *parts[at:]])


def find_cut(original: str, line: str) -> Cut | None:
    """How `line` is `original` with whole sentences left out; None if it is not."""
    if "[sentence" not in line:
        return None
    parts, at, place, sourced = sentences(original), 0, 0, False
    for gap in _GAP.finditer(line):
        first = int(gap["first"])
        last = int(gap["last"] or first)
        if not at < first <= last <= len(parts) or line[place : gap.start()] != "".join(parts[at : first - 1]):
            return None
        if gap["blank"] != _blank_behind(parts[last - 1]):
            return None
        at, place, sourced = last, gap.end(), sourced or gap["source"] is not None
    return Cut(sourced) if place and line[place:] == "".join(parts[at:]) else None


def has_cuts(text: str) -> bool:
    """Whether sentences of `text` were left out before: a marker stands behind as many sentences as it says.

    A marker form that content quotes, at some other place, is not one.
    """
    if "[sentence" not in text:
        return False
    lines = (line for line in text.split("\n") if "[sentence" in line)
    found = ((line, gap) for line in lines if (gap := _GAP.search(line)))
    return any(len(sentences(line[: gap.start()])) == int(gap["first"]) - 1 for line, gap in found)


def _blank_behind(text: str) -> str:
    return text[len(text.rstrip()) :]
