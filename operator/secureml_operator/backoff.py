"""When the shell calls again of its own accord: after its own failures, and on the periodic resync.

Waiting for a service to finish something is the reconcilers' business; they say so in `requeue_after`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

K = TypeVar("K", bound="Hashable")

FIRST_RETRY = timedelta(seconds=1)
"""Long enough for a restarted API server or a stale watch to catch up, short enough not to be noticed."""

LONGEST_RETRY = timedelta(minutes=5)
"""A bug costs at most twelve passes an hour per resource; a repaired cluster is noticed in five minutes."""

RETRY_JITTER = 0.2
"""A fifth each way: a thousand resources that failed together must not come back together."""

RESYNC_JITTER = 0.1
"""A tenth each way spreads the passes of one start over six minutes within the first hour."""


class Backoff(Generic[K]):
    """Exponential and jittered: 1, 2, 4 … 256, 300, 300 seconds, each ±20 %, per key."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        """Take the source of jitter, `random.uniform` in production."""
        self._uniform = uniform
        self._failures: dict[K, int] = {}

    def failed(self, key: K) -> timedelta:
        """Count one more failure in a row and say how long to wait."""
        before = self._failures.get(key, 0)
        self._failures[key] = before + 1
        # The exponent is bounded: 2**1024 would overflow the float after a long outage.
        delay = min(FIRST_RETRY * 2.0 ** min(before, 30), LONGEST_RETRY)
        return delay * self._uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)

    def failures(self, key: K) -> int:
        """Say how often `key` has failed in a row."""
        return self._failures.get(key, 0)

    def succeeded(self, key: K) -> None:
        """Start over for `key`."""
        self._failures.pop(key, None)


class Resync:
    """The longest a resource goes without a pass."""

    def __init__(self, interval: timedelta, uniform: Callable[[float, float], float]) -> None:
        self._interval = interval
        self._uniform = uniform

    def next(self, requeue_after: timedelta | None) -> timedelta:
        """Give the resync interval ±10 %, or what the pass asked for if that is sooner."""
        resync = self._interval * self._uniform(1 - RESYNC_JITTER, 1 + RESYNC_JITTER)
        return resync if requeue_after is None else min(requeue_after, resync)
