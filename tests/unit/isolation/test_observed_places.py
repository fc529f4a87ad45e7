"""In mode Observe, what the spec names and is not there is told; Enforce meets it with its first write."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.isolation.bodies import OFFICE, SUBSCRIPTION, ZONE, gone, unreadable
from tests.unit.isolation.telling import Case, Finding, case, check, told

from secureml_reconcilers.azure.resource_id import resource_id

NOWHERE = resource_id(f"{SUBSCRIPTION}/resourceGroups/nowhere")
OBSERVE: dict[str, Any] = {"mode": "Observe"}
SERVERS: dict[str, Any] = {"dns": {"serverNetworkIDs": [OFFICE.text]}}
BLOB_ELSEWHERE = NOWHERE.resource("Microsoft.Network/privateDnsZones", "privatelink.blob.core.windows.net")

ROWS = [
    case(
        "a network in which DNS servers should live",
        [gone(OFFICE)],
        [Finding("NetworkNotFound", OFFICE, "DNS-03")],
        violated="DNS-03",
        **OBSERVE,
        **SERVERS,
    ),
    case("with Enforce its link tells", [gone(OFFICE)], [], **SERVERS),
    case("one that may not be read is not told of", [unreadable(OFFICE)], [], **OBSERVE, **SERVERS),
    case(
        "the group of the endpoints, which is fixed for life",
        [],
        [Finding("NotFound", NOWHERE, "WS-PE-01")],
        violated="WS-PE-01",
        endpoints={"resourceGroupID": NOWHERE.text},
        **OBSERVE,
    ),
]


@pytest.mark.parametrize("row", ROWS)
def test_places(row: Case) -> None:
    """Told as what somebody must act upon."""
    check(row)


GROUP_AND_ZONE: dict[str, Any] = {"zoneResourceGroupID": NOWHERE.text, "zoneIDs": [BLOB_ELSEWHERE.text]}


@pytest.mark.parametrize(
    "dns",
    [
        pytest.param({"zoneResourceGroupID": NOWHERE.text}, id="the group"),
        pytest.param({"zoneIDs": [BLOB_ELSEWHERE.text]}, id="a zone in it"),
        pytest.param(GROUP_AND_ZONE, id="both: each field is one that somebody corrects"),
    ],
)
def test_groups_of_zones(dns: dict[str, Any]) -> None:
    """Beside all that would be made there."""
    row: Case = case("", [gone(*ZONE.values())], [], dns=dns, **OBSERVE).values[0]  # type: ignore[assignment]
    found = [each for each in told(row.evaluation()) if isinstance(each, Finding)]
    assert Finding("NotFound", NOWHERE, "DNS-03") in found
