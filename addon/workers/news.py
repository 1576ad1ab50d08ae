"""What each worker has come to know of decisions, passed on to the others with their next jobs.

A conversation's requests go to any worker. All of them read the same store; when that cannot be read, each goes on
with what it has in memory, and that has to be the same everywhere.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

type Told = Mapping[str, str]
"""Decisions as texts (`ledger.to_json`), by their keys in hexadecimal."""

_MOST_CHARS = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Item:
    by: Hashable
    store: Hashable
    told: Told
    size: int


class News:
    """The latest news of all workers; the oldest are forgotten first. For one event loop."""

    def __init__(self, most_chars: int = _MOST_CHARS) -> None:
        self._most = most_chars
        self._items: deque[_Item] = deque()
        self._size = 0
        self._forgotten = 0
        self._heard: dict[Hashable, int] = {}
        """How many each worker has heard, those included that are forgotten."""

    def add(self, by: Hashable, store: Hashable, told: Told) -> None:
        """What a worker tells of a store."""
        if not told:
            return
        item = _Item(by, store, told, sum(map(len, told.values())))
        self._items.append(item)
        self._size += item.size
        while self._size > self._most:
            self._size -= self._items.popleft().size
            self._forgotten += 1

    def take(self, worker: Hashable, store: Hashable) -> dict[str, str]:
        """What this worker has not heard from others of a store; news of other stores are then old news for it."""
        heard = max(0, self._heard.get(worker, 0) - self._forgotten)
        self._heard[worker] = self._forgotten + len(self._items)
        unheard = (item for at, item in enumerate(self._items) if at >= heard)
        return {key: text for i in unheard if i.by != worker and i.store == store for key, text in i.told.items()}

    def forget(self, worker: Hashable) -> None:
        """A worker is gone."""
        self._heard.pop(worker, None)
