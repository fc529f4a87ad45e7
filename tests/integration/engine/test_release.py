"""A custom resource that goes: released when Azure has nothing of it left but what is knowingly kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import Driver, World, drive
from tests.integration.engine import alice
from tests.integration.engine.calls import last, writes

from secureml_reconcilers.azure.resource_id import resource_id

if TYPE_CHECKING:
    from collections.abc import Callable

MADE = (
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
)


def left(world: World) -> dict[str, list[str]]:
    """What there is of the types that are made for a workspace."""
    found = {kind: [each.id.name for each in world.emulator.ctx.of_type(kind)] for kind in MADE}
    return {kind: names for kind, names in found.items() if names}


@pytest.mark.parametrize("seconds", [0, 10, 36])
async def test_what_is_still_being_made_when_it_is_deleted_goes_too(world: World, seconds: int) -> None:
    """A private DNS zone shows nothing while it is created.

    The one whose creation was still running stayed behind, and "what the operator made for it is gone" was said.
    """
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.step()
    world.emulator.clock.advance(seconds)
    driver.delete()
    outcome = await driver.settle(at_most=timedelta(minutes=30))
    assert outcome.released
    world.emulator.clock.advance(600)
    assert left(world) == {}
    assert [event.reason for event in driver.events][-1] == "Released"


async def test_nothing_is_released_while_azure_works_on_it(world: World) -> None:
    """The condition says what is waited for."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.step()
    world.emulator.clock.advance(1)
    driver.delete()
    outcome = await driver.step()
    assert not outcome.released
    ended = driver.condition("OperationsEnded")
    assert (ended["status"], ended["reason"]) == ("False", "Waiting")
    assert "Azure still works on " in ended["message"]


def without_status(driver: Driver) -> None:
    """Restored from a backup: the object is there, what the operator wrote on it is not."""
    driver.save({})
    driver.restart()


def with_an_observed_generation_only(driver: Driver) -> None:
    """The default that the schema writes into an empty status."""
    driver.save({"observedGeneration": -1})
    driver.restart()


@pytest.mark.parametrize("lose", [without_status, with_an_observed_generation_only])
async def test_what_a_lost_status_listed_is_found_again(world: World, lose: Callable[[Driver], None]) -> None:
    """Everything goes that carries its tags, and nothing else is touched; all of it once stayed, in silence."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.settle()
    lose(driver)
    driver.delete()
    outcome = await driver.settle(at_most=timedelta(minutes=30))
    assert outcome.released
    assert left(world) == {}
    assert {each.properties["publicNetworkAccess"] for each in world.emulator.ctx.of_type(alice.VAULT)} == {
        "Disabled"
    }


async def test_a_lost_status_of_a_living_resource_is_written_anew(ready: Driver, world: World) -> None:
    """Nothing is made twice, and the inventory lists what it listed."""
    before = {entry["id"].lower() for entry in ready.status["inventory"]}
    without_status(ready)
    start = last(world)
    await ready.settle()
    assert writes(world, start) == []
    found = {entry["id"].lower() for entry in ready.status["inventory"]}
    # A zone goes with the last link to it, so that a zone is known by its link.
    assert before - found == {key for key in before if resource_id(key).type.endswith("/privatednszones")}


async def test_a_resource_that_never_made_anything_is_released(world: World) -> None:
    """An empty inventory proves nothing after a restore, so it is looked once; Retain asks nothing of Azure."""
    driver = drive(world, world.spec(deletionPolicy="Delete", workspaceID=f"{world.spec()['workspaceID']}-gone"))
    await driver.step()
    assert "inventory" not in driver.status
    driver.delete()
    assert (await driver.settle()).released
    assert writes(world) == []
