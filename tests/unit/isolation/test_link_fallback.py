"""What a network is answered where its zone holds no record: the public address, unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    BLOB_ZONE,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    SHARED_MARK,
    ZONE,
    added,
    drop,
    gone,
    link,
    put,
    zone_group,
    zone_group_request,
)
from tests.unit.isolation.telling import Advice, Case, Soon, Waits, Write, case, check
from tests.unit.isolation.test_dns import HUB_BLOB, HUB_LINK, HUB_ROWS, hub

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

BLOB_LINK, BLOB_GROUP = LINK[BLOB_ZONE], GROUP_OF["blob"]
POLICY = "properties.resolutionPolicy"
NO_FALLBACK: dict[str, Any] = {"dns": {"fallback": "None"}}
PLAIN = [drop(each, POLICY) for each in LINK.values()]
"""Every link of the landscape was made without a policy."""


def hub_without_fallback(*, records: bool) -> tuple[Change, ...]:
    """The hub's link answers that there is no such name."""
    return (*hub(records=records), added(link(HUB_LINK, tags={}, policy="Default")))


CASES = [
    case(
        "a link of ours that does not fall back is corrected",
        [drop(BLOB_LINK, POLICY)],
        [Write("Update", BLOB_LINK, {"properties": {"resolutionPolicy": "NxDomainRedirect"}}, '"1"')],
        violated="DNS-03",
    ),
    case(
        "one that says so itself, too",
        [put(BLOB_LINK, POLICY, "Default")],
        [Write("Update", BLOB_LINK, {"properties": {"resolutionPolicy": "NxDomainRedirect"}}, '"1"')],
    ),
    case("the spec may ask for none", PLAIN, [], met="DNS-03", **NO_FALLBACK),
    case(
        "then a link comes after the records",
        [*PLAIN, gone(BLOB_LINK, BLOB_GROUP)],
        [
            Waits("Create", BLOB_LINK, BLOB_GROUP),
            Write("Create", BLOB_GROUP, zone_group_request(ZONE[BLOB_ZONE])),
        ],
        **NO_FALLBACK,
    ),
    case(
        "after those that are really written",
        [*PLAIN, gone(BLOB_LINK), added(zone_group(BLOB_GROUP, {ZONE[BLOB_ZONE]: {}}))],
        [
            Waits(
                "Create",
                BLOB_LINK,
                f"records of privateEndpoints/{ENDPOINT['blob'].name} in {BLOB_ZONE} are written",
            ),
            Soon(f"records of privateEndpoints/{ENDPOINT['blob'].name} in {BLOB_ZONE} are written"),
        ],
        **NO_FALLBACK,
    ),
    case(
        "and says nothing of it",
        [*PLAIN, gone(BLOB_LINK)],
        [
            Write(
                "Create",
                BLOB_LINK,
                {
                    "location": "global",
                    "tags": SHARED_MARK,
                    "properties": {"virtualNetwork": {"id": NETWORK.text}, "registrationEnabled": False},
                },
            )
        ],
        **NO_FALLBACK,
    ),
    case(
        "one that falls back already is left so, for another resource may ask for it",
        [*PLAIN, put(BLOB_LINK, POLICY, "NxDomainRedirect")],
        [Advice("LinkFallsBack", BLOB_LINK, "DNS-03")],
        **NO_FALLBACK,
    ),
    case(
        "a link of others without a fall-back, into a zone without our records, is told before it hurts",
        [*hub_without_fallback(records=False), gone(BLOB_GROUP)],
        [
            Advice("LinkWithoutFallback", HUB_LINK, "DNS-03"),
            Write("Create", BLOB_GROUP, zone_group_request(HUB_BLOB)),
        ],
        rows=HUB_ROWS,
    ),
    case(
        "with our records in it nobody is told any more",
        [*hub_without_fallback(records=True)],
        [],
        rows=HUB_ROWS,
    ),
    case(
        "nor where it falls back",
        [*hub(records=False), gone(BLOB_GROUP)],
        [Write("Create", BLOB_GROUP, zone_group_request(HUB_BLOB))],
        rows=HUB_ROWS,
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_names_without_a_record(row: Case) -> None:
    """F3 of the field reports."""
    check(row)
