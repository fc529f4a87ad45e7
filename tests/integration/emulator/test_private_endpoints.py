"""Private endpoints: approval, interface, names, zone groups, and both owners' actions."""

from __future__ import annotations

from typing import Any

import pytest

from arm_emulator.config import Client, Config, Grant, default_clients

from .client import GROUP, LONG, NET, SUB, SUBSCRIPTION, TENANT, Azure, endpoint, link, zone_group

PE = f"{NET}/privateEndpoints/p"
VNET = f"{NET}/virtualNetworks/v"
SUBNET = f"{VNET}/subnets/pe"
BLOB = "privatelink.blob.core.windows.net"
GUEST = "55555555-5555-4555-8555-555555555555"
AUTO = "privateLinkServiceConnections"


def guest(*actions: str) -> Config:
    """Default clients and one more that may do these actions, everywhere."""
    client = Client(GUEST, "guest-object", "s", "guest", grants=(Grant(SUB, actions=actions),))
    return Config(clients=(*default_clients(), client))


def state(reply: Any, kind: str = AUTO) -> str:  # noqa: ANN401
    """Status of an endpoint's connection."""
    return str(reply.properties[kind][0]["properties"]["privateLinkServiceConnectionState"]["status"])


async def connections(azure: Azure, target: str) -> list[dict[str, Any]]:
    """The connections a target shows."""
    return list((await azure.get(f"{target}/privateEndpointConnections", version="2025-06-01")).body["value"])


async def test_creation_as_recorded(started: Azure) -> None:
    """201 Updating, Approved and the interface at once, names empty; then names; recorded PrivateEndpoint_CRUD."""
    storage = await started.storage()
    reply = await started.put(PE, endpoint(SUBNET, storage))
    assert (reply.status, reply.headers["Retry-After"]) == (201, "10")
    assert (reply.properties["provisioningState"], state(reply), reply.properties["customDnsConfigs"]) == (
        "Updating",
        "Approved",
        [],
    )
    interface = reply.properties["networkInterfaces"][0]["id"]
    assert interface.startswith(f"{NET}/networkInterfaces/p.nic.")
    started.advance()
    done = await started.get(PE)
    assert done.properties["customDnsConfigs"] == [
        {"fqdn": "sa1.blob.core.windows.net", "ipAddresses": ["10.0.1.4"]}
    ]
    inner = (await started.get(interface)).properties["ipConfigurations"][0]["properties"]
    assert inner["privateIPAddress"] == "10.0.1.4"
    assert inner["privateLinkConnectionProperties"] == {
        "groupId": "blob",
        "requiredMemberName": "blob",
        "fqdns": ["sa1.blob.core.windows.net"],
    }
    shown = await connections(started, storage)
    assert [each["properties"]["privateEndpoint"]["id"] for each in shown] == [PE]
    assert shown[0]["name"].startswith("p.")


async def test_a_workspace_takes_three_addresses(started: Azure) -> None:
    """Workspace with certificate, notebooks and inference: three configurations (reference data 3)."""
    providers = f"{GROUP}/providers"
    storage = await started.storage()
    vault = f"{providers}/Microsoft.KeyVault/vaults/kv1"
    sku = {"family": "A", "name": "standard"}
    await started.make(
        vault, {"location": "westeurope", "properties": {"tenantId": TENANT, "sku": sku, "accessPolicies": []}}
    )
    workspace = f"{providers}/Microsoft.MachineLearningServices/workspaces/ws1"
    await started.make(
        workspace,
        {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "properties": {"storageAccount": storage, "keyVault": vault},
        },
    )
    reply = await started.make(PE, endpoint(SUBNET, workspace, "amlworkspace"))
    interface = await started.get(reply.properties["networkInterfaces"][0]["id"])
    addresses = [each["properties"]["privateIPAddress"] for each in interface.properties["ipConfigurations"]]
    assert addresses == ["10.0.1.4", "10.0.1.5", "10.0.1.6"]


