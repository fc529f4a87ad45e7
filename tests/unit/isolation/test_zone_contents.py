"""A link brings everything that a zone answers: what that is, is looked at before a network is linked to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.bodies import (
    BLOB_ZONE,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    ZONE,
    added,
    drop,
    gone,
    link_request,
    network,
    peering,
    put,
    record,
    unreadable,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check

from secureml_reconcilers.isolation.zone_contents import MOST

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

BLOBS = ZONE[BLOB_ZONE]
BLOB_GROUP = GROUP_OF["blob"]
HUB = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "hub")
UNLINKED = gone(LINK[BLOB_ZONE])
LINKED = Write("Create", LINK[BLOB_ZONE], link_request())


def holds(name: str, *addresses: str, where: ResourceId = BLOBS) -> Change:
    """Somebody's record stands in the zone."""
    return added(record(where, name, *addresses))


def peered(*peerings: Body, on: ResourceId = NETWORK) -> Change:
    """A network shows these peerings."""
    return put(on, "properties.virtualNetworkPeerings", list(peerings))


TOO_MANY = added(*(record(BLOBS, f"lake{number}", "10.20.9.9") for number in range(MOST)))
HELD_BACK = Waits("Create", LINK[BLOB_ZONE], f"ml-vnet in network reaches what {BLOB_ZONE} answers")

CASES = [
    case(
        "our own record does not keep the network from its zone",
        [UNLINKED],
        [LINKED],
        met="DNS-09",
    ),
    case(
        "a record of a service that nobody declared, in the network itself, is reached",
        [UNLINKED, holds("lake", "10.20.3.4")],
        [LINKED],
        met="DNS-09",
    ),
    case(
        "one that leads where the network cannot send to keeps it from being linked",
        [UNLINKED, holds("lake", "10.20.3.4"), holds("sales", "10.30.0.4")],
        [Finding("DNSRecordUnreachable", BLOBS, "DNS-09"), HELD_BACK],
        violated="DNS-09",
    ),
    case(
        "a network that is linked already is left as it is",
        [holds("sales", "10.30.0.4")],
        [],
    ),
    case(
        "a network peered in both directions is reached",
        [UNLINKED, holds("sales", "10.30.0.4"), peered(peering(OFFICE, "10.30.0.0/16"))],
        [LINKED],
        met="DNS-09",
    ),
    case(
        "one that does not point back is not",
        [
            UNLINKED,
            holds("sales", "10.30.0.4"),
            peered(peering(OFFICE, "10.30.0.0/16", peeringState="Initiated")),
        ],
        [Finding("DNSRecordUnreachable", BLOBS, "DNS-09"), HELD_BACK],
        violated="DNS-09",
    ),
    case(
        "nor is one whose traffic is not let in",
        [
            UNLINKED,
            holds("sales", "10.30.0.4"),
            peered(peering(OFFICE, "10.30.0.0/16", allowVirtualNetworkAccess=False)),
        ],
        [Finding("DNSRecordUnreachable", BLOBS, "DNS-09"), HELD_BACK],
    ),
    case(
        "where a peering does not show the ranges at its other end, that network is asked",
        [
            UNLINKED,
            holds("sales", "10.30.0.4"),
            peered(peering(HUB)),
            added(network(HUB)),
            put(HUB, "properties.addressSpace.addressPrefixes", ["10.30.0.0/16"]),
        ],
        [LINKED],
    ),
    case(
        "what lies behind a hub that forwards cannot be told, which is told",
        [
            UNLINKED,
            holds("sales", "10.30.0.4"),
            peered(peering(HUB, "10.0.0.0/16", allowForwardedTraffic=True)),
        ],
        [Advice("PathNotTold", BLOBS, "DNS-09"), LINKED],
    ),
    case(
        "a hub from which nothing forwarded is taken leads nowhere else",
        [UNLINKED, holds("sales", "10.30.0.4"), peered(peering(HUB, "10.0.0.0/16"))],
        [Finding("DNSRecordUnreachable", BLOBS, "DNS-09"), HELD_BACK],
    ),
    case(
        "a record of a declared service that leads to another endpoint is no answer for this network",
        [UNLINKED, gone(BLOB_GROUP), holds("frauddata", "10.20.3.4")],
        [
            Finding("DNSRecordTaken", BLOBS, "DNS-09"),
            Waits("Create", LINK[BLOB_ZONE], f"{BLOB_ZONE} leads ml-vnet in network to no endpoint of others"),
            Finding("DNSRecordTaken", BLOBS.child("A", "frauddata"), "DNS-09"),
            Waits(
                "Create",
                BLOB_GROUP,
                "frauddata.privatelink.blob.core.windows.net is free for "
                f"privateEndpoints/{ENDPOINT['blob'].name}",
            ),
        ],
        violated="DNS-09",
    ),
    case(
        "a zone with too many records to look through is for people to judge",
        [UNLINKED, TOO_MANY],
        [
            Finding("DNSRecordsNotTold", BLOBS, "DNS-09"),
            Waits("Create", LINK[BLOB_ZONE], f"{BLOB_ZONE} can be looked through for ml-vnet in network"),
        ],
        violated="DNS-09",
    ),
    case(
        "a zone that does not say how many records it holds is looked into",
        [UNLINKED, drop(BLOBS, "properties.numberOfRecordSets"), holds("sales", "10.30.0.4")],
        [Finding("DNSRecordUnreachable", BLOBS, "DNS-09"), HELD_BACK],
    ),
    case(
        "a network that may not be read is not linked to a zone that holds records of others",
        [UNLINKED, holds("sales", "10.30.0.4"), unreadable(NETWORK)],
        [Finding("Forbidden"), Finding("Forbidden", NETWORK, "DNS-01")],
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_what_a_zone_answers_already(row: Case) -> None:
    """Nobody is sent, by a link of ours, where there is no way to (F2 of the field reports)."""
    check(row)
