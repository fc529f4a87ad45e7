"""What the operator made in Azure for a custom resource, or uses of its own there: listed before it is made.

It is what must be answered for when the custom resource goes. It lives in the status and outlives the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.assessment import AddedEntry, Holds, added_entries, entries_wanted, takes_out
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import is_marked, users
from secureml_reconcilers.engine.status_limits import INVENTORY
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.readings import Readings

_WHOLE: Final = frozenset({"Resource", "Adopted"})
"""Kinds of what is listed as a whole resource."""

_IDENTIFIED_BY: Final = "value"
"""By what an entry of a list is known where the status does not say: address rules have their address there.
"""

_ITSELF: Final = "itself"
"""By what it is known where it is a text."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The inventory of one custom resource."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By resource key, or by key, list and identity of an entry that was added; as they stand in the status."""

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Inventory:
        """The inventory that a status lists."""
        return cls({_key(item): dict(item) for item in status.get("inventory", ())})

    def to_status(self) -> list[Status]:
        """All entries, the oldest first."""
        return list(self.entries.values())

    def ids(self) -> tuple[ResourceId, ...]:
        """The resources listed as a whole, adopted ones included."""
        return tuple(resource_id(each["id"]) for each in self.entries.values() if each["kind"] in _WHOLE)

    def extended(self) -> tuple[ResourceId, ...]:
        """Others' resources that hold entries of ours."""
        found = (resource_id(each["id"]) for each in self.entries.values() if each["kind"] == "Entry")
        return tuple(dict.fromkeys(found))

    def resources(self) -> frozenset[str]:
        """The keys of those that were made."""
        return self._keys("Resource")

    def adopted(self) -> frozenset[str]:
        """The keys of those that somebody else made."""
        return self._keys("Adopted")

    def _keys(self, kind: str) -> frozenset[str]:
        found = (each["id"] for each in self.entries.values() if each["kind"] == kind)
        return frozenset(resource_id(each).key for each in found)

    def added_entries(self) -> dict[str, tuple[AddedEntry, ...]]:
        """By resource key, what was added to lists of others."""
        found: dict[str, tuple[AddedEntry, ...]] = {}
        for each in self.entries.values():
            if each["kind"] == "Entry":
                key = resource_id(each["id"]).key
                by = each.get("by", _IDENTIFIED_BY).replace(_ITSELF, "")
                found[key] = (*found.get(key, ()), AddedEntry(each["path"], by, each["entry"]))
        return found

    def note(self, target: ResourceId, now: datetime, kind: str = "Resource") -> None:
        """List a resource; one that is listed keeps its kind and its date."""
        self._note({"id": target.text, "kind": kind, "createdAt": stamp(now)})

    def note_announced(self, action: Action, owner: str, now: datetime) -> None:
        """List what an action makes, or puts our name on: the pass may be cut short before it sees that."""
        if _is_announced(action, owner):
            adopted = action.kind == "Update" and not is_marked(action.body)
            self.note(action.id, now, "Adopted" if adopted else "Resource")

    def note_entries(self, action: Action, now: datetime) -> None:
        """List the entries that an action adds to somebody else's list; what was there before is not ours."""
        if not isinstance(action.block, Ensure):
            return
        missing = {difference.path for difference in action.differences if difference.observed is None}
        for entry in added_entries(action.block):
            if f"{entry.path}[{entry.value}]" in missing:
                known_by = {} if entry.by == _IDENTIFIED_BY else {"by": entry.by or _ITSELF}
                self._note(
                    {
                        "id": action.id.text,
                        "kind": "Entry",
                        "path": entry.path,
                        "entry": entry.value,
                        **known_by,
                        "createdAt": stamp(now),
                    }
                )

    def _note(self, item: dict[str, Any]) -> None:
        if len(self.entries) < INVENTORY:
            self.entries.setdefault(_key(item), item)

    def without_room(self, actions: Iterable[Action], owner: str) -> list[ResourceId]:
        """What cannot be written because it cannot be listed: it would stay behind for ever."""
        new = [each.id for each in actions if _is_announced(each, owner) and each.id.key not in self.entries]
        new += [each.id for each in actions if isinstance(each.block, Ensure) for _ in added_entries(each.block)]
        return new[max(0, INVENTORY - len(self.entries)) :]

    def note_used(self, evaluation: Evaluation, readings: Readings, owner: str, now: datetime) -> None:
        """List what another custom resource made and this one uses too: whoever goes last removes it."""
        for block in evaluation.blocks():
            if not isinstance(block, Ensure):
                continue
            answer = readings.answer(block.id.key)
            if isinstance(answer, Present) and self._uses(block, answer.body, owner):
                self.note(block.id, now)

    def prune(self, evaluation: Evaluation, readings: Readings) -> None:
        """Forget what is confirmed gone because we removed it, once nothing that must go hangs on it."""
        leaving = [block for block in evaluation.blocks() if isinstance(block, EnsureAbsent)]
        outstanding = [block for block in leaving if not isinstance(evaluation.assessments[block.key], Holds)]
        needed = {gate.key for block in outstanding for gate in block.after}
        for block in leaving:
            # What is being created may show nothing yet: gone is what is as declared, and not there.
            over = isinstance(evaluation.assessments[block.key], Holds) and block.key not in needed
            if over and isinstance(readings.answer(block.id.key), NotFound):
                self.entries.pop(block.id.key, None)

    def prune_entries(self, evaluation: Evaluation) -> None:
        """Forget entries of others' lists that the spec dropped and that were seen to be gone."""
        wanted = entries_wanted(evaluation.blocks())
        for block in evaluation.blocks():
            if not isinstance(block, Ensure) or not isinstance(evaluation.assessments[block.key], Holds):
                continue
            for entry in self.added_entries().get(block.id.key, ()):
                if entry not in wanted.get(block.id.key, ()) and takes_out(block, entry):
                    item = {"id": block.id.text, "kind": "Entry", "path": entry.path, "entry": entry.value}
                    self.entries.pop(_key(item), None)

    def left(self, readings: Readings) -> int:
        """How many resources are still there; what hangs on something that is gone went with it."""
        return sum(not _gone(target, readings) for target in self.ids())

    def _uses(self, block: Ensure, body: Body, owner: str) -> bool:
        """Whether the resource is the operator's and this custom resource leans on it, whoever made it."""
        if not type_info(block.id).tags:
            parent = block.id.parent
            return parent is not None and parent.key in self.entries and block.create is not None
        return is_marked(body) and (block.shared or owner in users(body))


def _is_announced(action: Action, owner: str) -> bool:
    """Whether an action makes something, or puts a custom resource's name on it."""
    named = type_info(action.id).tags and action.body is not None and owner in users(action.body)
    return isinstance(action.block, Ensure) and (action.kind == "Create" or named)


def _key(item: Mapping[str, Any]) -> str:
    key = resource_id(item["id"]).key
    return key if item.get("kind") in _WHOLE else f"{key}#{item.get('path')}[{item.get('entry')}]"


def _gone(target: ResourceId | None, readings: Readings) -> bool:
    if target is None:
        return False
    return isinstance(readings.answer(target.key), NotFound) or _gone(target.parent, readings)


def no_room() -> AzureProblem:
    """Why something is not made: nobody would know of it when the custom resource goes."""
    return AzureProblem(
        reasons.INVENTORY_FULL,
        f"The inventory of this resource holds {INVENTORY} entries, and no more fit: nothing else is made for it.",
        "Divide what it declares between several resources. What was made for earlier specs stays listed until"
        " the resource is deleted.",
        Retry.NEVER,
        Severity.USER,
    )
