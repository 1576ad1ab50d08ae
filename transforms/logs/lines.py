"""Log lines taken apart: what stands before the time, the time, the words that tell who wrote the line, the message.

The head of a line is everything up to the message: level, thread, process, logger. It is read conservatively:
what may belong to the message is left to the message, because messages are quoted and heads are not.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from transforms.logs.times import REACH, TimeFormat, most_common_format
from transforms.occurrences import Occurrences

_LEVEL = (
    r"(?=[A-Za-z]{3,11}+(?:[\s:\[|,]|$))"  # most words are none, and told so before each of these is tried
    r"(?i:trace|debug|verbose|fine|info(?:rmation)?|notice|log|warn(?:ing)?|err(?:or)?|severe|fatal|crit(?:ical)?|"
    r"alert|emerg)"
)
_END = r"(?=[\s\[|,]|$)"
_BRACKET = r"\[(?!client\b)[^\[\]\n]*+(?:\[[^\[\]\n]*+\][^\[\]\n]*+)*+\]"
_DOTTED = r"[\w$]++(?:\.[\w$-]++)++"
_WORD_OF_HEAD = "|".join(
    (
        rf"(?=[A-Za-z])(?:[A-Z]{{3,10}}+[ \t]++){{0,2}}(?:level=)?{_LEVEL}:?{_END}(?:[ ]{{2,}}\w+(?=[ ]{{2}}))?",
        r"-[ \t]++[\w.$-]++(?=[ \t]+-[ \t])",
        rf"(?:\d+|[VDIWEF]|-|\|){_END}",
        _BRACKET,
        rf"{_DOTTED}(?=[ \t]+(?:\[|-[ ]))",
        r"[\w./-]++:\d+\](?=[ \n]|$)",
    )
)
_FIELD = rf"[ \t]++(?:{_WORD_OF_HEAD})|{_BRACKET}|\|[\w-]*(?=\|)|\|"
_LOGGER = r"[ \t]+[\w.$/@()#<>-]++(?:::\w++)*+(?:\[[^\]\s]*\])?:(?=[ \n]|$)"
_PROGRAM = r"[ ][\w.-]+[ ][\w./()-]+\[\d+\]:(?=[ \n]|$)"
_SYSLOG_PROGRAM = r"[ ][\w./-]+[ ][\w./()-]+(?:\[\d+\])?:(?=[ \n]|$)"
_OWN_NAME = r"[ ](?:[\w$-]++(?:\.[\w$-]++)+|\w++(?:::\w++)+):(?=[ \n]|$)"
_HOST_AND_LEVEL = rf"[ ](?=[^\s\d]*+\d)\S++(?:[ ][A-Z]{{3,10}}+){{0,2}}[ ]{_LEVEL}(?=[ ])"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d|,)?(?:[ ](?:[+-]\d{4}|\d{4}|UTC|GMT))?[\])\"]?"

_APART = r"\s\"'`()\[\]{}<>,;=|*#"
"""What stands between words, as far as values are told from the words around them."""
_WORD_WITH_DIGIT = re.compile(rf"(?<![^{_APART}])[^{_APART}0-9]*+[0-9][^{_APART}]*+")
_WORD_WITH_DIGIT_APART = re.compile(rf"({_WORD_WITH_DIGIT.pattern})")
HOLE = "*"
"""Stands for a word with a digit. It is no part of one: it stands between words."""
_SEVERE_STEMS = (
    *("error", "fail", "fatal", "exception", "panic", "warn", "critical", "severe", "traceback", "denied", "refused"),
    *("abort", "killed", "sigsegv", "segfault", "out of memory", "unable to ", "cannot ", "could not ", '" 5', '" 4'),
)
"""What an error or a warning is told by, in lower case; the last two are the status in an access log."""
_OUT_OF_MEMORY = "OOM"
_SEVERE_HEAD = re.compile(r"(?:^|[ \[\t])(?:[EFW]|ERR|err|CRIT|crit|alert|emerg)(?=[\s\]]|$)")


_SAMPLE = 100
"""Lines that the way of writing times is told from: evenly spread over the text."""


type _Parts = tuple[str, str, str, str, str]
"""The parts of a line, as in `Parsed`."""


class Parsed(NamedTuple):
    """One line; the four parts and the message, joined, are the line. Without a time, all of it is message."""

    before: str
    """What stands before the time: the prefix of a CI system or a container, an address."""
    time: str
    """The time, empty when there is none."""
    zone: str
    """What closes the time: zone, bracket."""
    head: str
    """Level, thread, process, logger; what may belong to the message is not part of it."""
    message: str
    severe: bool = False
    """Whether it tells of an error or a warning; said where a whole text is taken apart."""


class Parser:
    """Takes lines apart whose times are written in one way.

    Lines are remembered: what leaves lines out of a log, what folds the rest and what proves it all take them apart.
    """

    def __init__(self, written: TimeFormat) -> None:
        program = _SYSLOG_PROGRAM if written.syslog else _PROGRAM
        head = (
            rf"(?:(?:{_FIELD})++(?:{_LOGGER})?|{_HOST_AND_LEVEL}(?:{_FIELD})*+(?:{_LOGGER})?|{program}|{_OWN_NAME})?"
            r"(?:[ \t]+-(?=[ ]))?"
        )
        self._pattern = re.compile(
            rf"^(?:([^\n]{{0,{REACH}}}?)({written.pattern})({_ZONE})({head})(?:(?=[ \n]|\Z)|(?<=\|)))?([^\n]*)$",
            re.MULTILINE,
        )
        self._known: dict[str, Parsed] = {}

    def lines(self, lines: Sequence[str]) -> list[Parsed]:
        """Each of `lines`, taken apart; they are remembered, and those of earlier texts are not any more."""
        known = self._known
        new = [line for line in dict.fromkeys(lines) if line not in known]
        if new:
            known.update(zip(new, _parsed(self._pattern.findall("\n".join(new))), strict=True))
        parsed = [known[line] for line in lines]
        self._known = dict(zip(lines, parsed, strict=True))
        return parsed

    def line(self, line: str) -> Parsed:
        """One line, taken apart."""
        return self._known.get(line) or Parsed(*self._pattern.findall(line)[0])


@lru_cache(maxsize=4)
def parser(written: TimeFormat) -> Parser:
    """The parser for times that are written as `written` says."""
    return Parser(written)


def common_format(lines: Sequence[str]) -> TimeFormat | None:
    """The way in which a text with these lines writes its times; None when it has none."""
    return most_common_format(lines[:: max(1, len(lines) // _SAMPLE)])


def taken_apart(lines: Sequence[str], written: TimeFormat | None) -> list[Parsed]:
    """The lines of a text that writes its times in this way; without times, all of a line is message."""
    return parser(written).lines(lines) if written else _parsed([("", "", "", "", line) for line in lines])


def _parsed(lines: Sequence[_Parts]) -> list[Parsed]:
    severe = _severe_lines(lines)
    return [Parsed(*parts, severe=number in severe) for number, parts in enumerate(lines)]


def without_numbers(words: str) -> str:
    """`words` with `*` for every word that holds a digit: two lines of one template become the same."""
    return _WORD_WITH_DIGIT.sub(HOLE, words)


def templates(lines: Sequence[str]) -> list[str]:
    """Each of `lines` `without_numbers`."""
    return without_numbers("\n".join(lines)).split("\n") if lines else []


def templates_and_numbers(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Each of `lines` `without_numbers`, and the words that the `*` stand for in it: all in one search of the text."""
    if not lines:
        return [], []
    pieces = _WORD_WITH_DIGIT_APART.split("\n".join(lines))
    found = pieces[1::2]
    told = HOLE.join(pieces[0::2]).split("\n")
    # a sign that stood in the line before stands for no word
    counts = [template.count(HOLE) - line.count(HOLE) for template, line in zip(told, lines, strict=True)]
    ends = list(accumulate(counts, initial=0))
    return told, [found[start:end] for start, end in pairwise(ends)]


def with_numbers(words: str, shown: Callable[[str], str]) -> str:
    """`words` with what `shown` says in place of each word that holds a digit."""
    return _WORD_WITH_DIGIT.sub(lambda match: shown(match[0]), words)


def _severe_lines(lines: Sequence[_Parts]) -> set[int]:
    """The lines (counted from 0) that tell of an error or a warning. A head is looked at once."""
    found = _lines_with_stem([message for *_, message in lines])
    heads = [before + head for before, _, _, head, _ in lines]
    known = list(dict.fromkeys(heads))
    with_stem = {known[number] for number in _lines_with_stem([f"{head} " for head in known])}
    severe = {head for head in known if head in with_stem or severe_head(head)}
    if severe:
        found.update([number for number, head in enumerate(heads) if head in severe])
    return found


def _lines_with_stem(lines: Sequence[str]) -> set[int]:
    text = "\n".join(lines)
    return Occurrences(text.lower()).lines_with_any(_SEVERE_STEMS) | {*Occurrences(text).lines_with(_OUT_OF_MEMORY)}


def severe_head(head: str) -> bool:
    """Whether the head of a line says by a letter or an abbreviation that the line tells of an error or a warning."""
    return _SEVERE_HEAD.search(head) is not None
