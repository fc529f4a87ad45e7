"""Make before break: nothing public is closed while any private way into it is missing (OPS-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ADDRESSES,
    BLOB_ZONE,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    OWNER,
    RECORDS,
    REGISTRY,
    SUBNET,
    TARGETS,
    UNREACHABLE,
    VAULT,
    VAULT_ZONE,
    WORKSPACE,
    ZONE,
    added,
    connection,
    endpoint,
    gone,
    link,
    network,
    plan,
    put,
    record,
    spec,
    subnet,
    unreadable,
    workspace,
    world,
    zone_group,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Works, Write, case, check, told

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.isolation.clouds import PUBLIC
from secureml_reconcilers.isolation.dns import names_of
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

SERVICES: dict[ResourceId, tuple[str, ...]] = {
    WORKSPACE: ("amlworkspace",),
    ACCOUNT: ("blob", "file"),
    VAULT: ("vault",),
    REGISTRY: ("registry",),
}
"""The private ways into each service."""

OPEN = [put(service, "properties.publicNetworkAccess", "Enabled") for service in SERVICES]


def opened(service: ResourceId) -> list[Change]:
    """Every service is open; the workspace alone where it is asked about, for it waits for the others anyway."""
    return OPEN[:1] if service == WORKSPACE else OPEN


FULL = subnet(prefix="10.20.0.0/29", ipConfigurations=[{"id": str(number)} for number in range(3)])


def missing_pieces(group: str) -> dict[str, tuple[Change, ...]]:
    """Everything without which a private way does not work, one piece at a time."""
    target, own = TARGETS[group], ENDPOINT[group]
    pieces: dict[str, tuple[Change, ...]] = {
        "the endpoint is missing": (gone(own),),
        "the endpoint is missing and its subnet is full": (gone(own), added(network(NETWORK, FULL))),
        "the endpoint is being made": (put(own, "properties.provisioningState", "Updating"),),
        "the endpoint's creation failed": (put(own, "properties.provisioningState", "Failed"),),
        "the endpoint may not be read": (unreadable(own),),
        "the endpoint is pending": (added(endpoint(target, status="Pending")),),
        "the endpoint is rejected": (added(endpoint(target, status="Rejected")),),
        "the endpoint is disconnected": (added(endpoint(target, status="Disconnected")),),
        "the zone group is missing": (gone(GROUP_OF[group]),),
        "the zone group is being written": (put(GROUP_OF[group], "properties.provisioningState", "Updating"),),
        "the zone group has written nothing": (
            added(zone_group(GROUP_OF[group], {ZONE[name]: {} for name in PUBLIC.zones[group]})),
        ),
        "the zone group may not be read": (unreadable(GROUP_OF[group]),),
    }
    for name in PUBLIC.zones[group]:
        host = next(iter(RECORDS[name]))
        pieces |= {
            f"{name} is missing": (gone(ZONE[name]),),
            f"the zone group has written nothing into {name}": (
                added(
                    zone_group(
                        GROUP_OF[group],
                        {ZONE[each]: {} if each == name else RECORDS[each] for each in PUBLIC.zones[group]},
                    )
                ),
            ),
            f"the zone group has written no address into {name}": (
                added(
                    zone_group(
                        GROUP_OF[group],
                        {
                            ZONE[each]: {host: [] for host in RECORDS[each]} if each == name else RECORDS[each]
                            for each in PUBLIC.zones[group]
                        },
                    )
                ),
                gone(*(ZONE[name].child("A", each) for each in RECORDS[name])),
            ),
            f"the link of {name} is missing": (gone(LINK[name]),),
            f"the link of {name} is being made": (put(LINK[name], "properties.provisioningState", "Creating"),),
            f"the link of {name} is not completed": (
                put(LINK[name], "properties.virtualNetworkLinkState", "InProgress"),
            ),
            f"the link of {name} may not be read": (unreadable(LINK[name]),),
            f"a record in {name} is missing": (gone(ZONE[name].child("A", host)),),
            f"a record in {name} leads elsewhere": (added(record(ZONE[name], host, "10.99.0.1")),),
            f"a record in {name} may not be read": (unreadable(ZONE[name].child("A", host)),),
        }
    return pieces


GATES = [
    pytest.param(service, group, changes, id=f"{service.name}: {piece} ({group})")
    for service, groups in SERVICES.items()
    for group in groups
    for piece, changes in missing_pieces(group).items()
]


@pytest.mark.parametrize(("service", "group", "changes"), GATES)
def test_a_service_stays_open_while_a_private_way_is_missing(
    service: ResourceId, group: str, changes: tuple[Change, ...]
) -> None:
    """Whatever is missing: no write to the service begins, and none to any other is held up for ever."""
    row: Case = case("", [*opened(service), *changes], []).values[0]  # type: ignore[assignment]
    written = {value.id for value in told(row.evaluation()) if isinstance(value, Write)}
    assert service not in written, group
    # The other services' ways work, so they are closed.
    assert service == WORKSPACE or {other for other in SERVICES if other not in {service, WORKSPACE}} <= written


THEIRS = NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", "platform-team")
CONFIRMED = [
    {"name": name, "addresses": addresses} for told in ADDRESSES.values() for name, addresses in told.items()
]


def served_by_others(service: ResourceId, **parts: Any) -> tuple[Change, ...]:  # noqa: ANN401 - of `endpoint`
    """An endpoint of others in place of ours, which the service shows as approved."""
    group = SERVICES[service][0]
    own = [connection(service, ENDPOINT[other]) for other in SERVICES[service][1:]]
    return (
        gone(ENDPOINT[group]),
        put(service, "properties.privateEndpointConnections", [connection(service, THEIRS), *own]),
        added(endpoint(TARGETS[group], THEIRS, tags={}, **parts)),
    )


def unknown_addresses(service: ResourceId) -> dict[str, tuple[Change, ...]]:
    """Why an endpoint does not tell, or not reliably, where its names must lead."""
    group = SERVICES[service][0]
    pieces = missing_pieces(group)
    return {
        **{name: changes for name, changes in pieces.items() if name.startswith("the endpoint")},
        "the endpoint tells no names": (put(ENDPOINT[group], "properties.customDnsConfigs", []),),
        **{
            f"the endpoint of others is {state}": served_by_others(service, state=state)
            for state in ("Failed", "Canceled", "Updating", "Deleting")
        },
        "the endpoint of others is pending": served_by_others(service, status="Pending"),
        "the endpoint of others tells no names": (
            *served_by_others(service),
            put(THEIRS, "properties.customDnsConfigs", []),
        ),
        "the endpoint of others may not be shown": (
            *served_by_others(service),
            unreadable(THEIRS, why=UNREACHABLE),
        ),
    }


@pytest.mark.parametrize(
    ("service", "changes"),
    [
        pytest.param(service, changes, id=f"{service.name}: {piece}")
        for service in SERVICES
        for piece, changes in unknown_addresses(service).items()
    ],
)
def test_where_dns_is_yours_a_service_stays_open_while_its_addresses_are_unknown(
    service: ResourceId, changes: tuple[Change, ...]
) -> None:
    """All names were confirmed once: that says nothing of an endpoint that tells none now (DNS-01, OPS-08).

    A vault was once closed behind an endpoint of others that had failed, for nothing was asked of its records.
    """
    dns = {"mode": "None", "confirmedRecords": CONFIRMED}
    row: Case = case("", [*opened(service), *changes], [], dns=dns).values[0]  # type: ignore[assignment]
    written = {value.id for value in told(row.evaluation()) if isinstance(value, Write)}
    assert service not in written
    assert service == WORKSPACE or {other for other in SERVICES if other not in {service, WORKSPACE}} <= written


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_an_endpoint_of_others_that_failed_is_no_way_in(state: str) -> None:
    """Records that it wrote once lead to something that may not answer; only its owner can mend it."""
    changes = [*OPEN, *served_by_others(VAULT, state=state), added(*written_by_others())]
    row: Case = case("", changes, []).values[0]  # type: ignore[assignment]
    said = told(row.evaluation())
    assert VAULT not in {value.id for value in said if isinstance(value, Write)}
    assert Finding("PrivateEndpointFailed", THEIRS, "KV-MODE-01") in said


def written_by_others() -> tuple[Body, ...]:
    """The zone group of others, whose records are in the zone."""
    theirs = THEIRS.child("privateDnsZoneGroups", "theirs")
    return (zone_group(theirs, {ZONE[VAULT_ZONE]: RECORDS[VAULT_ZONE]}),)


def test_an_endpoint_of_others_that_works_is_a_way_in() -> None:
    """The same landscape with everything in order: the vault is closed."""
    changes = [*OPEN, *served_by_others(VAULT), added(*written_by_others())]
    row: Case = case("", changes, []).values[0]  # type: ignore[assignment]
    assert VAULT in {value.id for value in told(row.evaluation()) if isinstance(value, Write)}


def test_the_way_of_every_client_network_counts() -> None:
    """A network that was promised the names must have them before the public address goes (DNS-03)."""
    office = {"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]}
    links = [link(plan().link(zone, OFFICE), OFFICE) for zone in ZONE.values()]
    row: Case = case("", [*OPEN, added(*links[1:])], [], network=office).values[0]  # type: ignore[assignment]
    written = {value.id for value in told(row.evaluation()) if isinstance(value, Write)}
    assert WORKSPACE not in written


CLOSED = {"properties": {"publicNetworkAccess": "Disabled"}}
LAST = [
    case(
        "with every private way working the services are closed, and the workspace after them",
        OPEN,
        [
            Write("Update", VAULT, CLOSED),
            Write("Update", ACCOUNT, CLOSED),
            Write("Update", REGISTRY, CLOSED),
            Waits("Update", WORKSPACE, ACCOUNT),
        ],
        met="OPS-08 GEN-TOPO-03",
        violated="WS-PE-03 ST-PUB-01 KV-PNA-01 ACR-PNA-01",
    ),
    case(
        "the workspace follows when they are closed",
        OPEN[:1],
        [Write("Update", WORKSPACE, CLOSED)],
        met="OPS-08 GEN-TOPO-03",
    ),
    case(
        "it does not wait for a service that cannot be closed until somebody acts",
        [
            *OPEN[:2],
            put(ACCOUNT, "kind", "Storage"),
            gone(ENDPOINT["blob"]),
        ],
        [
            Finding("StorageKindUnsupported", ACCOUNT, "ST-KIND-01"),
            Waits("Create", ENDPOINT["blob"], "storageAccounts/frauddata can have private endpoints"),
            Waits("Create", GROUP_OF["blob"], "storageAccounts/frauddata can have private endpoints"),
            Waits("Update", ACCOUNT, "storageAccounts/frauddata can have private endpoints"),
            Write("Update", WORKSPACE, CLOSED),
        ],
    ),
    case(
        "nor for one that may not be read",
        [*OPEN[:1], unreadable(VAULT)],
        [Finding("Forbidden"), Write("Update", WORKSPACE, CLOSED)],
    ),
    case(
        "it waits while one of them is being closed",
        [*OPEN[:2], put(ACCOUNT, "properties.provisioningState", "Updating")],
        [Works(ACCOUNT), Waits("Update", WORKSPACE, ACCOUNT)],
        violated="OPS-08 GEN-TOPO-03",
    ),
    case(
        "a workspace without a registry waits for none",
        [added(workspace(publicNetworkAccess="Enabled", containerRegistry=None))],
        [Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01"), Write("Update", WORKSPACE, CLOSED)],
    ),
]


@pytest.mark.parametrize("row", LAST)
def test_the_workspace_is_closed_last(row: Case) -> None:
    """Earlier, its own users would be locked out; what nobody can close now is not waited for."""
    check(row)


@pytest.mark.parametrize(
    ("networks", "links"),
    [
        (None, {LINK[BLOB_ZONE], plan().link(ZONE[BLOB_ZONE], OFFICE)}),
        ((NETWORK,), {LINK[BLOB_ZONE]}),
        ((OFFICE,), {plan().link(ZONE[BLOB_ZONE], OFFICE)}),
    ],
)
def test_the_names_of_a_target_take_the_links_of_the_networks_that_ask(
    networks: tuple[ResourceId, ...] | None, links: set[ResourceId]
) -> None:
    """A network that is not ready holds only what it asks itself; the zone group is everybody's."""
    wanted = spec(network={"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]})
    context = WorkspaceContext.of(SecureWorkspaceSpec.parse(wanted), PUBLIC, OWNER)
    office = link(plan().link(ZONE[BLOB_ZONE], OFFICE), OFFICE)
    blocks = names_of(context, world(added(office)), TARGETS["blob"], networks)
    assert {block.id for block in blocks if isinstance(block, Ensure)} == {*links, GROUP_OF["blob"]}
