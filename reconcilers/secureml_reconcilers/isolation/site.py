"""Where a workspace is secured: ids parsed once, names of what we make, the services it leans on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.values import at
from secureml_reconcilers.engine.view import View, once_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api import SecureWorkspaceSpec
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.clouds import Cloud

_NAME_LIMIT: Final = 64
"""Private endpoint names stay within 64 characters (reference-data.md section 10)."""

ADDRESSES: Final = {"amlworkspace": 3, "registry": 2}
"""Private addresses that an endpoint takes; one for any other group (reference-data.md section 3, ACR-DATA-01)."""


@dataclass(frozen=True, slots=True)
class Way:
    """One private way into one service: an endpoint for one of its groups."""

    target: ResourceId
    group: str
    """The private link group, such as `amlworkspace` or `blob`."""

    @property
    def addresses(self) -> int:
        """Private addresses that its endpoint takes from the subnet."""
        return ADDRESSES.get(self.group, 1)


@dataclass(frozen=True, slots=True)
class Site:
    """A spec, read: the ids it names and the names it implies."""

    spec: SecureWorkspaceSpec
    cloud: Cloud

    @property
    def workspace(self) -> ResourceId:
        """The workspace to isolate."""
        return resource_id(self.spec.workspace_id)

    @property
    def subnet(self) -> ResourceId:
        """Where private endpoints get their addresses."""
        return resource_id(self.spec.network.endpoint_subnet_id)

    @property
    def network(self) -> ResourceId:
        """The virtual network of the endpoint subnet."""
        parent = self.subnet.parent
        assert parent is not None  # noqa: S101 - the model admits subnet ids only
        return parent

    @property
    def client_networks(self) -> tuple[ResourceId, ...]:
        """Further networks that must resolve the private names (DNS-03)."""
        named = (resource_id(text) for text in self.spec.network.client_network_ids)
        return tuple(network for network in named if network != self.network)

    def endpoint(self, way: Way) -> ResourceId:
        """The id of the endpoint that we would make for a way.

        The name is the same on every pass and after every crash, and says what it is for. The hash keeps
        two services of one name apart, and two networks.
        """
        group = resource_id(self.spec.endpoints.resource_group_id or self.network.group.text)
        suffix = f"-{way.group}-{_digest(way.target.key + self.subnet.key)}"
        name = way.target.name[: _NAME_LIMIT - len(suffix)] + suffix
        return group.resource("Microsoft.Network/privateEndpoints", name)

    def zone(self, name: str) -> ResourceId:
        """The id of the private DNS zone that we would use or make for a name."""
        for text in self.spec.dns.zone_ids:
            named = resource_id(text)
            if named.name.lower() == name.lower():
                return named
        group = resource_id(self.spec.dns.zone_resource_group_id or self.network.group.text)
        return group.resource("Microsoft.Network/privateDnsZones", name)

    def link(self, zone: ResourceId, network: ResourceId) -> ResourceId:
        """The id of the link that we would make between a zone and a network."""
        return zone.child("virtualNetworkLinks", f"{network.name}-{_digest(network.key)}")

    def zones(self, way: Way) -> tuple[str, ...]:
        """The names of the zones in which a way's names live."""
        return self.cloud.zones[way.group]


def workspace(site: Site, azure: View) -> Body:
    """The workspace, which must exist (GEN-WS-01).

    Raises:
        AzureProblem: reason WorkspaceNotFound, or why it cannot be read.
    """
    return azure.require(
        site.workspace,
        "WorkspaceNotFound",
        "Create the workspace, or delete this resource and make one with the right spec.workspaceID.",
    )


def storage_accounts(site: Site, azure: View) -> tuple[ResourceId, ...]:
    """The default account, which the workspace names, and the additional ones (ST-SCOPE-01)."""
    default = resource_id(at(workspace(site, azure), "properties.storageAccount"))
    return (default, *(resource_id(account.account_id) for account in site.spec.storage.additional_accounts))


def key_vault(site: Site, azure: View) -> ResourceId:
    """The vault that the workspace keeps its secrets in (KV-CRED-01)."""
    return resource_id(at(workspace(site, azure), "properties.keyVault"))


def registry(site: Site, azure: View) -> ResourceId | None:
    """The workspace's registry; None until it first needed one (ACR-EXIST-01, ACR-FIND-01)."""
    named = at(workspace(site, azure), "properties.containerRegistry")
    return resource_id(named) if named else None


@once_each
def ways(site: Site, azure: View) -> Iterator[Way]:
    """Every private way that the workspace and what it leans on need, the workspace's own first."""
    yield Way(site.workspace, "amlworkspace")
    for account in storage_accounts(site, azure):
        yield from ways_into(site, account)
    yield Way(key_vault(site, azure), "vault")
    container_registry = registry(site, azure)
    if container_registry is not None:
        yield Way(container_registry, "registry")


def ways_into(site: Site, account: ResourceId) -> Iterator[Way]:
    """One way per sub-resource of a storage account (ST-PE-01 to ST-PE-04)."""
    storage = site.spec.storage
    additional = {resource_id(extra.account_id): extra.sub_resources for extra in storage.additional_accounts}
    for group in additional.get(account, storage.sub_resources):
        yield Way(account, group)


@lru_cache(maxsize=65536)
def _digest(text: str) -> str:
    """Six characters that keep names apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]