@pytest.mark.parametrize(
    ("actions", "status"),
    [
        pytest.param(("Microsoft.Network/*",), "Pending", id="without the approval action on the target"),
        pytest.param(
            ("Microsoft.Network/*", "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action"),
            "Approved",
            id="with it",
        ),
    ],
)
async def test_approval_needs_a_right_on_the_target(actions: tuple[str, ...], status: str) -> None:
    """Auto-approved only for who may approve; else Pending though Succeeded (conventions 21, wire examples 6)."""
    async with Azure.start(guest(*actions)) as azure:
        await azure.group()
        await azure.network()
        await azure.subnet()
        storage = await azure.storage()
        await azure.put(PE, endpoint(SUBNET, storage), who=GUEST)
        azure.advance()
        found = await azure.get(PE)
        assert (found.properties["provisioningState"], state(found)) == ("Succeeded", status)
        assert bool(found.properties["customDnsConfigs"]) == (status == "Approved")


async def test_the_owner_decides_and_the_endpoint_shows_it(started: Azure) -> None:
    """Pending, Approved, Rejected by the target's owner; Disconnected when it deletes the connection."""
    storage = await started.storage()
    zone = await started.zone()
    manual = "manualPrivateLinkServiceConnections"
    await started.make(PE, endpoint(SUBNET, storage, manual=True))
    await started.make(f"{PE}/privateDnsZoneGroups/default", zone_group(zone))
    assert state(await started.get(PE), manual) == "Pending"
    assert (await started.get(f"{zone}/A/sa1")).status == 404
    connection = (await connections(started, storage))[0]["id"]
    for wanted in ("Approved", "Rejected"):
        body = {"properties": {"privateLinkServiceConnectionState": {"status": wanted, "description": "by owner"}}}
        assert (await started.put(connection, body, version="2025-06-01")).status == 200
        assert state(await started.get(PE), manual) == wanted
        assert (await started.get(f"{zone}/A/sa1")).status == 200
    assert (await started.delete(connection, version="2025-06-01")).status in {200, 204}
    assert state(await started.get(PE), manual) == "Disconnected"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"location": "northeurope"}, "InvalidResourceReference", id="region of another network"),
        pytest.param({"subnet": f"{VNET}/subnets/none"}, "InvalidResourceReference", id="no such subnet"),
        pytest.param(
            {"target": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/no"},
            "InvalidResourceReference",
            id="no such target",
        ),
        pytest.param({"target": VNET}, "InvalidPrivateLinkServiceId", id="a target without private link"),
        pytest.param({"target": "nonsense"}, "InvalidPrivateLinkServiceId", id="no id at all"),
        pytest.param({"group": "vault"}, "GroupIdInvalid", id="a group of another service"),
    ],
)  # fmt: skip
async def test_refused_endpoints(started: Azure, change: dict[str, str], code: str) -> None:
    """400 (wire examples 6)."""
    storage = await started.storage()
    body = endpoint(change.get("subnet", SUBNET), change.get("target", storage), change.get("group", "blob"))
    body["location"] = change.get("location", "westeurope")
    reply = await started.put(PE, body)
    assert (reply.status, reply.code) == (400, code)


async def test_a_delegated_subnet_takes_no_endpoint(started: Azure) -> None:
    """400 PrivateEndpointCreationNotAllowedAsSubnetIsDelegated (wire examples 6)."""
    delegation = {"name": "d", "properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}
    subnet = await started.subnet("aci", "10.0.2.0/24", delegations=[delegation])
    reply = await started.put(PE, endpoint(subnet, await started.storage()))
    assert (reply.status, reply.code) == (400, "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated")


async def test_a_small_subnet_fills_up(started: Azure) -> None:
    """A /29 has 2^3 - 5 = 3 addresses; the fourth endpoint gets SubnetIsFull."""
    subnet = await started.subnet("small", "10.0.2.0/29")
    storage = await started.storage()
    found = [(await started.put(f"{NET}/privateEndpoints/p{i}", endpoint(subnet, storage))) for i in range(4)]
    assert [each.status for each in found] == [201, 201, 201, 400]
    assert found[3].code == "SubnetIsFull"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        pytest.param("10.0.1.77", "", id="a free one"),
        pytest.param("10.0.9.1", "PrivateIPAddressNotInSubnet", id="outside"),
        pytest.param("10.0.1.3", "PrivateIPAddressInReservedRange", id="one of the first four"),
    ],
)
async def test_static_addresses(started: Azure, address: str, code: str) -> None:
    """`ipConfigurations` with a member name choose the address."""
    body = endpoint(SUBNET, await started.storage())
    chosen = {"groupId": "blob", "memberName": "blob", "privateIPAddress": address}
    body["properties"]["ipConfigurations"] = [{"name": "i", "properties": chosen}]
    reply = await started.put(PE, body)
    if code:
        assert (reply.status, reply.code) == (400, code)
        return
    started.advance()
    assert (await started.get(PE)).properties["customDnsConfigs"][0]["ipAddresses"] == [address]


