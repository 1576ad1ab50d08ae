"""Where things stand in a JSON document: a scanner that tells spans of bytes, and the splice that fills them anew.

Parsing and re-serialising changes a body even when no value changes: spacing, key order, duplicate keys, the
spelling of numbers and escapes. So nothing is parsed but the strings that are read, and nothing is written but
the strings that are replaced. Grammar: RFC 8259; in addition a byte order mark in front is tolerated.

One pass finds where every container ends, pieces that were seen before left out; after that only what is asked for is
read. No recursion: depth costs nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from addon.shapes.seen import Piece, Seen

_BOM = b"\xef\xbb\xbf"
_WS = rb"[ \t\r\n]*+"
_CHARACTERS = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_SPACE = re.compile(_WS)
_STRING = re.compile(_CHARACTERS)
_KEY = re.compile(b"(" + _CHARACTERS + b")" + _WS + b":" + _WS)
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null")
_COMMA = re.compile(_WS + b"," + _WS)
_STRUCTURE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_OPENING = (b"[", b"{")
_CONVERSATIONS = frozenset({b'"messages"', b'"input"', b'"contents"'})
"""Keys of the lists that hold conversations, as every client spells them."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]+")


class NotJson(ValueError):
    """The bytes are not a JSON document, as far as they were read."""


class Ends(dict[int, int]):
    """For the first byte of every object and array that was looked into, the byte behind its last one."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: dict[int, Piece] = {}
        """The elements of the conversation, by their first byte."""
        self.lists: dict[int, list[Node]] = {}
        """The elements of lists that hold conversations, by the list's first byte."""


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON value: the document's bytes, and the span `[start, end)` in which the value stands."""

    raw: bytes = field(repr=False)
    start: int
    end: int
    ends: Ends = field(repr=False, compare=False)
    """Of the whole document."""

    @property
    def type(self) -> str:
        """The value's first character: `{`, `[`, `"`, or that of a number or literal."""
        return chr(self.raw[self.start])

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """Keys and values of an object, in order, duplicates included; nothing when it is no object."""
        if self.type != "{":
            return
        at = _skip_space(self.raw, self.start + 1)
        while at < self.end - 1:
            key = _literal(_KEY, self.raw, at)
            value = self._value(key.end())
            yield _decode(key[1]), value
            at = self._next(value.end)

    def elements(self) -> Iterator["Node"]:
        """Values of an array, in order; nothing when it is no array."""
        if self.type != "[":
            return
        if (known := self.ends.lists.get(self.start)) is not None:
            yield from known
            return
        at = _skip_space(self.raw, self.start + 1)
        while at < self.end - 1:
            value = self._value(at)
            yield value
            at = self._next(value.end)

    def object(self) -> "dict[str, Node]":
        """Values by key; of a duplicate key the last one, as every common parser has it."""
        return dict(self.members())

    def text(self) -> str | None:
        """The decoded string, lone surrogates included, or None when it is no string."""
        return _decode(self.literal()) if self.type == '"' else None

    def literal(self) -> bytes:
        """The value's own bytes."""
        return self.raw[self.start : self.end]

    @property
    def piece(self) -> Piece:
        """What is known of the value, an element of a conversation, from earlier requests."""
        piece = self.ends.pieces.get(self.start)
        if piece is None:
            piece = self.ends.pieces[self.start] = Piece(self.literal())
        return piece

    def end_of(self, at: int) -> int:
        """The byte behind the value that begins at `at`."""
        end = self.ends.get(at)
        if end is not None:
            return end
        if self.raw[at : at + 1] in _OPENING:
            return _look_into(self.raw, at, self.ends)
        return _literal(_STRING if self.raw[at : at + 1] == b'"' else _SCALAR, self.raw, at).end()

    def _value(self, at: int) -> "Node":
        return Node(self.raw, at, self.end_of(at), self.ends)

    def _next(self, at: int) -> int:
        """Where the next member or element starts, or where the container's closing bracket stands."""
        comma = _COMMA.match(self.raw, at)
        if comma is not None:
            if comma.end() >= self.end - 1:
                raise NotJson(f"nothing behind the comma before byte {comma.end()}")
            return comma.end()
        at = _skip_space(self.raw, at)
        if at != self.end - 1:
            raise NotJson(f"no comma at byte {at}")
        return at


def parse(raw: bytes, seen: Seen | None = None) -> Node:
    """The document's one value. Raises `NotJson` when there is none or something else beside it.

    `seen`: what is known from earlier requests; pieces of a conversation that are known are not read again.
    """
    start = _skip_space(raw, len(_BOM) if raw.startswith(_BOM) else 0)
    document = Node(raw, start, len(raw), Ends())
    if seen is not None and raw[start : start + 1] == b"{":
        _walk(document, seen)
    root = document._value(start)
    if _skip_space(raw, root.end) != len(raw):
        raise NotJson(f"more than one value: byte {root.end}")
    return root


