"""The lines of a log that name what the question or the call names by a number: a request, a block, a host.

Contract: pure; one search of the text for each name. Lines are counted from 0.
"""

import re
from bisect import bisect_right
from itertools import accumulate

from transforms.contract import Block

_NAME = re.compile(r"[\w.:/@-]*\d[\w.:/@-]*\w")
_SHORTEST = 5
_MOST = 40
_COMMON = 50
"""A name on more lines than this names everything and so nothing."""
_ASKED = 20_000
"""Characters of a question that are looked at, from its end."""


def names_asked_for(question: str) -> list[str]:
    """The names with a digit in `question`, each once."""
    found = (match[0] for match in _NAME.finditer(question[-_ASKED:]))
    return [name for name in dict.fromkeys(found) if len(name) >= _SHORTEST][:_MOST]


def lines_asked_for(block: Block) -> frozenset[int]:
    """The lines of the block's text with a name of the question or of the call's arguments."""
    text, named = block.text, set[int]()
    ends: list[int] = []
    for name in names_asked_for(f"{block.call.arguments[:_ASKED]} {block.question[-_ASKED:]}"):
        at, places = text.find(name), set[int]()
        while at >= 0 and len(places) <= _COMMON:
            ends = ends or list(accumulate(len(line) + 1 for line in text.split("\n")))
            line = bisect_right(ends, at)
            places.add(line)
            at = text.find(name, ends[line])
        if len(places) <= _COMMON:
            named |= places
    return frozenset(named)
