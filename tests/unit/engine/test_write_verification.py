"""A write that Azure takes and that leaves everything as it was: told, and repeated ever more slowly."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import VAULT, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View


def closed(view: View) -> Blocks:
    """The vault is closed."""
    view.get(VAULT)
    yield wants(VAULT)


def an_open_vault(*, undoes: bool, long_running: bool) -> Run:
    """A custom resource that closes one vault, and perhaps a policy that opens it again at once."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties={"publicNetworkAccess": "Enabled"}))
    arm.undoes = {VAULT.key} if undoes else set()
    arm.takes = {VAULT.key: timedelta()} if long_running else {}
    return Run(Kind(closed, "VaultClosed"), arm)


@pytest.mark.parametrize("long_running", [False, True])
async def test_what_is_undone_is_told_and_repeated_ever_more_slowly(*, long_running: bool) -> None:
    """A policy with effect Modify opens the vault again, whatever is written.

    The write was once sent eight times in a pass and then forgotten for half an hour, still called progress;
    a long-running one was sent every three seconds for ever.
    """
    run = an_open_vault(undoes=True, long_running=long_running)
    await run.run_for(timedelta(hours=1))
    pauses = [late - early for early, late in pairwise(run.arm.written_at(VAULT))]
    assert timedelta(seconds=12) <= pauses[0] <= timedelta(seconds=30)
    assert timedelta(minutes=4) <= pauses[-1] <= timedelta(minutes=7)
    seen = next(each for each in run.results if each.status["conditions"][0]["reason"] == "WriteReverted")
    aspect = next(c for c in seen.status["conditions"] if c["type"] == "VaultClosed")
    assert (aspect["status"], aspect["reason"]) == ("False", "WriteReverted")
    assert "publicNetworkAccess is 'Enabled' and should be 'Disabled'" in aspect["message"]
    assert "policy" in aspect["message"]
    told = [event.reason for event in run.events("Warning")]
    assert told == ["WriteReverted"], "once, however often it is tried"


@pytest.mark.parametrize("long_running", [False, True])
async def test_what_held_in_between_is_drift_however_often_it_comes(*, long_running: bool) -> None:
    """Somebody opens the vault every half hour: it is closed at once each time, and no write is called futile."""
    run = an_open_vault(undoes=False, long_running=long_running)
    for number in range(1, 4):
        run.arm.set(VAULT, publicNetworkAccess="Enabled")
        while (await run.step()).requeue_after is not None:
            pass
        assert len(run.arm.writes) == number
        assert run.condition("Ready")["status"] == "True"
    assert {event.reason for event in run.events("Warning")} == {"DriftDetected"}


async def test_once_it_stays_all_is_well() -> None:
    """The vault is exempted from the policy: the next write stays, and the next failure counts anew."""
    run = an_open_vault(undoes=True, long_running=False)
    for _ in range(5):
        await run.step()
    run.arm.undoes = set()
    while (await run.step()).requeue_after is not None:
        pass
    assert run.condition("Ready")["status"] == "True"
    run.arm.set(VAULT, publicNetworkAccess="Enabled")
    run.arm.undoes = {VAULT.key}
    outcome = await run.step()
    assert outcome.requeue_after is not None
    assert outcome.requeue_after < timedelta(seconds=30)