def _walk(document: Node, seen: Seen) -> None:
    """Find the end of the document's object, and of all in it, member by member."""
    raw, ends = document.raw, document.ends
    at = _skip_space(raw, document.start + 1)
    while raw[at : at + 1] != b"}":
        key = _literal(_KEY, raw, at)
        value = key.end()
        if key[1] in _CONVERSATIONS and raw[value : value + 1] == b"[":
            ends[value] = _walk_pieces(document, value, seen)
        at = _behind(raw, document.end_of(value), b"}")
    ends[document.start] = at + 1


def _walk_pieces(document: Node, at: int, seen: Seen) -> int:
    """The same for a conversation's list; returns its end."""
    raw, ends, before = document.raw, document.ends, seen.beginning()
    elements = ends.lists[at] = []
    at = _skip_space(raw, at + 1)
    while raw[at : at + 1] != b"]":
        if raw[at : at + 1] != b"{":
            end = document.end_of(at)
        elif (piece := before.follower(raw, at)) is not None:
            before, end = piece, at + len(piece.raw)
            ends[at], ends.pieces[at] = end, piece
        else:
            end = document.end_of(at)
            before = ends.pieces[at] = seen.add(raw[at:end], before)
        elements.append(Node(raw, at, end, ends))
        at = _behind(raw, end, b"]")
    return at + 1


def _behind(raw: bytes, at: int, closing: bytes) -> int:
    """Where the next member or element begins, or where the container closes."""
    comma = _COMMA.match(raw, at)
    if comma is None:
        at = _skip_space(raw, at)
        if raw[at : at + 1] != closing:
            raise NotJson(f"no comma at byte {at}")
        return at
    if raw[comma.end() : comma.end() + 1] == closing:
        raise NotJson(f"nothing behind the comma before byte {comma.end()}")
    return comma.end()


def splice(raw: bytes, replacements: Iterable[tuple[Node, str]], *, ascii_only: bool = False) -> bytes:
    """`raw` with each node's string literal replaced by `text`; every other byte is the same.

    No replacements: the same object. The nodes are strings of `raw`, in order and apart.
    """
    pieces: list[bytes] = []
    at = 0
    for node, text in replacements:
        pieces += raw[at : node.start], encode(text, ascii_only=ascii_only)
        at = node.end
    return b"".join([*pieces, raw[at:]]) if pieces else raw


def splice_pieces(root: Node, replacements: Sequence[tuple[Node, str]]) -> tuple[bytes, dict[int, Piece]]:
    """As `splice`, piece by piece: what was written for a piece before is not written again.

    Returns the new bytes too, by the first byte of the piece (in `root.raw`) that they stand in for; none where a
    replacement stands outside of all pieces.
    """
    changed: dict[int, Piece] = {}
    out: list[bytes] = []
    at = done = 0
    for start, piece in sorted(root.ends.pieces.items()) if replacements else ():
        end, first = start + len(piece.raw), done
        while done < len(replacements) and replacements[done][0].start < end:
            done += 1
        if first < done and replacements[first][0].start < start:
            break
        if first < done:
            edits = tuple((node.start - start, node.end - start, text) for node, text in replacements[first:done])
            changed[start] = piece.edited(edits, encode)
            out += root.raw[at:start], changed[start].raw
            at = end
    else:
        if done == len(replacements):
            return (b"".join([*out, root.raw[at:]]) if out else root.raw), changed
    return splice(root.raw, replacements), {}


def encode(text: str, *, ascii_only: bool = False) -> bytes:
    """A JSON string literal. Lone surrogates, which UTF-8 cannot carry, are escaped."""
    escaped = ascii_only or _LONE_SURROGATE.search(text) is not None
    return json.dumps(text, ensure_ascii=escaped).encode()


def ascii_spelling(raw: bytes) -> bytes:
    """The same document with escapes for all but ASCII (a byte order mark stays), or the same object."""
    if raw.isascii():
        return raw
    bom = _BOM if raw.startswith(_BOM) else b""
    text = raw.removeprefix(_BOM).decode()
    return bom + _NOT_ASCII.sub(lambda run: encode(run[0], ascii_only=True)[1:-1].decode(), text).encode()


def _look_into(raw: bytes, at: int, ends: Ends) -> int:
    """The end of the container at `at`; those of all containers in it are noted too."""
    opened: list[int] = []
    for match in _STRUCTURE.finditer(raw, at):
        at = match.start()
        first = raw[at]
        if first in b"[{":
            opened.append(at)
        elif first in b"]}":
            if raw[opened[-1]] != first - 2:  # in ASCII, "]" and "}" stand two behind "[" and "{"
                raise NotJson(f"a bracket closes nothing at byte {at}")
            ends[opened.pop()] = at + 1
            if not opened:
                return at + 1
    raise NotJson(f"nothing closes the bracket at byte {opened[-1]}")


def _skip_space(raw: bytes, at: int) -> int:
    match = _SPACE.match(raw, at)
    return match.end() if match else at


def _literal(pattern: re.Pattern[bytes], raw: bytes, at: int) -> re.Match[bytes]:
    match = pattern.match(raw, at)
    if not match:
        raise NotJson(f"no value at byte {at}")
    return match


def _decode(literal: bytes) -> str:
    try:
        return str(json.loads(literal)) if b"\\" in literal else literal[1:-1].decode()
    except UnicodeDecodeError as error:
        raise NotJson(str(error)) from error
