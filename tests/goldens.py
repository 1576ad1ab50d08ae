"""Goldens: Markdown files of triples, so that a bug report is three code blocks.

A file is a list of sections. Each starts with a heading (a sentence about behaviour) and holds a fence `call`
(optional: first line the tool's name, then its arguments), a fence `in`, and a fence `out`. An empty `out` says
that the transform leaves the text alone. Fences are four backticks, so that texts may hold three. A literal ESC
is written as \\x1b and a carriage return as \\r.

    ## A colour code goes away

    ````in
    \\x1b[31mred\\x1b[0m
    ````

    ````out
    red
    ````
"""

import re
from dataclasses import dataclass
from pathlib import Path

from transforms.call import Call

FOLDER = Path(__file__).parent / "transforms" / "goldens"
_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_FENCE = re.compile(r"^````(?P<name>call|in|out)\n(?P<text>.*?)^````$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Golden:
    """One triple."""

    title: str
    call: Call
    before: str
    after: str

    def __str__(self) -> str:
        return self.title


def load(name: str) -> list[Golden]:
    """The goldens of one transform, from `tests/transforms/goldens/NAME.md`."""
    parts = _SECTION.split((FOLDER / f"{name}.md").read_text())[1:]
    return [_golden(title, body) for title, body in zip(parts[::2], parts[1::2], strict=True)]


def _golden(title: str, body: str) -> Golden:
    texts = {m["name"]: m["text"].removesuffix("\n") for m in _FENCE.finditer(body)}
    tool, _, arguments = texts.get("call", "").partition("\n")
    return Golden(title, Call(tool, arguments), _unescape(texts["in"]), _unescape(texts["out"]))


def _unescape(text: str) -> str:
    return text.replace("\\x1b", "\x1b").replace("\\r", "\r")
