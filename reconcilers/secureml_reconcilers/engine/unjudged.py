"""Outcomes of passes that look at nothing: the spec cannot be read, or the custom resource is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine import conditions
from secureml_reconcilers.engine.conditions import READY, condition_of, with_times
from secureml_reconcilers.engine.contract import Event, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from secureml_reconcilers.engine.contract import Subject


def invalid(subject: Subject, message: str, now: datetime) -> Outcome:
    """Say what is wrong with the spec; Azure is left alone."""
    before = subject.status.get("conditions", ())
    rendered = with_times(conditions.invalid(message), before, subject.generation, now)
    status = {**subject.status, "observedGeneration": subject.generation, "conditions": rendered}
    known = condition_of(subject.status, READY).get("reason") == "InvalidSpec"
    return Outcome(status, () if known else (Event("Warning", "InvalidSpec", message),))


def paused(subject: Subject, now: datetime) -> Outcome:
    """Say that nothing is done, and keep what is known of this generation."""
    before = subject.status.get("conditions", ())
    judged = condition_of(subject.status, READY).get("observedGeneration") == subject.generation
    fresh = with_times(conditions.paused(judged=judged), before, subject.generation, now)
    standing = {condition["type"]: dict(condition) for condition in (*before, *fresh)}
    status = {**subject.status, "observedGeneration": subject.generation, "conditions": list(standing.values())}
    return Outcome(status)
