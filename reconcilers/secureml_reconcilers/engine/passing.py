"""One pass over one custom resource: what it began with, and what each of its steps found out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.engine.assessment import Ownership, entries_wanted
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.evaluation import Situation, problems
from secureml_reconcilers.engine.readings import JUST_BEFORE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from secureml_reconcilers.azure.arm import Arm
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.contract import Event, ReconcileRequest
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.history import PassHistory
    from secureml_reconcilers.engine.inventory import Inventory
    from secureml_reconcilers.engine.ledger import Ledger, Record
    from secureml_reconcilers.engine.readings import Reading, Readings


@dataclass(slots=True)
class Pass:
    """Each field says who fills it."""

    request: ReconcileRequest
    composition: Composition
    arm: Arm
    ledger: Ledger
    readings: Readings
    """What is known when the pass begins; every step adds to it."""

    history: PassHistory
    inventory: Inventory
    """From the status at the start; extended before each batch of writes."""

    began: Moment
    order: int
    """The ledger's number at the beginning: what has a lower one was read by an earlier pass."""

    composed: list[Composed] = field(default_factory=list)
    """What the aspects say; set by every turn."""

    evaluation: Evaluation | None = None
    """The last one, set by every turn that had no question left."""

    actions: list[Action] = field(default_factory=list)
    """Writes that Azure took, in order."""

    throttled: timedelta | None = None
    """Set when a reading met an empty budget: the pass ends without evaluating anything anew."""

    unfinished: bool = False
    """Set when the turns of the pass were over before there was nothing left to do at once."""

    claim_held_elsewhere: bool = False
    """Set by the last turn when another custom resource is making what this one would make as well."""

    drifted: bool = False
    """Set when something that had been as declared is not any more."""

    diagnosis: Mapping[str, Any] = field(default_factory=dict)
    """What Azure itself found wrong, as it stands in the status; replaced when it has answered again."""

    events: list[Event] = field(default_factory=list)
    """What was found out, until a write comes of it; from then on it stands in the history."""

    @property
    def owner(self) -> str:
        """The custom resource, as `cluster/namespace/name`."""
        return self.composition.owner

    @property
    def ownership(self) -> Ownership:
        """What this custom resource made; an entry that anybody declares still is not to go."""
        added = self.inventory.added_entries()
        blocks = (block for said in self.composed for block in said.blocks)
        wanted, declared = entries_wanted(blocks) if added else {}, self.ledger.properties
        entries = {
            key: tuple(
                entry
                for entry in found
                if entry not in wanted.get(key, ()) and not declared.others_let_in(self.owner, entry, key)
            )
            for key, found in added.items()
        }
        return Ownership(self.owner, self.inventory.resources(), self.composition.adopt, entries)

    @property
    def situation(self) -> Situation:
        """What blocks are assessed by."""
        return Situation(self.readings, self.ledger, self.ownership)

    def is_fresh(self, reading: Reading) -> bool:
        """Whether a reading was made just before: by this pass, or in its line for the budget.

        A pass that waits between two readings would otherwise begin anew each time, and never have them all.
        """
        if reading.order >= self.order:
            return True
        since = self.readings.in_line_since
        return since is not None and reading.at >= max(since, self.began - JUST_BEFORE)

    def targets(self) -> list[ResourceId]:
        """What this custom resource would write to, as the latest turn said, has made, or waits for.

        Nobody else may look at an operation that keeps it waiting: whose write it was may be paused, or gone.
        """
        blocks = (block for said in self.composed for block in said.blocks)
        written = [block.id for block in blocks if isinstance(block, Ensure | EnsureAbsent)]
        beside = [record.id for each in written if (record := self.ledger.running_beside(each)) is not None]
        return list(dict.fromkeys((*written, *self.inventory.ids(), *beside)))

    def running(self) -> list[Record]:
        """The operations that concern this custom resource."""
        found = {target.key: self.ledger.running(target) for target in self.targets()}
        return [record for _, record in sorted(found.items()) if record is not None]

    def troubles(self, evaluation: Evaluation) -> list[AzureProblem]:
        """What went wrong without a failed write: nothing else says when to try again."""
        failures = [self.ledger.failure(each.id, self.owner, each.part) for each in evaluation.writes()]
        failed = {failure.problem.message for failure in failures if failure is not None}
        return [problem for problem in problems(evaluation) if problem.message not in failed]

    def due_operations(self) -> list[Record]:
        """Those of the running operations that are to be looked at, and that this pass has not looked at."""
        now = self.ledger.clock.monotonic()
        return [each for each in self.running() if each.look_at <= now and each.id.key not in self.readings.known]

    def forget_stale(self) -> bool:
        """Make unread what something was written after, or what a running operation is to be looked at for.

        While Azure works on a write there is nothing new to read of its target, until the next look is due.
        """
        now = self.ledger.clock.monotonic()

        def is_over(reading: Reading) -> bool:
            record = self.ledger.records.get(reading.question.key)
            if record is None or record.phase != "running":
                return self.ledger.is_stale(reading, self.owner)
            return record.look_at <= now and reading.order < self.order

        return self.readings.forget_where(is_over)
