"""Addresses that the spec chooses: every member of an endpoint has its own, and all the rest of Azure's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.driving import World, drive
from tests.integration.engine import alice

if TYPE_CHECKING:
    from collections.abc import Iterator

CHOSEN = {
    ("amlworkspace", "default"): "10.20.0.20",
    ("amlworkspace", "notebook"): "10.20.0.21",
    ("amlworkspace", "inference"): "10.20.0.22",
    ("vault", "default"): "10.20.0.23",
    ("registry", "registry"): "10.20.0.24",
    ("registry", "registry_data_westeurope"): "10.20.0.25",
}


def _addresses(world: World) -> Iterator[tuple[tuple[str, str], str]]:
    """Group, member and address of all that endpoints have."""
    for nic in world.emulator.ctx.of_type("Microsoft.Network/networkInterfaces"):
        for each in nic.properties["ipConfigurations"]:
            link = each["properties"].get("privateLinkConnectionProperties")
            if link:
                yield (link["groupId"], link["requiredMemberName"]), each["properties"]["privateIPAddress"]


async def test_endpoints_have_the_addresses_of_the_spec(world: World) -> None:
    """And stay as declared: the writes that follow send them along."""
    chosen: list[dict[str, Any]] = [
        {"group": group, "member": member, "address": address} for (group, member), address in CHOSEN.items()
    ]
    driver = drive(world, world.spec(endpoints={"staticAddresses": chosen}))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert dict(_addresses(world)).items() >= CHOSEN.items()
    await alice.tags(world, alice.ENDPOINT, {"managed-by": "secureml-operator"}, "-vault-")
    await driver.resync()
    assert driver.condition("Ready")["status"] == "True"
    assert dict(_addresses(world)).items() >= CHOSEN.items()
