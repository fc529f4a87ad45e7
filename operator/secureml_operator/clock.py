"""Time as an argument: what the queue and its neighbours need of a clock.

A running asyncio loop satisfies `Clock` as it is; tests pass one that they advance by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer(Protocol):
    """A call that was asked for and has not been made."""

    def cancel(self) -> None:
        """Never make the call; harmless after it was made."""


class Clock(Protocol):
    """A monotonic clock that can call back."""

    def time(self) -> float:
        """Give seconds since an arbitrary moment; never goes back."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call back once, at or after `when` on this clock."""
