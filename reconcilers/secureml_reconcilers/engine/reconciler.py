"""One short pass over one custom resource: observe, compose, compare, act, report."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.throttle import asking
from secureml_reconcilers.engine import attribution, drift, intervals, reporting, unjudged, write_verification
from secureml_reconcilers.engine.acting import Actor, Operations
from secureml_reconcilers.engine.assessment import Ownership, Pending, Running
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.conditions import conditions, with_times
from secureml_reconcilers.engine.contract import Event, Key, ReconcileRequest, ReconcileResult, Status
from secureml_reconcilers.engine.evaluation import Evaluation, Situation, evaluate, must_be_fresh, problems
from secureml_reconcilers.engine.forgetting import clear_failures, invalidate_unsettled
from secureml_reconcilers.engine.inventory import Inventory, no_room
from secureml_reconcilers.engine.memory import Memory
from secureml_reconcilers.engine.observing import observe
from secureml_reconcilers.engine.operation_tracking import adopt_failures, close_orphans, settle
from secureml_reconcilers.engine.operations import Operation
from secureml_reconcilers.engine.status_limits import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_reconcilers.azure.arm import Arm
    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.contract import Journal

_log = logging.getLogger(__name__)

TURNS: Final = 8
"""Act and look again so often within a pass, as long as something is done at once."""


class Declares(Protocol):
    """What a kind contributes: its compositions."""

    def declare(self, spec: Mapping[str, Any], owner: str) -> Composition:
        """What must be true while the custom resource exists.

        Raises:
            ValueError: when the spec cannot be understood; its text says which field and what to write.
        """

    def remove(self, spec: Mapping[str, Any], owner: str, inventory: tuple[str, ...]) -> Composition:
        """What must be gone before the custom resource may go."""


@dataclass(slots=True)
class Pass:
    """What one pass learned; each field says who fills it."""

    request: ReconcileRequest
    composition: Composition
    memory: Memory
    began: datetime
    fresh_from: datetime
    """What takes something away leans on no older readings."""

    inventory: Inventory
    """From the status at the start; extended before each batch of writes."""

    evaluation: Evaluation | None = None
    """The last judgement, set by every turn."""

    actions: list[Action] = field(default_factory=list)
    """Writes that Azure took, in order."""

    throttled: timedelta | None = None
    """Set when a reading met an empty budget: the pass ends without judging anything anew."""

    unfinished: bool = False
    """Set when the turns of the pass were over before there was nothing left to do at once."""

    outrun: bool = False
    """Set by the last turn when another custom resource is making what this one would make as well."""

    drifted: bool = False
    """Set when something that had been as declared is not any more."""

    events: list[Event] = field(default_factory=list)
    """What was found out, until a write follows upon it; from then on it stands in the memory."""

    def ownership(self) -> Ownership:
        """What this custom resource made."""
        return Ownership(self.composition.owner, frozenset(self.inventory.entries), self.composition.adopt)


class Engine:
    """Makes compositions of one kind true. One instance serves all custom resources of the kind."""

    def __init__(
        self,
        kind: Declares,
        arm: Arm,
        operations: Operations | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        cluster: str,
    ) -> None:
        """Share `operations` between the engines of one process: kinds touch the same networks.

        `cluster` tells the Kubernetes cluster from others that use the same resources in Azure.
        """
        self._cluster = cluster
        self._kind = kind
        self._arm = arm
        self._operations = operations or Operations()
        self._clock = clock
        self._memories: dict[Key, Memory] = {}

    def forget(self, key: Key) -> None:
        """See `Reconciler.forget`."""
        self._memories.pop(key, None)
        self._operations.tidy(self._clock())

    def references(self, key: Key, spec: Mapping[str, Any]) -> Mapping[str, Key]:  # noqa: ARG002 - the contract
        """See `Reconciler.references`: a workspace refers to no other custom resource."""
        return {}

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """See `Reconciler.reconcile`."""
        if request.paused and not request.deleting:
            return self._telling(request, unjudged.paused(request, self._clock()))
        inventory = Inventory.of(request.status)
        owner = f"{self._cluster}/{request.key.namespace}/{request.key.name}"
        try:
            if request.deleting:
                composition = self._kind.remove(request.spec, owner, inventory.ids())
            else:
                composition = self._kind.declare(request.spec, owner)
        except ValueError as error:
            return self._telling(request, unjudged.invalid(request, str(error), self._clock()))
        memory = self._remember(request)
        began = self._clock()
        this = Pass(request, composition, memory, began, memory.fresh_from(began), inventory)
        with asking(str(request.key)):
            await self._turns(this, journal)
            if this.throttled is not None or this.evaluation is None:
                return self._deferred(this, intervals.deferral(this.throttled))
            this.events += await drift.attributed(
                this.memory.unattributed, self._operations.told, self._arm, self._clock()
            )
            return self._report(this)

    # -- observe, compare, act ------------------------------------------------------------------

    async def _turns(self, this: Pass, journal: Journal) -> None:
        for _ in range(TURNS):
            composed = await observe(this.composition, this.memory, self._arm, this.began)
            targets = [b.id for said in composed for b in said.blocks if isinstance(b, Ensure | EnsureAbsent)]
            close_orphans(targets, self._operations.running, this.memory)
            again = await settle(self._operations, this.memory, self._arm, this.began, self._clock())
            if write_verification.note_over(this.memory, self._operations) or again:
                continue
            this.throttled = _throttled(this.memory)
            if this.throttled is not None:
                return
            adopt_failures(targets, self._operations.failed, this.memory)
            evaluation = this.evaluation = self._assess(this, composed)
            self._watch_foreign_operations(evaluation)
            self._note_drift(this, evaluation)
            actor = Actor(self._arm, self._operations, this.memory, this.ownership(), self._clock, this.fresh_from)
            actions = self._due(this, evaluation, actor) if this.composition.enforce else ()
            if not actions:
                return
            if this.memory.forget_read_before(this.fresh_from, {key for a in actions for key in must_be_fresh(a)}):
                continue  # somebody may have taken away since what a closing or a deletion leans on
            await journal.announce(self._announcement(this, actions))
            performed = await actor.perform(actions)
            this.actions += performed.begun
            if performed.begun:
                this.memory.untold += [*this.events, *reporting.begun(performed.begun)]
                this.events.clear()
            if not performed.begun and not performed.finished:
                this.evaluation = evaluate(composed, self._situation(this))
                if not this.evaluation.actions:
                    return  # otherwise a refusal has freed what was to follow what is now blocked
        this.unfinished = True

    def _due(self, this: Pass, evaluation: Evaluation, actor: Actor) -> tuple[Action, ...]:
        """What is begun now: no more than can be announced, and nothing that somebody else is making already."""
        room = max(0, OPERATIONS - len(self._running(this)))
        actions = tuple(action for action in evaluation.actions if not actor.outrun(action))
        this.outrun = len(actions) < len(evaluation.actions)
        return actions[:room]

    def _assess(self, this: Pass, composed: list[Composed]) -> Evaluation:
        """Judge every block, once more when what was found out makes a failure of some."""
        evaluation = evaluate(composed, self._situation(this))
        failed = write_verification.fail_what_did_not_stay(evaluation, this.memory, self._clock())
        if this.composition.enforce:
            failed = self._fail_what_cannot_be_listed(this, evaluation) or failed
        return evaluate(composed, self._situation(this)) if failed else evaluation

    def _fail_what_cannot_be_listed(self, this: Pass, evaluation: Evaluation) -> bool:
        homeless = this.inventory.without_room(evaluation.actions)
        for target in homeless:
            this.memory.fail(target, no_room(), self._clock())
        return bool(homeless)

    def _situation(self, this: Pass) -> Situation:
        memory = this.memory
        return Situation(
            memory.answers, self._operations.running, memory.failures, this.ownership(), self._clock()
        )

    def _remember(self, request: ReconcileRequest) -> Memory:
        """What we know of the resource, aged: due operations and old readings are read again."""
        now = self._clock()
        memory = self._memories.get(request.key)
        if memory is None:
            memory = self._memories[request.key] = Memory()
            for entry in request.status.get("operations", ()):
                found = Operation.from_status(entry, now)
                self._operations.running.setdefault(found.id.key, found)
        if memory.generation != request.generation:
            memory.generation = request.generation
            for key in memory.failures:
                self._operations.failed.pop(key, None)
            memory.failures.clear()
            memory.attempts.clear()
            memory.awaited.clear()
            memory.forget_reads()
        memory.wake()
        memory.forget_old_reads(now)
        running = self._operations.running
        for key in [key for key in memory.read_at if key in running and running[key].look_at <= now]:
            memory.forget(key)
        return memory

    def _watch_foreign_operations(self, evaluation: Evaluation) -> None:
        """Somebody else's operation on what we need is waited for like one of ours."""
        for block in evaluation.blocks():
            if not isinstance(block, Ensure | EnsureAbsent) or not isinstance(
                evaluation.assessments[block.key], Running
            ):
                continue
            if block.id.key not in self._operations.running:
                self._operations.running[block.id.key] = Operation.begun(block.id, "PUT", self._clock())

    # -- drift ----------------------------------------------------------------------------------

    def _note_drift(self, this: Pass, evaluation: Evaluation) -> None:
        status, generation = this.request.status, this.request.generation
        this.drifted = this.drifted or drift.outstanding(status)
        if this.drifted or this.request.deleting or not drift.in_sync(status, generation):
            return
        if any(event.reason == "DriftDetected" for event in this.memory.untold):
            this.drifted = True  # the pass before was cut short, and this one goes on with the repair
            return
        for block, assessment in drift.drifted(evaluation):
            this.drifted = True
            traces = attribution.traces(block, assessment)
            if traces:
                this.memory.unattributed[block.id.key] = drift.Case(traces, this.began)
            this.events.append(drift.detected(block, assessment, enforce=this.composition.enforce))

    # -- report ---------------------------------------------------------------------------------

    def _announcement(self, this: Pass, actions: tuple[Action, ...]) -> Status:
        """The status as it must stand before these writes begin: what we make, and what runs."""
        now = self._clock()
        for action in actions:
            if action.kind == "Create":
                this.inventory.note(action.id, now)
        status = dict(this.request.status)
        status["inventory"] = this.inventory.to_status()
        coming = [Operation.begun(action.id, action.verb, now) for action in actions]
        running = {operation.id.key: operation for operation in [*coming, *self._running(this)]}
        status["operations"] = [operation.to_status() for operation in running.values()]
        return status

    def _running(self, this: Pass) -> list[Operation]:
        """The operations that concern this custom resource."""
        mine = (
            {block.id.key for block in this.evaluation.blocks() if isinstance(block, Ensure | EnsureAbsent)}
            if this.evaluation
            else set()
        )
        return [self._operations.running[key] for key in sorted(mine) if key in self._operations.running]

    def _report(self, this: Pass) -> ReconcileResult:
        assert this.evaluation is not None  # noqa: S101 - the caller checked; this is for the type checker
        now, request, evaluation = self._clock(), this.request, this.evaluation
        previous = request.status.get("conditions", ())
        fresh = conditions(
            evaluation,
            enforce=this.composition.enforce,
            drifting=this.drifted,
            settled_before=drift.in_sync(request.status, request.generation),
        )
        rendered = with_times(fresh, previous, request.generation, now)
        clear_failures(this.memory, self._operations.failed, evaluation)
        if request.deleting:
            this.inventory.prune(evaluation, this.memory.answers)
        elif this.composition.enforce:
            this.inventory.note_used(evaluation, this.memory.answers, this.composition.owner, now)
        left = this.inventory.left(this.memory.answers)
        running = self._running(this)
        report = reporting.Report(request.generation, rendered, this.inventory.to_status(), running)
        requeue = self._requeue(this, running)
        self._rest(this, evaluation, waiting=bool(running) or this.outrun)
        happened = [*self._untold(request.key), *this.events]
        drifted = this.drifted or any(event.reason == "DriftDetected" for event in happened)
        changed = reporting.transitions(previous, rendered, drifted=drifted)
        if request.deleting:
            changed = reporting.leaving(
                changed, left, released=fresh[0].met, removed=bool(this.composition.aspects)
            )
        known = [*request.status.get("findings", ()), *this.memory.advised]
        this.memory.advised = reporting.still_known(known, evaluation)
        events = [*happened, *changed, *reporting.advised(known, evaluation)]
        status = report.status(evaluation, plan=not this.composition.enforce)
        ready = fresh[0].met
        return ReconcileResult(
            status,
            tuple(events),
            requeue,
            released=request.deleting and ready,
            metrics=_metrics(events, len(running)),
        )

    def _untold(self, key: Key) -> list[Event]:
        """What is still to be told, which is told with this outcome."""
        memory = self._memories.get(key)
        untold = list(memory.untold) if memory is not None else []
        if memory is not None:
            memory.untold.clear()
        return untold

    def _telling(self, request: ReconcileRequest, outcome: ReconcileResult) -> ReconcileResult:
        """The outcome of a pass that looks at nothing, with what the pass before had no time to tell."""
        untold = self._untold(request.key)
        if not untold:
            return outcome
        return replace(outcome, events=(*untold, *outcome.events), metrics=_metrics(untold, 0))

    def _rest(self, this: Pass, evaluation: Evaluation, *, waiting: bool) -> None:
        """Keep of what was read what the next pass may lean on: nothing, unless it waits for Azure or in line."""
        if this.throttled is not None:
            self._rest_in_line(this)
        elif waiting or this.memory.awaited:
            if not waiting:
                this.memory.forget_read_before(this.began - intervals.PENDING_READ, set(this.memory.read_at))
                this.memory.listings.clear()
            this.memory.in_line_since = None
            invalidate_unsettled(this.memory, evaluation)
            this.memory.forget_uncached()
            this.memory.rest()
        else:
            this.memory.forget_reads()

    def _deferred(self, this: Pass, wait: timedelta) -> ReconcileResult:
        """The budget of the subscription is empty: what this pass did is told, and nothing else is new."""
        if this.evaluation is not None:  # an earlier turn judged, and may have written: the status must tell that
            return replace(self._report(this), requeue_after=wait)
        self._rest_in_line(this)
        status = dict(this.request.status)
        running = self._operations.running
        still = [entry for entry in status.pop("operations", ()) if resource_id(entry["id"]).key in running]
        if still:
            status["operations"] = still
        return ReconcileResult(status, requeue_after=wait, metrics=_metrics([], len(still)))

    def _rest_in_line(self, this: Pass) -> None:
        """Keep what was read: the next pass goes on from there when its turn has come."""
        this.memory.forget_uncached()
        this.memory.rest()
        this.memory.in_line_since = this.memory.in_line_since or this.began

    def _requeue(self, this: Pass, running: list[Operation]) -> timedelta | None:
        """The soonest of: a look at an operation, a repeat of what failed, a look at what is pending."""
        assert this.evaluation is not None  # noqa: S101
        now, memory = self._clock(), this.memory
        waits = [max(operation.look_at - now, intervals.SOONEST) for operation in running]
        found = problems(this.evaluation)
        # A failure whose time is up and that nobody speaks of waits for something else: no reason to hurry.
        waits += [
            failure.not_before - now
            for failure in memory.failures.values()
            if failure.not_before > now or failure.problem in found
        ]
        assessments = this.evaluation.assessments.values()
        if this.outrun or (not waits and any(isinstance(assessment, Running) for assessment in assessments)):
            waits.append(intervals.PENDING)
        waits += self._looks_at_pending(this, this.evaluation, busy=bool(running or this.actions))
        if this.unfinished:
            waits.append(intervals.SOONEST)
        if memory.unattributed:
            waits.append(attribution.RETRY)
        failed = {failure.problem.message for failure in memory.failures.values()}
        troubles = [problem for problem in found if problem.message not in failed]
        memory.troubles = memory.troubles + 1 if troubles else 0
        waits += [intervals.backoff(problem, memory.troubles) for problem in troubles]
        return max(min(waits), timedelta(milliseconds=50)) if waits else None

    def _looks_at_pending(self, this: Pass, evaluation: Evaluation, *, busy: bool) -> list[timedelta]:
        """When to look at what becomes true by itself; what is under way, or was just written, may bring it."""
        now, memory = self._clock(), this.memory
        memory.awaited = {
            key: now if busy else memory.awaited.get(key, now)
            for key, assessment in evaluation.assessments.items()
            if isinstance(assessment, Pending)
        }
        # What came last may come soon, however long another has been pending.
        return [intervals.pending(max(memory.awaited.values()), now)] if memory.awaited else []


def _throttled(memory: Memory) -> timedelta | None:
    """How long the subscription's budget wants to be left alone; None when nothing met its end.

    A service that is busy with one resource is no such end: all else is judged and put right meanwhile.
    """
    waits = [problem.retry_after or timedelta(seconds=2) for problem in memory.problems() if problem.throttled]
    return max(waits, default=None)


def _metrics(events: list[Event], running: int) -> dict[str, float]:
    told = Counter(event.reason for event in events)
    return {
        "operations_running": running,
        "drift_detected": told["DriftDetected"],
        "drift_corrected": told["DriftCorrected"],
    }
