"""Azure answers badly, late or not at all; in the end everything is as if it had answered well."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import Driver, World, drive, open_world
from tests.integration.engine import alice
from tests.integration.engine.calls import WRITES, Call, calls, last, writes
from tests.integration.engine.oracle import Result, result

from arm_emulator import faults
from secureml_reconcilers.azure.door import Door

if TYPE_CHECKING:
    from pathlib import Path

    from secureml_reconcilers.engine.contract import ReconcileResult

OVERWRITES_NOTHING = ("privatednszones", "virtualnetworklinks")
"""Their creation carries `If-None-Match: *`: sent again, it is refused when it had arrived."""


def disturb(world: World, **rule: Any) -> None:  # noqa: ANN401 - JSON
    """Let chosen requests of the operator meet a fault."""
    world.emulator.world.faults.rules.append(faults.parse({"caller": "secureml-operator", **rule}))


def hits(world: World) -> list[int]:
    """How many requests each fault has met."""
    return [rule.hits for rule in world.emulator.world.faults.rules]


ADVICE = {"NoImageBuildCompute", "DiagnosedByAzure"}
"""What the landscape gives reason to: its registry is closed and nobody builds images, as Azure finds, too."""


def warnings(driver: Driver) -> set[str]:
    """What people were warned of."""
    return {event.reason for event in driver.events if event.type == "Warning"}


def reasons(driver: Driver, kind: str) -> list[tuple[str, str]]:
    """Status and reason of one condition over time, repetitions left out."""
    seen: list[tuple[str, str]] = []
    for outcome in driver.outcomes:
        for each in _conditions(outcome):
            pair = (each["status"], each["reason"])
            if each["type"] == kind and pair not in seen[-1:]:
                seen.append(pair)
    return seen


def _conditions(outcome: ReconcileResult) -> list[dict[str, Any]]:
    return outcome.status.get("conditions") or []


async def converged(folder: Path, target: str = "", **fault: Any) -> tuple[list[Call], Result]:  # noqa: ANN401
    """A convergence in a world of its own, in which one write meets a fault."""
    async with open_world(folder) as world:
        if fault:
            disturb(world, method=list(WRITES), path=f"^{re.escape(target)}\\?", **fault)
        driver = drive(world, world.spec())
        await driver.settle()
        assert driver.condition("Ready")["status"] == "True"
        assert hits(world) == ([1] if fault else [])
        return writes(world), result(world)


_UNDISTURBED: list[tuple[list[Call], Result]] = []


async def undisturbed(folder: Path) -> tuple[list[Call], Result]:
    """The convergence that the others are held against, writes by target; made once, for it is always the same."""
    if not _UNDISTURBED:
        sent, end = await converged(folder)
        _UNDISTURBED.append((sorted(sent, key=lambda call: call.written), end))
    return _UNDISTURBED[0]


WRITTEN = 29
"""Writes of a convergence that nothing disturbs."""


async def test_every_write_of_a_convergence_gets_lost_once(tmp_path: Path) -> None:
    """An engine that writes more or less often has other answers to lose: say so above."""
    sent, _ = await undisturbed(tmp_path)
    assert len(sent) == WRITTEN


@pytest.mark.parametrize("number", range(1, WRITTEN + 1))
@pytest.mark.parametrize(
    ("fault", "sent_again"),
    [
        pytest.param("lose_answer", OVERWRITES_NOTHING, id="applied, and its answer is lost"),
        pytest.param("drop", (), id="lost on its way, never applied"),
    ],
)
async def test_a_lost_answer_changes_nothing_in_the_end(
    tmp_path: Path, fault: str, sent_again: tuple[str, ...], number: int
) -> None:
    """Whichever write it is: the same end state, and each resource created once.

    What arrived is sent again only where the second copy overwrites nothing.
    """
    whole, expected = await undisturbed(tmp_path)
    write = whole[number - 1]
    sent, found = await converged(tmp_path, write.target, **{fault: True})
    assert found.differences(expected) == [], write.name
    copies = Counter(call.written for call in sent)
    twice = fault == "drop" or write.target.split("/")[-2] in sent_again
    assert copies.pop(write.written) <= (2 if twice else 1), write.name
    assert set(copies.values()) == {1}, write.name


def throttled(seconds: int) -> dict[str, Any]:
    """What Azure Resource Manager itself answers when a subscription's budget is spent."""
    error = {"code": "SubscriptionRequestsThrottled", "message": f"Please try again after '{seconds}' seconds."}
    headers = {"x-ms-failure-cause": "gateway", "Content-Type": "application/json"}
    return {
        "status": 429,
        "retry_after": seconds,
        "body": json.dumps({"error": error}),
        "headers": headers,
    }


