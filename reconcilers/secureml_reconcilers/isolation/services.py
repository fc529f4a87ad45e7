"""The services of a workspace: one row each, with all that sets one apart from the others.

What is the same for all of them (endpoints, names, closing last) is told once, in `service_isolation.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.values import CsvMember
from secureml_reconcilers.isolation import prerequisites
from secureml_reconcilers.isolation.accounts import account_settings, who_passes
from secureml_reconcilers.isolation.firewall_exceptions import workspace_is_let_in
from secureml_reconcilers.isolation.image_build import build_compute, image_builder
from secureml_reconcilers.isolation.registry import recognised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from secureml_reconcilers.api import SecureWorkspaceSpec
    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.api.secure_workspace import ContainerRegistry, KeyVault, Storage
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block, Check
    from secureml_reconcilers.engine.view import View

    Section: TypeAlias = Storage | KeyVault | ContainerRegistry
    Checks: TypeAlias = Callable[["ServiceInUse"], Iterator[Check]]
    Settings: TypeAlias = Callable[["ServiceInUse", View], Iterator[Block]]


@dataclass(frozen=True, slots=True)
class ServiceInUse:
    """One service of one workspace: what its checks are made from."""

    spec: SecureWorkspaceSpec
    workspace: ResourceId
    workspace_body: Body
    resource: ResourceId | None
    """None where the workspace names none yet (a registry)."""

    body: Body | None
    """None where there is none, or where it cannot be read."""

    by_workspace: bool
    """The workspace names it; otherwise only the spec does."""


@dataclass(frozen=True, slots=True)
class PrivateLinkGroup:
    """One private link group of a service (Azure also says sub-resource): it takes an endpoint of its own."""

    rule: str
    """The rule that asks for its endpoint."""

    addresses: int = 1
    """Private addresses that its endpoint takes from the subnet (reference-data.md section 3, ACR-DATA-01)."""


@dataclass(frozen=True, slots=True)
class Firewall:
    """The firewall of a service that denies by default."""

    path: str
    """Where the service shows it."""

    access_rule: str
    """Id in the rule book of switching public access off."""

    deny_rule: str
    """Of denying whom no rule names."""

    trusted_rule: str
    """Of letting trusted services pass."""

    trusted_services: tuple[str, CsvMember | str]
    """Path and value with which Azure's own trusted services still pass."""

    exception_rule: str
    """Id in the rule book of what an undeclared entry offends."""

    exception_lists: Mapping[str, tuple[str, str]]
    """Lists of entries by name: the property that identifies an entry, and the option of `remove_entry`."""

    remove_entry: str
    """The command that takes an entry away; it ends with the option that names the service."""

    entry: Mapping[str, str]
    """What an entry of a list holds besides what identifies it."""

    service_endpoints: tuple[str, ...] = ()
    """What a subnet needs to be let in: the one for services of its region, then the one for all. Empty where no
    subnet is let in (a registry, ACR-MODE-01)."""

    subnet_rules: tuple[str, ...] = ()
    """Ids in the rule book that letting subnets in serves."""

    endpoint_lag: timedelta = timedelta()
    """So long a new service endpoint may have no effect yet."""


def _nothing(_: ServiceInUse) -> Iterator[Check]:
    """There is nothing to say of such a service."""
    yield from ()


def _nothing_before(_: ServiceInUse, _azure: View) -> Iterator[Block]:
    """Such a service may be closed as it is."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of service that a workspace uses."""

    type: str
    """The ARM type in lower case."""

    noun: str
    """What a sentence calls it."""

    groups: Mapping[str, PrivateLinkGroup]
    """By private link group; their DNS zones differ from cloud to cloud and stand in `clouds.py`. Of an account
    the spec names those that take an endpoint."""

    not_found: Reason
    """The condition's reason where it does not exist."""

    if_not_found: str
    """What to do then, where the workspace names it."""

    close_command: str
    """What closes it by hand, of `{name}` and `{group}`."""

    named_at: str = ""
    """Where the workspace names it; empty for the workspace itself."""

    field: str = ""
    """The section of the spec about it, such as `spec.storage`."""

    section: Callable[[SecureWorkspaceSpec], Section] | None = None
    """That section; None for the workspace, whose fields stand in several."""

    firewall: Firewall | None = None
    """None for the workspace, which has none."""

    prerequisites: Callable[[SecureWorkspaceSpec, ResourceId, Body], Iterator[Block]] = prerequisites.none
    """What it must be to have private endpoints at all."""

    exceptions: Checks = _nothing
    """Tells who passes by other means than `exception_lists` (resource instance rules)."""

    settings: Settings = _nothing_before
    """What is set of it, and neither waits for its closing nor holds that up."""

    before_closing: Settings = _nothing_before
    """What is set before it is closed, and keeps it open until then."""

    consequences: Checks = _nothing
    """What becomes of its users when it is closed."""

    lets_workspace_in: Callable[[Body, ResourceId], bool] | None = None
    """Whether a resource instance rule lets this workspace in; `trusted_services` is not asked for then."""


