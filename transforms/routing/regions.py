"""Finds the documents inside a mixed text: JSON values, diffs, fenced code and pages between other lines.

Contract: `regions` gives stretches in the order of the text that do not overlap; each starts at the start of a
line and ends at the end of one. Pure, never raises, linear: what is tried in vain is bounded.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from transforms.contract import Kind
from transforms.records.cut_off import cut_off


@dataclass(frozen=True, slots=True)
class Region:
    """A document inside a text."""

    start: int
    end: int
    kind: Kind | None
    """None: only the document's own text tells, as it does for the inside of a code fence."""


MIN_CHARACTERS = 160
"""Some 40 tokens: what is smaller is not worth a part of its own."""
_MIN_IN_PROSE = 640
"""Characters: a smaller document belongs to the sentences around it."""
_CUT_VALUE = 2_000
"""Characters at the end of a text in which reading a JSON value stops that was cut off: in the middle of a string."""
_VAIN = 64
"""Starts of JSON values that turn out to be none, after which no more are tried."""
_JSON_LINE = re.compile(r"^(?=[{\[])(?![\[{]\S{0,40}[\]}][ \t]\S)", re.MULTILINE)
"""Where a line may start a JSON value; not `[section] text` and not `{name} text`."""
_MORE_LINES = re.compile(r"(?:[{\[][^\n\r]*+(?<=[}\]])\r?(?:\n|\Z))++")
_AFTER_JSON = re.compile(r"[ \t\r]*(?:\n|\Z)")
_DIFF = re.compile(
    r"^(?=diff --git |Index: \S|--- \S[^\n]*\n\+\+\+ \S)"
    r"(?:(?:[ +\-@\\]|diff |index |new |deleted |old |similarity |rename |copy |Binary |Index: |={20}"
    r"|commit [0-9a-f]{7}|Author: |Date: |Merge: )[^\n]*(?:\n|\Z)|\n(?=[ +\-@\\cd\n]))++",
    re.MULTILINE,
)
_DIFF_WORDS = ("diff --git ", "Index: ", "+++ ")
"""One of them stands in every diff; looking for words is far faster than for line starts."""
_PAGE = re.compile(r"^<(?:!doctype html|html[ >]|\?xml )", re.MULTILINE | re.IGNORECASE)
_PAGE_WORDS = ("<!d", "<!D", "<html", "<HTML", "<?xml ")
_FENCE = re.compile(
    r"^(?P<mark>```|~~~)(?P<language>[\w+-]*)[ \t]*\n(?P<text>(?:(?!(?P=mark))[^\n]*\n)*+)(?P=mark)[ \t]*$",
    re.MULTILINE,
)
_FENCED = {"json": Kind.JSON, "jsonl": Kind.JSON, "diff": Kind.DIFF, "patch": Kind.DIFF, "text": None, "": None}


def regions(text: str, prose: bool) -> list[Region]:
    """The documents worth a part in `text`. Only among sentences, if `prose`, a code fence means what it says."""
    found = [*_diffs(text), *_pages(text), *_json_values(text)]
    if prose:
        found += _fenced(text)
    least = _MIN_IN_PROSE if prose else MIN_CHARACTERS
    chosen: list[Region] = []
    for region in sorted(found, key=lambda region: (region.start, -region.end)):
        if region.end - region.start >= least and (not chosen or region.start >= chosen[-1].end):
            chosen.append(region)
    return chosen


def _diffs(text: str) -> Iterator[Region]:
    for found in _DIFF.finditer(text) if any(word in text for word in _DIFF_WORDS) else ():
        yield Region(found.start(), found.end(), Kind.DIFF)


def _pages(text: str) -> Iterator[Region]:
    """From the first line of an HTML or XML document to the last tag that ends a line."""
    found = _PAGE.search(text) if any(word in text for word in _PAGE_WORDS) else None
    if found is not None:
        end = max(text.rfind(">\n") + 2, len(text) if text.rstrip().endswith(">") else 0)
        yield Region(found.start(), max(end, found.start()), Kind.MARKUP)


def _fenced(text: str) -> Iterator[Region]:
    """The insides of code fences, never the fence lines."""
    for found in _FENCE.finditer(text):
        yield Region(found.start("text"), found.end("text"), _FENCED.get(found["language"].lower(), Kind.CODE))


def _json_values(text: str) -> Iterator[Region]:
    """JSON values that start a line and end one, or are cut off where the text ends; lines that follow a value of one
    line and look like it join it."""
    if not text.startswith(("{", "[")) and "\n{" not in text and "\n[" not in text:
        return
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    at, vain, wasted = 0, 0, 0
    while vain < _VAIN and wasted <= len(text) and (line := _JSON_LINE.search(text, at)) is not None:
        start = line.start()
        end, looked_at = _value_end(decoder, text, start)
        if not end and len(text) - start - looked_at <= _CUT_VALUE and cut_off(text[start:]):
            yield Region(start, len(text), Kind.JSON)
            return
        after = _AFTER_JSON.match(text, end) if end else None
        if after is None:
            vain, wasted = vain + 1, wasted + looked_at
            at = text.find("\n", start) + 1 or len(text)
            continue
        at = after.end()
        if "\n" not in text[start:end] and (more := _MORE_LINES.match(text, at)):
            at = more.end()
        yield Region(start, at, Kind.JSON)


def _value_end(decoder: json.JSONDecoder, text: str, start: int) -> tuple[int, int]:
    """Where the value at `start` ends, 0 if there is none, and how many characters it took to know."""
    try:
        _, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        return 0, error.pos - start
    except RecursionError:
        return 0, len(text)
    return end, end - start
