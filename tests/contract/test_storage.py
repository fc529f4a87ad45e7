"""Storage accounts; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .client import GROUP, REGION, refusal
from .landscape import ACCOUNT, NETWORK, account_body, full, network

if TYPE_CHECKING:
    from .client import Client

IPV6_VERSION = "2025-06-01"
RULES = {"bypass": "AzureServices", "defaultAction": "Deny", "virtualNetworkRules": [], "ipRules": []}


def firewall(**acls: Any) -> dict[str, Any]:  # noqa: ANN401
    """A PATCH of the firewall."""
    return {"properties": {"networkAcls": {**RULES, **acls}}}


async def test_creation_is_polled_until_it_shows_the_account(azure: Client) -> None:
    """Recording Test_Storage_StorageAccount_20250601_CRUD: 202, Location, 17 seconds, the account at the end."""
    created = await azure.put(ACCOUNT, account_body())
    assert (created.status, created.body, created.headers["retry-after"]) == (202, None, "17")
    running = await azure.get(created.headers["location"])
    assert (running.status, running.headers["retry-after"]) == (202, "17")
    azure.wait(60)
    done = await azure.get(created.headers["location"])
    assert (done.status, done.body["properties"]["provisioningState"]) == (200, "Succeeded")


async def test_its_owner_can_do_nothing_with_an_account_that_is_being_made(azure: Client) -> None:
    """Wire examples, section 8: StorageAccountIsNotProvisioned until the creation has ended."""
    await azure.put(ACCOUNT, account_body())
    assert refusal(await azure.patch(ACCOUNT, {"tags": {"a": "b"}})) == (409, "StorageAccountIsNotProvisioned")
    assert refusal(await azure.post(f"{ACCOUNT}/listKeys")) == (409, "StorageAccountIsNotProvisioned")
    azure.wait(60)
    assert (await azure.patch(ACCOUNT, {"tags": {"a": "b"}})).status == 200


async def test_updates_are_synchronous_and_keep_what_they_omit(azure: Client) -> None:
    """Status code matrix: PUT and PATCH of an existing account answer 200 with it."""
    await azure.made(ACCOUNT, account_body(allowSharedKeyAccess=False))
    put = await azure.put(ACCOUNT, account_body(publicNetworkAccess="Disabled"))
    assert put.status == 200
    assert put.body["properties"]["publicNetworkAccess"] == "Disabled"
    assert put.body["properties"]["allowSharedKeyAccess"] is False


async def test_a_fresh_account_is_open_and_says_so_by_its_firewall_alone(azure: Client) -> None:
    """Recordings: `publicNetworkAccess` is absent, `defaultAction` is Allow."""
    properties = (await azure.made(ACCOUNT, account_body()))["properties"]
    assert "publicNetworkAccess" not in properties
    assert properties["networkAcls"] == {**RULES, "defaultAction": "Allow"}


V6 = {"value": "2606:2800:220:1::/64", "action": "Allow"}


async def test_rules_for_ipv6_are_kept(azure: Client) -> None:
    """Recording Test_Storage_StorageAccount_20250601_CRUD shows the member; no older version does."""
    await azure.made(ACCOUNT, account_body())
    patched = await azure.patch(ACCOUNT, firewall(ipv6Rules=[V6]), version=IPV6_VERSION, judged=False)
    assert patched.body["properties"]["networkAcls"]["ipv6Rules"] == [V6]
    for version, shown in ((IPV6_VERSION, [V6]), ("2023-05-01", None)):
        read = await azure.get(ACCOUNT, version=version)
        assert read.body["properties"]["networkAcls"].get("ipv6Rules") == shown
    await azure.patch(ACCOUNT, firewall(), version=IPV6_VERSION)
    assert (await azure.get(ACCOUNT, version=IPV6_VERSION)).body["properties"]["networkAcls"]["ipv6Rules"] == []


@pytest.mark.parametrize("value", ["203.0.113.7", "fd00::1", "fe80::/10", "nowhere"])
async def test_refused_rules_for_ipv6(azure: Client, value: str) -> None:
    """As for IPv4, public addresses only (ST-IP-01; for IPv6 unverified)."""
    await azure.made(ACCOUNT, account_body())
    body = firewall(ipv6Rules=[{"value": value}])
    answer = await azure.patch(ACCOUNT, body, version=IPV6_VERSION, judged=False)
    assert refusal(answer) == (400, "InvalidValuesForRequestParameters")


async def test_rules_that_a_patch_omits_are_gone(azure: Client) -> None:
    """Wire examples, section 8: `networkAcls` is replaced as a whole."""
    await azure.made(ACCOUNT, account_body())
    await azure.patch(ACCOUNT, firewall(ipRules=[{"value": "203.0.113.7"}]))
    await azure.patch(ACCOUNT, {"properties": {"networkAcls": {"defaultAction": "Deny"}}})
    assert (await azure.get(ACCOUNT)).body["properties"]["networkAcls"]["ipRules"] == []


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("10.1.2.3", id="a private address"),
        pytest.param("192.168.0.0/16", id="a private range"),
        pytest.param("203.0.113.7/32", id="one address written as a range"),
        pytest.param("203.0.113.6/31", id="two addresses written as a range"),
        pytest.param("2001:db8::1", id="IPv6"),
        pytest.param("anywhere", id="no address"),
    ],
)
async def test_refused_address_rules(azure: Client, value: str) -> None:
    """Rule ST-IP-01."""
    await azure.made(ACCOUNT, account_body())
    answer = await azure.patch(ACCOUNT, firewall(ipRules=[{"value": value}]))
    assert refusal(answer) == (400, "InvalidValuesForRequestParameters")


async def test_at_most_400_address_rules(azure: Client) -> None:
    """Limits table: 400 address rules per account."""
    await azure.made(ACCOUNT, account_body())
    many = [{"value": f"203.0.{n // 250}.{n % 250 + 1}"} for n in range(401)]
    assert (await azure.patch(ACCOUNT, firewall(ipRules=many[:400]))).status == 200
    assert (await azure.patch(ACCOUNT, firewall(ipRules=many))).status == 400


async def test_a_subnet_needs_its_service_endpoint_first(azure: Client) -> None:
    """Behaviour 23: NetworkAclsValidationFailure; rule ST-SE-01."""
    endpoints = {"serviceEndpoints": [{"service": "Microsoft.Storage"}]}
    await network(azure, bare={}, ready=endpoints)
    await azure.made(ACCOUNT, account_body())
    for subnet, expected in (
        ("bare", (400, "NetworkAclsValidationFailure")),
        ("none", (400, "NetworkAclsValidationFailure")),
        ("ready", (200, "")),
    ):
        rule = {"id": full(f"{NETWORK}/subnets/{subnet}"), "action": "Allow"}
        assert refusal(await azure.patch(ACCOUNT, firewall(virtualNetworkRules=[rule]))) == expected
    rules = (await azure.get(ACCOUNT)).body["properties"]["networkAcls"]["virtualNetworkRules"]
    assert rules == [{"id": full(f"{NETWORK}/subnets/ready"), "action": "Allow", "state": "Succeeded"}]


async def test_a_rule_whose_service_endpoint_is_gone_is_not_taken_again(azure: Client) -> None:
    """Field report F5: the write that repeats it is refused; public access alone is closed all the same."""
    await network(azure, ready={"serviceEndpoints": [{"service": "Microsoft.Storage"}]})
    await azure.made(ACCOUNT, account_body())
    rule = {"id": full(f"{NETWORK}/subnets/ready"), "action": "Allow"}
    assert (await azure.patch(ACCOUNT, firewall(virtualNetworkRules=[rule]))).status == 200
    await network(azure, ready={})
    repeated = await azure.patch(ACCOUNT, firewall(virtualNetworkRules=[rule]))
    assert refusal(repeated) == (400, "NetworkAclsValidationFailure")
    assert "SubnetsHaveNoServiceEndpointsConfigured" in repeated.body["error"]["message"]
    closed = await azure.patch(ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})
    assert (closed.status, closed.body["properties"]["publicNetworkAccess"]) == (200, "Disabled")
    kept = closed.body["properties"]["networkAcls"]["virtualNetworkRules"]
    assert [each["id"] for each in kept] == [rule["id"]]


async def test_a_rule_outlives_its_subnet(azure: Client) -> None:
    """Wire examples, section 8: state NetworkSourceDeleted."""
    await network(azure, ready={"serviceEndpoints": [{"service": "Microsoft.Storage"}]})
    await azure.made(ACCOUNT, account_body())
    subnet = f"{NETWORK}/subnets/ready"
    await azure.patch(ACCOUNT, firewall(virtualNetworkRules=[{"id": full(subnet)}]))
    await azure.delete(subnet)
    azure.wait()
    rules = (await azure.get(ACCOUNT)).body["properties"]["networkAcls"]["virtualNetworkRules"]
    assert [rule["state"] for rule in rules] == ["NetworkSourceDeleted"]


@pytest.mark.parametrize("name", ["ab", "a" * 25, "Capital", "with-hyphen"])
async def test_bad_names(azure: Client, name: str) -> None:
    """Names table and wire examples: AccountNameInvalid."""
    answer = await azure.put(f"Microsoft.Storage/storageAccounts/{name}", account_body())
    assert refusal(answer) == (400, "AccountNameInvalid")


async def test_names_are_global(azure: Client) -> None:
    """Wire examples, section 8: StorageAccountAlreadyTaken, also from another resource group."""
    await azure.made(ACCOUNT, account_body())
    other = GROUP.replace("/ml", "/other")
    await azure.put(other, {"location": REGION}, version="2024-07-01")
    answer = await azure.put(f"{other}/providers/{ACCOUNT}", account_body())
    assert refusal(answer) == (409, "StorageAccountAlreadyTaken")


async def test_services_come_with_the_account(azure: Client) -> None:
    """Recording Test_Storage_StorageAccount_20250601_CRUD: `default` of each service can be read at once."""
    await azure.made(ACCOUNT, account_body())
    services = await azure.get(f"{ACCOUNT}/blobServices")
    assert [each["name"] for each in services.body["value"]] == ["default"]
    assert (await azure.delete(f"{ACCOUNT}/blobServices/default", judged=False)).status == 405


async def test_private_link_groups_follow_the_kind(azure: Client) -> None:
    """Reference data, section 2; rule ST-KIND-01: general purpose v1 has none."""
    await azure.made(ACCOUNT, account_body())
    groups = (await azure.get(f"{ACCOUNT}/privateLinkResources")).body["value"]
    assert {each["properties"]["groupId"] for each in groups} == {"blob", "dfs", "file", "queue", "table", "web"}
    blob = next(each["properties"] for each in groups if each["name"] == "blob")
    assert blob["requiredZoneNames"] == ["privatelink.blob.core.windows.net"]
    old = "Microsoft.Storage/storageAccounts/mlold"
    await azure.made(old, {**account_body(), "kind": "Storage"})
    assert (await azure.get(f"{old}/privateLinkResources")).body == {"value": []}
