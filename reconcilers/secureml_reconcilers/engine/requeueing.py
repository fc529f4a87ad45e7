"""When a custom resource is looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine import attribution, intervals
from secureml_reconcilers.engine.assessment import Pending, Running
from secureml_reconcilers.engine.evaluation import Busy, problems

if TYPE_CHECKING:
    from datetime import timedelta

    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.history import PassHistory
    from secureml_reconcilers.engine.ledger import Record
    from secureml_reconcilers.engine.passing import Pass


def requeue_after(
    this: Pass, evaluation: Evaluation, running: list[Record], *, goes_on: bool, diagnosis: timedelta | None
) -> timedelta | None:
    """The soonest of: a look at an operation, a repeat of what failed, a look at what is pending.

    It also notes when nothing else is due than to ask for the author of drift, or to diagnose.

    Args:
        this: the pass.
        evaluation: its last one.
        running: the operations that concern the custom resource.
        goes_on: this pass is done, and what it was to prepare comes next.
        diagnosis: until Azure is asked to diagnose, or whether it has.
    """
    if goes_on:
        return intervals.SOONEST
    now, history = this.ledger.clock.monotonic(), this.history
    waits = [max(record.look_at - now, intervals.SOONEST) for record in running]
    waits += _repeats(this, evaluation)
    assessments = evaluation.assessments.values()
    others_run = any(isinstance(each, Running) for each in assessments)
    if this.claim_held_elsewhere or _waits_for_others(evaluation) or (not waits and others_run):
        waits.append(intervals.PENDING)
    waits += [each.until - now for each in assessments if isinstance(each, Pending) and each.until is not None]
    if history.pending_since:  # what came last may come soon, however long another has been pending
        waits.append(intervals.pending(max(history.pending_since.values()), now))
    if this.unfinished:
        waits.append(intervals.SOONEST)
    waits += [intervals.backoff(problem, history.troubled_passes) for problem in this.troubles(evaluation)]
    look = attribution.wait(history.awaiting_author, now)
    return intervals.next_pass([*waits, *note_small_errands(history, now, look, diagnosis, alone=not waits)])


def note_small_errands(
    history: PassHistory, now: Moment, author: timedelta | None, diagnosis: timedelta | None, *, alone: bool
) -> list[timedelta]:
    """Note when a pass comes for nothing else than the author of drift, or a diagnosis; what is waited for.

    Args:
        history: where it is noted.
        now: from when on the others count.
        author: until the change log is asked; None when nobody's name is missing.
        diagnosis: until Azure is asked to diagnose, or whether it has; None when neither is due.
        alone: nothing else is waited for.
    """
    history.author_due = now + author if author is not None and alone else None
    history.diagnosis_due = now + diagnosis if diagnosis is not None and alone else None
    return [wait for wait in (author, diagnosis) if wait is not None]


def _repeats(this: Pass, evaluation: Evaluation) -> list[timedelta]:
    """When what failed is due again. One whose time is up and that nobody speaks of waits for something else."""
    now, found = this.ledger.clock.monotonic(), problems(evaluation)
    failures = [this.ledger.failure(each.id, this.owner, each.part) for each in evaluation.writes()]
    return [
        failure.not_before - now
        for failure in failures
        if failure is not None and (failure.not_before > now or failure.problem in found)
    ]


def _waits_for_others(evaluation: Evaluation) -> bool:
    return any(isinstance(gate, Busy) for gate in evaluation.waiting.values())
