"""Where things stand in a JSON document: a scanner that tells spans of bytes, for `splice` to fill anew.

Parsing and re-serialising changes a body even when no value changes: spacing, key order, duplicate keys, the
spelling of numbers and escapes. So nothing is parsed but the strings that are read, and nothing is written but
the strings that are replaced. Grammar: RFC 8259; in addition a byte order mark in front is tolerated.

One pass finds where every container ends, pieces that were seen before left out; after that only what is asked for is
read, once: a node remembers it. No recursion: depth costs nothing.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import orjson

from addon.shapes.seen import Conversation, Piece, Seen, Telling, Told

BOM = b"\xef\xbb\xbf"
_WS = rb"[ \t\r\n]*+"
_CHARACTERS = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_SHORT = rb'"[^"\\\x00-\x1f]{0,64}+"'
_SPACE = re.compile(_WS)
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null")
_KEY = re.compile(b"(" + _CHARACTERS + b")" + _WS + b":" + _WS)
_MEMBER = re.compile(_KEY.pattern + b"(" + _SHORT + b"|" + _SCALAR.pattern + b")?+")
"""A key and its value, unless that is a container or a string that is long or has escapes."""
_COMMA = re.compile(_WS + b"," + _WS)
_STRUCTURE = re.compile(rb'(?:[^"\[\]{}]++|' + _SHORT + rb')*+["\[\]{}]')
"""Up to the next bracket or string, short ones passed over."""
_QUOTE = re.compile(rb'"(?<![^\\]\\")')
"""Not one with a single backslash before it, which closes nothing. By this long texts are gone through: a pattern that
begins with a character is found several times faster than any other."""
_OPENING = (b"[", b"{")
_STRING, _BACKSLASH = b'"\\'
_NEXT_KEY, _NEXT_OBJECT = b',"', b",{"
_CONVERSATIONS = frozenset({b'"messages"', b'"input"', b'"contents"'})
"""Keys of the lists that hold conversations, as every client spells them."""
_WRAPPERS = frozenset({b'"request"'})
"""Likewise of objects around the request."""
_WORD = 24
"""Bytes of a string that is remembered."""
_KEPT = 8
"""Elements at a conversation's end that keep what is told up to them: clients change a few of the last ones."""


class NotJson(ValueError):
    """The bytes are not a JSON document, as far as they were read."""


class Ends(dict[int, int]):
    """For the first byte of every object, array and longer string that was found, the byte behind its last one."""

    def __init__(self) -> None:
        super().__init__()
        self.conversations: dict[int, Elements] = {}
        """The elements of lists that hold conversations, by the list's first byte."""


@dataclass(slots=True, eq=False)
class Node:
    """One JSON value: the document's bytes, and the span `[start, end)` in which the value stands.

    Not frozen, because there are thousands in a request; nobody changes one.
    """

    raw: bytes = field(repr=False)
    start: int
    end: int
    ends: Ends = field(repr=False)
    """Of the whole document, or of all elements of its conversation."""
    _read: "dict[str, Node] | list[Node] | str | None" = field(default=None, init=False, repr=False)
    """The value, once it was read: by key, in order, or as text."""

    @property
    def type(self) -> str:
        """The value's first character: `{`, `[`, `"`, or that of a number or literal."""
        return chr(self.raw[self.start])

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """Keys and values of an object, in order, duplicates included; nothing when it is no object."""
        raw, ends, last = self.raw, self.ends, self.end - 1
        at = _skip_space(raw, self.start + 1) if self.type == "{" else last
        while at < last:
            member = _literal(_MEMBER, raw, at)
            start, end = member.span(2)
            if start < 0:
                start = member.end()
                end = ends.get(start) or self.end_of(start)
            yield _decode(member[1]), Node(raw, start, end, ends)
            at = end + 1 if raw[end : end + 2] == _NEXT_KEY else self._next(end)

    def elements(self) -> "list[Node]":
        """Values of an array, in order; none when it is no array."""
        if self._read is None and self.type == "[":
            self._read = list(self._elements())
        return self._read if isinstance(self._read, list) else []

    def _elements(self) -> Iterator["Node"]:
        at = _skip_space(self.raw, self.start + 1)
        while at < self.end - 1:
            end = self.end_of(at)
            yield Node(self.raw, at, end, self.ends)
            at = self._next(end)

    def conversation(self) -> "Elements":
        """The values of an array as the elements of a conversation."""
        known = self.ends.conversations.get(self.start)
        if known is None:
            known = self.ends.conversations[self.start] = Elements(self.raw, self.ends)
            for element in self.elements():
                known.append(Piece(element.literal()), element.start)
        return known

    def object(self) -> "dict[str, Node]":
        """Values by key; of a duplicate key the last one, as every common parser has it."""
        if self._read is None and self.type == "{":
            self._read = dict(self.members())
        return self._read if isinstance(self._read, dict) else {}

    def text(self) -> str | None:
        """The decoded string, lone surrogates included, or None when it is no string."""
        if self._read is None and self.type == '"':
            self._read = _decode(self.raw[self.start : self.end])
        return self._read if isinstance(self._read, str) else None

    def literal(self) -> bytes:
        """The value's own bytes."""
        return self.raw[self.start : self.end]

    def end_of(self, at: int) -> int:
        """The byte behind the value that begins at `at`."""
        end = self.ends.get(at)
        if end is not None:
            return end
        first = self.raw[at : at + 1]
        if first in _OPENING:
            return _look_into(self.raw, at, self.ends)
        return _string_end(self.raw, at) if first == b'"' else _literal(_SCALAR, self.raw, at).end()

    def _next(self, at: int) -> int:
        """Where the next member or element starts, or where the container's closing bracket stands."""
        if at == self.end - 1:
            return at
        comma = _COMMA.match(self.raw, at)
        if comma is not None:
            if comma.end() >= self.end - 1:
                raise NotJson(f"nothing behind the comma before byte {comma.end()}")
            return comma.end()
        at = _skip_space(self.raw, at)
        if at != self.end - 1:
            raise NotJson(f"no comma at byte {at}")
        return at


