"""CacheAligner: whether a request begins with the prompt that the provider has cached, and where it leaves it.

A provider reuses a prompt as far as the next one begins with the very same items, in the order model, tools, system,
conversation. A prompt is compared as a `Prefix`, the digests and sizes of its items, so that no text need be kept.
Everything here is pure: others read the requests and follow the conversations from turn to turn.
"""

import base64
import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import groupby
from typing import Self

BYTES_PER_TOKEN = 3.6
"""What JSON of English text and code comes to; token counts made from sizes are estimates."""
_RECORD = struct.Struct(">8sI")
ITEM_BYTES = _RECORD.size
"""Of an item in a packed prefix."""
_SIZE_BITS = 28
_MOST_BYTES = (1 << _SIZE_BITS) - 1


class Section(IntEnum):
    """Which part of a prompt an item stands in."""

    MODEL = 0
    TOOLS = 1
    SYSTEM = 2
    CLIENT = 3
    """Of the conversation: a message of the user, a tool output, a note of the client."""
    ANSWER = 4
    """Of the conversation: made by the model."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of a prompt: a tool, a line of the system text, a message."""

    digest: bytes
    """8 bytes."""
    size: int
    """Bytes of the item's text, marks left out."""
    section: Section = Section.CLIENT

    @property
    def packed(self) -> bytes:
        """The item as it stands in a packed prefix."""
        return _RECORD.pack(self.digest, self.section << _SIZE_BITS | min(self.size, _MOST_BYTES))


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prompt as a sequence of `Item`s in cache order; empty where nothing is known of it."""

    packed: bytes = b""
    """12 bytes an item: its digest, then section and size."""

    @classmethod
    def of(cls, items: Iterable[Item]) -> Self:
        """The prefix with these items."""
        return cls(b"".join(item.packed for item in items))

    @classmethod
    def parse(cls, plain: str) -> Self:
        """The prefix that `plain` was made from. Raises `ValueError`."""
        packed = base64.b64decode(plain, validate=True)
        if len(packed) % _RECORD.size:
            raise ValueError(f"{len(packed)} bytes are no sequence of {_RECORD.size}-byte records")
        return cls(packed)

    @property
    def plain(self) -> str:
        """Printable ASCII, 16 characters an item."""
        return base64.b64encode(self.packed).decode()

    def __len__(self) -> int:
        return len(self.packed) // _RECORD.size

    def __iter__(self) -> Iterator[Item]:
        for digest, word in _RECORD.iter_unpack(self.packed):
            yield _item(digest, word)

    def __getitem__(self, index: int) -> Item:
        return _item(*_RECORD.unpack_from(self.packed, index * _RECORD.size))

    def cut(self, start: int, end: int | None = None) -> "Prefix":
        """The items from `start` up to `end`."""
        return Prefix(self.packed[start * _RECORD.size : None if end is None else end * _RECORD.size])

    def shared(self, other: "Prefix") -> int:
        """How many items both begin with."""
        low, high = 0, min(len(self), len(other))
        while low < high:
            middle = (low + high + 1) // 2
            if self.cut(low, middle) == other.cut(low, middle):
                low = middle
            else:
                high = middle - 1
        return low

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(word & _MOST_BYTES for _, word in _RECORD.iter_unpack(self.packed))

    @property
    def head(self) -> int:
        """How many items stand before the conversation."""
        words = (word for _, word in _RECORD.iter_unpack(self.packed))
        begun = (at for at, word in enumerate(words) if word >> _SIZE_BITS >= Section.CLIENT)
        return next(begun, len(self))

    def where(self, index: int) -> str:
        """An item for people: its section and its position there, from 0: `system 3`, `conversation 12`."""
        section = self[index].section
        if section >= Section.CLIENT:
            return f"conversation {index - self.head}"
        same = sum(item.section == section for item in self.cut(0, index))
        return "model" if section is Section.MODEL else f"{section.name.lower()} {same}"

    def first(self, section: Section) -> Item | None:
        """The first item of a section."""
        return next(
            (_item(d, word) for d, word in _RECORD.iter_unpack(self.packed) if word >> _SIZE_BITS == section), None
        )


class PrefixVerdict(StrEnum):
    """How a prompt stands to the one before it."""

    FIRST_TURN = "first_turn"
    """There is none before it."""
    APPENDED = "appended"
    """All of the one before, and more."""
    REPEATED = "repeated"
    """The same items: a retry."""
    NOISE = "noise"
    """Spans of at most `volatile_token_threshold` tokens changed in place; all else is kept."""
    BROKEN = "broken"
    """Something larger changed, before items that are still there; or another model."""
    REWOUND = "rewound"
    """It ends earlier, or goes on in another way from there: nothing behind the change is of the one before."""


@dataclass(frozen=True, slots=True)
class PrefixChange:
    """The first place where a prompt differs from the one before it, and how much of it does."""

    verdict: PrefixVerdict
    first_changed: int | None = None
    """Index of the item; None where all of the prompt before is kept."""
    changed_tokens: int = 0
    """Of all changed spans; 0 where the prompt only ends earlier."""
    where: str = ""
    """The changed item for people (`Prefix.where`), or the first one that is missing."""

    @property
    def keeps_prefix(self) -> bool:
        """Whether everything before is still there, as it was."""
        return self.verdict in (PrefixVerdict.APPENDED, PrefixVerdict.REPEATED)


class CacheAligner:
    """Compares a conversation's prompts from turn to turn.

    Known limitation: where the client adds an item in the middle, all that stands behind it counts as changed. So it
    does for the provider's cache.
    """

    def __init__(self, threshold: int) -> None:
        """`threshold`: `CompressionPolicy.volatile_token_threshold`, in tokens."""
        self._threshold = threshold

    def compare(self, before: Prefix, now: Prefix) -> PrefixChange:
        """How `now` stands to `before`, which is empty on a conversation's first turn."""
        if not before:
            return PrefixChange(PrefixVerdict.FIRST_TURN)
        kept = before.shared(now)
        if kept == len(before):
            return PrefixChange(PrefixVerdict.REPEATED if kept == len(now) else PrefixVerdict.APPENDED)
        if kept == len(now):
            return PrefixChange(PrefixVerdict.REWOUND, kept, 0, before.where(kept))
        was_begun, begun = before.head, now.head
        head = list(_spans(before.cut(0, was_begun), now.cut(0, begun)))
        was, became = before.cut(was_begun), now.cut(begun)
        talk = list(_spans(was, became.cut(0, len(was))))
        return PrefixChange(
            verdict=self._verdict(head, talk, forked=_forked(was, became)),
            first_changed=kept,
            changed_tokens=sum(map(_tokens, [*head, *talk])),
            where=now.where(kept),
        )

    def _verdict(self, head: list[Prefix], talk: list[Prefix], *, forked: bool) -> PrefixVerdict:
        if forked and not any(map(self._is_large, head)):
            return PrefixVerdict.REWOUND
        return PrefixVerdict.BROKEN if any(map(self._is_large, [*head, *talk])) else PrefixVerdict.NOISE

    def _is_large(self, span: Prefix) -> bool:
        return _tokens(span) > self._threshold or span.first(Section.MODEL) is not None

    @staticmethod
    def unkept(client: tuple[Prefix, Prefix], sent: tuple[Prefix, Prefix]) -> int | None:
        """The first item that the client kept from one turn to the next and we did not; None where we kept all.

        Both pairs are (before, now). What stands before the conversation is never ours to change.
        """
        (client_before, client_now), (sent_before, sent_now) = client, sent
        head = client_now.head
        if (same := sent_now.cut(0, head).shared(client_now.cut(0, head))) < head:
            return same
        kept = client_before.cut(client_before.head).shared(client_now.cut(head))
        ours = sent_before.cut(sent_before.head).shared(sent_now.cut(head))
        return head + ours if ours < kept else None


