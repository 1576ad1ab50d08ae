"""The ledger: what was decided for a tool output, so that it is decided once and replayed byte for byte ever after.

Key: the id of the tool call, the part's position and the text. Ids are the provider's own and survive retries,
resumed and forked sessions. First writer wins. A decision is recorded before its request leaves.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from transforms.contract import Loss, Omission
from transforms.reasons import Reason

KEEP_DAYS = 30
"""After the last use, in any store."""
_MEMORY_CHARS = 64_000_000
_BESIDE_TEXT = 500
"""What a decision takes beside its text; in bytes, as measured."""

type Omitted = tuple[tuple[str, Omission], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one tool output."""

    replacement: str | None
    """The text sent in its place; None: the output is kept as it is."""
    transform_name: str
    loss: Loss | None
    tokens_before: int
    tokens_after: int
    """Of the rewrite, also where it was not sent (`shadow`, `auth_mode`)."""
    reason: Reason
    needs: tuple[bytes, ...] = ()
    """Identities (8 bytes each) of the earlier texts that must still stand in the request for this to hold."""
    omitted: Omitted = ()
    """What was left out: the id of the original in which it counts, and the range."""

    @property
    def is_lossy(self) -> bool:
        """Whether something was left out of what is sent."""
        return self.replacement is not None and self.loss is Loss.LOSSY


class LedgerUnavailable(Exception):
    """The store cannot be read or written; what it holds is not known."""

    def __init__(self, message: str, known: Mapping[bytes, Decision] | None = None) -> None:
        super().__init__(message)
        self.known = known or {}
        """What is known of the keys that were asked for all the same."""


class Ledger(Protocol):
    """Where decisions are remembered."""

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        """The decisions on record for these keys. Raises `LedgerUnavailable`."""

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        """Remember new decisions, all or none, and return what stands: an earlier writer's wins.

        Raises `LedgerUnavailable`: then nothing was remembered.
        """

    def hold(self, decisions: Mapping[bytes, Decision]) -> None:
        """Remember what was sent though it could not be recorded, for as long as this process lives."""

    def learn(self, decisions: Mapping[bytes, Decision]) -> None:
        """Take in what other workers of this proxy know."""

    def news(self) -> dict[bytes, Decision]:
        """What has come to be known here, but for what was learned, since this was last asked."""


def key(call_id: str, part: int, text: str) -> bytes:
    """The 16-byte key of one tool output."""
    digest = hashlib.blake2b(digest_size=16)
    for field in (call_id, str(part), text):
        encoded = field.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8))
        digest.update(encoded)
    return digest.digest()


def alone(whole: bytes) -> bytes:
    """The key of the same output's decision where it may not point to other outputs."""
    return hashlib.blake2b(whole, digest_size=16, person=b"alone").digest()


def to_json(decision: Decision) -> str:
    """The decision as ASCII, so that it can go anywhere."""
    needs = b"".join(decision.needs).hex()
    omitted = [(original, gap.unit, gap.first, gap.last) for original, gap in decision.omitted]
    counts = decision.tokens_before, decision.tokens_after
    fields = (decision.replacement, decision.transform_name, decision.loss, *counts, decision.reason, needs, omitted)
    return json.dumps(fields)  # escapes lone surrogates


def from_json(text: str | bytes) -> Decision:
    """The same read back. Raises `ValueError` for what is none of ours."""
    try:
        replacement, name, loss, before, after, reason, needs, omitted = json.loads(text)
        needed = bytes.fromhex(needs)
        identities = tuple(needed[at : at + 8] for at in range(0, len(needed), 8))
        left_out = tuple((original, Omission(unit, first, last)) for original, unit, first, last in omitted)
        lost = Loss(loss) if loss else None
    except TypeError:
        raise ValueError("not a decision") from None
    return Decision(replacement, name, lost, before, after, _reason_of(reason, replacement), identities, left_out)


def _reason_of(word: str, replacement: str | None) -> Reason:
    """The reason on record. A newer version may have had others: what it decided is replayed all the same."""
    if word in Reason:
        return Reason(word)
    return Reason.NO_TRANSFORM if replacement is None else Reason.COMPRESSED


class MemoryLedger:
    """Remembers while the process lives, up to a number of characters; the least recently used go first."""

    def __init__(self, limit: int = _MEMORY_CHARS) -> None:
        self._limit = limit
        self._size = 0
        self._decisions: OrderedDict[bytes, Decision] = OrderedDict()

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        found = {}
        for wanted in keys:
            if (decision := self._decisions.get(wanted)) is not None:
                self._decisions.move_to_end(wanted)
                found[wanted] = decision
        return found

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        for new, decision in decisions.items():
            if new not in self._decisions:
                self._decisions[new] = decision
                self._size += _size(decision)
        stands = {new: self._decisions[new] for new in decisions}
        while self._size > self._limit:
            self._size -= _size(self._decisions.popitem(last=False)[1])
        return stands


class Store(Protocol):
    """What keeps decisions beyond the process: a `Ledger` without memory. Both raise `LedgerUnavailable`."""

    def recall(self, keys: list[bytes]) -> dict[bytes, Decision]:
        """As in `Ledger`; the keys are different ones."""

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        """As in `Ledger`."""

    def prune(self) -> None:
        """Forget what is too old or too much; best effort, raises nothing."""

    def close(self) -> None:
        """Give files and connections back."""


class FrontedLedger:
    """A store with a memory in front, which goes on answering for what it holds when the store does not.

    What is only held, here or by another worker, gives way to what is on record: somebody may have decided the same
    output before hearing of it, and all have to agree from then on.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = MemoryLedger()
        """What is on record."""
        self._held = MemoryLedger()
        self._news: dict[bytes, Decision] = {}

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        wanted = list(dict.fromkeys(keys))
        found = self._memory.recall(wanted)
        if missing := [k for k in wanted if k not in found]:
            held = self._held.recall(missing)
            try:
                found |= held | self._remember(self._store.recall(missing))
            except LedgerUnavailable as error:
                found |= held
                if len(held) < len(missing):
                    raise LedgerUnavailable(str(error), found) from error
        return found

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        return self._remember(self._store.record(decisions)) if decisions else {}

    def hold(self, decisions: Mapping[bytes, Decision]) -> None:
        self._news |= self._held.record(decisions)

    def learn(self, decisions: Mapping[bytes, Decision]) -> None:
        for new, decision in decisions.items():
            memory = self._held if decision.reason is Reason.LEDGER_UNAVAILABLE else self._memory
            memory.record({new: decision})

    def news(self) -> dict[bytes, Decision]:
        news, self._news = self._news, {}
        return news

    def _remember(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        stands = self._memory.record(decisions)
        self._news |= stands
        return stands

    def prune(self) -> None:
        """As in `Store`."""
        self._store.prune()

    def close(self) -> None:
        """Give files and connections back."""
        self._store.close()


def _size(decision: Decision) -> int:
    return _BESIDE_TEXT + len(decision.replacement or "")