class Elements:
    """The elements of a conversation, and where they stand in a body. What was read before is not looked at again."""

    __slots__ = ("_ends", "_nodes", "_raw", "_told", "pieces", "starts")

    def __init__(self, raw: bytes, ends: Ends) -> None:
        self._raw = raw
        self._ends = ends
        self._told: Told = {}
        self._nodes: dict[int, Node] = {}
        self.pieces: list[Piece] = []
        self.starts: list[int] = []
        """The first byte of each."""

    def __len__(self) -> int:
        return len(self.pieces)

    def __iter__(self) -> Iterator[Node]:
        return map(self.node, range(len(self.pieces)))

    def append(self, piece: Piece, start: int) -> None:
        """One more."""
        self.pieces.append(piece)
        self.starts.append(start)

    def begin(self, known: Conversation, count: int, at: int) -> None:
        """The first elements are these of a conversation that was read before; they begin at the byte `at`."""
        self.pieces = known.pieces[:count]
        self.starts = [at + start for start in known.starts[:count]]
        for telling, told in known.told.items():
            self._told[telling] = {upto: state for upto, state in told.items() if upto <= count}

    def conversation(self) -> Conversation:
        """What is to be remembered of them."""
        first, last = self.starts[0], self.starts[-1]
        starts = [start - first for start in self.starts]
        return Conversation(self._raw[first:last], self.pieces, starts, self._told)

    def node(self, at: int) -> Node:
        """The element at this position."""
        node = self._nodes.get(at)
        if node is None:
            start = self.starts[at]
            node = self._nodes[at] = Node(self._raw, start, start + len(self.pieces[at].raw), self._ends)
        return node

    def made[T](self, work: Callable[[Node], T], at: int) -> T:
        """What `work` makes of an element: made once for the same bytes, on which alone it may depend."""
        made = self.pieces[at].made
        if work not in made:
            made[work] = work(self.node(at))
        found: T = made[work]
        return found

    def told[S](self, telling: "Telling[S, Elements]") -> S:
        """What all elements tell together. What is told up to the last ones is kept: later requests go on there."""
        known, count = self._told.setdefault(telling, {}), len(self.pieces)
        at = max(known, default=0)
        state = telling.copy(known[at]) if at else telling.begin()
        for upto in range(at + 1, count + 1):
            state = telling.add(state, self, upto - 1)
            if upto > count - _KEPT:
                known[upto] = telling.copy(state)
        for upto in [upto for upto in known if upto <= count - 2 * _KEPT]:
            del known[upto]
        return state


