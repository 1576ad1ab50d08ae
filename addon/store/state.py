"""The state folder, opened: the ledger, the originals, and what was learned per tool."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from addon.store.learned import Learned
from addon.store.ledger import Decision, Ledger, LedgerUnavailable, SqliteLedger
from addon.store.originals import Originals


@dataclass(frozen=True, slots=True)
class State:
    """What outlives a request."""

    ledger: Ledger
    originals: Originals
    learned: Learned

    @classmethod
    def open(cls, home: Path) -> Self:
        """The state in a folder, which is made when missing. A ledger that cannot be opened says so when it is used."""
        return cls(_ledger(home), Originals(home), Learned(home))

    @property
    def is_usable(self) -> bool:
        """Whether the ledger could be opened."""
        return not isinstance(self.ledger, _NoLedger)

    def close(self) -> None:
        """Give the files back."""
        self.learned.close()
        if isinstance(self.ledger, SqliteLedger):
            self.ledger.close()


def _ledger(home: Path) -> Ledger:
    try:
        return SqliteLedger.open(home)
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
