"""LogFolder: what a log says on every line is said once; messages stay as they are.

    2024-03-05 10:00:01,250 INFO [main] org.example.App: Starting
    2024-03-05 10:00:02,375 INFO [main] org.example.App: Loaded 12 plugins

becomes, below a legend that tells what `A` stands for and which time the first line has,

    A Starting
    02,375 A Loaded 12 plugins

Messages said three times or more get a letter of their own; repeated stack traces and runs of one line are
named by their length. Rare errors, the first of each kind of error, and the lines that the question names stay whole,
time and head included.

Contract: lossless to the character.
"""

from collections import Counter
from collections.abc import Sequence

from transforms.contract import Block, Kind
from transforms.folding import Folding
from transforms.logs.lines import Parsed, common_format, taken_apart, templates
from transforms.logs.names import lines_asked_for
from transforms.logs.repeats import repeats
from transforms.logs.unfold import is_folded, unfolded
from transforms.logs.writer import Log, folded

_FEWEST_LINES = 5
_MOST_LEFT, _MOST_LEFT_UNTIMED = 0.95, 0.9
"""Shares of the characters: a form that the reader has to learn must save more than a few. Without times, letters stand
for lines of any text, as of tests that failed, and what is folded cannot be pointed to when it comes again."""
_RARE = 3
"""An error whose template stands on more lines than this is routine, as far as its time and head are concerned."""
_WHOLE_SHARE = 50
"""One line of so many may stay whole as an error; in short texts, a few more."""
_FEW = 8


class LogFolder(Folding):
    """Says the heads, times and messages of a log once."""

    name = "log_folder"
    kinds = frozenset({Kind.LOG, Kind.TEST, Kind.TEXT})

    def fold(self, block: Block) -> str | None:
        """The folded text, or None when that is no shorter."""
        lines = block.text.split("\n")
        if len(lines) < _FEWEST_LINES or is_folded(block.text):
            return None
        written = common_format(lines)
        if written is None and not _says_again(block.text, lines):
            return None
        parsed = taken_apart(lines, written)
        found = {repeat.first: repeat for repeat in repeats(lines, [line.message for line in parsed])}
        log = Log(lines, parsed, found, _quoted_errors(parsed) | lines_asked_for(block))
        text = folded(log)
        return text if len(text) <= (_MOST_LEFT if written else _MOST_LEFT_UNTIMED) * len(block.text) else None

    def unfold(self, text: str) -> str | None:
        """None for a text that is not folded."""
        return unfolded(text)


def _says_again(text: str, lines: Sequence[str]) -> bool:
    """Whether folding may save enough without times: it leaves each line of the text once."""
    return len("\n".join(set(lines))) <= _MOST_LEFT * len(text)


def _quoted_errors(parsed: Sequence[Parsed]) -> frozenset[int]:
    """The lines that tell of an error or a warning and are likely quoted: those that have few like them, and of the
    others the first of each kind. The rarest ones where there are many."""
    severe = [number for number, line in enumerate(parsed) if line.severe]
    kinds = templates([parsed[number].message for number in severe])
    counts, seen = Counter(kinds), set[str]()
    quoted: list[tuple[int, int]] = []
    for number, template in zip(severe, kinds, strict=True):
        if counts[template] <= _RARE or template not in seen:
            quoted.append((counts[template], number))
        seen.add(template)
    return frozenset(number for _, number in sorted(quoted)[: max(_FEW, len(parsed) // _WHOLE_SHARE)])
