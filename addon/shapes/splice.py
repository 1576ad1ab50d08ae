"""The splice: a body with texts written in place of string literals, every other byte as it was."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

import orjson

from addon.shapes.json_spans import BOM, Elements
from addon.shapes.seen import Piece

_NOT_ASCII = re.compile("[^\x00-\x7f]+")

type Edit = tuple[int, int, str]
"""A span of an element's bytes, and the text of the literal that is to stand there."""


def splice_elements(
    raw: bytes, elements: Elements, edits: Mapping[int, Sequence[Edit]]
) -> tuple[bytes, dict[int, Piece]]:
    """`raw` with edits in elements of its conversation, by the element's position, in order; every other byte is the
    same, and without edits so is the object.

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
