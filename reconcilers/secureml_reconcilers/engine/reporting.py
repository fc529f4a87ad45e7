"""From a pass to its result, job by job. The last step of a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine import diagnosing, status_and_events, unobserved
from secureml_reconcilers.engine.bookkeeping import note_pending, settle_accounts
from secureml_reconcilers.engine.contract import ReconcileResult
from secureml_reconcilers.engine.kept_readings import keep_in_line, keep_readings
from secureml_reconcilers.engine.readings import LONGEST_LINE
from secureml_reconcilers.engine.recovering import is_recovery
from secureml_reconcilers.engine.requeueing import requeue_after
from secureml_reconcilers.engine.telling import conditions_of, events_of, metrics

if TYPE_CHECKING:
    from datetime import timedelta

    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.passing import Pass


def report(this: Pass, evaluation: Evaluation) -> ReconcileResult:
    """Conclude a pass that has evaluated something."""
    request = this.request
    this.history.deferred_since = None
    settle_accounts(this, evaluation)
    running, told = this.running(), conditions_of(this, evaluation)
    note_pending(this, evaluation, busy=bool(running or this.actions))
    recovering = is_recovery(this.composition.aspects)
    released = request.deleting and told.ready and not running and not recovering
    events = events_of(this, evaluation, told, released=released)
    requeue = requeue_after(
        this,
        evaluation,
        running,
        goes_on=recovering and told.ready,
        diagnosis=diagnosing.wait(this, told.rendered),
    )
    keep_readings(this, evaluation, running)
    sections = status_and_events.Report(
        request.generation,
        told.rendered,
        told.services,
        told.exposures,
        this.inventory.to_status(),
        running,
        {} if request.deleting else this.diagnosis,
    )
    status = sections.status(evaluation, plan=not this.composition.enforce)
    numbers = metrics(events, len(running))
    return ReconcileResult(status, tuple(events), requeue, released=released, metrics=numbers)


def defer(this: Pass, wait: timedelta) -> ReconcileResult:
    """Conclude a pass that met the end of the subscription's budget: nothing new is known of what it asked."""
    keep_in_line(this)
    status, history, now = dict(this.request.status), this.history, this.ledger.clock.monotonic()
    history.deferred_since = history.deferred_since or this.began
    if now - history.deferred_since > LONGEST_LINE:
        status = unobserved.throttled(this.request, this.ledger.clock.now())
    running = {record.id.key for record in this.ledger.records.values() if record.phase == "running"}
    still = [entry for entry in status.pop("operations", ()) if resource_id(entry["id"]).key in running]
    if still:
        status["operations"] = still
    return ReconcileResult(status, requeue_after=wait, metrics=metrics([], len(still)))
