"""What the engine must know of each resource type: version, write style, durations, defaults, order of removal.

API versions: recorded ones where there is a recording, else the newest generally available version among
those that wire-examples.md section 0 lists. Durations: reference-data.md section 16, measured in recordings.
Known values: the API specifications of those versions, and the perimeter that later ones brought.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Verb
    from secureml_reconcilers.azure.resource_id import ResourceId

Client = Literal["network", "registry", "resources"]
"""Which management client sends the request: network, registry, or the generic one by id."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long an operation of this type takes in Azure."""

    expected: timedelta
    """About as many have ended by then as not; looking much earlier is mostly a wasted read."""

    late: timedelta
    """Nearly all have ended by then; one that has not is asked why."""

    lost: timedelta
    """Later than this, an operation that left no trace is taken for lost."""


def _durations(expected: float, late: float, lost: float) -> Durations:
    return Durations(timedelta(seconds=expected), timedelta(seconds=late), timedelta(seconds=lost))


@dataclass(frozen=True, slots=True)
class TypeInfo:
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

    stale_while_updating: bool = False
    """Shows its former self, in a terminal state, until an update is done: such a reading is no end of one."""

    durations: Durations = field(default_factory=lambda: _durations(1, 10, 60))
    """Of a write whose verb has none of its own below."""

    durations_by_verb: Mapping[Verb, Durations] = field(default_factory=dict)
    """Of verbs that take notably longer or shorter than the others."""

    replaced_whole: tuple[str, ...] = ()
    """Property paths that a PATCH replaces as a whole: sent complete or not at all."""

    read_only: tuple[str, ...] = ()
    """Paths to leave out of a PUT that sends back what was read."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What an absent property means to the service, by path."""

    uncached: bool = False
    """Large and only asked for when something is missing: not kept in memory between passes. A network lists
    every address configuration of every subnet, a megabyte where four thousand are in use."""

    outline: tuple[str, ...] = ()
    """Of what is not kept: paths of the few properties that are, for whoever asks for no more than these."""

    dropped_fields: tuple[str, ...] = ()
    """Long lists of it that nothing asks for and no write sends back: let go of as soon as they are read."""

    listed_by_group: bool = False
    """The provider lists all of a resource group, each in full: one request answers many reads."""

    child_counts: Mapping[str, str] = field(default_factory=dict)
    """By a child's type below this one, lower case: the property that counts them; at 0, none is there."""

    scope: Literal["self", "parent"] = "self"
    """Azure takes one write at a time to each of these, or to all below one parent (OPS-04)."""

    etag_of_parent: bool = False
    """A write to one changes the etags of its siblings and of their parent: they are read again."""

    removal_rank: int | None = None
    """What we made is removed from the lowest rank to the highest: what leads to something goes before it. None
    for types that the operator never removes."""

    known_values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By path, in lower case: every value that the operator understands of a property that it writes or goes by.
    Another one is of a later version of the service, and may be stricter than what we would write over it."""

    def durations_of(self, verb: Verb) -> Durations:
        """How long a write with this verb takes: `DELETE`, say, is quicker than the creation of an endpoint."""
        return self.durations_by_verb.get(verb, self.durations)


_NETWORK: Final = "2025-03-01"
_DNS: Final = "2024-06-01"
_STORAGE: Final = "2025-06-01"
_VAULT: Final = "2023-07-01"
_REGISTRY: Final = "2023-07-01"
_ML: Final = "2024-10-01"
_WORKSPACES: Final = "2024-10-01-preview"
"""The first that knows ipAllowlist and systemDatastoresAuthMode; azure-ai-ml and the command line use it in every
cloud."""

_ROLES: Final = "2022-04-01"

_CONNECTION: Final = ("properties.provisioningState", "properties.groupIds")

_TAGS: Final = ("tags",)
"""A PATCH replaces the tags of a resource as a whole (reference-data.md section 14)."""

_ACCESS: Final = frozenset({"enabled", "disabled", "securedbyperimeter"})
_ACTION: Final = frozenset({"allow", "deny"})
_BYPASS: Final = frozenset({"azureservices", "none"})

_CONNECTION_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "properties.privateLinkServiceConnectionState.status": frozenset(
        {"approved", "pending", "rejected", "disconnected", "timeout"}
    )
}

_NETWORK_DELETE: Final = _durations(15, 30, 600)
"""Networks, subnets and endpoints are gone after 10 to 21 s (reference-data.md section 16), endpoints after up to
23 s. One that takes much longer is held up by something in Azure and does end: lost as late as a creation is."""

_DNS_DELETE: Final = _durations(33, 42, 90)
"""Zones and links are gone after 32 s: the service asks to be polled every 30 s (reference-data.md section 16)."""

CATALOGUE: Final[Mapping[str, TypeInfo]] = {
    "microsoft.machinelearningservices/workspaces": TypeInfo(
        _WORKSPACES,
        replaced_whole=("properties.serverlessComputeSettings", "properties.networkAcls"),
        durations=_durations(3, 35, 120),
        durations_by_verb={"PUT": _durations(21, 35, 120)},
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.imageBuildCompute": "",
            "properties.v1LegacyMode": False,
            "properties.systemDatastoresAuthMode": "AccessKey",
        },
        known_values={"properties.publicNetworkAccess": frozenset({"enabled", "disabled"})},
    ),
    "microsoft.machinelearningservices/workspaces/privateendpointconnections": TypeInfo(
        _ML, update="PUT", tags=False, known_values=_CONNECTION_VALUES, scope="parent"
    ),
    "microsoft.machinelearningservices/workspaces/computes": TypeInfo(_ML, durations=_durations(7, 13, 600)),
    "microsoft.machinelearningservices/workspaces/onlineendpoints": TypeInfo(_ML),
    "microsoft.storage/storageaccounts": TypeInfo(
        _STORAGE,
        durations=_durations(25, 55, 120),
        durations_by_verb={"PATCH": _durations(1, 10, 60), "DELETE": _durations(1, 10, 60)},
        hidden_while_created=True,
        replaced_whole=("properties.networkAcls",),
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.networkAcls.defaultAction": "Allow",
            "properties.networkAcls.bypass": "AzureServices",
        },
        known_values={"properties.publicNetworkAccess": _ACCESS, "properties.networkAcls.defaultAction": _ACTION},
    ),
    "microsoft.storage/storageaccounts/privateendpointconnections": TypeInfo(
        _STORAGE, update="PUT", tags=False, known_values=_CONNECTION_VALUES, scope="parent"
    ),
    "microsoft.keyvault/vaults": TypeInfo(
        _VAULT,
        replaced_whole=("properties.networkAcls",),
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.networkAcls.defaultAction": "Allow",
            "properties.networkAcls.bypass": "AzureServices",
        },
        known_values={
            "properties.publicNetworkAccess": _ACCESS,
            "properties.networkAcls.defaultAction": _ACTION,
            "properties.networkAcls.bypass": _BYPASS,
        },
    ),
    "microsoft.keyvault/vaults/privateendpointconnections": TypeInfo(
        _VAULT, update="PUT", tags=False, read_only=_CONNECTION, known_values=_CONNECTION_VALUES, scope="parent"
    ),
    "microsoft.containerregistry/registries": TypeInfo(
        _REGISTRY,
        client="registry",
        replaced_whole=("properties.networkRuleSet",),
        defaults={
            "properties.publicNetworkAccess": "Enabled",
            "properties.networkRuleBypassOptions": "AzureServices",
            "properties.networkRuleSet.defaultAction": "Allow",
        },
        known_values={
            "properties.publicNetworkAccess": _ACCESS,
            "properties.networkRuleBypassOptions": _BYPASS,
            "properties.networkRuleSet.defaultAction": _ACTION,
        },
    ),
    "microsoft.containerregistry/registries/privateendpointconnections": TypeInfo(
        _REGISTRY,
        client="registry",
        update="PUT",
        tags=False,
        read_only=_CONNECTION,
        known_values=_CONNECTION_VALUES,
        scope="parent",
    ),
    "microsoft.containerregistry/registries/replications": TypeInfo(_REGISTRY, client="registry"),
    "microsoft.network/virtualnetworks": TypeInfo(
        _NETWORK,
        client="network",
        etags=True,
        uncached=True,
        outline=(
            "location",
            "properties.addressSpace",
            "properties.dhcpOptions",
            "properties.virtualNetworkPeerings",
        ),
        durations=_durations(3, 12, 60),
        durations_by_verb={"DELETE": _NETWORK_DELETE},
    ),
    "microsoft.network/virtualnetworks/subnets": TypeInfo(
        _NETWORK,
        client="network",
        update="PUT",
        etags=True,
        tags=False,
        dropped_fields=("properties.ipConfigurations", "properties.privateEndpoints"),
        scope="parent",
        etag_of_parent=True,
        durations=_durations(1, 10, 60),
        durations_by_verb={"DELETE": _NETWORK_DELETE},
    ),
    "microsoft.network/routetables": TypeInfo(_NETWORK, client="network", etags=True),
    "microsoft.network/locations/availableprivateendpointtypes": TypeInfo(_NETWORK, client="network", tags=False),
    "microsoft.network/availableprivateendpointtypes": TypeInfo(_NETWORK, client="network", tags=False),
    "microsoft.insights/components": TypeInfo("2020-02-02"),
    "microsoft.insights/privatelinkscopes": TypeInfo("2021-07-01-preview"),
    "microsoft.network/networkinterfaces": TypeInfo(_NETWORK, client="network", etags=True),
    "microsoft.network/privateendpoints": TypeInfo(
        _NETWORK,
        client="network",
        update="PUT",
        etags=True,
        listed_by_group=True,
        durations=_durations(45, 90, 600),
        durations_by_verb={"DELETE": _NETWORK_DELETE},
        removal_rank=2,
        read_only=(
            "properties.provisioningState",
            "properties.resourceGuid",
            "properties.networkInterfaces",
            "properties.customDnsConfigs",
        ),
    ),
    "microsoft.network/privateendpoints/privatednszonegroups": TypeInfo(
        _NETWORK,
        client="network",
        update="PUT",
        etags=True,
        tags=False,
        scope="parent",
        durations=_durations(3, 5, 60),
        removal_rank=1,
        read_only=(
            "properties.provisioningState",
            "properties.privateDnsZoneConfigs[].properties.recordSets",
        ),
    ),
    "microsoft.network/privatednszones": TypeInfo(
        _DNS,
        etags=True,
        listed_by_group=True,
        child_counts={"virtualnetworklinks": "properties.numberOfVirtualNetworkLinks"},
        create_only_header=True,
        hidden_while_created=True,
        stale_while_updating=True,
        replaced_whole=_TAGS,
        durations=_durations(37, 42, 90),
        durations_by_verb={"DELETE": _DNS_DELETE},
        removal_rank=4,
    ),
    "microsoft.network/privatednszones/virtualnetworklinks": TypeInfo(
        _DNS,
        etags=True,
        create_only_header=True,
        hidden_while_created=True,
        stale_while_updating=True,
        durations=_durations(37, 42, 90),
        durations_by_verb={"DELETE": _DNS_DELETE},
        removal_rank=3,
        replaced_whole=_TAGS,
        defaults={"properties.resolutionPolicy": "Default"},
        known_values={
            "properties.virtualNetworkLinkState": frozenset({"completed", "inprogress"}),
            "properties.resolutionPolicy": frozenset({"default", "nxdomainredirect"}),
        },
    ),
    "microsoft.resources/resourcegroups": TypeInfo("2021-04-01"),
    "microsoft.authorization/roleassignments": TypeInfo(_ROLES, update="PUT", tags=False, removal_rank=0),
    "microsoft.network/privatednszones/a": TypeInfo(_DNS, update="PUT", etags=True, tags=False),
}
"""Types by lower-cased full name; anything else is refused, because its API version would be a guess."""

GRAPH_API_VERSION: Final = "2021-03-01"


def type_info(target: ResourceId) -> TypeInfo:
    """The facts of a resource's type.

    Raises:
        LookupError: for a type that no composition may name yet.
    """
    try:
        return CATALOGUE[target.type]
    except KeyError:
        raise LookupError(f"{target.type} is not in the catalogue: add its API version and write style") from None


def scope(target: ResourceId) -> str:
    """The key of what Azure locks for a write to this resource: itself, or its parent with all below it.

    Writes to a virtual network and to its subnets keep each other waiting, those to two networks do not.
    """
    parent = target.parent if type_info(target).scope == "parent" else None
    return (parent or target).key
