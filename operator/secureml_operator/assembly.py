"""Puts the parts of the shell together, for the process and for tests alike."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from secureml_operator.backoff import Backoff, Resync
from secureml_operator.cache_audit import CacheAudit
from secureml_operator.controller import Controller, Served
from secureml_operator.events import Events
from secureml_operator.failed_passes import FailedPasses
from secureml_operator.finalizers import Finalizers
from secureml_operator.live_reader import LiveReader
from secureml_operator.queue import DelayQueue
from secureml_operator.references import ReferenceIndex, ReferenceResolver
from secureml_operator.sharing import SharingIndex
from secureml_operator.status_writer import StatusWriter
from secureml_operator.store import Store
from secureml_operator.telemetry.metrics import Metrics
from secureml_operator.telemetry.queue_metrics import QueueGauges, QueueMetrics
from secureml_operator.watch_handler import WatchHandler
from secureml_operator.watchdog import Watchdog
from secureml_operator.worker import Workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

    from secureml_operator.clock import Clock
    from secureml_operator.cluster import Cluster
    from secureml_operator.resource import Resource
    from secureml_operator.settings import Settings
    from secureml_reconcilers.engine.contract import Key, Reconciler


@dataclass(frozen=True, slots=True)
class OperatorParts:
    """Everything between the watch and the reconcilers."""

    store: Store
    references: ReferenceIndex
    queue: DelayQueue[Key]
    watchdog: Watchdog
    cache_audit: CacheAudit
    watch_handler: WatchHandler
    controller: Controller
    failed_passes: FailedPasses
    workers: Workers


def assemble(
    settings: Settings,
    *,
    cluster: Cluster,
    served: Mapping[str, Served],
    registry: CollectorRegistry,
    clock: Clock,
) -> OperatorParts:
    """Build the shell; nothing runs yet."""
    watchdog = Watchdog(clock)
    queue = _queue(registry, clock)
    references = ReferenceIndex(_reconcilers(served), queue.add)
    sharing = SharingIndex(_reconcilers(served), queue.add)

    def _on_change(old: Resource | None, new: Resource | None) -> None:
        references.changed(old, new)
        sharing.changed(old, new)

    store = Store(_on_change)
    reader = LiveReader(cluster, store, watchdog, queue.add)
    uniform = random.Random().uniform  # noqa: S311  (jitter, not a secret)
    cache_audit = CacheAudit(
        cluster=cluster,
        store=store,
        queue=queue,
        reader=reader,
        watchdog=watchdog,
        namespaces=settings.namespaces,
        uniform=uniform,
    )
    metrics = Metrics(registry)
    metrics.preset(settings.workers)
    controller, failed_passes = _passes(cluster, served, store, reader, sharing, metrics)
    return OperatorParts(
        store=store,
        references=references,
        queue=queue,
        watchdog=watchdog,
        cache_audit=cache_audit,
        watch_handler=WatchHandler(store, queue, watchdog, cache_audit.request),
        controller=controller,
        failed_passes=failed_passes,
        workers=Workers(
            queue,
            controller,
            failed_passes,
            backoff=Backoff(uniform),
            resync=Resync(settings.resync, uniform),
            metrics=metrics,
            clock=clock,
        ),
    )


def _queue(registry: CollectorRegistry, clock: Clock) -> DelayQueue[Key]:
    """Build the queue, and show how full it is."""
    queue: DelayQueue[Key] = DelayQueue(clock, QueueMetrics(registry))
    QueueGauges(registry, queue.snapshot)
    return queue


def _passes(  # noqa: PLR0913, PLR0917 - what it joins
    cluster: Cluster,
    served: Mapping[str, Served],
    store: Store,
    reader: LiveReader,
    sharing: SharingIndex,
    metrics: Metrics,
) -> tuple[Controller, FailedPasses]:
    """Build what runs passes, and what tells of those that fail."""
    events = Events(cluster, lambda: datetime.now(UTC), instance=socket.gethostname())
    statuses = StatusWriter(cluster, store, reader, _now)
    controller = Controller(
        served,
        store=store,
        reader=reader,
        finalizers=Finalizers(cluster, store, reader),
        references=ReferenceResolver(_reconcilers(served), store, cluster),
        sharing=sharing,
        statuses=statuses,
        events=events,
        metrics=metrics,
    )
    return controller, FailedPasses(store=store, reader=reader, statuses=statuses, events=events, metrics=metrics)


def _reconcilers(served: Mapping[str, Served]) -> dict[str, Reconciler]:
    return {kind: each.reconciler for kind, each in served.items()}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
