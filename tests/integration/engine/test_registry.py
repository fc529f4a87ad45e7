"""A registry that is not as it must be: upgraded, named or made by the spec, then closed like any."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import drive
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes

if TYPE_CHECKING:
    from tests.integration.driving import World


def registry_id(world: World, name: str) -> str:
    """A registry beside the workspace."""
    group = f"/subscriptions/{world.subscription}/resourceGroups/ml"
    return f"{group}/providers/Microsoft.ContainerRegistry/registries/{name}"


async def forget_registry(world: World) -> None:
    """The workspace as Azure ML leaves it before the first training run."""
    workspace = world.emulator.ctx.find(alice.one(world, alice.WORKSPACE))
    assert workspace is not None
    world.emulator.ctx.set_properties(workspace, containerRegistry=None)
    await alice.deletes(world, alice.REGISTRY)


async def test_a_basic_registry_is_upgraded_and_closed(world: World) -> None:
    """By the field alone, before its endpoint; a downgrade is drift."""
    await alice.patches(world, alice.REGISTRY, {"sku": {"name": "Basic"}})
    driver = drive(world, world.spec(containerRegistry={"upgradeToPremium": True}))
    await driver.settle()
    shown = alice.shown(world, alice.REGISTRY)
    assert (driver.condition("Ready")["status"], shown["sku"]["name"]) == ("True", "Premium")
    assert shown["properties"]["publicNetworkAccess"] == "Disabled"
    mine = [call.name for call in writes(world) if "registr" in call.name]
    assert mine[0].startswith("PATCH registries/"), "the upgrade comes before the endpoint"


async def test_without_the_field_nothing_is_upgraded(world: World) -> None:
    """It costs money: the need is told, and everything else is closed."""
    await alice.patches(world, alice.REGISTRY, {"sku": {"name": "Basic"}})
    driver = drive(world, world.spec())
    for _ in range(60):
        await driver.step()
        if driver.condition("PublicAccessClosed").get("status") == "True":
            break
        world.emulator.clock.advance(15)
    assert driver.condition("PublicAccessClosed")["status"] == "True"
    assert alice.shown(world, alice.REGISTRY)["sku"]["name"] == "Basic"


@pytest.mark.parametrize("create", [False, True], ids=["it exists", "it is made"])
async def test_a_workspace_without_registry_is_given_one(world: World, *, create: bool) -> None:
    """And that is closed, with its endpoint and names; the spec that drops it changes nothing."""
    await forget_registry(world)
    target = registry_id(world, "crgiven")
    if not create:
        body = {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}}
        await alice.puts(world, target, alice.REGISTRY, body)
    driver = drive(world, world.spec(containerRegistry={"registryID": target, "create": create}))
    await driver.settle(at_most=timedelta(minutes=30))
    assert driver.condition("Ready")["status"] == "True"
    assert alice.shown(world, alice.WORKSPACE)["properties"]["containerRegistry"] == target
    assert alice.shown(world, alice.REGISTRY)["properties"]["publicNetworkAccess"] == "Disabled"
    before = last(world)
    driver.edit(world.spec())
    await driver.settle()
    assert (names(writes(world, before)), driver.condition("Ready")["status"]) == ([], "True")


async def test_a_registry_that_was_made_stays(world: World) -> None:
    """Whatever the deletion policy: it holds images."""
    await forget_registry(world)
    target = registry_id(world, "crgiven")
    asked = {"registryID": target, "create": True}
    driver = drive(world, world.spec(deletionPolicy="Delete", containerRegistry=asked))
    await driver.settle(at_most=timedelta(minutes=30))
    driver.delete()
    outcome = await driver.settle(at_most=timedelta(minutes=30))
    assert outcome.released
    assert alice.one(world, alice.REGISTRY) == target
