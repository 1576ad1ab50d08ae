"""The way back to an original: the handle that a marker carries, and how a call that follows one is told."""

import re

from addon.setting_values import Retrieve
from addon.store.ledger import Decision
from addon.store.originals import Originals, named_in
from addon.web.exchange import HOST
from transforms.call import Call

TOOLS = ("headroom_retrieve", "headroom_stats", "headroom_explain")
"""Our MCP tools. Clients put the server's name before them, in ways of their own."""
_WAY = re.compile(r"originals|/o/[0-9]")
"""The folder of their files, and their page. A bare number of as many digits may be somebody else's: an account's."""
_OUR_TOOL = re.compile(rf"(?:.*[^a-z])?(?:{'|'.join(TOOLS)})")


def handle(originals: Originals, text: str, by: Retrieve) -> str:
    """What a marker says of where `text` will be. Raises OSError when no id can be made for it."""
    original = originals.id_of(text)
    ways = [str(originals.path_of(original))] if by is not Retrieve.URL else []
    if by is not Retrieve.FILE:
        ways.append(f"http://{HOST}/o/{original}")
    return " or ".join(ways)


def originals_of(decision: Decision) -> frozenset[str]:
    """The ids of the originals that a decision's markers lead to."""
    if not decision.is_lossy:
        return frozenset()
    return frozenset(original for original, _ in decision.omitted)


def asks_us(call: Call, originals: Originals) -> bool:
    """Whether a call asks for an original or for anything else of ours: by file, address, id or tool."""
    if _OUR_TOOL.fullmatch(call.tool) or HOST in call.arguments:
        return True
    ids = named_in(call.arguments)
    if ids and _WAY.search(call.arguments):
        return True
    return any(originals.source_of(original) is not None for original in ids)
