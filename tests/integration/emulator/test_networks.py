"""Virtual networks, subnets, peerings, routes: what the provider refuses and what a parent's PUT erases."""

from __future__ import annotations

from typing import Any

import pytest

from .client import GROUP, NET, Azure, endpoint

VNET = f"{NET}/virtualNetworks/v"


def network(**properties: object) -> dict[str, Any]:
    """The body of a virtual network."""
    return {
        "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, **properties},
    }


async def test_defaults_of_a_network_and_a_subnet(started: Azure) -> None:
    """Recorded in Test_Networking_PrivateEndpoint_20250301_CRUD."""
    found = await started.get(VNET)
    assert (
        found.properties.items()
        >= {
            "privateEndpointVNetPolicies": "Disabled",
            "enableDdosProtection": False,
            "virtualNetworkPeerings": [],
            "provisioningState": "Succeeded",
        }.items()
    )
    subnet = found.properties["subnets"][0]
    assert subnet["type"] == "Microsoft.Network/virtualNetworks/subnets"
    assert subnet["etag"] == found.body["etag"]
    assert subnet["properties"] == {
        "provisioningState": "Succeeded",
        "addressPrefix": "10.0.1.0/24",
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        pytest.param("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet", id="outside the network"),
        pytest.param("10.0.1.128/25", "NetcfgSubnetRangesOverlap", id="inside another subnet"),
        pytest.param("10.0.2.1/24", "NetcfgInvalidSubnet", id="host bits set"),
        pytest.param("", "NetcfgInvalidSubnet", id="no prefix"),
        pytest.param("10.0.2.0/30", "NetcfgInvalidSubnet", id="smaller than the eight addresses of a /29"),
        pytest.param("10.0.2.0/32", "NetcfgInvalidSubnet", id="one address"),
    ],
)
async def test_ranges(started: Azure, prefix: str, code: str) -> None:
    """400 with the code of wire examples 3; the smallest subnet: virtual networks FAQ, limits table."""
    reply = await started.put(f"{VNET}/subnets/new", {"properties": {"addressPrefix": prefix}})
    assert (reply.status, reply.code) == (400, code)


async def test_the_smallest_subnet(started: Azure) -> None:
    """A /29 is taken (limits table)."""
    assert (
        await started.put(f"{VNET}/subnets/new", {"properties": {"addressPrefix": "10.0.2.0/29"}})
    ).status == 201


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("virtualNetworks/v/subnets/none", id="subnet"),
        pytest.param("virtualNetworks/v/virtualNetworkPeerings/none", id="peering"),
        pytest.param("networkSecurityGroups/n/securityRules/none", id="rule"),
        pytest.param("routeTables/r/routes/none", id="route"),
        pytest.param("privateEndpoints/p/privateDnsZoneGroups/none", id="zone group"),
    ],
)
async def test_a_child_that_is_not_there(started: Azure, place: str) -> None:
    """404 NotFound by the provider, with the whole id.

    Recorded by the tests of MSOpenTech/azure-xplat-cli (virtual network commands) for a subnet. Below a parent
    that is not there either, Resource Manager answers (Test_Networking_NetworkSecurityGroup_20250301_CRUD).
    """
    path = f"{NET}/{place}"
    parent = path.rsplit("/", 2)[0]
    if "virtualNetworks" not in place:
        body: dict[str, Any] = {"location": "westeurope"}
        if "privateEndpoints" in place:
            body = endpoint(f"{VNET}/subnets/pe", await started.storage())
        await started.make(parent, body)
    missing = await started.get(path)
    assert (missing.status, missing.code, missing.message) == (404, "NotFound", f"Resource {path} not found.")
    assert "x-ms-failure-cause" not in missing.headers
    gone = path.replace(f"/{parent.rsplit('/', 1)[-1]}/", "/gone/")
    orphan = await started.get(gone)
    assert (orphan.code, orphan.headers["x-ms-failure-cause"]) == ("ResourceNotFound", "gateway")


async def test_who_is_in_a_subnet_is_told_in_capitals(started: Azure) -> None:
    """Recorded in Test_Compute_VM_20220301_CRUD: names of group, interface and configuration, nothing else."""
    subnet = f"{VNET}/subnets/pe"
    configuration = {"name": "ipconfig1", "properties": {"subnet": {"id": subnet}}}
    interface = f"{NET}/networkInterfaces/nic-a"
    await started.make(interface, {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}})
    root = GROUP.rsplit("/", 1)[0]
    assert (await started.get(subnet)).properties["ipConfigurations"] == [
        {"id": f"{root}/RG/providers/Microsoft.Network/networkInterfaces/NIC-A/ipConfigurations/IPCONFIG1"}
    ]
    inside = (await started.get(interface)).properties["ipConfigurations"][0]["id"]
    assert inside == f"{interface}/ipConfigurations/ipconfig1"


