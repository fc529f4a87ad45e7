"""Networks of clients: nobody is sent to an endpoint that he does not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ADDRESSES,
    BLOB_ZONE,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    SUBNET,
    ZONE,
    added,
    gone,
    link,
    link_request,
    peering,
    plan,
    put,
    unreadable,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check
from tests.unit.isolation.test_zone_contents import peered

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

HUB = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "hub")
CLIENT: dict[str, Any] = {"network": {"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]}}
CONFIRMED = [{"name": name, "addresses": each} for told in ADDRESSES.values() for name, each in told.items()]
OFFICE_LINK = {name: plan().link(where, OFFICE) for name, where in ZONE.items()}
LINKED = added(*(link(each, OFFICE) for each in OFFICE_LINK.values()))
UNLINKED = gone(OFFICE_LINK[BLOB_ZONE])
OPEN = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")
CLOSE = Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})
REACHES = "office-vnet in network reaches the endpoints"
ASKED = "office-vnet in network tells whom it asks for names"
NOT_PEERED = Finding("ClientNetworkNotPeered", OFFICE, "WS-PE-08")


def only(*, here: list[Any], there: list[Any]) -> tuple[Change, ...]:
    """The peerings of the endpoints' network, and of the office's."""
    return peered(*here), peered(*there, on=OFFICE)


ALONE = only(here=[], there=[])
BEHIND_HUB = only(
    here=[peering(HUB, allowForwardedTraffic=True)], there=[peering(HUB, allowForwardedTraffic=True)]
)

CASES = [
    case(
        "one that is peered in both directions is a way in",
        [LINKED, OPEN],
        [CLOSE],
        met="WS-PE-08 GEN-VNET-02",
        **CLIENT,
    ),
    case(
        "one that is not peered has no way, and nothing is closed on its names",
        [LINKED, *ALONE, OPEN],
        [NOT_PEERED, Waits("Update", ACCOUNT, REACHES)],
        violated="WS-PE-08 GEN-VNET-02",
        **CLIENT,
    ),
    case(
        "nor is it linked to a zone that would lead it there, while the other network is",
        [LINKED, *ALONE, UNLINKED, gone(LINK[BLOB_ZONE])],
        [
            NOT_PEERED,
            Write("Create", LINK[BLOB_ZONE], link_request()),
            Waits("Create", OFFICE_LINK[BLOB_ZONE], REACHES),
        ],
        **CLIENT,
    ),
    case(
        "one whose peering the endpoints' network does not return has none",
        [LINKED, *only(here=[], there=[peering(NETWORK, peeringState="Initiated")]), UNLINKED],
        [NOT_PEERED, Waits("Create", OFFICE_LINK[BLOB_ZONE], REACHES)],
        **CLIENT,
    ),
    case(
        "nor one that the other side left",
        [LINKED, *only(here=[peering(OFFICE, peeringState="Disconnected")], there=[]), OPEN],
        [NOT_PEERED, Waits("Update", ACCOUNT, REACHES)],
        **CLIENT,
    ),
    case(
        "nor one whose traffic is not let in",
        [LINKED, *only(here=[peering(OFFICE, allowVirtualNetworkAccess=False)], there=[peering(NETWORK)]), OPEN],
        [NOT_PEERED, Waits("Update", ACCOUNT, REACHES)],
        **CLIENT,
    ),
    case(
        "one behind a hub that forwards may have one, which is told",
        [LINKED, *BEHIND_HUB, UNLINKED],
        [Advice("PathNotTold", OFFICE, "WS-PE-08"), Write("Create", OFFICE_LINK[BLOB_ZONE], link_request(OFFICE))],
        **CLIENT,
    ),
    case(
        "one with the same addresses has none, whatever it is peered with",
        [LINKED, *BEHIND_HUB, put(OFFICE, "properties.addressSpace.addressPrefixes", ["10.20.128.0/17"]), OPEN],
        [Finding("ClientNetworkOverlaps", OFFICE, "WS-PE-08"), Waits("Update", ACCOUNT, REACHES)],
        violated="WS-PE-08",
        **CLIENT,
    ),
    case(
        "one that does not exist holds only itself",
        [LINKED, gone(OFFICE), UNLINKED, gone(LINK[BLOB_ZONE])],
        [
            Finding("NetworkNotFound", OFFICE, "WS-PE-08"),
            Write("Create", LINK[BLOB_ZONE], link_request()),
            Waits("Create", OFFICE_LINK[BLOB_ZONE], "office-vnet in network exists"),
        ],
        **CLIENT,
    ),
    case(
        "so does one that may not be read",
        [LINKED, unreadable(OFFICE), gone(LINK[BLOB_ZONE])],
        [
            Finding("Forbidden"),
            Finding("Forbidden", OFFICE, "DNS-01"),
            Write("Create", LINK[BLOB_ZONE], link_request()),
        ],
        **CLIENT,
    ),
    case(
        "and whether it has a way in cannot be told, so nothing is closed on its names",
        [LINKED, unreadable(OFFICE), OPEN],
        [Finding("Forbidden"), Finding("Forbidden", OFFICE, "DNS-01"), Waits("Update", ACCOUNT, ASKED)],
        **CLIENT,
    ),
    case(
        "where DNS is somebody else's, too, nothing is closed for a network without a way",
        [LINKED, *ALONE, OPEN],
        [NOT_PEERED, Waits("Update", ACCOUNT, REACHES)],
        dns={"mode": "None", "confirmedRecords": CONFIRMED},
        **CLIENT,
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_a_network_of_clients(row: Case) -> None:
    """Its names turn private when it can use them, and it holds only itself (WS-PE-08)."""
    check(row)
