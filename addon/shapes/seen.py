"""What was read before: a conversation comes again with every turn, and only its end is new.

The elements of a conversation's list are its *pieces*. A piece is known again by its bytes alone, wherever it stands,
so that what was made of it need not be made again. A whole conversation is known again by the bytes with which it
begins: then the ends of its pieces need not be searched for, and what it told up to there need not be told again. So a
turn costs its new bytes, and one comparison of the old ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

_MOST_WEIGHT = 64 * 1024 * 1024
"""Of all conversations."""
_MOST = 64
"""Conversations, or forks of one."""
_SAME = 8
"""Pieces at its end that a conversation may lose and still be the same one going on: clients change a few of them."""
_CONTAINER, _BYTE = 500, 4
"""Bytes of memory that are taken for each object and array in a piece, and for each of its bytes; as measured."""


class Piece:
    """The bytes of one element, and what was made of them."""

    __slots__ = ("__weakref__", "_edited", "_edits", "made", "raw", "weight")

    def __init__(self, raw: bytes, containers: int = 1) -> None:
        self.raw = raw
        self.weight = _CONTAINER * max(1, containers) + _BYTE * len(raw)
        """How many bytes of memory it takes, about."""
        self.made: dict[object, Any] = {}
        """What was made of these bytes alone, by the function that did so."""
        self._edits: object = None
        self._edited: Piece | None = None

    def edited(self, edits: tuple[tuple[int, int, str], ...], write: Callable[[str], bytes]) -> "Piece":
        """The piece with spans of its bytes (from, to) replaced by what `write` makes of a text."""
        if self._edited is None or self._edits != edits:
            out: list[bytes] = []
            at = 0
            for start, end, text in edits:
                out += self.raw[at:start], write(text)
                at = end
            self._edits, self._edited = edits, Piece(b"".join([*out, self.raw[at:]]))
        return self._edited


@dataclass(frozen=True, slots=True, eq=False)
class Telling[S, E]:
    """Something that a conversation tells element by element, so that a later request goes on where one stopped."""

    begin: Callable[[], S]
    """What is told before the first element."""
    add: Callable[[S, E, int], S]
    """What is told with one more of `Elements`, by its position; may change and return what it got."""
    copy: Callable[[S], S] = lambda told: told
    """Of what `add` changes."""


type Told = dict[Telling[Any, Any], dict[int, Any]]
"""What a conversation tells up to some of its elements, by how many these are."""


@dataclass(frozen=True, slots=True, eq=False)
class Conversation:
    """The pieces of a conversation as they stood in a request."""

    text: bytes
    """All bytes from the first piece to the last one, which is not in it: where that ends only what follows can say."""
    pieces: list[Piece]
    starts: list[int]
    """Of the pieces, as if the text began at 0."""
    told: Told

    @property
    def weight(self) -> int:
        """How many bytes of memory it takes, about."""
        return len(self.text) + sum(piece.weight for piece in self.pieces)

    def shared(self, raw: bytes, at: int) -> int:
        """With how many of the pieces, and all that stands between and behind them, `raw` goes on at `at`."""
        low, high = 0, len(self.pieces) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if raw.startswith(self.text[self.starts[low] : self.starts[middle]], at + self.starts[low]):
                low = middle
            else:
                high = middle - 1
        return low


class Seen:
    """The conversations seen last, for one thread."""

    def __init__(self, most_weight: int = _MOST_WEIGHT) -> None:
        self._most = most_weight
        self._weight = 0
        self._conversations: list[Conversation] = []
        self._pieces: WeakValueDictionary[bytes, Piece] = WeakValueDictionary()

    def find(self, raw: bytes, at: int) -> tuple[int, Conversation | None]:
        """The conversation that shares the most pieces with what stands in `raw` at `at`, and how many."""
        shared = ((known.shared(raw, at), known) for known in self._conversations)
        count, longest = max(shared, key=lambda found: found[0], default=(0, None))
        return (count, longest) if count else (0, None)

    def piece(self, raw: bytes, containers: int) -> Piece:
        """The piece of these bytes, in which so many objects and arrays stand."""
        piece = self._pieces.get(raw)
        if piece is None:
            piece = self._pieces[raw] = Piece(raw, containers)
        return piece

    def keep(self, conversation: Conversation, shared: int, before: Conversation | None) -> None:
        """Remember a conversation, which began with so many pieces of the one `before`; forget those of longest ago."""
        if before is not None:
            self._conversations.remove(before)
            if len(before.pieces) - shared <= _SAME:
                self._weight -= before.weight
            else:  # a fork of it
                self._conversations.insert(0, before)
        self._conversations.insert(0, conversation)
        self._weight += conversation.weight
        while len(self._conversations) > 1 and (len(self._conversations) > _MOST or self._weight > self._most):
            self._weight -= self._conversations.pop().weight