@pytest.mark.parametrize(
    ("methods", "after"),
    [
        pytest.param(("GET",), 0, id="the very first reading"),
        pytest.param(("GET",), 12, id="a reading among many"),
        pytest.param(("GET",), 60, id="a look at an operation"),
        pytest.param(WRITES, 0, id="the very first write"),
        pytest.param(WRITES, 14, id="a write half way"),
        pytest.param(WRITES, 28, id="the last write"),
    ],
)
async def test_retry_after_is_honoured(world: World, methods: tuple[str, ...], after: int) -> None:
    """Nothing of that class is sent before Azure's time is up, and nobody is told that something is wrong."""
    disturb(world, method=list(methods), path="/subscriptions/", after=after, **throttled(40))
    driver = drive(world, world.spec())
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    refused = next(call for call in calls(world) if call.status == 429)
    early = [
        call.name
        for call in calls(world, refused.sequence)
        if call.method in methods and refused.time < call.time < refused.time + 40
    ]
    assert early == []
    assert warnings(driver) == ADVICE
    assert {pair[0] for pair in reasons(driver, "Stalled")} == {"False"}
    assert {pair[0] for pair in reasons(driver, "Permitted")} == {"True"}


async def test_a_throttled_resync_says_nothing(world: World, ready: Driver) -> None:
    """Nothing new is known, so nothing new is said: Ready stays True, and no event is told."""
    said = len(ready.events)
    disturb(world, method="GET", path="/subscriptions/", after=5, **throttled(60))
    await ready.settle()
    assert hits(world) == [1]
    assert reasons(ready, "Ready")[-1] == ("True", "AsDeclared")
    assert {each["status"] for each in _conditions(ready.outcomes[-2]) if each["type"] == "Ready"} == {"True"}
    assert len(ready.events) == said


async def test_one_account_that_is_throttled_holds_up_nothing_else(world: World, ready: Driver) -> None:
    """Somebody opens the vault while the storage service answers nothing about one account for ten minutes.

    The vault is closed at once, and whether the account is closed cannot be told. Such an answer was once taken
    for the end of the subscription's budget: nothing was judged, Ready stayed True, and the vault stood open.
    """
    account = alice.one(world, alice.STORAGE, "stfraud").lower()
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    world.emulator.clock.advance(1800)  # the change log can tell who it was, so nobody comes back to ask
    busy = {"status": 429, "code": "TooManyRequests", "message": "The account is busy.", "retry_after": 600}
    disturb(world, method="GET", path="/storageAccounts/stfraud[^/]*\\?", **busy)
    start = last(world)
    outcome = await ready.step()
    assert [call.method for call in writes(world, start) if "/vaults/" in call.target] == ["PATCH"]
    assert (ready.condition("Ready")["status"], ready.condition("Ready")["reason"]) == ("Unknown", "Throttled")
    assert ready.condition("StorageIsolated")["status"] == "Unknown"
    assert outcome.requeue_after is not None
    assert outcome.requeue_after >= timedelta(seconds=600)
    world.emulator.clock.advance(300)
    again = await ready.step()  # it is woken early, by an edit, say
    assert again.requeue_after is not None
    assert timedelta(seconds=300) <= again.requeue_after < timedelta(seconds=330)
    assert [call.target for call in calls(world, start)].count(account) == 1
    world.emulator.clock.advance(again.requeue_after.total_seconds())
    await ready.settle()
    assert ready.condition("Ready")["status"] == "True"


