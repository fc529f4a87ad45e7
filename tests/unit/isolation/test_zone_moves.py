"""A zone that the spec declares in place of the one that the network sees: prepared, and no gap of our making."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    ENDPOINT,
    ETAG,
    GROUP_OF,
    LINK,
    NETWORK,
    OWNER,
    RECORDS,
    SUBSCRIPTION,
    ZONE,
    added,
    gone,
    link,
    link_request,
    plan,
    put,
    record,
    spec,
    world,
    zone,
    zone_group,
    zone_group_request,
    zone_request,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Soon, Waits, Write, case, check, judge_all, told
from tests.unit.isolation.test_dns import HUB_ROWS, hub

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.assessment import Blocked
from secureml_reconcilers.secure_workspace import SecureWorkspaces

NAMES = resource_id(f"{SUBSCRIPTION}/resourceGroups/names")
SALES = NAMES.resource("Microsoft.Network/virtualNetworks", "sales-vnet")
NEW = NAMES.resource("Microsoft.Network/privateDnsZones", BLOB_ZONE)
QUEUES = NAMES.resource("Microsoft.Network/privateDnsZones", "privatelink.queue.core.windows.net")
OLD, OLD_LINK, NEW_LINK = ZONE[BLOB_ZONE], LINK[BLOB_ZONE], plan().link(NEW, NETWORK)
GROUP = GROUP_OF["blob"]
MOVES: dict[str, Any] = {"dns": {"zoneIDs": [NEW.text]}, "rows": ({"id": OLD_LINK.text, "network": NETWORK.text},)}
PREPARING = Soon(f"{NEW.text} is ready")
OPEN = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")


NEW_ZONE = added(zone(NEW, records=1, links=0))
STEP = Finding("ZoneMoveWaits", OLD_LINK, "DNS-04")
MOVED = {"properties": {"privateDnsZoneConfigs": zone_group_request(NEW)["properties"]["privateDnsZoneConfigs"]}}
IN_NEW = (
    added(zone(NEW), record(NEW, "frauddata", "10.20.0.7"), zone_group(GROUP, {NEW: RECORDS[BLOB_ZONE]})),
    gone(OLD_LINK),
)


CASES = [
    case(
        "the new zone is made",
        [],
        [Write("Create", NEW, zone_request()), PREPARING],
        violated="DNS-04",
        **MOVES,
    ),
    case("the step that interrupts is left to people", [NEW_ZONE], [STEP], violated="DNS-04", **MOVES),
    case(
        "and holds up no closing, for the names are found in the old zone",
        [NEW_ZONE, OPEN],
        [STEP, Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})],
        **MOVES,
    ),
    case(
        "without its old link the network is linked to the new zone, and the records move at the same time",
        [NEW_ZONE, gone(OLD_LINK)],
        [
            Write("Create", NEW_LINK, link_request()),
            Write("Update", GROUP, MOVED, ETAG),
            Soon(f"records of privateEndpoints/{ENDPOINT['blob'].name} in {BLOB_ZONE} are written"),
        ],
        violated="DNS-02 WS-DNS-01",
        **MOVES,
    ),
    case(
        "and nothing is closed before both are there",
        [NEW_ZONE, gone(OLD_LINK), OPEN],
        [
            Write("Create", NEW_LINK, link_request()),
            Write("Update", GROUP, MOVED, ETAG),
            Soon(f"records of privateEndpoints/{ENDPOINT['blob'].name} in {BLOB_ZONE} are written"),
            Waits("Update", ACCOUNT, NEW_LINK),
        ],
        **MOVES,
    ),
    case("then all is as declared", [*IN_NEW, added(link(NEW_LINK))], [], met="DNS-04", **MOVES),
    case(
        "records that a declared network still looks for stay where they are",
        [NEW_ZONE, added(link(OLD_LINK))],
        [
            Write("Create", NEW_LINK, link_request()),
            Finding("ZoneMoveWaits", OLD, "DNS-04"),
            Waits("Update", GROUP, f"no declared network sees {OLD.text}"),
            Soon(f"records of privateEndpoints/{ENDPOINT['blob'].name} in {BLOB_ZONE} are written"),
        ],
        dns={"zoneIDs": [NEW.text]},
    ),
    case(
        "a new zone that leads a declared service elsewhere is no zone to move to",
        [added(zone(NEW, links=0), record(NEW, "frauddata", "10.9.0.4"))],
        [
            Finding("DNSRecordTaken", NEW, "DNS-09"),
            Finding("DNSRecordTaken", NEW.child("A", "frauddata"), "DNS-09"),
            PREPARING,
        ],
        violated="DNS-09",
        **MOVES,
    ),
    case(
        "nor is one with the record of a service that nobody declared, where the network cannot send to",
        [added(zone(NEW, links=0), record(NEW, "sales", "10.9.0.4"))],
        [Finding("DNSRecordUnreachable", NEW, "DNS-09"), PREPARING],
        **MOVES,
    ),
    case(
        "a zone that is only to be used is not made",
        [],
        [Finding("NotFound", NEW, "DNS-02"), PREPARING],
        dns={"mode": "Existing", "zoneIDs": [NEW.text]},
        rows=MOVES["rows"],
    ),
    case(
        "a zone in which no declared service has its names is said to be of no use",
        [],
        [Advice("ZoneNotUsed", QUEUES, "DNS-04")],
        violated="DNS-04",
        dns={"zoneIDs": [QUEUES.text]},
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_a_zone_that_moves(row: Case) -> None:
    """F4 of the field reports."""
    check(row)


def test_the_group_that_the_spec_names_is_said_to_be_of_no_use_where_others_have_linked_another() -> None:
    """Existing links go before the group in which zones are looked for, and never in silence."""
    declared = spec(dns={"zoneResourceGroupID": NAMES.text})
    said = told(judge_all(SecureWorkspaces().declare(declared, OWNER), world(*hub(), rows=HUB_ROWS)))
    assert [each for each in said if getattr(each, "reason", "") in {"ZoneNotUsed", "ZoneMoveWaits"}] == [
        Advice("ZoneNotUsed", NEW, "DNS-04")
    ]


def test_zones_of_ours_move_to_the_group_that_the_spec_names() -> None:
    """The operator's own links are not somebody else's."""
    declared = spec(dns={"zoneResourceGroupID": NAMES.text})
    rows = tuple({"id": each.text, "network": NETWORK.text} for each in LINK.values())
    evaluation = judge_all(SecureWorkspaces().declare(declared, OWNER), world(rows=rows))
    assert [action.id for action in evaluation.actions] == [
        NAMES.resource("Microsoft.Network/privateDnsZones", name) for name in ZONE
    ]


def test_the_step_that_is_left_is_told_with_its_commands_and_with_whom_it_concerns() -> None:
    """Whoever takes it copies the commands; another team's network loses the names with it."""
    theirs = link(OLD.child("virtualNetworkLinks", "sales"), SALES, tags={})
    azure = world(NEW_ZONE, added(theirs), rows=MOVES["rows"])
    evaluation = judge_all(SecureWorkspaces().declare(spec(dns=MOVES["dns"]), OWNER), azure)
    problems = [each.problem for each in evaluation.assessments.values() if isinstance(each, Blocked)]
    assert [problem.reason for problem in problems] == ["ZoneMoveWaits"]
    assert "sales-vnet will find them there no more" in problems[0].message
    assert f"-g network -z {BLOB_ZONE} -n {OLD_LINK.name})" in problems[0].advice
