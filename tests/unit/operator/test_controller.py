"""One pass: finalizer, status, events, deletion."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.unit.operator.fakes import KEY, condition, lose_answer, once, ready

from secureml_operator.cluster import ConflictError, UnclearError
from secureml_operator.controller import DONE, Requeue
from secureml_operator.kinds import FINALIZER, PAUSED_ANNOTATION
from secureml_reconcilers.engine.contract import Event, Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.operator.conftest import Bench

    MakeBench = Callable[..., Bench]


async def test_the_first_pass_puts_the_finalizer_on_before_it_calls_the_reconciler(make_bench: MakeBench) -> None:
    seen: list[list[str]] = []

    async def look(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        seen.append(bench.finalizers)
        return ReconcileResult(ready(request))

    bench = make_bench(look)
    bench.created()
    assert await bench.run() == Requeue(resync=True)
    assert seen == [[FINALIZER]]
    assert bench.cluster.requests == ["patch", "apply_status"]


async def test_finalizers_of_others_stay(bench: Bench) -> None:
    bench.created()
    bench.cluster.edit(finalizers=["other.dev/x"])
    bench.watch()
    await bench.run()
    assert bench.finalizers == ["other.dev/x", FINALIZER]
    bench.cluster.delete()
    bench.watch()
    await bench.run()
    assert bench.finalizers == ["other.dev/x"]


async def test_the_finalizer_goes_on_when_the_object_is_edited_meanwhile(bench: Bench) -> None:
    bench.created(a=1)
    bench.cluster.before = once("patch", lambda: bench.cluster.edit(spec={"a": 2}))
    await bench.run()
    assert bench.finalizers == [FINALIZER]
    assert [request.spec for request in bench.reconciler.requests] == [{"a": 2}]
    assert await bench.queued() == ["fraud"]


async def test_a_deletion_that_begins_before_the_finalizer_is_on_is_free(bench: Bench) -> None:
    bench.created()
    bench.cluster.before = once("patch", bench.cluster.delete)
    assert await bench.run() == DONE
    assert bench.reconciler.requests == []
    assert bench.parts.store.get(KEY) is None


async def test_a_paused_resource_gets_no_finalizer_but_a_status(bench: Bench) -> None:
    bench.created()
    bench.cluster.edit(annotations={PAUSED_ANNOTATION: "true"})
    bench.watch()
    await bench.run()
    assert bench.finalizers == []
    assert [request.paused for request in bench.reconciler.requests] == [True]
    assert bench.status["observedGeneration"] == 1


@pytest.mark.parametrize(
    ("value", "paused"),
    [("True", True), ("yes", True), ("", True), ("1", True), ("false", False), ("False ", False), ("0", False)],
)
async def test_only_a_plain_no_does_not_pause(bench: Bench, value: str, paused: bool) -> None:  # noqa: FBT001
    """Somebody who wrote `True` thinks that nothing is written any more."""
    bench.created()
    bench.cluster.edit(annotations={PAUSED_ANNOTATION: value})
    bench.watch()
    await bench.run()
    assert [request.paused for request in bench.reconciler.requests] == [paused]


async def test_the_request_carries_what_the_api_server_holds(bench: Bench) -> None:
    bench.created(a=1)
    await bench.run()
    await bench.run()
    first, second = bench.reconciler.requests
    assert (first.key, first.generation, first.spec) == (KEY, 1, {"a": 1})
    assert first.status == {"observedGeneration": -1}
    assert second.status == bench.status


async def test_a_reconciler_cannot_edit_the_cache(make_bench: MakeBench) -> None:
    async def scribble(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        request.spec["list"].append("scribble")
        return ReconcileResult(ready(request))

    bench = make_bench(scribble)
    bench.created(list=[])
    await bench.run()
    known = bench.parts.store.get(KEY)
    assert known is not None
    assert known.spec == {"list": []}


async def test_the_same_status_is_written_once(bench: Bench) -> None:
    bench.created()
    for _ in range(5):
        await bench.run()
    assert bench.cluster.of("apply_status") == 1


async def test_the_operator_started_anew_writes_nothing_when_nothing_changed(make_bench: MakeBench) -> None:
    first = make_bench()
    first.created()
    await first.run()
    second = make_bench(cluster=first.cluster)
    second.watch(event_type=None)
    await second.run()
    assert second.cluster.requests == ["patch", "apply_status"]


async def test_a_transition_time_stays_until_the_status_changes(make_bench: MakeBench) -> None:
    truth = ["False", "False", "True"]

    async def report(_: ReconcileRequest, __: Journal) -> ReconcileResult:
        return ReconcileResult({"conditions": [condition("Ready", truth[0], message=f"{len(truth)}")]})

    bench = make_bench(report)
    bench.created()
    times = []
    for moment in ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z"):
        bench.parts.controller._statuses.now = partial(str, moment)
        await bench.run()
        times.append(bench.status["conditions"][0]["lastTransitionTime"])
        del truth[0]
    assert times == ["2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:03Z"]
    assert bench.cluster.of("apply_status") == 3


async def test_deletion_waits_for_the_release(make_bench: MakeBench) -> None:
    async def clean_up(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        left = request.status.get("left", 2)
        if not request.deleting:
            return ReconcileResult(ready(request))
        return ReconcileResult({"left": left - 1}, released=left == 1, requeue_after=timedelta(seconds=5))

    bench = make_bench(clean_up)
    bench.created()
    await bench.run()
    bench.cluster.delete()
    bench.watch()
    assert await bench.run() == Requeue(resync=True, after=timedelta(seconds=5))
    assert bench.finalizers == [FINALIZER]
    assert await bench.run() == DONE
    assert KEY not in bench.cluster.objects


async def test_a_release_outside_a_deletion_means_nothing(make_bench: MakeBench) -> None:
    async def eager(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        return ReconcileResult(ready(request), released=True)

    bench = make_bench(eager)
    bench.created()
    await bench.run()
    assert bench.finalizers == [FINALIZER]


async def test_the_finalizer_comes_off_though_the_object_is_edited_meanwhile(bench: Bench) -> None:
    bench.created()
    await bench.run()
    bench.cluster.delete()
    bench.watch()
    bench.cluster.before = once("patch", lambda: bench.cluster.edit(labels={"a": "b"}))
    assert await bench.run() == DONE
    assert KEY not in bench.cluster.objects


async def test_an_object_that_vanishes_during_its_pass_is_forgotten(make_bench: MakeBench) -> None:
    async def pull_away(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        del bench.cluster.objects[KEY]
        return ReconcileResult(ready(request))

    bench = make_bench(pull_away)
    bench.created()
    assert await bench.run() == DONE
    assert bench.parts.store.get(KEY) is None
    assert bench.reconciler.forgotten == [KEY]


async def test_a_namesake_gets_no_status_that_was_meant_for_the_one_before(make_bench: MakeBench) -> None:
    async def replace(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        if len(bench.reconciler.requests) == 1:
            bench.cluster.create(b=2)
        return ReconcileResult(ready(request, inventory=[str(request.uid)]))

    bench = make_bench(replace)
    bench.created(a=1)
    assert await bench.run() == DONE
    assert bench.status == {"observedGeneration": -1}
    assert await bench.queued() == ["fraud"]
    await bench.run()
    assert bench.reconciler.forgotten == [KEY]
    assert bench.status["inventory"] == [bench.cluster.body()["metadata"]["uid"]]


async def test_events_are_posted_after_the_status_they_tell_of(make_bench: MakeBench) -> None:
    async def tell(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        told = (Event("Normal", "Closed", "Public access is closed."),)
        return ReconcileResult(ready(request), events=() if "conditions" in request.status else told)

    bench = make_bench(tell)
    bench.created()
    bench.cluster.before = once("apply_status", lose_answer)
    with pytest.raises(UnclearError):
        await bench.run()
    assert bench.cluster.events == {}
    await bench.run()
    await bench.run()
    assert [event["message"] for event in bench.cluster.events.values()] == ["Public access is closed."]
    assert [event["count"] for event in bench.cluster.events.values()] == [1]


async def test_a_refused_event_does_not_fail_the_pass(make_bench: MakeBench) -> None:
    async def tell(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        return ReconcileResult(ready(request), events=(Event("Normal", "A", "a"), Event("Normal", "B", "b")))

    bench = make_bench(tell)
    bench.created()
    bench.cluster.before = once("create_event", lose_answer)
    assert await bench.run() == Requeue(resync=True)
    assert [event["reason"] for event in bench.cluster.events.values()] == ["B"]


async def test_five_conflicts_in_a_row_end_the_pass(bench: Bench) -> None:
    bench.created()

    def edit(request: str) -> None:
        if request == "apply_status":
            bench.cluster.edit(labels={"n": str(bench.cluster.of("apply_status"))})

    bench.cluster.before = edit
    with pytest.raises(ConflictError, match="5 times"):
        await bench.run()
    assert bench.cluster.of("apply_status") == 5


async def test_a_kind_without_reconciler_needs_no_finalizer(make_bench: MakeBench) -> None:
    bench = make_bench(needs_finalizer=False)
    bench.created()
    await bench.run()
    assert bench.finalizers == []


async def test_the_way_to_ready_is_measured_from_the_creation_and_from_the_last_fall(
    make_bench: MakeBench,
) -> None:
    truth = ["Unknown", "False", "True", "False", "True"]

    async def report(_: ReconcileRequest, __: Journal) -> ReconcileResult:
        return ReconcileResult({"conditions": [condition("Ready", truth.pop(0))]})

    bench = make_bench(report)
    bench.created()  # created two minutes before midnight
    for second in (0, 20, 30, 40, 47):
        bench.parts.controller._statuses.now = partial(str, f"2026-01-01T00:00:{second:02}Z")
        await bench.run()
    assert bench.metric("secureml_time_to_ready_seconds_count", kind=KEY.kind) == 2
    assert bench.metric("secureml_time_to_ready_seconds_sum", kind=KEY.kind) == 150 + 7
