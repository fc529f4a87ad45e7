"""Estates as public templates leave them, and what is left to write when a SecureWorkspace takes them over.

Names, groups, zones and settings are theirs; machines, bastions and clusters that no rule looks at are left out.
One is Microsoft's own from end to end, one of Terraform's quickstarts, one with service endpoints, and one a
research environment in which the zones are kept for all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.integration.driving import SUBSCRIPTION, TENANT

from secureml_sandbox.landscape import GROUPS, INSIGHTS, NETWORK, REGISTRIES, STORAGE, VAULTS, WORKSPACES, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_sandbox.arm_client import Json

DNS: Final = "2024-06-01"
_HOME: Final = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"

API: Final = "privatelink.api.azureml.ms"
CERTIFICATES: Final = "privatelink.cert.api.azureml.ms"
NOTEBOOKS: Final = "privatelink.notebooks.azure.net"
BLOB: Final = "privatelink.blob.core.windows.net"
FILE: Final = "privatelink.file.core.windows.net"
VAULT: Final = "privatelink.vaultcore.azure.net"
REGISTRY: Final = "privatelink.azurecr.io"
CLOSED_FIREWALL: Final[Json] = {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"}}


class Estate:
    """The resources of one template, in the order in which they are made."""

    def __init__(self, group: str) -> None:
        """Begin with the group that holds them."""
        self.items: list[Item] = []
        self.home = self.group(group)

    def group(self, name: str) -> str:
        """A resource group."""
        return self._add(f"{_HOME}/{name}", GROUPS, {"location": "westeurope"})

    def add(self, kind: str, name: str, api_version: str, body: Json, home: str = "") -> str:
        """Any resource; gives its id."""
        body = {"location": "westeurope", **body}
        return self._add(f"{home or self.home}/providers/Microsoft.{kind}/{name}", api_version, body)

    def network(self, name: str, start: str, subnets: Mapping[str, Json], home: str = "") -> str:
        """A network; a subnet gets a /24 of it, in turn."""
        made = [
            {"name": each, "properties": {"addressPrefix": f"{start}.{number}.0/24", **more}}
            for number, (each, more) in enumerate(subnets.items())
        ]
        properties = {"addressSpace": {"addressPrefixes": [f"{start}.0.0/16"]}, "subnets": made}
        return self.add("Network/virtualNetworks", name, NETWORK, {"properties": properties}, home)

    def peering(self, one: str, other: str) -> None:
        """Both sides of it."""
        for here, there in ((one, other), (other, one)):
            properties = {"remoteVirtualNetwork": {"id": there}, "allowVirtualNetworkAccess": True}
            target = f"{here}/virtualNetworkPeerings/to-{there.rsplit('/', 1)[1]}"
            self._add(target, NETWORK, {"properties": properties})

    def account(self, name: str, sku: str = "Standard_LRS", **properties: Any) -> str:  # noqa: ANN401 - JSON
        """A storage account."""
        body = {"kind": "StorageV2", "sku": {"name": sku}, "properties": properties}
        return self.add("Storage/storageAccounts", name, STORAGE, body)

    def vault(self, name: str, **properties: Any) -> str:  # noqa: ANN401 - JSON
        """A key vault."""
        more = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": [], **properties}
        return self.add("KeyVault/vaults", name, VAULTS, {"properties": more})

    def registry(self, name: str, **properties: Any) -> str:  # noqa: ANN401 - JSON
        """A Premium registry."""
        body = {"sku": {"name": "Premium"}, "properties": properties}
        return self.add("ContainerRegistry/registries", name, REGISTRIES, body)

    def workspace(self, name: str, **properties: Any) -> str:  # noqa: ANN401 - JSON
        """A workspace that is closed from the start, and its Application Insights."""
        insights = {"kind": "web", "properties": {"Application_Type": "web"}}
        monitor = self.add("Insights/components", f"appi-{name}", INSIGHTS, insights)
        more = {"applicationInsights": monitor, "publicNetworkAccess": "Disabled", **properties}
        body = {"identity": {"type": "SystemAssigned"}, "properties": more}
        return self.add("MachineLearningServices/workspaces", name, WORKSPACES, body)

    def cluster(self, workspace: str, name: str, subnet: str) -> None:
        """A cluster that builds images."""
        scale = {"minNodeCount": 0, "maxNodeCount": 5}
        inside = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale, "subnet": {"id": subnet}}
        properties = {"computeType": "AmlCompute", "properties": inside}
        self._add(f"{workspace}/computes/{name}", WORKSPACES, {"location": "westeurope", "properties": properties})

    def zone(self, name: str, links: Mapping[str, str], home: str = "") -> str:
        """A zone, linked to networks under the names given."""
        made = self.add("Network/privateDnsZones", name, DNS, {"location": "global"}, home)
        for link, network in links.items():
            properties = {"virtualNetwork": {"id": network}, "registrationEnabled": False}
            body = {"location": "global", "properties": properties}
            self._add(f"{made}/virtualNetworkLinks/{link}", DNS, body)
        return made

    def endpoint(self, name: str, target: str, member: str, subnet: str, group: str, *zones: str) -> None:
        """An endpoint with its zone group, whose entries are called like their zones."""
        connection = {"name": name, "properties": {"privateLinkServiceId": target, "groupIds": [member]}}
        properties = {"privateLinkServiceConnections": [connection], "subnet": {"id": subnet}}
        made = self.add("Network/privateEndpoints", name, NETWORK, {"properties": properties})
        if zones:
            configs = [
                {"name": each.rsplit("/", 1)[1].replace(".", "-"), "properties": {"privateDnsZoneId": each}}
                for each in zones
            ]
            body = {"properties": {"privateDnsZoneConfigs": configs}}
            self._add(f"{made}/privateDnsZoneGroups/{group}", NETWORK, body)

    def _add(self, target: str, api_version: str, body: Json) -> str:
        self.items.append(Item(target, api_version, body))
        return target


@dataclass(frozen=True)
class Takeover:
    """A spec for the estate of a template, and all that may be written."""

    estate: Estate
    spec: dict[str, Any]
    writes: tuple[str, ...]
    """Verb, type and name, and the properties that a PATCH sends; sorted."""

    conditions: Mapping[str, str] = field(default_factory=lambda: {"Ready": "AsDeclared"})


def end_to_end_secure() -> Takeover:
    """Quickstart machine-learning-end-to-end-secure: account and vault deny, and keep public addresses."""
    made = Estate("rg-azml")
    rules = made.add("Network/networkSecurityGroups", "nsg-azml-x1y2", NETWORK, {"properties": {}})
    policies = {"privateEndpointNetworkPolicies": "Disabled", "networkSecurityGroup": {"id": rules}}
    services = [{"service": f"Microsoft.{each}"} for each in ("KeyVault", "ContainerRegistry", "Storage")]
    scoring = {**policies, "serviceEndpoints": services}
    subnets = {"snet-training": policies, "snet-scoring": scoring}
    network = made.network("vnet-azml-x1y2", "192.168", subnets)
    subnet = f"{network}/subnets/snet-training"
    vault = made.vault("kv-azml-x1y2", enableRbacAuthorization=True, enablePurgeProtection=True, **CLOSED_FIREWALL)
    account = made.account("stazmlx1y2", allowBlobPublicAccess=False, **CLOSED_FIREWALL)
    closed = {"publicNetworkAccess": "Disabled", "networkRuleSet": {"defaultAction": "Deny"}}
    registry = made.registry("crazmlx1y2", adminUserEnabled=True, **closed)
    uses = {"storageAccount": account, "keyVault": vault, "containerRegistry": registry}
    workspace = made.workspace("mlw-azml-x1y2", imageBuildCompute="cluster001", **uses)
    for short, target, member, group, names in (
        ("kv", vault, "vault", "vault", (VAULT,)),
        ("st-blob", account, "blob", "blob", (BLOB,)),
        ("st-file", account, "file", "flie", (FILE,)),
        ("cr", registry, "registry", "registry", (REGISTRY,)),
        ("mlw", workspace, "amlworkspace", "amlworkspace", (API, NOTEBOOKS)),
    ):
        zones = [made.zone(name, {f"u{short.replace('-', '')}7ah3qz": network}) for name in names]
        made.endpoint(f"ple-azml-x1y2-{short}", target, member, subnet, f"{group}-PrivateDnsZoneGroup", *zones)
    made.cluster(workspace, "cluster001", subnet)
    return Takeover(
        made,
        {"workspaceID": workspace, "network": {"endpointSubnetID": subnet}},
        ("PATCH storageaccounts/stazmlx1y2 publicNetworkAccess", "PATCH vaults/kv-azml-x1y2 publicNetworkAccess"),
    )


def moderately_secure() -> Takeover:
    """Quickstart 201-machine-learning-moderately-secure: a subnet for endpoints, one name of all groups."""
    made = Estate("rg-mlw-dev")
    rules = made.add("Network/networkSecurityGroups", "nsg-training", NETWORK, {"properties": {}})
    training = {"networkSecurityGroup": {"id": rules}}
    subnets = {"snet-training": training, "snet-aks": {}, "snet-workspace": {}}
    network = made.network("vnet-mlw-dev", "10.0", subnets)
    subnet = f"{network}/subnets/snet-workspace"
    links = (
        (VAULT, "dnsvaultlink"),
        (BLOB, "dnsblobstoragelink"),
        (FILE, "dnsfilestoragelink"),
        (REGISTRY, "dnscrlink"),
        (API, "dnsazuremllink"),
        (NOTEBOOKS, "dnsnotebookslink"),
    )
    zones = {name: made.zone(name, {link: network}) for name, link in links}
    vault = made.vault("kv-mlw-dev", enablePurgeProtection=True, **CLOSED_FIREWALL)
    account = made.account("stmlwdev", "Standard_GRS", **CLOSED_FIREWALL)
    closed = {"publicNetworkAccess": "Disabled", "networkRuleSet": {"defaultAction": "Deny"}}
    registry = made.registry("crmlwdev", adminUserEnabled=True, **closed)
    uses = {"storageAccount": account, "keyVault": vault, "containerRegistry": registry}
    workspace = made.workspace("mlw-mlw-dev", imageBuildCompute="image-builder", **uses)
    for short, target, member, names in (
        ("kv", vault, "vault", (VAULT,)),
        ("st-blob", account, "blob", (BLOB,)),
        ("st-file", account, "file", (FILE,)),
        ("cr", registry, "registry", (REGISTRY,)),
        ("mlw", workspace, "amlworkspace", (API, NOTEBOOKS)),
    ):
        used = [zones[name] for name in names]
        made.endpoint(f"ple-mlw-dev-{short}", target, member, subnet, "private-dns-zone-group", *used)
    made.cluster(workspace, "image-builder", f"{network}/subnets/snet-training")
    return Takeover(
        made,
        {
            "workspaceID": workspace,
            "network": {"endpointSubnetID": subnet},
            "imageBuild": {"computeName": "image-builder"},
        },
        ("PATCH storageaccounts/stmlwdev publicNetworkAccess", "PATCH vaults/kv-mlw-dev publicNetworkAccess"),
    )


def workspace_in_network() -> Takeover:
    """Quickstart machine-learning-workspace-vnet: one endpoint, account and vault by service endpoint."""
    made = Estate("rg-vnet")
    services = [{"service": f"Microsoft.{each}"} for each in ("Storage", "KeyVault", "ContainerRegistry")]
    network = made.network("vn4zq", "10.0", {"sn4zq": {"serviceEndpoints": services}})
    subnet = f"{network}/subnets/sn4zq"
    acls = {"defaultAction": "Deny", "virtualNetworkRules": [{"action": "Allow", "id": subnet}]}
    account = made.account("sa4zq", allowBlobPublicAccess=False, networkAcls=acls)
    rules = {"defaultAction": "Deny", "bypass": "AzureServices", "virtualNetworkRules": [{"id": subnet}]}
    vault = made.vault("kv4zq", networkAcls=rules)
    workspace = made.workspace("ws4zq", storageAccount=account, keyVault=vault)
    zones = [made.zone(name, {"ymbd2kpq": network}) for name in (API, NOTEBOOKS)]
    made.endpoint("ws4zq-PrivateEndpoint", workspace, "amlworkspace", subnet, "default", *zones)
    by_rule = {"access": "ServiceEndpoint", "allowedSubnetIDs": [subnet]}
    return Takeover(
        made,
        {
            "workspaceID": workspace,
            "network": {"endpointSubnetID": subnet},
            "storage": by_rule,
            "keyVault": by_rule,
        },
        (),
    )


def research_environment() -> Takeover:
    """AzureTRE's service azureml: zones for all in another group, three in one zone group, the registry open."""
    made = Estate("rg-tre-ws-12ab")
    core = made.group("rg-tre")
    hub = made.network("vnet-tre", "10.1", {"SharedSubnet": {}}, core)
    network = made.network("vnet-tre-ws-12ab", "10.2", {"ServicesSubnet": {}, "AMLSubnet": {}})
    made.peering(hub, network)
    both = {"core": hub, "ws-12ab": network}
    names = (API, CERTIFICATES, NOTEBOOKS, BLOB, FILE, VAULT, REGISTRY)
    zones = {name: made.zone(name, both, core) for name in names}
    services, own = f"{network}/subnets/ServicesSubnet", f"{network}/subnets/AMLSubnet"
    vault = made.vault("kv-tre-ws-12ab", **CLOSED_FIREWALL)
    account = made.account("stgtre12ab", "Standard_GRS", networkAcls={"defaultAction": "Deny"})
    registry = made.registry("acrtre12ab", adminUserEnabled=False)
    uses = {"storageAccount": account, "keyVault": vault, "containerRegistry": registry}
    workspace = made.workspace("ml-tre-12ab", hbiWorkspace=True, v1LegacyMode=False, **uses)
    made.endpoint("kvpe-tre-12ab", vault, "vault", services, "private-dns-zone-group", zones[VAULT])
    made.endpoint("pe-stgtre12ab", account, "Blob", own, "private-dns-zone-group", zones[BLOB])
    made.endpoint("pe-file-stgtre12ab", account, "file", own, "dnsgroup-files-stgtre12ab", zones[FILE])
    made.endpoint("acrpe-tre-12ab", registry, "registry", services, "private-dns-zone-group", zones[REGISTRY])
    own_zones = [zones[each] for each in (API, NOTEBOOKS, CERTIFICATES)]
    made.endpoint("mlpe-tre-12ab", workspace, "amlworkspace", services, "private-dns-zone-group", *own_zones)
    return Takeover(
        made,
        {
            "workspaceID": workspace,
            "network": {"endpointSubnetID": services},
            "dns": {"mode": "Existing", "zoneResourceGroupID": core},
        },
        (
            "PATCH registries/acrtre12ab networkRuleSet",
            "PATCH registries/acrtre12ab publicNetworkAccess",
            "PATCH storageaccounts/stgtre12ab publicNetworkAccess",
            "PATCH vaults/kv-tre-ws-12ab publicNetworkAccess",
        ),
    )


TEMPLATES: Final[tuple[Callable[[], Takeover], ...]] = (
    end_to_end_secure,
    moderately_secure,
    workspace_in_network,
    research_environment,
)
