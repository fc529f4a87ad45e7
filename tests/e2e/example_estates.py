"""For each example the estate that its reader has: what of Azure is there before it is applied."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from secureml_sandbox import landscape
from secureml_sandbox.landscape import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SPOKE = "00000000-0000-0000-0000-000000000001"
"""The subscription of the workspace and its network in every example."""

HUB = "00000000-0000-0000-0000-000000000002"
"""The subscription of the network team."""

DNS = "2024-06-01"

ZONES = (
    "privatelink.api.azureml.ms",
    "privatelink.notebooks.azure.net",
    "privatelink.blob.core.windows.net",
    "privatelink.file.core.windows.net",
    "privatelink.vaultcore.azure.net",
    "privatelink.azurecr.io",
)

READY: Mapping[str, tuple[str, str]] = {"Ready": ("True", "AsDeclared")}


@dataclass(frozen=True)
class Place:
    """Two subscriptions of one situation's own."""

    spoke: str
    hub: str
    tenant: str

    def group(self, name: str) -> str:
        """A resource group of the workspace's subscription."""
        return f"/subscriptions/{self.spoke}/resourceGroups/{name}"

    def hub_group(self, name: str) -> str:
        """A resource group of the network team's subscription."""
        return f"/subscriptions/{self.hub}/resourceGroups/{name}"

    def plain(self) -> list[Item]:
        """The open workspace that every situation begins with."""
        return landscape.landscape(self.spoke, self.tenant, ("fraud",))

    def text(self, example: str) -> str:
        """An example with the ids of this place."""
        return example.replace(SPOKE, self.spoke).replace(HUB, self.hub)


def group(target: str) -> Item:
    """A resource group."""
    return Item(target, landscape.GROUPS, {"location": "westeurope"})


def network(home: str, name: str, start: str) -> Item:
    """A network with one subnet."""
    subnet = {"name": "work", "properties": {"addressPrefix": f"{start}.0.0/24"}}
    properties = {"addressSpace": {"addressPrefixes": [f"{start}.0.0/16"]}, "subnets": [subnet]}
    target = f"{home}/providers/Microsoft.Network/virtualNetworks/{name}"
    return Item(target, landscape.NETWORK, {"location": "westeurope", "properties": properties})


def peered(one: str, other: str) -> Iterator[Item]:
    """Both sides of a peering."""
    for here, there in ((one, other), (other, one)):
        properties = {"remoteVirtualNetwork": {"id": there}, "allowVirtualNetworkAccess": True}
        name = there.rsplit("/", 1)[1]
        yield Item(f"{here}/virtualNetworkPeerings/{name}", landscape.NETWORK, {"properties": properties})


def account(home: str, name: str, **properties: Any) -> Item:  # noqa: ANN401 - JSON
    """A storage account that answers the internet."""
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    target = f"{home}/providers/Microsoft.Storage/storageAccounts/{name}"
    return Item(target, landscape.STORAGE, {**body, "properties": {"allowBlobPublicAccess": False, **properties}})


def zone(home: str, name: str, *linked: str) -> Iterator[Item]:
    """A private DNS zone, and the networks that see it."""
    target = f"{home}/providers/Microsoft.Network/privateDnsZones/{name}"
    yield Item(target, DNS, {"location": "global"})
    for each in linked:
        properties = {"virtualNetwork": {"id": each}, "registrationEnabled": False}
        link = f"{target}/virtualNetworkLinks/{each.rsplit('/', 1)[1]}"
        yield Item(link, DNS, {"location": "global", "properties": properties})


def cluster(place: Place, name: str) -> Item:
    """A CPU cluster of the workspace in the training subnet."""
    inside = {
        "vmSize": "STANDARD_DS3_V2",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
        "subnet": {"id": landscape.subnet_id(place.spoke, "training")},
    }
    target = f"{landscape.workspace_id(place.spoke, 'fraud')}/computes/{name}"
    body = {"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": inside}}
    return Item(target, landscape.WORKSPACES, body)


def _changed(items: list[Item], part: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Item]:
    """The items, the bodies of those whose id has a part changed."""
    return [replace(each, body=change(each.body)) if part in each.id else each for each in items]


