"""Who changed what: Resource Graph's change log, asked when drift is found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.instants import instant
from secureml_reconcilers.engine.values import at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Arm
    from secureml_reconcilers.azure.resource_id import ResourceId

LOOK_BACK: Final = timedelta(hours=24)
"""Older changes are not what was found now: the resync would have found them before."""

PATIENCE: Final = timedelta(minutes=6)
"""The change log shows a change within about five minutes (reference-data.md section 13)."""

RETRY: Final = timedelta(seconds=15)
"""Between two looks into the change log for an author that it does not show yet."""


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who changed a resource."""

    name: str
    client: str
    """The program they used, as far as Azure knows."""

    when: datetime

    def __str__(self) -> str:
        return f"{self.name}{f' with {self.client}' if self.client else ''}"


async def authors(drifted: Iterable[ResourceId], arm: Arm, now: datetime) -> dict[str, Author]:
    """The last change of each drifted resource that was not ours, by resource key.

    An unreadable change log is no reason to leave drift alone, so it answers like one without entries.
    """
    found: dict[str, Author] = {}
    by_subscription: dict[str, list[ResourceId]] = {}
    for target in drifted:
        by_subscription.setdefault(target.subscription, []).append(target)
    for subscription, targets in by_subscription.items():
        try:
            rows = await arm.query(subscription, _query(targets, now))
        except AzureProblem:
            continue
        for row in rows:
            _note(row.get("properties") or {}, arm, found)
    return found


def _query(targets: list[ResourceId], now: datetime) -> str:
    ids = ", ".join(f"'{target.text}'" for target in targets)
    since = (now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        "resourcechanges"
        f" | where properties.targetResourceId in~ ({ids})"
        f" | where todatetime(properties.changeAttributes.timestamp) > datetime({since})"
        " | project properties"
    )


def _note(change: Mapping[str, Any], arm: Arm, found: dict[str, Author]) -> None:
    name = str(at(change, "changeAttributes.changedBy") or "")
    when = at(change, "changeAttributes.timestamp")
    key = str(change.get("targetResourceId") or "").lower()
    if not name or not when or not key or name in {"System", "Unknown"} or arm.is_us(name):
        return
    author = Author(name, str(at(change, "changeAttributes.clientType") or ""), instant(str(when)))
    if key not in found or author.when > found[key].when:
        found[key] = author
