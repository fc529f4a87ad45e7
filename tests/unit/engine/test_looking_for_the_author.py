"""Who did it is asked of a log that is minutes behind: that costs little, and hides nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import GROUP, NOW, VAULT, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.engine.attribution import PATIENCE
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

ACCOUNTS = [GROUP.resource("Microsoft.Storage/storageAccounts", f"a{number}") for number in range(30)]
OPEN, SHUT = {"publicNetworkAccess": "Enabled"}, {"publicNetworkAccess": "Disabled"}


def all_closed(view: View) -> Blocks:
    """A vault is closed, and thirty accounts are."""
    view.ask(VAULT, *ACCOUNTS)
    yield from map(wants, (VAULT, *ACCOUNTS))


def row() -> dict[str, Any]:
    """Alice has opened the vault, as the change log tells it."""
    access = {"properties.publicNetworkAccess": {"previousValue": "Disabled", "newValue": "Enabled"}}
    by = {
        "timestamp": stamp(NOW + timedelta(minutes=29)),
        "changedBy": "alice@contoso.com",
        "clientType": "Portal",
    }
    change = {"targetResourceId": VAULT.text, "changeType": "Update", "changeAttributes": by, "changes": access}
    return {"properties": change}


async def repaired(*, known: bool = False) -> Run:
    """A custom resource that had converged; the vault was opened, and the pass that finds it closes it again."""
    arm = FakeArm(FakeClock()).put(*(shown(each, properties=SHUT) for each in (VAULT, *ACCOUNTS)))
    run = Run(Kind(all_closed, "Closed"), arm)
    await run.step()
    arm.set(VAULT, **OPEN)
    arm.rows = [row()] if known else []
    for each in (arm.reads, arm.queries):
        each.clear()
    await run.look()
    assert arm.written() == [f"PATCH {VAULT.short}"]
    return run


def attributed(run: Run) -> list[str]:
    """What was told of who did it."""
    return [event.message for event in run.events() if event.reason == "DriftAttributed"]


async def test_a_name_that_never_shows_costs_hardly_more_than_one_that_does() -> None:
    """All was read anew each time the log was asked: 436 requests in 14 passes, where 33 find the name at once."""
    found, never = await repaired(known=True), await repaired()
    for run in (found, never):
        await run.go_on()
    assert len(attributed(found)) == 1
    assert attributed(never) == []
    assert found.arm.requests <= 36
    assert never.arm.requests <= 1.5 * found.arm.requests
    assert never.arm.requests > found.arm.requests, "it was asked for more than once"
    assert never.clock.passed - timedelta(minutes=30) <= 2 * PATIENCE


async def test_a_name_that_shows_after_minutes_is_told() -> None:
    """The log is some minutes behind; nothing is read but the log, and the status stays as it is."""
    run = await repaired()
    before, reads = run.request.status, len(run.arm.reads)
    run.clock.advance(run.results[-1].requeue_after or timedelta())
    for _ in range(3):
        await run.step()
    run.arm.rows = [row()]
    await run.settle()
    (told,) = attributed(run)
    assert told.startswith("vaults/fraudvault was changed by alice@contoso.com with Portal")
    assert (run.request.status, len(run.arm.reads)) == (before, reads)
    assert len(run.arm.queries) == 5


EARLIER = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sooner", "reads"),
    [
        pytest.param(EARLIER, len(ACCOUNTS) + 1, id="sooner than asked: it comes for another reason"),
        pytest.param(timedelta(), 0, id="in time: it comes for the name alone"),
    ],
)
async def test_who_comes_sooner_than_asked_looks_at_everything(sooner: timedelta, reads: int) -> None:
    """Somebody opens an account meanwhile, and the shell is told of an event."""
    run = await repaired()
    run.arm.set(ACCOUNTS[0], **OPEN)
    run.arm.reads.clear()
    run.clock.advance((run.results[-1].requeue_after or timedelta()) - sooner)
    await run.look()
    assert len({key for key, _ in run.arm.reads}) == reads
    assert (f"PATCH {ACCOUNTS[0].short}" in run.arm.written()) is bool(reads)


async def test_an_edit_is_looked_at_though_a_name_is_awaited() -> None:
    """Nobody's name keeps a new spec waiting."""
    run = await repaired()
    run.edit(generation=2)
    run.arm.reads.clear()
    run.clock.advance(run.results[-1].requeue_after or timedelta())
    await run.look()
    assert len(run.arm.reads) == len(ACCOUNTS) + 1
    assert run.request.status["observedGeneration"] == 2


async def test_what_drifts_while_a_name_is_awaited_is_put_right_after_it() -> None:
    """The log is asked for minutes; then the resync finds the account, and its own case is opened."""
    run = await repaired()
    run.arm.set(ACCOUNTS[0], **OPEN)
    await run.go_on()
    run.clock.advance(timedelta(minutes=30))
    await run.look()
    assert run.arm.get(ACCOUNTS[0], "publicNetworkAccess") == "Disabled"
    assert [event.reason for event in run.events("Warning")] == ["DriftDetected", "DriftDetected"]