async def test_static_addresses_are_for_all_members_or_none(started: Azure) -> None:
    """400 in the words of hashicorp/terraform-provider-azurerm issue 21781; the members of a registry."""
    registry = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry1"
    await started.make(registry, {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}})
    body = endpoint(SUBNET, registry, "registry")

    def static(*rows: tuple[str, str]) -> None:
        body["properties"]["ipConfigurations"] = [
            {
                "name": f"i{member}",
                "properties": {"groupId": "registry", "memberName": member, "privateIPAddress": ip},
            }
            for member, ip in rows
        ]

    static(("default", "10.0.1.50"))
    refused = await started.put(PE, body)
    assert (refused.status, refused.code) == (400, "PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps")
    assert refused.message == (
        f"Private Endpoint {PE} contains static ipconfigurations: [PrivateIPAddress: 10.0.1.50, GroupId: "
        "registry, MemberName: default] and its missing these membernames/groupids requested by Private Link "
        "service [GroupId: registry, MemberName: registry_data_westeurope; GroupId: registry, MemberName: "
        "registry]. Private Endpoint needs to be reconfigured with missing memberNames."
    )
    static(("registry", "10.0.1.50"), ("registry_data_westeurope", "10.0.1.50"))
    assert (await started.put(PE, body)).code == "PrivateIPAddressIsAllocated"
    static(("registry", "10.0.1.50"), ("registry_data_westeurope", "10.0.1.51"))
    shown = (await started.make(PE, body)).properties["customDnsConfigs"]
    assert {each["fqdn"]: each["ipAddresses"] for each in shown} == {
        "registry1.westeurope.data.azurecr.io": ["10.0.1.51"],
        "registry1.azurecr.io": ["10.0.1.50"],
    }


async def test_what_is_fixed_after_creation(started: Azure) -> None:
    """Another subnet or target means another endpoint (wire examples 6); tags may change at once."""
    storage = await started.storage()
    other = await started.subnet("other", "10.0.2.0/24")
    await started.make(PE, endpoint(SUBNET, storage))
    assert (await started.put(PE, endpoint(other, storage))).code == "PropertyChangeNotAllowed"
    tagged = await started.put(PE, {**endpoint(SUBNET, storage), "tags": {"a": "1"}})
    assert (tagged.status, tagged.properties["provisioningState"]) == (200, "Succeeded")
    assert (await started.call("PATCH", PE, {"tags": {}})).status == 405


async def test_deleting_an_endpoint_takes_everything_with_it(started: Azure) -> None:
    """Interface, connection on the target, zone group and records; the subnet is free again."""
    storage, zone = await started.storage(), await started.zone()
    await started.make(PE, endpoint(SUBNET, storage))
    await started.make(f"{PE}/privateDnsZoneGroups/default", zone_group(zone))
    interface = (await started.get(PE)).properties["networkInterfaces"][0]["id"]
    refused = await started.delete(interface)
    assert (refused.status, refused.code) == (400, "NetworkInterfaceInUse")
    assert (await started.outcome(await started.delete(PE))).body == {"status": "Succeeded"}
    for gone in (PE, interface, f"{PE}/privateDnsZoneGroups/default", f"{zone}/A/sa1"):
        assert (await started.get(gone)).status == 404
    assert await connections(started, storage) == []
    assert (await started.delete(SUBNET)).status == 202


