"""The queue in front of the workers."""

import asyncio

import pytest

from addon.workers.lanes import LARGE, Lanes


async def test_small_ones_pass_large_ones_by() -> None:
    lanes: Lanes[str] = Lanes()
    for name, size in (("huge", LARGE), ("first", 10), ("huger", 2 * LARGE), ("second", LARGE - 1)):
        lanes.put(name, size)
    assert [await lanes.take(1, also_large=False) for _ in range(2)] == ["first", "second"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lanes.take(1, also_large=False)
    assert [await lanes.take(0, also_large=True) for _ in range(2)] == ["huge", "huger"]


async def test_who_waits_is_woken_by_what_is_for_him() -> None:
    lanes: Lanes[str] = Lanes()
    small, both = (asyncio.create_task(lanes.take(int(not large), also_large=large)) for large in (False, True))
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


async def test_what_a_worker_knows_is_left_to_it_while_it_has_nothing_to_do() -> None:
    lanes: Lanes[str] = Lanes()
    first, second = (asyncio.create_task(lanes.take(number, also_large=number == 0)) for number in (0, 1))
    await asyncio.sleep(0)
    lanes.put("known to the second", 10, known=9, best=1)
    assert await second == "known to the second"
    assert not first.done()
    lanes.put("known to the second again", 10, known=9, best=1)
    assert await first == "known to the second again", "it is busy"


async def test_a_large_one_counts_as_its_new_bytes_for_the_worker_that_knows_it() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.put("known to the second", 2 * LARGE, known=LARGE + 1, best=1)
    lanes.put("new", 2 * LARGE)
    assert await lanes.take(1, also_large=False) == "known to the second"
    lanes.put("known to the third", 2 * LARGE, known=LARGE + 1, best=2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lanes.take(1, also_large=False)
    assert [await lanes.take(0, also_large=True) for _ in range(2)] == ["new", "known to the third"]


async def test_what_was_left_to_a_worker_that_took_another_one_is_served_by_who_waits() -> None:
    lanes: Lanes[str] = Lanes()
    both, small = (asyncio.create_task(lanes.take(number, also_large=number == 0)) for number in (0, 1))
    await asyncio.sleep(0)
    lanes.put("small", 10, known=9, best=0)
    lanes.put("huge", LARGE)
    assert await both == "huge"
    assert await small == "small"
