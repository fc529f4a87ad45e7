"""Which readings outlive a pass: those that the next one may lean on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.assessment import Pending
from secureml_reconcilers.engine.evaluation import problems
from secureml_reconcilers.engine.questions import Resource

if TYPE_CHECKING:
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.ledger import Record
    from secureml_reconcilers.engine.passing import Pass


def keep_readings(this: Pass, evaluation: Evaluation, running: list[Record]) -> None:
    """Keep what the next pass may lean on: nothing, unless this one waits for Azure or in line."""
    waiting = bool(running) or this.claim_held_elsewhere
    if this.throttled is not None:
        keep_in_line(this)
    elif waiting or this.history.pending_since:
        if not waiting:
            old = this.began - intervals.PENDING_READ
            this.readings.forget_where(lambda each: each.at < old or not isinstance(each.question, Resource))
        this.readings.in_line_since = None
        _forget_unsettled(this, evaluation)
        this.readings.rest()
    else:
        this.readings.forget_all()


def keep_in_line(this: Pass) -> None:
    """Keep what was read: the next pass goes on from there when its turn has come."""
    this.readings.rest()
    this.readings.in_line_since = this.readings.in_line_since or this.began


def _forget_unsettled(this: Pass, evaluation: Evaluation) -> None:
    """Have read again next time what could not be read, or was missing, or becomes true by itself."""
    this.readings.forget(problem.target.key for problem in problems(evaluation) if problem.target is not None)
    this.readings.forget(
        block.about.key
        for block in evaluation.blocks()
        if block.about is not None and evaluation.assessments[block.key] == Pending(worth_a_look=True)
    )
