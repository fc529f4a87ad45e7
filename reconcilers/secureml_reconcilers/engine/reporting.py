"""From a pass to its result: status, events, metrics, and when to come again. The last step of a pass."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine import attribution, drift, intervals, status_and_events, unobserved
from secureml_reconcilers.engine.assessment import Holds, Pending, Running
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.conditions import conditions, with_times
from secureml_reconcilers.engine.contract import ReconcileResult
from secureml_reconcilers.engine.evaluation import Busy, problems
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.readings import LONGEST_LINE
from secureml_reconcilers.engine.recovering import recovered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.contract import Event
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.history import PassHistory
    from secureml_reconcilers.engine.ledger import Record
    from secureml_reconcilers.engine.passing import Pass


def report(this: Pass, evaluation: Evaluation) -> ReconcileResult:
    """Conclude a pass that has evaluated something."""
    now, request, history = this.ledger.clock.now(), this.request, this.history
    previous = request.status.get("conditions", ())
    history.deferred_since = None
    fresh = conditions(
        evaluation,
        enforce=this.composition.enforce,
        drifting=this.drifted,
        settled_before=drift.in_sync(request.status, request.generation),
    )
    rendered = with_times(fresh, previous, request.generation, now)
    _settle_accounts(this, evaluation)
    running = this.running()
    sections = status_and_events.Report(request.generation, rendered, this.inventory.to_status(), running)
    ready = fresh[0].met
    recovering = any(
        aspect.condition == condition_types.INVENTORY_RECOVERED for aspect in this.composition.aspects
    )
    released = request.deleting and ready and not running and not recovering
    requeue = intervals.SOONEST if recovering and ready else _requeue_after(this, evaluation, running)
    left = this.inventory.left(this.readings)
    _rest(this, evaluation, waiting=bool(running) or this.claim_held_elsewhere)
    happened = [*take_pending_events(history), *this.events]
    drifted = this.drifted or any(event.reason == reasons.DRIFT_DETECTED for event in happened)
    changed = status_and_events.transitions(previous, rendered, drifted=drifted)
    if request.deleting:
        removed = bool(this.composition.aspects)
        changed = status_and_events.leaving(changed, left, released=released, removed=removed)
    known = [*request.status.get("findings", ()), *history.advised]
    history.drift_outstanding = this.drifted and not ready
    history.advised = status_and_events.still_known(known, evaluation)
    advice = status_and_events.advised(known, evaluation)
    # That a resource was released is the last word on it.
    events = [*happened, *advice, *changed] if request.deleting else [*happened, *changed, *advice]
    status = sections.status(evaluation, plan=not this.composition.enforce)
    return ReconcileResult(
        status, tuple(events), requeue, released=released, metrics=metrics(events, len(running))
    )


def defer(this: Pass, wait: timedelta) -> ReconcileResult:
    """Conclude a pass that met the end of the subscription's budget: nothing new is known of what it asked."""
    _rest_in_line(this)
    status, history, now = dict(this.request.status), this.history, this.ledger.clock.monotonic()
    history.deferred_since = history.deferred_since or this.began
    if now - history.deferred_since > LONGEST_LINE:
        status = unobserved.throttled(this.request, this.ledger.clock.now())
    running = {record.id.key for record in this.ledger.records.values() if record.phase == "running"}
    still = [entry for entry in status.pop("operations", ()) if resource_id(entry["id"]).key in running]
    if still:
        status["operations"] = still
    return ReconcileResult(status, requeue_after=wait, metrics=metrics([], len(still)))


def take_pending_events(history: PassHistory) -> list[Event]:
    """What the passes before had no time to tell; it is told with this result."""
    events = list(history.pending_events)
    history.pending_events.clear()
    return events


def metrics(events: Iterable[Event], running: int) -> dict[str, float]:
    """The result's numbers for the shell's metrics."""
    told = Counter(event.reason for event in events)
    return {
        "operations_running": running,
        "drift_detected": told[reasons.DRIFT_DETECTED],
        "drift_corrected": told[reasons.DRIFT_CORRECTED],
    }


def _settle_accounts(this: Pass, evaluation: Evaluation) -> None:
    """Clear the failures that are over, and bring the inventory to what was seen."""
    everything_told = not any(said.problems for said in evaluation.composed)
    targets = {target.key for target in evaluation.targets()}
    over = {
        block.id.key
        for block in evaluation.blocks()
        if isinstance(block, Ensure | EnsureAbsent) and isinstance(evaluation.assessments[block.key], Holds)
    }
    over |= (this.history.targets - targets) if everything_told else set()
    this.ledger.clear_failures(over, this.owner)
    this.history.targets = frozenset(targets)
    for target in recovered(evaluation):
        this.inventory.note(target, this.ledger.clock.now())
    if this.composition.enforce:
        this.inventory.prune(evaluation, this.readings)
        this.inventory.prune_entries(evaluation)
    if this.composition.enforce and not this.request.deleting:
        this.inventory.note_used(evaluation, this.readings, this.owner, this.ledger.clock.now())


