"""Zones that many networks share: a record that serves somebody else is neither changed nor withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import Driver, World, drive, new_engine, open_world
from tests.integration.engine import alice

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from pathlib import Path

VAULTS = "privatelink.vaultcore.azure.net"
BLOBS = "privatelink.blob.core.windows.net"


def zone(world: World, name: str) -> str:
    """The id of the zone that the operator would use."""
    group = landscape.network_id(world.subscription).split("/providers/")[0]
    return f"{group}/providers/Microsoft.Network/privateDnsZones/{name}"


def leads_to(world: World, record: str) -> list[str]:
    """The addresses of a record; none when it is gone."""
    held = world.emulator.ctx.find(record)
    return [each["ipv4Address"] for each in held.properties["aRecords"]] if held else []


async def waits(driver: Driver) -> None:
    """It has done what it could, and waits for somebody."""
    with pytest.raises(TimeoutError):
        await driver.settle(timedelta(minutes=10))


async def test_a_record_that_leads_elsewhere_is_left_alone_until_somebody_removes_it(world: World) -> None:
    """Somebody wrote the vault's record by hand: everything else converges, the vault stays open, and is said.

    The zone group of our endpoint once overwrote it at once, for every network that is linked to the zone.
    """
    vault = alice.one(world, alice.VAULT)
    record = f"{zone(world, VAULTS)}/A/{vault.rsplit('/', 1)[1]}"
    await alice.creates(world, zone(world, VAULTS), alice.DNS, location="global")
    await alice.creates(
        world, record, alice.DNS, properties={"ttl": 300, "aRecords": [{"ipv4Address": "10.9.0.4"}]}
    )
    driver = drive(world, world.spec())
    await waits(driver)
    assert leads_to(world, record) == ["10.9.0.4"]
    assert alice.shown(world, alice.VAULT)["properties"].get("publicNetworkAccess") != "Disabled"
    assert alice.shown(world, alice.STORAGE)["properties"]["publicNetworkAccess"] == "Disabled"
    assert driver.condition("NamesResolved")["reason"] == "DNSRecordTaken"
    assert "10.9.0.4" in driver.condition("NamesResolved")["message"]

    await alice.vanishes(world, record, alice.DNS)
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert leads_to(world, record) != ["10.9.0.4"]


async def test_two_networks_do_not_fight_over_one_record(tmp_path: Path) -> None:
    """Both use one account, each from its own network, and one zone: who came first has it, until it goes."""
    async with open_world(tmp_path, ("fraud", "churn")) as world:
        await hub_is_made(world)
        await alice.peers(world, "ml-vnet", "hub")
        await alice.peers(world, "hub", "ml-vnet")
        engine = new_engine(world)
        first = drive(world, world.spec("fraud", deletionPolicy="Delete"), "fraud", engine)
        await first.settle()
        account = str(first.status["azure"]["storageAccountID"])
        second = drive(world, from_the_hub(world, account), "churn", engine)
        record = f"{zone(world, BLOBS)}/A/{account.rsplit('/', 1)[1]}"
        before = leads_to(world, record)
        await waits(second)
        assert leads_to(world, record) == before
        assert second.condition("NamesResolved")["reason"] == "DNSRecordTaken"
        assert (await first.resync()).status["conditions"][0]["status"] == "True"

        first.delete()
        assert (await first.settle()).released
        await second.settle()
        assert second.condition("Ready")["status"] == "True"
        assert leads_to(world, record) not in (before, [])


async def hub_is_made(world: World) -> None:
    """A second network with a subnet for endpoints."""
    subnet = {"name": "endpoints", "properties": {"addressPrefix": "10.30.0.0/24"}}
    properties = {"addressSpace": {"addressPrefixes": ["10.30.0.0/16"]}, "subnets": [subnet]}
    target = landscape.network_id(world.subscription).replace("ml-vnet", "hub")
    await alice.creates(world, target, landscape.NETWORK, location="westeurope", properties=properties)


def from_the_hub(world: World, account: str) -> dict[str, Any]:
    """The second workspace, secured in the other network, with the account of the first beside its own."""
    subnet = landscape.subnet_id(world.subscription).replace("ml-vnet", "hub")
    extra = {"additionalAccounts": [{"accountID": account, "subResources": ["blob"]}]}
    return world.spec("churn", network={"endpointSubnetID": subnet}, storage=extra)