@pytest.mark.parametrize(
    "properties", [pytest.param({}, id="subnets left out"), pytest.param({"subnets": []}, id="subnets empty")]
)
async def test_a_network_put_erases_the_subnets_it_does_not_list(
    started: Azure, properties: dict[str, Any]
) -> None:
    """Conventions 18; ASO issue 1944."""
    assert (await started.put(VNET, network(**properties))).status == 200
    started.advance()
    assert (await started.get(VNET)).properties["subnets"] == []
    assert (await started.get(f"{VNET}/subnets/pe")).status == 404


async def test_a_network_put_keeps_and_adds_the_subnets_it_lists(started: Azure) -> None:
    """The parent's body carries whole subnets; an unchanged network is finished at once."""
    listed = (await started.get(VNET)).properties["subnets"]
    new = {"name": "train", "properties": {"addressPrefix": "10.0.2.0/24"}}
    reply = await started.put(VNET, network(subnets=[*listed, new]))
    assert [each["name"] for each in reply.properties["subnets"]] == ["pe", "train"]
    started.advance()
    after = (await started.get(VNET)).properties["subnets"]
    assert [each["properties"]["provisioningState"] for each in after] == ["Succeeded", "Succeeded"]
    same = await started.put(VNET, network(subnets=after))
    assert same.properties["provisioningState"] == "Succeeded"


async def test_a_used_subnet_is_erased_by_nobody(started: Azure) -> None:
    """400 InUseSubnetCannotBeDeleted on both ways, naming the interface (conventions 19)."""
    storage = await started.storage()
    await started.make(f"{NET}/privateEndpoints/p", endpoint(f"{VNET}/subnets/pe", storage))
    for reply in (
        await started.put(VNET, network()),
        await started.delete(f"{VNET}/subnets/pe"),
        await started.delete(VNET),
    ):
        assert (reply.status, reply.code) == (400, "InUseSubnetCannotBeDeleted")
        assert "/networkInterfaces/p.nic." in reply.message
    shown = (await started.get(f"{VNET}/subnets/pe")).properties
    assert len(shown["ipConfigurations"]) == 1
    assert shown["privateEndpoints"] == [{"id": f"{NET}/privateEndpoints/p"}]


async def test_parallel_subnet_writes_collide(started: Azure) -> None:
    """429 RetryableErrorDueToAnotherOperation with Retry-After 11 (recorded, conventions 17)."""
    first = await started.put(f"{VNET}/subnets/a", {"properties": {"addressPrefix": "10.0.2.0/24"}})
    assert first.status == 201
    for second in (
        await started.put(f"{VNET}/subnets/b", {"properties": {"addressPrefix": "10.0.3.0/24"}}),
        await started.delete(f"{VNET}/subnets/pe"),
    ):
        assert (second.status, second.code, second.headers["Retry-After"]) == (429, "RetryableError", "11")
        assert second.body["error"]["details"][0]["code"] == "RetryableErrorDueToAnotherOperation"
    whole = await started.put(VNET, network())
    assert (whole.status, whole.code) == (409, "AnotherOperationInProgress")
    assert "/operations/" in whole.message


async def test_what_is_still_updating_cannot_be_used(azure: Azure) -> None:
    """429 RetryableError with ReferencedResourceNotProvisioned and no Retry-After (recorded)."""
    await azure.group()
    await azure.put(VNET, network())
    reply = await azure.put(f"{VNET}/subnets/a", {"properties": {"addressPrefix": "10.0.2.0/24"}})
    assert (reply.status, reply.code) == (429, "RetryableError")
    assert reply.body["error"]["details"][0]["code"] == "ReferencedResourceNotProvisioned"
    assert "Retry-After" not in reply.headers


