"""A pass acts and looks again a few times; what takes longer goes on in the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.engine.building import GROUP, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.engine.reconciler import TURNS

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks, Ensure
    from secureml_reconcilers.engine.view import View

ACCOUNTS = [GROUP.resource("Microsoft.Storage/storageAccounts", f"a{number}") for number in range(TURNS + 3)]


def one_by_one(view: View) -> Blocks:
    """Each account waits for the one before."""
    before: tuple[Ensure, ...] = ()
    for account in ACCOUNTS:
        view.answer(account)
        before = (wants(account, fragment={}, create={}, shared=True, after=before),)
        yield from before


async def test_what_takes_more_turns_than_a_pass_has_goes_on_soon() -> None:
    """Eleven accounts, one after the other: the last three once waited for the resync, half an hour later."""
    arm = FakeArm(FakeClock())
    run = Run(Kind(one_by_one, "Made"), arm)
    first = await run.look()
    assert len(arm.bodies) == TURNS
    assert first.requeue_after is not None
    assert first.requeue_after <= timedelta(seconds=1)
    second = await run.look()
    assert (len(arm.bodies), second.requeue_after) == (len(ACCOUNTS), None)
