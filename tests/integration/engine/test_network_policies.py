"""The endpoint subnet's network policies, switched off where the spec says so (WS-PE-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import drive
from tests.integration.engine import alice, azure_roles
from tests.integration.engine.calls import writes

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

DISABLE: dict[str, Any] = {"endpoints": {"subnetNetworkPolicies": "Disable"}}


def shown(world: World) -> dict[str, Any]:
    """The endpoint subnet."""
    subnet = world.emulator.ctx.find(landscape.subnet_id(world.subscription))
    assert subnet is not None
    return dict(subnet.properties)


def policies(world: World) -> str:
    """Those of the endpoint subnet."""
    return str(shown(world).get("privateEndpointNetworkPolicies"))


async def switch_on(world: World) -> None:
    """Somebody has endpoints obey security groups."""
    subnet = landscape.subnet_id(world.subscription)
    body = await world.alice.get(subnet, landscape.NETWORK)
    body["properties"]["privateEndpointNetworkPolicies"] = "NetworkSecurityGroupEnabled"
    await world.alice.put(subnet, landscape.NETWORK, body)


async def test_they_are_switched_off_first_and_again_when_somebody_switches_them_on(world: World) -> None:
    """Nothing else of the subnet changes, and no endpoint is made before."""
    await switch_on(world)
    # The operator's role leaves networks alone; this takes one right more.
    await azure_roles.give_actions(world, "subnets", ["Microsoft.Network/virtualNetworks/subnets/write"])
    before = shown(world)
    driver = drive(world, world.spec(**DISABLE))
    await driver.settle()
    assert (driver.condition("Ready")["status"], policies(world)) == ("True", "Disabled")
    first = writes(world)[0]
    assert first.name.startswith("PUT subnets/")
    after = {**shown(world), "privateEndpointNetworkPolicies": before["privateEndpointNetworkPolicies"]}
    assert {name: after.get(name) for name in before} == before
    await switch_on(world)
    await driver.resync()
    assert policies(world) == "Disabled"
    assert "DriftDetected" in {event.reason for event in driver.events}


async def test_without_the_right_nothing_is_made_and_nothing_closed(world: World) -> None:
    """It is said which right is missing; a security group may still shut off whom the names would send there."""
    await switch_on(world)
    driver = drive(world, world.spec(**DISABLE))
    with pytest.raises(TimeoutError):
        await driver.settle()
    assert "virtualNetworks/subnets/write" in driver.condition("Permitted")["message"]
    assert not list(world.emulator.ctx.of_type(alice.ENDPOINT))
    assert alice.shown(world, alice.VAULT)["properties"].get("publicNetworkAccess") != "Disabled"


async def test_kept_they_stay_as_they_are(world: World) -> None:
    """The default: to switch them off would free every endpoint of the subnet from its security group."""
    await switch_on(world)
    driver = drive(world, world.spec())
    await driver.settle()
    assert (driver.condition("Ready")["status"], policies(world)) == ("True", "NetworkSecurityGroupEnabled")
