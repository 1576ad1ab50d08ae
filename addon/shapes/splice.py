"""The splice: a body with texts written in place of string literals, every other byte as it was."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import orjson

from addon.shapes.json_spans import BOM, Elements, Node
from addon.shapes.seen import Piece

_NOT_ASCII = re.compile("[^\x00-\x7f]+")

type Edit = tuple[int, int, str]
"""A span of an element's bytes, and the text of the literal that is to stand there."""


def splice(raw: bytes, replacements: Iterable[tuple[Node, str]]) -> bytes:
    """`raw` with each node's string literal replaced by `text`; every other byte is the same.

    No replacements: the same object. The nodes are strings of `raw`, in order and apart.
    """
    pieces: list[bytes] = []
    at = 0
    for node, text in replacements:
        pieces += raw[at : node.start], encode(text)
        at = node.end
    return b"".join([*pieces, raw[at:]]) if pieces else raw


def splice_elements(
    raw: bytes, elements: Elements, edits: Mapping[int, Sequence[Edit]]
) -> tuple[bytes, dict[int, Piece]]:
    """The same for edits in elements of a conversation, by the element's position, in order.

    What was written for an element before is not written again. Returns the elements as they are sent, too.
    """
    changed: dict[int, Piece] = {}
    out: list[bytes] = []
    done = 0
    for at, spans in edits.items():
        piece, start = elements.pieces[at], elements.starts[at]
        written = changed[at] = piece.edited(tuple(spans), encode)
        out += raw[done:start], written.raw
        done = start + len(piece.raw)
    return (b"".join([*out, raw[done:]]) if out else raw), changed


def encode(text: str, *, ascii_only: bool = False) -> bytes:
    """A JSON string literal. Lone surrogates, which UTF-8 cannot carry, are escaped."""
    if not ascii_only:
        with suppress(orjson.JSONEncodeError):  # for lone surrogates
            return orjson.dumps(text)
    return json.dumps(text).encode()


def ascii_spelling(raw: bytes) -> bytes:
    """The same document with escapes for all but ASCII (a byte order mark stays), or the same object."""
    if raw.isascii():
        return raw
    bom = BOM if raw.startswith(BOM) else b""
    text = raw.removeprefix(BOM).decode()
    return bom + _NOT_ASCII.sub(lambda run: encode(run[0], ascii_only=True)[1:-1].decode(), text).encode()
