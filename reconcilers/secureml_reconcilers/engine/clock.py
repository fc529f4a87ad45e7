"""Two clocks: the wall's, shown to people, and one that never goes back, by which everything is decided."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

Moment = timedelta
"""An instant on the monotonic clock: the time since some beginning, which is another one in every process."""


class Clock(Protocol):
    """Tells the time to the engine; tests pass one that they advance by hand."""

    def now(self) -> datetime:
        """The present instant in UTC: for statuses, and for what is asked of a change log.

        Nobody decides by it, for somebody may set it.
        """

    def monotonic(self) -> Moment:
        """The present instant on a clock that never goes back: waits and ages are counted by it."""


class SystemClock:
    """The clocks of this machine."""

    def __init__(self, speed: float = 1.0) -> None:
        """Let the monotonic clock run `speed` times as fast, where an emulator's time does."""
        self._speed = speed

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def monotonic(self) -> Moment:
        """See `Clock.monotonic`."""
        return timedelta(seconds=time.monotonic() * self._speed)


def began(since: datetime, clock: Clock) -> Moment:
    """The moment at which something began that a status dates.

    A date that lies ahead was written by a clock that has been set since: it counts as now.
    """
    return clock.monotonic() - max(clock.now() - since, timedelta())
