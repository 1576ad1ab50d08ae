"""Line-number gutters of file-reading tools: one header for a run of lines instead of a number on each.

Agents edit by exact text, so the text of every line stands alone and unbroken; the header tells the number of the
first and the last line and shows the gutter that was left out. So that a reader need not count far, an empty line
keeps its number now and then: no line that holds text ever does.

    `     1→import os`            [lines 1-480; numbers ("     1→") only on some empty lines]
    `     2→`                     import os
    `     3→def main():`     →    <empty>
    ...                           def main():

The header and the numbers kept on empty lines give the original back character by character.
Known limitations: `nl` without `-ba` leaves empty lines unnumbered, so its runs are short and mostly stay. A gutter
`12:` stays: grep and viewers write it whose users then edit by line number, and where all lines of a run are indented,
nobody can tell whether a blank behind the colon belongs to the gutter or to the line.
"""

import re
from itertools import islice

from transforms.contract import Block, Kind
from transforms.folding import Folding
from transforms.routing.sample import same_cells

_GUTTER = re.compile(r"(?P<lead>L?)(?P<digits> {0,11}+\d{1,9}+)(?P<mark>→|\t|: | ?\| | ?│ |\||│)")
_HEADER_MARK = '; numbers ("'
_HEADER = re.compile(r'\[lines (\d{1,9})-(\d{1,9}); numbers \("([^"\n]+)"\) (?:left out|only on some empty lines)\]')
_HEADER_LINE = re.compile(rf"^{_HEADER.pattern}$", re.MULTILINE)
_CELL_MARKS = ("\t", "|", " | ")
_MIN_RUN = 10
"""Lines; a header costs about 18 tokens, a number on a line 2 or 3."""
_STRIDE = 40
"""Lines between two numbers that stay, where there are empty lines: costs 1 % of a source file's tokens."""


class LineGutter(Folding):
    """Consecutive line numbers, told once."""

    name = "line_gutter"
    kinds = frozenset({Kind.CODE, Kind.PROSE, Kind.TEXT, Kind.MARKUP, Kind.LOG})
    lines_stand_alone = True

    def fold(self, block: Block) -> str | None:
        """Every run of 10 or more numbered lines without its numbers; None when there is no such run."""
        if _HEADER_MARK in block.text and _HEADER_LINE.search(block.text):
            return None
        lines = block.text.split("\n")
        out: list[str] = []
        at = copied = 0
        while at < len(lines):
            first = _GUTTER.match(lines[at])
            if first is None:
                at += 1
                continue
            gutters = _run(lines, at, first)
            end = at + len(gutters)
            if len(gutters) >= _MIN_RUN and not _are_ids(lines[at:end], first):
                out += lines[copied:at]
                out += _without_numbers(lines[at:end], gutters)
                copied = end
            at = max(end, at + 1)
        return "\n".join(out + lines[copied:]) if copied else None

    def unfold(self, text: str) -> str | None:
        """None without a header, or when one contradicts itself or promises more lines than there are."""
        lines = text.split("\n")
        out: list[str] = []
        at = 0
        while at < len(lines):
            header = _HEADER.fullmatch(lines[at]) if _HEADER_MARK in lines[at] else None
            template = _template(header[3]) if header else None
            if header and template and template % int(header[1]) != header[3]:
                return None
            if header is None or template is None:
                out.append(lines[at])
                at += 1
                continue
            first, last = int(header[1]), int(header[2])
            body = lines[at + 1 : at + 2 + last - first]
            if not first <= last < first + len(body):
                return None
            gutters = [template % number for number in range(first, last + 1)]
            out += [
                gutter + line if len(line) > len(gutter) or line not in (gutter, gutter.rstrip()) else line
                for gutter, line in zip(gutters, body, strict=True)
            ]
            at += 1 + len(body)
        return "\n".join(out) if len(out) < len(lines) else None


def _template(gutter: str) -> str | None:
    """How the tool that wrote `gutter` (`   120→`, `00120| `, `L120: `) writes any line's number: a `%` format."""
    match = _GUTTER.fullmatch(gutter)
    if match is None or (match["mark"] == ": " and not match["lead"]):
        return None
    width = len(match["digits"])
    fill = "0" if match["digits"].startswith("0") and width > 1 else ""
    return f"{match['lead']}%{fill}{width}d{match['mark']}"


def _run(lines: list[str], start: int, first: re.Match[str]) -> list[str]:
    """The gutters of the lines that continue the numbering begun by `first` in line `start`."""
    template, number = _template(first[0]), int(first["digits"])
    gutters: list[str] = []
    if template is None:
        return gutters
    for line in islice(lines, start, None):
        gutter = template % (number + len(gutters))
        if not line.startswith(gutter) and line != gutter.rstrip():
            break
        gutters.append(gutter)
    return gutters


def _are_ids(lines: list[str], first: re.Match[str]) -> bool:
    """Whether the numbers are the first column of a table: as wide as they need be, and followed by as many cells."""
    unpadded = first["digits"] == str(int(first["digits"])) and not first["lead"]
    return unpadded and first["mark"] in _CELL_MARKS and same_cells(lines, first["mark"], 0.8)


def _without_numbers(lines: list[str], gutters: list[str]) -> list[str]:
    """The header for `lines`, which are one run, and their text; some empty ones keep their number."""
    text = list(map(str.removeprefix, lines, gutters))
    empty = [at for at, (line, gutter) in enumerate(zip(lines, gutters, strict=True)) if len(line) <= len(gutter)]
    shown, sparse = 0, False
    for at in empty:
        if lines[at] != gutters[at] or at - shown >= _STRIDE:
            text[at], shown, sparse = lines[at], at, True
    first = int("".join(filter(str.isdigit, gutters[0])))
    where = "only on some empty lines" if sparse else "left out"
    return [f'[lines {first}-{first + len(lines) - 1}; numbers ("{gutters[0]}") {where}]', *text]
