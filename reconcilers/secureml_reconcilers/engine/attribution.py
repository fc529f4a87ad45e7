"""Who changed what: Resource Graph's change log, asked when drift is found.

The log has rows for tracked resources. A child without a row of its own (a record of a zone, a zone group of an
endpoint) is told on its parent, and the parent's rows tell of all its children: only a row that shows the very
change that was found names anybody.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.timestamps import instant
from secureml_reconcilers.engine.values import get_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Arm
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.assessment import Differs
    from secureml_reconcilers.engine.blocks import EnsureAbsent
    from secureml_reconcilers.engine.clock import Moment

_log = logging.getLogger(__name__)

LOOK_BACK: Final = timedelta(hours=24)
"""Older changes are not what was found now: the resync would have found them before."""

PATIENCE: Final = timedelta(minutes=6)
"""The change log shows a change within about five minutes (reference-data.md section 13)."""

RETRY: Final = timedelta(seconds=20)
"""Between two looks into the change log for an author that it does not show yet, at first; then ever more."""


def wait(cases: Mapping[str, UnattributedDrift], now: Moment) -> timedelta | None:
    """How long to wait before the change log is asked again; None when nobody's name is missing."""
    if not cases:
        return None
    return max(RETRY, (now - min(case.found for case in cases.values())) / 2)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a change must have done to explain what was found; small, for it is remembered for minutes."""

    target: ResourceId
    """What is not as it was: the drifted resource, or one that is mended by writing that again."""

    did: Literal["Create", "Update", "Delete"]
    path: str = ""
    """The property that differs; empty where only values tell."""

    desired: frozenset[str] = frozenset()
    observed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnattributedDrift:
    """Drift whose author the change log does not show yet."""

    traces: tuple[Trace, ...]
    found: Moment


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who changed a resource."""

    name: str
    client: str
    """The program they used, as far as Azure knows."""

    when: datetime
    trace: Trace
    """What they did."""

    def __str__(self) -> str:
        did = {"Create": "created", "Update": "changed", "Delete": "deleted"}[self.trace.did]
        return f"{self.trace.target.short} was {did} by {self.name}{f' with {self.client}' if self.client else ''}"


def traces(block: Ensure | EnsureAbsent, assessment: Differs) -> tuple[Trace, ...]:
    """What the change log can show of who did this; nothing where it cannot tell."""
    if assessment.kind != "Update":
        return (Trace(block.id, "Delete" if assessment.kind == "Create" else "Create"),)
    broken = block.broken if isinstance(block, Ensure) else ()
    seen_at = {target.short: target for target in block.invalidates}
    found = []
    for each in assessment.differences:
        if each not in broken:
            found.append(Trace(block.id, "Update", each.path))
        elif each.path in seen_at:
            did: Literal["Update", "Delete"] = "Update" if each.observed else "Delete"
            found.append(Trace(seen_at[each.path], did, "", _texts(each.desired), _texts(each.observed)))
    return tuple(found)


async def authors(cases: Mapping[str, tuple[Trace, ...]], arm: Arm, now: datetime) -> dict[str, Author]:
    """Whose change explains each case: the last one that was not ours, by the case's key.

    An unreadable change log is no reason to leave drift alone, so it answers like one without entries.
    """
    by_subscription: dict[str, dict[ResourceId, None]] = {}
    for trace in (trace for found in cases.values() for trace in found):
        asked = by_subscription.setdefault(trace.target.subscription, {})
        # What has no row of its own is told on its parent.
        asked.update(dict.fromkeys([trace.target, *((trace.target.parent,) if trace.target.parent else ())]))
    known: dict[str, Author] = {}
    for subscription, targets in by_subscription.items():
        try:
            rows = await arm.query(_query(subscription, list(targets), now))
        except AzureProblem:
            continue
        for row in rows:
            for key, found in cases.items():
                author = _author_in(row, found, arm)
                if author is not None and (key not in known or author.when > known[key].when):
                    known[key] = author
    return known


def _author_in(row: Mapping[str, Any], found: tuple[Trace, ...], arm: Arm) -> Author | None:
    """The same of a row as it comes: a name is a courtesy, and one odd row must not end a pass."""
    try:
        return _author(row.get("properties") or {}, found, arm)
    except (AttributeError, KeyError, TypeError, ValueError):
        _log.warning("A row of the change log is not understood, and names nobody", exc_info=True)
        return None


def _query(subscription: str, targets: list[ResourceId], now: datetime) -> GraphQuery:
    since = (now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    return GraphQuery(
        subscription,
        "resourcechanges"
        " | where properties.targetResourceId in~ ({ids})"
        " | where todatetime(properties.changeAttributes.timestamp) > todatetime({since})"
        " | project properties",
        (("ids", tuple(target.text for target in targets)), ("since", since)),
    )


def _author(change: Mapping[str, Any], found: tuple[Trace, ...], arm: Arm) -> Author | None:
    """Who made a change, if it explains one of these and somebody is to be named for it."""
    name = str(get_path(change, "changeAttributes.changedBy") or "")
    when = get_path(change, "changeAttributes.timestamp")
    if not name or not when or name in {"System", "Unknown"} or arm.is_us(name):
        return None
    explained = next((trace for trace in found if _explains(change, trace)), None)
    if explained is None:
        return None
    client = str(get_path(change, "changeAttributes.clientType") or "")
    return Author(name, client, instant(str(when)), explained)


def _explains(change: Mapping[str, Any], trace: Trace) -> bool:
    """Whether a row is about what was found; one that only may be names nobody."""
    key, target = str(change.get("targetResourceId") or "").lower(), trace.target
    changes = {
        path.lower(): (str(each.get("previousValue")), str(each.get("newValue")))
        for path, each in (change.get("changes") or {}).items()
    }
    if key == target.key:
        return change.get("changeType") == trace.did and (trace.did != "Update" or _fits(changes, trace))
    if target.parent is None or key != target.parent.key:
        return False
    # The parent's row tells the type of the child in its operation, and shows the child in a list.
    verb = "delete" if trace.did == "Delete" else "write"
    if str(get_path(change, "changeAttributes.operation") or "").lower() != f"{target.type}/{verb}":
        return False
    inside = f"properties.{target.type.rsplit('/', 1)[-1]}["
    shown = {path.partition("].")[2]: pair for path, pair in changes.items() if path.startswith(inside)}
    if trace.did == "Update" and not trace.path:
        return _fits(shown, trace)  # what is changed inside of a child leaves its name out
    return _names(shown, target) and (trace.did != "Update" or _fits(shown, trace))


def _fits(changes: Mapping[str, tuple[str, str]], trace: Trace) -> bool:
    """Whether the property that differs was changed, or what should be there was replaced by what was found."""
    if not trace.path:
        return any(before in trace.desired and after in trace.observed for before, after in changes.values())
    wanted = _head(trace.path)
    return any(
        f"{head}.".startswith(f"{wanted}.") or wanted.startswith(f"{head}.") for head in map(_head, changes)
    )


def _head(path: str) -> str:
    """A path up to the first list: what stands at which place in it differs from view to view."""
    return path.partition("[")[0].lower()


def _names(changes: Mapping[str, tuple[str, str]], target: ResourceId) -> bool:
    """Whether one of the values is the name of this child, or an id of it or of something in it."""
    for path, pair in changes.items():
        for value in map(str.lower, pair):
            if (path == "name" and value == target.name.lower()) or f"{value}/".startswith(f"{target.key}/"):
                return True
    return False


def _texts(value: Any) -> frozenset[str]:  # noqa: ANN401 - JSON
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()
