"""What the engine must know of each resource type: version, write style, durations, defaults.

API versions: recorded ones where there is a recording, else the newest generally available version among
those that wire-examples.md section 0 lists. Durations: reference-data.md section 16, measured in recordings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId

Client = Literal["network", "registry", "resources"]
"""Which management client sends the request: network, registry, or the generic one by id."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long an operation of this type takes in Azure."""

    expected: timedelta
    """About as many have ended by then as not; looking much earlier is mostly a wasted read."""

    late: timedelta
    """Nearly all have ended by then; one that has not is asked why."""

    lost: timedelta
    """Later than this, an operation that left no trace is taken for lost."""


def _took(expected: float, late: float, lost: float) -> Took:
    return Took(timedelta(seconds=expected), timedelta(seconds=late), timedelta(seconds=lost))


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """How one ARM resource type behaves."""

    api_version: str
    client: Client = "resources"
    update: Literal["PATCH", "PUT"] = "PATCH"
    """The narrowest write that repairs it; PUT means read, merge, write with If-Match."""

    etags: bool = False
    create_only_header: bool = False
    """Takes `If-None-Match: *`, which turns a repeated create into a 412."""

    tags: bool = True
    """Carries tags, so that we can mark what we made."""

    hidden_while_created: bool = False
    """Answers 404 until its creation is done, so absence alone does not prove that nobody creates it."""

    updated_unseen: bool = False
    """Shows its former self, settled, until an update is done, so a settled reading is no end of one."""

    took: Took = field(default_factory=lambda: _took(1, 10, 60))
    whole: tuple[str, ...] = ()
    """Property paths that a PATCH replaces as a whole: sent complete or not at all."""

    read_only: tuple[str, ...] = ()
    """Paths to leave out of a PUT that sends back what was read."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What an absent property means to the service, by path."""

    bulky: bool = False
    """Large and only asked for when something is missing: not kept in memory between passes. A network lists
    every address configuration of every subnet, a megabyte where four thousand are in use."""

    unasked: tuple[str, ...] = ()
    """Long lists of it that nothing asks for and no write sends back: let go of as soon as they are read."""

    serialize: Literal["self", "parent"] = "self"
    """Writes to one of these run one at a time per resource, or per parent (subnets of one VNet, OPS-04)."""


_NETWORK: Final = "2025-03-01"
_DNS: Final = "2024-06-01"
_STORAGE: Final = "2025-06-01"
_VAULT: Final = "2023-07-01"
_REGISTRY: Final = "2023-07-01"
_ML: Final = "2024-10-01"

_CONNECTION: Final = ("properties.provisioningState", "properties.groupIds")

CATALOGUE: Final[Mapping[str, TypeFacts]] = {
    "microsoft.machinelearningservices/workspaces": TypeFacts(
        _ML, took=_took(3, 35, 120), defaults={"properties.publicNetworkAccess": "Enabled"}
    ),
    "microsoft.machinelearningservices/workspaces/privateendpointconnections": TypeFacts(
        _ML, update="PUT", tags=False
    ),
    "microsoft.storage/storageaccounts": TypeFacts(
        _STORAGE,
        took=_took(25, 55, 120),
        hidden_while_created=True,
        whole=("properties.networkAcls",),
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.networkAcls.defaultAction": "Allow",
            "properties.networkAcls.bypass": "AzureServices",
        },
    ),
    "microsoft.storage/storageaccounts/privateendpointconnections": TypeFacts(_STORAGE, update="PUT", tags=False),
    "microsoft.keyvault/vaults": TypeFacts(
        _VAULT,
        whole=("properties.networkAcls",),
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.networkAcls.defaultAction": "Allow",
            "properties.networkAcls.bypass": "AzureServices",
        },
    ),
    "microsoft.keyvault/vaults/privateendpointconnections": TypeFacts(
        _VAULT, update="PUT", tags=False, read_only=_CONNECTION
    ),
    "microsoft.containerregistry/registries": TypeFacts(
        _REGISTRY,
        client="registry",
        whole=("properties.networkRuleSet",),
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.networkRuleBypassOptions": "AzureServices",
            "properties.networkRuleSet.defaultAction": "Allow",
        },
    ),
    "microsoft.containerregistry/registries/privateendpointconnections": TypeFacts(
        _REGISTRY, client="registry", update="PUT", tags=False, read_only=_CONNECTION
    ),
    "microsoft.network/virtualnetworks": TypeFacts(
        _NETWORK, client="network", etags=True, bulky=True, took=_took(3, 12, 60)
    ),
    "microsoft.network/virtualnetworks/subnets": TypeFacts(
        _NETWORK,
        client="network",
        update="PUT",
        etags=True,
        tags=False,
        unasked=("properties.ipConfigurations", "properties.privateEndpoints"),
        serialize="parent",
        took=_took(1, 10, 60),
    ),
    "microsoft.network/networkinterfaces": TypeFacts(_NETWORK, client="network", etags=True),
    "microsoft.network/privateendpoints": TypeFacts(
        _NETWORK,
        client="network",
        update="PUT",
        etags=True,
        took=_took(45, 90, 600),
        read_only=(
            "properties.provisioningState",
            "properties.resourceGuid",
            "properties.networkInterfaces",
            "properties.customDnsConfigs",
        ),
    ),
    "microsoft.network/privateendpoints/privatednszonegroups": TypeFacts(
        _NETWORK,
        client="network",
        update="PUT",
        etags=True,
        tags=False,
        took=_took(2, 6, 60),
        read_only=(
            "properties.provisioningState",
            "properties.privateDnsZoneConfigs[].properties.recordSets",
        ),
    ),
    "microsoft.network/privatednszones": TypeFacts(
        _DNS,
        etags=True,
        create_only_header=True,
        hidden_while_created=True,
        updated_unseen=True,
        took=_took(37, 42, 90),
    ),
    "microsoft.network/privatednszones/virtualnetworklinks": TypeFacts(
        _DNS,
        etags=True,
        create_only_header=True,
        hidden_while_created=True,
        updated_unseen=True,
        took=_took(37, 42, 90),
    ),
    "microsoft.network/privatednszones/a": TypeFacts(_DNS, update="PUT", etags=True, tags=False),
}
"""Types by lower-cased full name; anything else is refused, because its API version would be a guess."""

GRAPH_API_VERSION: Final = "2021-03-01"


def facts(target: ResourceId) -> TypeFacts:
    """The facts of a resource's type.

    Raises:
        LookupError: for a type that no composition may name yet.
    """
    try:
        return CATALOGUE[target.type]
    except KeyError:
        raise LookupError(f"{target.type} is not in the catalogue: add its API version and write style") from None
