"""The workspace's vault: closed to the internet, open to the network and to trusted services."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.isolation.bodies import NETWORK, VAULT, drop, gone, put, unreadable
from tests.unit.isolation.telling import Advice, Case, Finding, Write, case, check

ACLS = "properties.networkAcls"
OTHERS = [{"value": "198.51.100.0/24"}]
MORE = Advice("UndeclaredFirewallRule", VAULT, "KV-NET-01")
ADDRESS: dict[str, Any] = {"keyVault": {"allowedIPRanges": ["203.0.113.7"]}}


def closed(**acls: object) -> dict[str, object]:
    """The firewall of the landscape's vault, which the service replaces as a whole, with these parts."""
    known = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    return {**known, **acls}


CASES = [
    case(
        "a closed vault is left alone, whatever the casing of the id by which the workspace names it",
        [],
        [],
        met="KV-NET-01 KV-BYP-01 KV-PNA-01 KV-CRED-01",
    ),
    case(
        "a vault that answers the internet is closed",
        [put(VAULT, "properties.publicNetworkAccess", "Enabled")],
        [Write("Update", VAULT, {"properties": {"publicNetworkAccess": "Disabled"}})],
        violated="KV-PNA-01",
    ),
    case(
        "a vault that does not say whether it answers the internet does",
        [drop(VAULT, "properties.publicNetworkAccess")],
        [Write("Update", VAULT, {"properties": {"publicNetworkAccess": "Disabled"}})],
        violated="KV-PNA-01",
    ),
    case(
        "a network security perimeter is stricter and is left alone",
        [put(VAULT, "properties.publicNetworkAccess", "securedByPerimeter")],
        [Advice("SecuredByPerimeter", VAULT, "KV-BYP-01")],
        met="KV-PNA-01",
    ),
    case(
        "a vault that lets everybody in by default denies, and others' rules stay",
        [put(VAULT, f"{ACLS}.defaultAction", "Allow"), put(VAULT, f"{ACLS}.ipRules", OTHERS)],
        [Write("Update", VAULT, {"properties": {"networkAcls": closed(ipRules=OTHERS)}})],
        violated="KV-NET-01",
    ),
    case(
        "a vault without a firewall lets everybody in",
        [drop(VAULT, ACLS)],
        [
            Write(
                "Update",
                VAULT,
                {"properties": {"networkAcls": {"defaultAction": "Deny"}}},
            )
        ],
        violated="KV-NET-01",
    ),
    case(
        "trusted services are let in",
        [put(VAULT, f"{ACLS}.bypass", "None")],
        [
            Write("Update", VAULT, {"properties": {"networkAcls": closed(bypass="AzureServices")}}),
        ],
        violated="KV-BYP-01",
    ),
    case(
        "addresses are let in beside others'",
        [put(VAULT, "properties.publicNetworkAccess", "Enabled"), put(VAULT, f"{ACLS}.ipRules", OTHERS)],
        [
            MORE,
            Write(
                "Update",
                VAULT,
                {"properties": {"networkAcls": closed(ipRules=[*OTHERS, {"value": "203.0.113.7"}])}},
            ),
        ],
        violated="KV-NET-01",
        **ADDRESS,
    ),
    case(
        "a vault that is off is never switched on: the rule is written, and without effect until somebody does",
        [],
        [
            Finding("PublicAccessDisabled", VAULT),
            Write("Update", VAULT, {"properties": {"networkAcls": closed(ipRules=[{"value": "203.0.113.7"}])}}),
        ],
        **ADDRESS,
    ),
    case(
        "a single address that the vault shows as a range of one is let in already",
        [
            put(VAULT, "properties.publicNetworkAccess", "Enabled"),
            put(VAULT, f"{ACLS}.ipRules", [{"value": "203.0.113.7/32"}]),
        ],
        [],
        met="KV-NET-01",
        **ADDRESS,
    ),
    case(
        "an address and a subnet that the spec does not name stay, and are told of",
        [
            put(VAULT, "properties.publicNetworkAccess", "Enabled"),
            put(VAULT, f"{ACLS}.ipRules", [*OTHERS, {"value": "203.0.113.7/32"}]),
            put(VAULT, f"{ACLS}.virtualNetworkRules", [{"id": NETWORK.child("subnets", "nodes").text}]),
        ],
        [MORE],
        violated="KV-NET-01",
        **ADDRESS,
    ),
    case(
        "a vault that is gone is reported, for every secret is in it",
        [gone(VAULT)],
        [Finding("KeyVaultNotFound", VAULT)],
        violated="KV-CRED-01",
    ),
    case("a vault that may not be read is not taken for absent", [unreadable(VAULT)], [Finding("Forbidden")]),
]


@pytest.mark.parametrize("row", CASES)
def test_the_vault(row: Case) -> None:
    """Every difference is repaired by the narrowest patch, and nothing else is touched."""
    check(row)
