"""Closing operations that are over: what was read decides, and the handle where reading leaves a question."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.operations import seems_over, worth_asking
from secureml_reconcilers.engine.write_verification import forget_attempt, note_looked_at

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer, Arm
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.acting import Operations
    from secureml_reconcilers.engine.memory import Failure, Memory
    from secureml_reconcilers.engine.operations import Operation

_log = logging.getLogger(__name__)


def close_orphans(targets: Iterable[ResourceId], running: dict[str, Operation], memory: Memory) -> None:
    """Close what ran on a child whose parent is gone: nobody reads such a child, for it cannot be there."""
    for target in targets:
        operation = running.get(target.key)
        if operation is None or target.parent is None or target.key in memory.read_at:
            continue
        parent = target.parent.key
        if isinstance(memory.answers.get(parent), NotFound) and memory.read_at[parent] >= operation.since:
            del running[target.key]


def adopt_failures(targets: Iterable[ResourceId], failed: dict[str, Failure], memory: Memory) -> None:
    """Heed how operations failed that another custom resource saw end: both leave the target alone as long."""
    for target in targets:
        failure, known = failed.get(target.key), memory.failures.get(target.key)
        if failure is not None and (known is None or known.not_before < failure.not_before):
            memory.failures[target.key] = failure


async def settle(operations: Operations, memory: Memory, arm: Arm, began: datetime, now: datetime) -> bool:
    """Close the operations that this pass has looked at and that are over.

    Args:
        operations: what this process knows to be running; closed ones are taken out, and failures noted.
        memory: the readings of this pass.
        arm: asked for an operation's result, where reading leaves a question.
        began: when the pass began: older readings are no look.
        now: the present instant.

    Returns:
        Whether something must be read again, because an operation ended after it was read.
    """
    again, running = False, operations.running
    for key in [key for key in memory.read_at if key in running]:
        operation, answer = running.get(key), memory.answers[key]
        if operation is None or memory.read_at[key] < max(began, operation.since) or operation.look_at > now:
            continue
        running[key] = operation = operation.looked(now)
        ended = await _ended(operation, answer, arm, now)
        if ended == "unknown":  # losing the handle costs nothing: the resource itself tells
            running[key] = operation = replace(operation, poll_url=None)
            ended = await _ended(operation, answer, arm, now)
        if ended == "running":
            continue
        running.pop(key, None)  # another pass may have closed it while its handle was asked
        if isinstance(ended, AzureProblem):
            memory.fail(operation.id, ended.with_target(operation.id), now, ended=True)
            _log.warning(
                "%s %s was taken by Azure and failed: %s", operation.verb, operation.id.short, ended.message
            )
            operations.failed[key] = memory.failures[key]
            forget_attempt(memory, key)
            continue
        operations.failed.pop(key, None)
        if ended == "unseen":
            memory.forget(key)
            again = True
        again = note_looked_at(memory, key) or again
    return again


async def _ended(
    operation: Operation, answer: Answer, arm: Arm, now: datetime
) -> AzureProblem | Literal["running", "over", "unseen", "unknown"]:
    """How it stands with an operation.

    It failed, runs, is over, is over since the reading ("unseen"), or its handle is lost ("unknown").
    """
    if worth_asking(operation, answer, now):
        try:
            result = await arm.operation_problem(operation.poll_url or "", operation.id)
        except AzureProblem:
            return "running"  # reading the status failed, not the operation (ARM contract)
        if result is None and not _failed(answer):
            return "unseen"
        if result is not None:
            return result
    elif not seems_over(operation, answer, now):
        return "running"
    return _failure(operation) if _failed(answer) else "over"


def _failed(answer: Answer) -> bool:
    return isinstance(answer, Present) and answer.provisioning_state in {"failed", "canceled"}


def _failure(operation: Operation) -> AzureProblem:
    return AzureProblem(
        "OperationFailed",
        f"{operation.id.short}: Azure says that the last operation on it failed.",
        "You need do nothing: it is written again; Azure's activity log has the cause.",
    )
