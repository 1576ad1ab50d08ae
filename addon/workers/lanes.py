"""The queue in front of the workers: large bodies have a lane of their own, so that they never hold up small ones.

Deciding on a megabyte takes some hundred times as long as on an agent's usual new turn. One worker serves both lanes,
the large one first; all others serve the small one only, but for the time in which that one is replaced. In each lane
who comes first is served first.

What goes on from something that a worker knows is best served by that one, for which only the rest counts as its size.
While it is busy another one serves it, unless the whole is large.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

LARGE = 1024 * 1024
"""Bytes of a body from which it takes the large lane: more than all but the longest conversations."""
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting[T]:
    item: T
    size: int
    best: int | None
    """Whose it is while that worker is idle: of the one that knows the beginning, if any does. None: anybody's."""


class Lanes[T]:
    """Waiting items by size, bounded by their bytes together. For one event loop."""

    def __init__(self) -> None:
        self._small: deque[_Waiting[T]] = deque()
        self._large: deque[_Waiting[T]] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._idle: set[int] = set()
        """The workers that wait for something to do."""

    def has_room(self, size: int) -> bool:
        """Whether an item of `size` bytes may wait here."""
        return self._bytes + size <= _MOST_BYTES

    @property
    def is_crowded(self) -> bool:
        """Whether more items wait than workers."""
        return len(self._small) + len(self._large) > len(self._idle)

    def put(self, item: T, size: int, *, known: int = 0, best: int | None = None) -> None:
        """Let an item wait behind the others of its lane; the `best` worker knows so many of its bytes."""
        lane = self._large if size - known >= LARGE else self._small
        lane.append(_Waiting(item, size, best))
        self._bytes += size
        self._arrived.set()

    async def take(self, worker: int, *, also_large: bool) -> T:
        """The item whose turn it is, when there is one; `also_large` for the worker that serves both lanes."""
        while True:
            for lane in (self._large, self._small) if also_large else (self._small,):
                for waiting in lane:
                    if self._suits(waiting, worker, also_large=also_large):
                        lane.remove(waiting)
                        self._bytes -= waiting.size
                        self._arrived.set()  # what was left to this worker is now for the others too
                        return waiting.item
            self._arrived.clear()
            self._idle.add(worker)
            try:
                await self._arrived.wait()
            finally:
                self._idle.discard(worker)

    def drain(self) -> Iterator[T]:
        """All that wait, which then wait no more."""
        for lane in (self._large, self._small):
            while lane:
                waiting = lane.popleft()
                self._bytes -= waiting.size
                yield waiting.item

    def _suits(self, waiting: _Waiting[T], worker: int, *, also_large: bool) -> bool:
        if waiting.best in (None, worker):
            return True
        return waiting.best not in self._idle and (also_large or waiting.size < LARGE)
