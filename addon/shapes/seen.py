"""What was read before: a conversation comes again with every turn, and only its end is new.

The elements of a conversation's list are its *pieces*. A piece is known again by its bytes alone, as the one that
follows the piece before it; so it stands for all that came before it too. Then its end need not be searched for, and
what was made of it, or told by the conversation up to it, need not be made again. So a turn costs its new bytes, and
one comparison of the old ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MOST_BYTES = 16 * 1024 * 1024
"""Of all pieces. What is made of them takes about as much again, twice."""
_MOST_RUNS = 16
_MOST_FOLLOWERS = 8
"""Forks of one conversation that are known again; the latest ones."""


class Piece:
    """The bytes of one element, and what was made of them."""

    __slots__ = ("_edited", "_edits", "_followers", "made", "raw", "told")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.made: dict[object, Any] = {}
        """What was made of these bytes alone, by the function that did so."""
        self.told: dict[object, Any] = {}
        """What the conversation tells up to here, by the `Telling`."""
        self._followers: list[Piece] = []
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

    def follower(self, raw: bytes, at: int) -> "Piece | None":
        """The piece that stands in `raw` at `at`, if one of those that came after this one does."""
        for piece in self._followers:
            if raw.startswith(piece.raw, at):
                return piece
        return None

    def add(self, raw: bytes) -> "Piece":
        """A new follower. Its bytes must be such that nothing can be added to them: an object or array."""
        piece = Piece(raw)
        self._followers[_MOST_FOLLOWERS - 1 :] = []
        self._followers.insert(0, piece)
        return piece


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The first pieces of a conversation with all that stands between them, compared at once."""

    text: bytes
    pieces: list[Piece]
    starts: list[int]
    """Of the pieces in the text."""


@dataclass(frozen=True, slots=True, eq=False)
class Telling[S, E]:
    """Something that a conversation tells element by element, so that a later request goes on where one stopped."""

    begin: Callable[[], S]
    """What is told before the first element."""
    add: Callable[[S, E, int], S]
    """What is told with one more of `Elements`, by its position; may change and return what it got."""
    copy: Callable[[S], S] = lambda told: told
    """Of what `add` changes."""


class Seen:
    """The pieces of the conversations seen last, by what came before them; too many of them are forgotten together."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._beginning = Piece(b"")
        self._runs: list[Run] = []

    def beginning(self) -> Piece:
        """What stands before a conversation's first piece."""
        if self._bytes > self._most:
            self._bytes, self._beginning = 0, Piece(b"")
            self._runs.clear()
        return self._beginning

    def run(self, raw: bytes, at: int) -> Run | None:
        """The longest run that stands in `raw` at `at`."""
        return max(
            (run for run in self._runs if raw.startswith(run.text, at)), key=lambda run: len(run.text), default=None
        )

    def keep(self, run: Run, instead_of: Run | None) -> None:
        """Remember a run; the one that it goes on from is not needed any more."""
        self._bytes += len(run.text) - (len(instead_of.text) if instead_of else 0)
        self._runs = [run, *(other for other in self._runs if other is not instead_of)][:_MOST_RUNS]

    def add(self, raw: bytes, before: Piece) -> Piece:
        """A piece that was not known; it is remembered while there is room."""
        if self._bytes > self._most:
            return Piece(raw)
        self._bytes += len(raw)
        return before.add(raw)
