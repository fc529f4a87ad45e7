"""Performing chosen actions: read once more if the reading is old, begin, remember."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from secureml_reconcilers.azure.arm import Present, Unreadable
from secureml_reconcilers.azure.catalogue import facts
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.memory import Written
from secureml_reconcilers.engine.observing import read
from secureml_reconcilers.engine.operations import Operation
from secureml_reconcilers.engine.passes import leans_on
from secureml_reconcilers.engine.staying import Attempt
from secureml_reconcilers.engine.verdicts import Differs, choose, judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Accepted, Arm
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.memory import Failure, Memory
    from secureml_reconcilers.engine.verdicts import Action, Ownership

_log = logging.getLogger(__name__)

UNATTENDED: Final = timedelta(hours=1)
"""An operation is looked at every few seconds, and in the longest line for the budget every quarter of an hour."""


@dataclass(slots=True)
class Operations:
    """What this process knows to be running in Azure, over all custom resources.

    Custom resources share zones and networks: one that is being created for another must not be created
    again, and writes to one target run one at a time (OPS-04).
    """

    told: dict[str, datetime] = field(default_factory=dict)
    """By resource key, the last foreign change that was told as drift."""

    running: dict[str, Operation] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)
    """By resource key, how its last operation failed. Who settles an operation need not be who began it, and
    both must leave the target alone for as long."""

    written: dict[str, Written] = field(default_factory=dict)
    """By resource key, the last write that Azure took."""

    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """Those that somebody holds or waits for; the others vanish by themselves."""

    def lock(self, target: ResourceId) -> asyncio.Lock:
        """The lock that serializes writes to the target."""
        parent = target.parent if facts(target).serialize == "parent" else None
        key = (parent or target).key
        lock = self.locks.get(key)
        if lock is None:
            lock = self.locks[key] = asyncio.Lock()
        return lock

    def tidy(self, now: datetime) -> None:
        """Forget what nobody has looked at for long, because its custom resource is gone."""
        for key in [key for key, operation in self.running.items() if now - operation.look_at >= UNATTENDED]:
            del self.running[key]
        for key in [key for key, failure in self.failed.items() if now - failure.not_before >= UNATTENDED]:
            del self.failed[key]
        for key in [key for key, written in self.written.items() if now - written.at >= UNATTENDED]:
            del self.written[key]


@dataclass(slots=True)
class Performed:
    """What one batch of actions came to."""

    begun: list[Action] = field(default_factory=list)
    finished: bool = False
    """Something was done at once, so the rest may have become possible."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Performs actions for one pass."""

    arm: Arm
    operations: Operations
    memory: Memory
    ownership: Ownership
    clock: Callable[[], datetime]
    fresh_from: datetime
    """Older readings are repeated before anything is written upon them."""

    async def perform(self, actions: tuple[Action, ...]) -> Performed:
        """Begin every action, each on its own: one refusal stops no other."""
        performed = Performed()
        await asyncio.gather(*(self._perform(action, performed) for action in actions))
        return performed

    async def _perform(self, action: Action, performed: Performed) -> None:
        async with self.operations.lock(action.id):
            if action.id.key in self.operations.running:
                return  # another custom resource was quicker; the next pass finds it running
            chosen = await self._chosen_again(action)
            if chosen is None:
                performed.finished = True  # what was read meanwhile may open a gate
                return
            await self._write(chosen, performed)

    async def _chosen_again(self, action: Action) -> Action | None:
        """The action after a reading made just before; None when the composition must be asked again."""
        overtaken = {key for key in leans_on(action) if self._overtaken(key)}
        for key in overtaken:
            self._heed(key)
        if overtaken:
            return None  # who may go, or be closed, is for the composition to say: the block knows one resource
        key = action.id.key
        read_at = self.memory.read_at.get(key, self.fresh_from)
        if read_at >= self.fresh_from and key in self.memory.answers and not self._overtaken(key):
            return action
        self._heed(key)
        answer = await read(action.id, self.arm)
        self.memory.answers[key] = answer
        self.memory.read_at[key] = self.clock()
        verdict = judge(action.block, answer, None, self.ownership)
        if action.kind != "Delete" and isinstance(verdict, Differs) and verdict.kind == action.kind:
            return choose(action.block, verdict, self.ownership)
        return None  # the world has moved: the composition is asked again

    def _overtaken(self, key: str) -> bool:
        """Whether it was written for another custom resource since it was read: our write may undo that."""
        written, read_at = self.operations.written.get(key), self.memory.read_at.get(key)
        return (
            written is not None
            and read_at is not None
            and written.by != self.ownership.owner
            and written.at >= read_at
            and self.memory.heeded.get(key) is not written
        )

    def _heed(self, key: str) -> None:
        """Have it read again; that reading is later than the write that overtook this one, by any clock."""
        self.memory.forget(key)
        if key in self.operations.written:
            self.memory.heeded[key] = self.operations.written[key]

    async def _write(self, action: Action, performed: Performed) -> None:
        try:
            accepted = await self.arm.write(
                action.verb,
                action.id,
                action.body,
                if_match=action.if_match,
                create_only=action.kind == "Create",
            )
        except AzureProblem as problem:
            self._refused(action, problem.with_target(action.id))
            return
        _log.info("%s", action.sentence, extra={"arm_id": action.id.text})
        performed.begun.append(action)
        self.operations.written[action.id.key] = Written(self.clock(), self.ownership.owner)
        for target in getattr(action.block, "mends", ()):
            self.memory.forget(target.key)
        self.memory.attempts[action.block.key] = Attempt(action, over=not accepted.running)
        self._accepted(action, accepted, performed)

    def _accepted(self, action: Action, accepted: Accepted, performed: Performed) -> None:
        key = action.id.key
        if accepted.running:
            self.operations.running[key] = Operation.begun(action.id, action.verb, self.clock(), accepted.poll_url)
            if accepted.body is not None and action.verb != "DELETE":
                self.memory.answers[key] = Present(accepted.body)
                self.memory.read_at[key] = self.clock()
        else:
            # A 200 is no proof: read it again before anything is built on it.
            self.memory.forget(key)
            self.operations.failed.pop(key, None)
            performed.finished = True

    def _refused(self, action: Action, problem: AzureProblem) -> None:
        key = action.id.key
        if problem.outcome_unknown:
            # Perhaps it was applied. Taken for running, it is looked at before anything is repeated.
            self.operations.running[key] = Operation.begun(action.id, action.verb, self.clock())
            return
        if problem.reason == "ChangedMeanwhile":
            self.memory.forget(key)
            if action.kind == "Create":
                self.operations.running[key] = Operation.of_another(action.id, self.clock())
                return
        if isinstance(self.memory.answers.get(key), Unreadable):
            self.memory.forget(key)
        self.memory.fail(action.id, problem, self.clock())
        _log.warning("%s %s was refused: %s", action.kind, action.id.short, problem.message)
