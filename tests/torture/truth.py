"""What is so in Azure, looked up in the stand-in's store without a line of the operator's code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.torture.azure import Azure

ENDPOINTS: Final = "Microsoft.Network/privateEndpoints"
GROUPS: Final = f"{ENDPOINTS}/privateDnsZoneGroups"
ZONES: Final = "Microsoft.Network/privateDnsZones"
LINKS: Final = f"{ZONES}/virtualNetworkLinks"
RECORDS: Final = f"{ZONES}/A"
SERVICES: Final = (
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ContainerRegistry/registries",
)

ZONE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "blob": ("privatelink.blob.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "queue": ("privatelink.queue.core.windows.net",),
    "table": ("privatelink.table.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
}
"""DNS-02, for the public cloud."""


@dataclass(frozen=True)
class Way:
    """A private way into a service that a spec asks for."""

    service: str
    """Lower-case id."""

    group: str
    networks: tuple[str, ...]
    """Those that must resolve its names; it leads into the first."""


def ways(azure: Azure, spec: Mapping[str, Any]) -> list[Way]:
    """Every way that a spec asks for."""
    workspace = azure.shown(spec["workspaceID"])
    assert workspace is not None
    own = spec["network"]["endpointSubnetID"].lower().rsplit("/subnets/", 1)[0]
    networks = (own, *(each.lower() for each in spec["network"].get("clientNetworkIDs", ())))
    named = workspace["properties"]
    storage = spec.get("storage", {}).get("subResources", ("blob", "file"))
    found = [(spec["workspaceID"], "amlworkspace")]
    found += [(named["storageAccount"], group) for group in storage]
    found += [(named["keyVault"], "vault"), (named["containerRegistry"], "registry")]
    return [Way(service.lower(), group, networks) for service, group in found]


def services(azure: Azure, spec: Mapping[str, Any]) -> list[str]:
    """Every service that a spec wants closed."""
    return list(dict.fromkeys(way.service for way in ways(azure, spec)))


def closed(body: Mapping[str, Any]) -> bool:
    """Nobody reaches it from the internet."""
    return bool(body["properties"].get("publicNetworkAccess") == "Disabled")


def what_is_missing(azure: Azure, way: Way, networks: tuple[str, ...] | None = None) -> str:
    """Why nobody in these networks, by default in any declared one, can go this way; empty when one can."""
    asking = way.networks if networks is None else networks
    found = [why_unfit(azure, way, each, asking) for each in endpoints_of(azure, way)]
    if all(found):
        return f"{_short(way)}: {'; '.join(found) or 'no endpoint leads there'}"
    return ""


def remembered_networks(way: Way, status: Mapping[str, Any]) -> tuple[str, ...]:
    """The networks from which a status says that this way worked when the service was last seen closed."""
    shown = next((each for each in status.get("services", ()) if each["id"].lower() == way.service), {})
    names = shown.get("privateWays", ())
    return tuple(network for network in way.networks if f"{way.group} from {_label(network)}" in names)


def _label(network: str) -> str:
    """How the operator names a network: with six characters of its id's hash."""
    digest = hashlib.sha256(network.encode()).hexdigest()[:6]
    return f"{network.rsplit('/', 1)[1]}-{digest}"


def endpoints_of(azure: Azure, way: Way) -> list[Any]:
    """The endpoints that lead to a service from its network, whoever made them."""
    return [
        each
        for each in azure.ctx.of_type(ENDPOINTS)
        if each.properties.get("subnet", {}).get("id", "").lower().startswith(f"{way.networks[0]}/subnets/")
        and any(
            connection["properties"]["privateLinkServiceId"].lower() == way.service
            and way.group in connection["properties"].get("groupIds", ())
            for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
            for connection in each.properties.get(name) or ()
        )
    ]


def why_unfit(
    azure: Azure,
    way: Way,
    endpoint: Any,  # noqa: ANN401 - a resource of the stand-in
    networks: tuple[str, ...] | None = None,
) -> str:
    """Why an endpoint is no way in for these networks, by default for any declared one; empty when it is one."""
    if endpoint.state != "Succeeded":
        return f"{endpoint.id.name} is {endpoint.state}"
    if not is_approved(azure, way.service, endpoint.id.key):
        return f"{endpoint.id.name} is not approved"
    asking = way.networks if networks is None else networks
    return next(_names_missing(azure, replace(way, networks=asking), endpoint), "")