def hub_and_spoke(place: Place) -> list[Item]:
    """The six zones are in the hub's subscription and linked to the hub."""
    hub = network(place.hub_group("hub"), "hub", "10.30")
    zones = [item for name in ZONES for item in zone(place.hub_group("dns"), name, hub.id)]
    made = [group(place.hub_group(each)) for each in ("hub", "dns")]
    return [*place.plain(), *made, hub, *peered(landscape.network_id(place.spoke), hub.id), *zones]


def dns_servers(place: Place) -> list[Item]:
    """The network asks a server in the hub."""
    hub = network(place.hub_group("hub"), "hub", "10.30")

    def asking(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "properties": {**body["properties"], "dhcpOptions": {"dnsServers": ["10.30.0.4"]}}}

    plain = _changed(place.plain(), "/virtualNetworks/", asking)
    return [*plain, group(place.hub_group("hub")), hub, *peered(landscape.network_id(place.spoke), hub.id)]


def service_endpoints(place: Place) -> list[Item]:
    """The network team has prepared the subnet of computes."""

    def prepared(body: dict[str, Any]) -> dict[str, Any]:
        services = [{"service": f"Microsoft.{each}"} for each in ("Storage", "KeyVault")]
        endpoints, training = body["properties"]["subnets"]
        training = {**training, "properties": {**training["properties"], "serviceEndpoints": services}}
        return {**body, "properties": {**body["properties"], "subnets": [endpoints, training]}}

    return _changed(place.plain(), "/virtualNetworks/", prepared)


def several_networks(place: Place) -> list[Item]:
    """A second network, peered, and a Data Lake beside the workspace's account."""
    clients = network(place.group("network"), "clients", "10.40")
    lake = account(place.group("data"), "frauddatalake", isHnsEnabled=True)
    peerings = peered(landscape.network_id(place.spoke), clients.id)
    return [*place.plain(), group(place.group("data")), clients, *peerings, lake]


def image_build(place: Place) -> list[Item]:
    """The cluster exists; the registry is not Premium yet."""
    plain = _changed(place.plain(), "/registries/", lambda body: {**body, "sku": {"name": "Standard"}})
    return [*plain, cluster(place, "build")]


def tags_and_policies(place: Place) -> list[Item]:
    """Endpoints and zones without the tag are denied."""
    home = f"/subscriptions/{place.spoke}/providers/Microsoft.Authorization/policyAssignments"
    kinds = ("microsoft.network/privateendpoints", "microsoft.network/privatednszones")
    denied = [{"type": kind, "field": "tags.costCenter"} for kind in kinds]
    bodies = [{"properties": {"displayName": "Cost center", "emulatorDeny": rule}} for rule in denied]
    return [*place.plain(), *(Item(f"{home}/tags-{n}", "2025-01-01", body) for n, body in enumerate(bodies))]


def full(place: Place) -> list[Item]:
    """All that the full example names."""
    hub, clients = network(place.group("hub"), "hub", "10.30"), network(place.group("network"), "clients", "10.40")
    first = landscape.network_id(place.spoke)
    groups = [group(place.group(each)) for each in ("hub", "dns", "data")]
    blobs = zone(place.group("dns"), "privatelink.blob.core.windows.net")
    peerings = [*peered(first, clients.id), *peered(first, hub.id)]
    lake = account(place.group("data"), "frauddata", isHnsEnabled=True)
    return [*place.plain(), *groups, hub, clients, *peerings, *blobs, lake, cluster(place, "build")]


@dataclass(frozen=True)
class Situation:
    """An example, its estate, and how it ends there."""

    example: str
    estate: Callable[[Place], list[Item]] = Place.plain
    conditions: Mapping[str, tuple[str, str]] = field(default_factory=lambda: READY)
    """Status and reason, as the file's comment says."""

    finding: str = ""
    """Words of a finding that the comment speaks of."""


SITUATIONS = (
    Situation("minimal"),
    Situation("full", full, {"InSync": ("False", "OutOfSync")}),
    Situation("hub-and-spoke", hub_and_spoke),
    Situation("dns-servers", dns_servers),
    Situation("dns-by-hand", conditions={"NamesResolved": ("False", "DNSRecordsNotConfirmed")}),
    Situation("service-endpoints", service_endpoints),
    Situation("several-networks", several_networks),
    Situation("image-build", image_build),
    Situation("observe", conditions={"InSync": ("False", "OutOfSync")}),
    Situation("tags-and-policies", tags_and_policies),
    Situation("sovereign-cloud", finding="which the spec declares, is not used"),
)
