"""Every metric of ours, in one class over one registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from secureml_operator.kinds import KINDS
from secureml_operator.status import condition
from secureml_reconcilers.api import condition_types

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from secureml_operator.resource import Resource
    from secureml_reconcilers.engine.contract import Key

Result = Literal["success", "error", "requeue", "requeue_after"]
"""The values of the label `result`, with controller-runtime's meanings."""

RESULTS: tuple[Result, ...] = ("success", "error", "requeue", "requeue_after")

PASS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""A pass over an unchanged resource takes milliseconds, the longest one allowed five minutes."""

READY_SECONDS = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Creating a private endpoint takes a minute or two, attaching a cluster up to an hour."""


class _Passes:
    """What is said of passes, by controller: under the names that every controller of Go has."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ("controller",)
        self.ended = Counter(
            "controller_runtime_reconcile_total", "Passes by their result.", (*by, "result"), registry=registry
        )
        self.errors = Counter(
            "controller_runtime_reconcile_errors_total",
            "Passes that ended in an exception: a bug, or a Kubernetes API server that did not answer.",
            by,
            registry=registry,
        )
        self.seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "How long a pass took.",
            by,
            buckets=PASS_SECONDS,
            registry=registry,
        )
        self.active = Gauge("controller_runtime_active_workers", "Passes under way.", by, registry=registry)
        self.most = Gauge(
            "controller_runtime_max_concurrent_reconciles",
            "Passes that may be under way at once, over all controllers together (--workers).",
            by,
            registry=registry,
        )


class _Resources:
    """What is said of custom resources."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ("kind", "namespace", "name")
        self.ready = Gauge(
            "secureml_resource_ready",
            "1 when the condition Ready is True, else 0; 0 while passes fail.",
            by,
            registry=registry,
        )
        self.condition = Gauge(
            "secureml_resource_condition",
            "1 for the status that each condition of a resource has: True, False or Unknown.",
            (*by, "condition", "status"),
            registry=registry,
        )
        self.exposed = Gauge(
            "secureml_service_exposed",
            "1 while a service that a resource declares closed answers the internet, else 0.",
            (*by, "resource_id"),
            registry=registry,
        )
        self.drift_detected = Counter(
            "secureml_drift_detected_total",
            "Differences found between what a resource asks for and what is there.",
            by,
            registry=registry,
        )
        self.drift_corrected = Counter(
            "secureml_drift_corrected_total",
            "Times Azure was as declared again after drift.",
            by,
            registry=registry,
        )
        self.operations = Gauge(
            "secureml_operations_running",
            "Long-running operations that were begun for a resource and have not ended.",
            by,
            registry=registry,
        )
        self.time_to_ready = Histogram(
            "secureml_time_to_ready_seconds",
            "From a resource's creation, or from when it last ceased to be Ready, until it was Ready.",
            ("kind",),
            buckets=READY_SECONDS,
            registry=registry,
        )

    def show_status(self, key: Key, status: Mapping[str, Any]) -> None:
        """Show conditions and services as a status has them, and nothing that it has no more."""
        labels = _labels(key)
        for family in (self.condition, self.exposed):
            family.remove_by_labels(labels)
        for each in status.get("conditions") or ():
            self.condition.labels(**labels, condition=each["type"], status=each["status"]).set(1)
        for each in status.get("services") or ():
            exposed = each["publicAccess"] == "Open"
            self.exposed.labels(**labels, resource_id=each["id"].lower()).set(1 if exposed else 0)

    def remove(self, key: Key) -> None:
        """Take away every series of a resource."""
        for family in (
            self.ready,
            self.condition,
            self.exposed,
            self.drift_detected,
            self.drift_corrected,
            self.operations,
        ):
            family.remove_by_labels(_labels(key))


def _labels(key: Key) -> dict[str, str]:
    return {"kind": key.kind, "namespace": key.namespace, "name": key.name}


class Metrics:
    """Counts and measures; knows nothing of queues (see `queue_metrics`) nor of requests (see `requests`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._unready: dict[Key, datetime | None] = {}  # since when those have waited that are not Ready
        ProcessCollector(registry=registry)
        self._passes, self._resources = _Passes(registry), _Resources(registry)

    def preset(self, workers: int) -> None:
        """Show every controller at zero from the start, so that rates and alerts have a beginning."""
        for kind in KINDS.values():
            self._passes.most.labels(kind.controller).set(workers)
            self._passes.active.labels(kind.controller).set(0)
            self._passes.errors.labels(kind.controller)
            for result in RESULTS:
                self._passes.ended.labels(kind.controller, result)

    def pass_began(self, key: Key) -> None:
        """Count one more pass under way."""
        self._passes.active.labels(key.kind.lower()).inc()

    def pass_ended(self, key: Key, result: Result, seconds: float) -> None:
        """Count a finished pass."""
        controller = key.kind.lower()
        self._passes.active.labels(controller).dec()
        self._passes.ended.labels(controller, result).inc()
        self._passes.seconds.labels(controller).observe(seconds)
        if result == "error":
            self._passes.errors.labels(controller).inc()

    def record(self, key: Key, metrics: Mapping[str, float]) -> None:
        """Take the metrics of a result; names that no metric has are ignored."""
        labels = (key.kind, key.namespace, key.name)
        if metrics.get("drift_detected"):
            self._resources.drift_detected.labels(*labels).inc(metrics["drift_detected"])
        if metrics.get("drift_corrected"):
            self._resources.drift_corrected.labels(*labels).inc(metrics["drift_corrected"])
        self._resources.operations.labels(*labels).set(metrics.get("operations_running", 0))

    def show(self, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Show what a resource's status says, and measure the way to Ready when it has just become that."""
        key = resource.key
        self._resources.show_status(key, after)
        was, is_now = condition(before, condition_types.READY), condition(after, condition_types.READY)
        self._resources.ready.labels(key.kind, key.namespace, key.name).set(
            1 if is_now.get("status") == "True" else 0
        )
        if is_now.get("status") != "True":
            self._unready.setdefault(key, _moment(_unready_since(resource, was, is_now)))
        elif was.get("status") != "True":
            begun = self._unready.pop(key, None) or _moment(_unready_since(resource, was, is_now))
            ended = _moment(is_now.get("lastTransitionTime"))
            if begun and ended:
                self._resources.time_to_ready.labels(key.kind).observe(max(0.0, (ended - begun).total_seconds()))

    def gone(self, key: Key) -> None:
        """Take away every series of a resource that no longer exists."""
        self._unready.pop(key, None)
        self._resources.remove(key)


def _unready_since(resource: Resource, was: Mapping[str, Any], is_now: Mapping[str, Any]) -> str | None:
    """Say since when a resource has not been Ready, from what it says itself: a restart loses nothing."""
    if not was:
        return resource.created
    # It has just fallen, or this process met it fallen: then its condition tells since when.
    since: str | None = (is_now if was.get("status") == "True" else was).get("lastTransitionTime")
    return since


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
