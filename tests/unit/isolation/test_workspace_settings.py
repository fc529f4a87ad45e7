"""The workspace's own settings: written one by one, and only where the spec speaks of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.isolation.bodies import (
    ENDPOINT,
    GROUP_OF,
    NETWORK,
    OFFICE,
    TARGETS,
    WORKSPACE,
    added,
    body,
    endpoint_request,
    gone,
    put,
    unreadable,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check

NODES = NETWORK.child("subnets", "nodes")
ELSEWHERE = OFFICE.child("subnets", "nodes")
THERE = added(body(NODES, properties={"addressPrefix": "10.20.4.0/22"}))
RANGES: dict[str, Any] = {
    "publicAccess": {"workspace": "Enabled", "allowedIPRanges": ["203.0.113.7", "198.51.100.0/24"]}
}
OPEN = put(WORKSPACE, "properties.publicNetworkAccess", "Enabled")
LEFT_OPEN = Advice("PublicAccessAllowed", WORKSPACE, "WS-PE-03")
MORE = Advice("UndeclaredFirewallRule", WORKSPACE, "WS-IPALLOW-01")


def sets(**properties: Any) -> Write:  # noqa: ANN401 - JSON
    """The workspace is patched with exactly this."""
    return Write("Update", WORKSPACE, {"properties": properties})


def shows(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Azure shows a setting of the workspace."""
    return put(WORKSPACE, f"properties.{name}", value)


