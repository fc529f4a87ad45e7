"""Estates in which a name would turn private before whoever asks can use the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.driving import World, drive, new_engine
from tests.integration.engine import alice
from tests.integration.engine.test_records_of_others import BLOBS, hub_is_made, leads_to, waits, zone

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from arm_emulator.changes import Change
    from secureml_sandbox.arm_client import Json

NETWORK = "Microsoft.Network/virtualNetworks"


def network(world: World, name: str = "ml-vnet") -> str:
    """The id of a network beside the workspaces' own."""
    return landscape.network_id(world.subscription).replace("ml-vnet", name)


def links(world: World, name: str, of: str = "ml-vnet") -> list[str]:
    """The groups of the zones of a name to which a network is linked."""
    found = (each for each in world.emulator.ctx.of_type(alice.LINK) if each.id.names[0] == name)
    leads = f"/virtualnetworks/{of}"
    return [each.id.group for each in found if each.properties["virtualNetwork"]["id"].lower().endswith(leads)]


def closed(world: World, kind: str) -> bool:
    """Whether the public way into a service is closed."""
    return alice.shown(world, kind)["properties"].get("publicNetworkAccess") == "Disabled"


async def zone_is_made(world: World, target: str, **records: str) -> None:
    """She makes a zone with these records."""
    await alice.creates(world, target, alice.DNS, location="global")
    for name, address in records.items():
        properties: Json = {"ttl": 300, "aRecords": [{"ipv4Address": address}]}
        await alice.creates(world, f"{target}/A/{name}", alice.DNS, properties=properties)


async def test_no_network_is_linked_to_a_zone_that_sends_it_where_it_cannot_go(world: World) -> None:
    """A zone of the group holds the record of an account that nobody declared, in a network that is not peered.

    The link sent the clients of that account there, and stayed. Everything else converges meanwhile.
    """
    await zone_is_made(world, zone(world, BLOBS), saleslake="10.60.0.4")
    driver = drive(world, world.spec())
    await waits(driver)
    assert links(world, BLOBS) == []
    said = driver.condition("NamesResolved")
    assert said["reason"] == "DNSRecordUnreachable"
    assert "saleslake.privatelink.blob.core.windows.net leads to 10.60.0.4" in said["message"]
    assert (closed(world, alice.STORAGE), closed(world, alice.VAULT)) == (False, True)

    await alice.vanishes(world, f"{zone(world, BLOBS)}/A/saleslake", alice.DNS)
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert closed(world, alice.STORAGE)


async def test_two_resources_for_one_workspace_each_from_its_own_network(world: World) -> None:
    """The zones of the first would send the second network into the first: advised, it gets zones of its own."""
    await hub_is_made(world)
    engine = new_engine(world)
    first = drive(world, world.spec(), engine=engine)
    await first.settle()
    subnet = {"endpointSubnetID": landscape.subnet_id(world.subscription).replace("ml-vnet", "hub")}
    second = drive(world, world.spec(network=subnet), "from-the-hub", engine)
    await waits(second)
    assert links(world, BLOBS, "hub") == []
    assert second.condition("NamesResolved")["reason"] == "DNSRecordTaken"
    assert "spec.dns.zoneResourceGroupID" in second.condition("NamesResolved")["message"]

    group = f"/subscriptions/{world.subscription}/resourceGroups/ml"
    second.edit(world.spec(network=subnet, dns={"zoneResourceGroupID": group}))
    await second.settle()
    assert (links(world, BLOBS), links(world, BLOBS, "hub")) == (["network"], ["ml"])
    account = str(second.status["azure"]["storageAccountID"]).rsplit("/", 1)[1]
    own = f"{group}/providers/Microsoft.Network/privateDnsZones/{BLOBS}/A/{account}"
    assert leads_to(world, own)[0].startswith("10.30.")
    assert second.condition("Ready")["status"] == "True"
    assert (await first.resync()).status["conditions"][0]["status"] == "True"


async def test_nothing_is_closed_on_names_that_a_server_of_ones_own_was_not_shown_to_answer(world: World) -> None:
    """The network asks a server in the hub. Six zones were made that nobody saw, and all services were closed."""
    await hub_is_made(world)
    await alice.peers(world, "ml-vnet", "hub")
    await alice.peers(world, "hub", "ml-vnet")
    await alice.rewrites(world, NETWORK, "ml-vnet", {"dhcpOptions": {"dnsServers": ["10.30.0.4"]}})
    driver = drive(world, world.spec())
    await waits(driver)
    assert {
        kind for kind in (alice.STORAGE, alice.VAULT, alice.REGISTRY, alice.WORKSPACE) if closed(world, kind)
    } == set()
    said = driver.condition("NamesResolved")
    assert said["reason"] == "CustomDNSServer"
    assert "10.30.0.4" in said["message"]
    assert "spec.dns.serverNetworkIDs" in said["message"]
    assert "blob.core.windows.net" in driver.status["dnsForwarders"]

    driver.edit(world.spec(dns={"serverNetworkIDs": [network(world, "hub")]}))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert (links(world, BLOBS), links(world, BLOBS, "hub")) == ([], ["network"])
    assert closed(world, alice.STORAGE)


