"""Probes and metrics over HTTP."""

# ruff: noqa: D102, D103 - the name of each test is its claim

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from tests.unit.operator.fakes import KEY

from secureml_operator import health

if TYPE_CHECKING:
    from tests.unit.operator.conftest import Bench


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


class Moving:
    """Workers that are alive until told otherwise."""

    def __init__(self) -> None:
        self.moves = True

    def alive(self) -> bool:
        return self.moves


@pytest.fixture
def workers() -> Moving:
    return Moving()


@pytest.fixture
def liveness(bench: Bench, workers: Moving) -> health.Liveness:
    return health.Liveness(workers, bench.parts.queue.snapshot, bench.parts.watchdog)  # type: ignore[arg-type]


def test_a_process_with_nothing_to_do_is_alive(bench: Bench, liveness: health.Liveness) -> None:
    bench.created()
    bench.parts.queue.discard(KEY)
    assert liveness.faults() == {}


def test_a_worker_that_ended_is_a_fault(liveness: health.Liveness, workers: Moving) -> None:
    workers.moves = False
    assert list(liveness.faults()) == ["workers"]


async def test_a_queue_that_stands_still_is_a_fault_and_a_long_one_is_not(
    bench: Bench, liveness: health.Liveness
) -> None:
    bench.created()
    bench.clock.advance(590)
    assert liveness.faults() == {}
    bench.clock.advance(20)
    assert liveness.faults() == {"queue": "keys are ready and none has moved for 0:10:10"}
    await bench.queued()
    assert liveness.faults() == {}


async def test_a_watch_that_hangs_is_a_fault(bench: Bench, liveness: health.Liveness) -> None:
    bench.created()
    await bench.queued()
    await bench.run()
    bench.clock.advance(181)
    assert liveness.faults() == {"watch": "the watch has not shown a known change for 0:03:01"}
    bench.watch()
    assert liveness.faults() == {}


async def test_the_server_answers_200_or_503_with_the_faults() -> None:
    faults: dict[str, str] = {}
    readiness = health.Readiness()
    registry = CollectorRegistry()
    async with health.serve("127.0.0.1", 0, registry, liveness=lambda: faults, readiness=readiness.faults) as port:
        assert await get(port, "/healthz") == (200, "ok\n")
        faults["queue"] = "stands still"
        assert await get(port, "/healthz") == (503, "queue: stands still\n")
        status, text = await get(port, "/readyz")
        assert (status, [line.split(":")[0] for line in text.splitlines()]) == (
            503,
            ["crds", "reconcilers", "kopf", "cache"],
        )
        readiness.served = readiness.reconcilers = readiness.watching = True
        readiness.synced = lambda: True
        assert await get(port, "/readyz") == (200, "ok\n")
        readiness.stopping = True
        assert await get(port, "/readyz") == (503, "lifecycle: stopping\n")


async def test_an_address_that_is_taken_is_named() -> None:
    nothing: dict[str, str] = {}
    async with health.serve(
        "127.0.0.1", 0, CollectorRegistry(), liveness=lambda: nothing, readiness=lambda: nothing
    ) as port:
        taken = health.serve("127.0.0.1", port, CollectorRegistry(), liveness=dict, readiness=dict)
        with pytest.raises(health.AddressError, match=f"cannot serve on 127.0.0.1:{port}: "):
            await taken.__aenter__()


async def test_metrics_are_served_in_the_format_prometheus_asks_for(bench: Bench) -> None:
    async with health.serve("127.0.0.1", 0, bench.registry, liveness=dict, readiness=dict) as port:
        status, text = await get(port, "/metrics")
    assert status == 200
    assert 'controller_runtime_reconcile_total{controller="secureworkspace",result="success"} 0.0' in text
    assert 'workqueue_depth{name="secureml"} 0.0' in text
