"""Private endpoints from the target's side, for each target type; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from arm_emulator.config import Client as Application
from arm_emulator.config import Grant

from .client import GROUP, REGION, Client, refusal
from .landscape import (
    ACCOUNT,
    NETWORK,
    REGISTRY,
    VAULT,
    WORKSPACE,
    account_body,
    full,
    network,
    registry_body,
    vault_body,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ENDPOINT = "Microsoft.Network/privateEndpoints/pe"
ZONES = "Microsoft.Network/privateDnsZones"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
PLUMBER = Application(
    "66666666-6666-4666-8666-666666666666",
    "66666666-0000-4666-8666-666666666666",
    grants=(Grant(GROUP, role_definition_id=NETWORK_CONTRIBUTOR),),
)


@pytest.fixture
async def shared() -> AsyncIterator[Client]:
    """Like `azure`, with a network administrator who has no rights on targets."""
    client = await Client.start(PLUMBER)
    yield client
    await client.stop()
    assert client.problems == []


def endpoint_body(target: str, group: str, connections: str = "privateLinkServiceConnections") -> dict[str, Any]:
    """An endpoint in the subnet `endpoints`."""
    connection = {"name": "c", "properties": {"privateLinkServiceId": full(target), "groupIds": [group]}}
    return {
        "location": REGION,
        "properties": {"subnet": {"id": full(f"{NETWORK}/subnets/endpoints")}, connections: [connection]},
    }


async def landscape(azure: Client, target: str) -> None:
    """A network and one target of the wanted type."""
    await network(azure, endpoints={})
    if target == WORKSPACE:
        await workspace(azure)
    else:
        await azure.made(target, {ACCOUNT: account_body, VAULT: vault_body, REGISTRY: registry_body}[target]())


async def connection_of(azure: Client, target: str) -> dict[str, Any]:
    """The only connection that the target shows."""
    (found,) = (await azure.get(f"{target}/privateEndpointConnections")).body["value"]
    return dict(found)


TARGETS = [
    pytest.param(
        ACCOUNT,
        "blob",
        {"privatelink.blob.core.windows.net": ["mldata"]},
        ["mldata.blob.core.windows.net"],
        id="storage",
    ),
    pytest.param(
        VAULT, "vault", {"privatelink.vaultcore.azure.net": ["mlvault"]}, ["mlvault.vault.azure.net"], id="vault"
    ),
    pytest.param(
        REGISTRY,
        "registry",
        {"privatelink.azurecr.io": ["mlimages", "mlimages.westeurope.data"]},
        ["mlimages.westeurope.data.azurecr.io", "mlimages.azurecr.io"],
        id="registry",
    ),
    pytest.param(
        WORKSPACE,
        "amlworkspace",
        {
            "privatelink.api.azureml.ms": [
                "*.{guid}.inference.westeurope",
                "{guid}.workspace.westeurope",
                "{guid}.workspace.westeurope.cert",
            ],
            "privatelink.notebooks.azure.net": ["ml-fraud-westeurope-{guid}.westeurope"],
        },
        [
            "{guid}.workspace.westeurope.api.azureml.ms",
            "{guid}.workspace.westeurope.cert.api.azureml.ms",
            "ml-fraud-westeurope-{guid}.westeurope.notebooks.azure.net",
            "*.{guid}.inference.westeurope.api.azureml.ms",
        ],
        id="workspace",
    ),
]


@pytest.mark.parametrize(("target", "group", "records", "hosts"), TARGETS)
async def test_names_of_every_target(
    azure: Client, target: str, group: str, records: dict[str, list[str]], hosts: list[str]
) -> None:
    """Reference data, sections 2 and 3; rule ACR-DATA-01: hosts of the endpoint and records of its zone group."""
    await landscape(azure, target)
    guid = (await azure.get(target)).body["properties"].get("workspaceId", "")
    endpoint = await azure.made(ENDPOINT, endpoint_body(target, group))
    shown = [each["fqdn"] for each in endpoint["properties"]["customDnsConfigs"]]
    assert shown == [host.format(guid=guid) for host in hosts]
    configs = []
    for zone in records:
        await azure.made(f"{ZONES}/{zone}", {"location": "global"}, version="2024-06-01")
        configs.append({"name": zone, "properties": {"privateDnsZoneId": full(f"{ZONES}/{zone}")}})
    await azure.made(
        f"{ENDPOINT}/privateDnsZoneGroups/default", {"properties": {"privateDnsZoneConfigs": configs}}
    )
    for zone, names in records.items():
        listed = await azure.get(f"{ZONES}/{zone}/A", version="2024-06-01")
        assert sorted(each["name"] for each in listed.body["value"]) == [name.format(guid=guid) for name in names]


@pytest.mark.parametrize(("target", "group"), [pytest.param(*p.values[:2], id=p.id) for p in TARGETS])
async def test_the_target_shows_the_connection(azure: Client, target: str, group: str) -> None:
    """Wire examples, section 1.1: a name of the service's own, matched by the endpoint's id."""
    await landscape(azure, target)
    await azure.made(ENDPOINT, endpoint_body(target, group))
    connection = await connection_of(azure, target)
    assert connection["name"].startswith("pe.")
    assert connection["properties"]["privateEndpoint"]["id"] == full(ENDPOINT)
    assert connection["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    shown = (await azure.get(target)).body["properties"]["privateEndpointConnections"]
    assert [each["id"] for each in shown] == [connection["id"]]


async def test_a_workspace_counts_its_links(azure: Client) -> None:
    """Wire examples, section 1: privateLinkCount, isPrivateLinkEnabled and the endpoint's subnet."""
    await landscape(azure, WORKSPACE)
    await azure.made(ENDPOINT, endpoint_body(WORKSPACE, "amlworkspace"))
    properties = (await azure.get(WORKSPACE)).body["properties"]
    assert (properties["privateLinkCount"], properties["notebookInfo"]["isPrivateLinkEnabled"]) == (1, True)
    connection = await connection_of(azure, WORKSPACE)
    subnet = full(f"{NETWORK}/subnets/endpoints")
    assert connection["properties"]["privateEndpoint"]["subnetArmId"] == subnet


