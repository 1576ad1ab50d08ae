"""The drawing of `tree`, written as indentation and drawn again.

Contract: pure, linear in the lines for trees of bounded depth, never raises. Only the lines of the drawing change.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Style:
    """The characters a tree is drawn with, each four wide."""

    legend: str
    bar: str
    """Below an entry that has another one after it."""
    branch: str
    last: str

    def depths(self, text: str) -> list[int]:
        """How deep the entry of each line is; 0 for a line that is none."""
        entry = f"^((?:{re.escape(self.bar)}|{_BLANK})*+(?:{re.escape(self.branch)}|{re.escape(self.last)}))?+.*+$"
        return [len(stems) // 4 for stems in re.findall(entry, text, re.MULTILINE)]


_BLANK = "    "
_STYLES = (
    Style("[tree, indented]", "│\xa0\xa0 ", "├── ", "└── "),
    Style("[tree, indented; drawn with blanks]", "│   ", "├── ", "└── "),
    Style("[tree, indented; drawn in ASCII]", "|   ", "|-- ", "`-- "),
)
_INDENT = re.compile(r"^((?:  )++(?=\S))?+.*+$", re.MULTILINE)
_FEWEST = 5


def encode_tree(text: str) -> str | None:
    """The entries indented by two blanks for each level, below a legend; None if `text` draws no tree."""
    drawn = [(style, style.depths(text)) for style in _STYLES if style.branch in text or style.last in text]
    if not drawn:
        return None
    best, depths = min(drawn, key=lambda drawn: drawn[1].count(0))
    if len(depths) - depths.count(0) < _FEWEST:
        return None
    rows = ["  " * depth + line[4 * depth :] for depth, line in zip(depths, text.split("\n"), strict=True)]
    return "\n".join([best.legend, *rows])


@lru_cache(maxsize=1)
def decode_tree(text: str) -> str | None:
    """The tree drawn again; None if `text` does not start with a legend of ours.

    Remembered: it is tried before a tree is given out, and the proof asks again.
    """
    legend, _, body = text.partition("\n")
    style = next((style for style in _STYLES if style.legend == legend), None)
    if style is None:
        return None
    depths = [len(indent) // 2 for indent in _INDENT.findall(body)]
    return "\n".join(_drawn(style, body.split("\n"), depths))


def _drawn(style: Style, lines: Sequence[str], depths: Sequence[int]) -> list[str]:
    """From the last line up: an entry is the last one of its folder if no other was met below it since."""
    later = ""
    """By level, `+` where an entry of the folder that is open there stands further below, else `-`."""
    stems: dict[str, str] = {}
    out = []
    for line, depth in zip(reversed(lines), reversed(depths), strict=True):
        if not depth:
            later = ""
            out.append(line)
            continue
        later = later[:depth] if len(later) >= depth else later.ljust(depth, "-")
        if later not in stems:
            above = "".join(style.bar if more == "+" else _BLANK for more in later[:-1])
            stems[later] = above + (style.branch if later[-1] == "+" else style.last)
        out.append(stems[later] + line[2 * depth :])
        later = f"{later[:-1]}+"
    return out[::-1]