# -- what the next pass may lean on -----------------------------------------------------------------


def _rest(this: Pass, evaluation: Evaluation, *, waiting: bool) -> None:
    """Keep what the next pass may lean on: nothing, unless this one waits for Azure or in line."""
    history = this.history
    if this.throttled is not None:
        _rest_in_line(this)
    elif waiting or history.pending_since:
        if not waiting:
            old = this.began - intervals.PENDING_READ
            this.readings.forget_where(lambda each: each.at < old or not isinstance(each.question, Resource))
        this.readings.in_line_since = None
        _invalidate_unsettled(this, evaluation)
        this.readings.rest()
    else:
        this.readings.forget_all()


def _rest_in_line(this: Pass) -> None:
    """Keep what was read: the next pass goes on from there when its turn has come."""
    this.readings.rest()
    this.readings.in_line_since = this.readings.in_line_since or this.began


def _invalidate_unsettled(this: Pass, evaluation: Evaluation) -> None:
    """Have read again next time what could not be read, or was missing, or becomes true by itself."""
    this.readings.forget(problem.target.key for problem in problems(evaluation) if problem.target is not None)
    this.readings.forget(
        block.about.key
        for block in evaluation.blocks()
        if block.about is not None and evaluation.assessments[block.key] == Pending(worth_a_look=True)
    )


# -- when to come again -----------------------------------------------------------------------------


def _requeue_after(this: Pass, evaluation: Evaluation, running: list[Record]) -> timedelta | None:
    """The soonest of: a look at an operation, a repeat of what failed, a look at what is pending."""
    now, history = this.ledger.clock.monotonic(), this.history
    waits = [max(record.look_at - now, intervals.SOONEST) for record in running]
    waits += _repeats(this, evaluation)
    assessments = evaluation.assessments.values()
    others_run = any(isinstance(each, Running) for each in assessments)
    if this.claim_held_elsewhere or _waits_for_others(evaluation) or (not waits and others_run):
        waits.append(intervals.PENDING)
    waits += _looks_at_pending(this, evaluation, busy=bool(running or this.actions))
    if this.unfinished:
        waits.append(intervals.SOONEST)
    troubles = _troubles(this, evaluation)
    history.troubled_passes = history.troubled_passes + 1 if troubles else 0
    waits += [intervals.backoff(problem, history.troubled_passes) for problem in troubles]
    look = attribution.wait(history.awaiting_author, now)
    history.author_due = now + look if look is not None and not waits else None
    waits += [look] if look is not None else []
    return intervals.next_pass(waits)


def _repeats(this: Pass, evaluation: Evaluation) -> list[timedelta]:
    """When what failed is due again. One whose time is up and that nobody speaks of waits for something else."""
    now, found = this.ledger.clock.monotonic(), problems(evaluation)
    failures = [this.ledger.failure(target, this.owner) for target in evaluation.targets()]
    return [
        failure.not_before - now
        for failure in failures
        if failure is not None and (failure.not_before > now or failure.problem in found)
    ]


def _waits_for_others(evaluation: Evaluation) -> bool:
    return any(isinstance(gate, Busy) for gate in evaluation.waiting.values())


def _troubles(this: Pass, evaluation: Evaluation) -> list[AzureProblem]:
    failures = [this.ledger.failure(target, this.owner) for target in evaluation.targets()]
    failed = {failure.problem.message for failure in failures if failure is not None}
    return [problem for problem in problems(evaluation) if problem.message not in failed]


def _looks_at_pending(this: Pass, evaluation: Evaluation, *, busy: bool) -> list[timedelta]:
    """When to look at what becomes true by itself; what is under way, or was just written, may bring it."""
    now, history = this.ledger.clock.monotonic(), this.history
    history.pending_since = {
        key: now if busy else history.pending_since.get(key, now)
        for key, assessment in evaluation.assessments.items()
        if isinstance(assessment, Pending) and (assessment.worth_a_look or not busy)
    }
    # What came last may come soon, however long another has been pending.
    return [intervals.pending(max(history.pending_since.values()), now)] if history.pending_since else []
