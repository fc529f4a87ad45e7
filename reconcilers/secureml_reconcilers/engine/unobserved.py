"""Outcomes of passes that look at nothing: the spec cannot be read, or the custom resource is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.engine import conditions
from secureml_reconcilers.engine.conditions import Condition, as_last_seen, condition_of, with_times
from secureml_reconcilers.engine.contract import Event, ReconcileResult
from secureml_reconcilers.engine.status_and_events import pauses

if TYPE_CHECKING:
    from datetime import datetime

    from secureml_reconcilers.engine.contract import ReconcileRequest, Status

_NOTHING_SEEN: Final = frozenset({reasons.PAUSED, reasons.RECONCILE_FAILED})
"""Reasons of a Ready that tells nothing of Azure."""

_TOLD: Final = (condition_types.READY, condition_types.IN_SYNC)


def invalid(request: ReconcileRequest, message: str, now: datetime) -> ReconcileResult:
    """Say what is wrong with the spec; Azure is left alone."""
    before = request.status.get("conditions", ())
    rendered = with_times(conditions.invalid(message), before, request.generation, now)
    status = {**request.status, "observedGeneration": request.generation, "conditions": rendered}
    told = pauses(before, rendered)
    if condition_of(request.status, condition_types.READY).get("reason") != reasons.INVALID_SPEC:
        told.append(Event("Warning", reasons.INVALID_SPEC, message))
    return ReconcileResult(status, tuple(told))


def paused(request: ReconcileRequest, now: datetime) -> ReconcileResult:
    """Say that nothing is done, and keep what is known of this generation."""
    before = request.status.get("conditions", ())
    ready = condition_of(request.status, condition_types.READY)
    known = ready.get("observedGeneration") == request.generation and ready["reason"] not in _NOTHING_SEEN
    fresh = with_times(conditions.paused(ready if known else None), before, request.generation, now)
    standing = {each["type"]: as_last_seen(each) for each in before} | {each["type"]: each for each in fresh}
    status = {**request.status, "observedGeneration": request.generation, "conditions": list(standing.values())}
    return ReconcileResult(status, tuple(pauses(before, fresh)))


def throttled(request: ReconcileRequest, now: datetime) -> Status:
    """The status when nothing could be looked at for long: what was true then is not known to be true now."""
    message = (
        "The subscription's request budget has been spent for so long that nothing could be looked at. You need do"
        " nothing if others' requests calm down; see who else uses the operator's identity (reference: Azure"
        " Resource Manager's request limits)."
    )
    before = {condition["type"]: dict(condition) for condition in request.status.get("conditions", ())}
    at = request.generation
    fresh = [Condition(kind, "Unknown", reasons.THROTTLED, message) for kind in _TOLD]
    standing = before | {each["type"]: each for each in with_times(fresh, before.values(), at, now)}
    return {**request.status, "observedGeneration": at, "conditions": list(standing.values())}
