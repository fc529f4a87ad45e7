"""What becomes of a key after its pass, and how workers stop."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.operator.conftest import passes, settle
from tests.unit.operator.fakes import KEY, lose_answer, once, ready

from secureml_operator.telemetry.context import fields
from secureml_reconcilers.engine.contract import Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from tests.unit.operator.conftest import Bench

    MakeBench = Callable[..., Bench]

PASSES = "controller_runtime_reconcile_total"


async def test_a_resource_that_is_ready_is_seen_again_every_half_hour(start: MakeBench) -> None:
    bench = start()
    bench.created()
    await settle()
    assert len(bench.reconciler.requests) == 1
    assert await passes(bench, 4000) == [1800, 3600]


async def test_a_reconciler_is_called_again_when_it_asks(start: MakeBench) -> None:
    waits = [2, 4, 8, 10_000]

    async def ask(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        return ReconcileResult(ready(request), requeue_after=timedelta(seconds=waits.pop(0) if waits else 10_000))

    bench = start(ask)
    bench.created()
    await settle()
    assert await passes(bench, 2000) == [2, 6, 14, 14 + 1800]
    labels = {"controller": "secureworkspace", "result": "requeue_after"}
    assert bench.metric(PASSES, **labels) == 5


async def test_an_event_beats_the_retry(start: MakeBench) -> None:
    bench = start()
    bench.created()
    await passes(bench, 100)
    bench.cluster.edit(spec={"a": 2})
    bench.watch()
    await settle()
    assert len(bench.reconciler.requests) == 2
    assert await passes(bench, 1800) == [1900]


async def test_a_bug_is_retried_ever_more_slowly_and_told_once(
    start: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: ReconcileRequest, __: Journal) -> ReconcileResult:
        raise TypeError("secret-value")

    bench = start(fail)
    bench.created()
    await settle()
    assert await passes(bench, 40) == [1, 3, 7, 15, 31]
    (event,) = bench.cluster.events.values()
    assert (event["type"], event["reason"], event["count"]) == ("Warning", "ReconcileFailed", 1)
    assert "TypeError" in event["message"]
    assert "secret-value" not in event["message"]
    assert "secret-value" in caplog.text
    assert bench.metric("controller_runtime_reconcile_errors_total", controller="secureworkspace") == 6


async def test_a_silent_api_server_is_retried_and_not_called_a_bug(
    start: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench = start()
    bench.created()
    bench.cluster.before = once("apply_status", lose_answer)
    with caplog.at_level(logging.WARNING):
        await settle()
    assert await passes(bench, 30) == [1]
    assert bench.cluster.events == {}
    assert [record.exc_info for record in caplog.records] == [None]


async def test_a_pass_that_hangs_is_cut_off_and_the_worker_goes_on(start: MakeBench) -> None:
    async def hang(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        if len(bench.reconciler.requests) == 1:
            await asyncio.Event().wait()
        return ReconcileResult(ready(request))

    bench = start(hang)
    bench.parts.workers._longest_pass = timedelta(milliseconds=20)
    bench.created()
    await asyncio.sleep(0.1)
    await passes(bench, 3)
    assert len(bench.reconciler.requests) == 2
    assert bench.parts.workers.alive()


async def test_no_resource_is_in_two_hands(start: MakeBench) -> None:
    gate, hands = asyncio.Event(), []

    async def slow(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        hands.append("in")
        await gate.wait()
        hands.append("out")
        return ReconcileResult(ready(request))

    bench = start(slow)
    bench.created()
    await settle()
    for number in range(5):
        bench.cluster.edit(spec={"a": number})
        bench.watch()
        await settle()
    assert hands == ["in"]
    gate.set()
    await settle()
    assert hands == ["in", "out", "in", "out"]


async def test_a_stop_lets_passes_in_flight_end_and_begins_no_more(make_bench: MakeBench) -> None:
    gate = asyncio.Event()

    async def slow(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        await gate.wait()
        return ReconcileResult(ready(request))

    bench = make_bench(slow)
    bench.parts.workers.start(1)
    bench.created()
    await settle()
    stopping = asyncio.create_task(bench.parts.workers.stop(timedelta(seconds=20)))
    await settle()
    bench.cluster.edit(spec={"a": 2})
    bench.watch()
    gate.set()
    assert await stopping is True
    assert len(bench.reconciler.requests) == 1
    assert bench.status["observedGeneration"] == 1
    assert not bench.parts.workers.alive()


async def test_a_stop_cuts_off_what_does_not_end(make_bench: MakeBench) -> None:
    async def hang(_: ReconcileRequest, __: Journal) -> ReconcileResult:
        await asyncio.Event().wait()
        raise AssertionError

    bench = make_bench(hang)
    bench.parts.workers.start(2)
    bench.created()
    await settle()
    assert await bench.parts.workers.stop(timedelta(milliseconds=20)) is False


async def test_log_records_of_a_pass_carry_its_resource(start: MakeBench) -> None:
    seen: list[dict[str, object]] = []

    async def look(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        seen.append(dict(fields()))
        return ReconcileResult(ready(request))

    bench = start(look)
    bench.created()
    await settle()
    (record,) = seen
    assert record.pop("reconcileID")
    assert record == {"kind": KEY.kind, "namespace": KEY.namespace, "name": KEY.name, "generation": 1}
    assert dict(fields()) == {}
