"""YAML as programs print it (`kubectl get -o yaml`), read into the tree that JSON is read into.

Block mappings and sequences, scalars on one line, plain ones that go on, literal blocks (`|`). Whatever else there is
in YAML raises ValueError, so that such a text stays as it is: comments, anchors, tags, collections in brackets, and
words that readers of YAML disagree about (`yes`, `0644`, `1_000`, `12:30`).

Contract: `read_yaml` is pure and linear in the text; ValueError, or RecursionError for nesting no reader follows.
"""

import json
import re
from functools import lru_cache
from itertools import pairwise

from transforms.records.tree import Tree

_KEY = re.compile(r"""(?:"([^"\\]*)"|'([^']*)'|([\w./$][^\s"'{}\[\],&*#|>%@`]*?)):(?: (\S.*))?""")
_QUOTED = re.compile(r'"(?:[^"\\]|\\["\\/bfnrt]|\\u(?!d[89a-f])[0-9a-f]{4})*"', re.IGNORECASE)
_SINGLE = re.compile(r"'((?:[^']|'')*)'")
_NO_PLAIN = re.compile(r"[&*!|>%@`{}\[\],#?:\"']|- |-\Z|.*(?:: |:\Z|[ \t]#|\t)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][+-][0-9]+)?)?")
"""As JSON and YAML 1.1 both have it: that wants a sign in the exponent, and YAML's `1e3` is a word."""
_UNCLEAR = re.compile(
    r"[-+]?(?:0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*(?::[0-9]+)*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9_]+(?:e[-+]?[0-9]+)?|"
    r"\.(?:inf|nan))|~|=|<<|y|n|yes|no|on|off|true|false|null",
    re.IGNORECASE,
)
_NAMES: dict[str, Tree] = {"null": None, "true": True, "false": False, "{}": {}, "[]": []}
_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff\0-\x08\x0b-\x1f]")
_LITERAL = {"|": "\n", "|-": ""}


def read_yaml(text: str) -> list[Tree]:
    """The documents in `text`."""
    if _ODD_BREAKS.search(text):
        raise ValueError("line breaks of other kinds")
    lines = text.rstrip("\n").split("\n")
    starts = [number for number, line in enumerate(lines) if line == "---"]
    bounds = [*([-1] if not starts or starts[0] else []), *starts, len(lines)]
    ended = text.endswith("\n")
    return [_Reader(lines[start + 1 : end], ended or end < len(lines)).document() for start, end in pairwise(bounds)]


class _Reader:
    """Reads the lines of one document from the top."""

    def __init__(self, lines: list[str], ended: bool) -> None:
        self._lines = lines
        self._ended = ended
        """Whether the text ends with a line break, which a literal block at its end needs for one of its own."""
        self._words = [line.lstrip(" ") for line in lines]
        self._indents = [len(line) - len(word) if word else -1 for line, word in zip(lines, self._words, strict=True)]
        """Of an empty line, -1: it stands in literal blocks only."""
        self._at = 0

    def document(self) -> Tree:
        tree = self._block(0)
        if self._at < len(self._lines):
            raise ValueError("lines that belong to nothing")
        return tree

    def _is_here(self, indent: int) -> bool:
        return self._at < len(self._lines) and self._indents[self._at] == indent

    def _is_item(self) -> bool:
        return self._words[self._at].startswith("- ") or self._words[self._at] == "-"

    def _block(self, indent: int) -> Tree:
        if not self._is_here(indent):
            raise ValueError("nothing at this depth")
        return self._sequence(indent) if self._is_item() else self._mapping(indent)

    def _sequence(self, indent: int) -> Tree:
        items: list[Tree] = []
        while self._is_here(indent) and self._is_item():
            item = self._words[self._at][2:]
            if item[:2] in ("- ", "-") or _KEY.fullmatch(item):
                self._indents[self._at], self._words[self._at] = indent + 2, item
                items.append(self._block(indent + 2))
                continue
            self._at += 1
            items.append(self._value(item, indent) if item else self._below(indent))
        return items

    def _mapping(self, indent: int) -> Tree:
        members: dict[str, Tree] = {}
        while self._is_here(indent) and not self._is_item():
            member = _KEY.fullmatch(self._words[self._at])
            if member is None:
                raise ValueError("no key")
            double, single, plain, value = member.groups()
            key = _plain(plain) if plain else double or single
            if not isinstance(key, str) or key in members:
                raise ValueError("no key of its own")
            self._at += 1
            if value:
                members[key] = self._value(value, indent)
            else:
                sequence = self._is_here(indent) and self._is_item()
                members[key] = self._sequence(indent) if sequence else self._below(indent)
        return members

    def _below(self, indent: int) -> Tree:
        """The block that starts deeper on this line; null where there is none."""
        deeper = self._at < len(self._lines) and self._indents[self._at] > indent
        return self._block(self._indents[self._at]) if deeper else None

    def _value(self, word: str, indent: int) -> Tree:
        """What stands behind a key or a dash."""
        if word in _LITERAL:
            text = self._literal(indent)
            return text + _LITERAL[word] if self._at < len(self._lines) or self._ended else text
        if word[0] == '"' and _QUOTED.fullmatch(word):
            return str(json.loads(word))
        if single := _SINGLE.fullmatch(word):
            return single[1].replace("''", "'")
        first = self._at
        while self._at < len(self._lines) and self._indents[self._at] > indent:
            self._at += 1
        words = [word, *self._words[first : self._at]]
        if any(line != line.rstrip() or _NO_PLAIN.match(line) for line in words if len(words) > 1):
            raise ValueError("no plain words")
        return _plain(" ".join(words))

    def _literal(self, indent: int) -> str:
        """The lines of a block, without their indentation and without empty ones at the end."""
        first = self._at
        while self._at < len(self._lines) and (self._indents[self._at] > indent or self._indents[self._at] < 0):
            self._at += 1
        lines = self._lines[first : self._at]
        own = next((depth for depth in self._indents[first : self._at] if depth >= 0), -1)
        if own < 0 or not lines[0].strip() or any(line[:own].strip() for line in lines):
            raise ValueError("a block of no depth")
        text = "\n".join(line[own:] for line in lines).rstrip("\n")
        if any(line.isspace() for line in lines):
            raise ValueError("blanks that nobody sees")
        return text


@lru_cache(maxsize=4096)
def _plain(word: str) -> Tree:
    """A scalar without quotes."""
    if word in _NAMES:
        return _NAMES[word]
    if _NUMBER.fullmatch(word):
        return word.encode()
    if word != word.strip() or _NO_PLAIN.match(word) or _UNCLEAR.fullmatch(word):
        raise ValueError("not a word to all readers")
    return word
