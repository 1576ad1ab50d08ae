"""The lines of a log that name what the question or the call names by a number: a request, a block, a host.

Contract: pure; one search of the text for each name. Lines are counted from 0.
"""

import re
from functools import lru_cache
from itertools import islice

from transforms.contract import Block
from transforms.lossy.focus import ASKED
from transforms.occurrences import Occurrences

_NAME = re.compile(r"[\w.:/@-]*\d[\w.:/@-]*\w")
_SHORTEST = 5
_MOST = 40
_COMMON = 50
"""A name on more lines than this names everything and so nothing."""


@lru_cache(maxsize=16)
def names_asked_for(question: str) -> tuple[str, ...]:
    """The names with a digit in `question`, each once. The last ones are remembered: every part of a text asks."""
    found = (match[0] for match in _NAME.finditer(question[-ASKED:]))
    return tuple(name for name in dict.fromkeys(found) if len(name) >= _SHORTEST)[:_MOST]


def lines_asked_for(block: Block) -> frozenset[int]:
    """The lines of the block's text with a name of the question or of the call's arguments."""
    found, named = Occurrences(block.text), set[int]()
    for name in names_asked_for(f"{block.call.arguments[:ASKED]} {block.question[-ASKED:]}"):
        places = [*islice(found.lines_with(name), _COMMON + 1)]
        if len(places) <= _COMMON:
            named.update(places)
    return frozenset(named)
