"""Virtual time: operations, throttles and the change log run on it, so that tests need not wait."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """A clock that runs `speed` times as fast as the real one; at speed 0 it stands until advanced by hand.

    Args:
        speed: virtual seconds per real second, 0 or more.
        start: virtual time at the beginning, seconds since the epoch; the real time by default.
        real: source of real seconds, a monotonic one; tests may pass their own.
    """

    def __init__(
        self, speed: float = 1.0, *, start: float | None = None, real: Callable[[], float] = time.monotonic
    ) -> None:
        self._real = real
        self._speed = 0.0
        self._base = time.time() if start is None else start
        self._since = real()
        self._sleepers: set[asyncio.Event] = set()
        self.set_speed(speed)

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        return self._speed

    def now(self) -> float:
        """Virtual seconds since the epoch."""
        return self._base + (self._real() - self._since) * self._speed

    def text(self, moment: float | None = None) -> str:
        """A virtual moment, now by default, as ARM prints times: UTC with seven fractional digits."""
        return iso(self.now() if moment is None else moment)

    def set_speed(self, speed: float) -> None:
        """Change the pace from now on.

        Raises:
            ValueError: the speed is negative.
        """
        if speed < 0:
            raise ValueError("the clock's speed is 0 (it stands) or a positive number")
        self._base, self._since = self.now() if self._speed else self._base, self._real()
        self._speed = float(speed)
        self.poke()

    def advance(self, seconds: float) -> None:
        """Jump ahead by virtual seconds.

        Raises:
            ValueError: the jump is negative.
        """
        if seconds < 0:
            raise ValueError("virtual time only goes forward")
        self._base += seconds
        self.poke()

    def poke(self) -> None:
        """Let everyone who sleeps look at the time again."""
        for sleeper in self._sleepers:
            sleeper.set()

    async def sleep_until(self, moment: float | None, *, interruptible: bool = False) -> None:
        """Wait for a virtual moment, however the clock is changed meanwhile.

        Args:
            moment: virtual time; None waits for the next poke.
            interruptible: return at the first poke, whether or not the moment has come.
        """
        event = asyncio.Event()
        self._sleepers.add(event)
        try:
            while moment is None or self.now() < moment:
                delay = None if moment is None else self.real_delay(moment)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await event.wait()
                if event.is_set() and (interruptible or moment is None):
                    return
                event.clear()
        finally:
            self._sleepers.discard(event)

    def real_delay(self, moment: float) -> float | None:
        """Real seconds until a virtual moment; None while the clock stands."""
        if not self._speed:
            return None
        return max(0.0, (moment - self.now()) / self._speed)


def iso(moment: float) -> str:
    """Seconds since the epoch as `2026-11-21T08:15:30.1234567Z`."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
