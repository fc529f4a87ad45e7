"""Long-running operations of Azure that somebody in this process began or found running."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.timestamps import instant, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer, Verb
    from secureml_reconcilers.azure.resource_id import ResourceId


@dataclass(frozen=True, slots=True)
class Operation:
    """One write that Azure is still working on."""

    id: ResourceId
    verb: Verb
    since: datetime
    look_at: datetime
    """When the resource is worth reading again."""

    poll_url: str | None = None
    """Tells how it ended, as long as this process lives; nothing depends on it."""

    @staticmethod
    def begun(target: ResourceId, verb: Verb, now: datetime, poll_url: str | None = None) -> Operation:
        """An operation that starts now."""
        return Operation(target, verb, now, intervals.next_look(now, now, type_info(target).durations), poll_url)

    @staticmethod
    def of_another(target: ResourceId, now: datetime) -> Operation:
        """A creation that somebody else began, we do not know when: our own was refused because of it."""
        return Operation(target, "PUT", now, now + intervals.PENDING)

    def looked(self, now: datetime) -> Operation:
        """The same operation after one more look at it."""
        return replace(self, look_at=intervals.next_look(self.since, now, type_info(self.id).durations))

    def to_status(self) -> dict[str, Any]:
        """How it stands in `.status.operations`."""
        return {"id": self.id.text, "verb": self.verb, "since": stamp(self.since)}

    @staticmethod
    def from_status(entry: Mapping[str, Any], now: datetime) -> Operation:
        """Found in the status after a restart: look at once, for we do not know when we last did."""
        return Operation(resource_id(entry["id"]), entry["verb"], instant(entry["since"]), now)


def seems_over(operation: Operation, answer: Answer, now: datetime) -> bool:
    """Whether what was read says that Azure is done with it, one way or the other.

    A type that stays hidden while it is created proves nothing by its absence until the slowest creation
    would be over; for any other type an absence means that the write never arrived. In the same way a type
    that shows its former self proves nothing while it is deleted or updated, until nearly all are over; the handle
    is asked then, where there is one.
    """
    durations = type_info(operation.id).durations
    if isinstance(answer, Present):
        if operation.verb == "DELETE" or _stale_while_updating(operation):
            return answer.settled and now - operation.since > durations.late
        return answer.settled
    if isinstance(answer, NotFound):
        hidden = type_info(operation.id).hidden_while_created and operation.verb == "PUT"
        # Without its handle (after a crash, or a lost answer) nobody knows whether it was ever begun. A create
        # that overwrites nothing may simply be sent again: one that is under way refuses it.
        sent_again = type_info(operation.id).create_only_header and operation.poll_url is None
        return not hidden or sent_again or now - operation.since > durations.lost
    return False


def worth_asking(operation: Operation, answer: Answer, now: datetime) -> bool:
    """Whether its handle should be asked: it takes unusually long, or what was read leaves a question."""
    if operation.poll_url is None:
        return False
    if isinstance(answer, Present) and answer.provisioning_state in {"failed", "canceled"}:
        return True
    if isinstance(answer, Present) and _stale_while_updating(operation):
        return True
    unseen = (operation.verb == "PUT" and isinstance(answer, NotFound)) or (
        operation.verb == "DELETE" and isinstance(answer, Present) and answer.settled
    )
    return unseen and now - operation.since > type_info(operation.id).durations.late


def _stale_while_updating(operation: Operation) -> bool:
    return operation.verb == "PATCH" and type_info(operation.id).stale_while_updating
