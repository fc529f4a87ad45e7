"""Estates for the resolver: networks, services, endpoints, zones and links, each made by one call.

`spoke` (10.0.0.0/16) is where the client is, `hub` 10.1.0.0/16, `far` 10.2.0.0/16; each has the subnets `pe` and
`work`. Storage account `sa1`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import GROUP, NET, TENANT, Azure, endpoint, link, zone_group

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SPACES = {"spoke": "10.0", "hub": "10.1", "far": "10.2"}
BLOB = "privatelink.blob.core.windows.net"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa1"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry1"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws1"

if TYPE_CHECKING:
    Step = Callable[[Azure], Awaitable[object]]


def network_id(name: str) -> str:
    """Id of a network."""
    return f"{NET}/virtualNetworks/{name}"


def network_body(name: str, servers: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> dict[str, Any]:
    """A network with its two subnets, DNS servers, and service endpoints on `work`."""
    start = SPACES[name]
    used = [{"service": each} for each in services]
    subnets = [
        {"name": "pe", "properties": {"addressPrefix": f"{start}.1.0/24"}},
        {"name": "work", "properties": {"addressPrefix": f"{start}.2.0/24", "serviceEndpoints": used}},
    ]
    properties: dict[str, Any] = {"addressSpace": {"addressPrefixes": [f"{start}.0.0/16"]}, "subnets": subnets}
    if servers:
        properties["dhcpOptions"] = {"dnsServers": list(servers)}
    return {"location": "westeurope", "properties": properties}


async def base(azure: Azure) -> None:
    """The three networks and the account."""
    await azure.group()
    for name in SPACES:
        await azure.make(network_id(name), network_body(name))
    await azure.storage()


def put(path: str, body: dict[str, Any], **more: Any) -> Step:  # noqa: ANN401
    """Any resource."""

    async def step(azure: Azure) -> None:
        await azure.make(path, body, **more)

    return step


def gone(path: str) -> Step:
    """Nothing there any more."""

    async def step(azure: Azure) -> None:
        await azure.delete(path)
        azure.advance()
        assert (await azure.get(path)).status == 404

    return step


def servers(*addresses: str, network: str = "spoke") -> Step:
    """DNS servers of a network; with peerings, before them: a network's PUT drops those it does not list."""
    return put(network_id(network), network_body(network, addresses))


def endpoint_in(
    network: str, target: str = STORAGE, group: str = "blob", name: str = "p", *, manual: bool = False
) -> Step:
    """A private endpoint in a network's subnet `pe`."""
    body = endpoint(f"{network_id(network)}/subnets/pe", target, group, manual=manual)
    return put(f"{NET}/privateEndpoints/{name}", body)


def zone(name: str = BLOB) -> Step:
    """A private DNS zone."""
    return put(f"{NET}/privateDnsZones/{name}", {"location": "global"})


def linked(network: str, name: str = BLOB, policy: str = "") -> Step:
    """A link of a zone with a network."""
    body = link(network_id(network))
    if policy:
        body["properties"]["resolutionPolicy"] = policy
    return put(f"{NET}/privateDnsZones/{name}/virtualNetworkLinks/{network}", body)


def written(*zones: str, endpoint_name: str = "p") -> Step:
    """The endpoint's zone group."""
    ids = [f"{NET}/privateDnsZones/{each}" for each in zones or (BLOB,)]
    return put(f"{NET}/privateEndpoints/{endpoint_name}/privateDnsZoneGroups/default", zone_group(*ids))


def record(name: str, *addresses: str, zone_name: str = BLOB) -> Step:
    """A record set of addresses."""
    rows = [{"ipv4Address": each} for each in addresses]
    return put(f"{NET}/privateDnsZones/{zone_name}/A/{name}", {"properties": {"ttl": 10, "aRecords": rows}})


def alias(name: str, leads_to: str, zone_name: str = BLOB) -> Step:
    """A CNAME record."""
    properties = {"ttl": 10, "cnameRecord": {"cname": leads_to}}
    return put(f"{NET}/privateDnsZones/{zone_name}/CNAME/{name}", {"properties": properties})


def peered(one: str, other: str, **properties: object) -> Step:
    """One side of a peering."""
    remote = {"id": network_id(other)}
    return put(
        f"{network_id(one)}/virtualNetworkPeerings/to-{other}",
        {"properties": {"remoteVirtualNetwork": remote, "allowVirtualNetworkAccess": True, **properties}},
    )


def closed(service: str = STORAGE, **properties: object) -> Step:
    """Public access is switched off, or the firewall set, by a PATCH."""

    async def step(azure: Azure) -> None:
        reply = await azure.call(
            "PATCH", service, {"properties": properties or {"publicNetworkAccess": "Disabled"}}
        )
        assert reply.status < 300, reply.body
        azure.advance()
        assert (await azure.get(service)).properties["provisioningState"] == "Succeeded"

    return step


def firewall(*subnets: str, bypass: str = "AzureServices") -> dict[str, Any]:
    """`networkAcls` that let in these subnets of `spoke`."""
    rules = [{"id": f"{network_id('spoke')}/subnets/{each}"} for each in subnets]
    return {"defaultAction": "Deny", "bypass": bypass, "virtualNetworkRules": rules}


def serviced(*services: str) -> Step:
    """Service endpoints on the subnet `work` of `spoke`."""
    return put(network_id("spoke"), network_body("spoke", services=services))


def unfinished(network: str, name: str = BLOB) -> Step:
    """The link of a network is still being made."""

    async def step(azure: Azure) -> None:
        ctx = azure.emulator.ctx
        there = ctx.find(f"{NET}/privateDnsZones/{name}/virtualNetworkLinks/{network}")
        assert there is not None
        ctx.set_properties(there, virtualNetworkLinkState="InProgress")

    return step


def account(name: str) -> Step:
    """One more storage account."""

    async def step(azure: Azure) -> None:
        await azure.storage(name)

    return step


def judged(status: str) -> Step:
    """The owner of the account decides on its first connection."""

    async def step(azure: Azure) -> None:
        found = (await azure.get(f"{STORAGE}/privateEndpointConnections")).body["value"][0]["id"]
        state = {"status": status, "description": "by owner"}
        await azure.put(found, {"properties": {"privateLinkServiceConnectionState": state}})

    return step


def vault() -> Step:
    """A key vault."""
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": TENANT, "sku": sku, "accessPolicies": []}
    return put(VAULT, {"location": "westeurope", "properties": properties})


def registry(sku: str = "Premium") -> Step:
    """A container registry."""
    return put(REGISTRY, {"location": "westeurope", "sku": {"name": sku}, "properties": {}})


def workspace() -> Step:
    """A workspace on the account and the vault, with a compute instance `ci`."""

    async def step(azure: Azure) -> None:
        await vault()(azure)
        identity = {"type": "SystemAssigned"}
        properties = {"storageAccount": STORAGE, "keyVault": VAULT}
        body = {"location": "westeurope", "identity": identity, "properties": properties}
        await azure.make(WORKSPACE, body)
        instance = {"computeType": "ComputeInstance", "properties": {"vmSize": "STANDARD_DS3_V2"}}
        await azure.make(f"{WORKSPACE}/computes/ci-one", {"location": "westeurope", "properties": instance})

    return step