_IP_AND_NETWORKS: Final = {
    "ipRules": ("value", "--ip-address"),
    "virtualNetworkRules": ("id", "--subnet"),
}

WORKSPACE: Final = Service(
    "microsoft.machinelearningservices/workspaces",
    "workspace",
    groups={"amlworkspace": PrivateLinkGroup("WS-PE-01", addresses=3)},
    not_found=reasons.WORKSPACE_NOT_FOUND,
    if_not_found="Create the workspace, or delete this resource and make one with the right spec.workspaceID."
    " Azure keeps the name of one that was deleted within 14 days: recover it (the portal lists recently deleted"
    " workspaces), or purge it first (az ml workspace delete --permanently-delete).",
    close_command="az ml workspace update --name {name} --resource-group {group} --public-network-access Disabled",
)

STORAGE: Final = Service(
    "microsoft.storage/storageaccounts",
    "account",
    groups={
        "blob": PrivateLinkGroup("ST-PE-01"),
        "file": PrivateLinkGroup("ST-PE-02"),
        "queue": PrivateLinkGroup("ST-PE-03"),
        "table": PrivateLinkGroup("ST-PE-03"),
        "dfs": PrivateLinkGroup("ST-PE-04"),
        "web": PrivateLinkGroup("ST-PE-04"),
    },
    not_found=reasons.STORAGE_NOT_FOUND,
    if_not_found="The workspace names it; restore it, or make the workspace anew.",
    close_command="az storage account update --name {name} --resource-group {group}"
    " --public-network-access Disabled",
    named_at="properties.storageAccount",
    field="spec.storage",
    section=attrgetter("storage"),
    firewall=Firewall(
        "properties.networkAcls",
        access_rule="ST-PUB-01",
        deny_rule="ST-DENY-01",
        trusted_rule="ST-TRUST-01",
        trusted_services=("properties.networkAcls.bypass", CsvMember("AzureServices")),
        service_endpoints=("Microsoft.Storage", "Microsoft.Storage.Global"),
        subnet_rules=("ST-SE-01",),
        exception_rule="ST-IP-01",
        exception_lists={**_IP_AND_NETWORKS, "ipv6Rules": ("value", "--ip-address")},
        remove_entry="az storage account network-rule remove --account-name",
        entry={"action": "Allow"},
    ),
    prerequisites=prerequisites.second_generation,
    exceptions=who_passes,
    settings=account_settings,
    lets_workspace_in=workspace_is_let_in,
)

KEY_VAULT: Final = Service(
    "microsoft.keyvault/vaults",
    "vault",
    groups={"vault": PrivateLinkGroup("KV-MODE-01")},
    not_found=reasons.KEY_VAULT_NOT_FOUND,
    if_not_found="The workspace keeps its secrets in it. Deleted vaults are kept for a while: recover it (az"
    " keyvault list-deleted, az keyvault recover), for a new one of its name would be empty.",
    close_command="az keyvault update --name {name} --resource-group {group} --public-network-access Disabled",
    named_at="properties.keyVault",
    field="spec.keyVault",
    section=attrgetter("key_vault"),
    firewall=Firewall(
        "properties.networkAcls",
        access_rule="KV-PNA-01",
        deny_rule="KV-NET-01",
        trusted_rule="KV-BYP-01",
        trusted_services=("properties.networkAcls.bypass", CsvMember("AzureServices")),
        service_endpoints=("Microsoft.KeyVault",),
        subnet_rules=("KV-NET-01", "KV-LAG-01"),
        endpoint_lag=timedelta(minutes=15),
        exception_rule="KV-NET-01",
        exception_lists=_IP_AND_NETWORKS,
        remove_entry="az keyvault network-rule remove --name",
        entry={},
    ),
)

CONTAINER_REGISTRY: Final = Service(
    "microsoft.containerregistry/registries",
    "registry",
    groups={"registry": PrivateLinkGroup("ACR-NET-01", addresses=2)},
    not_found=reasons.REGISTRY_NOT_FOUND,
    if_not_found="The workspace names it; restore it, or name another there.",
    close_command="az acr update --name {name} --resource-group {group} --public-network-enabled false",
    named_at="properties.containerRegistry",
    field="spec.containerRegistry",
    section=attrgetter("container_registry"),
    firewall=Firewall(
        "properties.networkRuleSet",
        access_rule="ACR-PNA-01",
        deny_rule="ACR-LIMIT-01",
        trusted_rule="ACR-TRUST-01",
        trusted_services=("properties.networkRuleBypassOptions", "AzureServices"),
        exception_rule="ACR-LIMIT-01",
        exception_lists=_IP_AND_NETWORKS,
        remove_entry="az acr network-rule remove --name",
        entry={"action": "Allow"},
    ),
    prerequisites=prerequisites.premium,
    exceptions=recognised,
    before_closing=image_builder,
    consequences=build_compute,
)

SERVICES: Final = {each.type: each for each in (WORKSPACE, STORAGE, KEY_VAULT, CONTAINER_REGISTRY)}
"""Every service by its ARM type."""

GROUPS: Final = {group: row for each in SERVICES.values() for group, row in each.groups.items()}
"""Every private link group by its name, which no two services share."""
