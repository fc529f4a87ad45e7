"""Following the operations that Azure works on: what was read decides, and else the operation's handle.

The second step of a pass, after it has observed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.azure.arm import Answer, Arm
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.ledger import Ledger, Record
    from secureml_reconcilers.engine.readings import Reading, Readings

_log = logging.getLogger(__name__)

_FAILED: Final = frozenset({"failed", "canceled"})


async def track_operations(
    targets: Iterable[ResourceId], readings: Readings, ledger: Ledger, arm: Arm, since: int
) -> bool:
    """End the operations that this pass has looked at and that are over; whether there was one.

    Args:
        targets: what this custom resource writes to, or has made.
        readings: those of the pass; an operation that ends may make some of them stale.
        ledger: what runs, and where it is noted how it ended.
        arm: asked for an operation's result, where reading leaves a question.
        since: the ledger's number when the pass began: older readings are no look.
    """
    ended = False
    for target in targets:
        record = ledger.running(target)
        if record is None:
            continue
        reading = readings.known.get(target.key)
        if record.answered is None:
            continue  # it is on its way: what is read may be from before it
        if reading is not None:
            fresh = reading.order >= since and reading.order >= record.answered
            if fresh and record.look_at <= reading.at:  # a write's own answer is no look
                await _look(record, reading, ledger, arm)
        elif _parent_is_gone(record, readings):
            ledger.end(record)  # nobody reads such a child, for it cannot be there
        ended = ended or ledger.running(target) is not record
    return ended


def _parent_is_gone(record: Record, readings: Readings) -> bool:
    parent = readings.known.get(record.id.parent.key) if record.id.parent is not None else None
    return parent is not None and isinstance(parent.answer, NotFound) and parent.at >= record.began


async def _look(record: Record, reading: Reading, ledger: Ledger, arm: Arm) -> None:
    ledger.looked_at(record)
    ended = await _ended(record, reading, ledger, arm)
    if ended == "unknown":  # losing the handle costs nothing: the resource itself tells
        record.poll_url = None
        ended = await _ended(record, reading, ledger, arm)
    if ended == "running" or ledger.running(record.id) is not record:
        return  # or another pass has seen it end while its handle was asked
    if isinstance(ended, AzureProblem):
        problem = ended.with_target(record.id)
        _log.warning("%s %s was taken by Azure and failed: %s", record.verb, record.id.short, problem.message)
        ledger.fail(record, problem)
        return
    ledger.end(record, reading.order if ended == "over" else None)


async def _ended(
    record: Record, reading: Reading, ledger: Ledger, arm: Arm
) -> AzureProblem | Literal["running", "over", "unseen", "unknown"]:
    """How it stands with an operation.

    It failed, runs, is over, is over since the reading ("unseen"), or its handle is lost ("unknown").
    """
    now, answer = ledger.clock.monotonic(), reading.answer
    if is_worth_asking(record, answer, now):
        try:
            result = await arm.operation_problem(record.poll_url or "", record.id)
        except AzureProblem:
            return "running"  # reading the status failed, not the operation (ARM contract)
        if result is None and not _has_failed(answer):
            return "unseen"
        if result is not None:
            return result
    elif not seems_over(record, answer, now):
        return "running"
    return _failure(record) if _has_failed(answer) else "over"


def seems_over(record: Record, answer: Answer, now: Moment) -> bool:
    """Whether what was read says that Azure is done with a write, one way or the other.

    A type that stays hidden while it is created proves nothing by its absence until the slowest creation
    would be over; for any other type an absence means that the write never arrived. In the same way a type
    that shows its former self proves nothing while it is deleted or updated, until nearly all are over; the handle
    is asked then, where there is one.
    """
    durations, age = type_info(record.id).durations_of(record.verb), now - record.began
    if isinstance(answer, Present):
        if record.verb == "DELETE" or _is_stale_while_updating(record):
            return answer.is_terminal and age > durations.late
        return answer.is_terminal
    if isinstance(answer, NotFound):
        hidden = type_info(record.id).hidden_while_created and record.verb == "PUT"
        # Without its handle (after a crash, or a lost answer) nobody knows whether it was ever begun. A create
        # that overwrites nothing may simply be sent again: one that is under way refuses it.
        sent_again = type_info(record.id).create_only_header and record.poll_url is None
        return not hidden or sent_again or age > durations.lost
    return False


def is_worth_asking(record: Record, answer: Answer, now: Moment) -> bool:
    """Whether its handle should be asked: it takes unusually long, or what was read leaves a question."""
    if record.poll_url is None:
        return False
    if _has_failed(answer) or (isinstance(answer, Present) and _is_stale_while_updating(record)):
        return True
    unseen = (record.verb == "PUT" and isinstance(answer, NotFound)) or (
        record.verb == "DELETE" and isinstance(answer, Present) and answer.is_terminal
    )
    return unseen and now - record.began > type_info(record.id).durations_of(record.verb).late


def _is_stale_while_updating(record: Record) -> bool:
    return record.verb == "PATCH" and type_info(record.id).stale_while_updating


def _has_failed(answer: Answer) -> bool:
    return isinstance(answer, Present) and answer.provisioning_state in _FAILED


def _failure(record: Record) -> AzureProblem:
    return AzureProblem(
        reasons.OPERATION_FAILED,
        f"{record.id.short}: Azure says that the last operation on it failed.",
        "It is written again by itself; Azure's activity log has the cause.",
    )
