"""Whether what was written stays: Azure may take a write and show, when it is done, what it showed before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.assessment import Blocked, Differs, Running
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent

if TYPE_CHECKING:
    from datetime import datetime

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.acting import Operations
    from secureml_reconcilers.engine.assessment import Action, Verdict
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.memory import Memory

_LISTED = 3


@dataclass(slots=True)
class Attempt:
    """A write that Azure took, until it is known what came of it.

    It outlasts the pass, so it keeps what is needed and not the action: that would hold on to every block of
    its pass.
    """

    kind: Literal["Create", "Update", "Delete"]
    id: ResourceId
    invalidates: tuple[ResourceId, ...]
    asked: tuple[tuple[str, Any], ...]
    """The differences that it was to repair: path and desired value."""

    over: bool
    """Azure is done with it, and everything that shows its effect is read after that."""

    @classmethod
    def of(cls, action: Action, *, over: bool) -> Attempt:
        """What is to be known of an action."""
        asked = tuple((each.path, each.desired) for each in action.differences)
        return cls(action.kind, action.id, action.block.invalidates, asked, over)


def forget_attempt(memory: Memory, key: str) -> None:
    """A write has failed, which is told as such."""
    for block in [each for each, attempt in memory.attempts.items() if attempt.id.key == key]:
        del memory.attempts[block]


def note_over(memory: Memory, operations: Operations) -> bool:
    """Note which writes another custom resource saw end, and make unread what was read before of their effect.

    Returns:
        Whether something must be read again.
    """
    again = False
    for attempt in list(memory.attempts.values()):
        if attempt.over or attempt.id.key in operations.running:
            continue
        if attempt.id.key in operations.failed:
            forget_attempt(memory, attempt.id.key)
            continue
        attempt.over = again = True
        for target in (attempt.id, *attempt.invalidates):
            memory.forget(target.key)
    return again


def note_looked_at(memory: Memory, key: str) -> bool:
    """The same for one write whose target was just seen to be done with: only what it mends is read again."""
    again = False
    for attempt in memory.attempts.values():
        if attempt.id.key == key and not attempt.over:
            attempt.over = True
            for target in attempt.invalidates:
                memory.forget(target.key)
                again = True
    return again


def fail_what_did_not_stay(evaluation: Evaluation, memory: Memory, now: datetime) -> bool:
    """Take a write that left the very differences it was to repair for a failure; whether there was one.

    What has held in between, and differs again, is drift: it is repaired as often as it comes.
    """
    failed, everything_told = False, not any(said.problems for said in evaluation.composed)
    blocks = {block.key: block for block in evaluation.blocks()}
    for key, attempt in list(memory.attempts.items()):
        assessment = evaluation.assessments.get(key)
        if not attempt.over or isinstance(assessment, Running | Blocked) or not (assessment or everything_told):
            continue  # it cannot be told yet
        del memory.attempts[key]
        block = blocks.get(key)
        if isinstance(block, Ensure | EnsureAbsent) and not isinstance(_parent(block, memory), NotFound):
            problem = _problem(attempt, assessment)
            if problem is not None:
                memory.fail(block.id, problem, now, ended=True)
                failed = True
    return failed


def _parent(block: Ensure | EnsureAbsent, memory: Memory) -> object:
    """What is known of its parent: a child that is gone with it was not undone by itself."""
    return memory.answers.get(block.id.parent.key) if block.id.parent is not None else None


def _problem(attempt: Attempt, assessment: Verdict | None) -> AzureProblem | None:
    """What is wrong when a write was of no use; None when it was."""
    if not isinstance(assessment, Differs) or assessment.kind != attempt.kind:
        return None
    left = [each for each in assessment.differences if (each.path, each.desired) in attempt.asked]
    if attempt.kind == "Update" and not left:
        return None
    shows = {
        "Create": "it is not there",
        "Delete": "it is still there",
        "Update": "; ".join(map(str, left[:_LISTED])),
    }[attempt.kind]
    return AzureProblem(
        "WriteReverted",
        f"{attempt.kind} {attempt.id.short} was accepted by Azure and changed nothing: {shows}.",
        "A policy that modifies what is written, or another writer, probably changes it back:"
        " exempt the resource from the one, or stop the other (OPS-02).",
        Retry.SLOW,
        Severity.AZURE_ADMIN,
        target=attempt.id,
    )