async def test_a_failed_creation_is_seen(started: Azure) -> None:
    """A scripted failure: accepted, then Failed in poll and provisioningState."""
    storage = await started.storage()
    fault = {"method": "PUT", "path": "privateEndpoints/p", "fail_operation": {"code": "InternalServerError"}}
    await started.control("POST", "faults", [fault])
    reply = await started.put(PE, endpoint(SUBNET, storage))
    assert reply.status == 201
    outcome = (await started.outcome(reply)).body
    assert (outcome["status"], outcome["error"]["code"]) == ("Failed", "InternalServerError")
    assert (await started.get(PE)).properties["provisioningState"] == "Failed"
    await started.make(PE, endpoint(SUBNET, storage))
    assert (await started.get(PE)).properties["provisioningState"] == "Succeeded"


async def test_zone_group_writes_records(started: Azure) -> None:
    """Record sets on every configuration, A records with 10 s to live (recorded); re-PUT repairs a lost one."""
    storage, zone = await started.storage(), await started.zone()
    group = f"{PE}/privateDnsZoneGroups/default"
    await started.make(PE, endpoint(SUBNET, storage))
    reply = await started.put(group, zone_group(zone))
    assert (reply.status, reply.properties["provisioningState"]) == (201, "Updating")
    assert (await started.get(f"{zone}/A/sa1")).status == 404
    started.advance()
    config = (await started.get(group)).properties["privateDnsZoneConfigs"][0]
    assert config["properties"]["recordSets"] == [
        {
            "recordType": "A",
            "recordSetName": "sa1",
            "fqdn": f"sa1.{BLOB}",
            "ttl": 10,
            "provisioningState": "Succeeded",
            "ipAddresses": ["10.0.1.4"],
        }
    ]
    record = await started.get(f"{zone}/A/sa1")
    assert (record.properties["ttl"], record.properties["aRecords"]) == (10, [{"ipv4Address": "10.0.1.4"}])
    await started.delete(f"{zone}/A/sa1")
    await started.make(group, zone_group(zone))
    assert (await started.get(f"{zone}/A/sa1")).status == 200
    await started.delete(group)
    started.advance()
    assert (await started.get(f"{zone}/A/sa1")).status == 404


async def test_one_zone_group_per_endpoint_and_only_existing_zones(started: Azure) -> None:
    """A second group and an unknown zone are refused."""
    storage, zone = await started.storage(), await started.zone()
    await started.make(PE, endpoint(SUBNET, storage))
    missing = await started.put(f"{PE}/privateDnsZoneGroups/default", zone_group(f"{zone}x"))
    assert 400 <= missing.status < 500
    await started.make(f"{PE}/privateDnsZoneGroups/default", zone_group(zone))
    assert (await started.put(f"{PE}/privateDnsZoneGroups/second", zone_group(zone))).status == 400


async def test_two_configurations_of_one_zone_or_name(started: Azure) -> None:
    """Field report F4: `InvalidRequestFormat` and the decisive words in the details.

    hashicorp/terraform-provider-azurerm issue 28966 for one name; two zones of one name under different names is
    unverified.
    """
    storage, zone = await started.storage(), await started.zone()
    await started.group(f"{SUB}/resourceGroups/hub")
    moved = await started.zone(group=f"{SUB}/resourceGroups/hub/providers/Microsoft.Network")
    other = await started.zone("privatelink.file.core.windows.net")
    await started.make(PE, endpoint(SUBNET, storage))
    group = f"{PE}/privateDnsZoneGroups/default"
    named = zone_group(zone, other)
    named["properties"]["privateDnsZoneConfigs"][1]["name"] = "C0"
    for body, twice in ((named, "C0"), (zone_group(zone, zone), BLOB), (zone_group(zone, moved), BLOB)):
        refused = await started.put(group, body)
        assert (refused.status, refused.code, refused.message) == (
            400,
            "InvalidRequestFormat",
            "Cannot parse the request.",
        )
        assert refused.body["error"]["details"] == [
            {
                "code": "DuplicateResourceName",
                "message": f"Resource {group} has two child resources with the same name ({twice}).",
            }
        ]
    assert (await started.put(group, zone_group(zone, other))).status == 201


