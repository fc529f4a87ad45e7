"""Operations of two custom resources on what both share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ENDPOINT, LINK, NOW, SHARED_MARK, shown

from secureml_reconcilers.azure.arm import Accepted, NotFound
from secureml_reconcilers.engine.acting import Operations
from secureml_reconcilers.engine.blocks import Aspect, Composition, EnsureAbsent
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.memory import Memory
from secureml_reconcilers.engine.operation_tracking import adopt_failures, settle
from secureml_reconcilers.engine.operations import Operation
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.contract import Event, Status


async def test_who_began_what_failed_heeds_it_though_another_saw_it_end() -> None:
    """The failure stood in the memory of who looked first; who had begun it wrote again at once, without pause."""
    operations, nothing_is_asked = Operations(), Any
    operations.running[ENDPOINT.key] = Operation.begun(ENDPOINT, "PUT", NOW)
    began, looks = Memory(), Memory()
    later = NOW + timedelta(minutes=5)
    looks.answers[ENDPOINT.key], looks.read_at[ENDPOINT.key] = shown(ENDPOINT, "Failed"), later
    await settle(operations, looks, nothing_is_asked, later, later)  # type: ignore[arg-type]
    assert operations.running == {}
    adopt_failures([ENDPOINT], operations.failed, began)
    assert began.failures == looks.failures
    assert began.failures[ENDPOINT.key].not_before > later


@dataclass
class Azure:
    """A link that takes its time to go, and looks as ever meanwhile."""

    goes_after: timedelta
    now: datetime = NOW
    deleted: list[datetime] = field(default_factory=list)

    def gone(self) -> bool:
        """Whether it is."""
        return bool(self.deleted) and self.now - self.deleted[0] >= self.goes_after

    async def read(self, target: ResourceId) -> Answer:
        """Show it."""
        return NotFound() if self.gone() else shown(target, tags=SHARED_MARK)

    async def write(self, *_: Any, **__: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Take the deletion."""
        self.deleted.append(self.now)
        return Accepted(None, running=True, poll_url="https://management.azure.com/operations/1")

    async def operation_problem(self, *_: Any) -> str | None:  # noqa: ANN401 - JSON
        """Tell whether it runs."""
        return None if self.gone() else "running"


class Unlinked:
    """A kind whose link must go."""

    def remove(self, _: Mapping[str, Any], owner: str, __: tuple[str, ...]) -> Composition:
        """It is gone."""
        return Composition(
            (Aspect("Unlinked", lambda _: iter((EnsureAbsent(LINK, "nobody needs it", shared=True),))),), owner
        )


class Journal:
    """Nothing is kept."""

    async def announce(self, _: Status) -> None:
        """Take it."""


@pytest.mark.parametrize("seconds", [30, 50, 90, 400])
async def test_a_deletion_that_takes_long_is_no_policy_s_doing(seconds: int) -> None:
    """After 42 seconds it was once taken for over, and the warning told to look for a policy that undoes it."""
    azure = Azure(timedelta(seconds=seconds))
    engine = Engine(Unlinked(), azure, clock=lambda: azure.now, cluster="east")  # type: ignore[arg-type]
    request = ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {}, deleting=True)
    events: list[Event] = []
    while azure.now < NOW + timedelta(minutes=10):
        outcome = await engine.reconcile(request, Journal())
        request, events = replace(request, status=outcome.status), [*events, *outcome.events]
        if outcome.released:
            break
        azure.now += outcome.requeue_after or timedelta(minutes=30)
    assert [event.reason for event in events] == ["Deleting", "Released"]
    assert len(azure.deleted) == 1
    assert azure.now - NOW <= timedelta(seconds=seconds + 15)
