"""A keyed, de-duplicating delay queue for asyncio.

A key is in at most one of these places: waiting for its time, ready, or being processed (where it may
be marked to come again). So the queue is bounded by the number of distinct keys, whatever the rate of
events, and no two workers ever hold the same key.

Knows neither Kubernetes nor what a key means; time is an argument.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from secureml_operator.clock import Clock, Timer

K = TypeVar("K", bound="Hashable")


class QueueClosedError(Exception):
    """Raised by `take` once the queue was closed: the worker that asked should end."""


class QueueHooks(Protocol):
    """What a queue tells its metrics; every duration is in seconds of the queue's clock."""

    def added(self) -> None:
        """Tell that a key became ready which was not ready before."""

    def delayed(self) -> None:
        """Tell that a key was put off for later (a retry or a resync)."""

    def taken(self, waited: float) -> None:
        """Tell that a worker took a key that had been ready for `waited` seconds."""

    def finished(self, worked: float) -> None:
        """Tell that a worker gave a key back after `worked` seconds."""


class NoHooks:
    """For a queue that nobody measures."""

    def added(self) -> None:
        """Ignore."""

    def delayed(self) -> None:
        """Ignore."""

    def taken(self, waited: float) -> None:
        """Ignore."""

    def finished(self, worked: float) -> None:
        """Ignore."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The queue at one moment, for gauges and liveness; durations in seconds."""

    ready: int
    delayed: int
    processing: int
    unfinished_work: float
    """The sum of how long each key in hand has been there."""

    longest_running: float
    """How long the key that has been in hand longest has been there."""

    idle_with_work: float
    """How long keys have been ready while no worker took or finished any; 0 when nothing is ready."""


class DelayQueue(Generic[K]):
    """Hands keys to workers: each key once however often it was added, and never to two at a time."""

    def __init__(self, clock: Clock, hooks: QueueHooks | None = None) -> None:
        self._clock = clock
        self._hooks = hooks or NoHooks()
        self._ready: dict[K, float] = {}  # key -> ready since; insertion order is the order of service
        self._due: dict[K, float] = {}  # key -> the one time that counts; heap entries may be outdated
        self._heap: list[tuple[float, int, K]] = []
        self._sequence = 0
        self._processing: dict[K, float] = {}  # key -> in hand since
        self._again: set[K] = set()  # keys in hand that must be processed once more
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: Timer | None = None
        self._timer_at = float("inf")
        self._moved_at = clock.time()
        self._closed = False
        self._quiet: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, key: K) -> None:
        """Make `key` ready now; this beats any delay that was asked for it."""
        if self._closed:
            return
        self._due.pop(key, None)
        if key in self._processing:
            self._again.add(key)
        elif key not in self._ready:
            self._make_ready(key)

    def add_after(self, key: K, delay: timedelta) -> None:
        """Make `key` ready after `delay`, unless it is ready sooner anyway; zero or less means now."""
        if self._closed or key in self._ready or key in self._again:
            return
        if delay <= timedelta(0):
            self.add(key)
            return
        self._hooks.delayed()
        when = self._clock.time() + delay.total_seconds()
        if when < self._due.get(key, float("inf")):
            self._due[key] = when
            self._sequence += 1
            heapq.heappush(self._heap, (when, self._sequence, key))
            self._compact()
            self._arm()

    def discard(self, key: K) -> None:
        """Forget a delay asked for `key`; a key that is ready or in hand stays."""
        self._due.pop(key, None)

    async def take(self) -> K:
        """Wait for a key and take it in hand; give it back with `done`.

        Raises:
            QueueClosedError: the queue was closed; keys still ready are left alone.
        """
        while True:
            if self._closed:
                raise QueueClosedError
            if self._ready:
                return self._hand_out()
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                # The wake-up may have been ours already: pass it on, or a ready key waits for nobody.
                if waiter.done() and not waiter.cancelled():
                    self._wake_one()
                raise
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)

    def done(self, key: K) -> None:
        """Give `key` back; if it was added while in hand it becomes ready again.

        Raises:
            KeyError: the key is not in hand.
        """
        now = self._clock.time()
        self._hooks.finished(now - self._processing.pop(key))
        self._moved_at = now
        if key in self._again:
            self._again.discard(key)
            if not self._closed:
                self._make_ready(key)
        if not self._processing and self._quiet is not None and not self._quiet.done():
            self._quiet.set_result(None)

    def close(self) -> None:
        """Hand out no more keys; whoever waits in `take` gets `QueueClosedError`. Keys in hand go on."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiters:
            self._wake_one()

    async def drained(self) -> None:
        """Return once no key is in hand; the caller bounds the wait."""
        while self._processing:
            if self._quiet is None or self._quiet.done():
                self._quiet = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._quiet)

    def snapshot(self) -> Snapshot:
        """Measure the queue without moving it."""
        now = self._clock.time()
        in_hand = [now - since for since in self._processing.values()]
        oldest = min(self._ready.values(), default=now)
        return Snapshot(
            ready=len(self._ready),
            delayed=len(self._due),
            processing=len(self._processing),
            unfinished_work=sum(in_hand),
            longest_running=max(in_hand, default=0.0),
            idle_with_work=max(0.0, now - max(oldest, self._moved_at)) if self._ready else 0.0,
        )

    def _make_ready(self, key: K) -> None:
        self._ready[key] = self._clock.time()
        self._hooks.added()
        self._wake_one()

    def _hand_out(self) -> K:
        key, since = next(iter(self._ready.items()))
        del self._ready[key]
        now = self._clock.time()
        self._processing[key] = now
        self._moved_at = now
        self._hooks.taken(now - since)
        if self._ready:
            self._wake_one()
        return key

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _compact(self) -> None:
        """Drop outdated entries once they outnumber the others; removing each at once would be quadratic."""
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [entry for entry in self._heap if self._due.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def _arm(self) -> None:
        """Keep exactly one timer, at the soonest time; a timer per key would cost a handle each."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        soonest = self._heap[0][0] if self._heap else float("inf")
        if soonest == self._timer_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = soonest
        if self._heap:
            self._timer = self._clock.call_at(soonest, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self._timer_at = float("inf")
        now = self._clock.time()
        while self._heap and self._heap[0][0] <= now:
            when, _, key = heapq.heappop(self._heap)
            if self._due.get(key) == when:
                self.add(key)
        self._arm()
