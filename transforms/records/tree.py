"""JSON text to a tree that forgets nothing but insignificant whitespace, and back.

A number is kept as its spelling, in ASCII bytes: `1.0`, `1e5`, `-0` and integers of any length come back as they
were written, and a number never equals a string. Objects keep the order of their keys; one that names a key twice
is a `Pairs`. Strings are decoded, so `"\\u0041"` and `"A"` are the same string.

`parse` raises ValueError for text that is not JSON, and RecursionError for nesting no reader follows.
"""

import json
import re
from dataclasses import dataclass
from json.encoder import encode_basestring, encode_basestring_ascii

import orjson

WHITESPACE = " \t\r\n"
"""What JSON calls insignificant whitespace: https://www.rfc-editor.org/rfc/rfc8259#section-2"""

type Tree = bool | bytes | str | list[Tree] | dict[str, Tree] | Pairs | None
"""A JSON value; numbers are bytes."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_GAP = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Pairs:
    """An object in which a key stands more than once."""

    items: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How a program spaces the JSON it writes."""

    item: str
    """Between two items, and between two members."""
    key: str
    """Between a key and its value."""
    indent: str = ""
    """What one level of nesting is indented by; empty: all on one line."""
    ascii: bool = False
    """Whether characters beyond ASCII are escaped."""


COMPACT = Style(",", ":")
_NAMES = {None: "null", True: "true", False: "false"}


def _object(pairs: list[tuple[str, Tree]]) -> dict[str, Tree] | Pairs:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Pairs(tuple(pairs))


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=str.encode, parse_int=str.encode, parse_constant=str.encode
)
_unwary_decoder = json.JSONDecoder(parse_float=str.encode, parse_int=str.encode, parse_constant=str.encode)


def parse(text: str) -> Tree:
    """The one JSON value in `text`."""
    tree: Tree
    tree, end = _decoder.raw_decode(text)
    return tree if end == len(text) else _decoder.decode(text)


def parse_stream(text: str, unwary: bool = False) -> list[Tree]:
    """The JSON values in `text`, each of which starts on a line of its own: JSON lines, or what `jq` prints.

    `unwary`: of members with the same key only the last one comes back; it takes two thirds of the time.
    """
    decode = (_unwary_decoder if unwary else _decoder).raw_decode
    values: list[Tree] = []
    at, end = len(text) - len(text.lstrip(WHITESPACE)), len(text.rstrip(WHITESPACE))
    while at < end:
        value, stop = decode(text, at)
        values.append(value)
        gap = _GAP.match(text, stop)
        at = gap.end() if gap else stop
        if at < end and "\n" not in text[stop:at]:
            raise ValueError("two values on one line")
    return values


def quote(text: str) -> str:
    """`text` as a JSON string; only what must be escaped is."""
    plain = text.isascii() or not _SURROGATE.search(text)
    return encode_basestring(text) if plain else encode_basestring_ascii(text)


def dumps(tree: Tree) -> str:
    """The shortest spelling of `tree`."""
    if tree is None or isinstance(tree, bool):
        return _NAMES[tree]
    try:
        return orjson.dumps(tree, default=orjson.Fragment, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
    except TypeError:  # a lone surrogate, an object with a repeated key, or more than 254 levels
        return dumps_styled(tree, COMPACT)


def dumps_styled(tree: Tree, style: Style, margin: str = "\n") -> str:
    """`tree` as a program that spaces by `style` writes it."""
    match tree:
        case bytes():
            return tree.decode()
        case str():
            return encode_basestring_ascii(tree) if style.ascii else quote(tree)
        case None | bool():
            return _NAMES[tree]
        case list():
            inner = margin + style.indent
            return _enclose("[", [dumps_styled(item, style, inner) for item in tree], "]", style, margin)
        case dict() | Pairs():
            inner = margin + style.indent
            pairs = tree.items() if isinstance(tree, dict) else tree.items
            spell = encode_basestring_ascii if style.ascii else quote
            members = [f"{spell(key)}{style.key}{dumps_styled(value, style, inner)}" for key, value in pairs]
            return _enclose("{", members, "}", style, margin)


def _enclose(opening: str, members: list[str], closing: str, style: Style, margin: str) -> str:
    if not members or not style.indent:
        return opening + style.item.join(members) + closing
    inner = margin + style.indent
    return f"{opening}{inner}{(style.item + inner).join(members)}{margin}{closing}"
