"""Where the engine once stood still, or turned on the spot: each is a story of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import drive, open_world
from tests.integration.engine import alice
from tests.integration.engine.calls import writes

from arm_emulator import faults
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.driving import Driver, World

    from secureml_reconcilers.engine.contract import ReconcileResult

VAULT_ENDPOINT = "privateEndpoints/[^/]*-vault-[^/]*\\?"


def disturb(world: World, **rule: Any) -> None:  # noqa: ANN401 - JSON
    """Let Azure answer the operator in another way than it should."""
    world.emulator.world.faults.rules.append(faults.parse({"caller": "secureml-operator", **rule}))


async def passes(driver: Driver, count: int) -> list[ReconcileResult]:
    """So many passes, each when the one before asked for it."""
    outcomes = []
    for _ in range(count):
        outcomes.append(await driver.step())
        if outcomes[-1].requeue_after is None:
            break
        # A millisecond late, as any queue is: the virtual clock rounds, and a microsecond early is early.
        driver.world.emulator.clock.advance(outcomes[-1].requeue_after.total_seconds() + 0.001)
    return outcomes


async def test_what_ran_on_a_child_of_something_gone_is_over(world: World, ready: Driver) -> None:
    """An endpoint is deleted while its zone group is written, and a lock forbids to make it again.

    A child whose parent is gone is never read, so its operation never ended: a pass every 50 ms.
    """
    endpoint = alice.one(world, alice.ENDPOINT, "-vault-")
    await alice.deletes(world, alice.ENDPOINT, "-vault-")
    disturb(world, method=["PUT"], path=VAULT_ENDPOINT, status=409, code="ScopeLocked", times=0)
    group = {"id": f"{endpoint}/privateDnsZoneGroups/default", "verb": "PUT", "since": stamp(world.now())}
    ready.save({**ready.status, "operations": [group]})
    ready.restart()
    outcomes = await passes(ready, 4)
    assert ready.status.get("operations", []) == []
    assert all(outcome.requeue_after and outcome.requeue_after > timedelta(seconds=5) for outcome in outcomes)


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_without_its_handle_a_failed_operation_is_told_by_its_resource(world: World, status: int) -> None:
    """The making of an endpoint fails, and the handle that would tell why cannot be read.

    It was taken for running for ever, hours after the endpoint had shown that it had failed.
    """
    failed = {"code": "InternalServerError", "message": "An injected fault."}
    disturb(world, method=["PUT"], path=VAULT_ENDPOINT, fail_operation=failed, times=1)
    disturb(world, method=["GET"], path="operations|operationResults", status=status, code="NotFound", times=0)
    driver = drive(world, world.spec())
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"


async def test_why_an_operation_failed_is_told_as_long_as_it_is_repeated(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The making of an endpoint fails again and again, for a reason that only the operation tells.

    It was told for the two seconds until the write was repeated, as Azure being busy; then only that
    provisioningState is 'failed' and should be 'Succeeded'.
    """
    failed = {"code": "NoRoomLeft", "message": "The vault takes no more connections."}
    disturb(world, method=["PUT"], path=VAULT_ENDPOINT, fail_operation=failed, times=0)
    driver = drive(world, world.spec())
    outcomes = await passes(driver, 40)
    told = [
        ("NoRoomLeft: The vault takes no more connections." in json.dumps(outcome.status["conditions"]))
        and ("NoRoomLeft" in json.dumps(outcome.status.get("findings", [])))
        for outcome in outcomes
    ]
    since = told.index(True)
    assert told[since:] == [True] * (len(told) - since)
    assert sum("'failed' and should be" in event.message for event in driver.events) > 1  # it is repeated
    warned = [
        event
        for event in driver.events
        if event.type == "Warning" and event.reason not in {"NoImageBuildCompute", "DiagnosedByAzure", "Exposed"}
    ]
    assert [(event.reason, "NoRoomLeft" in event.message) for event in warned] == [("OperationFailed", True)]
    assert "NoRoomLeft: The vault takes no more connections." in caplog.text
    world.emulator.world.faults.rules.clear()
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert "NoRoomLeft" not in json.dumps(driver.status)


