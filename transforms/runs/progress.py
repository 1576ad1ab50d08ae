"""Progress displays: of the frames that replaced one another, only the last is kept.

Noise. Two things are frames: what a carriage return overwrites on the same line, and, in an unbroken run of such
lines, a line that comes again with a bar, percentage, count, size, speed or time further on.

    torch-2.5.1 ━━━━━                     23% 180/780 MB
    torch-2.5.1 ━━━━━━━━━━━━━━━━━━━━━━━━ 100% 780/780 MB

becomes the second line. A frame must show a bar or a spinner, or a percentage beside the word or the speed
of a transfer. Lines that only look alike are no frames: `Requirement already satisfied`, pytest's `..... [ 12%]`,
`[ 12%] Building a.o`, measurements such as `cpu 12%`, lines that begin with a date or time, and whatever
speaks of an error.

Known limitation: a frame shorter than the one before leaves the rest of that one on a real terminal; here it is
dropped, as its writer meant it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from transforms.contract import Block, Budget, Kind, Loss, Rewrite

_GLYPHS = r"━╸╺█▏▎▍▌▋▊▉░▒▓"
_BAR = (
    rf"\[[=#>{_GLYPHS} .-]{{4,}}\]|[|▕][{_GLYPHS}][{_GLYPHS} .]*+[|▏▕]|(?<=%)\|[{_GLYPHS} .]++\||[=#>{_GLYPHS}]{{4,}}"
)
_DOTS = r"\d+[KM] [. ]{20,}"  # wget without a terminal
_SPINNER = r"[⠁-⣿◐◓◑◒◴◷◶◵]"
_PERCENT = r"(?<![\w.\[-])(?<!\[ )(?<!\[  )\d{1,3}(?:\.\d+)?\s?%(?![\w\]])"
_COUNT = r"(?<![\w./-])\d[\d.,]*\s?(?:[kKMGT]i?[bB])?/\d[\d.,]*(?![\w./-])"
_SIZE = (
    r"(?<![\w./-])\d[\d.,]*(?:[KMG]|\s?(?:[kKMGT]i?)?[bB](?:yte|it)?s?(?:/s(?:ec)?|ps)?)\b|"
    r"(?<!\S)\d{1,3}(?:,\d{3})+\b"
)
_CLOCK = r"(?<![\w./-])(?:\d+:)?\d{1,2}:\d\d(?![\w-])|--:--(?::--)?"
_TIME = rf"{_CLOCK}|(?<![\w./-])\d[\d.]*\s?(?:ms|s|m|h|it)(?:/s|/it)?\b"
_TRANSFER = (
    r"(?i:\b(?:download|upload|receiv|resolving|compress|counting|enumerat|extract|pull|push|progress|writ|unpack|"
    r"fetch|cloning|transferr|updating|copying|load|eta\b))|[kKMGT]i?B/s.{1,20}\d:\d\d"
)
_DRAWN = re.compile(rf"{_BAR}|{_DOTS}|{_SPINNER}")
_SPINS = re.compile(_SPINNER)
_PERCENTAGE = re.compile(_PERCENT)
_TRANSFERS = re.compile(_TRANSFER)
_STAMPED = re.compile(r"\W{0,3}(?:\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d{1,2} \d\d:)")
"""A record of a log: when the transfer had come how far is its content."""
_MOVES = re.compile(rf"{_BAR}|{_DOTS}|{_SPINNER}|{_PERCENT}|{_COUNT}|{_SIZE}|{_TIME}|\s+|[\[\]()|,<?]")
"""What changes from one frame to the next."""
_HOW_FAR = re.compile(
    r"(?P<share>\d{1,3}(?:\.\d+)?)\s?%|"
    r"(?<![\w./-])(?P<done>\d{1,9}(?:\.\d{1,9})?)\s?(?P<unit>[kKMGT]?)i?B?/\d"
)
_DONE = re.compile(r"(?<![\d.])100(?:\.0+)?\s?%")
_UNITS = {"": 1e0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_RESULTS = (
    *("error", "fail", "warn", "abort", "denied", "refused", "timeout", "time out", "time-out", "cannot", "exception"),
    *("missing", "retry"),
)
"""What a result is told by, in lower case."""
_UNITS_WRITTEN = ("", r"[\skKMGTiB]", r"[\skKMGTi][kKMGTiB]", r"[\skKMGT][kKMGTi][iB]", r"\s[kKMGT]iB")
_SHOWS_FAR = re.compile(rf"[%/](?:(?<=%)|(?=[0-9]))(?:{'|'.join(f'(?<=[0-9]{unit}[%/])' for unit in _UNITS_WRITTEN)})")
"""Stands in all that tells how far a transfer has come. It begins with the sign, which is found fast."""
_INK = re.compile(r"[=#> .-][=#> .-]{3}")
"""Stands in whatever is drawn in ASCII without a percentage."""
_LONGEST = 400
"""Characters. A longer line is text that holds a percentage."""


class ProgressLines:
    """Keeps the last frame of every progress display."""

    name = "progress_lines"
    kinds = frozenset({Kind.TEST, Kind.LOG, Kind.TEXT})
    loss = Loss.NOISE
    lines_stand_alone = True

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The text without frames that were replaced, or None when there is none."""
        text = block.text
        if "\r" not in text and _SHOWS_FAR.search(text) is None and not _spins(text):
            return None
        text = "\n".join(_last_frames(_shown_lines(text)))
        return Rewrite(text) if text != block.text else None

    def proof(self, original: str, rewritten: str) -> bool:
        """Every line left is one of the original, in order, and every line gone is a frame that a later one has passed.

        "Later" holds only within an unbroken run of frames. What carriage returns overwrote counts as gone before.
        """
        left = rewritten.split("\n")
        later: dict[str, float] = {}
        for line in reversed(_shown_lines(original)):
            still = _still(line)
            if left and left[-1] == line:
                left.pop()
                if still:
                    later[still] = _far(line)
                else:
                    later.clear()
            elif not still or _is_kept(line, later.get(still)):
                return False
        return not left


