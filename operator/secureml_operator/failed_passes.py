"""What a resource says while its passes fail unexpectedly: that nothing is known, rather than what was true once.

One failed pass may be bad luck and is told by an event. From the second in a row on, what stands in the
conditions is older than anybody reading them would think.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from secureml_operator.cluster import ClusterError
from secureml_operator.status import condition, normalised
from secureml_operator.status_writer import StatusNotKeptError, StatusTakenError
from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.engine.contract import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_operator.events import Events
    from secureml_operator.live_reader import LiveReader
    from secureml_operator.resource import Resource
    from secureml_operator.status_writer import StatusWriter
    from secureml_operator.store import Store
    from secureml_operator.telemetry.metrics import Metrics
    from secureml_reconcilers.api.condition_types import ConditionType
    from secureml_reconcilers.engine.contract import Key, Status

logger = logging.getLogger(__name__)

TOLERATED = 1
"""So many failed passes in a row leave the conditions as they are: the next comes after a second, and a bug that
one reading of Azure brings out, and the next does not, should not turn every Ready to Unknown and back."""


class PassCutOffError(Exception):
    """A pass took longer than any may, and was cancelled; the text says how long that is."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Failed passes of one resource without one that succeeded in between."""

    uid: str
    since: str
    """When the first of them failed, RFC 3339 in UTC."""

    count: int = 0


class FailedPasses:
    """Counts failed passes in a row and tells of them: one event, then the conditions and the metric."""

    def __init__(
        self, *, store: Store, reader: LiveReader, statuses: StatusWriter, events: Events, metrics: Metrics
    ) -> None:
        self._store = store
        self._reader = reader
        self._statuses = statuses
        self._events = events
        self._metrics = metrics
        self._rows: dict[Key, _Row] = {}

    def succeeded(self, key: Key) -> None:
        """End the row of failed passes, if there is one."""
        self._rows.pop(key, None)

    async def failed(self, key: Key, crash: Exception) -> None:
        """Count a pass that ended in `crash`, and tell of it; a write that fails is made after the next."""
        resource = self._store.get(key)
        if resource is None:
            self._rows.pop(key, None)
            return
        row = self._rows.get(key)
        if row is None or row.uid != resource.uid:
            row = _Row(resource.uid, self._statuses.now())
        self._rows[key] = row = _Row(row.uid, row.since, row.count + 1)
        # An operator that ended meanwhile may have told it already. Ready may keep the reason through a pause.
        told = condition(resource.status, condition_types.RECONCILING).get("reason") == reasons.RECONCILE_FAILED
        if row.count > TOLERATED or told:
            await self._write(resource, crash, row.since)
        elif row.count == 1:
            await self._events.post(resource, [_event(crash)])

    async def _write(self, resource: Resource, crash: Exception, since: str) -> None:
        # The metric first: it must not say that all is well because the API server is away as well.
        wanted = unknown(resource, crash, since)
        shown = normalised(wanted, resource.status, self._statuses.now())
        self._metrics.show(resource, resource.status, shown)
        try:
            if self._store.is_stale(resource.key):
                resource = await self._reader.read_again(resource)
                wanted = unknown(resource, crash, since)
            await self._statuses.begin(resource).conclude(wanted)
        except (ClusterError, StatusTakenError) as problem:
            logger.warning("The status does not say yet that passes fail: %s", problem)


def unknown(resource: Resource, crash: Exception, since: str) -> Status:
    """Give the status of `resource` with nothing in it claimed to be true; all but the conditions stays.

    Args:
        resource: what the API server holds.
        crash: what the last pass raised.
        since: RFC 3339, UTC; counts only if the status does not tell an earlier time for this crash.
    """
    present = {each["type"]: each for each in resource.status.get("conditions") or ()}
    message = _message(crash, since, present.get(condition_types.READY, {}))
    conditions = [
        _condition(condition_types.READY, "Unknown", message, resource.generation),
        _condition(condition_types.RECONCILING, "True", message, resource.generation),
        _condition(
            condition_types.IN_SYNC, "Unknown", message, _in_sync_at(present.get(condition_types.IN_SYNC, {}))
        ),
    ]
    set_here = {each["type"] for each in conditions}
    for kind, each in present.items():
        if kind in set_here:
            continue
        if each.get("status") == "True":
            text = "What was seen last no longer counts, for passes fail: the condition Ready tells more."
            conditions.append(_condition(kind, "Unknown", text, resource.generation))
        else:
            conditions.append(dict(each))
    return {**resource.status, "conditions": conditions}


def _condition(kind: ConditionType, status: str, message: str, generation: int | None) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reasons.RECONCILE_FAILED,
        "message": message,
        "observedGeneration": generation,
    }


def _in_sync_at(present: Mapping[str, Any]) -> int | None:
    """Give the generation at which all was in sync last, or None.

    By it the next pass that succeeds tells drift (somebody changed what was as declared) from what was never
    done: only InSync True, or Unknown after True, at the present generation counts as having been in sync.
    """
    return present.get("observedGeneration") if present.get("status") in {"True", "Unknown"} else None


def _message(crash: Exception, since: str, ready: Mapping[str, Any]) -> str:
    """Say it in the words that stand there already when only the time would differ: a restart knows no other."""
    opening = f"{_what(crash)}; no pass has succeeded since "
    present = str(ready.get("message", ""))
    if ready.get("reason") == reasons.RECONCILE_FAILED and present.startswith(opening):
        return present
    return (
        f"{opening}{since}, so nothing is known of Azure at present. It is tried again by itself, ever more"
        f" slowly, up to about five minutes apart. {_advice(crash)}"
    )


def _event(crash: Exception) -> Event:
    message = (
        f"{_what(crash)}. It is tried again by itself, ever more slowly. Nothing was left half announced."
        f" {_advice(crash)}"
    )
    return Event("Warning", reasons.RECONCILE_FAILED, message)


def _what(crash: Exception) -> str:
    """Name the exception's class only: its text may hold what no status and no event should show."""
    name = type(crash).__name__
    if isinstance(crash, PassCutOffError):
        return f"A pass took {crash} and was cut off ({name})"
    return f"A pass of the operator failed with {name}"


def _advice(crash: Exception) -> str:
    if isinstance(crash, StatusNotKeptError):
        return "Apply the custom resource definitions of the operator's version."
    return "Please report it with the operator's log of this pass."