def is_approved(azure: Azure, service: str, endpoint: str) -> bool:
    """The service lets an endpoint in."""
    return any(
        each.properties.get("privateEndpoint", {}).get("id", "").lower() == endpoint
        and each.properties["privateLinkServiceConnectionState"]["status"] == "Approved"
        for each in connections(azure, service)
    )


def connections(azure: Azure, service: str) -> list[Any]:
    """What a service knows of the endpoints that lead to it."""
    found = azure.ctx.find(service)
    every = azure.ctx.children(found) if found is not None else ()
    return [each for each in every if each.id.key.split("/")[-2] == "privateendpointconnections"]


def _names_missing(azure: Azure, way: Way, endpoint: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    written = {
        config["properties"]["privateDnsZoneId"].lower(): config["properties"].get("recordSets") or ()
        for group in azure.ctx.children(endpoint, GROUPS)
        for config in group.properties["privateDnsZoneConfigs"]
    }
    for name in ZONE_NAMES[way.group]:
        zone = next((each for each in azure.ctx.of_type(ZONES) if each.id.name.lower() == name), None)
        if zone is None:
            yield f"there is no zone {name}"
            continue
        for network in way.networks:
            if not is_linked(azure, zone.id.key, network):
                yield f"{name} is not linked to {network.rsplit('/', 1)[1]}"
        if not written.get(zone.id.key):
            yield f"no group of {endpoint.id.name} writes into {name}"
        for record in written.get(zone.id.key, ()):
            shown = azure.shown(f"{zone.id.key}/a/{record['recordSetName'].lower()}")
            addresses = [each["ipv4Address"] for each in (shown or {}).get("properties", {}).get("aRecords", ())]
            if sorted(addresses) != sorted(record["ipAddresses"]):
                yield f"{record['recordSetName']}.{name} leads to {addresses}"


def is_linked(azure: Azure, zone: str, network: str) -> bool:
    """A network resolves a zone's names."""
    found = azure.ctx.find(zone)
    return found is not None and any(
        link.properties["virtualNetwork"]["id"].lower() == network
        and link.properties.get("virtualNetworkLinkState") == "Completed"
        for link in azure.ctx.children(found, LINKS)
    )


def what_is_wrong(azure: Azure, spec: Mapping[str, Any]) -> dict[str, str]:
    """Everything that is not as a spec declares, by what it is about."""
    found = {f"{way.service} {way.group}": what_is_missing(azure, way) for way in ways(azure, spec)}
    for service in services(azure, spec):
        body = azure.shown(service)
        found[service] = "" if body is not None and closed(body) else f"{service.rsplit('/', 1)[1]} is open"
    return {about: text for about, text in found.items() if text}


def uses(azure: Azure, spec: Mapping[str, Any], target: str) -> bool:
    """Whether a way that a spec asks for leads through this resource: its endpoint, group, zone or link."""
    kind = _kind(target)
    for way in ways(azure, spec):
        zones = tuple(f"/privatednszones/{name}" for name in ZONE_NAMES[way.group])
        if kind in {"privateendpoints", "privatednszonegroups"}:
            endpoint = target.split("/privatednszonegroups/", maxsplit=1)[0]
            fit = [each.id.key for each in endpoints_of(azure, way) if not why_unfit(azure, way, each)]
            if fit == [endpoint]:
                return True
        elif kind == "privatednszones" and target.endswith(zones):
            return True
        elif kind == "virtualnetworklinks" and target.rsplit("/virtualnetworklinks/", 1)[0].endswith(zones):
            link = azure.shown(target)
            if link is not None and link["properties"]["virtualNetwork"]["id"].lower() in way.networks:
                return True
    return False


def concerns(azure: Azure, spec: Mapping[str, Any], target: str) -> bool:
    """Whether a living spec is a reason for this resource to be there, whether or not another one would do."""
    endpoint = target.split("/privatednszonegroups/", maxsplit=1)[0]
    leads = any(each.id.key == endpoint for way in ways(azure, spec) for each in endpoints_of(azure, way))
    return leads or uses(azure, spec, target)


def _kind(target: str) -> str:
    return target.split("/")[-2]


def _short(way: Way) -> str:
    return f"{way.group} of {way.service.rsplit('/', 1)[1]}"
