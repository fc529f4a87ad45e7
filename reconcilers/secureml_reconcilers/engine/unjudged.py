"""Outcomes of passes that look at nothing: the spec cannot be read, or the custom resource is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine import conditions
from secureml_reconcilers.engine.conditions import PAUSED, READY, condition_of, with_times
from secureml_reconcilers.engine.contract import Event, Outcome
from secureml_reconcilers.engine.reporting import pauses

if TYPE_CHECKING:
    from datetime import datetime

    from secureml_reconcilers.engine.contract import Subject


def invalid(subject: Subject, message: str, now: datetime) -> Outcome:
    """Say what is wrong with the spec; Azure is left alone."""
    before = subject.status.get("conditions", ())
    rendered = with_times(conditions.invalid(message), before, subject.generation, now)
    status = {**subject.status, "observedGeneration": subject.generation, "conditions": rendered}
    told = pauses(before, rendered)
    if condition_of(subject.status, READY).get("reason") != "InvalidSpec":
        told.append(Event("Warning", "InvalidSpec", message))
    return Outcome(status, tuple(told))


def paused(subject: Subject, now: datetime) -> Outcome:
    """Say that nothing is done, and keep what is known of this generation."""
    before = subject.status.get("conditions", ())
    ready = condition_of(subject.status, READY)
    judged = ready.get("observedGeneration") == subject.generation and ready["reason"] != PAUSED
    fresh = with_times(conditions.paused(ready if judged else None), before, subject.generation, now)
    standing = {condition["type"]: dict(condition) for condition in (*before, *fresh)}
    status = {**subject.status, "observedGeneration": subject.generation, "conditions": list(standing.values())}
    return Outcome(status, tuple(pauses(before, fresh)))
