"""What is told of a pass to those who watch: its conditions, its events, its numbers."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine import drift, exposure, planning, status_and_events
from secureml_reconcilers.engine.conditions import conditions, with_times
from secureml_reconcilers.engine.contract import Event
from secureml_reconcilers.engine.status_limits import SHORT, cut
from secureml_reconcilers.engine.timestamps import instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.exposure import Exposure, ServiceAccess
    from secureml_reconcilers.engine.history import PassHistory
    from secureml_reconcilers.engine.passing import Pass


_log = logging.getLogger(__name__)

NOT_TOLD: Final = timedelta(minutes=5)
"""So long what cannot be told is no news: most outages are over by then."""

_PASSING: Final = frozenset({reasons.AZURE_BUSY, reasons.THROTTLED})
"""Reasons of which no event tells at once."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a pass, and what they say of services."""

    services: list[ServiceAccess]
    exposures: list[Exposure]
    ready: bool
    rendered: list[dict[str, Any]]
    """As they stand in the status."""


def conditions_of(this: Pass, evaluation: Evaluation) -> Conditions:
    """The conditions, with the times of those that stay."""
    request, now = this.request, this.ledger.clock.now()
    before = request.status.get("services", ())
    seen = exposure.last_seen(before) if request.deleting else exposure.services(evaluation, before, now)
    exposed = exposure.exposures(evaluation, seen, before, now)
    fresh = conditions(
        evaluation,
        exposed,
        enforce=this.composition.enforce,
        drifting=this.drifted,
        settled_before=drift.in_sync(request.status, request.generation),
    )
    previous = request.status.get("conditions", ())
    return Conditions(seen, exposed, fresh[0].met, with_times(fresh, previous, request.generation, now))


def events_of(this: Pass, evaluation: Evaluation, told: Conditions, *, released: bool) -> list[Event]:
    """Everything that is news, in the order in which it came about; what is told is no news the next time."""
    request, history = this.request, this.history
    happened = [*take_pending_events(history), *this.events]
    drifted = this.drifted or any(event.reason == reasons.DRIFT_DETECTED for event in happened)
    history.drift_outstanding = this.drifted and not told.ready
    changed = status_and_events.transitions(request.status.get("conditions", ()), told.rendered, drifted=drifted)
    changed += [*_said_again(this, told), *_not_told_for_long(this, told)]
    if not this.composition.enforce and not request.deleting:
        changed += planning.news(request.status.get("plan", ()), planning.planned(evaluation))
    known = [*request.status.get("findings", ()), *history.advised]
    history.advised = status_and_events.still_known(known, evaluation)
    advice = status_and_events.advised(known, evaluation)
    if not request.deleting:
        return [*happened, *changed, *advice]
    left, removed = this.inventory.left(this.readings), bool(this.composition.aspects)
    services = request.status.get("services", ())
    last = status_and_events.leaving(changed, left, services, released=released, removed=removed)
    return [*happened, *advice, *last]  # that a resource was released is the last word on it


def _not_told_for_long(this: Pass, told: Conditions) -> list[Event]:
    """One event when Azure has not let itself be asked for minutes: each single failure passes, and is no news."""
    unknown = [each for each in told.rendered if each["status"] == "Unknown" and each["reason"] in _PASSING]
    since = min((instant(each["lastTransitionTime"]) for each in unknown), default=None)
    if since is None or this.ledger.clock.now() - since < NOT_TOLD:
        this.history.silence_told = this.history.silence_told and since is not None
        return []
    if this.history.silence_told:
        return []
    this.history.silence_told = True
    first = unknown[0]
    _log.warning("Azure has not answered for %s: %s", NOT_TOLD, first["message"])
    return [Event("Warning", first["reason"], cut(first["message"], SHORT))]


def _said_again(this: Pass, told: Conditions) -> list[Event]:
    """What is still open is told again, ever more rarely."""
    last, now = this.history.reported_at, this.ledger.clock.now()
    this.history.reported_at = now
    due = (
        [each for each in told.exposures if exposure.is_due_again(each, last, now)]
        if this.composition.enforce
        else []
    )
    return [status_and_events.still_exposed(each) for each in due]


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
