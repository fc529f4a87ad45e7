"""Where a workspace is secured: ids parsed once, names of what we make, the services it leans on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.engine.view import View, once_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api import SecureWorkspaceSpec
    from secureml_reconcilers.api.secure_workspace import AdditionalAccount, Storage
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.clouds import Cloud

_NAME_LIMIT: Final = 64
"""Private endpoint names stay within 64 characters (reference-data.md section 10)."""

ADDRESSES: Final = {"amlworkspace": 3, "registry": 2}
"""Private addresses that an endpoint takes; one for any other group (reference-data.md section 3, ACR-DATA-01)."""


RULES: Final = {
    "amlworkspace": "WS-PE-01",
    "blob": "ST-PE-01",
    "file": "ST-PE-02",
    "queue": "ST-PE-03",
    "table": "ST-PE-03",
    "dfs": "ST-PE-04",
    "web": "ST-PE-04",
    "vault": "KV-MODE-01",
    "registry": "ACR-NET-01",
}
"""The rule that asks for an endpoint, by group."""


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

    @property
    def rule(self) -> str:
        """The rule that asks for its endpoint."""
        return RULES[self.group]


@dataclass(frozen=True, slots=True)
class Site:
    """A spec, read: the ids it names and the names it implies."""

    spec: SecureWorkspaceSpec
    cloud: Cloud
    owner: str
    """The custom resource, as `cluster/namespace/name`: left as a tag on the endpoints that it uses."""

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
        """Further networks that must resolve the private names, each once whatever its casing (DNS-03)."""
        named = dict.fromkeys(resource_id(text) for text in self.spec.network.client_network_ids)
        return tuple(network for network in named if network != self.network)

    @property
    def networks(self) -> tuple[ResourceId, ...]:
        """Every network that must resolve the private names, the endpoints' own first."""
        return (self.network, *self.client_networks)

    def endpoint(self, way: Way) -> ResourceId:
        """The id of the endpoint that we would make for a way.

        The name is the same on every pass and after every crash, and says what it is for. The hash keeps
        two services of one name apart, and two networks; not two subnets of one network, for whoever comes
        first serves the whole network, and a second endpoint would fight with it over one record.
        """
        group = resource_id(self.spec.endpoints.resource_group_id or self.network.group.text)
        suffix = f"-{way.group}-{_digest(way.target.key + self.network.key)}"
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


def default_account(site: Site, azure: View) -> ResourceId:
    """The account that the workspace itself keeps its data in (ST-SCOPE-01).

    Raises:
        AzureProblem: reason WorkspaceIncomplete, when it names none.
    """
    return _required(site, azure, "storageAccount")


def additional_accounts(site: Site) -> tuple[ResourceId, ...]:
    """The accounts that the spec names besides (ST-SCOPE-01)."""
    return tuple(resource_id(account.account_id) for account in site.spec.storage.additional_accounts)


def default_named(site: Site, azure: View) -> ResourceId | None:
    """The workspace's own account, if it names one."""
    return _named(site, azure, "storageAccount")


def accounts(site: Site, azure: View) -> tuple[ResourceId, ...]:
    """Every storage account once, the workspace's own first if it names one."""
    every = (default_named(site, azure), *additional_accounts(site))
    return tuple(dict.fromkeys(account for account in every if account is not None))


def where_named(site: Site, azure: View, service: ResourceId) -> str:
    """What to do about a service that does not exist: it depends on who names it."""
    if service in additional_accounts(site) and service != default_named(site, azure):
        return "Correct spec.storage.additionalAccounts, which names it, or restore the account."
    return "The workspace names it; restore it, or make the workspace anew."


def key_vault(site: Site, azure: View) -> ResourceId:
    """The vault that the workspace keeps its secrets in (KV-CRED-01).

    Raises:
        AzureProblem: reason WorkspaceIncomplete, when it names none.
    """
    return _required(site, azure, "keyVault")


def registry(site: Site, azure: View) -> ResourceId | None:
    """The workspace's registry; None until it first needed one (ACR-EXIST-01, ACR-FIND-01)."""
    return _named(site, azure, "containerRegistry")


def _named(site: Site, azure: View, service: str) -> ResourceId | None:
    text = get_path(workspace(site, azure), f"properties.{service}")
    return resource_id(text) if text else None


def _required(site: Site, azure: View, service: str) -> ResourceId:
    """What every workspace of its own has; one that lost it, or that borrows a hub's, names nothing."""
    named = _named(site, azure, service)
    if named is None:
        raise AzureProblem(
            "WorkspaceIncomplete",
            f"The workspace {site.workspace.name} names no properties.{service}, so there is nothing to isolate.",
            "Repair the workspace (az ml workspace diagnose); for a project of a hub, name the hub's workspace in"
            " a new resource.",
            Retry.SLOW,
            Severity.AZURE_ADMIN,
            target=site.workspace,
        )
    return named


@once_each
def ways(site: Site, azure: View) -> Iterator[Way]:
    """Every private way that the workspace and what it leans on need, the workspace's own first.

    What the workspace does not name has no way in; the aspect that would close it says so.
    """
    yield Way(site.workspace, "amlworkspace")
    for account in accounts(site, azure):
        yield from ways_into(site, azure, account)
    vault = _named(site, azure, "keyVault")
    if vault is not None:
        yield from ways_into_vault(site, vault)
    container_registry = registry(site, azure)
    if container_registry is not None:
        yield Way(container_registry, "registry")


def ways_into(site: Site, azure: View, account: ResourceId) -> Iterator[Way]:
    """One way per sub-resource of a storage account that is reached privately (ST-PE-01 to ST-PE-04).

    The default account may stand among the additional ones as well, and then has the parts of both.
    """
    storage = site.spec.storage
    wanted: list[Storage | AdditionalAccount] = [storage] if account == default_named(site, azure) else []
    wanted += [extra for extra in storage.additional_accounts if resource_id(extra.account_id) == account]
    parts = [part for each in wanted if each.access == "PrivateEndpoint" for part in each.sub_resources]
    for group in dict.fromkeys(parts):
        yield Way(account, group)


def ways_into_vault(site: Site, vault: ResourceId) -> tuple[Way, ...]:
    """The way into the vault, where it is reached privately."""
    return (Way(vault, "vault"),) if site.spec.key_vault.access == "PrivateEndpoint" else ()


@lru_cache(maxsize=65536)
def _digest(text: str) -> str:
    """Six characters that keep names apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]
