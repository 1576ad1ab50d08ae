"""The form of a folded log, and its inverse.

    [log folded; times: only what changed since the line above (first: 2024-03-05 10:00:01,250);
    …]                       (the opening is one line)
    A = <time> INFO [main] org.example.App:
    B = A Heartbeat sent
    ~a = "Mozilla/5.0 (X11; Linux x86_64)"
    ]
    A Starting
    02,375 B
    [then the same 4 lines as followed it above]
    2024-03-05 10:00:04,118 A Done

A time is written in full, and a value spelled, below a line that shows none: `"` and a shortened time refer to the
line directly above. A line that only looks like one of these forms stands behind `= `.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field

from transforms.logs.legend import TIME, blank_follows
from transforms.logs.lines import HOLE, Parser, parser
from transforms.logs.times import MONTH, WEEKDAY, completed, format_of

CLOSING = "]"
ESCAPE = "= "
DITTO = '"'
_OPENING = re.compile(
    r"\[(?:log|text) folded"
    r"(?:; times: only what changed since the line above \(first: (?P<first>[^\n()]+)\))?"
    r"(?P<legend>; (?:\* = the words after the letter, \" = as in the line above; )?letters:)?(?P<end>\]?)"
)
_END_OF_TIME = rf"(?:(?:{WEEKDAY} )?{MONTH} {{1,2}})?[0-9](?:[0-9:.,/_-]++| (?![A-Z])|T(?=[0-9])|{MONTH}(?=/))*+"
"""Or a whole time."""
_FOLDED = re.compile(rf"(?:({_END_OF_TIME}) )?([A-Z]{{1,2}})(?= |$)")
_TIME_ALONE = re.compile(_END_OF_TIME)
_TAIL = re.compile(r" (~[a-z]{1,2})$")
_SAME = re.compile(r"\[the line above ([0-9]{1,6}) more times\]")
_AGAIN = re.compile(r"\[then the same ([0-9]{1,6}) lines as followed it above\]")


def opening(first_time: str, *, legend: bool, holes: bool) -> str:
    """The first line: `first_time` is the one the first line counts from, empty in a text without times."""
    words = "[log folded" if first_time else "[text folded"
    if first_time:
        words += f"; times: only what changed since the line above (first: {first_time})"
    if holes:
        words += f"; {HOLE} = the words after the letter, {DITTO} = as in the line above"
    return words + ("; letters:" if legend else "]")


def is_folded(text: str) -> bool:
    """Whether `text` starts as a folded one does."""
    return _OPENING.match(text) is not None


def same_again(count: int) -> str:
    """Stands for `count` lines that are the line above."""
    return f"[the line above {count} more times]"


def follows_again(count: int) -> str:
    """Stands for the `count` lines that followed the message of the line above wherever it was said before."""
    return f"[then the same {count} lines as followed it above]"


def sayable(end_of_time: str) -> bool:
    """Whether the end of a time can stand at the start of a folded line."""
    return not end_of_time or _TIME_ALONE.fullmatch(end_of_time) is not None


def has_tail(rest: str) -> bool:
    """Whether what follows a head ends as if with a letter for the end of messages."""
    return "~" in rest and _TAIL.search(rest) is not None


def escaped(line: str, tags: Container[str]) -> str:
    """A line as it was, safe from being taken for one of the forms; `tags` are the letters in use."""
    folded = _FOLDED.match(line)
    taken = (folded and folded[2] in tags) or (line[:1] == "[" and (_SAME.fullmatch(line) or _AGAIN.fullmatch(line)))
    return ESCAPE + line if taken or line.startswith(ESCAPE) else line


def unfolded(text: str) -> str | None:
    """The text that was folded into `text`, or None if `text` is no folded text."""
    head, _, rest = text.partition("\n")
    opened = _OPENING.fullmatch(head)
    if opened is None or (opened["legend"] is None) != (opened["end"] == CLOSING):
        return None
    written = format_of(opened["first"] or "")
    lines = rest.split("\n")
    end = lines.index(CLOSING) if opened["legend"] and CLOSING in lines else -1
    reader = _Reader(
        legend=dict(_definition(line) for line in lines[: max(end, 0)]),
        parser=parser(written) if written else None,
        time=opened["first"] or "",
        keeps_places=_AGAIN.search(text) is not None,
    )
    try:
        for line in lines[end + 1 :]:
            reader.read(line)
    except (IndexError, KeyError, ValueError, TypeError):
        return None
    if reader.first_time() != (opened["first"] or ""):
        return None
    return "\n".join(reader.lines)


def _definition(line: str) -> tuple[str, str]:
    tag, _, words = line.partition(" = ")
    return tag, words


@dataclass(frozen=True, slots=True)
class _Form:
    """What a letter stands for, ready to be filled."""

    head: str
    """The letter of its head; its own one unless it stands for head and message."""
    frame: str
    """The words with `%s` for the time and for each value."""
    values: int
    """How many values follow the letter."""
    time_at: int
    """How many of them stand before the time; -1 without a time."""
    blank: bool
    """Whether a blank stands before the message."""
    message: str | None
    """The message, where the letter stands for one."""


@dataclass(slots=True)
class _Reader:
    """Reads folded lines one after the other."""

    legend: dict[str, str]
    parser: Parser | None
    time: str
    keeps_places: bool
    above: tuple[str, list[str]] = ("", [])
    """The letter of the head in the line above, and the values it shows."""
    forms: dict[str, _Form] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    source: int = -1
    lines: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Add what `line` stands for."""
        folded = _FOLDED.match(line)
        if folded is not None and folded[2] in self.legend:
            self.unfold(folded[1], folded[2], line[folded.end() :])
            return
        self.above = ("", [])
        if line.startswith("[the"):
            self.repeat(line)
        else:
            self.add(line.removeprefix(ESCAPE))

    def first_time(self) -> str:
        """The first time in the lines read, empty without one."""
        return next((time for line in self.lines if (time := self.parser.line(line).time)), "") if self.parser else ""

    def repeat(self, line: str) -> None:
        """Add the lines that a form for repeated lines stands for, or `line` itself if it is no such form."""
        if (same := _SAME.fullmatch(line)) is not None:
            self.lines += [self.lines[-1]] * int(same[1])
        elif (again := _AGAIN.fullmatch(line)) is not None:
            for number in range(self.source + 1, self.source + 1 + int(again[1])):
                self.again(self.lines[number])
        else:
            self.add(line)

    def again(self, line: str) -> None:
        """Add a line that is not shown."""
        self.lines.append(line)
        if self.parser and (time := self.parser.line(line).time):
            self.time = time

    def add(self, line: str) -> None:
        """Add a line as it was."""
        parsed = self.parser.line(line) if self.parser else None
        if parsed is not None and parsed.time:
            self.time = parsed.time
        self.place(line, parsed.message if parsed is not None else line)

    def place(self, line: str, message: str) -> None:
        """Put `line` at the end, and remember where its message is shown."""
        if self.keeps_places:
            self.source = self.places.get(message, len(self.lines))
            self.places[message] = len(self.lines)
        self.lines.append(line)

    def unfold(self, end_of_time: str | None, tag: str, rest: str) -> None:
        """Add the line that a letter, its values and what follows them stand for."""
        form = self.forms.get(tag) or self.form(tag)
        values: list[str] = []
        if form.values:
            _, *values = rest.split(" ", form.values + 1)
            rest = f" {values.pop()}" if len(values) > form.values else ""
            if DITTO in values:
                before = self.above[1] if self.above[0] == form.head else []
                values = [before[i] if value == DITTO else value for i, value in enumerate(values)]
        self.above = (form.head, values)
        if form.time_at >= 0:
            if end_of_time:
                self.time = completed(end_of_time, self.time)
            values = [*values[: form.time_at], self.time, *values[form.time_at :]] if values else [self.time]
        if form.message is not None:
            rest = form.message
        else:
            tail = _TAIL.search(rest) if "~" in rest else None
            rest = rest if tail is None else rest[: tail.start() + 1] + self.legend[tail[1]]
            rest = rest if form.blank else rest[1:]
        line = form.frame % tuple(values) + rest
        self.place(line, self.parser.line(line).message if self.parser and self.keeps_places else line)

    def form(self, tag: str) -> _Form:
        """The form of a letter, made when it is first met."""
        words, head, message = self.legend[tag], tag, None
        first, blank, rest = words.partition(" ")
        if first in self.legend:
            words, head = self.legend[first], first
            message = blank + rest if blank_follows(words) else rest
        frame = words.replace("%", "%%").replace(HOLE, "%s").replace(TIME, "%s")
        before, time, _ = words.partition(TIME)
        form = _Form(head, frame, words.count(HOLE), before.count(HOLE) if time else -1, blank_follows(words), message)
        self.forms[tag] = form
        return form
