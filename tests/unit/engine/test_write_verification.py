"""A write that Azure takes and that leaves everything as it was: told, and repeated ever more slowly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import NOW, VAULT, shown

from secureml_reconcilers.azure.arm import Accepted, Present
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import ReconcileResult, Status
    from secureml_reconcilers.engine.view import View


@dataclass
class Azure:
    """One vault, and a policy that may undo what is written to it."""

    undoes: bool
    long_running: bool
    access: str = "Enabled"
    now: datetime = NOW
    writes: list[datetime] = field(default_factory=list)

    async def read(self, target: ResourceId) -> Present:
        """Show the vault."""
        return shown(target, properties={"publicNetworkAccess": self.access})

    async def write(self, *_: Any, **__: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Take the write."""
        self.writes.append(self.now)
        self.access = self.access if self.undoes else "Disabled"
        return Accepted(None, running=self.long_running)

    async def query(self, *_: str) -> list[Mapping[str, Any]]:
        """Nobody knows who did it."""
        return []


class Vaults:
    """A kind that closes one vault."""

    def declare(self, _: Mapping[str, Any], owner: str) -> Composition:
        """It is closed."""

        def blocks(view: View) -> Blocks:
            view.get(VAULT)
            closed = {"properties": {"publicNetworkAccess": "Disabled"}}
            yield Ensure(VAULT, closed, "it answers the internet")

        return Composition((Aspect("VaultClosed", blocks),), owner)


class Journal:
    """Nothing is kept."""

    async def announce(self, _: Status) -> None:
        """Take it."""


@dataclass
class Run:
    """One custom resource, for as long as a test lets it run."""

    azure: Azure
    request: ReconcileRequest = field(
        default_factory=lambda: ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {})
    )
    outcomes: list[ReconcileResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(Vaults(), self.azure, clock=lambda: self.azure.now, cluster="east")  # type: ignore[arg-type]

    async def step(self) -> ReconcileResult:
        """One pass; time goes on by what it asks for, or to the resync."""
        outcome = await self.engine.reconcile(self.request, Journal())
        self.request = replace(self.request, status=outcome.status)
        self.outcomes.append(outcome)
        self.azure.now += outcome.requeue_after or timedelta(minutes=30)
        return outcome

    def told(self, kind: str) -> dict[str, Any]:
        """One condition as it stands."""
        return next(c for c in self.request.status["conditions"] if c["type"] == kind)


@pytest.mark.parametrize("long_running", [False, True])
async def test_what_is_undone_is_told_and_repeated_ever_more_slowly(*, long_running: bool) -> None:
    """A policy with effect Modify opens the vault again, whatever is written.

    The write was once sent eight times in a pass and then forgotten for half an hour, still called progress;
    a long-running one was sent every three seconds for ever.
    """
    run = Run(Azure(undoes=True, long_running=long_running))
    while run.azure.now < NOW + timedelta(hours=1):
        await run.step()
    pauses = [late - early for early, late in zip(run.azure.writes, run.azure.writes[1:], strict=False)]
    assert timedelta(seconds=12) <= pauses[0] <= timedelta(seconds=30)
    assert timedelta(minutes=4) <= pauses[-1] <= timedelta(minutes=7)
    seen = next(each for each in run.outcomes if each.status["conditions"][0]["reason"] == "WriteReverted")
    aspect = next(c for c in seen.status["conditions"] if c["type"] == "VaultClosed")
    assert (aspect["status"], aspect["reason"]) == ("False", "WriteReverted")
    assert "publicNetworkAccess is 'Enabled' and should be 'Disabled'" in aspect["message"]
    assert "policy" in aspect["message"]
    told = [event.reason for each in run.outcomes for event in each.events if event.type == "Warning"]
    assert told == ["WriteReverted"], "once, however often it is tried"


@pytest.mark.parametrize("long_running", [False, True])
async def test_what_held_in_between_is_drift_however_often_it_comes(*, long_running: bool) -> None:
    """Somebody opens the vault every half hour: it is closed at once each time, and no write is called futile."""
    run = Run(Azure(undoes=False, long_running=long_running))
    for number in range(1, 4):
        run.azure.access = "Enabled"
        while (await run.step()).requeue_after is not None:
            pass
        assert len(run.azure.writes) == number
        assert run.told("Ready")["status"] == "True"
    assert {event.reason for outcome in run.outcomes for event in outcome.events if event.type == "Warning"} == {
        "DriftDetected"
    }


async def test_once_it_stays_all_is_well() -> None:
    """The vault is exempted from the policy: the next write stays, and the next failure counts anew."""
    run = Run(Azure(undoes=True, long_running=False))
    for _ in range(5):
        await run.step()
    run.azure.undoes = False
    while (await run.step()).requeue_after is not None:
        pass
    assert run.told("Ready")["status"] == "True"
    run.azure.access, run.azure.undoes = "Enabled", True
    outcome = await run.step()
    assert outcome.requeue_after is not None
    assert outcome.requeue_after < timedelta(seconds=30)
