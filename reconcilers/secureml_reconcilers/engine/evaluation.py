"""The record of one pass, and the judgement of its blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.engine.assessment import (
    Advised,
    Blocked,
    Differs,
    Holds,
    Running,
    Verdict,
    assess,
    choose,
)
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.compare import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.assessment import Action, Ownership
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.memory import Failure
    from secureml_reconcilers.engine.operations import Operation


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All blocks of a pass with their verdicts: what conditions, plan and actions are made from."""

    composed: tuple[Composed, ...]
    assessments: Mapping[str, Verdict]
    """By block key."""

    actions: tuple[Action, ...]
    """What may be written now."""

    waiting: Mapping[str, Block]
    """By block key: the block that this one waits for."""

    ownership: Ownership
    """For whom it was judged: marks what would be made."""

    failed: Mapping[str, AzureProblem] = field(default_factory=dict)
    """By block key: how the last operation failed that is to be repeated, or just is."""

    def blocks(self) -> list[Block]:
        """Every block once, in the order in which the aspects tell them."""
        return list({block.key: block for said in self.composed for block in said.blocks}.values())


@dataclass(frozen=True, slots=True)
class Situation:
    """What blocks are judged by."""

    answers: Mapping[str, Answer]
    operations: Mapping[str, Operation]
    failures: Mapping[str, Failure]
    ownership: Ownership
    now: datetime


def evaluate(composed: list[Composed], situation: Situation) -> Evaluation:
    """Judge every block and choose the writes that are due and allowed by what comes before them."""
    assessments: dict[str, Verdict] = {}
    every = _by_key(composed)
    for block in every.values():
        _assessment(block, situation, assessments)
    waiting: dict[str, Block] = {}
    actions: list[Action] = []
    for block in every.values():
        assessment = assessments[block.key]
        if not isinstance(assessment, Differs) or not isinstance(block, Ensure | EnsureAbsent):
            continue
        gate = next((gate for gate in block.after if not _open(gate, situation, assessments)), None)
        gate = gate or next(
            (gate for gate in block.after_if_possible if _coming(gate, situation, assessments)), None
        )
        if gate is not None:
            waiting[block.key] = gate
        else:
            actions.append(choose(block, assessment, situation.ownership))
    failed = {
        block.key: failure.problem
        for block in every.values()
        if isinstance(block, Ensure | EnsureAbsent) and isinstance(assessments[block.key], Differs | Running)
        if (failure := situation.failures.get(block.id.key)) is not None and failure.ended
    }
    return Evaluation(tuple(composed), assessments, tuple(actions), waiting, situation.ownership, failed)


def must_be_fresh(action: Action) -> set[str]:
    """Keys of everything that must have been read in the very pass in which the action is taken.

    What takes something away asks for all its evidence: closing a way into what is not ours, and deleting.
    Making something on old evidence does no harm, for it is refused, or found superfluous; what writes over
    others' work instead names what it must look at.
    """
    closes = isinstance(action.block, Ensure) and action.block.create is None
    preconditions = {target.key for target in action.block.preconditions}
    if action.kind != "Delete" and not closes:
        return preconditions
    return preconditions | {key for block in (action.block, *action.block.after) for key in _evidence(block)}


def _evidence(block: Block) -> Iterator[str]:
    target = block.id if isinstance(block, Ensure | EnsureAbsent) else block.about
    if target is not None:
        yield target.key
    yield from (other.key for other in block.evidence)


def _by_key(composed: list[Composed]) -> dict[str, Block]:
    """Every block once.

    Raises:
        RuntimeError: when two different blocks go by one key; a gate would then look at the wrong one.
    """
    every: dict[str, Block] = {}
    for said in composed:
        for block in said.blocks:
            if every.setdefault(block.key, block) != block:
                raise RuntimeError(f"two different blocks are called {block.key}: a bug in the composition")
    return every


def _open(gate: Block, situation: Situation, assessments: dict[str, Verdict]) -> bool:
    return isinstance(_assessment(gate, situation, assessments), Holds | Advised)


def _coming(block: Block, situation: Situation, assessments: dict[str, Verdict]) -> bool:
    """Not in order yet, but on its way: neither it nor what it waits for is blocked."""
    assessment = _assessment(block, situation, assessments)
    if isinstance(assessment, Holds | Advised | Blocked):
        return False
    return not any(isinstance(_assessment(gate, situation, assessments), Blocked) for gate in block.after)


def _assessment(block: Block, situation: Situation, assessments: dict[str, Verdict]) -> Verdict:
    """Judge once; a remembered failure speaks until its time is up or the resource is as declared."""
    if block.key in assessments:
        return assessments[block.key]
    assessment: Verdict
    if isinstance(block, Ensure | EnsureAbsent):
        key = block.id.key
        answer = situation.answers.get(key)
        assessment = assess(block, answer, situation.operations.get(key), situation.ownership)
        failure = situation.failures.get(key)
        if isinstance(assessment, Holds) and failure is not None:
            assessment = _left_failed(block, answer)
        if isinstance(assessment, Differs) and failure is not None and situation.now < failure.not_before:
            assessment = Blocked(failure.problem)
    else:
        assessment = assess(block, None, None, situation.ownership)
    assessments[block.key] = assessment
    return assessment


def _left_failed(block: Block, answer: Answer | None) -> Verdict:
    """A write of ours that failed half way may show what was asked for: only the repeated write mends it."""
    if not isinstance(answer, Present) or answer.provisioning_state not in {"failed", "canceled"}:
        return Holds()
    if not isinstance(block, Ensure) or not block.fragment:
        return Holds()
    state = Difference("properties.provisioningState", "Succeeded", answer.provisioning_state)
    return Differs("Update", (state,), answer.body)


def problems(evaluation: Evaluation) -> list[AzureProblem]:
    """Everything that went wrong in a pass, of aspects and of blocks."""
    found = [problem for said in evaluation.composed for problem in said.problems]
    found += [
        assessment.problem for assessment in evaluation.assessments.values() if isinstance(assessment, Blocked)
    ]
    return found
