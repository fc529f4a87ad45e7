"""The record of one pass, and the judgement of its blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.engine.blocks import Absent, Ensure
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.verdicts import Advised, Blocked, Differs, Holds, Running, Verdict, choose, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.memory import Failure
    from secureml_reconcilers.engine.operations import Operation
    from secureml_reconcilers.engine.verdicts import Action, Ownership


@dataclass(frozen=True, slots=True)
class Judged:
    """All blocks of a pass with their verdicts: what conditions, plan and actions are made from."""

    composed: tuple[Composed, ...]
    verdicts: Mapping[str, Verdict]
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


def evaluate(composed: list[Composed], situation: Situation) -> Judged:
    """Judge every block and choose the writes that are due and allowed by what comes before them."""
    verdicts: dict[str, Verdict] = {}
    every = _by_key(composed)
    for block in every.values():
        _verdict(block, situation, verdicts)
    waiting: dict[str, Block] = {}
    actions: list[Action] = []
    for block in every.values():
        verdict = verdicts[block.key]
        if not isinstance(verdict, Differs) or not isinstance(block, Ensure | Absent):
            continue
        gate = next((gate for gate in block.after if not _open(gate, situation, verdicts)), None)
        gate = gate or next((gate for gate in block.follows if _coming(gate, situation, verdicts)), None)
        if gate is not None:
            waiting[block.key] = gate
        else:
            actions.append(choose(block, verdict, situation.ownership))
    failed = {
        block.key: failure.problem
        for block in every.values()
        if isinstance(block, Ensure | Absent) and isinstance(verdicts[block.key], Differs | Running)
        if (failure := situation.failures.get(block.id.key)) is not None and failure.ended
    }
    return Judged(tuple(composed), verdicts, tuple(actions), waiting, situation.ownership, failed)


def leans_on(action: Action) -> set[str]:
    """Keys of everything that must have been read in the very pass in which the action is taken.

    What takes something away asks for all its evidence: closing a way into what is not ours, and deleting.
    Making something on old evidence does no harm, for it is refused, or found superfluous; what writes over
    others' work instead names what it must look at.
    """
    closes = isinstance(action.block, Ensure) and action.block.create is None
    looks_at = {target.key for target in action.block.looks_at}
    if action.kind != "Delete" and not closes:
        return looks_at
    return looks_at | {key for block in (action.block, *action.block.after) for key in _evidence(block)}


def _evidence(block: Block) -> Iterator[str]:
    target = block.id if isinstance(block, Ensure | Absent) else block.about
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


def _open(gate: Block, situation: Situation, verdicts: dict[str, Verdict]) -> bool:
    return isinstance(_verdict(gate, situation, verdicts), Holds | Advised)


def _coming(block: Block, situation: Situation, verdicts: dict[str, Verdict]) -> bool:
    """Not in order yet, but on its way: neither it nor what it waits for is blocked."""
    verdict = _verdict(block, situation, verdicts)
    if isinstance(verdict, Holds | Advised | Blocked):
        return False
    return not any(isinstance(_verdict(gate, situation, verdicts), Blocked) for gate in block.after)


def _verdict(block: Block, situation: Situation, verdicts: dict[str, Verdict]) -> Verdict:
    """Judge once; a remembered failure speaks until its time is up or the resource is as declared."""
    if block.key in verdicts:
        return verdicts[block.key]
    verdict: Verdict
    if isinstance(block, Ensure | Absent):
        key = block.id.key
        answer = situation.answers.get(key)
        verdict = judge(block, answer, situation.operations.get(key), situation.ownership)
        failure = situation.failures.get(key)
        if isinstance(verdict, Holds) and failure is not None:
            verdict = _left_failed(block, answer)
        if isinstance(verdict, Differs) and failure is not None and situation.now < failure.not_before:
            verdict = Blocked(failure.problem)
    else:
        verdict = judge(block, None, None, situation.ownership)
    verdicts[block.key] = verdict
    return verdict


def _left_failed(block: Block, answer: Answer | None) -> Verdict:
    """A write of ours that failed half way may show what was asked for: only the repeated write mends it."""
    if not isinstance(answer, Present) or answer.provisioning_state not in {"failed", "canceled"}:
        return Holds()
    if not isinstance(block, Ensure) or not block.fragment:
        return Holds()
    state = Difference("properties.provisioningState", "Succeeded", answer.provisioning_state)
    return Differs("Update", (state,), answer.body)


def problems(judged: Judged) -> list[AzureProblem]:
    """Everything that went wrong in a pass, of aspects and of blocks."""
    found = [problem for said in judged.composed for problem in said.problems]
    found += [verdict.problem for verdict in judged.verdicts.values() if isinstance(verdict, Blocked)]
    return found
