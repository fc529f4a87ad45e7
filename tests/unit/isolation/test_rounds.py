"""How often a composition must be asked before it has read all it needs: no oftener in a wide landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.asking import batches
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OWNER,
    SUBNET,
    SUBSCRIPTION,
    TARGETS,
    ZONE,
    added,
    connection,
    endpoint,
    gone,
    link,
    plan,
    put,
    record,
    spec,
    unreadable,
    world,
    zone,
    zone_group,
)

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unit.isolation.bodies import Body, Change

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.view import View

FEW = 8
"""Workspace; its services, endpoints and zones; links; queries; links of others; ours in their zones; groups; at
last records: what of that does not depend on one another is read together."""

CLIENTS = [NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", f"client-{each}") for each in range(64)]
WIDE = {"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [each.text for each in CLIENTS]}
HUB = resource_id(f"{SUBSCRIPTION}/resourceGroups/hub")
HUB_ZONES = {name: HUB.resource("Microsoft.Network/privateDnsZones", name) for name in ZONE}
THEIRS = [NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", f"theirs-{each}") for each in range(20)]
OURS = [NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", f"ours-{each}") for each in range(20)]
MANY = {f"name-{each}": [f"10.20.1.{each}"] for each in range(20)}


def rounds(composition: Composition, azure: View) -> int:
    """How many batches of readings it takes until nothing is asked any more."""
    return len(batches(composition, azure))


def linked(zones: Iterable[ResourceId], networks: Iterable[ResourceId]) -> list[Body]:
    """The links that we would make between them."""
    nets = list(networks)
    return [link(plan().link(zone_id, network), network) for zone_id in zones for network in nets]


def linked_by_others() -> tuple[list[Body], list[dict[str, str]]]:
    """Links of the hub's zones to all networks, and what Resource Graph shows of them."""
    bodies = [
        link(zone_id.child("virtualNetworkLinks", f"hub-{network.name}"), network, tags={})
        for zone_id in HUB_ZONES.values()
        for network in (NETWORK, *CLIENTS)
    ]
    return bodies, [{"id": each["id"], "network": each["properties"]["virtualNetwork"]["id"]} for each in bodies]


BY_OTHERS, ROWS = linked_by_others()
MISSING = (*ENDPOINT.values(), *LINK.values(), *ZONE.values())

DECLARED = [
    pytest.param([], (), id="64 networks of clients that nobody has linked"),
    pytest.param([gone(*MISSING)], (), id="64 of them, and nothing made yet"),
    pytest.param([added(*linked(ZONE.values(), CLIENTS))], (), id="64 that are linked"),
    pytest.param([added(*linked(ZONE.values(), CLIENTS[:32]))], (), id="64, half of which are linked"),
    pytest.param(
        [gone(*LINK.values()), added(*BY_OTHERS, *(zone(each, tags={}) for each in HUB_ZONES.values()))],
        ROWS,
        id="64 that others have linked",
    ),
    pytest.param(
        [gone(*LINK.values()), added(*BY_OTHERS[::65], *(zone(each, tags={}) for each in HUB_ZONES.values()))],
        ROWS[::65],
        id="64 that are to be linked to the zones of others",
    ),
]


@pytest.mark.parametrize(("changes", "rows"), DECLARED)
def test_networks_of_clients_are_looked_at_together(changes: list[Change], rows: list[dict[str, str]]) -> None:
    """Each once took a round of its own, and three of them were too many for a pass."""
    assert rounds(SecureWorkspaces().declare(spec(network=WIDE), OWNER), world(*changes, rows=rows)) <= FEW


def test_connections_of_others_are_looked_at_together() -> None:
    """A data lake that twenty teams share."""
    elsewhere = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "hub").child("subnets", "endpoints")
    azure = world(
        gone(ENDPOINT["blob"]),
        put(ACCOUNT, "properties.privateEndpointConnections", [connection(ACCOUNT, each) for each in THEIRS]),
        added(*(endpoint(TARGETS["blob"], each, subnet_id=elsewhere, tags={}) for each in THEIRS)),
    )
    assert rounds(SecureWorkspaces().declare(spec(), OWNER), azure) <= FEW


@pytest.mark.parametrize("ours", [True, False], ids=["our group", "a group of others"])
def test_records_are_looked_at_together(ours: bool) -> None:  # noqa: FBT001
    """A workspace with many names."""
    where = ZONE["privatelink.blob.core.windows.net"]
    target = THEIRS[0]
    group = GROUP_OF["blob"] if ours else target.child("privateDnsZoneGroups", "theirs")
    changes = [
        added(zone_group(group, {where: MANY}), *(record(where, name, *found) for name, found in MANY.items()))
    ]
    if not ours:
        shown = [connection(ACCOUNT, target)]
        changes += [
            gone(ENDPOINT["blob"]),
            put(ACCOUNT, "properties.privateEndpointConnections", shown),
            added(endpoint(TARGETS["blob"], target, tags={})),
        ]
    assert rounds(SecureWorkspaces().declare(spec(), OWNER), world(*changes)) <= FEW


@pytest.mark.parametrize("hidden", [False, True], ids=["all readable", "one hidden"])
def test_a_deletion_looks_at_all_endpoints_together(hidden: bool) -> None:  # noqa: FBT001
    """Ten of them once never ended."""
    groups = [each.child("privateDnsZoneGroups", "default") for each in OURS]
    inventory = tuple(each.text for each in (*OURS, *groups, *ZONE.values(), *LINK.values()))
    changes = [added(*(endpoint(TARGETS["blob"], each) for each in OURS))]
    composition = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, Remembered(inventory))
    assert rounds(composition, world(*changes, *([unreadable(OURS[0])] if hidden else []))) <= FEW
