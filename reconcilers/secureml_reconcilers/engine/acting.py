"""Performing chosen actions: read once more if the reading is old, begin, remember."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from secureml_reconcilers.azure.arm import Present, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.assessment import Differs, assess, choose
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.evaluation import must_be_fresh
from secureml_reconcilers.engine.gather_all import gather_all
from secureml_reconcilers.engine.memory import Written
from secureml_reconcilers.engine.observing import read
from secureml_reconcilers.engine.operations import Operation
from secureml_reconcilers.engine.write_verification import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Accepted, Arm
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.assessment import Action, Ownership
    from secureml_reconcilers.engine.blocks import Claim
    from secureml_reconcilers.engine.memory import Failure, Memory

_log = logging.getLogger(__name__)

UNATTENDED: Final = timedelta(hours=1)
"""An operation is looked at every few seconds, and in the longest line for the budget every quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """That something was made for a claim."""

    made: ResourceId
    at: datetime
    by: str
    """The custom resource for which it was."""


def claim_of(action: Action) -> Claim | None:
    """What an action would make something for."""
    return action.block.claim if action.kind == "Create" and isinstance(action.block, Ensure) else None


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

    claimed: dict[str, Claimed] = field(default_factory=dict)
    """By the name of a claim, what was made for it last."""

    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """Those that somebody holds or waits for; the others vanish by themselves."""

    def lock(self, target: ResourceId) -> asyncio.Lock:
        """The lock that serializes writes to the target."""
        parent = target.parent if type_info(target).serialize == "parent" else None
        return self._lock((parent or target).key)

    def locks_for(self, action: Action) -> tuple[asyncio.Lock, ...]:
        """All that a write must hold, in the order in which everybody takes them."""
        claim = claim_of(action)
        return (*((self._lock(claim.name),) if claim else ()), self.lock(action.id))

    def _lock(self, key: str) -> asyncio.Lock:
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
        for name in [name for name, claimed in self.claimed.items() if now - claimed.at >= UNATTENDED]:
            del self.claimed[name]


@dataclass(slots=True)
class Performed:
    """What one batch of actions came to."""

    begun: list[Action] = field(default_factory=list)
    finished: bool = False
    """Something was done at once, so the rest may have become possible."""

    overtaken: set[str] = field(default_factory=set)
    """What was written for another custom resource since it was read, so that something was not done."""


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
        await gather_all(*(self._perform(action, performed) for action in actions))
        # Not before all have looked: to the next one, what is forgotten would not have been overtaken.
        for key in performed.overtaken:
            self.memory.forget(key)
            self._heed(key, self.operations.written.get(key))
        return performed

    async def _perform(self, action: Action, performed: Performed) -> None:
        async with AsyncExitStack() as held:
            for lock in self.operations.locks_for(action):
                await held.enter_async_context(lock)
            if action.id.key in self.operations.running:
                return  # another custom resource was quicker; the next pass finds it running
            if self.outrun(action):
                return  # another custom resource was quicker to claim it
            self._note_end_of_claim(action)
            chosen = await self._chosen_again(action, performed)
            if chosen is None:
                performed.finished = True  # what was read meanwhile may open a gate
                return
            await self._write(chosen, performed)

    async def _chosen_again(self, action: Action, performed: Performed) -> Action | None:
        """The action after a reading made just before; None when the composition must be asked again."""
        claim = claim_of(action)
        seen = must_be_fresh(action) | ({claim.shown_by.key} if claim else set())
        overtaken = {key for key in seen if self._overtaken(key)}
        performed.overtaken |= overtaken
        if overtaken:
            return None  # who may go, or be closed, is for the composition to say: the block knows one resource
        key = action.id.key
        read_at = self.memory.read_at.get(key, self.fresh_from)
        if read_at >= self.fresh_from and key in self.memory.answers and not self._overtaken(key):
            return action
        written, answer = self.operations.written.get(key), await read(action.id, self.arm)
        self.memory.answers[key] = answer
        self.memory.read_at[key] = self.clock()
        self._heed(key, written)
        assessment = assess(action.block, answer, None, self.ownership)
        if action.kind != "Delete" and isinstance(assessment, Differs) and assessment.kind == action.kind:
            return choose(action.block, assessment, self.ownership)
        return None  # the world has moved: the composition is asked again

    def outrun(self, action: Action) -> bool:
        """Whether another custom resource is making something for the same claim."""
        rival = self._rival(action)
        running = self.operations.running.get(rival.made.key) if rival else None
        # Its custom resource may be gone, and then nobody looks at it any more.
        return running is not None and self.clock() - running.since <= type_info(running.id).durations.lost

    def _note_end_of_claim(self, action: Action) -> None:
        """What another made for the claim is there or failed: what we have read of the service is overtaken."""
        claim, rival = claim_of(action), self._rival(action)
        if claim is not None and rival is not None:
            del self.operations.claimed[claim.name]
            self.operations.written[claim.shown_by.key] = Written(self.clock(), rival.by)

    def _rival(self, action: Action) -> Claimed | None:
        """What was made last for the same claim under another name."""
        claim = claim_of(action)
        claimed = self.operations.claimed.get(claim.name) if claim else None
        return claimed if claimed is not None and claimed.made != action.id else None

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

    def _heed(self, key: str, written: Written | None) -> None:
        """Note that what is read now is later than a write: two instants may be equal."""
        if written is not None:
            self.memory.heeded[key] = written

    async def _write(self, action: Action, performed: Performed) -> None:
        claim = claim_of(action)
        if claim is not None:
            self.operations.claimed[claim.name] = Claimed(action.id, self.clock(), self.ownership.owner)
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
        _log.debug("%s", action.sentence)  # told with its event, and the request was logged
        performed.begun.append(action)
        written = Written(self.clock(), self.ownership.owner)
        # What it writes over counts as written, too: another who looked at it before must look again.
        for target in (action.id, *action.block.preconditions):
            self.operations.written[target.key] = written
        for target in action.block.invalidates:
            self.memory.forget(target.key)
        self.memory.attempts[action.block.key] = Attempt.of(action, over=not accepted.running)
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
