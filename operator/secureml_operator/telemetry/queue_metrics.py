"""The queue in Prometheus, under the names that client-go gives to its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry

    from secureml_operator.queue import Snapshot

QUEUE = "secureml"
"""The value of the label `name`: one queue serves all kinds."""

QUEUE_SECONDS = (0.001, 0.01, 0.1, 1, 10, 60, 300, 1000)
"""client-go's decades, shortened to what asyncio can measure."""


class QueueMetrics:
    """The hooks of one `DelayQueue`, counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._adds = Counter(
            "workqueue_adds_total", "Keys that became ready.", ("name",), registry=registry
        ).labels(QUEUE)
        self._retries = Counter(
            "workqueue_retries_total",
            "Keys put off for later: retries and resyncs.",
            ("name",),
            registry=registry,
        ).labels(QUEUE)
        self._waited = Histogram(
            "workqueue_queue_duration_seconds",
            "How long a ready key waited for a worker.",
            ("name",),
            buckets=QUEUE_SECONDS,
            registry=registry,
        ).labels(QUEUE)
        self._worked = Histogram(
            "workqueue_work_duration_seconds",
            "How long a worker had a key in hand.",
            ("name",),
            buckets=QUEUE_SECONDS,
            registry=registry,
        ).labels(QUEUE)

    def added(self) -> None:
        """Count a key that became ready."""
        self._adds.inc()

    def delayed(self) -> None:
        """Count a key that was put off."""
        self._retries.inc()

    def taken(self, waited: float) -> None:
        """Measure the wait, in seconds."""
        self._waited.observe(waited)

    def finished(self, worked: float) -> None:
        """Measure the work, in seconds."""
        self._worked.observe(worked)


class QueueGauges(Collector):
    """What is read from the queue at the moment of a scrape, rather than kept up with on every move."""

    def __init__(self, registry: CollectorRegistry, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        registry.register(self)

    def collect(self) -> Iterator[Any]:
        """Give the gauges of this moment."""
        now = self._snapshot()
        for name, text, value in (
            ("workqueue_depth", "Keys that are ready and wait for a worker.", now.ready),
            (
                "workqueue_unfinished_work_seconds",
                "How long all keys in hand have been there.",
                now.unfinished_work,
            ),
            (
                "workqueue_longest_running_processor_seconds",
                "How long the key in hand longest has been there.",
                now.longest_running,
            ),
        ):
            family = GaugeMetricFamily(name, text, labels=["name"])
            family.add_metric([QUEUE], value)
            yield family