async def test_a_change_log_that_is_asked_too_often_holds_up_nothing(world: World, ready: Driver) -> None:
    """Resource Graph has a quota of its own; a spent one once ended the pass of whoever asked it.

    A link is gone, so the graph is asked whether another one serves; meanwhile the vault that somebody opened
    is closed, for its own private way is in order.
    """
    await alice.vanishes(world, f"{alice.one(world, alice.LINK, 'file')}", alice.DNS)
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    disturb(world, method="POST", path="Microsoft.ResourceGraph", times=2, **throttled(5))
    start = last(world)
    await ready.step()
    assert [call.method for call in writes(world, start) if "/vaults/" in call.target] == ["PATCH"]
    await ready.settle()
    assert ready.condition("Ready")["status"] == "True"


BUSY = {
    "status": 409,
    "code": "AnotherOperationInProgress",
    "message": "Another operation on this or dependent resource is in progress.",
}
PARALLEL = {
    "status": 429,
    "code": "RetryableErrorDueToAnotherOperation",
    "message": "Operation was canceled by another operation.",
    "retry_after": 10,
}
HTML = "<html><body><h1>Our services aren't available right now</h1></body></html>"
FAILS = {"fail_operation": {"code": "InternalServerError", "message": "An error occurred."}}


@pytest.mark.parametrize(
    ("fault", "kind", "seen"),
    [
        pytest.param(
            {"method": "PUT", "path": "-blob-[^/]*\\?", "times": 3, **BUSY},
            "PrivateLinkReady",
            ("Unknown", "AzureBusy"),
            id="another operation is in progress, three times",
        ),
        pytest.param(
            {"method": "PUT", "path": "-blob-[^/]*\\?", **PARALLEL},
            "PrivateLinkReady",
            ("Unknown", "AzureBusy"),
            id="a provider's own 429 about one network",
        ),
        pytest.param(
            {"method": "GET", "path": "/privateEndpoints\\?", "after": 1, "status": 500, "body": HTML},
            "PrivateLinkReady",
            ("Unknown", "AzureBusy"),
            id="500 with a page of HTML where the endpoints were listed",
        ),
        pytest.param(
            {"method": "GET", "path": "/workspaces/fraud\\?", "status": 200, "body": HTML},
            "WorkspaceFound",
            ("Unknown", "UnexpectedAnswer"),
            id="200 with a page of HTML where the workspace was asked for",
        ),
        pytest.param(
            {"method": "GET", "path": "/workspaces/fraud\\?", "drop": True, "times": 3},
            "WorkspaceFound",
            ("Unknown", "AzureUnreachable"),
            id="no answer where the workspace was asked for",
        ),
        pytest.param(
            {"method": "PUT", "path": "-blob-[^/]*\\?", **FAILS},
            "PrivateLinkReady",
            ("Unknown", "AzureBusy"),
            id="the creation of an endpoint fails half way",
        ),
        pytest.param(
            {"method": "PUT", "path": "/virtualNetworkLinks/", **FAILS},
            "NamesResolved",
            ("Unknown", "AzureBusy"),
            id="the creation of a link fails half way",
        ),
        pytest.param(
            {"method": "PUT", "path": "/privateDnsZoneGroups/", "times": 2, **FAILS},
            "NamesResolved",
            ("Unknown", "AzureBusy"),
            id="the creation of two zone groups fails half way",
        ),
        pytest.param(
            {"method": "PATCH", "path": "/workspaces/fraud\\?", "times": 2, **FAILS},
            "PublicAccessClosed",
            ("Unknown", "AzureBusy"),
            id="closing the workspace fails half way, twice",
        ),
    ],
)
async def test_what_fails_is_told_and_healed(
    tmp_path: Path, world: World, fault: dict[str, Any], kind: str, seen: tuple[str, str]
) -> None:
    """The condition has the reason while it lasts, and the end state is that of an undisturbed run."""
    disturb(world, **fault)
    driver = drive(world, world.spec())
    await driver.settle()
    assert hits(world) == [fault.get("times", 1)]
    assert seen in reasons(driver, kind)
    assert driver.condition("Ready")["status"] == "True"
    _, expected = await undisturbed(tmp_path)
    assert result(world).differences(expected) == []