async def test_references_must_exist_in_the_same_region(started: Azure) -> None:
    """400 InvalidResourceReference (recorded code)."""
    far = f"{NET}/networkSecurityGroups/far"
    await started.make(far, {"location": "northeurope"})
    for target in (f"{NET}/networkSecurityGroups/none", far):
        body = {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": target}}}
        reply = await started.put(f"{VNET}/subnets/pe", body)
        assert (reply.status, reply.code) == (400, "InvalidResourceReference")


@pytest.mark.parametrize(
    ("kind", "member", "code"),
    [
        ("networkSecurityGroups", "networkSecurityGroup", "InUseNetworkSecurityGroupCannotBeDeleted"),
        ("routeTables", "routeTable", "InUseRouteTableCannotBeDeleted"),
        ("natGateways", "natGateway", "InUseNatGatewayCannotBeDeleted"),
    ],
)
async def test_what_a_subnet_uses_stays(started: Azure, kind: str, member: str, code: str) -> None:
    """Referenced resources list the subnet and cannot be deleted (wire examples 4 and 5)."""
    path = f"{NET}/{kind}/x"
    await started.make(path, {"location": "westeurope"})
    await started.subnet("train", "10.0.2.0/24", **{member: {"id": path}})
    assert (await started.get(path)).properties["subnets"] == [{"id": f"{VNET}/subnets/train"}]
    refused = await started.delete(path)
    assert (refused.status, refused.code) == (400, code)
    await started.subnet("train", "10.0.2.0/24")
    assert (await started.delete(path)).status == 202


async def test_usages_and_free_addresses(started: Azure) -> None:
    """Limit is 2^(32 - length) - 5; used counts interface addresses (wire examples 3)."""
    storage = await started.storage()
    await started.make(f"{NET}/privateEndpoints/p", endpoint(f"{VNET}/subnets/pe", storage))
    row = (await started.get(f"{VNET}/usages")).body["value"][0]
    assert (row["id"], row["currentValue"], row["limit"]) == (f"{VNET}/subnets/pe", 1.0, 251.0)
    taken = (await started.get(f"{VNET}/CheckIPAddressAvailability?ipAddress=10.0.1.4")).body
    assert (taken["available"], taken["availableIPAddresses"][0]) == (False, "10.0.1.5")
    assert (await started.get(f"{VNET}/CheckIPAddressAvailability?ipAddress=10.0.1.9")).body["available"]
    reserved = (await started.get(f"{VNET}/CheckIPAddressAvailability?ipAddress=10.0.1.0")).body
    assert (reserved["available"], len(reserved["availableIPAddresses"])) == (False, 5)
    assert (await started.get(f"{VNET}/CheckIPAddressAvailability")).status == 400


async def test_a_subnet_cannot_shrink_or_be_delegated_under_its_users(started: Azure) -> None:
    """400 InUsePrefixCannotBeDeleted and SubnetDelegationsCannotChangeWhenSubnetUsedByResource."""
    storage = await started.storage()
    await started.make(f"{NET}/privateEndpoints/p", endpoint(f"{VNET}/subnets/pe", storage))
    moved = await started.put(f"{VNET}/subnets/pe", {"properties": {"addressPrefix": "10.0.9.0/24"}})
    assert moved.code == "InUsePrefixCannotBeDeleted"
    delegation = {"name": "d", "properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}
    body = {"properties": {"addressPrefix": "10.0.1.0/24", "delegations": [delegation]}}
    assert (await started.put(f"{VNET}/subnets/pe", body)).code == (
        "SubnetDelegationsCannotChangeWhenSubnetUsedByResource"
    )


async def test_peerings_connect_when_both_sides_point_at_each_other(started: Azure) -> None:
    """Initiated, then Connected on both; Disconnected when one side goes (wire examples 3)."""
    await started.network("w", "10.1.0.0/16")
    other = f"{NET}/virtualNetworks/w"
    here, there = f"{VNET}/virtualNetworkPeerings/p", f"{other}/virtualNetworkPeerings/q"
    first = await started.make(here, {"properties": {"remoteVirtualNetwork": {"id": other}}})
    assert first.properties["peeringState"] == "Initiated"
    await started.make(there, {"properties": {"remoteVirtualNetwork": {"id": VNET}}})
    assert [(await started.get(each)).properties["peeringState"] for each in (here, there)] == ["Connected"] * 2
    await started.delete(there)
    started.advance()
    assert (await started.get(here)).properties["peeringState"] == "Disconnected"


async def test_a_disconnected_side_comes_back_first(started: Azure) -> None:
    """400 RemotePeeringIsDisconnected until the side that was left is written again (azurerm issue 14051)."""
    await started.network("w", "10.1.0.0/16")
    other = f"{NET}/virtualNetworks/w"
    here, there = f"{VNET}/virtualNetworkPeerings/p", f"{other}/virtualNetworkPeerings/q"
    mine = {"properties": {"remoteVirtualNetwork": {"id": other}}}
    theirs = {"properties": {"remoteVirtualNetwork": {"id": VNET}}}
    await started.make(here, mine)
    await started.make(there, theirs)
    await started.delete(other)  # with its peering
    started.advance()
    assert (await started.get(here)).properties["peeringState"] == "Disconnected"
    await started.network("w", "10.1.0.0/16")
    refused = await started.put(there, theirs)
    assert (refused.status, refused.code) == (400, "RemotePeeringIsDisconnected")
    assert f"because remote peering {here} referencing parent virtual network {other} is in" in refused.message
    assert (await started.make(here, mine)).properties["peeringState"] == "Initiated"
    await started.make(there, theirs)
    assert [(await started.get(each)).properties["peeringState"] for each in (here, there)] == ["Connected"] * 2


async def test_overlapping_networks_are_not_peered(started: Azure) -> None:
    """400 for ranges of the two, and for those of a network peered already (issues in providers/peerings.py)."""
    for name, space in (("same", "10.0.128.0/17"), ("hub", "10.1.0.0/16"), ("third", "10.0.0.0/24")):
        await started.network(name, space)

    def side(network: str) -> tuple[str, dict[str, Any]]:
        remote = {"id": f"{NET}/virtualNetworks/{network}"}
        return f"virtualNetworkPeerings/to-{network}", {"properties": {"remoteVirtualNetwork": remote}}

    path, body = side("same")
    direct = await started.put(f"{VNET}/{path}", body)
    assert (direct.status, direct.code) == (400, "VnetAddressSpacesOverlap")
    assert "Overlapping address prefixes: 10.0.0.0/16." in direct.message
    path, body = side("hub")
    await started.make(f"{VNET}/{path}", body)
    hub, third = f"{NET}/virtualNetworks/hub", f"{NET}/virtualNetworks/third"
    back, other = side("v")
    await started.make(f"{hub}/{back}", other)
    indirect = await started.put(f"{third}/{path}", body)
    assert (indirect.status, indirect.code) == (400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet")
    assert f"of virtual network {VNET} already peered with the second" in indirect.message
    assert (await started.get(f"{third}/{path}")).status == 404


async def test_patch_of_a_network_changes_tags_only(started: Azure) -> None:
    """UpdateTags: 200, synchronous, tags replaced, properties untouched (wire examples 0.1)."""
    reply = await started.call("PATCH", VNET, {"tags": {"a": "1"}, "properties": {"addressSpace": {}}})
    assert (reply.status, reply.body["tags"], len(reply.properties["subnets"])) == (200, {"a": "1"}, 1)
    assert reply.properties["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}
    assert (await started.call("PATCH", f"{VNET}/subnets/pe", {})).status == 405


async def test_route_table_put_replaces_routes_and_parallel_routes_collide(azure: Azure) -> None:
    """A tag as prefix is accepted (recorded); 429 for parallel route writes (recorded)."""
    await azure.group()
    table = f"{NET}/routeTables/t"
    await azure.make(table, {"location": "westeurope"})
    route = {"properties": {"addressPrefix": "AzureMachineLearning", "nextHopType": "Internet"}}
    assert (await azure.put(f"{table}/routes/a", route)).status == 201
    assert (await azure.put(f"{table}/routes/b", route)).status == 429
    azure.advance()
    shown = (await azure.get(table)).properties["routes"]
    assert [(each["name"], each["properties"]["hasBgpOverride"]) for each in shown] == [("a", False)]
    await azure.make(table, {"location": "westeurope", "properties": {}})
    assert (await azure.get(table)).properties["routes"] == []


async def test_a_public_address_in_use_stays(azure: Azure) -> None:
    """400 PublicIPAddressCannotBeDeleted (recorded); a static address appears when the operation ends."""
    await azure.group()
    address = f"{NET}/publicIPAddresses/i"
    body = {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static"},
    }
    assert (await azure.make(address, body)).properties["ipAddress"].startswith("203.0.113.")
    gateway = {"location": "westeurope", "properties": {"publicIpAddresses": [{"id": address}]}}
    made = await azure.make(f"{NET}/natGateways/n", gateway)
    assert (made.body["sku"]["tier"], made.properties["scope"]) == ("Regional", "Public")
    assert (await azure.delete(address)).code == "PublicIPAddressCannotBeDeleted"


async def test_a_group_is_needed_before_a_network(azure: Azure) -> None:
    """404 ResourceGroupNotFound."""
    assert (await azure.put(VNET, network())).code == "ResourceGroupNotFound"
    assert GROUP in VNET
