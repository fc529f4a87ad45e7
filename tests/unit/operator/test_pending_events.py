"""Events of a pass whose status could not be written: what it did is told by the pass that writes it."""

# ruff: noqa: D102, D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.operator.fakes import KEY, lose_answer, once, ready

from secureml_operator.cluster import UnclearError
from secureml_operator.events import MOST_PENDING
from secureml_operator.status_writer import StatusTakenError
from secureml_reconcilers.engine.contract import Event, Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.operator.conftest import Bench

    MakeBench = Callable[..., Bench]


@dataclass
class Writes:
    """Each pass makes one thing outside and says so, as long as there are things to make."""

    left: list[str] = field(default_factory=lambda: ["blob"])
    passes: int = 0

    async def __call__(self, request: ReconcileRequest, _: Journal) -> ReconcileResult:
        self.passes += 1
        made = [Event("Normal", "Creating", thing) for thing in self.left[:1]]
        del self.left[:1]
        return ReconcileResult(ready(request, passes=self.passes), events=tuple(made))


def told(bench: Bench) -> list[tuple[str, int]]:
    return [(event["message"], event["count"]) for event in bench.cluster.events.values()]


async def cut_off(bench: Bench) -> None:
    """Cancel a pass in the midst of its status write, as the longest pass allowed does."""
    write = bench.cluster.apply_status
    began = asyncio.Event()

    async def hang(*_: object) -> dict[str, object]:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    bench.cluster.apply_status = hang  # type: ignore[method-assign]
    running = asyncio.create_task(bench.run())
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    bench.cluster.apply_status = write  # type: ignore[method-assign]


async def unreachable(bench: Bench) -> None:
    bench.cluster.before = once("apply_status", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()


async def answer_lost(bench: Bench) -> None:
    bench.cluster.after = once("apply_status", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()


async def taken(bench: Bench) -> None:
    def write() -> None:
        bench.cluster.objects[KEY]["status"] = {"theirs": 1}
        bench.cluster.edit()

    bench.cluster.before = once("apply_status", write)
    with pytest.raises(StatusTakenError):
        await bench.run()


@pytest.mark.parametrize("failure", [cut_off, unreachable, answer_lost, taken])
async def test_they_are_told_when_a_later_pass_writes_its_status(
    make_bench: MakeBench, failure: Callable[[Bench], object]
) -> None:
    bench = make_bench(Writes())
    bench.created()
    await failure(bench)  # type: ignore[misc]  (each is a coroutine function)
    assert told(bench) == []
    await bench.run()
    assert told(bench) == [("blob", 1)]
    await bench.run()
    assert told(bench) == [("blob", 1)]


async def test_they_come_before_those_of_the_later_pass(make_bench: MakeBench) -> None:
    bench = make_bench(Writes(["blob", "file"]))
    bench.created()
    await unreachable(bench)
    await bench.run()
    assert told(bench) == [("blob", 1), ("file", 1)]


async def test_what_the_later_pass_says_again_is_told_once(make_bench: MakeBench) -> None:
    bench = make_bench(Writes(["blob", "blob"]))
    bench.created()
    await unreachable(bench)
    await bench.run()
    assert told(bench) == [("blob", 1)]


async def test_only_so_many_are_kept_and_the_newest_of_them(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    things = [f"thing-{number}" for number in range(MOST_PENDING + 5)]
    bench = make_bench(Writes(list(things)))
    bench.created()
    for _ in things:
        await unreachable(bench)
    await bench.run()
    assert [message for message, _ in told(bench)] == things[5:]
    assert "thing-0" in caplog.text  # what no event tells, the log does


async def test_what_is_said_again_takes_no_room_of_others(make_bench: MakeBench) -> None:
    things = [f"thing-{number}" for number in range(MOST_PENDING)]
    bench = make_bench(Writes([*things, things[5]]))
    bench.created()
    for _ in things:
        await unreachable(bench)
    await bench.run()
    assert sorted(told(bench)) == sorted((thing, 1) for thing in things)


async def test_a_pass_cut_off_while_it_posts_tells_the_rest_later_and_nothing_twice(make_bench: MakeBench) -> None:
    bench = make_bench(Writes(["blob", "file"]))
    bench.created()
    await unreachable(bench)
    post, began = bench.cluster.create_event, asyncio.Event()

    async def hang_at_the_second(namespace: str, body: dict[str, object]) -> None:
        if body["message"] == "file":
            began.set()
            await asyncio.Event().wait()
        await post(namespace, body)

    bench.cluster.create_event = hang_at_the_second  # type: ignore[method-assign]
    running = asyncio.create_task(bench.run())
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    bench.cluster.create_event = post  # type: ignore[method-assign]
    counted = bench.cluster.of("patch_event")
    bench.parts.controller._events._now = lambda: datetime.now(UTC) + timedelta(minutes=5)
    await bench.run()
    assert told(bench) == [("blob", 1), ("file", 1)]
    assert bench.cluster.of("patch_event") == counted


async def test_they_are_not_told_of_another_resource_of_the_name(make_bench: MakeBench) -> None:
    bench = make_bench(Writes())
    bench.created()
    await unreachable(bench)
    bench.cluster.create()
    bench.watch(event_type="ADDED")
    await bench.run()
    assert told(bench) == []


async def test_they_go_with_the_resource(make_bench: MakeBench) -> None:
    bench = make_bench(Writes())
    bench.created()
    await unreachable(bench)
    last = bench.cluster.body()
    del bench.cluster.objects[KEY]
    bench.watch(event_type="DELETED", body=last)
    await bench.run()
    assert bench.parts.controller._events._pending == {}
