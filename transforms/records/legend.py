"""The first line of a rewritten document: how to read what this document uses of the notation.

    (JSON; rows of a table are tab-separated, its # line names the columns; empty cell: no such key)

JSON never starts with a parenthesis, so a document with a legend is never taken for JSON.
"""

import re

_HEADER = re.compile(r"\n(#(?!\*).*)")
_IN_HEADERS = (
    (
        "",
        "[N rows opens a table: its # line names the columns of the tab-separated rows, an empty cell is a missing key",
    ),
    (r"\(key\)", "{N rows: an object, its keys under (key)"),
    (r"^#every row: ", "#every row: so in each row under the next # line, no further"),
    (r"^#every row: .*==", "a==b: a is as b"),
    (r"^#some rows: ", "#some rows: keys that some rows have, there as +name=value"),
    (r":str(?![^\t\n])", "str: every value is a string"),
    (r"[^=\t\n]\[[0-9]+\]\.", "a[0].b: b of the first object in the list a"),
    (r"[^=\t\n]\[(?![0-9]+\]\.)", "a[b,c]: lists of objects with the keys b, c"),
)
_IN_BODY = (
    ("+", r"\+(?<=[\t\n]\+)[^\s=]+=", "+name=value in a row: a further key, not a column"),
    ("#", r"[+#](?:(?<=[\t\n]\+)|(?<=\n#)(?:every row|some rows): )[0-9]+:", "3:name: comes third"),
    ("*", r"\*(?:(?<=[\t\n]\*)|(?<=\n#\*))[0-9]+=", "*1: the value told at *1="),
    ('"""', r'"""(?:(?<=[:\[,]""")"*$|(?<=\n""")"*text )', 'lines between """ are one string, as it is'),
    ('"""json', r'"""json', '"""json: a string that holds this JSON'),
    ('"""', r'"""(?<=[\t\n]""")(?=\t|$)', 'a cell """ stands below its row'),
)
"""Each form begins with what is rare, so that a search passes over all else; what precedes it is looked at then."""
_OPENS = "(JSON; "
_OPENS_LINES = "(JSON lines; "


def explain(body: str, lines: bool) -> str:
    """`body` below its legend; `lines`: it stands for JSON lines, not for an array."""
    text = f"\n{body}"
    headers = "\n".join(_HEADER.findall(text))
    topics = [topic for pattern, topic in _IN_HEADERS if headers and re.search(pattern, headers, re.MULTILINE)]
    topics += [topic for mark, pattern, topic in _IN_BODY if mark in text and re.search(pattern, text, re.MULTILINE)]
    return f"{_OPENS_LINES if lines else _OPENS}{'; '.join(topics)})\n{body}"


def strip(text: str) -> tuple[str, bool] | None:
    """The body below a legend, and whether it stands for JSON lines; None when there is no legend."""
    if not text.startswith((_OPENS, _OPENS_LINES)):
        return None
    return text.partition("\n")[2], text.startswith(_OPENS_LINES)
