"""What was refused is left alone for a while: until its time, a success, or an edit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import VAULT, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.problem import Retry

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

OPEN, SHUT = {"publicNetworkAccess": "Enabled"}, {"publicNetworkAccess": "Disabled"}
LOCKED = problem("Locked", retry=Retry.SLOW)
DENIED = problem("DeniedByPolicy", retry=Retry.NEVER)


def closed(view: View) -> Blocks:
    """The vault is closed."""
    view.get(VAULT)
    yield wants(VAULT)


def refused(trouble: Exception) -> Run:
    """A custom resource whose vault is open, and may not be written."""
    arm = FakeArm(FakeClock(), refuses={VAULT.key: trouble}).put(shown(VAULT, properties=OPEN))  # type: ignore[dict-item]
    return Run(Kind(closed, "Closed"), arm)


def wait(run: Run) -> float:
    """Seconds until the pass that was asked for."""
    asked = run.results[-1].requeue_after
    assert asked is not None
    return asked.total_seconds()


async def test_what_was_refused_is_repeated_ever_more_slowly() -> None:
    """And nothing in between: a pass that comes for another reason leaves it alone."""
    run, waits = refused(LOCKED), []
    for _ in range(3):
        await run.look()
        waits.append(wait(run))
        run.clock.advance(timedelta(seconds=waits[-1]))
    for found, middle in zip(waits, [15, 30, 60], strict=True):
        assert 0.8 * middle <= found <= 1.2 * middle
    run.arm.refuses = {}
    run.clock.advance(-timedelta(seconds=1))
    await run.look()
    assert (run.arm.writes, run.condition("Closed")["reason"]) == ([], "Locked")


async def test_an_edit_tries_anew_what_was_refused() -> None:
    """The author mends the spec and looks at the screen: ten minutes later is too late."""
    run = refused(DENIED)
    await run.look()
    assert wait(run) > 400
    run.arm.refuses = {}
    run.clock.advance(timedelta(seconds=10))
    await run.look()
    assert run.arm.writes == [], "it is left alone as long as nobody edits anything"
    run.edit(generation=2)
    await run.look()
    assert run.arm.written() == [f"PATCH {VAULT.short}"]
    assert run.condition("Closed")["status"] == "True"


@pytest.mark.parametrize("by_us", [True, False], ids=["our write succeeded", "somebody else put it right"])
async def test_a_success_ends_the_row_of_failures(*, by_us: bool) -> None:
    """The next failure is a first one: a lock of last week does not make this one's last for five minutes."""
    run = refused(LOCKED)
    for _ in range(4):
        await run.step()
    if by_us:
        run.arm.refuses = {}
    else:
        run.arm.set(VAULT, **SHUT)
    await run.look()
    assert (run.condition("Closed")["status"], run.ledger.failures) == ("True", {})
    run.arm.refuses = {VAULT.key: LOCKED}
    run.arm.set(VAULT, **OPEN)
    run.clock.advance(timedelta(minutes=30))
    await run.look()
    assert 12 <= wait(run) <= 18


async def test_an_operation_that_failed_and_then_succeeded_leaves_nothing_behind() -> None:
    """Its failure concerned all custom resources, and so does its success."""
    run = refused(LOCKED)
    run.arm.refuses, run.arm.fails = {}, {VAULT.key: LOCKED}
    run.arm.takes = {VAULT.key: timedelta(seconds=3)}
    await run.step()
    await run.look()
    assert [failure.ended for failure in run.ledger.failures.values()] == [True]
    run.arm.fails = {}
    await run.settle()
    assert (run.condition("Closed")["status"], run.ledger.failures) == ("True", {})


async def test_who_asks_for_a_pass_has_everything_tried_anew() -> None:
    """The policy is gone, and a person says so by the annotation: nobody waits out the rest of the pause."""
    run = refused(DENIED)
    await run.look()
    run.arm.refuses = {}
    await run.look()
    assert run.arm.writes == []
    run.request = replace(run.request, asked_at="now")
    await run.look()
    assert run.condition("Closed")["status"] == "True"
    assert len(run.arm.writes) == 1


def in_parts(view: View) -> Blocks:
    """The vault is closed by one write, and its firewall set by another."""
    view.get(VAULT)
    shut = wants(VAULT, part="access")
    yield shut
    yield wants(VAULT, fragment={"properties": {"networkAcls": {"defaultAction": "Deny"}}}, part="firewall")


@pytest.mark.parametrize("refused_part", ["publicNetworkAccess", "networkAcls"])
async def test_a_part_that_is_refused_keeps_no_other_back(refused_part: str) -> None:
    """What closes a vault is written though its firewall cannot be, and the other way round."""
    refuses = {f"{VAULT.key}#{refused_part}": LOCKED}
    arm = FakeArm(FakeClock(), refuses=refuses).put(shown(VAULT, properties=OPEN))  # type: ignore[arg-type]
    run = Run(Kind(in_parts, "Closed"), arm)
    await run.look()
    written = [name for write in run.arm.writes for name in write.body["properties"]]  # type: ignore[index]
    assert written == [name for name in ("publicNetworkAccess", "networkAcls") if name != refused_part]
    assert run.condition("Closed")["reason"] == "Locked"


async def test_each_part_is_looked_at_by_itself_when_it_was_written() -> None:
    """A policy undoes one of two parts, and that one is told."""
    arm = FakeArm(FakeClock(), undoes={f"{VAULT.key}#networkAcls"}).put(shown(VAULT, properties=OPEN))
    run = Run(Kind(in_parts, "Closed"), arm)
    await run.look()
    assert run.condition("Closed")["reason"] == "WriteReverted"
    assert "networkAcls" in run.condition("Closed")["message"]
