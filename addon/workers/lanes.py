"""The queue in front of the workers: large bodies have a lane of their own, so that they never hold up small ones.

Deciding on a megabyte takes some hundred times as long as on an agent's usual new turn. One worker serves both lanes,
the large one first; all others serve the small one only. In each lane who comes first is served first.
"""

import asyncio
from collections import deque
from collections.abc import Iterator

LARGE = 1024 * 1024
"""Bytes of a body from which it takes the large lane: more than all but the longest conversations."""
_MOST_BYTES = 256 * 1024 * 1024


class Lanes[T]:
    """Waiting items by size, bounded by their bytes together. For one event loop."""

    def __init__(self) -> None:
        self._small: deque[tuple[T, int]] = deque()
        self._large: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()

    def has_room(self, size: int) -> bool:
        """Whether an item of `size` bytes may wait here."""
        return self._bytes + size <= _MOST_BYTES

    def put(self, item: T, size: int) -> None:
        """Let an item wait behind the others of its lane."""
        self._lane(size).append((item, size))
        self._bytes += size
        self._arrived.set()

    async def take(self, *, also_large: bool) -> T:
        """The item whose turn it is, when there is one; `also_large` for the worker that serves both lanes."""
        while True:
            for lane in (self._large, self._small) if also_large else (self._small,):
                if lane:
                    item, size = lane.popleft()
                    self._bytes -= size
                    return item
            self._arrived.clear()
            await self._arrived.wait()

    def drain(self) -> Iterator[T]:
        """All that wait, which then wait no more."""
        for lane in (self._large, self._small):
            while lane:
                item, size = lane.popleft()
                self._bytes -= size
                yield item

    def _lane(self, size: int) -> deque[tuple[T, int]]:
        return self._large if size >= LARGE else self._small