def _spans(before: Prefix, now: Prefix) -> Iterator[Prefix]:
    """The runs of items that changed, each as the longer of what it was and what it became."""
    if len(before) == len(now):
        pairs = zip(before, now, strict=True)
        for changed, run in groupby(pairs, lambda pair: pair[0] != pair[1]):
            if changed:
                was, became = zip(*run, strict=True)
                yield max(Prefix.of(was), Prefix.of(became), key=_tokens)
        return
    start = before.shared(now)
    end = _shared_end(before.cut(start), now.cut(start))
    yield max(before.cut(start, len(before) - end), now.cut(start, len(now) - end), key=_tokens)


def _shared_end(before: Prefix, now: Prefix) -> int:
    """How many items both end with."""
    pairs = zip(reversed(list(before)), reversed(list(now)), strict=False)
    return next((at for at, (was, became) in enumerate(pairs) if was != became), min(len(before), len(now)))


def _forked(before: Prefix, now: Prefix) -> bool:
    """Whether the conversations go apart: nothing that stood behind the first change is still there."""
    kept = before.shared(now)
    return kept < len(before) and set(before.cut(kept)).isdisjoint(now.cut(kept))


def _tokens(span: Prefix) -> int:
    return math.ceil(span.size / BYTES_PER_TOKEN)


def _item(digest: bytes, word: int) -> Item:
    return Item(digest, word & _MOST_BYTES, Section(word >> _SIZE_BITS))
