"""The state folder, opened: the ledger, the originals, and what was learned per tool."""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from addon.shapes.seen import Seen
from addon.store.learned import Learned
from addon.store.ledger import Decision, FrontedLedger, Ledger, LedgerUnavailable
from addon.store.originals import Originals
from addon.store.sqlite_ledger import SqliteLedger
from addon.trail import Trails


@dataclass(frozen=True, slots=True)
class State:
    """What outlives a request."""

    ledger: Ledger
    originals: Originals
    learned: Learned
    seen: Seen = field(default_factory=Seen)
    """Of this process only, as the trails are."""
    trails: Trails = field(default_factory=Trails)

    @classmethod
    def open(cls, home: Path, store: str = "") -> Self:
        """The state in a folder, which is made when missing. A ledger that cannot be opened says so when it is used.

        `store`: the URL of a Redis or Valkey server that holds the ledger in place of the folder.
        """
        return cls(_ledger(home, store), Originals(home), Learned(home))

    @property
    def is_usable(self) -> bool:
        """Whether the ledger could be opened."""
        return not isinstance(self.ledger, _NoLedger)

    def prune(self) -> None:
        """Remove what is too old or too much; best effort."""
        self.originals.prune()
        if isinstance(self.ledger, FrontedLedger):
            self.ledger.prune()

    def close(self) -> None:
        """Give the files back."""
        self.learned.close()
        self.originals.close()
        if isinstance(self.ledger, FrontedLedger):
            self.ledger.close()


def _ledger(home: Path, store: str) -> Ledger:
    if store:  # loaded when it is wanted: the client library is an extra, and slow to import
        return FrontedLedger(importlib.import_module("addon.store.redis_ledger").RedisLedger(store))
    try:
        return FrontedLedger(SqliteLedger.open(home))
    except LedgerUnavailable as error:
        return _NoLedger(error)


class _NoLedger:
    """Stands in for a ledger that cannot be opened."""

    def __init__(self, error: LedgerUnavailable) -> None:
        self._error = error

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        raise self._error

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        raise self._error

    def hold(self, decisions: Mapping[bytes, Decision]) -> None:
        """Nothing: the next request may find a ledger that can be opened."""

    def learn(self, decisions: Mapping[bytes, Decision]) -> None:
        """Nothing, likewise."""

    def news(self) -> dict[bytes, Decision]:
        return {}