async def test_a_page_of_html_in_place_of_an_operation_s_state_is_no_end(world: World) -> None:
    """A zone takes twice as long as any does; asked for its state, Azure answers 500 in HTML: it goes on."""
    disturb(world, method="PUT", path="privatelink.azurecr.io\\?", slow_operation=2)
    disturb(world, path="/privateDnsOperationStatuses/", status=500, body=HTML, times=2)
    driver = drive(world, world.spec())
    await driver.settle()
    assert hits(world) == [1, 2]
    assert driver.condition("Ready")["status"] == "True"
    assert warnings(driver) == ADVICE
    assert len(writes(world)) == WRITTEN


async def test_an_operation_that_keeps_failing_is_left_alone_for_longer_and_longer(world: World) -> None:
    """Each creation is accepted and fails half a minute later: acceptance is no reason to begin counting anew."""
    disturb(world, method="PUT", path="-blob-[^/]*\\?", times=0, **FAILS)
    driver = drive(world, world.spec())
    with pytest.raises(TimeoutError):
        await driver.settle()
    begun = [call.time for call in writes(world) if "-blob-" in call.target]
    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert 4 <= len(pauses) <= 15
    assert (pauses[0] < 60, pauses[-1] > 90) == (True, True)


async def test_waiting_for_something_else_a_failure_of_long_ago_is_no_reason_to_hurry(world: World) -> None:
    """The closing of the vault failed, and then its endpoint was rejected: the pause is that of the rejection.

    It once was 50 milliseconds: the failure's time was up, and the vault waited for its endpoint.
    """
    driver = drive(world, world.spec())
    disturb(world, method="PATCH", path="/vaults/", times=0, status=503, code="ServiceUnavailable")
    with pytest.raises(TimeoutError):
        await driver.settle()
    await alice.judges(world, alice.VAULT, "vault", "Rejected")
    world.emulator.clock.advance(600)
    start = len(driver.outcomes)
    with pytest.raises(TimeoutError):
        await driver.settle()
    pauses = [
        outcome.requeue_after.total_seconds() for outcome in driver.outcomes[start:] if outcome.requeue_after
    ]
    assert min(pauses) > 1
    assert driver.condition("PrivateLinkReady")["reason"] == "PrivateEndpointRejected"


async def test_a_stale_entity_tag_is_read_again(
    world: World, ready: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody tags a link between our reading and our write: 412, read again, and the tag stays."""
    await alice.rewrites(world, alice.LINK, "azurecr.io", {"registrationEnabled": True})
    link = alice.one(world, alice.LINK, "azurecr.io")
    write, start = Door.write, last(world)

    async def interrupted(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the real one
        monkeypatch.setattr(Door, "write", write)  # once only
        await alice.patches(world, alice.LINK, {"tags": {"team": "network"}}, "azurecr.io")
        return await write(*args, **options)

    monkeypatch.setattr(Door, "write", interrupted)
    await ready.settle()
    assert [call.status for call in writes(world, start)] == [412, 202]
    body = world.emulator.ctx.find(link).body
    assert (body["tags"]["team"], body["properties"]["registrationEnabled"]) == ("network", False)
    assert ready.condition("Ready")["status"] == "True"
