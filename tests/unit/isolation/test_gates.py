"""Make before break: nothing public is closed while any private way into it is missing (OPS-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    OFFICE,
    RECORDS,
    REGISTRY,
    SUBNET,
    VAULT,
    WAYS,
    WORKSPACE,
    ZONE,
    added,
    endpoint,
    gone,
    link,
    network,
    put,
    record,
    site,
    subnet,
    unreadable,
    workspace,
    zone_group,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Works, Write, case, check, told

from secureml_reconcilers.isolation.clouds import PUBLIC

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId

SERVICES: dict[ResourceId, tuple[str, ...]] = {
    WORKSPACE: ("amlworkspace",),
    ACCOUNT: ("blob", "file"),
    VAULT: ("vault",),
    REGISTRY: ("registry",),
}
"""The private ways into each service."""

OPEN = [put(service, "properties.publicNetworkAccess", "Enabled") for service in SERVICES]

FULL = subnet(prefix="10.20.0.0/29", ipConfigurations=[{"id": str(number)} for number in range(3)])


def missing_pieces(group: str) -> dict[str, tuple[Change, ...]]:
    """Everything without which a private way does not work, one piece at a time."""
    way, own = WAYS[group], ENDPOINT[group]
    pieces: dict[str, tuple[Change, ...]] = {
        "the endpoint is missing": (gone(own),),
        "the endpoint is missing and its subnet is full": (gone(own), added(network(NETWORK, FULL))),
        "the endpoint is being made": (put(own, "properties.provisioningState", "Updating"),),
        "the endpoint's creation failed": (put(own, "properties.provisioningState", "Failed"),),
        "the endpoint is not ours": (put(own, "tags", {}),),
        "the endpoint may not be read": (unreadable(own),),
        "the endpoint is pending": (added(endpoint(way, status="Pending")),),
        "the endpoint is rejected": (added(endpoint(way, status="Rejected")),),
        "the endpoint is disconnected": (added(endpoint(way, status="Disconnected")),),
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
    row: Case = case("", [*OPEN, *changes], []).values[0]  # type: ignore[assignment]
    written = {value.id for value in told(row.judged()) if isinstance(value, Write)}
    assert service not in written, group
    # The other services' ways work, so they are closed; the workspace goes last, after those on their way.
    assert {other for other in SERVICES if other not in {service, WORKSPACE}} <= written


def test_the_way_of_every_client_network_counts() -> None:
    """A network that was promised the names must have them before the public address goes (DNS-03)."""
    office = {"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]}
    links = [link(site().link(zone, OFFICE), OFFICE) for zone in ZONE.values()]
    row: Case = case("", [*OPEN, added(*links[1:])], [], network=office).values[0]  # type: ignore[assignment]
    written = {value.id for value in told(row.judged()) if isinstance(value, Write)}
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
            Finding("StorageTooOld", ACCOUNT, "ST-KIND-01"),
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
        [Advice("NoRegistryYet", WORKSPACE, "ACR-EXIST-01"), Write("Update", WORKSPACE, CLOSED)],
    ),
]


@pytest.mark.parametrize("row", LAST)
def test_the_workspace_is_closed_last(row: Case) -> None:
    """Earlier, its own users would be locked out; what nobody can close now is not waited for."""
    check(row)
