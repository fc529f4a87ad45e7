"""A picture of a landscape: who answers on the internet, and what leads there privately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORKSPACE: Final = "microsoft.machinelearningservices/workspaces"
_ENDPOINT: Final = "microsoft.network/privateendpoints"
_LINK: Final = "microsoft.network/privatednszones/virtualnetworklinks"
_RECORD: Final = "microsoft.network/privatednszones/a"

_GROUPS: Final = {
    "workspace": ("amlworkspace",),
    "storage": ("blob", "file"),
    "vault": ("vault",),
    "registry": ("registry",),
}
"""Private link groups by service; each needs an approved endpoint."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a workspace, as Azure itself shows it."""

    kind: str
    id: str
    public: bool
    """It answers on the internet."""

    private: tuple[str, ...]
    """Groups with an approved endpoint."""

    names: int
    """Private DNS records that lead to one of its endpoints."""

    @property
    def closed(self) -> bool:
        """Not public, and reached privately by every group."""
        return not self.public and set(self.private) >= set(_GROUPS[self.kind]) and self.names > 0


@dataclass(frozen=True, slots=True)
class Picture:
    """All workspaces with their services, endpoints and links."""

    services: dict[str, tuple[Service, ...]]
    endpoints: tuple[str, ...]
    links: tuple[str, ...]
    zones: int

    def closed(self, workspace: str) -> bool:
        """Whether every service of a workspace is closed and every zone is linked."""
        return all(service.closed for service in self.services[workspace]) and len(self.links) == self.zones

    def open(self, workspace: str) -> bool:
        """Whether every service of a workspace answers on the internet and nothing leads there privately."""
        return all(service.public and not service.private for service in self.services[workspace])

    def storage(self, workspace: str) -> str:
        """The id of a workspace's storage account."""
        return next(service.id for service in self.services[workspace] if service.kind == "storage")

    def table(self, title: str) -> Table:
        """The picture for a person."""
        table = Table(title=title, title_justify="left")
        for column in ("workspace", "service", "on the internet", "private endpoints", "names"):
            table.add_column(column)
        for workspace, services in self.services.items():
            for service in services:
                public = "[red]open[/]" if service.public else "[green]closed[/]"
                private = ", ".join(service.private) or "none"
                name = f"{service.kind} {service.id.rsplit('/', 1)[1]}"
                table.add_row(workspace, name, public, private, str(service.names))
        return table


def picture_of(resources: Iterable[dict[str, Any]]) -> Picture:
    """Draw the picture from the emulator's whole store.

    Args:
        resources: every resource as a GET would show it.
    """
    by_id = {resource["id"].lower(): resource for resource in resources}
    endpoints = [resource for resource in by_id.values() if _type(resource) == _ENDPOINT]
    records = {
        address["ipv4Address"]
        for resource in by_id.values()
        if _type(resource) == _RECORD
        for address in resource["properties"].get("aRecords") or ()
    }
    services = {
        resource["name"]: tuple(_services(resource, by_id, endpoints, records))
        for resource in by_id.values()
        if _type(resource) == _WORKSPACE
    }
    links = tuple(sorted(resource["id"] for resource in by_id.values() if _type(resource) == _LINK))
    zones = sum(_type(resource) == "microsoft.network/privatednszones" for resource in by_id.values())
    return Picture(services, tuple(sorted(each["id"] for each in endpoints)), links, zones)


def _services(
    workspace: dict[str, Any], by_id: dict[str, Any], endpoints: list[dict[str, Any]], records: set[str]
) -> Iterable[Service]:
    properties = workspace["properties"]
    named = {
        "workspace": workspace["id"],
        "storage": properties["storageAccount"],
        "vault": properties["keyVault"],
        "registry": properties.get("containerRegistry"),
    }
    for kind, target in named.items():
        if target:
            yield _service(kind, by_id[target.lower()], endpoints, records)


def _service(kind: str, body: dict[str, Any], endpoints: list[dict[str, Any]], records: set[str]) -> Service:
    mine = [each for each in endpoints if _target(each) == body["id"].lower()]
    private = tuple(sorted(group for each in mine if _approved(each) for group in _connection(each)["groupIds"]))
    addresses = {ip for each in mine for ip in _addresses(each)}
    return Service(kind, body["id"], _public(kind, body["properties"]), private, len(addresses & records))


def _public(kind: str, properties: dict[str, Any]) -> bool:
    if (properties.get("publicNetworkAccess") or "Enabled").lower() != "enabled":
        return False
    rules = properties.get("networkRuleSet" if kind == "registry" else "networkAcls") or {}
    return (rules.get("defaultAction") or "Allow").lower() == "allow" or kind in {"workspace", "storage"}


def _connection(endpoint: dict[str, Any]) -> dict[str, Any]:
    properties = endpoint["properties"]
    listed = properties.get("privateLinkServiceConnections") or properties["manualPrivateLinkServiceConnections"]
    found: dict[str, Any] = listed[0]["properties"]
    return found


def _target(endpoint: dict[str, Any]) -> str:
    return str(_connection(endpoint)["privateLinkServiceId"]).lower()


def _approved(endpoint: dict[str, Any]) -> bool:
    return str(_connection(endpoint)["privateLinkServiceConnectionState"]["status"]) == "Approved"


def _addresses(endpoint: dict[str, Any]) -> Iterable[str]:
    for config in endpoint["properties"].get("customDnsConfigs") or ():
        yield from config.get("ipAddresses") or ()


def _type(resource: dict[str, Any]) -> str:
    return str(resource.get("type", "")).lower()
