"""One line of a terminal's screen: what is left standing when a line of output has been played.

Contract: pure and linear in the line; never raises. Knows the codes that move or erase within a line (ECMA-48);
those that move between lines, set colours or titles show nothing. Every character counts as one cell.
"""

import re

_PLAY = re.compile(
    r"(?P<text>[^\x08\r\x1b]++)"
    r"|(?P<back>\x08++)"
    r"|(?P<home>\r)"
    r"|\x1b\[(?P<count>\d{0,4})(?P<act>[CDGK])"
    r"|\x1b\]8;[^;\x07\x1b]*+;(?P<address>[^\x07\x1b]*+)(?:\x07|\x1b\\)"
    r"|\x1b\[[0-?]*+[ !\"$']?[@-~]"
    r"|\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*+\x1b\\"
    r"|\x1b[ -/]++[0-~]|\x1b[=>78cDEHMNOZ]"
    r"|(?P<stray>\x1b)"
)


_MOST_STEPS = 199
"""Columns a code may move the cursor forward, so that a few bytes do not draw a long line."""


class _Line:
    """The cells of a line and the cursor. Cells before the first one written since all was erased are not stored."""

    __slots__ = ("_address", "_blank", "_cells", "_column", "_linked")

    def __init__(self) -> None:
        self._cells: list[str] = []
        self._blank = 0
        self._column = 0
        self._address = ""
        self._linked: list[str] = []

    def write(self, text: str) -> None:
        """Paint `text` over what stands at the cursor."""
        if self._address:
            self._linked.append(text)
        if not self._cells:
            self._blank = self._column
        start = self._column - self._blank
        if start < 0:
            self._cells[:0] = " " * -start
            self._blank, start = self._column, 0
        self._cells += " " * (start - len(self._cells))
        self._cells[start : start + len(text)] = text
        self._column += len(text)

    def act(self, code: str, count: str) -> None:
        """Move the cursor (C, D, G) or erase to the end or the whole line (K); erasing the start is not played."""
        number = int(count or 0)
        match code:
            case "C":
                self._column += min(number or 1, _MOST_STEPS)
            case "D":
                self._column = max(0, self._column - (number or 1))
            case "G":
                self._column = min(max(0, number - 1), _MOST_STEPS)
            case _ if number != 1:
                del self._cells[0 if number else max(0, self._column - self._blank) :]

    def link(self, address: str) -> None:
        """Begin a link, or end it: an address that the text does not show is shown after it."""
        told, text = self._address, "".join(self._linked)
        self._address, self._linked = "", []
        if told and not told.startswith("file:") and told not in text:
            self.write(f" ({told})")
        self._address = address

    def shown(self) -> str:
        """What stands on the line, without blanks at its end."""
        text = "".join(self._cells).rstrip()
        return " " * self._blank + text if text else ""


def screen_line(line: str) -> str:
    """What a terminal shows once it has played `line`, which holds no line feed; blanks at its end are not told.

    >>> screen_line(" 10%\\r 20%\\rdone")
    'done'
    """
    screen = _Line()
    for play in _PLAY.finditer(line):
        match play.lastgroup:
            case "text" | "stray":
                screen.write(play[0])
            case "back":
                screen.act("D", str(len(play[0])))
            case "home":
                screen.act("G", "1")
            case "act":
                screen.act(play["act"], play["count"])
            case "address":
                screen.link(play["address"])
    screen.link("")
    return screen.shown()
