"""Fences: text of several lines stands as it is between lines of quotes, as in Python and TOML.

The fence is the shortest run of three or more quotes that no line of the content starts with, so the first line
that starts with it ends the content. Content of a fence may be a string, or JSON that a string holds.
"""

import re
from collections.abc import Iterable

from transforms.records.tree import COMPACT, Style, Tree, dumps, dumps_styled, parse

_RUN = re.compile(r'^"{3,}', re.MULTILINE)
_UNPRINTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\ud800-\udfff]")
_MIN_LINES = 3
MIN_FENCED = 120
"""Characters; shorter text is quoted."""
_INDENT = re.compile(r"[\[{]\n([ \t]+)")

_SPACED = Style(", ", ": ")
STYLES = {
    "json": COMPACT,
    "json-spaced": _SPACED,
    "json-indent1": Style(",", ": ", " "),
    "json-indent2": Style(",", ": ", "  "),
    "json-indent3": Style(",", ": ", "   "),
    "json-indent4": Style(",", ": ", "    "),
    "json-tabs": Style(",", ": ", "\t"),
    "json-ascii": Style(",", ":", ascii=True),
    "json-spaced-ascii": Style(", ", ": ", ascii=True),
    "json-indent2-ascii": Style(",", ": ", "  ", ascii=True),
    "json-indent4-ascii": Style(",", ": ", "    ", ascii=True),
}
"""Spacing of JSON in a string, by the word the fence opens with: the string is written again from it, exactly."""

FENCE_KINDS = r"json[a-z0-9-]*"
"""Words that say that a fence holds the JSON of a string, as a pattern."""


def fence(content: str, kind: str = "") -> str:
    """`content` between two fences; `kind` follows the first."""
    longest = max((len(run) for run in _RUN.findall(content)), default=2)
    quotes = '"' * (longest + 1)
    return f"{quotes}{kind}\n{content}\n{quotes}"


def unfence(lines: list[str], at: int, quotes: str) -> tuple[str, int]:
    """The content that starts at line `at`, and the number of the line that ends it.

    Raises IndexError when no line does.
    """
    end = at
    while not lines[end].startswith(quotes):
        end += 1
    return "\n".join(lines[at:end]), end


def many_lines(text: str) -> bool:
    """Whether `text` reads better, and shorter, as lines than as one JSON string."""
    return len(text) >= MIN_FENCED and text.count("\n") >= _MIN_LINES and not _UNPRINTED.search(text)


def embedded(text: str) -> tuple[str, Tree] | None:
    """The JSON that `text` holds and the name of its style, when the text can be written again from the two."""
    if len(text) < MIN_FENCED or text[0] not in "[{" or text[-1] not in "]}":
        return None
    try:
        tree = parse(text)
    except (ValueError, RecursionError):
        return None
    return next(((name, tree) for name in _candidates(text) if spell(tree, name) == text), None)


def spell(tree: Tree, name: str) -> str:
    """`tree` as JSON in one of the STYLES. Raises KeyError for another name."""
    return dumps(tree) if name == "json" else dumps_styled(tree, STYLES[name])


def _candidates(text: str) -> Iterable[str]:
    indent = _INDENT.match(text)
    unit = indent[1] if indent else ""
    escaped = "\\u" in text
    return (name for name, style in STYLES.items() if style.indent == unit and escaped >= style.ascii)