async def test_one_group_id_per_endpoint(started: Azure) -> None:
    """400 OnlyOneGroupIdPermitted, in the words of hashicorp/terraform-provider-azurerm issue 5820."""
    storage = await started.storage()
    body = endpoint(SUBNET, storage)
    body["properties"][AUTO][0]["properties"]["groupIds"] = ["blob", "file"]
    refused = await started.put(PE, body)
    assert (refused.status, refused.code) == (400, "OnlyOneGroupIdPermitted")
    assert refused.message == (
        f"Private link service connection {PE}/{AUTO}/c has the following group Ids: blob, file. "
        f"Only one group Id is permitted when connecting to a first-party resource ({storage})."
    )
    assert (await started.get(PE)).status == 404


async def test_an_account_takes_endpoints_before_it_is_finished(started: Azure) -> None:
    """Recorded in Test_Networking_PrivateEndpoint_20250301_CRUD: taken while the account's creation still ran."""
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa1"
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    created = await started.put(account, body)
    refused = await started.put(PE, endpoint(SUBNET, account))
    assert (refused.status, refused.code) == (409, "StorageAccountIsNotProvisioned")
    started.advance(10)
    assert (await started.put(PE, endpoint(SUBNET, account))).status == 201
    assert (await started.get(created.headers["Location"])).status == 202
    assert (await started.call("PATCH", account, {"tags": {}})).code == "StorageAccountIsNotProvisioned"


