"""The whole shell over an API server in memory, one step at a time."""

# ruff: noqa: D102 - each does what the protocol it stands in for says

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry
from tests.unit.operator.fakes import KEY, FakeCluster, FakeReconciler, Script, VirtualClock

from secureml_operator.assembly import OperatorParts, assemble
from secureml_operator.controller import Requeue, Served
from secureml_operator.kinds import KINDS
from secureml_operator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from secureml_reconcilers.engine.contract import Key


@dataclass
class Bench:
    """The shell with everything around it in reach; nothing moves unless told."""

    cluster: FakeCluster
    clock: VirtualClock
    registry: CollectorRegistry
    reconciler: FakeReconciler
    parts: OperatorParts

    def watch(
        self, key: Key = KEY, event_type: str | None = "MODIFIED", body: dict[str, Any] | None = None
    ) -> None:
        """Let the watch show `body`, or what the API server holds now."""
        shown = body if body is not None else self.cluster.body(key)
        self.parts.watch_handler.event(KINDS[key.kind], event_type, shown)

    def created(self, key: Key = KEY, **spec: object) -> dict[str, Any]:
        """Create an object and let the watch show it."""
        body = self.cluster.create(key, **spec)
        self.watch(key, "ADDED")
        return body

    async def run(self, key: Key = KEY) -> Requeue:
        """Run one pass, whatever the queue thinks."""
        return await self.parts.controller.reconcile(key)

    async def queued(self) -> list[str]:
        """Take whatever is ready, by name."""
        names = []
        while len(self.parts.queue):
            key = await self.parts.queue.take()
            self.parts.queue.done(key)
            names.append(key.name)
        return names

    def metric(self, name: str, /, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    @property
    def status(self) -> dict[str, Any]:
        """What the API server holds for the usual object."""
        status: dict[str, Any] = self.cluster.body()["status"]
        return status

    @property
    def finalizers(self) -> list[str]:
        found: list[str] = self.cluster.body()["metadata"].get("finalizers", [])
        return found


async def settle() -> None:
    """Let every task run until it waits for the clock."""
    for _ in range(50):
        await asyncio.sleep(0)


async def passes(bench: Bench, seconds: int) -> list[float]:
    """Give the seconds at which passes began, while the clock is turned second by second."""
    began = []
    for _ in range(seconds):
        count = len(bench.reconciler.requests)
        bench.clock.advance(1)
        await settle()
        began += [bench.clock.time()] * (len(bench.reconciler.requests) - count)
    return began


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """Build a bench; a second one over the same cluster is the operator after a restart."""

    def make(
        script: Script | None = None,
        cluster: FakeCluster | None = None,
        *,
        needs_finalizer: bool = True,
        settings: Settings | None = None,
    ) -> Bench:
        reconciler, clock, registry = FakeReconciler(script), VirtualClock(), CollectorRegistry()
        backend = cluster or FakeCluster()
        parts = assemble(
            settings or Settings(),
            cluster=backend,
            served=dict.fromkeys(KINDS, Served(reconciler, needs_finalizer=needs_finalizer)),
            registry=registry,
            clock=clock,
        )
        return Bench(backend, clock, registry, reconciler, parts)

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """Give a bench whose reconciler finds everything ready."""
    return make_bench()


@pytest.fixture
async def start(make_bench: Callable[..., Bench]) -> AsyncIterator[Callable[..., Bench]]:
    """Build a bench with two workers and no jitter; they end with the test."""
    benches: list[Bench] = []

    def make(*arguments: object, **more: object) -> Bench:
        bench = make_bench(*arguments, **more)
        workers = bench.parts.workers
        workers._backoff._uniform = workers._resync._uniform = lambda low, high: (low + high) / 2
        workers.start(2)
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        await bench.parts.workers.stop(timedelta(0))
