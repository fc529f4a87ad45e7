"""Network security groups and rules."""

from __future__ import annotations

from typing import Any

import pytest

from .client import NET, Azure

NSG = f"{NET}/networkSecurityGroups/n"


def rule(**properties: object) -> dict[str, Any]:
    """The body of a rule."""
    base = {
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "priority": 123,
        "sourceAddressPrefix": "*",
        "sourcePortRange": "23-45",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "46-56",
    }
    return {"properties": {**base, **properties}}


async def test_a_group_shows_six_default_rules(azure: Azure) -> None:
    """Recorded in Test_Networking_NetworkSecurityGroup_20250301_CRUD, names, priorities and the shared tag."""
    await azure.group()
    found = await azure.make(NSG, {"location": "westeurope"})
    rows = found.properties["defaultSecurityRules"]
    assert [(each["name"], each["properties"]["priority"], each["properties"]["access"]) for each in rows] == [
        ("AllowVnetInBound", 65000, "Allow"),
        ("AllowAzureLoadBalancerInBound", 65001, "Allow"),
        ("DenyAllInBound", 65500, "Deny"),
        ("AllowVnetOutBound", 65000, "Allow"),
        ("AllowInternetOutBound", 65001, "Allow"),
        ("DenyAllOutBound", 65500, "Deny"),
    ]
    assert {each["etag"] for each in rows} == {found.body["etag"]}


async def test_two_rules_at_once_and_one_tag(azure: Azure) -> None:
    """Parallel rule writes are accepted; both rules then show one tag; plural lists are empty (recorded)."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    first = await azure.put(f"{NSG}/securityRules/a", rule())
    second = await azure.put(f"{NSG}/securityRules/b", rule(priority=124, access="Deny"))
    assert (first.status, second.status, first.headers["Retry-After"]) == (201, 201, "1")
    azure.advance()
    found = [await azure.get(f"{NSG}/securityRules/{each}") for each in "ab"]
    assert found[0].body["etag"] == found[1].body["etag"]
    assert found[0].properties["destinationPortRanges"] == []
    assert found[0].properties["sourcePortRange"] == "23-45"


async def test_a_group_put_without_rules_removes_them(azure: Azure) -> None:
    """ASO issue 3050: rules cleared by the parent's PUT."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    await azure.make(f"{NSG}/securityRules/a", rule())
    await azure.make(NSG, {"location": "westeurope", "properties": {}})
    assert (await azure.get(NSG)).properties["securityRules"] == []


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        pytest.param({"priority": 123}, "SecurityRuleConflict", id="priority taken in this direction"),
        pytest.param({"priority": 99}, "SecurityRuleInvalidPriority", id="priority below 100"),
        pytest.param({"priority": 4097}, "SecurityRuleInvalidPriority", id="priority above 4096"),
        pytest.param({"priority": 200, "protocol": "Gre"}, "SecurityRuleInvalidProtocol", id="unknown protocol"),
    ],
)
async def test_refused_rules(azure: Azure, properties: dict[str, object], code: str) -> None:
    """400 (wire examples 4)."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    await azure.make(f"{NSG}/securityRules/a", rule())
    reply = await azure.put(f"{NSG}/securityRules/b", rule(**properties))
    assert (reply.status, reply.code) == (400, code)
    assert (await azure.put(f"{NSG}/securityRules/c", rule(direction="Outbound"))).status == 201