def parse(raw: bytes, seen: Seen | None = None) -> Node:
    """The document's one value. Raises `NotJson` when there is none or something else beside it.

    `seen`: what is known from earlier requests; pieces of a conversation that are known are not read again.
    """
    start = _skip_space(raw, len(BOM) if raw.startswith(BOM) else 0)
    document = Node(raw, start, len(raw), Ends())
    if seen is not None and raw[start : start + 1] == b"{":
        _walk(document, start, seen, _WRAPPERS)
    root = Node(raw, start, document.end_of(start), document.ends)
    if _skip_space(raw, root.end) != len(raw):
        raise NotJson(f"more than one value: byte {root.end}")
    return root


def _walk(document: Node, start: int, seen: Seen, wrappers: frozenset[bytes] = frozenset()) -> None:
    """Find the end of the object that begins at `start`, and of all in it, member by member."""
    raw, ends = document.raw, document.ends
    at = _skip_space(raw, start + 1)
    while raw[at : at + 1] != b"}":
        key = _literal(_KEY, raw, at)
        value = key.end()
        if key[1] in _CONVERSATIONS and raw[value : value + 1] == b"[":
            ends[value] = _walk_pieces(document, value, seen)
        elif key[1] in wrappers and raw[value : value + 1] == b"{":
            _walk(document, value, seen)
        at = _behind(raw, document.end_of(value), b"}")
    ends[start] = at + 1


def _walk_pieces(document: Node, at: int, seen: Seen) -> int:
    """The same for a conversation's list; returns its end."""
    raw, ends = document.raw, Ends()  # of its own: in the document's, with the elements, it would hold itself
    elements = document.ends.conversations[at] = Elements(raw, ends)
    document = replace(document, ends=ends)
    at = _skip_space(raw, at + 1)
    shared, known = seen.find(raw, at)
    if known is not None:
        elements.begin(known, shared, at)
        at = _skip_space(raw, at + known.starts[shared])
        if raw[at : at + 1] == b"]":
            raise NotJson(f"nothing behind the comma before byte {at}")
    while raw[at : at + 1] != b"]":
        before = len(ends)
        value = raw[at : document.end_of(at)]
        elements.append(seen.piece(value, len(ends) - before), at)
        at += len(value)
        at = at + 1 if raw[at : at + 2] == _NEXT_OBJECT else _behind(raw, at, b"]")
    if elements:
        seen.keep(elements.conversation(), shared, known)
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


def _look_into(raw: bytes, at: int, ends: Ends) -> int:
    """The end of the container at `at`; those of all containers in it, and of its longer strings, are noted too."""
    opened: list[int] = []
    while found := _STRUCTURE.match(raw, at):
        at = found.end()
        first = raw[at - 1]
        if first in b"[{":
            opened.append(at - 1)
        elif first == _STRING:
            ends[at - 1] = at = _string_end(raw, at - 1)
        elif raw[opened[-1]] != first - 2:  # in ASCII, "]" and "}" stand two behind "[" and "{"
            raise NotJson(f"a bracket closes nothing at byte {at - 1}")
        else:
            ends[opened.pop()] = at
            if not opened:
                return at
    raise NotJson(f"nothing closes the bracket at byte {opened[-1]}")


def _skip_space(raw: bytes, at: int) -> int:
    match = _SPACE.match(raw, at)
    return match.end() if match else at


def _literal(pattern: re.Pattern[bytes], raw: bytes, at: int) -> re.Match[bytes]:
    match = pattern.match(raw, at)
    if not match:
        raise NotJson(f"no value at byte {at}")
    return match


def _string_end(raw: bytes, at: int) -> int:
    """The byte behind the string that begins at `at`; what stands in it is looked at when it is decoded."""
    for quote in _QUOTE.finditer(raw, at + 1):
        before = last = quote.start() - 1
        while raw[before] == _BACKSLASH:
            before -= 1
        if (last - before) % 2 == 0:
            return quote.end()
    raise NotJson(f"nothing closes the string at byte {at}")


def _decode(literal: bytes) -> str:
    return _decode_word(literal) if len(literal) <= _WORD else _decode_text(literal)


@lru_cache(maxsize=1024)
def _decode_word(literal: bytes) -> str:
    """Remembered, because keys, types and roles are the same few everywhere."""
    return _decode_text(literal)


def _decode_text(literal: bytes) -> str:
    try:
        text: str = orjson.loads(literal)
        return text
    except orjson.JSONDecodeError:  # it takes no lone surrogates, and is several times as fast
        pass
    try:
        return str(json.loads(literal.decode()))
    except ValueError as error:
        raise NotJson(str(error)) from error
