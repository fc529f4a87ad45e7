"""One token bucket per subscription and verb class; the service's headers have the last word.

An empty bucket raises at once: the queue waits, never a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.problem import AzureProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BUCKETS: Final[Mapping[str, tuple[float, float]]] = {
    "reads": (250, 25),
    "writes": (200, 10),
    "deletes": (200, 10),
}
"""Size and refill per second, per principal and subscription (reference-data.md section 12)."""

_CLASSES: Final = {"PUT": "writes", "PATCH": "writes", "POST": "reads", "DELETE": "deletes", "GET": "reads"}
"""The only POST we send is a Resource Graph query, which has a quota of its own."""


@dataclass(slots=True)
class _Bucket:
    size: float
    refill: float
    tokens: float
    filled_at: float
    closed_until: float = 0.0

    def fill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + (now - self.filled_at) * self.refill)
        self.filled_at = now


class Throttle:
    """Counts what each subscription still allows."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Use a clock that never goes back, in seconds."""
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, subscription: str, method: str) -> None:
        """Spend one request.

        Raises:
            AzureProblem: reason Throttled with `retry_after`, when the bucket is empty or Azure said to wait.
        """
        now = self._monotonic()
        bucket = self._bucket(subscription, method)
        bucket.fill(now)
        wait = max(bucket.closed_until - now, 0 if bucket.tokens >= 1 else (1 - bucket.tokens) / bucket.refill)
        if wait > 0:
            raise AzureProblem(
                reason="Throttled",
                message=f"The subscription {subscription} has no {_CLASSES[method]} left for {wait:.0f} s.",
                advice="Nothing to do: it goes on by itself.",
                retry_after=timedelta(seconds=wait),
            )
        bucket.tokens -= 1

    def learn(self, subscription: str, method: str, status: int, headers: Mapping[str, str]) -> None:
        """Adjust to what an answer said; its headers outrank the documented table."""
        bucket = self._bucket(subscription, method)
        now = self._monotonic()
        remaining = headers.get(f"x-ms-ratelimit-remaining-subscription-{_CLASSES[method]}")
        if remaining is None:
            remaining = headers.get(f"x-ms-ratelimit-remaining-subscription-global-{_CLASSES[method]}")
        if remaining is not None and remaining.isdigit():
            bucket.tokens = float(remaining)
            bucket.size = max(bucket.size, bucket.tokens)
            bucket.filled_at = now
        if status == 429 and not _about_one_resource(headers):  # noqa: PLR2004 - Too Many Requests
            bucket.closed_until = now + float(headers.get("retry-after", "5"))

    def _bucket(self, subscription: str, method: str) -> _Bucket:
        key = (subscription.lower(), _CLASSES[method])
        if key not in self._buckets:
            size, refill = _BUCKETS[key[1]]
            self._buckets[key] = _Bucket(size, refill, size, self._monotonic())
        return self._buckets[key]


def _about_one_resource(headers: Mapping[str, str]) -> bool:
    """A provider's own 429 (two writes in one VNet) says nothing of the subscription's budget.

    ARM's gateway answers its own 429 itself; `service` names the provider.
    """
    return headers.get("x-ms-failure-cause") == "service"
