"""Reports of linters and compilers said by file: the path once, then its lines as `12:5: message`.

    src/app.py:1:1: F401 'os' imported but unused        [grouped by file]
    src/app.py:40:80: E501 line too long             →   src/app.py:
    src/web.ts(12,5): error TS2304: Cannot find 'x'.     1:1: F401 'os' imported but unused
                                                         40:80: E501 line too long
                                                         src/web.ts(12,5): error TS2304: Cannot find 'x'.

The form is that of search results (`transforms.search.path_grouper`); ESLint's tables have their own
(`transforms.search.stylish`). Rare errors among warnings stay whole, as do stacks and single places in the output of
tests: only a text that is a list of places is grouped.
Contract: lossless to the character.
"""

import re

from transforms.contract import Block, Kind
from transforms.folding import Folding
from transforms.search import stylish
from transforms.search.groups import grouped, ungrouped
from transforms.search.paths import Place, places

_ERROR = re.compile(r"(?:\d{1,9}(?:: ?| - )|[\d,]{0,20}\): )? ?(?:fatal )?error\b[^:\n]{0,20}: ")
"""What follows the number of a line."""
_FEWEST = 8
_LEAST_SHARE = 0.3
"""Of the lines: a compiler's excerpts and notes may stand between the places."""


class ReportGrouper(Folding):
    """Says each path of a linter's or compiler's report once."""

    name = "report_grouper"
    kinds = frozenset({Kind.TEST})

    def fold(self, block: Block) -> str | None:
        """The grouped form; None where the text is no list of places, or is folded already."""
        if (tables := stylish.encode(block.text)) is not None:
            return tables
        lines = block.text.split("\n")
        found = [place if place and place.number else None for place in places(lines)]
        told = sum(place is not None for place in found)
        if told < _FEWEST or told < _LEAST_SHARE * len(lines) or lines[0].startswith("["):
            return None
        _leave_whole(found)
        return grouped(lines, found)

    def unfold(self, text: str) -> str | None:
        """None for a text without a legend of ours."""
        lines = ungrouped(text)
        return stylish.decode(text) if lines is None else "\n".join(lines)


def _leave_whole(found: list[Place | None]) -> None:
    """Take out, in place, what is called an error, where that is rare: such a line is quoted as it stands."""
    errors = [at for at, place in enumerate(found) if place and _ERROR.match(place.rest)]
    if stylish.are_rare(errors, len(found)):
        for at in errors:
            found[at] = None
