"""Search results said by file: the path once, then its lines as `12:text`.

    src/app.py:12:import os            [grouped by file]
    src/app.py:40:os.environ["A"]  →   src/app.py:
    src/app.py:52:os.environ["A"]      12:import os
                                       40,52:os.environ["A"]

A line below a heading is the original line without its path; equal texts of one file share a line. A file with a
single line keeps it as it was, and so does all that is no match: headers, `--`, messages, markers, in their places.
Contract: lossless to the character.
"""

import re
from collections.abc import Sequence

from transforms.contract import Block, Kind
from transforms.folding import Folding
from transforms.search.groups import Form, grouped, ungrouped
from transforms.search.paths import Place, match_of, places

_TOOL_LEGEND = '["12:" stands for "  Line 12:"]'
_TOOL_LINE = re.compile(r"^  Line (\d{1,9}):", re.MULTILINE)
"""As OpenCode's grep writes matches below their file: https://github.com/sst/opencode/blob/dev/packages/opencode/src/tool/grep.ts"""
_SHORT_LINE = re.compile(r"^(\d{1,9}):", re.MULTILINE)
_FEWEST_TOOL_LINES = 6
_SAME = re.compile(r"\[same text as ([^\n]+:\d{1,9})\]")
_LONG_TEXT = 160
"""Characters of a match from which a repetition is worth naming the place of the first: a path is 10 to 30 tokens."""


class PathGrouper(Folding):
    """Says each path of search results once, and a long text that several files hold in full once.

    Known limitation: results that come by heading already (`rg --heading`) have nothing to fold, and the paths
    of files with one match each stay as they are, because a path is never split.
    """

    name = "path_grouper"
    kinds = frozenset({Kind.SEARCH})

    def fold(self, block: Block) -> str | None:
        """The grouped form; None if there is nothing to group, or if the text has a legend of ours."""
        text = block.text
        legend = text.partition("\n")[0]
        if legend == _TOOL_LEGEND or Form.named(legend):
            return None
        if "  Line " in text and len(_TOOL_LINE.findall(text)) >= _FEWEST_TOOL_LINES and not _SHORT_LINE.search(text):
            return f"{_TOOL_LEGEND}\n" + _TOOL_LINE.sub(r"\1:", text)
        lines = text.split("\n")
        found = places(lines)
        if not any(found):
            return None
        referring = _refer(lines, found)
        return grouped(lines, found, always=referring)

    def unfold(self, text: str) -> str | None:
        """None for a text without a legend of ours in its first line."""
        legend, _, body = text.partition("\n")
        if legend == _TOOL_LEGEND:
            return _SHORT_LINE.sub(r"  Line \1:", body)
        lines = ungrouped(text)
        if lines is None:
            return None
        return "\n".join(_resolve(lines) if "[same text as " in body else lines)


def _refer(lines: list[str], found: list[Place | None]) -> bool:
    """Replace, in place, long texts that a file above holds in full by the place where they stand first."""
    texts: dict[str, Place] = {}
    taken: set[str] = set()
    referring = False
    for at, place in enumerate(found):
        if place is None or len(place.rest) < _LONG_TEXT or place.mark != ":" or not place.number:
            continue
        first = texts.get(place.rest)
        key = f"{place.path}:{place.number}"
        if first is None and key not in taken:
            texts[place.rest] = place
            taken.add(key)
        elif first is not None and first.path != place.path:
            found[at] = short = place._replace(rest=f"[same text as {first.path}:{first.number}]")
            lines[at] = short.line
            referring = True
    return referring


def _resolve(lines: Sequence[str]) -> list[str]:
    """The inverse of `_refer`."""
    texts: dict[str, str] = {}
    out = []
    for line in lines:
        place = match_of(line)
        if place is not None and (same := _SAME.fullmatch(place.rest)) and same[1] in texts:
            line = place._replace(rest=texts[same[1]]).line
        elif place is not None and len(place.rest) >= _LONG_TEXT:
            texts.setdefault(f"{place.path}:{place.number}", place.rest)
        out.append(line)
    return out
