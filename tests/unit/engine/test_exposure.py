"""What is open is on its way, or told: when, for what reason, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import (
    ENDPOINT,
    NOBODYS,
    NOW,
    VAULT,
    fact,
    pending,
    problem,
    readings,
    said,
    shown,
    wants,
)
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.problem import Retry, Severity
from secureml_reconcilers.engine.blocks import Closing, Way
from secureml_reconcilers.engine.evaluation import Situation, evaluate
from secureml_reconcilers.engine.exposure import Exposure, is_due_again
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.engine.blocks import Block, Blocks
    from secureml_reconcilers.engine.view import View

OPEN = {"publicNetworkAccess": "Enabled"}
THEIRS = Way(
    "vault from churn", (wants(ENDPOINT, fragment={}, create={"location": "here"}),), owner="team-b/churn"
)
BY_HAND = "az keyvault update --public-network-access Disabled"


def closes(*gates: Block, others: tuple[Way, ...] = ()) -> Callable[[View], Blocks]:
    """The vault is closed once its gates hold, and those of others."""

    def blocks(view: View) -> Blocks:
        body = view.get(VAULT) or {}
        exposed = body["properties"].get("publicNetworkAccess") == "Enabled"
        way = Way("vault from ml", gates)
        closing = Closing("The vault fraudvault", exposed, (way,), BY_HAND, not exposed, others)
        yield from gates
        yield wants(VAULT, closing=closing, after=(*gates, *(gate for each in others for gate in each.gates)))

    return blocks


def run_of(*gates: Block, status: dict[str, Any] | None = None, **parts: Any) -> Run:  # noqa: ANN401 - of `closes`
    """A custom resource whose vault is open."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties=OPEN))
    return Run(Kind(closes(*gates, **parts), "Closed"), arm, status=status)


async def told_after(run: Run, time: timedelta) -> list[str]:
    """The Exposed events of so long a time."""
    begun = len(run.results)
    await run.run_for(time)
    events = [event for result in run.results[begun:] for event in result.events]
    return [event.message for event in events if event.reason == "Exposed"]


async def test_what_stands_in_the_way_is_an_error_that_says_how_to_close_by_hand() -> None:
    """Condition, finding, status and event, each with what is open."""
    run = run_of(fact())
    await run.look()
    condition = run.condition("Closed")
    assert (condition["status"], condition["reason"]) == ("False", "Exposed")
    for words in (f"The vault fraudvault answers the internet, seen first at {stamp(NOW)}", BY_HAND):
        assert words in condition["message"]
    finding = run.request.status["findings"][0]
    assert (finding["severity"], finding["resource"]) == ("Error", VAULT.text)
    assert run.request.status["services"] == [
        {"id": VAULT.text, "publicAccess": "Open", "exposedSince": stamp(NOW)}
    ]
    assert run.request.status["exposedServices"] == 1


async def test_it_is_told_again_ever_more_rarely() -> None:
    """At once, and after 10, 20, 40, 80 and 160 minutes; a new process says nothing twice."""
    run = run_of(fact())
    assert len(await told_after(run, timedelta(hours=3))) == 6
    run.restart()
    begun = len(run.results)
    await run.look()
    assert [event for result in run.results[begun:] for event in result.events] == []


@pytest.mark.parametrize(
    ("minutes", "times"), [(9, 0), (10, 1), (19, 1), (20, 2), (40, 3), (24 * 60, 9), (48 * 60, 10), (72 * 60, 11)]
)
def test_reminders_end_up_a_day_apart(minutes: int, times: int) -> None:
    """Counted from when it was first seen open."""
    left_open = Exposure(wants(VAULT), stamp(NOW), None)
    seen = [
        is_due_again(left_open, NOW + timedelta(minutes=each), NOW + timedelta(minutes=each + 1))
        for each in range(minutes)
    ]
    assert sum(seen) == times


async def test_what_passes_by_itself_is_told_when_it_does_not_pass() -> None:
    """Azure is busy for a moment: nobody is warned; for ten minutes, it stands open and is told."""
    run = run_of()
    run.arm.refuses = {VAULT.key: problem("AzureBusy", retry=Retry.SOON, severity=Severity.NOBODY)}
    assert await told_after(run, timedelta(minutes=8)) == []
    assert len(await told_after(run, timedelta(minutes=8))) >= 1


async def test_what_waits_for_too_long_is_told_though_what_it_waits_for_may_still_come() -> None:
    """An approval, say: for an hour that is the usual course, and then the service has been open for an hour."""
    run = run_of(pending())
    assert await told_after(run, timedelta(minutes=50)) == []
    assert len(await told_after(run, timedelta(minutes=30))) >= 1
    assert run.condition("Closed")["reason"] == "Exposed"


async def test_what_was_closed_and_cannot_be_closed_at_once_is_told_at_once() -> None:
    """Its endpoint is being made anew: that takes its time, and meanwhile it answers everybody."""
    coming = wants(ENDPOINT, fragment={}, create={"location": "here"})
    arm = FakeArm(FakeClock(), takes={ENDPOINT.key: timedelta(minutes=2)}).put(
        shown(VAULT, properties={"publicNetworkAccess": "Disabled"})
    )
    run = Run(Kind(closes(coming), "Closed"), arm)
    await run.settle()
    assert run.request.status["services"][0]["privateWays"] == ["vault from ml"]
    del arm.bodies[ENDPOINT.key]
    arm.set(VAULT, **OPEN)
    run.clock.advance(timedelta(hours=1))
    await run.look()
    assert run.condition("Closed")["reason"] == "Exposed"
    await run.settle()
    assert run.condition("Closed")["status"] == "True"
    assert "exposedSince" not in run.request.status["services"][0]


async def test_whom_a_shared_service_waits_for_is_named() -> None:
    """F6: the other's endpoint is not there, and nobody can tell when it will be."""
    run = run_of(others=(THEIRS,))
    assert await told_after(run, timedelta(minutes=8)) == []
    await told_after(run, timedelta(minutes=30))
    message = run.condition("Closed")["message"]
    closing = wants(
        VAULT, closing=Closing("It", exposed=True, ways=(), by_hand=BY_HAND, others=(THEIRS,)), after=THEIRS.gates
    )
    situation = Situation(readings({VAULT: shown(VAULT, properties=OPEN)}), Ledger(FakeClock()), NOBODYS)
    assert evaluate([said("Closed", closing)], situation).obstacles[closing.key].reason == "WaitsForAnother"
    assert "team-b/churn declares it as well, and its private way (vault from churn) does not work yet" in message
    assert [each.id for each in run.arm.writes] == []


async def test_a_service_that_cannot_be_read_stays_as_it_was_seen() -> None:
    """Nothing new is known of it."""
    run = run_of(fact())
    await run.look()
    run.arm.unreadable[VAULT.key] = problem("AzureBusy", retry=Retry.SOON, severity=Severity.NOBODY)
    run.clock.advance(timedelta(hours=1))
    await run.look()
    assert run.request.status["services"][0]["publicAccess"] == "Open"


async def test_a_service_that_is_closed_and_failed_is_written_again() -> None:
    """The process that had written it died before it saw the failure, and nobody knew of it any more."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, "Failed", properties={"publicNetworkAccess": "Disabled"}))
    run = Run(Kind(closes(), "Closed"), arm)
    await run.settle()
    assert ([write.id for write in arm.writes], arm.get(VAULT, "provisioningState")) == ([VAULT], "Succeeded")
    assert {each["publicAccess"] for result in run.results for each in result.status["services"]} == {"Closed"}
