"""A process that dies right after its k-th write, to Azure or to the API server, and never before or later."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tests.integration.driving import CLUSTER, Driver

from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from secureml_reconcilers.engine.contract import Status

T = TypeVar("T")

FOREVER = 10**9


class Killed(BaseException):
    """The process is gone; no `except Exception` of the engine may survive it."""


@dataclass
class Life:
    """How many writes are left, and what they were."""

    writes_left: int = FOREVER
    written: list[str] = field(default_factory=list)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def check(self) -> None:
        """Die if the last write was made: whoever still runs does nothing more.

        Raises:
            Killed: there is no life left.
        """
        if self.writes_left <= 0:
            raise Killed

    def spend(self, what: str) -> None:
        """Note a write, and die after the last one.

        Raises:
            Killed: this was the last.
        """
        self.written.append(what)
        self.writes_left -= 1
        self.check()

    async def write(self, what: str, write: Callable[[], Awaitable[T]]) -> T:
        """Make one write; the next begins only afterwards, so that what was made before a death is certain."""
        async with self._one_at_a_time:
            self.check()
            answer = await write()
            self.spend(what)
            return answer


class MortalArm:
    """Azure, as a mortal process sees it."""

    def __init__(self, arm: Any, life: Life) -> None:  # noqa: ANN401 - a client or a door of it
        """Wrap the real one."""
        self._arm, self._life = arm, life

    @contextmanager
    def within(self, *arguments: Any) -> Iterator[MortalArm]:  # noqa: ANN401 - what the real one takes
        """See `Azure.within`: the door is as mortal."""
        with self._arm.within(*arguments) as door:
            yield MortalArm(door, self._life)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - reads pass as they are
        self._life.check()
        return getattr(self._arm, name)

    async def write(self, verb: str, target: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """See `Arm.write`."""
        return await self._life.write(
            f"{verb} {target.short}", lambda: self._arm.write(verb, target, *args, **options)
        )


@dataclass
class MortalDriver(Driver):
    """A custom resource whose operator has one life, and then another."""

    life: Life = field(default_factory=Life)

    def save(self, status: Status) -> None:
        """Write a status, if it differs; that is a write like any other."""
        if status != self.status:
            self.life.check()
            super().save(status)
            self.life.spend("status")

    def begin_life(self, writes: int = FOREVER) -> None:
        """Start a process that knows nothing but the status."""
        self.life = Life(writes)
        arm: Any = MortalArm(self.world.arm, self.life)
        self.engine = Engine(SecureWorkspaces(), arm, Ledger(self.world), cluster=CLUSTER)


def mortal(driver: Driver) -> MortalDriver:
    """The same custom resource in the hands of a mortal process."""
    return MortalDriver(driver.world, driver.engine, driver.request)