def serverless(subnet: Any = NODES, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The spec says where serverless nodes live."""
    return {"workspaceSettings": {"serverlessCompute": {"subnetID": subnet.text, **more}}}


IN_SUBNET = {"serverlessComputeCustomSubnet": NODES.text, "serverlessComputeNoPublicIP": True}
LEGACY_ON = put(WORKSPACE, "properties.v1LegacyMode", value=True)
LEGACY: dict[str, Any] = {"workspaceSettings": {"v1LegacyMode": False}}
IDENTITY: dict[str, Any] = {"storage": {"datastoreAuth": "Identity"}}

CASES = [
    case(
        "what the spec does not speak of is left alone",
        [LEGACY_ON, shows("systemDatastoresAuthMode", "identity")],
        [],
    ),
    case(
        "the first API's mode is left where the spec says so",
        [LEGACY_ON],
        [sets(v1LegacyMode=False)],
        violated="WS-LEGACY-01",
        **LEGACY,
    ),
    case("a workspace that does not show the mode is not in it", [], [], met="WS-LEGACY-01", **LEGACY),
    case(
        "and it is entered where the spec says that",
        [],
        [sets(v1LegacyMode=True)],
        violated="WS-LEGACY-01",
        workspaceSettings={"v1LegacyMode": True},
    ),
    case(
        "default datastores sign in as the spec says, in the spelling of the service",
        [shows("systemDatastoresAuthMode", "accessKey")],
        [sets(systemDatastoresAuthMode="Identity")],
        violated="WS-DSAUTH-01",
        **IDENTITY,
    ),
    case(
        "in whatever casing the service shows it",
        [shows("systemDatastoresAuthMode", "identity")],
        [],
        met="WS-DSAUTH-01",
        **IDENTITY,
    ),
    case(
        "a workspace that does not show how they sign in has them use keys",
        [],
        [],
        met="WS-DSAUTH-01",
        storage={"datastoreAuth": "AccessKey"},
    ),
    case(
        "serverless nodes are given their subnet",
        [THERE, shows("serverlessComputeSettings", None)],
        [sets(serverlessComputeSettings=IN_SUBNET)],
        violated="WS-SRVLESS-01",
        **serverless(noPublicIP=True),
    ),
    case(
        "the setting is written whole, whatever of it is there already",
        [THERE, shows("serverlessComputeSettings", {**IN_SUBNET, "serverlessComputeNoPublicIP": False})],
        [sets(serverlessComputeSettings=IN_SUBNET)],
        **serverless(noPublicIP=True),
    ),
    case(
        "nodes that live where they should are left alone",
        [THERE, shows("serverlessComputeSettings", IN_SUBNET)],
        [],
        met="WS-SRVLESS-01",
        **serverless(noPublicIP=True),
    ),
    case(
        "not before the workspace has its private endpoint",
        [THERE, gone(ENDPOINT["amlworkspace"], GROUP_OF["amlworkspace"])],
        [
            Write("Create", ENDPOINT["amlworkspace"], endpoint_request(TARGETS["amlworkspace"])),
            Waits("Create", GROUP_OF["amlworkspace"], ENDPOINT["amlworkspace"]),
            Waits("Update", WORKSPACE, ENDPOINT["amlworkspace"]),
        ],
        **serverless(),
    ),
    case(
        "a subnet of another network reaches nothing that is private",
        [],
        [
            Finding("SubnetOutsideNetworks", ELSEWHERE, "WS-SRVLESS-01"),
            Waits("Update", WORKSPACE, f"nodes in {ELSEWHERE.short} reach the private endpoints"),
        ],
        violated="WS-SRVLESS-01",
        **serverless(ELSEWHERE),
    ),
    case("a subnet that is not there is reported", [], [Finding("SubnetNotFound", NODES)], **serverless()),
    case(
        "one that may not be read is not taken for absent",
        [unreadable(NODES)],
        [Finding("Forbidden")],
        **serverless(),
    ),
    case(
        "a workspace that stays open answers the addresses of the spec beside others'",
        [OPEN, shows("ipAllowlist", ["192.0.2.9"])],
        [LEFT_OPEN, MORE, sets(ipAllowlist=["192.0.2.9", "203.0.113.7", "198.51.100.0/24"])],
        violated="WS-IPALLOW-01",
        **RANGES,
    ),
    case(
        "where it does, nothing is written",
        [OPEN, shows("ipAllowlist", ["203.0.113.7/32", "198.51.100.0/24"])],
        [LEFT_OPEN],
        met="WS-IPALLOW-01",
        **RANGES,
    ),
    case(
        "a version of the service that has rules in place of the list gets rules",
        [OPEN, shows("networkAcls", {"defaultAction": "Allow", "ipRules": [{"value": "203.0.113.7"}]})],
        [
            LEFT_OPEN,
            sets(
                networkAcls={
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "203.0.113.7"}, {"value": "198.51.100.0/24"}],
                }
            ),
        ],
        violated="WS-IPALLOW-01",
        **RANGES,
    ),
    case(
        "one that has neither is told of, and nothing is taken for restricted",
        [OPEN],
        [LEFT_OPEN, Finding("AllowListUnsupported", WORKSPACE, "WS-IPALLOW-01")],
        violated="WS-IPALLOW-01",
        **RANGES,
    ),
    case(
        "where public access is off already, somebody must switch it on",
        [shows("ipAllowlist", [])],
        [LEFT_OPEN, Finding("PublicAccessDisabled", WORKSPACE, "WS-IPALLOW-01")],
        violated="WS-IPALLOW-01",
        **RANGES,
    ),
    case(
        "nobody is refused before the network has its private way",
        [OPEN, shows("ipAllowlist", []), gone(ENDPOINT["amlworkspace"], GROUP_OF["amlworkspace"])],
        [
            LEFT_OPEN,
            Write("Create", ENDPOINT["amlworkspace"], endpoint_request(TARGETS["amlworkspace"])),
            Waits("Create", GROUP_OF["amlworkspace"], ENDPOINT["amlworkspace"]),
            Waits("Update", WORKSPACE, ENDPOINT["amlworkspace"]),
        ],
        **RANGES,
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_settings(row: Case) -> None:
    """Each is a PATCH of that one property, and waits for nothing but what it needs."""
    check(row)
