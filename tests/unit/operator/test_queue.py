"""The queue, with a clock that stands still: whole series, not moments."""

# ruff: noqa: D101, D102, D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.unit.operator.fakes import VirtualClock

from secureml_operator.queue import DelayQueue, QueueClosedError


class RecordingHooks:
    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    def added(self) -> None:
        self.told.append(("added", 0))

    def delayed(self) -> None:
        self.told.append(("delayed", 0))

    def taken(self, waited: float) -> None:
        self.told.append(("taken", waited))

    def finished(self, worked: float) -> None:
        self.told.append(("finished", worked))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def queue(clock: VirtualClock) -> DelayQueue[str]:
    return DelayQueue(clock)


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


async def take_all(queue: DelayQueue[str]) -> list[str]:
    """Take and give back whatever is ready now."""
    keys = []
    while len(queue):
        keys.append(await queue.take())
        queue.done(keys[-1])
    return keys


async def series(queue: DelayQueue[str], clock: VirtualClock, seconds: int) -> list[tuple[float, str]]:
    """Give what becomes ready, second by second."""
    seen = []
    for _ in range(seconds):
        clock.advance(1)
        seen += [(clock.time(), key) for key in await take_all(queue)]
    return seen


async def test_keys_come_in_the_order_of_their_first_addition_and_once_each(queue: DelayQueue[str]) -> None:
    for key in "abacab":
        queue.add(key)
    assert await take_all(queue) == ["a", "b", "c"]


async def test_delayed_keys_come_at_their_time_in_the_order_of_time(
    queue: DelayQueue[str], clock: VirtualClock
) -> None:
    queue.add_after("c", after(5))
    queue.add_after("a", after(2))
    queue.add_after("b", after(3))
    assert await series(queue, clock, 8) == [(2, "a"), (3, "b"), (5, "c")]


@pytest.mark.parametrize(
    ("delays", "expected"),
    [
        pytest.param([5, 3], [(3, "a")], id="a sooner delay replaces a later one"),
        pytest.param([3, 5], [(3, "a")], id="a later delay does not replace a sooner one"),
        pytest.param([5, 3, 4, 2, 6], [(2, "a")], id="of many the soonest wins, once"),
        pytest.param([0], [(1, "a")], id="no delay is now"),
        pytest.param([-1, 4], [(1, "a")], id="a negative delay is now and beats the rest"),
    ],
)
async def test_the_soonest_delay_wins(
    queue: DelayQueue[str], clock: VirtualClock, delays: list[float], expected: list[tuple[float, str]]
) -> None:
    for delay in delays:
        queue.add_after("a", after(delay))
    assert await series(queue, clock, 8) == expected


async def test_an_event_beats_a_delayed_retry_at_once_and_cancels_it(
    queue: DelayQueue[str], clock: VirtualClock
) -> None:
    queue.add_after("a", after(60))
    queue.add("a")
    assert await take_all(queue) == ["a"]
    assert await series(queue, clock, 90) == []


async def test_a_key_added_while_in_hand_comes_again_after_it_was_given_back(queue: DelayQueue[str]) -> None:
    queue.add("a")
    assert await queue.take() == "a"
    queue.add("a")
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await take_all(queue) == ["a"]


async def test_a_delay_that_ends_while_the_key_is_in_hand_is_not_lost(
    queue: DelayQueue[str], clock: VirtualClock
) -> None:
    queue.add("a")
    await queue.take()
    queue.add_after("a", after(2))
    clock.advance(5)
    assert len(queue) == 0
    queue.done("a")
    assert await take_all(queue) == ["a"]


async def test_a_retry_asked_for_during_an_event_for_the_same_key_gives_way(
    queue: DelayQueue[str], clock: VirtualClock
) -> None:
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.add_after("a", after(30))
    queue.done("a")
    assert await take_all(queue) == ["a"]
    assert await series(queue, clock, 40) == []


async def test_a_discarded_delay_does_not_come(queue: DelayQueue[str], clock: VirtualClock) -> None:
    queue.add_after("a", after(2))
    queue.discard("a")
    assert await series(queue, clock, 5) == []


async def test_waiting_workers_get_one_key_each(queue: DelayQueue[str]) -> None:
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for key in "abc":
        queue.add(key)
    assert sorted(await asyncio.gather(*workers)) == ["a", "b", "c"]


async def test_a_cancelled_worker_passes_its_wakeup_on(queue: DelayQueue[str]) -> None:
    """Otherwise a ready key would wait for the next event while another worker sleeps."""
    first, second = asyncio.create_task(queue.take()), asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("a")
    first.cancel()
    assert await asyncio.wait_for(second, 1) == "a"


async def test_closing_wakes_the_waiting_and_leaves_what_is_in_hand(queue: DelayQueue[str]) -> None:
    queue.add("a")
    queue.add("b")
    await queue.take()
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert waiting.done()  # it got b
    other = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.close()
    with pytest.raises(QueueClosedError):
        await other
    queue.add("c")
    queue.add_after("d", after(1))
    assert len(queue) == 0
    drained = asyncio.create_task(queue.drained())
    await asyncio.sleep(0)
    queue.done("a")
    await asyncio.sleep(0)
    assert not drained.done()
    queue.done("b")
    await asyncio.wait_for(drained, 1)


async def test_keys_that_are_ready_at_the_close_are_not_handed_out(queue: DelayQueue[str]) -> None:
    queue.add("a")
    queue.close()
    with pytest.raises(QueueClosedError):
        await queue.take()


async def test_the_hooks_tell_waits_and_work_in_seconds(clock: VirtualClock) -> None:
    hooks = RecordingHooks()
    queue: DelayQueue[str] = DelayQueue(clock, hooks)
    queue.add("a")
    clock.advance(2)
    await queue.take()
    clock.advance(3)
    queue.add_after("a", after(10))
    queue.done("a")
    clock.advance(11)
    await queue.take()
    assert hooks.told == [
        ("added", 0),
        ("taken", 2),
        ("delayed", 0),
        ("finished", 3),
        ("added", 0),
        ("taken", 1),
    ]


async def test_a_snapshot_tells_a_queue_that_stands_still_from_a_long_one(
    queue: DelayQueue[str], clock: VirtualClock
) -> None:
    for key in "abc":
        queue.add(key)
    queue.add_after("z", after(99))
    clock.advance(4)
    assert queue.snapshot().idle_with_work == 4
    await queue.take()
    clock.advance(1)
    await queue.take()
    clock.advance(2)
    snapshot = queue.snapshot()
    assert (snapshot.ready, snapshot.delayed, snapshot.processing) == (1, 1, 2)
    assert (snapshot.unfinished_work, snapshot.longest_running) == (5, 3)
    assert snapshot.idle_with_work == 2
    queue.done("a")
    assert queue.snapshot().idle_with_work == 0


async def test_a_busy_key_does_not_pile_up_outdated_delays(queue: DelayQueue[str], clock: VirtualClock) -> None:
    """Each event cancels a half-hour resync; the entries must not stay for half an hour."""
    for _ in range(5000):
        queue.add("a")
        await take_all(queue)
        queue.add_after("a", after(1800))
        clock.advance(0.01)
    assert len(queue._heap) < 100
