"""The first line of a rewritten document: how to read what this document uses of the notation.

    (JSON; rows of a table are tab-separated, its # line names the columns; empty cell: no such key)

JSON never starts with a parenthesis, so a document with a legend is never taken for JSON.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from transforms.records.cut_off import Cut
from transforms.records.cut_off import told as told_cut

_HEADER = re.compile(r"\n(#(?!\*).*)")
_IN_HEADERS = (
    (
        "",
        "[N rows opens a table: its # line names the columns of the tab-separated rows, an empty cell is a missing key",
    ),
    (r"\(key\)", "{N rows: an object, its keys under (key)"),
    (r"^#every row: ", "#every row: so in each row under the next # line, no further"),
    (r"^#every row: .*==(?!\{)", "a==b: a is as b"),
    (r"^#every row: .*==\{", "a=={b}/c: a is the value of b and then /c"),
    (r"^#some rows: ", "#some rows: keys that some rows have, there as +name=value"),
    (r":str(?![^\t\n])", "str: every value is a string"),
    (r"[^=\t\n]\[[0-9]+\]\.", "a[0].b: b of the first object in the list a"),
    (r"[^=\t\n]\[(?![0-9]+\]\.)", "a[b,c]: lists of objects with the keys b, c"),
)
_IN_BODY = (
    ("+", r"\+(?<=[\t\n]\+)[^\s=]+=", "+name=value in a row: the value of that key"),
    ("#", r"[+#](?:(?<=[\t\n]\+)|(?<=\n#)(?:every row|some rows): )[0-9]+:", "3:name: comes third"),
    ('"(line)"', r'[\t\n+#]"\(line\)"', "(line): a line that holds no JSON"),
    ("*", r"\*(?:(?<=[\t\n]\*)|(?<=\n#\*))[0-9]+=", "*1: the value told at *1="),
    ('"""', r'"""(?:(?<=[:\[,]""")"*$|(?<=\n""")"*text )', 'lines between """ are one string, as it is'),
    ('"""json', r'"""json', '"""json: a string that holds this JSON'),
    ('"""', r'"""(?<=[\t\n]""")(?=\t|$)', 'a cell """ stands below its row'),
)
"""Each form begins with what is rare, so that a search passes over all else; what precedes it is looked at then."""


class Form(Enum):
    """In what the values of a text are written."""

    JSON = auto()
    FRAMED = auto()
    """JSON lines, something before each (`transforms.records.framed_lines`)."""
    YAML = auto()
    FIELDS = auto()
    """One field a line (`transforms.records.fields`)."""


_OPENINGS = {
    (Form.FRAMED, True): "(JSON lines, each behind its (before)",
    (Form.JSON, True): "(JSON lines",
    (Form.JSON, False): "(JSON",
    (Form.YAML, True): "(YAML, several documents",
    (Form.YAML, False): "(YAML",
    (Form.FIELDS, True): "(records that stood one field a line",
}
"""By the form, and whether it stands for several values; of those that begin alike, the longest first."""
_TOLD_BY = {opening: told for told, opening in _OPENINGS.items()}
_OPENING = re.compile(rf"({'|'.join(map(re.escape, _TOLD_BY))})(?:; |\)\n)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a legend stands above, and what it and the last line say of it."""

    body: str
    lines: bool
    """Whether it stands for JSON lines, not for an array."""
    cut: Cut | None
    """What is missing at its end."""
    form: Form = Form.JSON
    """What it stands for; `lines` are documents of YAML, or records."""


def explain(told: Told) -> str:
    """The document below its legend."""
    text = f"\n{told.body}"
    headers = "\n".join(_HEADER.findall(text))
    topics = [topic for pattern, topic in _IN_HEADERS if headers and re.search(pattern, headers, re.MULTILINE)]
    topics += [topic for mark, pattern, topic in _IN_BODY if mark in text and re.search(pattern, text, re.MULTILINE)]
    opening = _OPENINGS[told.form, told.lines]
    return "".join(["; ".join([opening, *topics]), ")", text, f"\n{told.cut}" if told.cut else ""])


def strip(text: str) -> Told | None:
    """What stands below a legend; None when there is none."""
    opening = _OPENING.match(text)
    if opening is None:
        return None
    body, cut = told_cut(text.partition("\n")[2])
    form, several = _TOLD_BY[opening[1]]
    return Told(body, several, cut, form)
