"""A landscape of dictionaries that is as declared, and the changes that tests make to it.

Bodies have the fields that the recordings show, less those that no composition looks at. Ids that the operator
makes up (endpoints, links) are asked from `NetworkPlan`; `test_network_plan.py` pins them down as text.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.unit.engine.building import known

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.azure.arm import Present, Unreadable
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.ownership_tags import user_tag
from secureml_reconcilers.engine.view import View
from secureml_reconcilers.isolation.clouds import PUBLIC, Cloud
from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from secureml_reconcilers.azure.arm import Answer, Body

    Bodies = dict[str, Body]
    Answers = dict[str, Answer]
    Change = Callable[[Answers], None]

SUBSCRIPTION = "/subscriptions/11111111-1111-4111-8111-111111111111"
OWNER = "team-a/fraud"
IN_USE = {user_tag(OWNER): OWNER}
MARK = {"managed-by": "secureml-operator", "secureml-owner": OWNER, **IN_USE}
SHARED_MARK = {"managed-by": "secureml-operator"}

GROUP = resource_id(f"{SUBSCRIPTION}/resourceGroups/ml")
NETWORK_GROUP = resource_id(f"{SUBSCRIPTION}/resourceGroups/network")
WORKSPACE = GROUP.resource("Microsoft.MachineLearningServices/workspaces", "fraud")
ACCOUNT = GROUP.resource("Microsoft.Storage/storageAccounts", "frauddata")
LAKE = GROUP.resource("Microsoft.Storage/storageAccounts", "fraudlake")
VAULT = GROUP.resource("Microsoft.KeyVault/vaults", "fraudvault")
REGISTRY = GROUP.resource("Microsoft.ContainerRegistry/registries", "fraudimages")
NETWORK = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "ml-vnet")
OFFICE = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "office-vnet")
SUBNET = NETWORK.child("subnets", "endpoints")

API_ZONE, NOTEBOOK_ZONE = "privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"
BLOB_ZONE, FILE_ZONE = "privatelink.blob.core.windows.net", "privatelink.file.core.windows.net"
VAULT_ZONE, REGISTRY_ZONE = "privatelink.vaultcore.azure.net", "privatelink.azurecr.io"

ETAG = 'W/"1"'


def spec(**parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A spec as the API server hands it on; the smallest useful one with these parts."""
    return {"workspaceID": WORKSPACE.text, "network": {"endpointSubnetID": SUBNET.text}, **parts}


def plan(cloud: Cloud = PUBLIC, **parts: Any) -> NetworkPlan:  # noqa: ANN401 - JSON
    """The network plan of that spec."""
    parsed = SecureWorkspaceSpec.parse(spec(**parts))
    return NetworkPlan.of(parsed.network, parsed.endpoints, parsed.dns, cloud, OWNER)


TARGETS = {
    "amlworkspace": PrivateLinkTarget(WORKSPACE, "amlworkspace"),
    "blob": PrivateLinkTarget(ACCOUNT, "blob"),
    "file": PrivateLinkTarget(ACCOUNT, "file"),
    "vault": PrivateLinkTarget(VAULT, "vault"),
    "registry": PrivateLinkTarget(REGISTRY, "registry"),
}
"""What the smallest spec has reached privately, by private link group."""

ENDPOINT = {group: plan().endpoint(target) for group, target in TARGETS.items()}
GROUP_OF = {group: endpoint.child("privateDnsZoneGroups", "default") for group, endpoint in ENDPOINT.items()}
ZONE = {name: plan().zone(name) for target in TARGETS.values() for name in PUBLIC.zones[target.group]}
LINK = {name: plan().link(zone, NETWORK) for name, zone in ZONE.items()}


# -- bodies ----------------------------------------------------------------------------------------------


def body(target: ResourceId, *, location: str = "westeurope", **parts: Any) -> Body:  # noqa: ANN401 - JSON
    """The envelope of every resource, and its own parts."""
    kind = target.text.rsplit("/providers/", 1)[1].split("/")
    return {
        "id": target.text,
        "name": target.name,
        "type": "/".join([kind[0], *kind[1::2]]),
        "location": location,
        "tags": {},
        **parts,
    }


