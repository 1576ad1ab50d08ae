"""The line above a page that was read: it names what went.

Contract: pure, linear in the text, never raises.
"""

import re

_OMITTED = "[page markup omitted: "
_NOTE = re.compile(
    rf"^{re.escape(_OMITTED)}\d+ kB of tags, scripts and styles; "
    r"links stand as <address> or \(/path\) behind their text\]$",
    re.MULTILINE,
)


def note(dropped: int) -> str:
    """The line for a page that lost so many characters."""
    size = f"{round(dropped / 1000)} kB of tags, scripts and styles"
    return f"{_OMITTED}{size}; links stand as <address> or (/path) behind their text]"


def is_note(line: str) -> bool:
    """Whether `line` is such a line."""
    return _NOTE.fullmatch(line) is not None


def is_read(text: str) -> bool:
    """Whether `text` holds such a line."""
    return _OMITTED in text and _NOTE.search(text) is not None