async def test_joins_are_checked_on_the_linked_resource() -> None:
    """403 LinkedAuthorizationFailed naming action and linked scope (wire examples 6, 14)."""
    actions = (
        "Microsoft.Network/privateEndpoints/*",
        "*/read",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/*",
    )
    async with Azure.start(guest(*actions)) as azure:
        await azure.group()
        await azure.network()
        await azure.subnet()
        storage, zone = await azure.storage(), await azure.zone()
        refused = await azure.put(PE, endpoint(SUBNET, storage), who=GUEST)
        assert (refused.status, refused.code) == (403, "LinkedAuthorizationFailed")
        assert "'Microsoft.Network/virtualNetworks/subnets/join/action'" in refused.message
        assert f"'{SUBNET}'" in refused.message
        await azure.make(PE, endpoint(SUBNET, storage))
        refused = await azure.put(f"{PE}/privateDnsZoneGroups/g", zone_group(zone), who=GUEST)
        assert "'Microsoft.Network/privateDnsZones/join/action'" in refused.message
        refused = await azure.put(f"{zone}/virtualNetworkLinks/l", link(VNET), who=GUEST)
        assert "'Microsoft.Network/virtualNetworks/join/action'" in refused.message


OTHER = "99999999-9999-4999-8999-999999999999"


@pytest.mark.parametrize(
    ("manual", "expected"),
    [
        pytest.param(False, (403, "LinkedAuthorizationFailed"), id="approved at once"),
        pytest.param(True, (201, ""), id="manual"),
    ],
)
async def test_a_target_of_another_subscription(*, manual: bool, expected: tuple[int, str]) -> None:
    """Azure/azure-sdk-for-go issue 14306, MicrosoftDocs/azure-docs issue 96892: the short name of the right."""
    network = ("Microsoft.Network/*", "Microsoft.Storage/storageAccounts/read")
    client = Client(GUEST, "guest-object", "s", "guest", grants=(Grant("/", actions=network),))
    config = Config(subscriptions=(SUBSCRIPTION, OTHER), clients=(*default_clients(), client))
    async with Azure.start(config) as azure:
        await azure.group()
        await azure.network()
        await azure.subnet()
        theirs = f"/subscriptions/{OTHER}/resourceGroups/theirs"
        await azure.group(theirs)
        account = f"{theirs}/providers/Microsoft.Storage/storageAccounts/sa9"
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        await azure.make(account, body)
        reply = await azure.put(PE, endpoint(SUBNET, account, manual=manual), who=GUEST)
        assert (reply.status, reply.code if reply.status > 399 else "") == expected
        if manual:
            assert state(reply, "manualPrivateLinkServiceConnections") == "Pending"
            return
        assert reply.message.endswith(
            "it does not have permission to perform action(s) 'PrivateEndpointConnectionsApproval/action' on the "
            f"linked scope(s) '{account}' (respectively) or the linked scope(s) are invalid."
        )


async def test_endpoints_of_a_busy_account(azure: Azure) -> None:
    """Azure/bicep-registry-modules issue 6001: Failed while others of the account are made; made anew it works."""
    async with Azure.start(Config(busy_accounts=1.0)) as busy:
        outcomes = {}
        for each in (azure, busy):
            await each.group()
            await each.network()
            await each.subnet()
            storage = await each.storage()
            replies = [
                await each.put(f"{NET}/privateEndpoints/{group}", endpoint(SUBNET, storage, group))
                for group in ("blob", "file", "queue")
            ]
            outcomes[each] = [(await each.outcome(reply)).body for reply in replies]
        assert [each["status"] for each in outcomes[azure]] == ["Succeeded"] * 3
        assert sorted(each["status"] for each in outcomes[busy]) == ["Failed", "Failed", "Succeeded"]
        errors = [each["error"] for each in outcomes[busy] if each["status"] == "Failed"]
        assert {each["code"] for each in errors} == {"StorageAccountOperationInProgress"}
        for group in ("blob", "file", "queue"):
            again = await busy.put(f"{NET}/privateEndpoints/{group}", endpoint(SUBNET, storage, group))
            assert again.status == 200
            busy.advance()
            found = await busy.get(f"{NET}/privateEndpoints/{group}")
            assert found.properties["provisioningState"] == "Succeeded"
        assert len(await connections(busy, storage)) == 3


async def replicated(azure: Azure, subnet: str) -> tuple[str, str]:
    """A registry with an endpoint in a subnet and a zone group; answers the ids of both."""
    registry = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry1"
    await azure.make(registry, {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}})
    zone = await azure.zone("privatelink.azurecr.io")
    await azure.make(PE, endpoint(subnet, registry, "registry"))
    await azure.make(f"{PE}/privateDnsZoneGroups/default", zone_group(zone))
    return registry, zone


async def test_a_replica_adds_an_address_to_every_endpoint(started: Azure) -> None:
    """Field reports, section 2 (MicrosoftDocs/azure-management-docs 155): address, name and record come and go."""
    registry, zone = await replicated(started, SUBNET)
    replica = f"{registry}/replications/northeurope"
    await started.make(replica, {"location": "northeurope", "properties": {}})
    found = (await started.get(PE)).properties
    names = {each["fqdn"]: each["ipAddresses"] for each in found["customDnsConfigs"]}
    assert names["registry1.northeurope.data.azurecr.io"] == ["10.0.1.6"]
    record = f"{zone}/A/registry1.northeurope.data"
    assert (await started.get(record)).properties["aRecords"] == [{"ipv4Address": "10.0.1.6"}]
    await started.delete(replica)
    started.advance()
    assert (await started.get(record)).status == 404
    assert len((await started.get(PE)).properties["customDnsConfigs"]) == 2
    assert (await started.get(f"{zone}/A/registry1")).status == 200


async def test_a_full_subnet_rolls_a_replica_back(started: Azure) -> None:
    """Field reports, section 2: the replica ends Failed and is gone; the endpoint stays as it was."""
    subnet = await started.subnet("small", "10.0.2.0/29")
    registry, _ = await replicated(started, subnet)
    await started.make(f"{NET}/privateEndpoints/last", endpoint(subnet, await started.storage()))
    replica = f"{registry}/replications/northeurope"
    outcome = await started.outcome(await started.put(replica, {"location": "northeurope", "properties": {}}))
    assert (outcome.body["status"], outcome.body["error"]["code"]) == ("Failed", "SubnetIsFull")
    assert (await started.get(replica)).status == 404
    assert len((await started.get(PE)).properties["customDnsConfigs"]) == 2


async def test_two_endpoints_in_one_subnet_need_two_addresses(started: Azure) -> None:
    """One address is free and both endpoints of the registry need one: neither gets it."""
    subnet = await started.subnet("small", "10.0.2.0/28")
    registry, _ = await replicated(started, subnet)
    await started.make(f"{NET}/privateEndpoints/second", endpoint(subnet, registry, "registry"))
    storage = await started.storage()
    for number in range(6):
        await started.make(f"{NET}/privateEndpoints/s{number}", endpoint(subnet, storage))
    replica = f"{registry}/replications/northeurope"
    outcome = await started.outcome(await started.put(replica, {"location": "northeurope", "properties": {}}))
    assert (outcome.body["status"], outcome.body["error"]["code"]) == ("Failed", "SubnetIsFull")
    for name in ("p", "second"):
        found = await started.get(f"{NET}/privateEndpoints/{name}")
        assert len(found.properties["customDnsConfigs"]) == 2


async def test_a_replica_needs_a_right_on_the_endpoints() -> None:
    """Field reports, section 2: privateEndpoints/privateLinkServiceProxies/write, of whoever makes the replica."""
    async with Azure.start(guest("Microsoft.ContainerRegistry/*")) as azure:
        await azure.group()
        await azure.network()
        await azure.subnet()
        registry, _ = await replicated(azure, SUBNET)
        place, body = f"{registry}/replications/northeurope", {"location": "northeurope", "properties": {}}
        refused = await azure.put(place, body, who=GUEST)
        assert (refused.status, refused.code) == (403, "LinkedAuthorizationFailed")
        assert "'Microsoft.Network/privateEndpoints/privateLinkServiceProxies/write'" in refused.message
        assert f"'{PE}'" in refused.message


async def test_a_policy_may_ask_for_a_tag(started: Azure) -> None:
    """Field report F8: 403 RequestDisallowedByPolicy until the endpoint carries the tag."""
    policy = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/tags"
    rule = {"type": "Microsoft.Network/privateEndpoints", "field": "tags.costCenter"}
    await started.put(policy, {"properties": {"displayName": "Cost center", "emulatorDeny": rule}})
    body = endpoint(SUBNET, await started.storage())
    refused = await started.put(PE, {**body, "tags": {"owner": "me"}})
    assert (refused.status, refused.code) == (403, "RequestDisallowedByPolicy")
    assert (await started.put(PE, {**body, "tags": {"costCenter": "42"}})).status == 201


async def test_an_update_joins_the_zones_again() -> None:
    """hashicorp/terraform-provider-azurerm issue 10556: 403 without the right on the zones of somebody's group."""
    actions = ("Microsoft.Network/privateEndpoints/*", "Microsoft.Network/virtualNetworks/subnets/join/action")
    async with Azure.start(guest(*actions)) as azure:
        await azure.group()
        await azure.network()
        await azure.subnet()
        body = endpoint(SUBNET, await azure.storage())
        zone = await azure.zone()
        await azure.make(PE, body)
        assert (await azure.put(PE, {**body, "tags": {"a": "1"}}, who=GUEST)).status == 200
        await azure.make(f"{PE}/privateDnsZoneGroups/default", zone_group(zone))
        refused = await azure.put(PE, {**body, "tags": {"a": "2"}}, who=GUEST)
        assert (refused.status, refused.code) == (403, "LinkedAuthorizationFailed")
        assert f"'{zone}'" in refused.message
        assert (await azure.get(PE)).body["tags"] == {"a": "1"}


async def test_virtual_time_of_an_endpoint(started: Azure) -> None:
    """32 to 59 s (reference data 16): not before, and not after."""
    await started.put(PE, endpoint(SUBNET, await started.storage()))
    started.advance(31)
    assert (await started.get(PE)).properties["provisioningState"] == "Updating"
    started.advance(29)
    assert (await started.get(PE)).properties["provisioningState"] == "Succeeded"
    assert LONG > 60
