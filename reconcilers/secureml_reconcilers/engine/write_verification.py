"""Whether what was written stays: Azure may take a write and show, when it is done, what it showed before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.assessment import Blocked, Differs, Running
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.ledger import Repair

if TYPE_CHECKING:
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.assessment import Action, Assessment
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.ledger import Ledger
    from secureml_reconcilers.engine.readings import Readings

_LISTED: Final = 3


def verify_writes(evaluation: Evaluation, readings: Readings, ledger: Ledger, owner: str) -> bool:
    """Take a write that left the very differences that it was to mend for a failure; whether there was one.

    What has held in between, and differs again, is drift: it is repaired as often as it comes.
    """
    failed = False
    for block in evaluation.blocks():
        if not isinstance(block, Ensure | EnsureAbsent):
            continue
        record, assessment = ledger.records.get(block.id.key), evaluation.assessments[block.key]
        if record is None or record.phase != "verifying" or record.owner != owner or record.repair is None:
            continue
        if isinstance(assessment, Running | Blocked):
            continue  # it cannot be told yet
        if record.repair.block_key != block.key and record.repair.block_key in evaluation.assessments:
            continue  # another part of it was written, and that tells by itself
        repair, record.phase = record.repair, "closed"
        if repair.block_key != block.key or _parent_is_gone(block, readings):
            continue
        problem = _problem(repair, block.id, assessment)
        if problem is not None:
            ledger.note_failure(block.id, owner, problem, ended=True, part=block.part)
            failed = True
    return failed


def _parent_is_gone(block: Ensure | EnsureAbsent, readings: Readings) -> bool:
    """A child that is gone with its parent was not undone by itself."""
    return block.id.parent is not None and isinstance(readings.answer(block.id.parent.key), NotFound)


def _problem(repair: Repair, target: ResourceId, assessment: Assessment) -> AzureProblem | None:
    """What is wrong when a write was of no use; None when it was."""
    if not isinstance(assessment, Differs) or assessment.kind != repair.kind:
        return None
    left = [each for each in assessment.differences if (each.path, each.desired) in repair.differences]
    if repair.kind == "Update" and not left:
        return None
    shows = {
        "Create": "it is not there",
        "Delete": "it is still there",
        "Update": "; ".join(map(str, left[:_LISTED])),
    }[repair.kind]
    return AzureProblem(
        reasons.WRITE_REVERTED,
        f"{repair.kind} {target.short} was accepted by Azure and changed nothing: {shows}.",
        "A policy that modifies what is written, or another writer, probably changes it back:"
        " exempt the resource from the one, or stop the other (OPS-02).",
        Retry.SLOW,
        Severity.AZURE_ADMIN,
        target=target,
    )


def repair_of(action: Action) -> Repair:
    """What is to be looked for once an action is over."""
    asked = tuple((each.path, each.desired) for each in action.differences)
    return Repair(action.block.key, action.kind, asked)
