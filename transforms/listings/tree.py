"""The drawing of `tree`, written as indentation and drawn again.

Contract: pure, linear in the lines for trees of bounded depth, never raises. Only the lines of the drawing change.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Style:
    """The characters a tree is drawn with."""

    legend: str
    bar: str
    """Below an entry that has another one after it."""
    branch: str
    last: str
    above: str = "─"
    """The third sign of a branch whose entry has others in it."""

    @property
    def blank(self) -> str:
        """Below the last entry of a folder."""
        return " " * len(self.bar)

    def depths(self, text: str) -> list[int]:
        """How deep the entry of each line is; 0 for a line that is none."""
        branches = "|".join(re.escape(form) for own in (self.branch, self.last) for form in (own, self.parent(own)))
        entry = f"^((?:{re.escape(self.bar)}|{self.blank})*+(?:{branches}))?+.*+$"
        return [self.depth(len(stems)) for stems in re.findall(entry, text, re.MULTILINE)]

    def depth(self, width: int) -> int:
        """Of an entry behind stems of this width."""
        return (width - len(self.branch)) // len(self.bar) + 1 if width else 0

    def width(self, depth: int) -> int:
        """Of the stems before an entry of this depth."""
        return (depth - 1) * len(self.bar) + len(self.branch) if depth else 0

    def parent(self, branch: str) -> str:
        """The branch to an entry that has others in it."""
        return branch.replace("── ", f"─{self.above} ")


_STYLES = (
    Style("[tree, indented]", "│\xa0\xa0 ", "├── ", "└── "),
    Style("[tree, indented; drawn with blanks]", "│   ", "├── ", "└── "),
    Style("[tree, indented; drawn in ASCII]", "|   ", "|-- ", "`-- "),
    Style("[tree, indented; drawn as npm does]", "│ ", "├── ", "└── ", "┬"),
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
    rows = ["  " * depth + line[best.width(depth) :] for depth, line in zip(depths, text.split("\n"), strict=True)]
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
    below = 0
    out = []
    for line, depth in zip(reversed(lines), reversed(depths), strict=True):
        holds, below = below > depth, depth
        if not depth:
            later = ""
            out.append(line)
            continue
        later = later[:depth] if len(later) >= depth else later.ljust(depth, "-")
        if later not in stems:
            above = "".join(style.bar if more == "+" else style.blank for more in later[:-1])
            stems[later] = above + (style.branch if later[-1] == "+" else style.last)
        stem = stems[later]
        out.append((style.parent(stem) if holds else stem) + line[2 * depth :])
        later = f"{later[:-1]}+"
    return out[::-1]
