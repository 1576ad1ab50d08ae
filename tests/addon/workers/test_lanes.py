"""The queue in front of the workers."""

import asyncio

import pytest

from addon.workers.lanes import LARGE, Lanes


async def test_small_ones_pass_large_ones_by() -> None:
    lanes: Lanes[str] = Lanes()
    for name, size in (("huge", LARGE), ("first", 10), ("huger", 2 * LARGE), ("second", LARGE - 1)):
        lanes.put(name, size)
    assert [await lanes.take(also_large=False) for _ in range(2)] == ["first", "second"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lanes.take(also_large=False)
    assert [await lanes.take(also_large=True) for _ in range(2)] == ["huge", "huger"]


async def test_who_waits_is_woken_by_what_is_for_him() -> None:
    lanes: Lanes[str] = Lanes()
    small, both = (asyncio.create_task(lanes.take(also_large=large)) for large in (False, True))
    await asyncio.sleep(0)
    lanes.put("huge", LARGE)
    assert await both == "huge"
    assert not small.done()
    lanes.put("tiny", 1)
    assert await small == "tiny"


async def test_no_more_wait_than_there_is_room_for() -> None:
    lanes: Lanes[int] = Lanes()
    number = 0
    while lanes.has_room(64 * LARGE):
        lanes.put(number, 64 * LARGE)
        number += 1
    assert number == 4
    assert lanes.has_room(1) is False
    assert list(lanes.drain()) == [0, 1, 2, 3]
    assert lanes.has_room(256 * LARGE)