async def test_a_pass_that_meets_an_empty_budget_tells_what_it_has_written(world: World, ready: Driver) -> None:
    """A storage account is opened; it is closed, and the reading after that is refused.

    The status once kept what stood in it before the pass: no operation, still Ready, and no event for the write;
    the next pass told of the same drift once more.
    """
    await alice.patches(world, alice.STORAGE, {"properties": {"publicNetworkAccess": "Enabled"}})
    body = json.dumps({"error": {"code": "SubscriptionRequestsThrottled", "message": "Later."}})
    spent = {"status": 429, "body": body, "headers": {"x-ms-failure-cause": "gateway"}}
    disturb(world, method=["GET"], path="storageAccounts/[^/]*\\?", after=1, **spent)
    first = await ready.step()
    assert [event.reason for event in first.events] == ["DriftDetected", "Updating"]
    assert (ready.condition("Ready")["status"], ready.condition("InSync")["reason"]) == ("False", "Drifted")
    assert first.requeue_after is not None
    assert first.requeue_after >= timedelta(seconds=1)
    world.emulator.clock.advance(first.requeue_after.total_seconds())
    await ready.settle()
    told = [event.reason for event in ready.events]
    assert (told.count("DriftDetected"), told.count("DriftCorrected")) == (1, 1)


async def test_a_deletion_waits_for_what_somebody_else_is_doing(world: World) -> None:
    """An endpoint that must go is just being changed in the portal: it is looked at soon, not after the resync."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.settle()
    world.emulator.clock.advance(1800)
    endpoints = list(world.emulator.ctx.of_type(alice.ENDPOINT))
    for endpoint in endpoints:
        endpoint.properties["provisioningState"] = "Updating"
    driver.delete()
    outcome, *_ = await passes(driver, 1)
    assert outcome.requeue_after is not None
    assert outcome.requeue_after < timedelta(minutes=1)
    for endpoint in endpoints:
        endpoint.properties["provisioningState"] = "Succeeded"
    assert (await driver.settle()).released


async def test_a_new_failure_is_not_taken_for_the_seventh(world: World, ready: Driver) -> None:
    """Writes to an account were refused six times; somebody closed it by hand, and long after opened it again.

    The count of failures outlived their cause: the next passing refusal was waited for a whole minute.
    """
    opened, closed = ({"properties": {"publicNetworkAccess": access}} for access in ("Enabled", "Disabled"))
    await alice.patches(world, alice.STORAGE, opened)
    disturb(world, method=["PATCH"], path="storageAccounts", status=409, code="ScopeLocked", times=0)
    for outcome in await passes(ready, 6):
        assert outcome.requeue_after is not None
    world.emulator.world.faults.rules.clear()
    await alice.patches(world, alice.STORAGE, closed)
    await ready.settle()
    await ready.resync()
    await alice.patches(world, alice.STORAGE, opened)
    disturb(world, method=["PATCH"], path="storageAccounts", status=409, code="Conflict", times=1)
    outcome = await ready.step()
    assert outcome.requeue_after is not None
    assert outcome.requeue_after < timedelta(seconds=3)


async def test_one_busy_moment_is_no_news(world: World, ready: Driver) -> None:
    """One 503 at a resync: whether it is ready cannot be told, nobody is warned, and ready again is no event."""
    disturb(world, method=["GET"], path="vaults/", status=503, times=1)
    said = len(ready.events)
    outcome = await ready.step()
    assert outcome.requeue_after is not None
    told = (ready.condition("Ready")["status"], ready.condition("Ready")["reason"])
    assert told == ("Unknown", "AzureBusy")
    world.emulator.clock.advance(outcome.requeue_after.total_seconds())
    await ready.settle()
    assert ready.condition("Ready")["status"] == "True"
    assert ready.events[said:] == []


SIX = ("blob", "file", "queue", "table", "dfs", "web")


async def test_endpoints_of_a_busy_account_are_made_one_by_one(tmp_path: Path) -> None:
    """Six at once fail one another's creation, 45 times where nothing keeps them apart; nobody is warned."""
    async with open_world(tmp_path, busy_accounts=1.0) as world:
        driver = drive(world, world.spec(storage={"subResources": ["blob", "file", "queue"]}))
        await driver.settle()
        assert driver.condition("Ready")["status"] == "True"
        assert [
            event
            for event in driver.events
            if event.type == "Warning" and event.reason not in {"NoImageBuildCompute", "DiagnosedByAzure"}
        ] == []
        made = [call for call in writes(world) if call.method == "PUT" and "/privateendpoints/st" in call.target]
        groups = [call for call in made if "/privatednszonegroups/" in call.target]
        assert len(made) - len(groups) < 2 * len(SIX)