def _shown_lines(text: str) -> list[str]:
    """The lines as a terminal shows them: the frames that a carriage return overwrites are gone."""
    lines = text.split("\n")
    if "\r" not in text:
        return lines
    return [_shown(line) if "\r" in line[:-1] else line for line in lines]


def _shown(line: str) -> str:
    """What is left of one line; the `\\r` of a line end stays."""
    end = "\r" if line.endswith("\r") else ""
    kept: list[str] = []
    for part in line.removesuffix("\r").split("\r"):
        while kept and _overwritten(kept[-1], part):
            kept.pop()
        kept.append(part)
    return "\r".join(kept) + end


def _overwritten(part: str, after: str) -> bool:
    """Whether a part of a line is a frame that the next part replaces."""
    if not part.strip() or part == after:
        return True
    if not after.strip() or len(part) > _LONGEST or _tells_result(part):
        return False
    return any(form.search(part) for form in (_DRAWN, _PERCENTAGE, _TRANSFERS))


def _still(line: str) -> str:
    """What does not move from frame to frame; an empty string for a line that is no frame."""
    if not line or len(line) > _LONGEST:
        return ""
    if not _spins(line):
        if _SHOWS_FAR.search(line) is None or not (_is_drawn(line) or _is_transfer(line)):
            return ""
        if _HOW_FAR.search(line) is None:
            return ""
    return _frame(line)


@lru_cache(maxsize=1024)
def _frame(line: str) -> str:
    """The same for a line that may be a frame. Remembered: the proof asks again for what the rewrite asked for."""
    return "" if _tells_result(line) or _STAMPED.match(line) else _MOVES.sub("", line) + " "


def _tells_result(text: str) -> bool:
    lowered = text.lower()
    return any(result in lowered for result in _RESULTS)


def _spins(text: str) -> bool:
    return not text.isascii() and _SPINS.search(text) is not None


def _is_drawn(line: str) -> bool:
    inked = "%" in line or not line.isascii() or _INK.search(line) is not None
    return inked and _DRAWN.search(line) is not None


def _is_transfer(line: str) -> bool:
    return "%" in line and _PERCENTAGE.search(line) is not None and _TRANSFERS.search(line) is not None


def _last_frames(lines: Sequence[str]) -> list[str]:
    """The lines but for frames that come again, as far or further on, in the same unbroken run of frames."""
    kept: list[str] = []
    later: dict[str, float] = {}
    for line in reversed(lines):
        still = _still(line)
        if not still:
            later.clear()
            kept.append(line)
            continue
        if _is_kept(line, later.get(still)):
            kept.append(line)
            later[still] = _far(line)
    return kept[::-1]


def _is_kept(line: str, later: float | None) -> bool:
    """Whether a frame stays: no later one of its display has come as far, or it is the end of a run."""
    return later is None or _far(line) > later or _DONE.search(line) is not None


def _far(line: str) -> float:
    """How far a frame says it is: its percentage or count; 0 when it only spins."""
    found = _HOW_FAR.search(line)
    if found is None:
        return 0.0
    return float(found["share"]) if found["share"] else float(found["done"]) * _UNITS[found["unit"]]