async def test_the_legacy_switch_speaks_of_linked_workspaces(azure: Client) -> None:
    """Rule WS-PNA-01: each of the two switches overrides the other, once there is a private endpoint."""
    await landscape(azure, WORKSPACE)
    await azure.made(ENDPOINT, endpoint_body(WORKSPACE, "amlworkspace"))
    body = (await azure.get(WORKSPACE)).body
    for member, value, expected in (
        ("allowPublicAccessWhenBehindVnet", False, "Disabled"),
        ("publicNetworkAccess", "Enabled", "Enabled"),
        ("allowPublicAccessWhenBehindVnet", True, "Enabled"),
    ):
        properties = {name: body["properties"][name] for name in ("storageAccount", "keyVault")}
        await azure.put(WORKSPACE, {"location": REGION, "properties": {**properties, member: value}})
        azure.wait(40)
        assert (await azure.get(WORKSPACE)).body["properties"]["publicNetworkAccess"] == expected, member


async def test_a_registry_gets_data_endpoints_with_its_first_link(azure: Client) -> None:
    """Wire examples, section 10: the private endpoint flips dataEndpointEnabled."""
    await landscape(azure, REGISTRY)
    assert (await azure.get(REGISTRY)).body["properties"]["dataEndpointEnabled"] is False
    await azure.made(ENDPOINT, endpoint_body(REGISTRY, "registry"))
    properties = (await azure.get(REGISTRY)).body["properties"]
    assert properties["dataEndpointEnabled"] is True
    assert properties["dataEndpointHostNames"] == ["mlimages.westeurope.data.azurecr.io"]


@pytest.mark.parametrize(("target", "group"), [pytest.param(*p.values[:2], id=p.id) for p in TARGETS])
async def test_approval_is_the_owners(shared: Client, target: str, group: str) -> None:
    """Behaviour 21: without rights on the target the endpoint waits; the owner approves, then rejects."""
    await landscape(shared, target)
    made = await shared.put(ENDPOINT, endpoint_body(target, group), caller=PLUMBER.client_id)
    assert made.status == 201
    shared.wait()
    assert await _status(shared) == "Pending"
    connection = (await connection_of(shared, target))["id"]
    for wanted in ("Approved", "Rejected"):
        state = {"status": wanted, "description": "by the owner"}
        judged = await shared.put(connection, {"properties": {"privateLinkServiceConnectionState": state}})
        assert judged.status in {200, 201, 202}, judged.body
        shared.wait()
        assert await _status(shared) == wanted
    assert (await shared.delete(connection)).status in {200, 202}
    shared.wait()
    assert await _status(shared) == "Disconnected"
    assert (await shared.get(f"{target}/privateEndpointConnections")).body["value"] == []


async def _status(azure: Client) -> str:
    properties = (await azure.get(ENDPOINT)).body["properties"]
    (connection,) = properties["privateLinkServiceConnections"]
    return str(connection["properties"]["privateLinkServiceConnectionState"]["status"])


async def test_connections_are_judged_not_made(azure: Client) -> None:
    """Connections come from endpoints; an unknown one is not there, an unknown word is refused."""
    await landscape(azure, VAULT)
    await azure.made(ENDPOINT, endpoint_body(VAULT, "vault"))
    body = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    assert refusal(await azure.put(f"{VAULT}/privateEndpointConnections/none", body))[0] == 404
    connection = (await connection_of(azure, VAULT))["id"]
    body["properties"]["privateLinkServiceConnectionState"]["status"] = "Maybe"
    assert (await azure.put(connection, body)).status == 400


@pytest.mark.parametrize(
    ("kind", "group", "code"),
    [
        pytest.param("StorageV2", "vault", "GroupIdInvalid", id="a group of another service"),
        pytest.param("BlobStorage", "file", "GroupIdInvalid", id="a service the kind does not have"),
        pytest.param("Storage", "blob", "InvalidPrivateLinkServiceId", id="general purpose v1 has no links"),
    ],
)
async def test_what_an_endpoint_may_not_ask_for(azure: Client, kind: str, group: str, code: str) -> None:
    """Wire examples, section 6; rule ST-KIND-01."""
    await network(azure, endpoints={})
    body = {**account_body(), "kind": kind}
    if kind == "BlobStorage":
        body["properties"] = {"accessTier": "Hot"}
    await azure.made(ACCOUNT, body)
    assert refusal(await azure.put(ENDPOINT, endpoint_body(ACCOUNT, group))) == (400, code)