async def test_a_server_that_a_network_asks_from_now_on_is_said_though_all_is_closed(world: World) -> None:
    """Nothing is opened again, but nobody reads that names are resolved."""
    driver = drive(world, world.spec())
    await driver.settle()
    await alice.rewrites(world, NETWORK, "ml-vnet", {"dhcpOptions": {"dnsServers": ["10.0.0.4"]}})
    world.emulator.clock.advance(1800)
    await driver.step()
    assert driver.condition("NamesResolved")["reason"] == "CustomDNSServer"
    assert closed(world, alice.STORAGE)
    assert links(world, BLOBS) == ["network"]


async def test_a_name_without_a_record_is_answered_publicly(world: World) -> None:
    """The link brought every account of anybody to an end that had an endpoint somewhere, and no record here."""
    driver = drive(world, world.spec())
    await driver.settle()
    policies = {each.properties["resolutionPolicy"] for each in world.emulator.ctx.of_type(alice.LINK)}
    assert policies == {"NxDomainRedirect"}

    await alice.rewrites(world, alice.LINK, BLOBS, {"resolutionPolicy": "Default"})
    await driver.resync()
    assert alice.shown(world, alice.LINK, BLOBS)["properties"]["resolutionPolicy"] == "NxDomainRedirect"


async def test_without_a_fall_back_names_have_their_records_before_a_network_is_linked(world: World) -> None:
    """Between the two nobody in the network would have found the service, not even publicly."""
    linked: dict[str, int] = {}

    def observe(change: Change) -> None:
        if change.id.type == alice.LINK and change.after:
            records = [
                each for each in world.emulator.ctx.of_type(alice.RECORD) if each.id.names[0] == change.id.names[0]
            ]
            linked.setdefault(change.id.names[0], len(records))

    world.emulator.ctx.changes.listeners.append(observe)
    driver = drive(world, world.spec(dns={"fallback": "None"}))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert len(linked) == 6
    assert min(linked.values()) > 0
    assert {each.properties.get("resolutionPolicy") for each in world.emulator.ctx.of_type(alice.LINK)} <= {
        None,
        "Default",
    }


async def test_a_zone_moves_by_one_step_that_people_take(world: World) -> None:
    """The spec names another zone of one name. All is prepared, and nothing is lost before the step.

    Azure refuses two entries of one name in a zone group, so the group stayed as it was, for ever.
    """
    driver = drive(world, world.spec())
    await driver.settle()
    account = str(driver.status["azure"]["storageAccountID"]).rsplit("/", 1)[1]
    old, new = zone(world, BLOBS), zone(world, BLOBS).replace("/resourceGroups/network/", "/resourceGroups/ml/")
    address = leads_to(world, f"{old}/A/{account}")

    driver.edit(world.spec(dns={"zoneIDs": [new]}))
    await waits(driver)
    said = driver.condition("NamesResolved")
    assert said["reason"] == "ZoneMoveWaits"
    assert "az network private-dns link vnet delete" in said["message"]
    assert (links(world, BLOBS), leads_to(world, f"{old}/A/{account}")) == (["network"], address)
    await alice.patches(world, alice.STORAGE, {"properties": {"publicNetworkAccess": "Enabled"}})
    world.emulator.clock.advance(1800)
    await waits(driver)
    assert closed(world, alice.STORAGE), "what somebody opens meanwhile is closed again"

    await alice.deletes(world, alice.LINK, f"resourcegroups/network/providers/{alice.ZONE}/{BLOBS}")
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert (links(world, BLOBS), leads_to(world, f"{new}/A/{account}")) == (["ml"], address)
    assert leads_to(world, f"{old}/A/{account}") == []
    refused = [entry for entry in world.log() if entry["method"] == "PUT" and int(entry["status"]) >= 400]
    assert refused == []


async def test_names_turn_private_for_a_network_of_clients_when_it_reaches_the_endpoints(world: World) -> None:
    """It was linked, and everything closed, while nothing led from it to the endpoints."""
    await hub_is_made(world)
    await alice.peers(world, "hub", "ml-vnet")
    wanted = {
        "endpointSubnetID": landscape.subnet_id(world.subscription),
        "clientNetworkIDs": [network(world, "hub")],
    }
    driver = drive(world, world.spec(network=wanted))
    await waits(driver)
    assert driver.condition("NamesResolved")["reason"] == "ClientNetworkNotPeered"
    assert (links(world, BLOBS), links(world, BLOBS, "hub")) == (["network"], [])
    assert not closed(world, alice.STORAGE)

    await alice.peers(world, "ml-vnet", "hub")
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert links(world, BLOBS, "hub") == ["network"]
    assert closed(world, alice.STORAGE)
