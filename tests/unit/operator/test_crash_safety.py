"""What must never happen: that a pass loses what an earlier pass, or this one, has written down.

`inventory` and `operations` in the status are all that is known of writes outside Kubernetes.
"""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.operator.fakes import KEY, NOW, FakeCluster, lose_answer, once, ready

from secureml_operator.cluster import UnclearError
from secureml_operator.kinds import PAUSED_ANNOTATION
from secureml_operator.status_writer import StatusNotKeptError, StatusTakenError
from secureml_reconcilers.engine.contract import Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.operator.conftest import Bench

    MakeBench = Callable[..., Bench]


class Outside:
    """A world in which one thing is made per pass, each announced first."""

    def __init__(self) -> None:
        self.made: list[str] = []

    async def make_one(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """Announce, then make; the name rests on what the status says was made before."""
        inventory = list(request.status.get("inventory", []))
        thing = f"thing-{len(inventory)}"
        await journal.announce(ready(request, inventory=[*inventory, thing]))
        self.made.append(thing)
        return ReconcileResult(ready(request, inventory=[*inventory, thing], done=thing))


@pytest.fixture
def outside() -> Outside:
    return Outside()


async def test_an_announcement_is_held_before_the_pass_goes_on(make_bench: MakeBench) -> None:
    seen: list[object] = []

    async def announce(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        await journal.announce(ready(request, inventory=["a"]))
        seen.append(bench.status["inventory"])
        return ReconcileResult(ready(request, inventory=["a"]))

    bench = make_bench(announce)
    bench.created()
    await bench.run()
    assert seen == [["a"]]
    assert bench.cluster.of("apply_status") == 1  # the result was the announced status: nothing more to write


async def test_a_watch_that_is_behind_does_not_lose_what_was_written(
    make_bench: MakeBench, outside: Outside
) -> None:
    bench = make_bench(outside.make_one)
    created = bench.created()
    for _ in range(3):
        await bench.run()
        bench.watch(body=created)  # an old event, again and again
        bench.watch(event_type=None, body=created)  # and an old list
    assert outside.made == ["thing-0", "thing-1", "thing-2"]
    assert bench.status["inventory"] == outside.made


async def test_an_announcement_without_answer_makes_nothing_and_is_found_again(
    make_bench: MakeBench, outside: Outside
) -> None:
    """The status was written, the answer was lost: the next pass must see it, though the watch has not."""
    bench = make_bench(outside.make_one)
    bench.created()
    bench.cluster.after = once("apply_status", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()
    assert outside.made == []
    assert bench.status["inventory"] == ["thing-0"]
    await bench.run()
    assert outside.made == ["thing-1"]
    assert bench.status["inventory"] == ["thing-0", "thing-1"]


async def test_a_result_without_answer_is_read_again_before_the_next_pass(make_bench: MakeBench) -> None:
    async def count(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        return ReconcileResult(
            ready(request, operations=[*request.status.get("operations", []), request.generation])
        )

    bench = make_bench(count)
    bench.created()
    bench.cluster.after = once("apply_status", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()
    await bench.run()
    assert bench.status["operations"] == [1, 1]
    assert bench.cluster.of("read") == 1
    await bench.run()
    assert bench.cluster.of("read") == 1  # read again once, not for ever


async def test_while_nothing_can_be_read_no_pass_is_made(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.created()
    bench.cluster.after = once("apply_status", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()
    bench.cluster.before = once("read", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()
    assert len(bench.reconciler.requests) == 1


async def test_a_pass_cut_off_while_writing_leaves_a_stale_cache_too(
    make_bench: MakeBench, outside: Outside
) -> None:
    bench = make_bench(outside.make_one)
    bench.created()

    def cut_off() -> None:
        raise asyncio.CancelledError

    bench.cluster.after = once("apply_status", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await bench.run()
    await bench.run()
    assert bench.status["inventory"] == ["thing-0", "thing-1"]
    assert outside.made == ["thing-1"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"spec": {"a": 2}}, id="the spec"),
        pytest.param({"annotations": {PAUSED_ANNOTATION: "true"}}, id="pausing it"),
        pytest.param({"deletionTimestamp": NOW}, id="its deletion"),
    ],
)
async def test_what_is_asked_for_now_counts_before_anything_is_begun(
    make_bench: MakeBench, outside: Outside, change: dict[str, Any]
) -> None:
    """A person pauses a resource between the look at Azure and the first write."""
    bench = make_bench(outside.make_one)
    bench.created(a=1)
    bench.cluster.before = once("apply_status", lambda: bench.cluster.edit(**change))
    with pytest.raises(StatusTakenError, match="was changed meanwhile"):
        await bench.run()
    assert outside.made == []
    assert "inventory" not in bench.status
    assert await bench.queued() == ["fraud"]


async def test_an_edit_meanwhile_does_not_stop_a_report(make_bench: MakeBench) -> None:
    """What was found is still true of the generation that it names."""
    bench = make_bench()
    bench.created(a=1)
    bench.cluster.before = once("apply_status", lambda: bench.cluster.edit(spec={"a": 2}))
    await bench.run()
    assert bench.status["observedGeneration"] == 1
    assert bench.cluster.body()["spec"] == {"a": 2}
    assert await bench.queued() == ["fraud"]


async def test_a_status_written_by_another_process_is_not_overwritten(
    make_bench: MakeBench, outside: Outside
) -> None:
    """Two operators, one with an old cache: the old one must give way, and go on from the other's inventory."""
    old = make_bench(outside.make_one)
    old.created()
    await old.run()
    new = make_bench(outside.make_one, cluster=old.cluster)
    new.watch(event_type=None)
    await new.run()
    with pytest.raises(StatusTakenError):
        await old.run()
    assert outside.made == ["thing-0", "thing-1"]
    await old.run()
    assert outside.made == ["thing-0", "thing-1", "thing-2"]
    assert old.status["inventory"] == outside.made


async def test_an_announcement_is_written_even_when_the_cache_says_it_is_there(make_bench: MakeBench) -> None:
    async def announce_the_same(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        status = ready(request, inventory=["a"])
        await journal.announce(status)
        await journal.announce(status)
        return ReconcileResult(status)

    bench = make_bench(announce_the_same)
    bench.created()
    await bench.run()
    await bench.run()
    assert bench.cluster.of("apply_status") == 2  # once per pass, to be sure; not once per announcement


async def test_announcements_of_several_tasks_are_written_one_after_the_other(make_bench: MakeBench) -> None:
    async def both(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        inventory: list[str] = []

        async def one(name: str) -> None:
            inventory.append(name)
            await journal.announce(ready(request, inventory=list(inventory)))

        await asyncio.gather(one("a"), one("b"), one("c"))
        return ReconcileResult(ready(request, inventory=inventory))

    bench = make_bench(both)
    bench.created()
    await bench.run()
    assert bench.status["inventory"] == ["a", "b", "c"]


async def test_an_api_server_that_drops_the_inventory_stops_the_pass(
    make_bench: MakeBench, outside: Outside
) -> None:
    """An older CRD prunes silently; to write outside then would be to lose it at the next crash."""
    bench = make_bench(outside.make_one, cluster=FakeCluster(pruned=("inventory",)))
    bench.created()
    with pytest.raises(StatusNotKeptError, match=r"status\.inventory: apply the CRDs"):
        await bench.run()
    assert outside.made == []


async def test_a_late_answer_does_not_bring_a_deleted_object_back(bench: Bench) -> None:
    bench.created()
    await bench.run()
    last = bench.cluster.body()
    bench.cluster.delete()
    bench.watch()
    bench.cluster.after = once("patch", lambda: bench.watch(event_type="DELETED", body=last))
    await bench.run()
    assert bench.parts.store.get(KEY) is None


@pytest.mark.parametrize("request_number", range(1, 9))
@pytest.mark.parametrize("carried_out", [False, True], ids=["request lost", "answer lost"])
async def test_whatever_request_fails_nothing_is_made_that_is_not_written_down(
    make_bench: MakeBench,
    outside: Outside,
    request_number: int,
    carried_out: bool,  # noqa: FBT001
) -> None:
    """Fail the n-th request, start the operator anew, and go on: all that was made stands in the inventory."""
    bench = make_bench(outside.make_one)
    bench.created()

    def fail_the_nth(_: str) -> None:
        if len(bench.cluster.requests) == request_number:
            lose_answer()

    if carried_out:
        bench.cluster.after = fail_the_nth
    else:
        bench.cluster.before = fail_the_nth
    for _ in range(3):
        try:
            await bench.run()
        except UnclearError:
            bench = make_bench(outside.make_one, cluster=bench.cluster)
            bench.watch(event_type=None)
        assert set(outside.made) <= set(bench.status.get("inventory", []))
    assert len(outside.made) == len(set(outside.made))
