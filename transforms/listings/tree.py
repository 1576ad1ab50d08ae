"""The drawing of `tree`, written as indentation and drawn again.

Contract: pure, linear in the lines for trees of bounded depth, never raises. Only the lines of the drawing change.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """The characters a tree is drawn with, each four wide."""

    legend: str
    bar: str
    """Below an entry that has another one after it."""
    branch: str
    last: str

    def depth(self, line: str) -> int:
        """How deep the entry of `line` is; 0 for a line that is none."""
        at = 0
        while line.startswith((self.bar, _BLANK), at):
            at += 4
        return at // 4 + 1 if line.startswith((self.branch, self.last), at) else 0


_BLANK = "    "
_STYLES = (
    Style("[tree, indented]", "│\xa0\xa0 ", "├── ", "└── "),
    Style("[tree, indented; drawn with blanks]", "│   ", "├── ", "└── "),
    Style("[tree, indented; drawn in ASCII]", "|   ", "|-- ", "`-- "),
)
_INDENTED = re.compile(r"(?:  )+(?=\S)")
_FEWEST = 5


def encode_tree(text: str) -> str | None:
    """The entries indented by two blanks for each level, below a legend; None if `text` draws no tree."""
    if "-- " not in text and "── " not in text:
        return None
    lines = text.split("\n")
    best = max(_STYLES, key=lambda style: sum(1 for line in lines if style.depth(line)))
    depths = [best.depth(line) for line in lines]
    if sum(1 for depth in depths if depth) < _FEWEST:
        return None
    rows = ["  " * depth + line[4 * depth :] for depth, line in zip(depths, lines, strict=True)]
    return "\n".join([best.legend, *rows])


def decode_tree(text: str) -> str | None:
    """The tree drawn again; None if `text` does not start with a legend of ours."""
    legend, _, body = text.partition("\n")
    style = next((style for style in _STYLES if style.legend == legend), None)
    if style is None:
        return None
    lines = body.split("\n")
    found = [_INDENTED.match(line) for line in lines]
    return "\n".join(_drawn(style, lines, [len(m[0]) // 2 if m else 0 for m in found]))


def _drawn(style: Style, lines: Sequence[str], depths: Sequence[int]) -> list[str]:
    """From the last line up: an entry is the last one of its folder if no other was met below it since."""
    later: list[bool] = []
    """By level, whether an entry of the folder that is open there stands further below."""
    out = []
    for line, depth in zip(reversed(lines), reversed(depths), strict=True):
        if not depth:
            later.clear()
            out.append(line)
            continue
        del later[depth:]
        later += [False] * (depth - len(later))
        stems = "".join(style.bar if more else _BLANK for more in later[:-1])
        out.append(f"{stems}{style.branch if later[-1] else style.last}{line[2 * depth :]}")
        later[-1] = True
    return out[::-1]
