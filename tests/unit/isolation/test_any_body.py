"""Whatever Azure shows: no composition stumbles over it, and nothing unknown is taken for as declared.

Every key path of every kind of body is dropped, nulled, and replaced by values of other types, in every landscape.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ADDRESSES,
    BLOB_ZONE,
    ENDPOINT,
    GROUP_OF,
    IN_USE,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OWNER,
    RECORDS,
    REGISTRY,
    SUBNET,
    TARGETS,
    VAULT,
    WORKSPACE,
    ZONE,
    added,
    body,
    cluster,
    connection,
    endpoint,
    gone,
    put,
    record,
    shown_as,
    spec,
    subnet,
    world,
    zone_group,
)
from tests.unit.isolation.telling import judge_all

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.assessment import Advised, Holds
from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.isolation.roles import READER
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.view import View

Path = tuple[str | int, ...]

DROP: Final = "dropped"
VALUES: Final[dict[str, object]] = {"null": None, "5": 5, "'x'": "x", "[]": [], "{}": {}}
"""What stands in place of a value: nothing, another type, or a word that no service documents."""

MUTATIONS: Final = (DROP, *VALUES)
DEFAULTS: Final = frozenset({DROP, "null"})
"""What a service shows that leaves a property at its default."""

DEPTH: Final = 9
"""Steps from the top of a body: the addresses of a record in a zone group are the deepest that is looked at."""

THEIRS = NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", "platform-team")
THEIR_GROUP = THEIRS.child("privateDnsZoneGroups", "theirs")
INTERFACE = NETWORK_GROUP.resource("Microsoft.Network/networkInterfaces", "blob-nic")
BUILDER = WORKSPACE.child("computes", "cpu-build")
READS = {
    "id": ACCOUNT.resource("Microsoft.Authorization/roleAssignments", "99999999-0000-4000-8000-000000000001").text,
    "name": "99999999-0000-4000-8000-000000000001",
    "properties": {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER.guid}",
        "principalId": "74c5a32f-8764-4f6c-85b7-ac02a8f9a1c4",
        "scope": ACCOUNT.text,
        "condition": None,
    },
}
LET_IN = NETWORK.child("subnets", "nodes")
BLOB_RECORD = ZONE[BLOB_ZONE].child("A", "frauddata")
CONNECTION = ACCOUNT.child("privateEndpointConnections", f"{ENDPOINT['blob'].name}.c0ffee")
CONFIRMED = [
    {"name": name, "addresses": addresses} for told in ADDRESSES.values() for name, addresses in told.items()
]
MADE = (*ENDPOINT.values(), *GROUP_OF.values(), *LINK.values(), *ZONE.values())
OPEN = tuple(
    put(each, "properties.publicNetworkAccess", "Enabled") for each in (WORKSPACE, ACCOUNT, VAULT, REGISTRY)
)


def interface() -> dict[str, Any]:
    """The network interface of the blob endpoint, which tells its names when the endpoint itself does not."""
    told = {"groupId": "blob", "fqdns": ["frauddata.blob.core.windows.net"]}
    part = {"properties": {"privateIPAddress": "10.20.0.7", "privateLinkConnectionProperties": told}}
    return {"id": INTERFACE.text, "name": INTERFACE.name, "properties": {"ipConfigurations": [part]}}


@dataclass(frozen=True)
class Landscape:
    """A landscape, what is asked of it, and the bodies that are mutated in it."""

    changes: tuple[Change, ...]
    mutated: tuple[ResourceId, ...]
    parts: dict[str, Any] = field(default_factory=dict)
    inventory: tuple[ResourceId, ...] = ()
    deleting: bool = False
    rows: tuple[dict[str, str], ...] = ()

    def composition(self) -> Composition:
        """What is declared there, or removed."""
        made = tuple(each.text for each in self.inventory)
        if self.deleting:
            return SecureWorkspaces().remove(spec(deletionPolicy="Delete", **self.parts), OWNER, Remembered(made))
        return SecureWorkspaces().declare(spec(**self.parts), OWNER, Remembered(made))

    def view(self, *changes: Change) -> View:
        """Azure, before anything is mutated unless these changes do it."""
        return world(*self.changes, *changes, rows=self.rows)


SERVICES = (WORKSPACE, ACCOUNT, VAULT, REGISTRY)
BY_OTHERS = (
    gone(ENDPOINT["blob"]),
    put(ACCOUNT, "properties.privateEndpointConnections", [connection(ACCOUNT, THEIRS)]),
    added(
        endpoint(TARGETS["blob"], THEIRS, tags={}), zone_group(THEIR_GROUP, {ZONE[BLOB_ZONE]: RECORDS[BLOB_ZONE]})
    ),
)
TELLING = (
    put(ENDPOINT["blob"], "properties.customDnsConfigs", []),
    put(ENDPOINT["blob"], "properties.networkInterfaces", [{"id": INTERFACE.text}]),
    added(interface()),
)
PENDING = (
    added(endpoint(TARGETS["blob"], status="Pending", manual=True)),
    put(ACCOUNT, "properties.privateEndpointConnections", [connection(ACCOUNT, ENDPOINT["blob"], "Pending")]),
    added(connection(ACCOUNT, ENDPOINT["blob"], "Pending")),
)

CLOSED = Landscape(
    (),
    (
        *SERVICES,
        NETWORK,
        SUBNET,
        *(ENDPOINT[each] for each in ("amlworkspace", "blob")),
        *(GROUP_OF[each] for each in ("amlworkspace", "blob")),
        ZONE[BLOB_ZONE],
        LINK[BLOB_ZONE],
        BLOB_RECORD,
    ),
)
TABLE = NETWORK_GROUP.resource("Microsoft.Network/routeTables", "ml-routes")
INSIGHTS = NETWORK_GROUP.resource("Microsoft.Insights/components", "fraud")
SCOPE = NETWORK_GROUP.resource("Microsoft.Insights/privateLinkScopes", "monitoring")
CLUSTER, ONLINE = WORKSPACE.child("computes", "nightly"), WORKSPACE.child("onlineEndpoints", "scores")
ADVISED = (
    put(WORKSPACE, "properties.applicationInsights", INSIGHTS.text),
    put(WORKSPACE, "properties.privateEndpointConnections", []),
    put(WORKSPACE, "properties.encryption", {"status": "Enabled"}),
    put(ACCOUNT, "properties.isHnsEnabled", True),  # noqa: FBT003 - JSON
    added(
        subnet(routeTable={"id": TABLE.text}, privateEndpointNetworkPolicies="Enabled"),
        body(TABLE, properties={"routes": [{"name": "hub", "properties": {"addressPrefix": "10.20.0.0/16"}}]}),
        body(INSIGHTS, properties={"PrivateLinkScopedResources": [{"ResourceId": SCOPE.text}]}),
        body(SCOPE, properties={"accessModeSettings": {"queryAccessMode": "Open"}}),
        body(CLUSTER, properties={"computeType": "AmlCompute", "properties": {"subnet": {"id": SUBNET.text}}}),
        body(ONLINE, properties={"publicNetworkAccess": "Enabled"}),
    ),
)
LANDSCAPES = {
    "all advice asked for": Landscape(
        ADVISED,
        (WORKSPACE, ACCOUNT, NETWORK, SUBNET, TABLE, INSIGHTS, SCOPE, CLUSTER, ONLINE),
        {"advice": "Full", "legacyEditionChecks": True, "studio": {"enabled": True}},
    ),
    "closed": CLOSED,
    "open, and nothing made": Landscape((*OPEN, gone(*MADE)), (*SERVICES, NETWORK, SUBNET)),
    "open, with addresses let in": Landscape(
        OPEN,
        SERVICES,
        {each: {"allowedIPRanges": ["203.0.113.7"]} for each in ("storage", "keyVault", "containerRegistry")},
    ),
    "subnets let in by service endpoint": Landscape(
        (*OPEN, added(subnet(LET_IN, "10.20.4.0/22", serviceEndpoints=[{"service": "Microsoft.Storage"}]))),
        (ACCOUNT, VAULT, LET_IN, NETWORK),
        {
            each: {"access": "ServiceEndpoint", "allowedSubnetIDs": [LET_IN.text]}
            for each in ("storage", "keyVault")
        },
    ),
    "studio with its roles": Landscape(
        (added(READS),),
        (WORKSPACE, resource_id(READS["id"])),
        {"studio": {"enabled": True, "grantRoles": True, "labeling": True}},
    ),
    "images built by a cluster": Landscape(
        (added(cluster(BUILDER)),), (WORKSPACE, REGISTRY, BUILDER), {"imageBuild": {"computeName": "cpu-build"}}
    ),
    "served by others": Landscape(BY_OTHERS, (ACCOUNT, NETWORK, THEIRS, THEIR_GROUP, BLOB_RECORD)),
    "a group to be written, names told by the interface": Landscape(
        (*TELLING, gone(GROUP_OF["blob"])), (ENDPOINT["blob"], INTERFACE, BLOB_RECORD, ZONE[BLOB_ZONE])
    ),
    "a zone that is seen through a link of others": Landscape(
        (gone(LINK[BLOB_ZONE]),),
        (ZONE[BLOB_ZONE],),
        rows=(
            {"id": "nonsense", "network": NETWORK.text},
            {"network": NETWORK.text},
            {"id": LINK[BLOB_ZONE].text},
        ),
    ),
    "a connection to be approved": Landscape(PENDING, (ACCOUNT, ENDPOINT["blob"], CONNECTION)),
    "DNS is somebody else's": Landscape(
        (), (ENDPOINT["blob"],), {"dns": {"mode": "None", "confirmedRecords": CONFIRMED}}
    ),
    "being deleted": Landscape(
        (),
        (ENDPOINT["blob"], GROUP_OF["blob"], ZONE[BLOB_ZONE], LINK[BLOB_ZONE]),
        inventory=MADE,
        deleting=True,
    ),
    "being deleted, endpoints gone": Landscape(
        (gone(*ENDPOINT.values()),), (ZONE[BLOB_ZONE], LINK[BLOB_ZONE]), inventory=MADE, deleting=True
    ),
    "asked for less than before": Landscape(
        (),
        (ENDPOINT["file"], GROUP_OF["file"]),
        {"deletionPolicy": "Retain", "storage": {"subResources": ["blob"]}},
        inventory=MADE,
    ),
}


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    """Every path into a body, of keys and of places in lists."""
    if len(at) >= DEPTH:
        return
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield (*at, step)
        yield from paths(child, (*at, step))


def mutated(body: dict[str, Any], path: Path, mutation: str) -> dict[str, Any]:
    """The body with one value dropped or replaced."""
    changed = deepcopy(body)
    inside: Any = changed
    for step in path[:-1]:
        inside = inside[step]
    if mutation == DROP:
        del inside[path[-1]]
    else:
        inside[path[-1]] = deepcopy(VALUES[mutation])
    return changed


def seen_with(landscape: Landscape, target: ResourceId, shown: dict[str, Any]) -> View:
    """The landscape with this body in place of the one that it has."""
    return landscape.view(shown_as(target, shown))


def body_of(landscape: Landscape, target: ResourceId) -> dict[str, Any]:
    """A body as it stands in a landscape."""
    found = landscape.view().get(target)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("landscape", "target"),
    [
        pytest.param(landscape, target, id=f"{name}: {target.short}")
        for name, landscape in LANDSCAPES.items()
        for target in landscape.mutated
    ],
)
def test_no_body_makes_a_composition_stumble(landscape: Landscape, target: ResourceId) -> None:
    """A zone group that showed a record without its name raised a KeyError, and the whole pass was lost."""
    shown = body_of(landscape, target)
    composition = landscape.composition()
    stumbled = []
    for path in paths(shown):
        for mutation in MUTATIONS:
            try:
                compose(composition, seen_with(landscape, target, mutated(shown, path, mutation)))
            except Exception as error:  # noqa: BLE001 - whatever it is, it must be told with its path
                stumbled.append((path, mutation, repr(error)))
    assert stumbled == []


def test_advice_that_cannot_be_given_fails_no_condition() -> None:
    """Nobody needs it for private access: whatever Azure shows, at most it is said that nothing can be told."""
    landscape = LANDSCAPES["all advice asked for"]
    failed = []
    for target in (ACCOUNT, NETWORK, SUBNET, TABLE, INSIGHTS, SCOPE, CLUSTER, ONLINE):
        shown = body_of(landscape, target)
        for path in paths(shown):
            for mutation in MUTATIONS:
                azure = seen_with(landscape, target, mutated(shown, path, mutation))
                found = compose(landscape.composition(), azure)[0][0]
                failed += [(target.short, path, mutation, problem.message) for problem in found.problems]
    assert failed == []


def _under(*steps: str | int) -> Path:
    return ("properties", *steps)


FIRST_CONNECTION = _under("privateLinkServiceConnections", 0, "properties")
FIRST_ZONE = _under("privateDnsZoneConfigs", 0, "properties")
FIRST_RECORD = (*FIRST_ZONE, "recordSets", 0)

LEANED_ON = [
    # what Azure shows       where                       what leans on it      what legitimately means the default
    (ACCOUNT, _under("publicNetworkAccess"), "StorageIsolated", {}),
    (ACCOUNT, _under("networkAcls"), "StorageIsolated", {}),
    (ACCOUNT, _under("networkAcls", "defaultAction"), "StorageIsolated", {}),
    (ACCOUNT, _under("networkAcls", "bypass"), "StorageIsolated", DEFAULTS),  # which is AzureServices
    (VAULT, _under("publicNetworkAccess"), "KeyVaultIsolated", {}),
    (VAULT, _under("networkAcls"), "KeyVaultIsolated", {}),
    (VAULT, _under("networkAcls", "defaultAction"), "KeyVaultIsolated", {}),
    (VAULT, _under("networkAcls", "bypass"), "KeyVaultIsolated", DEFAULTS),
    (REGISTRY, _under("publicNetworkAccess"), "RegistryIsolated", {}),
    (REGISTRY, _under("networkRuleSet"), "RegistryIsolated", {}),
    (REGISTRY, _under("networkRuleSet", "defaultAction"), "RegistryIsolated", {}),
    (REGISTRY, _under("networkRuleBypassOptions"), "RegistryIsolated", DEFAULTS),
    (REGISTRY, ("sku",), "RegistryIsolated", {}),
    (REGISTRY, ("sku", "name"), "RegistryIsolated", {}),
    (WORKSPACE, _under("publicNetworkAccess"), "PublicAccessClosed", {}),
    (WORKSPACE, _under("storageAccount"), "StorageIsolated", {}),
    (WORKSPACE, _under("keyVault"), "KeyVaultIsolated", {}),
    (WORKSPACE, _under("containerRegistry"), "RegistryIsolated", DEFAULTS),  # there is none until it is needed
    (ENDPOINT["blob"], _under("subnet"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], _under("subnet", "id"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], _under("privateLinkServiceConnections"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], _under("privateLinkServiceConnections", 0), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], (*FIRST_CONNECTION, "privateLinkServiceId"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], (*FIRST_CONNECTION, "groupIds"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], (*FIRST_CONNECTION, "groupIds", 0), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], (*FIRST_CONNECTION, "privateLinkServiceConnectionState"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], (*FIRST_CONNECTION, "privateLinkServiceConnectionState", "status"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], ("tags",), "PrivateLinkReady", {}),  # it is ours by its tag alone
    (ENDPOINT["blob"], ("tags", "managed-by"), "PrivateLinkReady", {}),
    (ENDPOINT["blob"], ("tags", next(iter(IN_USE))), "PrivateLinkReady", {}),
    (GROUP_OF["blob"], _under("privateDnsZoneConfigs"), "NamesResolved", {}),
    (GROUP_OF["blob"], _under("privateDnsZoneConfigs", 0), "NamesResolved", {}),
    (GROUP_OF["blob"], FIRST_ZONE, "NamesResolved", {}),
    (GROUP_OF["blob"], (*FIRST_ZONE, "privateDnsZoneId"), "NamesResolved", {}),
    (GROUP_OF["blob"], (*FIRST_ZONE, "recordSets"), "NamesResolved", {}),
    (GROUP_OF["blob"], FIRST_RECORD, "NamesResolved", {}),
    (GROUP_OF["blob"], (*FIRST_RECORD, "recordType"), "NamesResolved", DEFAULTS),  # an endpoint has A records
    (GROUP_OF["blob"], (*FIRST_RECORD, "recordSetName"), "NamesResolved", {}),
    (GROUP_OF["blob"], (*FIRST_RECORD, "ipAddresses"), "NamesResolved", {}),
    (GROUP_OF["blob"], (*FIRST_RECORD, "ipAddresses", 0), "NamesResolved", {}),
    (LINK[BLOB_ZONE], _under("virtualNetwork"), "NamesResolved", {}),
    (LINK[BLOB_ZONE], _under("virtualNetwork", "id"), "NamesResolved", {}),
    (LINK[BLOB_ZONE], _under("virtualNetworkLinkState"), "NamesResolved", DEFAULTS),  # older links show none
    (BLOB_RECORD, ("properties",), "NamesResolved", {}),
    (BLOB_RECORD, _under("aRecords"), "NamesResolved", {}),
    (BLOB_RECORD, _under("aRecords", 0), "NamesResolved", {}),
    (BLOB_RECORD, _under("aRecords", 0, "ipv4Address"), "NamesResolved", {}),
]
"""What a condition that is True has looked at. Not among them: what only advice leans on (managed networks,
builders, network policies), what only a creation leans on (a network's region and subnets), and provisioning
states, whose reading is the engine's."""

ENGINE_READS: Final = frozenset({("properties",), ("tags",)})
"""Where the engine itself reads a state or its own tag: what is no object there is its own business."""


@pytest.mark.parametrize(
    ("target", "path", "condition", "defaults"),
    [
        pytest.param(*row, id=f"{row[0].short}: {'.'.join(map(str, row[1]))}")  # type: ignore[attr-defined]
        for row in LEANED_ON
    ],
)
def test_what_cannot_be_understood_is_not_as_declared(
    target: ResourceId, path: Path, condition: str, defaults: frozenset[str]
) -> None:
    """What is dropped or null is the service's default, and any other is nothing that a condition may lean on."""
    body = body_of(CLOSED, target)
    taken = []
    for mutation in MUTATIONS:
        if path in ENGINE_READS and mutation in {"5", "'x'"}:
            continue
        azure = seen_with(CLOSED, target, mutated(body, path, mutation))
        if _is_true(condition, azure) and mutation not in defaults and not _whose(target, path):
            taken.append(mutation)
    assert taken == []


def _whose(target: ResourceId, path: Path) -> bool:
    """Whether it says whose an endpoint is, and not where it leads: a way without a tag is a way."""
    return target.type == "microsoft.network/privateendpoints" and path[0] == "tags"


def test_the_landscape_itself_is_as_declared() -> None:
    """Otherwise the test above would show nothing."""
    assert all(_is_true(condition, CLOSED.view()) for condition in {row[2] for row in LEANED_ON})


def test_a_connection_to_an_alias_is_somebody_elses() -> None:
    """Services that others offer are named by an alias, which is no ARM id."""
    alias = "sql.6f1e.westeurope.azure.privatelinkservice"
    leads = ("properties", "privateLinkServiceConnections", 0, "properties", "privateLinkServiceId")
    theirs = body_of(LANDSCAPES["served by others"], THEIRS)
    changed = mutated(theirs, leads, "'x'")
    changed["properties"]["privateLinkServiceConnections"][0]["properties"]["privateLinkServiceId"] = alias
    azure = seen_with(LANDSCAPES["served by others"], THEIRS, changed)
    evaluation = judge_all(CLOSED.composition(), azure)
    assert ENDPOINT["blob"] in {action.id for action in evaluation.actions if action.kind == "Create"}


def test_the_property_that_cannot_be_understood_is_named() -> None:
    """Whoever reads the condition must find it in Azure."""
    body = mutated(body_of(CLOSED, WORKSPACE), ("properties", "keyVault"), "5")
    composed, _ = compose(CLOSED.composition(), seen_with(CLOSED, WORKSPACE, body))
    problems = {problem.reason: problem for said in composed for problem in said.problems}
    assert set(problems) == {"UnexpectedAnswer"}
    assert "properties.keyVault of workspaces/fraud as 5" in problems["UnexpectedAnswer"].message
    assert problems["UnexpectedAnswer"].target == WORKSPACE


def test_records_of_the_table_are_told_by_their_zone() -> None:
    """The record that the last column of the table is about is the one that the landscape holds."""
    assert resource_id(body_of(CLOSED, BLOB_RECORD)["id"]) == BLOB_RECORD
    assert record(ZONE[BLOB_ZONE], "frauddata", "10.20.0.7") == body_of(CLOSED, BLOB_RECORD)


def _is_true(condition: str, azure: View) -> bool:
    """Whether everything holds that one aspect says, as the engine judges it."""
    evaluation = judge_all(CLOSED.composition(), azure)
    said = next(each for each in evaluation.composed if each.aspect.condition == condition)
    holding = (isinstance(evaluation.assessments[block.key], Holds | Advised) for block in said.blocks)
    return not said.problems and all(holding)
