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


def tag(text: str) -> dict[str, str]:
    """A destination."""
    return {"destinationAddressPrefix": text}


ADDRESS = "SecurityRuleInvalidAddressPrefix"
PORT = {"destinationPortRange": "65536"}
LISTED = {"destinationPortRange": "636, 389"}


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "Internet",
        "AzureMachineLearning",
        "storage.WestEurope",
        "BatchNodeManagement.westeurope",
        "AzureFrontDoor.Frontend",
        "10.0.0.7",
        "10.0.0.0/8",
        "2001:db8::/32",
    ],
)
async def test_what_an_address_may_be(azure: Azure, text: str) -> None:
    """Tags of reference data 4, whatever their case; addresses and ranges of both kinds."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    made = await azure.make(f"{NSG}/securityRules/a", rule(**tag(text)))
    assert made.properties["destinationAddressPrefix"] == text


async def test_a_rule_inside_its_group_is_judged_too(azure: Azure) -> None:
    """The group's PUT carries rules; nothing of it is taken when one is bad."""
    await azure.group()
    bad = {"name": "a", **rule(**tag("AzureMagic"))}
    refused = await azure.put(NSG, {"location": "westeurope", "properties": {"securityRules": [bad]}})
    assert (refused.status, refused.code) == (400, ADDRESS)
    assert (await azure.get(NSG)).status == 404


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        pytest.param({"priority": 123}, "SecurityRuleConflict", id="priority taken in this direction"),
        pytest.param({"priority": 99}, "SecurityRuleInvalidPriority", id="priority below 100"),
        pytest.param({"priority": 4097}, "SecurityRuleInvalidPriority", id="priority above 4096"),
        pytest.param({"priority": 200, "protocol": "Gre"}, "SecurityRuleInvalidProtocol", id="unknown protocol"),
        pytest.param({"priority": 200, **PORT}, "SecurityRuleInvalidPortRange", id="port above 65535"),
        pytest.param(
            {"priority": 200, "sourcePortRange": "-1"}, "SecurityRuleInvalidPortRange", id="port below 0"
        ),
        pytest.param({"priority": 200, "sourcePortRange": "9-8"}, "SecurityRuleInvalidPortRange", id="backwards"),
        pytest.param({"priority": 200, **LISTED}, "SecurityRuleInvalidPortRange", id="two ports in one text"),
        pytest.param(
            {"priority": 200, "destinationPortRanges": ["x"]}, "SecurityRuleInvalidPortRange", id="in a list"
        ),
        pytest.param({"priority": 200, **tag("AzureMagic")}, ADDRESS, id="a tag that there is not"),
        pytest.param({"priority": 200, **tag("VIRTUAL_NETWORK")}, ADDRESS, id="a tag of the old kind"),
        pytest.param({"priority": 200, **tag("KeyVault.westeurope")}, ADDRESS, id="a tag as a page misspells it"),
        pytest.param(
            {"priority": 200, **tag("Storage.westmars")}, ADDRESS, id="a tag of a region that there is not"
        ),
        pytest.param(
            {"priority": 200, **tag("AzureActiveDirectory.westeurope")}, ADDRESS, id="not a regional tag"
        ),
        pytest.param({"priority": 200, **tag("50.206.209.68/27")}, ADDRESS, id="a range with host bits"),
        pytest.param(
            {"priority": 200, "sourceAddressPrefixes": ["10.0.0.300"]}, ADDRESS, id="no address, in a list"
        ),
    ],
)
async def test_refused_rules(azure: Azure, properties: dict[str, object], code: str) -> None:
    """400 (wire examples 4).

    Ports: hashicorp/terraform-provider-azurerm pull request 1530. Addresses: Azure/azure-powershell issues 391 and
    4557.
    """
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    await azure.make(f"{NSG}/securityRules/a", rule())
    reply = await azure.put(f"{NSG}/securityRules/b", rule(**properties))
    assert (reply.status, reply.code) == (400, code)
    assert (await azure.put(f"{NSG}/securityRules/c", rule(direction="Outbound"))).status == 201
