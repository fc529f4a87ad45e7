"""Asking Azure to look for faults by itself: begun, looked at until it has answered, never waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem, Severity
from secureml_reconcilers.engine import diagnosis, intervals
from secureml_reconcilers.engine.diagnosis import Diagnosing
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.diagnosis import Asked, Diagnosable
    from secureml_reconcilers.engine.passing import Pass


def asked(this: Pass, conditions: Sequence[dict[str, Any]]) -> Asked | None:
    """What a diagnosis is due for, when the conditions stand so."""
    if this.composition.diagnosable is None or this.request.deleting:
        return None
    status = {"conditions": conditions, "diagnosis": this.diagnosis}
    return diagnosis.asked(this.request, status, enforce=this.composition.enforce)


def wait(this: Pass, conditions: Sequence[dict[str, Any]]) -> timedelta | None:
    """How long until Azure is asked, or looked at, again; None when no diagnosis is due."""
    due, under_way = asked(this, conditions), this.history.diagnosing
    if due is None:
        return None
    if under_way is None or under_way.asked != due:
        return intervals.SOONEST
    return max(under_way.look_at - this.ledger.clock.monotonic(), intervals.SOONEST)


async def advance(this: Pass) -> None:
    """Begin the diagnosis that is due, or look whether Azure has answered; one request at most.

    It goes by the conditions in the status: a pass in which the resource becomes Ready leaves it to the next one.
    """
    due, now, about = asked(this, _conditions(this)), this.ledger.clock.monotonic(), this.composition.diagnosable
    if due is None or about is None:
        this.history.diagnosing = None
        return
    under_way = this.history.diagnosing
    if under_way is None or under_way.asked != due:
        under_way = this.history.diagnosing = Diagnosing(due, now, now)
    if under_way.look_at > now:
        return
    try:
        found = await _answer(this, about, under_way)
    except AzureProblem as problem:
        if not _is_tried_again(under_way, problem, now):
            _conclude(this, diagnosis.refused(about.id, due, _stamp(this), problem))
        return
    if found is not None:
        _conclude(this, diagnosis.answered(about.id, due, _stamp(this), found))


async def _answer(this: Pass, about: Diagnosable, under_way: Diagnosing) -> tuple[diagnosis.Fault, ...] | None:
    """What Azure found; None while it works on it.

    Raises:
        AzureProblem: when it refused, cannot be asked, or takes too long.
    """
    now = this.ledger.clock.monotonic()
    if under_way.handle:
        reply = await this.arm.reply(under_way.handle, about.id)
    else:
        reply, under_way.since = await this.arm.post(about.id, about.action, about.body), now
    if reply.body is not None:
        return about.read(reply.body)
    if now - under_way.since >= intervals.DIAGNOSIS_LONGEST:
        raise AzureProblem(reasons.AZURE_BUSY, f"It works on it for more than {intervals.DIAGNOSIS_LONGEST}.")
    under_way.handle = reply.handle
    under_way.look_at = now + max(intervals.DIAGNOSIS_LOOK, reply.wait or intervals.DIAGNOSIS_LOOK)
    return None


def _is_tried_again(under_way: Diagnosing, problem: AzureProblem, now: Moment) -> bool:
    """Whether a failure passes by itself: then it is no news for a while, and Azure is asked again later."""
    if problem.throttled:  # nothing was wrong with the diagnosis, and its handle is still good
        under_way.look_at = now + intervals.deferral(problem.retry_after)
        return True
    under_way.attempts += 1
    if problem.severity is not Severity.NOBODY or under_way.attempts >= intervals.DIAGNOSIS_ATTEMPTS:
        return False
    under_way.handle = ""
    under_way.look_at = now + max(
        intervals.DIAGNOSIS_REST * under_way.attempts, problem.retry_after or intervals.DIAGNOSIS_REST
    )
    return True


def _conclude(this: Pass, found: dict[str, Any]) -> None:
    this.events += diagnosis.news(found, this.diagnosis)
    this.diagnosis, this.history.diagnosing = found, None


def _conditions(this: Pass) -> Sequence[dict[str, Any]]:
    conditions: Sequence[dict[str, Any]] = this.request.status.get("conditions", ())
    return conditions


def _stamp(this: Pass) -> str:
    return stamp(this.ledger.clock.now())