def connection(target: ResourceId, endpoint: ResourceId, status: str = "Approved") -> Body:
    """How a service shows the endpoint at the other end of one of its connections."""
    name = f"{endpoint.name}.c0ffee"
    return {
        "id": target.child("privateEndpointConnections", name).text,
        "name": name,
        "properties": {
            "privateEndpoint": {"id": endpoint.text},
            "privateLinkServiceConnectionState": {"status": status, "description": "", "actionsRequired": "None"},
            "provisioningState": "Succeeded",
        },
    }


def _connections(target: ResourceId, groups: Iterable[str]) -> list[Body]:
    return [connection(target, ENDPOINT[group]) for group in groups]


def workspace(**properties: Any) -> Body:  # noqa: ANN401 - JSON
    """A closed workspace; the vault's namespace has the casing of the recording."""
    return body(
        WORKSPACE,
        etag=None,
        kind="Default",
        sku={"name": "Basic", "tier": "Basic"},
        identity={"type": "SystemAssigned", "principalId": "74c5a32f-8764-4f6c-85b7-ac02a8f9a1c4"},
        properties={
            "provisioningState": "Succeeded",
            "workspaceId": "79a5ed1b-0f02-4baa-89c2-23dad085bce8",
            "storageAccount": ACCOUNT.text,
            "keyVault": VAULT.text.replace("Microsoft.KeyVault", "Microsoft.Keyvault"),
            "containerRegistry": REGISTRY.text,
            "applicationInsights": None,
            "imageBuildCompute": "cpu-build",
            "managedNetwork": {"isolationMode": "Disabled"},
            "privateLinkCount": 1,
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": _connections(WORKSPACE, ["amlworkspace"]),
            **properties,
        },
    )


def account(target: ResourceId = ACCOUNT, **properties: Any) -> Body:  # noqa: ANN401 - JSON
    """A closed general purpose v2 account."""
    return body(
        target,
        kind="StorageV2",
        sku={"name": "Standard_LRS", "tier": "Standard"},
        properties={
            "provisioningState": "Succeeded",
            "allowBlobPublicAccess": False,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {
                "bypass": "AzureServices",
                "virtualNetworkRules": [],
                "ipRules": [],
                "defaultAction": "Deny",
            },
            "privateEndpointConnections": _connections(target, ["blob", "file"]) if target == ACCOUNT else [],
            **properties,
        },
    )


def vault(**properties: Any) -> Body:  # noqa: ANN401 - JSON
    """A closed vault."""
    return body(
        VAULT,
        properties={
            "sku": {"family": "A", "name": "standard"},
            "enableSoftDelete": True,
            "vaultUri": "https://fraudvault.vault.azure.net/",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Disabled",
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Deny",
                "ipRules": [],
                "virtualNetworkRules": [],
            },
            "privateEndpointConnections": _connections(VAULT, ["vault"]),
            **properties,
        },
    )


def registry(**properties: Any) -> Body:  # noqa: ANN401 - JSON
    """A closed Premium registry."""
    return body(
        REGISTRY,
        sku={"name": "Premium", "tier": "Premium"},
        properties={
            "loginServer": "fraudimages.azurecr.io",
            "provisioningState": "Succeeded",
            "networkRuleSet": {"defaultAction": "Deny", "ipRules": []},
            "dataEndpointEnabled": True,
            "publicNetworkAccess": "Disabled",
            "networkRuleBypassOptions": "AzureServices",
            "privateEndpointConnections": _connections(REGISTRY, ["registry"]),
            **properties,
        },
    )


