"""Requests that the reconcilers send to the outside world, counted by a hook they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

REQUEST_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Reads answer within a quarter of a second, a slow provider within ten."""


class Request(Protocol):
    """One request as the reconcilers' client reports it, after its answer or failure."""

    @property
    def type(self) -> str:
        """The type of what was asked for; few values, no names of anything."""

    @property
    def method(self) -> str:
        """GET, PUT, PATCH, POST, DELETE or HEAD."""

    @property
    def status(self) -> int:
        """The HTTP status; 0 when no answer came."""

    @property
    def throttled(self) -> bool:
        """The service asked us to slow down, or our own limiter held the request back."""

    @property
    def seconds(self) -> float:
        """From sending to the whole answer."""


class RequestMetrics:
    """Call it with each request; it is the `on_request` of the reconcilers' composition root."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "secureml_arm_requests_total",
            "Requests by resource type, method and HTTP status (0: no answer).",
            ("type", "method", "status"),
            registry=registry,
        )
        self._throttled = Counter(
            "secureml_arm_throttled_total",
            "Requests that the service's limits held back.",
            registry=registry,
        )
        self._seconds = Histogram(
            "secureml_arm_request_duration_seconds",
            "How long requests took, by method.",
            ("method",),
            buckets=REQUEST_SECONDS,
            registry=registry,
        )

    def __call__(self, request: Request) -> None:
        """Count one request."""
        self._requests.labels(request.type, request.method, str(request.status)).inc()
        self._seconds.labels(request.method).observe(request.seconds)
        if request.throttled:
            self._throttled.inc()
