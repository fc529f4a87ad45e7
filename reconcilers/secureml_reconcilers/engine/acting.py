"""Performing chosen actions: announced, on fresh readings, one at a time for what Azure locks. The fourth step."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine import status_and_events
from secureml_reconcilers.engine.assessment import Differs, assess, choose
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.diagnosis import with_faults
from secureml_reconcilers.engine.evaluation import must_be_fresh
from secureml_reconcilers.engine.gather_all import gather_all
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.status_limits import OPERATIONS
from secureml_reconcilers.engine.timestamps import stamp
from secureml_reconcilers.engine.write_verification import repair_of

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Accepted, Answer
    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.blocks import Claim
    from secureml_reconcilers.engine.contract import Journal, Status
    from secureml_reconcilers.engine.ledger import Record
    from secureml_reconcilers.engine.observing import Observer
    from secureml_reconcilers.engine.passing import Pass

_log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = OPERATIONS
"""No more is begun than can be announced."""


def due_actions(this: Pass) -> tuple[Action, ...]:
    """What is begun now: no more than can be announced, and nothing that somebody else is making already."""
    if this.evaluation is None or not this.composition.enforce:
        return ()
    chosen = this.evaluation.actions
    actions = [each for each in chosen if not this.ledger.is_claimed_by_another(claim_of(each), each.id)]
    this.claim_held_elsewhere = len(actions) < len(chosen)
    return tuple(actions[: max(0, MOST_AT_ONCE - len(this.running()))])


def claim_of(action: Action) -> Claim | None:
    """What an action would make something for."""
    return action.block.claim if action.kind == "Create" and isinstance(action.block, Ensure) else None


def needs_fresh_evidence(this: Pass, actions: tuple[Action, ...]) -> bool:
    """Make unread what a closing or a deletion leans on and an earlier pass has read; whether there was any.

    Somebody may have taken it away since.
    """
    keys = {key for action in actions for key in must_be_fresh(action)}
    return this.readings.forget_where(lambda reading: reading.question.key in keys and not this.is_fresh(reading))


async def act(this: Pass, actions: tuple[Action, ...], journal: Journal, observer: Observer) -> bool:
    """Announce the actions, then begin each on its own: one refusal stops no other.

    Returns:
        Whether something was begun, or was read meanwhile that may open a gate.
    """
    await journal.announce(_announcement(this, actions))
    actor = Actor(this, observer)
    try:
        await gather_all(*map(actor.perform, actions))
    finally:
        _keep_events(this, actor.begun)
    return bool(actor.begun) or actor.learned


def _keep_events(this: Pass, begun: list[Action]) -> None:
    """Keep what led to writes, and the writes, until a report: a pass that is cut short has none."""
    if begun:
        this.actions += begun
        this.history.pending_events += [*this.events, *status_and_events.begun(begun)]
        this.events.clear()


def _announcement(this: Pass, actions: tuple[Action, ...]) -> Status:
    """The status as it must stand before these writes begin: what we make, and what runs."""
    now = this.ledger.clock.now()
    for action in actions:
        this.inventory.note_announced(action, this.owner, now)
        this.inventory.note_entries(action, now)
    coming = {
        action.id.key: {"id": action.id.text, "verb": action.verb, "since": stamp(now)} for action in actions
    }
    coming |= {record.id.key: record.to_status() for record in this.running()}
    told = status_and_events.findings(this.evaluation) if this.evaluation is not None else []
    return {
        **this.request.status,
        # What a write leads to is told before it goes out.
        **({"findings": with_faults(told, this.diagnosis)} if told else {}),
        "inventory": this.inventory.to_status(),
        "operations": list(coming.values()),
    }


def _shown_meanwhile(action: Action, accepted: Accepted) -> Answer | None:
    """What a write that is under way tells of its target, so that nobody reads it before the next look is due.

    One that overwrites nothing and was taken found nothing there, and its type stays hidden until it is made.
    """
    if action.verb == "DELETE":
        return None
    if accepted.body is not None:
        return Present(accepted.body)
    known = type_info(action.id)
    made_unseen = action.kind == "Create" and known.create_only_header and known.hidden_while_created
    return NotFound() if made_unseen else None


class Actor:
    """Performs the actions of one pass."""

    def __init__(self, this: Pass, observer: Observer) -> None:
        self._pass, self._observer = this, observer
        self.begun: list[Action] = []
        self.learned = False
        """Something was read, or done at once, so that the composition must be asked again."""

    async def perform(self, action: Action) -> None:
        """Begin one action, if nobody was quicker and it is still right on what is known now."""
        this = self._pass
        chosen = await self._chosen_again(action)
        if chosen is None:
            self.learned = True
            return
        ledger, claim = this.ledger, claim_of(chosen)
        # From here to the note that it goes out nothing is awaited: of two passes one is first.
        if ledger.running(chosen.id) or ledger.running_beside(chosen.id):
            return
        if ledger.is_claimed_by_another(claim, chosen.id) or self._stale(chosen):
            self.learned = True
            return
        record = ledger.send(chosen.id, chosen.verb, this.owner)
        record.repair, record.invalidates = repair_of(chosen), chosen.block.invalidates
        record.part, record.service = chosen.block.part, chosen.block.service
        if claim is not None:
            ledger.claim(claim, record)
        try:
            await self._write(chosen, record)
        except BaseException:
            self._outcome_unknown(chosen, record)
            raise

    async def _chosen_again(self, action: Action) -> Action | None:
        """The action on a reading made just before; None when the composition must be asked again."""
        this, key = self._pass, action.id.key
        if self._stale(action):
            return None  # who may go, or be closed, is for the composition to say: the block knows one resource
        reading = this.readings.known.get(key)
        if reading is None and (type_info(action.id).create_only_header or self._is_absent_now(action)):
            return action
        if reading is not None and this.is_fresh(reading):
            return action
        await self._observer.read([Resource(action.id)])
        assessment = assess(action.block, this.readings.answer(key), this.ownership)
        if action.kind != "Delete" and isinstance(assessment, Differs) and assessment.kind == action.kind:
            return choose(action.block, assessment, this.ownership)
        return None

    def _is_absent_now(self, action: Action) -> bool:
        """Whether this pass has read what says that the target is not there: its collection, or its parent."""
        parent = (action.id.parent.key,) if action.id.parent is not None else ()
        known = self._pass.readings.known
        told = [known[key] for key in (action.id.collection_key, *parent) if key in known]
        return any(self._pass.is_fresh(each) and not isinstance(each.answer, Present) for each in told)

    def _stale(self, action: Action) -> bool:
        """Whether something was written since that the action leans on: its write may undo that."""
        claim = claim_of(action)
        keys = must_be_fresh(action) | ({claim.shown_by.key} if claim is not None else set()) | {action.id.key}
        known = self._pass.readings.known
        found = [known[key] for key in keys if key in known]
        return any(self._pass.ledger.is_stale(reading, self._pass.owner) for reading in found)

    async def _write(self, action: Action, record: Record) -> None:
        try:
            accepted = await self._pass.arm.write(
                action.verb,
                action.id,
                action.body,
                if_match=action.if_match,
                create_only=action.kind == "Create",
            )
        except AzureProblem as problem:
            self._refused(action, record, problem.with_target(action.id))
            return
        _log.debug("%s", action.sentence)  # told with its event, and the request was logged
        self.begun.append(action)
        self._accepted(action, record, accepted)

    def _accepted(self, action: Action, record: Record, accepted: Accepted) -> None:
        this = self._pass
        number = this.ledger.accept(record, action.block.preconditions, accepted.poll_url)
        if not accepted.running:
            this.ledger.end(record)  # a 200 is no proof: it is read again before anything is built on it
            self.learned = True
            return
        shown = _shown_meanwhile(action, accepted)
        if shown is not None:
            this.readings.record(Resource(action.id), shown, this.ledger.clock.monotonic(), number)

    def _outcome_unknown(self, action: Action, record: Record) -> None:
        """Perhaps it was applied. Taken for running, it is looked at before anything is repeated."""
        self._pass.ledger.accept(record, action.block.preconditions)
        record.repair = None

    def _refused(self, action: Action, record: Record, problem: AzureProblem) -> None:
        this = self._pass
        if problem.outcome_unknown:
            self._outcome_unknown(action, record)
            return
        this.ledger.withdraw(record)
        if problem.reason == reasons.PRECONDITION_FAILED:
            this.readings.forget([action.id.key])
            self.learned = True
            if action.kind == "Create":
                this.ledger.wait_for_another(action.id)
                return
        this.ledger.note_failure(action.id, this.owner, problem, ended=False, part=action.block.part)
        _log.warning("%s %s was refused: %s", action.kind, action.id.short, problem.message)
