"""The wall's clock is set back in the midst of a convergence: nothing is decided by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, LINK, NOW, VAULT, fact, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.problem import Retry
from secureml_reconcilers.engine.clock import SystemClock, began

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

BACK = pytest.mark.parametrize("back", [timedelta(minutes=4), timedelta(minutes=20)], ids=["4 min", "20 min"])
OPEN = {"publicNetworkAccess": "Enabled"}


def closed_after_the_link(view: View) -> Blocks:
    """The account is closed once a link is made, and as long as the endpoint is approved."""
    view.ask(ENDPOINT, ACCOUNT)
    body = view.get(ENDPOINT) or {}
    approved = body.get("properties", {}).get("approved") is True
    link = wants(LINK, fragment={}, create={}, shared=True)
    yield link
    check = fact("the endpoint is approved", holds=approved, reason="Rejected", about=ENDPOINT)
    yield check
    yield wants(ACCOUNT, after=(link, check), evidence=(ENDPOINT,))


def converging() -> Run:
    """A custom resource that makes a link, which takes 37 seconds, before it closes an account."""
    arm = FakeArm(FakeClock(), takes={LINK.key: timedelta(seconds=37)})
    arm.put(shown(ENDPOINT, properties={"approved": True}), shown(ACCOUNT, properties=OPEN))
    return Run(Kind(closed_after_the_link, "Closed"), arm)


@BACK
async def test_nothing_is_closed_on_what_was_read_before_it(back: timedelta) -> None:
    """The endpoint was rejected meanwhile, and the account was closed all the same.

    The reading of the first pass bore an instant that lay ahead of the second one: it counted as made just before.
    """
    run = converging()
    await run.step()
    run.clock.set_back(back)
    run.arm.set(ENDPOINT, approved=False)
    await run.run_for(timedelta(minutes=2))
    assert run.arm.written() == [f"PUT {LINK.short}"]
    assert run.condition("Closed")["reason"] == "Rejected"


@BACK
async def test_operations_are_looked_at_in_time(back: timedelta) -> None:
    """The next look lay minutes ahead all of a sudden: nothing was asked for 400 s."""
    undisturbed, run = converging(), converging()
    for each in (undisturbed, run):
        await each.step()
    run.clock.set_back(back)
    for each in (undisturbed, run):
        await each.settle()
    assert run.clock.passed == undisturbed.clock.passed <= timedelta(seconds=45)
    assert run.arm.reads == undisturbed.arm.reads
    assert run.arm.written() == [f"PUT {LINK.short}", f"PATCH {ACCOUNT.short}"]


def closed(view: View) -> Blocks:
    """The vault is closed."""
    view.get(VAULT)
    yield wants(VAULT)


@BACK
async def test_what_failed_is_repeated_in_time(back: timedelta) -> None:
    """A lock that was gone was still shown, until the wall's clock came again to where it had been."""
    arm = FakeArm(FakeClock(), refuses={VAULT.key: problem("Locked", retry=Retry.SLOW)})
    run = Run(Kind(closed, "Closed"), arm.put(shown(VAULT, properties=OPEN)))
    await run.look()
    run.clock.set_back(back)
    arm.refuses = {}
    await run.settle()
    assert run.clock.passed <= timedelta(seconds=20)
    assert (run.condition("Closed")["status"], len(arm.writes)) == ("True", 1)


@BACK
async def test_readings_do_not_stay_for_longer(back: timedelta) -> None:
    """While the link is made all else may be two minutes old, and no older for what the clock was set back."""
    run = converging()
    run.arm.takes = {LINK.key: timedelta(minutes=10)}
    await run.step()
    run.clock.set_back(back)
    await run.run_for(timedelta(minutes=5))
    assert run.arm.reads_of(ACCOUNT) >= 2


async def test_after_a_restart_an_operation_dated_ahead_is_taken_for_new() -> None:
    """The status names when it began by a clock that was set back since, and the handle is gone."""
    run = converging()
    await run.step()
    run.clock.set_back(timedelta(minutes=20))
    run.restart()
    await run.settle()
    assert run.arm.written() == [f"PUT {LINK.short}", f"PATCH {ACCOUNT.short}"]
    assert run.clock.passed <= timedelta(minutes=2)


BEGAN = [  # what a status says       how long it goes already
    pytest.param(NOW - timedelta(minutes=3), timedelta(minutes=3), id="a date of the past"),
    pytest.param(NOW + timedelta(minutes=3), timedelta(), id="one that lies ahead"),
]


@pytest.mark.parametrize(("since", "age"), BEGAN)
def test_a_date_becomes_a_moment(since: datetime, age: timedelta) -> None:
    """From there on only the other clock counts."""
    clock = FakeClock()
    assert clock.monotonic() - began(since, clock) == age


def test_the_machine_s_clocks() -> None:
    """One knows the time zone, the other never goes back."""
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta()
    assert clock.monotonic() <= clock.monotonic()
