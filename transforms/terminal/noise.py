r"""Terminal noise: colour codes, cursor codes, over-struck letters and overwritten progress frames.

    `\x1b[31mERROR\x1b[0m disk full`       →  `ERROR disk full`
    ` 10%\r 20%\r100% done`                →  `100% done`
    `N\bNA\bAM\bME\bE`                     →  `NAME`

A frame goes only when the program erased it, or when a later one on the same line covers it whole and both are
frames of one progress display. The last frame that names a failure stays in any case.
A link (OSC 8) keeps its text, and its address too unless that names a local file. Blanks at the end of a line go
only after frames: programs pad to erase. Other trailing blanks and empty lines stay, they may be content.

A text with an uncoloured diff header keeps its codes: there they are content of the files compared. So does one with
a code that was cut off before another code.
Known limitation: displays redrawn over several lines (cursor up) lose their codes, not their earlier frames; lines
that place text by column stay as they are.
"""

import re

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.terminal.screen import screen_line

_MARKS = ("\x1b", "\x08", "\r")
_CONTROL = re.compile(r"[\x1b\x08]|\r(?![\r\n])")
"""What makes a text or a line worth a look; `\\r\\n` is a line end. One of `_MARKS` stands in it."""
_PLAIN_DIFF = re.compile(r"^(?:diff --git |@@ -\d)", re.MULTILINE)
_LINK = re.compile(
    r"\x1b\]8;[^;\x07\x1b\n]*+;(?P<address>[^\x07\x1b\n]++)(?:\x07|\x1b\\)"
    r"(?P<text>(?:[^\x07\x1b\n]|\x1b\[)*+)\x1b\]8;;(?:\x07|\x1b\\)"
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*+m")
_COLUMN_ONE = re.compile(r"\x1b\[[01]?G")
_FORWARD = re.compile(r"\x1b\[(1?\d{0,2})C")
_ERASE = re.compile(r"\x1b\[([02]?)K")
_PLACED = re.compile(r"\x1b\[\d*[CD@PX]|\x1b\[\d+G|\x1b\[1K|[^\r\x1b]\x1b\[[\d;]*[ABEFHfd]")
"""Codes after which text stands somewhere else than behind what was written before it."""
_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*+[ !\"$']?[@-JL-~]"  # CSI but for erasing in the line, ECMA-48 5.4
    r"|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)"  # OSC
    r"|[PX^_][^\x07\x1b\n]*+\x1b\\"  # DCS, SOS, PM, APC
    r"|[ -/]++[0-~]"  # character sets
    r"|[=>78cDEHMNOZ]"  # single shifts, keypad modes, save and restore
    r")"
)
_BROKEN = re.compile(r"\x1b(?:\[[ -?]*+|[\]PX^_][^\x07\x1b\n]*+)?\x1b(?!\\)")
"""A code that ends in another one, which would grow together with what stands behind that."""
_STRIKES = [re.compile(rf"[^\x08\r\x1b]{{{n}}}\x08{{{n}}}(?=[^\x08\r\x1b]{{{n}}})") for n in (6, 5, 4, 3, 2, 1)]
"""Characters that the same number of characters is struck over: bold and underlined letters, spinners, percentages."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_FAILURE = re.compile(r"error|warn|fail|fatal|exception|traceback|panic|denied|refused|abort|critical", re.IGNORECASE)
_PROGRESS = re.compile(r"%|\d/\d|--:--|\.\.\.|…|[█-▏░-▓⠀-⣿]|[#=]{3}|it/s|[kKMG]i?B/s|^[-|/\\]$")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


class TerminalNoise:
    """What a terminal acts on or paints over, and a reader never sees."""

    name = "terminal_noise"
    kinds = frozenset(Kind) - {Kind.CODE, Kind.BLOB}
    loss = Loss.NOISE
    lines_stand_alone = True

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The text a terminal would leave standing; None when it holds no codes, or they are content."""
        text = block.text
        if not any(mark in text for mark in _MARKS) or not _CONTROL.search(text) or _PLAIN_DIFF.search(text):
            return None
        if "\x1b" in text:
            if _BROKEN.search(text):
                return None
            text = _COLOUR.sub("", _LINK.sub(_link, text))
        if _CONTROL.search(text):
            text = "\n".join([_settled(line) if _CONTROL.search(line) else line for line in text.split("\n")])
        return None if text == block.text else Rewrite(text)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether a terminal that plays both shows the same, line by line."""
        before, after = _COLOUR.sub("", original).split("\n"), _COLOUR.sub("", rewritten).split("\n")
        if len(before) != len(after) or _BROKEN.search(original):
            return False
        return all(one == two or screen_line(one) == screen_line(two) for one, two in zip(before, after, strict=True))


def _link(match: re.Match[str]) -> str:
    address, text = match["address"], match["text"]
    told = address.startswith("file:") or address in text
    return text if told else f"{text} ({address})"


def _settled(line: str) -> str:
    """One line without the codes that move, erase or over-strike; the line as it is when it places text by column."""
    end = "\r" if line.endswith("\r") else ""
    text = _FORWARD.sub(lambda move: " " * int(move[1] or 1), _COLUMN_ONE.sub("\r", line.removesuffix("\r")))
    if _PLACED.search(text):
        return line
    text = _SEQUENCE.sub("", text)
    if "\x08" in text:
        for strike in _STRIKES:
            text = strike.sub("", text)
    if "\r" not in text:
        return (text if "\x1b[2K" in text else _ERASE.sub("", text)) + end
    return _standing(text.split("\r"), _FAILURE.search(text) is not None) + end


def _drawn(frame: str) -> str:
    """What a frame with erasing codes draws: erasing the whole line wipes the frame's own start too."""
    start, code, rest = frame.rpartition("\x1b[2K")
    return _ERASE.sub("", " " * len(_ERASE.sub("", start)) + rest if code else frame)


def _standing(pieces: list[str], alarming: bool) -> str:
    """The frames of one line that stay, in their order, with the cursor's returns between them."""
    kept: list[str] = []
    failures = {""}
    below, painted, blanked, wiped = "", 0, 0, False
    for piece in reversed(pieces):
        wipes = "\x1b" in piece  # of all codes, those that erase the line or its end are left
        text = _drawn(piece) if wipes else piece
        width = len(text.rstrip(" \t"))
        if width == 0:
            blanked = max(blanked, len(text))
        else:
            erased = wiped or width <= blanked
            failure = _failure(text) if alarming else ""
            if not (erased or (width <= painted and _alike(text, below))) or failure not in failures:
                kept += ["\r\x1b[K" if erased else "\r", text]
                painted, below = max(painted, len(text)), text
            failures.add(failure)
        wiped = wiped or wipes
    if not kept:
        return ""
    return "".join([kept[1].rstrip(" \t"), *kept[2:]][::-1])


def _alike(frame: str, later: str) -> bool:
    """Whether both are frames of one display: a measure of progress or the same letters, and the same first word."""
    word = _WORD.search(frame)
    if _PROGRESS.search(frame):
        if word is None:
            return True
        other = _WORD.search(later)
        return other is not None and other[0] == word[0]
    return word is not None and _letters(frame) == _letters(later)


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text)


def _failure(frame: str) -> str:
    """What a frame says, its numbers aside, when it names a failure; else an empty string."""
    return _letters(frame) if _FAILURE.search(frame) else ""
