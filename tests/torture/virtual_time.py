"""An event loop that never waits: when nobody has anything to do, its clock jumps to whoever is next."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


class DeadlockError(Exception):
    """Everybody waits for somebody else, and no time that passes will change that."""


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a socket it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Jump; what the loop's own pipe has to say is still heard.

        Raises:
            DeadlockError: there is nothing to jump to.
        """
        if timeout is None:
            raise DeadlockError
        self.moment += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """One order of everything, given the waits: tasks run in the order in which they became ready."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.moment


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run to the end, however many hours it takes there."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)
