"""One token bucket per subscription and verb class; the service's headers have the last word.

An empty bucket raises at once: the queue waits, never a worker. Who is refused gets a place in a line and
the time of its turn. Without a line, every token would go to whoever happens to come next: hundreds of
custom resources would each hold a few readings, too old before the last is there, and none would finish.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.errors import asked_wait, spends_the_budget
from secureml_reconcilers.azure.problem import AzureProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BUCKETS: Final[Mapping[str, tuple[float, float]]] = {
    "reads": (250, 25),
    "writes": (200, 10),
    "deletes": (200, 10),
}
"""Size and refill per second, per principal and subscription (reference-data.md section 12)."""

_CLASSES: Final = {"PUT": "writes", "PATCH": "writes", "POST": "writes", "DELETE": "deletes", "GET": "reads"}
"""A query of Resource Graph is a POST, too; it has a quota of its own and takes nothing here."""


_USUAL: Final = 30.0
"""So many requests a turn is taken to need before any has ended: a workspace at rest takes 30 reads."""

_SMOOTHING: Final = 0.1
"""How much the latest turn counts in what a turn is taken to need."""

_UNSAID: Final = timedelta(seconds=5)
"""How long a 429 closes the budget that does not say how long."""

_PATIENCE: Final = 30.0
"""Seconds that a turn is kept for somebody who does not come: far above the lateness of a busy worker."""


@dataclass(slots=True)
class Requester:
    """One pass, for as long as it runs."""

    name: str
    """Its custom resource: the next pass over it takes the place in the line that this one was given."""

    over: bool = False


@dataclass(slots=True)
class _Reservation:
    """Tokens that are kept for one custom resource from a certain time on."""

    turn: float
    """From when on its passes may take them."""

    kept: float
    """How many are left of them."""

    by: Requester | None = None
    """The latest pass that has asked since; None before."""

    taken: int = 0


@dataclass(slots=True)
class _Bucket:
    size: float
    refill: float
    tokens: float
    filled_at: float
    closed_until: float = 0.0
    usual: float = _USUAL
    """What a turn takes, as the latest ones did."""

    line: dict[str, _Reservation] = field(default_factory=dict)
    """By requester; empty as long as the budget suffices."""

    def take(self, now: float, requester: Requester | None) -> float:
        """Spend a token if there is one for this requester; else say how long to wait."""
        reservation = self.line.get(requester.name) if requester else None
        if reservation is not None and now < reservation.turn:
            return reservation.turn - now
        self._fill(now)
        self._expire(now)
        if requester is None or requester.name not in self.line:
            kept = sum(each.kept for each in self.line.values())
        else:
            reservation, kept = self.line[requester.name], 0.0
            reservation.by = requester
        if now >= self.closed_until and self.tokens - kept >= 1:
            self.tokens -= 1
            if reservation is not None:
                reservation.taken += 1
                reservation.kept = max(0.0, reservation.kept - 1)
            return 0.0
        return self._line_up(now, requester)

    def _line_up(self, now: float, requester: Requester | None) -> float:
        """Reserve tokens at the end of the line, or at its head for a requester whose tokens did not suffice.

        One that had to go through the whole line again would find old what it has read, and begin anew each time.

        Returns:
            The seconds until the reservation begins.
        """
        mine = self.line.pop(requester.name, None) if requester is not None else None
        ahead = sum(each.kept for each in self.line.values()) if mine is None else 0.0
        wanted = 1 if requester is None else self.usual
        wait = max(0.0, self.closed_until - now) + max(0.0, ahead + wanted - self.tokens) / self.refill
        if mine is not None:
            for each in self.line.values():
                each.turn = max(now, each.turn) + wait
        if requester is not None:
            self.line[requester.name] = _Reservation(now + wait, self.usual)
        return wait

    def _fill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + (now - self.filled_at) * self.refill)
        self.filled_at = now

    def _expire(self, now: float) -> None:
        """Drop the reservations whose pass is over, and those that nobody came for."""
        for name, reservation in list(self.line.items()):
            if reservation.by is not None and reservation.by.over:
                self.usual += _SMOOTHING * (max(1, reservation.taken) - self.usual)
                del self.line[name]
            elif now > reservation.turn + _PATIENCE:
                del self.line[name]


class Throttle:
    """Counts what each subscription still allows."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Use a clock that never goes back, in seconds."""
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, subscription: str, method: str, requester: Requester | None = None) -> None:
        """Spend one request.

        Args:
            subscription: whose budget it is.
            method: the HTTP method.
            requester: the pass that asks; None for what belongs to no pass, and stands in no line.

        Raises:
            AzureProblem: reason Throttled with `retry_after`, when the bucket is empty or Azure said to wait.
        """
        wait = self._bucket(subscription, method).take(self._monotonic(), requester)
        if wait > 0:
            raise AzureProblem(
                reason=reasons.THROTTLED,
                message=f"The subscription {subscription} has no {_CLASSES[method]} left for the moment.",
                advice="It goes on by itself.",
                retry_after=timedelta(seconds=wait),
                throttled=True,
            )

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
        if spends_the_budget(status, headers):
            bucket.closed_until = now + (asked_wait(headers) or _UNSAID).total_seconds()

    def _bucket(self, subscription: str, method: str) -> _Bucket:
        key = (subscription.lower(), _CLASSES[method])
        if key not in self._buckets:
            size, refill = _BUCKETS[key[1]]
            self._buckets[key] = _Bucket(size, refill, size, self._monotonic())
        return self._buckets[key]
