"""A cluster builds the images: named before the registry closes, and again when somebody clears it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.driving import drive
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

    from arm_emulator.changes import Change

BY_CLUSTER: dict[str, Any] = {"imageBuild": {"computeName": "cpu-build"}}


async def make_cluster(world: World, size: str = "STANDARD_DS3_V2") -> None:
    """Somebody makes a cluster in the training subnet."""
    inside = {
        "vmSize": size,
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
        "subnet": {"id": landscape.subnet_id(world.subscription, "training")},
    }
    target = f"{landscape.workspace_id(world.subscription, 'fraud')}/computes/cpu-build"
    body = {"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": inside}}
    await world.alice.put(target, landscape.WORKSPACES, body)


def shown(world: World) -> tuple[str | None, str]:
    """The workspace's builder, and whether the registry answers the internet."""
    workspace, registry = (alice.shown(world, kind)["properties"] for kind in (alice.WORKSPACE, alice.REGISTRY))
    return workspace["imageBuildCompute"], registry["publicNetworkAccess"]


async def test_the_builder_is_named_before_the_registry_closes(world: World) -> None:
    """Seen at the very moment at which the registry closes; nothing else of the workspace goes with it."""
    await make_cluster(world)
    seen: list[str | None] = []

    def observe(change: Change) -> None:
        properties = (change.after or {}).get("properties", {})
        if change.id.type == alice.REGISTRY and properties.get("publicNetworkAccess") == "Disabled":
            seen.append(shown(world)[0])

    world.emulator.ctx.changes.listeners.append(observe)
    driver = drive(world, world.spec(**BY_CLUSTER))
    await driver.settle()
    assert (driver.condition("Ready")["status"], set(seen)) == ("True", {"cpu-build"})
    patched = [each["body"] for each in world.log() if each["method"] == "PATCH"]
    assert {"properties": {"imageBuildCompute": "cpu-build"}} in patched
    assert [event.reason for event in driver.events if event.type == "Warning"] == []


async def test_a_builder_that_is_cleared_is_named_again(world: World) -> None:
    """As soon as the next resync finds it, and it is told as drift."""
    await make_cluster(world)
    driver = drive(world, world.spec(**BY_CLUSTER))
    await driver.settle()
    await alice.patches(world, alice.WORKSPACE, {"properties": {"imageBuildCompute": ""}})
    before = last(world)
    await driver.resync()
    assert names(writes(world, before)) == ["PATCH workspaces/fraud"]
    assert (shown(world), driver.condition("InSync")["status"]) == (("cpu-build", "Disabled"), "True")


async def test_the_registry_waits_for_its_cluster_and_for_nothing_else(world: World) -> None:
    """Everything but the registry is closed; once the cluster is there, the registry follows by itself."""
    driver = drive(world, world.spec(**BY_CLUSTER))
    await driver.step()
    for _ in range(40):
        if driver.condition("PublicAccessClosed").get("status") == "True":
            break
        world.emulator.clock.advance(30)
        await driver.step()
    told = driver.condition("RegistryIsolated")
    assert (told["status"], told["reason"], shown(world)) == ("False", "Exposed", (None, "Enabled"))
    assert "The workspace has no compute cpu-build" in told["message"]
    assert driver.condition("PublicAccessClosed")["status"] == "True"
    await make_cluster(world)
    world.emulator.clock.advance(1800)
    await driver.settle()
    assert (driver.condition("Ready")["status"], shown(world)) == ("True", ("cpu-build", "Disabled"))


async def test_a_cluster_that_the_spec_names_no_more_stays_named(world: World) -> None:
    """Without a word of the spec the setting is left alone: the registry is private, and something must build."""
    await make_cluster(world)
    driver = drive(world, world.spec(**BY_CLUSTER))
    await driver.settle()
    driver.edit(world.spec())
    before = last(world)
    await driver.settle()
    assert (names(writes(world, before)), shown(world)) == ([], ("cpu-build", "Disabled"))
    assert driver.condition("Ready")["status"] == "True"
