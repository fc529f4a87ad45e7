"""A process that may die right after any of its writes, to Azure or to the API server, never before or later."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.integration.driving import CLUSTER, Driver

from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.engine.replaying import Asked

    from secureml_reconcilers.engine.contract import ReconcileRequest, Status


@dataclass(frozen=True)
class Death:
    """All that is left of a process that ends right after one of its writes."""

    write: str
    """The last one: verb and target, or `status`."""

    moment: float
    """Virtual seconds."""

    asked: list[Asked]
    """What Azure was asked to change until then, by anybody."""

    request: ReconcileRequest
    """What the API server holds."""


class MortalArm:
    """Azure, as a mortal process sees it: one write after the other, so it is certain what a death comes after."""

    def __init__(self, arm: Any, wrote: Callable[[str], None]) -> None:  # noqa: ANN401 - a client or a door of it
        """Wrap the real one; `wrote` is told of each write that was answered."""
        self._arm, self._wrote = arm, wrote
        self._one_at_a_time = asyncio.Lock()

    @contextmanager
    def within(self, *arguments: Any) -> Iterator[MortalArm]:  # noqa: ANN401 - what the real one takes
        """See `Azure.within`: the door is as mortal."""
        with self._arm.within(*arguments) as door:
            yield MortalArm(door, self._wrote)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - reads pass as they are
        return getattr(self._arm, name)

    async def write(self, verb: str, target: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """See `Arm.write`."""
        async with self._one_at_a_time:
            answer = await self._arm.write(verb, target, *args, **options)
            self._wrote(f"{verb} {target.short}")
            return answer


@dataclass
class MortalDriver(Driver):
    """A custom resource whose operator leads a life of which every death is known."""

    asked: list[Asked] = field(default_factory=list)
    """What Azure was asked to change, from the beginning of the world; it grows."""

    deaths: list[Death] = field(default_factory=list)

    def save(self, status: Status) -> None:
        """Write a status, if it differs; that is a write like any other."""
        if status != self.status:
            super().save(status)
            self._wrote("status")

    def begin_life(self) -> None:
        """Start a process that knows nothing but the status."""
        self.deaths = []
        arm: Any = MortalArm(self.world.arm, self._wrote)
        self.engine = Engine(SecureWorkspaces(), arm, Ledger(self.world), cluster=CLUSTER)

    def _wrote(self, what: str) -> None:
        now = self.world.emulator.clock.now()
        self.deaths.append(Death(what, now, list(self.asked), self.request))
