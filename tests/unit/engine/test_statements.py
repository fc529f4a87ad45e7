"""Several statements about one resource: each is written by itself, and one that fails holds up no other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.engine.building import VAULT, problem, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.problem import Retry

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

OPEN = {"publicNetworkAccess": "Enabled", "imageBuildCompute": "old"}


def named_then_closed(view: View) -> Blocks:
    """Two statements about one vault: a setting of its own first, then it is closed."""
    view.get(VAULT)
    yield wants(VAULT, fragment={"properties": {"imageBuildCompute": "new"}}, part="imageBuild")
    yield wants(VAULT)


def written(run: Run) -> list[Any]:
    """The bodies of all writes."""
    return [write.body for write in run.arm.writes]


def opened(**parts: Any) -> FakeArm:  # noqa: ANN401 - whatever the stand-in takes
    """An Azure whose vault is open and names the wrong cluster."""
    return FakeArm(FakeClock(), **parts).put(shown(VAULT, properties=OPEN))


async def test_each_statement_is_a_write_of_its_own() -> None:
    """In their order, and one after the other, for Azure takes one write at a time."""
    run = Run(Kind(named_then_closed, "Closed"), opened())
    await run.look()
    assert written(run) == [
        {"properties": {"imageBuildCompute": "new"}},
        {"properties": {"publicNetworkAccess": "Disabled"}},
    ]
    assert run.condition("Closed")["status"] == "True"


async def test_a_statement_that_is_refused_holds_up_no_other() -> None:
    """A cluster's name that Azure does not take is no reason to leave the vault open."""
    denied = [problem("DeniedByPolicy", retry=Retry.NEVER)]
    run = Run(
        Kind(named_then_closed, "Closed"), opened(refuses={VAULT.key: lambda: denied.pop() if denied else None})
    )
    await run.look()
    assert written(run) == [{"properties": {"publicNetworkAccess": "Disabled"}}]
    assert run.condition("Closed")["reason"] == "DeniedByPolicy"


async def test_what_was_written_has_effect_after_a_while() -> None:
    """Azure shows a firewall rule at once and heeds it minutes later: what leans on it waits, and nobody looks."""
    lag = timedelta(minutes=15)

    def let_in_then_closed(view: View) -> Blocks:
        view.get(VAULT)
        let_in = wants(VAULT, fragment={"properties": {"imageBuildCompute": "new"}}, part="way", takes_effect=lag)
        yield let_in
        yield wants(VAULT, fragment={"properties": {"other": "part"}}, part="other")
        yield wants(VAULT, after=(let_in,))

    run = Run(Kind(let_in_then_closed, "Closed"), opened())
    first = await run.look()
    told = [{"properties": {"imageBuildCompute": "new"}}, {"properties": {"other": "part"}}]
    assert (written(run), first.requeue_after) == (told, lag), "another part is written at once"
    assert run.condition("Closed")["message"] == f"{VAULT.short} waits until {VAULT.short} (way) is in order."
    reads = len(run.arm.reads)
    run.clock.advance(timedelta(minutes=14))
    await run.look()
    assert written(run) == told
    assert len(run.arm.reads) - reads <= 2
    run.clock.advance(timedelta(minutes=1))
    await run.look()
    assert written(run)[2:] == [{"properties": {"publicNetworkAccess": "Disabled"}}]
    assert run.condition("Closed")["status"] == "True"


async def test_what_was_so_before_has_effect() -> None:
    """Only what we wrote ourselves may be too new."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties={"publicNetworkAccess": "Disabled"}))
    run = Run(Kind(_closed_at_once, "Closed"), arm)
    outcome = await run.look()
    assert (run.condition("Closed")["status"], outcome.requeue_after) == ("True", None)


def _closed_at_once(view: View) -> Blocks:
    view.get(VAULT)
    yield wants(VAULT, takes_effect=timedelta(minutes=15))