def cluster(target: ResourceId, *, size: str = "STANDARD_DS3_V2", **properties: Any) -> Body:  # noqa: ANN401 - JSON
    """A cluster of the workspace (wire-examples.md section 2)."""
    inside = {"vmSize": size, "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}
    shown = {"computeType": "AmlCompute", "provisioningState": "Succeeded", "properties": inside}
    return body(target, properties={**shown, **properties})


def subnet(target: ResourceId = SUBNET, prefix: str = "10.20.0.0/24", **properties: Any) -> Body:  # noqa: ANN401
    """A subnet as its network shows it."""
    shown = {"provisioningState": "Succeeded", "addressPrefix": prefix, "delegations": [], "ipConfigurations": []}
    return {"id": target.text, "name": target.name, "etag": ETAG, "properties": {**shown, **properties}}


DELEGATED = [{"name": "aci", "properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}]
"""The delegations of a subnet that belongs to another service."""


def peering(remote: ResourceId, *ranges: str, **properties: Any) -> Body:  # noqa: ANN401 - JSON
    """One side of a peering that both sides point at."""
    return {
        "name": remote.name,
        "properties": {
            "remoteVirtualNetwork": {"id": remote.text},
            "peeringState": "Connected",
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": False,
            "remoteAddressSpace": {"addressPrefixes": list(ranges)},
            **properties,
        },
    }


def network(target: ResourceId = NETWORK, *subnets: Body, location: str = "westeurope") -> Body:
    """A network with these subnets; the endpoints' own when none are given. It is peered with the office's."""
    shown = list(subnets) or [subnet(target.child("subnets", "endpoints"))]
    peerings = [peering(OFFICE, "10.8.0.0/16")] if target == NETWORK else []
    return _network(target, "10.20.0.0/16", shown, peerings, location)


def office_network() -> Body:
    """The network of clients, peered with that of the endpoints in both directions."""
    return _network(OFFICE, "10.8.0.0/16", [], [peering(NETWORK, "10.20.0.0/16")])


def _network(
    target: ResourceId, space: str, subnets: list[Body], peerings: list[Body], location: str = "westeurope"
) -> Body:
    properties = {
        "provisioningState": "Succeeded",
        "addressSpace": {"addressPrefixes": [space]},
        "subnets": subnets,
        "virtualNetworkPeerings": peerings,
    }
    return body(target, location=location, etag=ETAG, properties=properties)


ADDRESSES = {
    "amlworkspace": {
        "fraud.westeurope.api.azureml.ms": ["10.20.0.4"],
        "ml-fraud.notebooks.azure.net": ["10.20.0.5"],
    },
    "blob": {"frauddata.blob.core.windows.net": ["10.20.0.7"]},
    "file": {"frauddata.file.core.windows.net": ["10.20.0.8"]},
    "vault": {"fraudvault.vault.azure.net": ["10.20.0.9"]},
    "registry": {
        "fraudimages.westeurope.data.azurecr.io": ["10.20.0.10"],
        "fraudimages.azurecr.io": ["10.20.0.11"],
    },
}
"""What the endpoints of the landscape say of their names."""

RECORDS = {
    API_ZONE: {"fraud.westeurope": ["10.20.0.4"]},
    NOTEBOOK_ZONE: {"ml-fraud": ["10.20.0.5"]},
    BLOB_ZONE: {"frauddata": ["10.20.0.7"]},
    FILE_ZONE: {"frauddata": ["10.20.0.8"]},
    VAULT_ZONE: {"fraudvault": ["10.20.0.9"]},
    REGISTRY_ZONE: {"fraudimages.westeurope.data": ["10.20.0.10"], "fraudimages": ["10.20.0.11"]},
}
"""What their zone groups write, by zone."""


def endpoint(  # noqa: PLR0913 - each is a way in which endpoints differ
    target: PrivateLinkTarget,
    named: ResourceId | None = None,
    *,
    status: str = "Approved",
    state: str = "Succeeded",
    subnet_id: ResourceId = SUBNET,
    manual: bool = False,
    tags: Mapping[str, str] = MARK,
) -> Body:
    """A private endpoint, ours unless told otherwise."""
    where = named or plan().endpoint(target)
    shown = {
        "name": target.resource.name,
        "id": f"{where.text}/privateLinkServiceConnections/{target.resource.name}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": target.resource.text,
            "groupIds": [target.group],
            "privateLinkServiceConnectionState": {
                "status": status,
                "description": "Auto-Approved",
                "actionsRequired": "None",
            },
        },
    }
    addresses = ADDRESSES.get(target.group, {}) if target == TARGETS.get(target.group) else {}
    return body(
        where,
        etag=ETAG,
        tags=dict(tags),
        properties={
            "provisioningState": state,
            "privateLinkServiceConnections": [] if manual else [shown],
            "manualPrivateLinkServiceConnections": [shown] if manual else [],
            "subnet": {"id": subnet_id.text},
            "customDnsConfigs": [{"fqdn": name, "ipAddresses": found} for name, found in addresses.items()],
        },
    )


def zone(target: ResourceId, *, records: int = 2, links: int = 1, tags: Mapping[str, str] = SHARED_MARK) -> Body:
    """A private DNS zone; its own start of authority counts as a record set."""
    counted = {"numberOfRecordSets": records, "numberOfVirtualNetworkLinks": links}
    return body(
        target,
        location="global",
        etag="1",
        tags=dict(tags),
        properties={**counted, "provisioningState": "Succeeded"},
    )


def link(
    target: ResourceId,
    network_id: ResourceId = NETWORK,
    *,
    state: str = "Completed",
    tags: Mapping[str, str] = SHARED_MARK,
    policy: str = "NxDomainRedirect",
) -> Body:
    """The link of a zone to a network."""
    return body(
        target,
        location="global",
        etag='"1"',
        tags=dict(tags),
        properties={
            "provisioningState": "Succeeded",
            "registrationEnabled": False,
            "resolutionPolicy": policy,
            "virtualNetwork": {"id": network_id.text},
            "virtualNetworkLinkState": state,
        },
    )


def zone_group(target: ResourceId, zones: Mapping[ResourceId, Mapping[str, list[str]]], **properties: Any) -> Body:  # noqa: ANN401
    """A zone group with the records that it has written, by zone."""
    configs = [
        {
            "name": where.name.replace(".", "-"),
            "id": f"{target.text}/privateDnsZoneConfigs/{where.name.replace('.', '-')}",
            "properties": {
                "provisioningState": "Succeeded",
                "privateDnsZoneId": where.text,
                "recordSets": [
                    {
                        "recordType": "A",
                        "recordSetName": name,
                        "fqdn": f"{name}.{where.name}",
                        "ttl": 10,
                        "ipAddresses": addresses,
                    }
                    for name, addresses in records.items()
                ],
            },
        }
        for where, records in zones.items()
    ]
    shown = body(target, etag=ETAG)
    del shown["tags"], shown["location"]
    return {
        **shown,
        "properties": {"provisioningState": "Succeeded", "privateDnsZoneConfigs": configs, **properties},
    }


def record(where: ResourceId, name: str, *addresses: str) -> Body:
    """An A record set."""
    target = where.child("A", name)
    listed = [{"ipv4Address": address} for address in addresses]
    return {"id": target.text, "name": name, "etag": "1", "properties": {"ttl": 10, "aRecords": listed}}


# -- what is asked of Azure -------------------------------------------------------------------------------


def endpoint_request(
    target: PrivateLinkTarget, location: str = "westeurope", subnet_id: ResourceId = SUBNET
) -> Body:
    """What a new endpoint is made of."""
    asked = {"privateLinkServiceId": target.resource.text, "groupIds": [target.group]}
    return {
        "location": location,
        "tags": MARK,
        "properties": {
            "subnet": {"id": subnet_id.text},
            "privateLinkServiceConnections": [{"name": target.resource.name, "properties": asked}],
        },
    }


def endpoint_sent_back(target: PrivateLinkTarget) -> Body:
    """What of our endpoint goes along with an update, less its tags."""
    shown = endpoint(target)
    kept = {name: value for name, value in shown.items() if name in {"location", "properties"}}
    for name in ("provisioningState", "resourceGuid", "networkInterfaces", "customDnsConfigs"):
        kept["properties"].pop(name, None)
    return kept


def link_request(network_id: ResourceId = NETWORK) -> Body:
    """What a new link is made of."""
    return {
        "location": "global",
        "tags": SHARED_MARK,
        "properties": {
            "virtualNetwork": {"id": network_id.text},
            "registrationEnabled": False,
            "resolutionPolicy": "NxDomainRedirect",
        },
    }


def zone_request() -> Body:
    """What a new zone is made of."""
    return {"location": "global", "tags": SHARED_MARK}


def zone_group_request(*zones: ResourceId) -> Body:
    """What a new zone group is made of."""
    configs = [
        {"name": where.name.replace(".", "-"), "properties": {"privateDnsZoneId": where.text}} for where in zones
    ]
    return {"properties": {"privateDnsZoneConfigs": configs}}


def sent_back(group: ResourceId, *zones: ResourceId) -> list[Body]:
    """The zones of a group as they are sent back to it: without their records."""
    return [
        {
            "name": where.name.replace(".", "-"),
            "id": f"{group.text}/privateDnsZoneConfigs/{where.name.replace('.', '-')}",
            "properties": {"provisioningState": "Succeeded", "privateDnsZoneId": where.text},
        }
        for where in zones
    ]


# -- the landscape ---------------------------------------------------------------------------------------


def converged() -> Bodies:
    """Everything that the smallest spec takes, as declared."""
    listed = [workspace(), account(), vault(), registry(), network(), office_network(), subnet()]
    for group, target in TARGETS.items():
        listed.append(endpoint(target))
        listed.append(zone_group(GROUP_OF[group], {ZONE[name]: RECORDS[name] for name in PUBLIC.zones[group]}))
    for name, where in ZONE.items():
        listed += [zone(where), link(LINK[name])]
        listed += [record(where, host, *addresses) for host, addresses in RECORDS[name].items()]
    return {resource_id(each["id"]).key: each for each in listed}


_CONVERGED = converged()


def serving(where: NetworkPlan, target: PrivateLinkTarget) -> list[Body]:
    """A further private way that works: endpoint, zones, links, group and records."""
    own = where.endpoint(target)
    zones = [where.zone(name) for name in where.zone_names(target)]
    records: dict[ResourceId, dict[str, list[str]]] = {
        each: {target.resource.name: ["10.20.0.20"]} for each in zones
    }
    bodies = [endpoint(target, own), zone_group(own.child("privateDnsZoneGroups", "default"), records)]
    for each in zones:
        bodies += [zone(each), link(where.link(each, NETWORK)), record(each, target.resource.name, "10.20.0.20")]
    return bodies


def world(*changes: Change, rows: Iterable[Mapping[str, Any]] = ()) -> View:
    """The converged landscape after these changes; what is not in it is absent."""
    answers: Answers = {key: Present(each) for key, each in _CONVERGED.items()}
    for change in changes:
        change(answers)
    view = View.of(rows=rows)
    view.known = known({resource_id(key): answer for key, answer in answers.items()})
    return view


def put(target: ResourceId, path: str, value: Any) -> Change:  # noqa: ANN401 - JSON
    """Somebody changed one property."""

    def change(answers: Answers) -> None:
        inside = replaced_whole = _copy(answers, target)
        *steps, last = path.split(".")
        for step in steps:
            inside = inside[step]
        inside[last] = value
        answers[target.key] = Present(replaced_whole)

    return change


def drop(target: ResourceId, path: str) -> Change:
    """Azure does not show a property."""

    def change(answers: Answers) -> None:
        inside = replaced_whole = _copy(answers, target)
        *steps, last = path.split(".")
        for step in steps:
            inside = inside[step]
        del inside[last]
        answers[target.key] = Present(replaced_whole)

    return change


def gone(*targets: ResourceId) -> Change:
    """These and everything below them do not exist."""

    def change(answers: Answers) -> None:
        for target in targets:
            for key in [key for key in answers if key == target.key or key.startswith(f"{target.key}/")]:
                del answers[key]

    return change


def added(*bodies: Body) -> Change:
    """These exist, in place of what had their ids."""

    def change(answers: Answers) -> None:
        for each in bodies:
            answers[resource_id(each["id"]).key] = Present(each)

    return change


def shown_as(target: ResourceId, shown: Body) -> Change:
    """Azure shows this for a resource, whatever id it says it has."""

    def change(answers: Answers) -> None:
        answers[target.key] = Present(shown)

    return change


FORBIDDEN = AzureProblem(
    "Forbidden",
    "Azure refuses to show it.",
    "Grant Reader.",
    Retry.SLOW,
    Severity.AZURE_ADMIN,
    permission="Microsoft.X/read",
)


UNREACHABLE = AzureProblem("AzureBusy", "Azure did not answer.", "Nothing to do: it is tried again.")


def unreadable(*targets: ResourceId, why: AzureProblem = FORBIDDEN) -> Change:
    """Azure does not say whether these exist."""

    def change(answers: Answers) -> None:
        for target in targets:
            answers[target.key] = Unreadable(why)

    return change


def _copy(answers: Answers, target: ResourceId) -> Body:
    answer = answers[target.key]
    assert isinstance(answer, Present)
    return deepcopy(answer.body)
