"""The workspace's registry: Premium or reported, closed to the internet, images built by a cluster."""

from __future__ import annotations

import pytest
from tests.unit.isolation.bodies import (
    ENDPOINT,
    ETAG,
    GROUP_OF,
    REGISTRY,
    REGISTRY_ZONE,
    WORKSPACE,
    ZONE,
    drop,
    gone,
    put,
    sent_back,
    unreadable,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check

RULES = "properties.networkRuleSet"
OTHERS = [{"value": "198.51.100.0/24", "action": "Allow"}]
OURS = {"value": "203.0.113.0/24", "action": "Allow"}
MORE = Advice("UndeclaredFirewallRule", REGISTRY, "ACR-LIMIT-01")

CASES = [
    case(
        "a closed registry is left alone",
        [],
        [],
        met="ACR-SKU-01 ACR-LIMIT-01 ACR-TRUST-01 ACR-PNA-01 ACR-FIND-01 ACR-EXIST-01 ACR-BUILD-01 ACR-BUILD-02",
    ),
    case(
        "a registry that answers the internet is closed",
        [put(REGISTRY, "properties.publicNetworkAccess", "Enabled")],
        [Write("Update", REGISTRY, {"properties": {"publicNetworkAccess": "Disabled"}})],
        violated="ACR-PNA-01",
    ),
    case(
        "a registry that shows none of it is open, and trusts services",
        [
            drop(REGISTRY, "properties.publicNetworkAccess"),
            drop(REGISTRY, RULES),
            drop(REGISTRY, "properties.networkRuleBypassOptions"),
        ],
        [
            Write("Update", REGISTRY, {"properties": {"publicNetworkAccess": "Disabled"}}),
            Waits("Update", REGISTRY, REGISTRY),
        ],
        violated="ACR-LIMIT-01 ACR-PNA-01",
    ),
    case(
        "a registry that lets everybody in by default denies, and others' rules stay",
        [put(REGISTRY, f"{RULES}.defaultAction", "Allow"), put(REGISTRY, f"{RULES}.ipRules", OTHERS)],
        [
            Write(
                "Update",
                REGISTRY,
                {"properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": OTHERS}}},
            )
        ],
        violated="ACR-LIMIT-01",
    ),
    case(
        "trusted services are let in",
        [put(REGISTRY, "properties.networkRuleBypassOptions", "None")],
        [
            Write("Update", REGISTRY, {"properties": {"networkRuleBypassOptions": "AzureServices"}}),
        ],
        violated="ACR-TRUST-01",
    ),
    case(
        "addresses are let in beside others'",
        [put(REGISTRY, "properties.publicNetworkAccess", "Enabled"), put(REGISTRY, f"{RULES}.ipRules", OTHERS)],
        [
            MORE,
            Write(
                "Update",
                REGISTRY,
                {
                    "properties": {
                        "networkRuleSet": {
                            "defaultAction": "Deny",
                            "ipRules": [*OTHERS, OURS],
                        },
                    }
                },
            ),
        ],
        violated="ACR-LIMIT-01",
        containerRegistry={"allowedIPRanges": ["203.0.113.0/24"]},
    ),
    case(
        "a registry that is off is never switched on, and somebody must",
        [put(REGISTRY, f"{RULES}.ipRules", [OURS])],
        [Finding("PublicAccessDisabled", REGISTRY)],
        containerRegistry={"allowedIPRanges": ["203.0.113.0/24"]},
    ),
    case(
        "an address that the spec does not name stays, and is told of",
        [
            put(REGISTRY, "properties.publicNetworkAccess", "Enabled"),
            put(REGISTRY, f"{RULES}.ipRules", [*OTHERS, OURS]),
        ],
        [MORE],
        violated="ACR-LIMIT-01",
        containerRegistry={"allowedIPRanges": ["203.0.113.0/24"]},
    ),
    case(
        "a Basic registry is reported, and nothing that needs Premium is written to it",
        [
            put(REGISTRY, "sku", {"name": "Basic", "tier": "Basic"}),
            put(REGISTRY, "properties.publicNetworkAccess", "Enabled"),
            put(REGISTRY, "properties.privateEndpointConnections", []),
            gone(ENDPOINT["registry"]),
        ],
        [
            Finding("RegistryNotPremium", REGISTRY, "ACR-SKU-01"),
            Waits("Create", ENDPOINT["registry"], "registries/fraudimages is Premium"),
            Waits("Create", GROUP_OF["registry"], "registries/fraudimages is Premium"),
            Waits("Update", REGISTRY, "registries/fraudimages is Premium"),
        ],
        violated="ACR-SKU-01",
    ),
    case(
        "a workspace that has no registry yet waits for none",
        [put(WORKSPACE, "properties.containerRegistry", None)],
        [Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="ACR-EXIST-01",
    ),
    case(
        "a registry that the workspace names and that is gone is reported",
        [gone(REGISTRY)],
        [Finding("RegistryNotFound", REGISTRY)],
        violated="ACR-FIND-01",
    ),
    case(
        "a registry that may not be read is not taken for absent",
        [unreadable(REGISTRY)],
        [Finding("Forbidden")],
    ),
    case(
        "a workspace without build compute is told that nothing builds its images",
        [put(WORKSPACE, "properties.imageBuildCompute", None)],
        [Advice("NoImageBuildCompute", WORKSPACE, "ACR-BUILD-02")],
        violated="ACR-BUILD-01 ACR-BUILD-02",
    ),
    case(
        "the data endpoint's record counts: where it is missing, the group writes both again",
        [gone(ZONE[REGISTRY_ZONE].child("A", "fraudimages.westeurope.data"))],
        [
            Write(
                "Update",
                GROUP_OF["registry"],
                {"properties": {"privateDnsZoneConfigs": sent_back(GROUP_OF["registry"], ZONE[REGISTRY_ZONE])}},
                ETAG,
            )
        ],
        violated="ACR-DATA-01",
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_the_registry(row: Case) -> None:
    """Every difference is repaired by the narrowest patch, and nothing else is touched."""
    check(row)
