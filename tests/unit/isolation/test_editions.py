"""What the two former editions allowed, looked at only where the spec asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.isolation.bodies import ACCOUNT, NETWORK, REGISTRY, VAULT, WORKSPACE, put
from tests.unit.isolation.telling import Advice, Case, case, check

ASKED: dict[str, Any] = {"legacyEditionChecks": True, "publicAccess": {"workspace": "Enabled"}}
LEFT_OPEN = Advice("PublicAccessAllowed", WORKSPACE, "WS-PE-03")
CONNECTIONS = "properties.privateEndpointConnections"
UNKNOWN = Advice("EditionUnknown", WORKSPACE, "WS-ED-09")

ENTERPRISE = put(WORKSPACE, "sku", {"name": "Enterprise", "tier": "Enterprise"})
ODD = put(WORKSPACE, "sku", {"name": "Free", "tier": "Free"})
NO_ENDPOINT = put(WORKSPACE, CONNECTIONS, [])
OTHERS_OPEN = (put(ACCOUNT, CONNECTIONS, []), put(VAULT, CONNECTIONS, []))
IN_NETWORK = (
    *OTHERS_OPEN,
    put(
        VAULT,
        "properties.networkAcls.virtualNetworkRules",
        [{"id": NETWORK.child("subnets", "training").text}],
    ),
)
NO_REGISTRY = put(WORKSPACE, "properties.containerRegistry", None)
OWN_KEYS = put(WORKSPACE, "properties.encryption", {"status": "Enabled"})


def said(rule: str) -> Advice:
    """The workspace's edition did not allow this."""
    return Advice("EditionTooLow", WORKSPACE, rule)


RULES = " ".join(f"WS-ED-0{number}" for number in range(1, 10))

CASES = [
    case(
        "without the switch nothing is said, whatever the edition",
        [OWN_KEYS, ODD],
        [],
        met=f"{RULES} ACR-ED-01",
    ),
    case(
        "workspace, services and registry with endpoints took Enterprise",
        [],
        [LEFT_OPEN, said("WS-ED-05"), said("WS-ED-07")],
        met="WS-ED-01 WS-ED-02 WS-ED-03 WS-ED-04 WS-ED-06 WS-ED-08 WS-ED-09",
        violated="WS-ED-05 WS-ED-07 ACR-ED-01",
        **ASKED,
    ),
    case("which allowed it", [ENTERPRISE, OWN_KEYS], [LEFT_OPEN], met=f"{RULES} ACR-ED-01", **ASKED),
    case(
        "keys of one's own took Enterprise",
        [NO_REGISTRY, OWN_KEYS, *OTHERS_OPEN],
        [LEFT_OPEN, said("WS-ED-08"), Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        met="WS-ED-07",
        violated="WS-ED-08",
        **ASKED,
    ),
    case(
        "services with endpoints and a public workspace did as well",
        [NO_ENDPOINT, put(REGISTRY, "properties.publicNetworkAccess", "Disabled"), ENTERPRISE],
        [LEFT_OPEN],
        met="WS-ED-03",
        **ASKED,
    ),
    case(
        "and Basic was not enough for it",
        [NO_ENDPOINT],
        [LEFT_OPEN, said("WS-ED-03"), said("WS-ED-07")],
        met="WS-ED-05",
        violated="WS-ED-03",
        **ASKED,
    ),
    case(
        "Basic was enough for services that admit a network",
        [*IN_NETWORK, NO_ENDPOINT, NO_REGISTRY],
        [LEFT_OPEN, Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        met="WS-ED-02 WS-ED-04",
        **ASKED,
    ),
    case(
        "a SKU of neither name allowed nothing: a public workspace with services in a network",
        [*IN_NETWORK, NO_ENDPOINT, NO_REGISTRY, ODD],
        [LEFT_OPEN, UNKNOWN, said("WS-ED-02"), Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="WS-ED-02 WS-ED-09",
        **ASKED,
    ),
    case(
        "nor a private one with services in a network",
        [*IN_NETWORK, NO_REGISTRY, ODD],
        [LEFT_OPEN, UNKNOWN, said("WS-ED-04"), Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="WS-ED-04 WS-ED-09",
        **ASKED,
    ),
    case(
        "nor one that is private alone",
        [*OTHERS_OPEN, NO_REGISTRY, ODD],
        [LEFT_OPEN, UNKNOWN, said("WS-ED-06"), Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="WS-ED-06",
        **ASKED,
    ),
    case(
        "nor one of which nothing is private",
        [*OTHERS_OPEN, NO_ENDPOINT, NO_REGISTRY, ODD],
        [LEFT_OPEN, UNKNOWN, said("WS-ED-01"), Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="WS-ED-01",
        **ASKED,
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_editions(row: Case) -> None:
    """One finding per row of the matrix that the edition did not allow; nothing waits for any."""
    check(row)
