"""JSON whose end is missing, as `head` and the limits of tools leave it.

    [{"id":1,"to":"A"},{"id":2,"to":"B   ->   [{"id":1,"to":"A"},{"id":2}], `}]` missing, then began `"to":"B`

What is whole is read as JSON once the brackets are closed; the rest, and that they are missing, is told on a last line.
"""

import re
from dataclasses import dataclass

_STEP = re.compile(r'(?:[^"{}\[\],]++|"(?:[^"\\]++|\\.)*+")*+(?P<mark>[{}\[\],])', re.DOTALL)
"""Up to the next bracket or comma that stands in no string."""
_CLOSING = {"{": "}", "[": "]"}
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?+|[^\s"]++', re.DOTALL)
_BEGUN = re.compile(
    r'(?:[{\[]|"(?:[^"\\\x00-\x1f]++|\\.)*+":)*+'
    r'(?:"(?:[^"\\\x00-\x1f]++|\\.)*+["\\]?+|[-+.0-9eE]++|[a-zA-Z]{1,8})?'
)
_LINE = re.compile(
    r"\n\(cut off here(?:, before the closing (?P<missing>[\]}]+))?(?:; then began: (?P<begun>[^\n]+))?\)\Z"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """What is known of the end that is missing."""

    missing: str
    """The brackets that were not closed, innermost first."""
    begun: str
    """What stands behind the last whole value: brackets, keys and the beginning of a value, without blanks."""

    def __str__(self) -> str:
        missing = f", before the closing {self.missing}" if self.missing else ""
        begun = f"; then began: {self.begun}" if self.begun else ""
        return f"(cut off here{missing}{begun})"


def cut_off(text: str) -> tuple[str, Cut] | None:
    """The text up to its last whole value, and what is known of the rest; None for what is no beginning of JSON.

    Whether the first is JSON, once its brackets are closed, is not looked at.
    """
    open_brackets: list[str] = []
    at = end = depth = 0
    while (step := _STEP.match(text, at)) is not None:
        at, mark = step.end(), step["mark"]
        if mark in _CLOSING:
            open_brackets.append(_CLOSING[mark])
        elif mark == ",":
            end, depth = at - 1, len(open_brackets)
        elif open_brackets and open_brackets.pop() == mark:
            end, depth = at, len(open_brackets)
        else:
            return None
    begun = "".join(_TOKEN.findall(text[end:].lstrip(" \t\r\n,").rstrip("\r\n")))
    missing = "".join(reversed(open_brackets[:depth]))
    if not end or not (missing or begun) or not _BEGUN.fullmatch(begun):
        return None
    return text[:end], Cut(missing, begun)


def told(body: str) -> tuple[str, Cut | None]:
    """A document without its last line, where that tells of a cut, and what it tells."""
    line = _LINE.search(body) if body.endswith(")") else None
    if line is None:
        return body, None
    return body[: line.start()], Cut(line["missing"] or "", line["begun"] or "")
