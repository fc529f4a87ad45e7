"""What once went wrong between passes, resources and Azure: each test tells one such story, and its right end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    NETWORK,
    NOW,
    VAULT,
    ZONE,
    pending,
    problem,
    reading,
    shown,
    wants,
)
from tests.unit.engine.fakes import FakeArm, FakeClock, Journal, Kind, Run, TakenError

from secureml_reconcilers.azure.problem import AzureProblem, Retry
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import EnsureAbsent
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.readings import LONGEST_LINE
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks, Ensure
    from secureml_reconcilers.engine.ledger import Record
    from secureml_reconcilers.engine.view import View

ACCESS = "publicNetworkAccess"
OPEN, SHUT = {ACCESS: "Enabled"}, {ACCESS: "Disabled"}
CONNECTION = ACCOUNT.child("privateEndpointConnections", "fraud-blob")
SUBNETS = NETWORK.child("subnets", "a"), NETWORK.child("subnets", "b")
APPROVAL = f"PUT {CONNECTION.short}"
CLOSING = f"PATCH {ACCOUNT.short}"


def says(*blocks: Ensure | EnsureAbsent) -> Callable[[View], Blocks]:
    """These, whatever Azure shows."""
    return lambda _: iter(blocks)


def all_removed(inventory: tuple[str, ...]) -> Callable[[View], Blocks]:
    """Nothing that is listed is there."""
    listed = [resource_id(each) for each in inventory]
    return says(*(EnsureAbsent(each, "the resource was deleted", shared=True) for each in listed))


def closing(account: dict[str, Any], **parts: Any) -> Run:  # noqa: ANN401 - what a run may vary
    """A custom resource that closes an account, which shows this at first."""
    arm = FakeArm(FakeClock()).put(shown(ACCOUNT, properties=account))
    return Run(Kind(says(wants())), arm, **parts)


def is_closed(run: Run) -> bool:
    """Whether the account answers the internet no more."""
    return bool(run.arm.get(ACCOUNT, ACCESS) == "Disabled")


def told(run: Run, kind: str | None = None) -> list[str]:
    """The reasons of all events so far."""
    return [event.reason for event in run.events(kind)]


# -- deletion ---------------------------------------------------------------------------------------


async def test_a_zone_whose_creation_still_runs_is_waited_for_and_removed() -> None:
    """It is hidden while it is created: once it was taken for gone, and it appeared when nobody knew of it."""
    arm = FakeArm(FakeClock(), takes={ZONE.key: timedelta(seconds=37)})
    zone = wants(ZONE, fragment={}, create={"location": "global"}, shared=True)
    run = Run(Kind(says(zone), by_inventory=all_removed), arm)
    await run.look()
    arm.clock.advance(timedelta(seconds=3))
    run.edit(deleting=True)
    assert not (await run.look()).released
    assert [each["id"] for each in run.request.status["inventory"]] == [ZONE.text], "it is still answered for"
    assert (await run.go_on()).released
    arm.clock.advance(timedelta(minutes=2))
    await arm.read(ZONE)
    assert (arm.bodies, arm.written()) == ({}, [f"PUT {ZONE.short}", f"DELETE {ZONE.short}"])


@pytest.mark.parametrize(
    "forbidden",
    [
        pytest.param(False, id="it was paused"),
        pytest.param(True, id="nothing could be read"),
    ],
)
async def test_a_lost_status_is_noticed_though_a_pass_wrote_conditions_since(*, forbidden: bool) -> None:
    """Any condition once counted as a status that knows what was made, and the endpoint was left behind."""
    endpoint = wants(ENDPOINT, fragment={}, create={"location": "westeurope"})
    run = Run(Kind(says(endpoint), by_inventory=all_removed), FakeArm(FakeClock()))
    run.arm.put(shown(ENDPOINT, tags={"managed-by": "secureml-operator", "secureml-owner": run.owner}))
    if forbidden:
        run.arm.unreadable[ENDPOINT.key] = problem("Forbidden")
    run.edit(paused=not forbidden)
    await run.look()
    assert run.request.status["conditions"]
    assert "inventory" not in run.request.status
    run.arm.unreadable.clear()
    run.clock.advance(timedelta(minutes=5))
    run.edit(deleting=True)
    assert (await run.settle()).released
    assert run.arm.written() == [f"DELETE {ENDPOINT.short}"]


# -- what others wait for ---------------------------------------------------------------------------


def approved_and_closed(view: View) -> Blocks:
    """The connection is approved while the endpoint asks for it, and then the account is closed."""
    body = view.get(ENDPOINT)
    asks = body is not None and body["properties"]["asks"]
    if asks:
        yield wants(CONNECTION, fragment={"properties": {"state": "Approved"}})
    approved = pending("the connection is approved", about=ENDPOINT, holds=not asks)
    yield approved
    yield wants(after=(approved,))


def lost(verb: str, _: ResourceId) -> None:
    """The answer to an approval does not arrive."""
    if verb == "PUT":
        raise problem("AzureUnreachable", outcome_unknown=True, retry=Retry.SOON)


@pytest.mark.parametrize(
    ("takes", "after"),
    [
        pytest.param({CONNECTION.key: timedelta(seconds=2)}, None, id="it was taken"),
        pytest.param({}, lost, id="its answer was lost"),
    ],
)
async def test_an_operation_that_no_block_names_any_more_does_not_lock_its_scope(
    takes: dict[str, timedelta], after: Callable[[str, ResourceId], None] | None
) -> None:
    """Nobody looked at the approval once the endpoint asked for none: the account stayed open for ever."""
    arm = FakeArm(FakeClock(), takes=takes, after=after)
    arm.put(shown(ENDPOINT, properties={"asks": True}), shown(ACCOUNT, properties=OPEN))
    arm.put(shown(CONNECTION, properties={"state": "Pending"}))
    run = Run(Kind(approved_and_closed), arm)
    await run.look()
    arm.set(ENDPOINT, asks=False)
    arm.after = None
    assert arm.written() == [APPROVAL]
    await run.run_for(timedelta(minutes=2))
    assert arm.written() == [APPROVAL, CLOSING]
    assert is_closed(run)


async def test_an_operation_of_a_paused_resource_does_not_lock_its_scope() -> None:
    """Only who had written it looked at it, and that one was paused: another waited for as long as it was."""
    arm = FakeArm(FakeClock(), takes={CONNECTION.key: timedelta(seconds=8)})
    arm.put(shown(ACCOUNT, properties=OPEN), shown(CONNECTION, properties={"state": "Pending"}))
    ledger, approval = Ledger(arm.clock), wants(CONNECTION, fragment={"properties": {"state": "Approved"}})
    first = Run(Kind(says(approval)), arm, name="first", ledger=ledger)
    second = Run(Kind(says(wants())), arm, name="second", ledger=ledger)
    await first.look()
    first.edit(paused=True)
    await first.look()
    await second.run_for(timedelta(minutes=2))
    assert arm.written() == [APPROVAL, CLOSING]
    assert is_closed(second)


async def test_who_waits_for_a_busy_scope_comes_back_soon_whatever_else_failed() -> None:
    """The vault is refused, which is tried again after ten minutes: the subnet once waited that long with it."""
    arm = FakeArm(FakeClock(), takes={SUBNETS[0].key: timedelta(seconds=8)})
    arm.put(*(shown(each, properties={"given": 1}) for each in SUBNETS), shown(VAULT))
    arm.refuses[VAULT.key] = problem("InvalidRequest", retry=Retry.NEVER)
    ledger = Ledger(arm.clock)
    mine, yours = (wants(each, fragment={"properties": {"given": 2}}) for each in SUBNETS)
    first = Run(Kind(says(mine)), arm, name="first", ledger=ledger)
    second = Run(Kind(says(wants(VAULT), yours)), arm, name="second", ledger=ledger)
    await first.look()
    outcome = await second.look()
    assert arm.written() == [f"PUT {SUBNETS[0].short}"]
    assert outcome.requeue_after is not None
    assert outcome.requeue_after <= timedelta(minutes=1)
    await first.go_on()
    await second.run_for(timedelta(minutes=1))
    assert arm.written() == [f"PUT {each.short}" for each in SUBNETS]


async def test_an_operation_whose_answer_has_not_come_is_not_judged_by_anothers_look() -> None:
    """What another read meanwhile showed the account as it was: the operation was called over, and sent twice."""
    sent, answered, patches = asyncio.Event(), asyncio.Event(), []

    async def on_its_way(verb: str, target: ResourceId) -> None:
        if verb == "PATCH":
            patches.append(target)
            sent.set()
            if len(patches) == 1:
                await answered.wait()

    first = closing(OPEN, name="first")
    second = Run(first.kind, first.arm, name="second", ledger=first.ledger)
    first.arm.before = on_its_way
    passing = asyncio.create_task(first.look())
    await sent.wait()
    first.clock.advance(timedelta(seconds=1.5))
    await second.look()
    in_flight = list(patches)
    running = first.ledger.running(ACCOUNT)
    answered.set()
    await passing
    assert in_flight == [ACCOUNT]
    assert running is not None
    assert running.owner == first.owner
    await second.settle()
    assert first.arm.written() == [CLOSING]


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(Ledger.withdraw, id="it was refused"),
        pytest.param(Ledger.end, id="it is over"),
        pytest.param(partial(Ledger.fail, problem=problem()), id="it failed"),
    ],
)
def test_the_end_of_an_operation_takes_no_other_record_away(ends: Callable[[Ledger, Record], None]) -> None:
    """A later write to the target was forgotten with it, or unlocked its scope, while Azure worked on it."""
    ledger = Ledger(FakeClock())
    earlier, later = (ledger.send(ACCOUNT, "PATCH", owner) for owner in ("first", "second"))
    ends(ledger, earlier)
    assert ledger.running(ACCOUNT) is later
    assert ledger.running_beside(CONNECTION) is later


def test_a_later_mark_does_not_hide_an_earlier_one_of_somebody_else() -> None:
    """There was one mark for all: a reading from before another's write was good again after one's own."""
    ledger = Ledger(FakeClock())
    before = reading(ACCOUNT, shown(ACCOUNT), order=ledger.number())
    ledger.mark_written([ACCOUNT])
    assert ledger.is_stale(before, "first")
    ledger.mark_written([ACCOUNT], writer="first")
    assert ledger.is_stale(before, "first")
    after = reading(ACCOUNT, shown(ACCOUNT), order=ledger.number())
    ledger.mark_written([ACCOUNT], writer="first")
    assert not ledger.is_stale(after, "first"), "it knows what it wrote"
    assert ledger.is_stale(after, "second")


# -- looking for the author -------------------------------------------------------------------------


async def repaired() -> Run:
    """A custom resource whose account was opened and is closed again; nobody knows yet who it was."""
    run = closing(SHUT)
    await run.step()
    run.arm.set(ACCOUNT, **OPEN)
    await run.look()
    assert is_closed(run)
    assert run.results[-1].requeue_after is not None
    return run


async def test_a_pass_after_a_pause_looks_at_everything_though_an_author_is_looked_for() -> None:
    """Only the change log was asked, and Ready said for half an hour more that the resource was paused."""
    run = await repaired()
    run.clock.advance(timedelta(seconds=5))
    run.edit(paused=True)
    await run.look()
    run.arm.set(ACCOUNT, **OPEN)
    run.clock.advance(timedelta(minutes=1))
    run.edit(paused=False)
    await run.look()
    assert is_closed(run)
    assert run.condition("Reconciling")["reason"] != "Paused"
    await run.go_on()
    assert run.condition("Ready")["status"] == "True"
    assert "Paused" not in run.condition("Ready")["message"]


async def test_a_pass_after_failed_passes_looks_at_everything_though_an_author_is_looked_for() -> None:
    """The shell had written that nothing is known: only the change log was asked, and it stayed so."""
    run = await repaired()
    run.arm.set(ACCOUNT, **OPEN)
    for _ in range(2):
        run.clock.advance(timedelta(seconds=3))
        with pytest.raises(TakenError):
            await run.look(Journal(takes=0))
    failed = {"status": "Unknown", "reason": "ReconcileFailed", "message": "A pass failed."}
    conditions = [{**each, **failed} for each in run.request.status["conditions"]]
    run.edit(status={**run.request.status, "conditions": conditions})
    run.clock.advance(timedelta(seconds=30))
    await run.look()
    assert is_closed(run)
    assert run.condition("Ready")["reason"] != "ReconcileFailed"


def row(who: str, change: object, when: str) -> dict[str, Any]:
    """Somebody has changed the account, as the change log tells it."""
    by = {"timestamp": when, "changedBy": who, "clientType": "Portal"}
    changed = {"targetResourceId": ACCOUNT.text, "changeType": "Update", "changeAttributes": by}
    return {"properties": {**changed, "changes": {f"properties.{ACCESS}": change}}}


OPENED = {"previousValue": "Disabled", "newValue": "Enabled"}
LATELY = stamp(NOW + timedelta(minutes=29))


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(row("eve@contoso.com", None, LATELY), id="a change that tells no values"),
        pytest.param(row("eve@contoso.com", OPENED, "yesterday"), id="a timestamp that is none"),
    ],
)
async def test_an_odd_row_of_the_change_log_fails_no_pass(odd: dict[str, Any]) -> None:
    """Every pass failed for as long as the row was in the log; the rows beside it name who it was."""
    run = closing(SHUT)
    await run.step()
    run.arm.set(ACCOUNT, **OPEN)
    run.arm.rows = [odd]
    await run.look()
    assert is_closed(run)
    assert told(run).count("DriftDetected") == 1
    run.arm.rows = [odd, row("alice@contoso.com", OPENED, LATELY)]
    await run.go_on()
    named = [event.message for event in run.events() if event.reason == "DriftAttributed"]
    assert any("alice@contoso.com" in each for each in named)


# -- the subscription's budget ----------------------------------------------------------------------


def spent(wait: timedelta) -> AzureProblem:
    """Azure answers nothing for so long."""
    return AzureProblem("Throttled", "The budget is spent.", throttled=True, retry_after=wait)


async def test_of_what_is_throttled_for_long_nothing_is_said_to_be_true() -> None:
    """Ready and InSync stayed True for hours, and the account was open all the while."""
    run = closing(SHUT)
    await run.look()
    run.arm.set(ACCOUNT, **OPEN)
    run.arm.unreadable[ACCOUNT.key] = spent(timedelta(seconds=20))
    await run.run_for(LONGEST_LINE - timedelta(minutes=1))
    assert [run.condition(kind)["status"] for kind in ("Ready", "InSync")] == ["True", "True"]
    await run.run_for(timedelta(minutes=3))
    for kind in ("Ready", "InSync"):
        assert (run.condition(kind)["status"], run.condition(kind)["reason"]) == ("Unknown", "Throttled")
    run.arm.unreadable.clear()
    await run.settle()
    assert is_closed(run)
    assert [run.condition(kind)["status"] for kind in ("Ready", "InSync")] == ["True", "True"]


async def test_a_line_that_was_once_too_long_is_protected_again() -> None:
    """What was read in it was too old from then on at every turn: ten of thirty readings, for ever."""
    accounts = [GROUP.resource("Microsoft.Storage/storageAccounts", f"a{number}") for number in range(30)]
    arm, left = FakeArm(FakeClock()).put(*map(shown, accounts)), 0

    def take(verb: str, _: ResourceId) -> None:
        nonlocal left
        if verb == "GET" and left <= 0:
            raise spent(timedelta(seconds=70))
        left -= 1

    arm.before = take
    run = Run(Kind(says(*(wants(each, fragment={}) for each in accounts))), arm)
    await run.run_for(LONGEST_LINE + timedelta(minutes=1))
    assert arm.reads == []
    turns = 0
    while run.results[-1].requeue_after is not None and turns < 10:
        left, turns = 10, turns + 1
        await run.step()
    assert run.results[-1].requeue_after is None, f"it still waits after {turns} turns"
    assert run.condition("Ready")["status"] == "True"


# -- answers ----------------------------------------------------------------------------------------


async def test_what_is_only_used_and_was_changed_meanwhile_is_not_called_missing() -> None:
    """A write is answered 412: the endpoint was unread then, and its owner was told to create what was there."""
    arm = FakeArm(FakeClock()).put(shown(ENDPOINT, etag="1", tags={"team": "fraud"}))
    tag = {"tags": {"secureml-user-1": "first"}}
    changes = iter(("2",))

    def change(verb: str, target: ResourceId) -> None:
        if verb == "PUT":
            body = arm.bodies[target.key]
            body["etag"] = next(changes, body["etag"])

    arm.before = change
    run = Run(Kind(says(wants(ENDPOINT, fragment=tag))), arm)
    await run.look()
    assert arm.turned_away == [f"412 PUT {ENDPOINT.short}"]
    assert run.condition("Known")["reason"] != "NotFound"
    await run.settle()
    assert "NotFound" not in told(run)
    assert arm.written() == [f"PUT {ENDPOINT.short}"]
    assert run.condition("Known")["status"] == "True"


async def test_a_write_that_was_cut_off_is_not_called_reverted() -> None:
    """It had never reached Azure, which was said to have accepted it, and a policy was suspected."""
    sent, never = asyncio.Event(), asyncio.Event()

    async def hang(verb: str, _: ResourceId) -> None:
        if verb == "PATCH":
            sent.set()
            await never.wait()

    run = closing(OPEN)
    run.arm.before = hang
    passing = asyncio.create_task(run.look())
    await sent.wait()
    passing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await passing
    assert run.arm.written() == []
    run.arm.before = None
    await run.settle(timedelta(minutes=1))
    assert "WriteReverted" not in told(run)
    assert run.arm.written() == [CLOSING]
    assert is_closed(run)
