"""`git blame` with the commit of a line said where it changes.

    d4812e58 (Ada 2026-11-20 21:30:57 +0000  9) import re        d4812e58 (Ada 2026-11-20 21:30:57 +0000  9) import re
    d4812e58 (Ada 2026-11-20 21:30:57 +0000 10)            →     10)
    1f0c77ab (Bob 2026-11-21 08:02:11 +0000 11) X = 1            1f0c77ab (Bob 2026-11-21 08:02:11 +0000 11) X = 1
    d4812e58 (Ada 2026-11-20 21:30:57 +0000 12) Y = 2            d4812e58 12) Y = 2

Code stays as it is. Contract: lossless to the character.
Known limitation: lines of authors with brackets in their names stay whole.
"""

import re
from collections.abc import Iterator

from transforms.contract import Block, Kind
from transforms.folding import Folding

_LEGEND = "[blame, folded: no hash: as the line above; a hash alone: as its first line]"
_WHOLE = re.compile(r"((\^?[0-9a-f]{7,40}) [^()\n]*\([^()\n]*?)( +\d+)(\).*)")
_SHORT = re.compile(r"(?:(\^?[0-9a-f]{7,40}) )?(\d+)(\).*)")
_FEWEST = 8


class BlameFolder(Folding):
    """Says who wrote what once for all lines of a commit that follow one another."""

    name = "blame_folder"
    kinds = frozenset({Kind.CODE})

    def fold(self, block: Block) -> str | None:
        """The blame below a legend; None if the text does not begin as one."""
        lines = block.text.split("\n")
        if sum(map(bool, map(_WHOLE.fullmatch, lines[:_FEWEST]))) < _FEWEST:
            return None
        return "\n".join([_LEGEND, *_folded(lines)])

    def unfold(self, text: str) -> str | None:
        """None for a text without the legend."""
        legend, _, body = text.partition("\n")
        return "\n".join(_unfolded(body.split("\n"))) if legend == _LEGEND else None


def _folded(lines: list[str]) -> Iterator[str]:
    heads: dict[str, str] = {}
    above = ""
    for line in lines:
        parts = _WHOLE.fullmatch(line)
        if parts is None:
            above = ""
            yield line
            continue
        head, commit, number, code = parts.groups()
        short = number.lstrip() + code
        if head == above:
            yield short
        elif heads.setdefault(commit, "") == head:
            yield f"{commit} {short}"
        else:
            heads[commit] = heads[commit] or head
            yield line
        above = head


def _unfolded(lines: list[str]) -> Iterator[str]:
    heads: dict[str, str] = {}
    above, width = "", 0
    for line in lines:
        if whole := _WHOLE.fullmatch(line):
            above, width = whole[1], len(whole[3])
            heads.setdefault(whole[2], above)
            yield line
            continue
        short = _SHORT.fullmatch(line)
        above = (heads.get(short[1], "") if short[1] else above) if short else ""
        yield f"{above}{short[2]:>{width}}{short[3]}" if short and above else line
