"""The change log: who changed which property of what, when. It feeds Resource Graph and `/emulator`."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Caller, JsonObject

UNTRACKED = ("etag", "properties.provisioningState")
"""What changes with every write and says nothing; Azure's change analysis leaves it out too."""
LIMIT = 100_000
"""Records kept. Resource Graph keeps 14 days; a run of the emulator is shorter and bounded by memory."""


@dataclass(slots=True)
class Change:
    """One applied change.

    Attributes:
        sequence: position in the log, from 1.
        id: the resource.
        type: `Create`, `Update` or `Delete`.
        moment: virtual time.
        caller: who asked; `System` for side effects.
        operation: management operation, such as `Microsoft.Network/virtualNetworks/write`.
        correlation_id: of the request.
        properties: path to pair of previous and new value; empty for Create and Delete.
        position: index among its siblings, which is how a parent's document shows a child.
    """

    sequence: int
    id: ResourceId
    type: str
    moment: float
    caller: Caller
    operation: str
    correlation_id: str
    properties: dict[str, tuple[object, object]]
    before: JsonObject | None
    after: JsonObject | None


@dataclass(slots=True)
class Tally:
    """How often callers and the emulator itself changed one resource."""

    creates: int = 0
    updates: int = 0
    deletes: int = 0
    system: int = 0


@dataclass(slots=True)
class ChangeLog:
    """All changes of a run, oldest first."""

    now: Callable[[], float]
    records: deque[Change] = field(default_factory=lambda: deque(maxlen=LIMIT))
    tallies: dict[str, Tally] = field(default_factory=dict)
    listeners: list[Callable[[Change], None]] = field(default_factory=list)
    _sequence: int = 0

    def record(  # noqa: PLR0913 - a record has this many parts
        self,
        where: ResourceId,
        before: JsonObject | None,
        after: JsonObject | None,
        *,
        caller: Caller,
        operation: str = "",
        correlation_id: str = "",
    ) -> None:
        """Note one applied write. A write that changed nothing counts but leaves no record."""
        kind = "Create" if before is None else "Delete" if after is None else "Update"
        self._count(where, kind, caller)
        changed = dict(differences(before, after)) if before is not None and after is not None else {}
        self._sequence += 1
        verb = "delete" if after is None else "write"
        change = Change(
            self._sequence,
            where,
            kind,
            self.now(),
            caller,
            operation or f"{where.type}/{verb}",
            correlation_id,
            {path: pair for path, pair in changed.items() if path not in UNTRACKED},
            before,
            after,
        )
        if kind != "Update" or change.properties:
            self.records.append(change)
        for listener in self.listeners:
            listener(change)

    def _count(self, where: ResourceId, kind: str, caller: Caller) -> None:
        tally = self.tallies.setdefault(where.key, Tally())
        if caller.kind == "System":
            tally.system += 1
        elif kind == "Create":
            tally.creates += 1
        elif kind == "Delete":
            tally.deletes += 1
        else:
            tally.updates += 1


def differences(before: object, after: object, path: str = "") -> Iterator[tuple[str, tuple[object, object]]]:
    """Paths of leaves that differ, each with previous and new value; None stands for absent."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else None
            new = after[index] if index < len(after) else None
            yield from differences(old, new, f"{path}[{index}]")
    elif isinstance(before, (dict, list)) and after is None:
        yield from differences(before, type(before)(), path)
    elif isinstance(after, (dict, list)) and before is None:
        yield from differences(type(after)(), after, path)
    elif before != after:
        yield path, (before, after)
