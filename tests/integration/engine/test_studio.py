"""Studio's roles: assigned, waited for, assigned again, and taken away with what asked for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import Driver, drive
from tests.integration.engine import alice, azure_roles
from tests.integration.engine.calls import last, writes

if TYPE_CHECKING:
    from tests.integration.driving import World

    from arm_emulator.changes import Change
    from arm_emulator.model import Resource

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
STUDIO: dict[str, Any] = {"studio": {"enabled": True, "grantRoles": True}}


def definitions(world: World) -> str:
    """Where roles are defined."""
    return f"/subscriptions/{world.subscription}/providers/Microsoft.Authorization/roleDefinitions"


def of_identity(world: World) -> list[Resource]:
    """What the workspace's identity holds on single resources."""
    identity = alice.shown(world, alice.WORKSPACE)["identity"]["principalId"]
    held = (each for each in world.emulator.ctx.of_type(ASSIGNMENT) if each.properties["principalId"] == identity)
    return [each for each in held if each.properties["description"]]


def held(world: World) -> list[str]:
    """On which resources, by type, and which role."""
    return sorted(
        f"{each.id.scope.split('/')[-2]} {each.properties['roleDefinitionId'][-4:]}" for each in of_identity(world)
    )


@pytest.fixture
async def studio(world: World) -> Driver:
    """A workspace whose studio is used, converged."""
    await azure_roles.give(world, "azure-role-studio.json")
    driver = drive(world, world.spec(deletionPolicy="Delete", **STUDIO))
    await driver.settle(at_most=timedelta(minutes=30))
    assert driver.condition("Ready")["status"] == "True"
    return driver


EXPECTED = ["privateEndpoints 1ae7", "privateEndpoints 1ae7", "storageAccounts 1ae7", "storageAccounts e7d1"]
"""Reader on both endpoints, Reader and Storage Blob Data Reader on the account."""


async def test_roles_are_assigned_and_heeded_before_the_account_closes(world: World) -> None:
    """Ten minutes later at the soonest: until then studio could read the account in the open."""
    await azure_roles.give(world, "azure-role-studio.json")
    times: dict[str, float] = {}

    def observe(change: Change) -> None:
        properties = (change.after or {}).get("properties", {})
        if change.id.type == alice.STORAGE and properties.get("publicNetworkAccess") == "Disabled":
            times["closed"] = world.emulator.clock.now()
        if change.id.type == ASSIGNMENT and properties.get("description"):
            times["assigned"] = world.emulator.clock.now()

    world.emulator.ctx.changes.listeners.append(observe)
    driver = drive(world, world.spec(**STUDIO))
    await driver.settle(at_most=timedelta(minutes=30))
    assert driver.condition("StudioUsable")["status"] == "True"
    assert held(world) == EXPECTED
    assert times["closed"] - times["assigned"] >= 600
    told = [each for outcome in driver.outcomes for each in outcome.status["conditions"]]
    seen = [each["status"] for each in told if each["type"] == "StudioUsable"]
    assert seen == sorted(seen), "it becomes true once, and does not flap"


async def test_a_role_that_is_taken_away_is_assigned_again(world: World, studio: Driver) -> None:
    """It is told as drift; the account stays closed meanwhile."""
    account = alice.one(world, alice.STORAGE).lower()
    gone = next(each for each in of_identity(world) if each.id.scope.lower() == account)
    await world.alice.delete(gone.id.text, azure_roles.API_VERSION)
    before = last(world)
    await studio.resync()
    assert [call.method for call in writes(world, before)] == ["PUT"]
    assert held(world) == EXPECTED
    assert [event.reason for event in studio.events].count("DriftDetected") == 1
    assert studio.condition("Ready")["status"] == "True"


async def test_what_the_spec_asks_for_no_more_is_taken_back(world: World, studio: Driver) -> None:
    """By the inventory, and by the name that proves it; somebody else's role stays."""
    account = alice.one(world, alice.STORAGE)
    identity = alice.shown(world, alice.WORKSPACE)["identity"]["principalId"]
    theirs = f"{account}/providers/{ASSIGNMENT}/5a5a5a5a-0000-4000-8000-000000000003"
    grant = {
        "roleDefinitionId": f"{definitions(world)}/974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "principalId": identity,
        "principalType": "ServicePrincipal",
        "description": "theirs",
    }
    await world.alice.put(theirs, azure_roles.API_VERSION, {"properties": grant})
    studio.edit(world.spec(deletionPolicy="Delete"))
    await studio.settle()
    assert [each.id.text for each in of_identity(world)] == [theirs]
    assert studio.condition("Ready")["status"] == "True"


@pytest.mark.parametrize("lost", [False, True], ids=["listed", "its status was lost"])
async def test_deletion_takes_them_along(world: World, studio: Driver, *, lost: bool) -> None:
    """A role that nobody asks for any more is a way in."""
    if lost:
        studio.save({"observedGeneration": -1})
        studio.restart()
    studio.delete()
    outcome = await studio.settle(at_most=timedelta(minutes=30))
    assert (outcome.released, of_identity(world)) == (True, [])


async def test_without_the_right_to_assign_the_administrator_is_told(world: World) -> None:
    """The right that is missing; and everything is closed all the same."""
    driver = drive(world, world.spec(**STUDIO))
    for _ in range(60):
        await driver.step()
        if driver.condition("PublicAccessClosed").get("status") == "True":
            break
        world.emulator.clock.advance(15)
    assert driver.condition("StorageIsolated")["status"] == "True"
    assert "Microsoft.Authorization/roleAssignments/write" in driver.condition("Permitted")["message"]


async def test_without_leave_to_assign_the_commands_are_told(world: World) -> None:
    """One finding for each role and resource; when somebody has run them, all is well."""
    driver = drive(world, world.spec(studio={"enabled": True}))
    for _ in range(60):
        await driver.step()
        if driver.condition("PublicAccessClosed").get("status") == "True":
            break
        world.emulator.clock.advance(15)
    missing = [each for each in driver.status["findings"] if each["rule"].startswith("STUDIO-RBAC")]
    assert len(missing) == 4
    identity = alice.shown(world, alice.WORKSPACE)["identity"]["principalId"]
    for number, finding in enumerate(missing):
        role = finding["advice"].partition("--role ")[2].partition(" ")[0]
        grant = {
            "roleDefinitionId": f"{definitions(world)}/{role}",
            "principalId": identity,
            "principalType": "ServicePrincipal",
        }
        target = f"{finding['resource']}/providers/{ASSIGNMENT}/5a5a5a5a-0000-4000-8000-00000000001{number}"
        await world.alice.put(target, azure_roles.API_VERSION, {"properties": grant})
    world.emulator.clock.advance(1800)
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
