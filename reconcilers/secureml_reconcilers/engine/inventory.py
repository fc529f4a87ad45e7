"""What the operator made in Azure for a custom resource, or uses of its own there: listed before it is made.

It is what must be answered for when the custom resource goes. It lives in the status and outlives the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.assessment import Holds
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import is_marked, users
from secureml_reconcilers.engine.status_limits import INVENTORY
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer, Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Inventory:
    """The inventory of one custom resource."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By resource key, as they stand in the status."""

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Inventory:
        """The inventory that a status lists."""
        return cls({resource_id(item["id"]).key: dict(item) for item in status.get("inventory", ())})

    def to_status(self) -> list[Status]:
        """All entries, the oldest first."""
        return list(self.entries.values())

    def ids(self) -> tuple[str, ...]:
        """The ids of all entries."""
        return tuple(entry["id"] for entry in self.entries.values())

    def note(self, target: ResourceId, now: datetime) -> None:
        """List a resource; one that is listed keeps its date."""
        if len(self.entries) < INVENTORY:
            self.entries.setdefault(target.key, {"id": target.text, "kind": "Resource", "createdAt": stamp(now)})

    def without_room(self, actions: Iterable[Action]) -> list[ResourceId]:
        """What cannot be made because it cannot be listed: it would stay behind for ever."""
        new = [each.id for each in actions if each.kind == "Create" and each.id.key not in self.entries]
        return new[max(0, INVENTORY - len(self.entries)) :]

    def note_used(self, evaluation: Evaluation, answers: Mapping[str, Answer], owner: str, now: datetime) -> None:
        """List what another custom resource made and this one uses too: whoever goes last removes it."""
        for block in evaluation.blocks():
            if not isinstance(block, Ensure):
                continue
            answer = answers.get(block.id.key)
            if isinstance(answer, Present) and self._uses(block, answer.body, owner):
                self.note(block.id, now)

    def prune(self, evaluation: Evaluation, answers: Mapping[str, Answer]) -> None:
        """Forget what is confirmed gone because we removed it, once nothing that must go hangs on it."""
        leaving = [block for block in evaluation.blocks() if isinstance(block, EnsureAbsent)]
        outstanding = [block for block in leaving if not isinstance(evaluation.assessments[block.key], Holds)]
        needed = {gate.key for block in outstanding for gate in block.after}
        for block in leaving:
            if block.key not in needed and isinstance(answers.get(block.id.key), NotFound):
                self.entries.pop(block.id.key, None)

    def left(self, answers: Mapping[str, Answer]) -> int:
        """How many entries are still there; what hangs on something that is gone went with it."""
        return sum(not _gone(resource_id(entry["id"]), answers) for entry in self.entries.values())

    def _uses(self, block: Ensure, body: Body, owner: str) -> bool:
        """Whether the resource is the operator's and this custom resource leans on it, whoever made it."""
        if not type_info(block.id).tags:
            parent = block.id.parent
            return parent is not None and parent.key in self.entries and block.create is not None
        return is_marked(body) and (block.shared or owner in users(body))


def _gone(target: ResourceId | None, answers: Mapping[str, Answer]) -> bool:
    return target is not None and (isinstance(answers.get(target.key), NotFound) or _gone(target.parent, answers))


def no_room() -> AzureProblem:
    """Why something is not made: nobody would know of it when the custom resource goes."""
    return AzureProblem(
        "InventoryFull",
        f"The inventory of this resource holds {INVENTORY} entries, and no more fit: nothing else is made for it.",
        "Divide what it declares between several resources. What was made for earlier specs stays listed until"
        " the resource is deleted.",
        Retry.NEVER,
        Severity.USER,
    )
