"""Private DNS zones, links and record sets."""

from __future__ import annotations

from typing import Any

import pytest

from .client import GROUP, NET, SUB, SUBSCRIPTION, Azure, link

ZONE = f"{NET}/privateDnsZones/privatelink.blob.core.windows.net"
VNET = f"{NET}/virtualNetworks/v"


async def test_a_zone_counts_what_is_in_it(started: Azure) -> None:
    """Counters and limits as recorded: a new zone has one record set, its start of authority."""
    found = await started.make(ZONE, {"location": "global"})
    assert found.headers["ETag"] == found.body["etag"]
    assert (
        found.properties.items()
        >= {
            "numberOfRecordSets": 1,
            "maxNumberOfRecordSets": 25000,
            "numberOfVirtualNetworkLinks": 0,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
            "provisioningState": "Succeeded",
        }.items()
    )
    await started.put(f"{ZONE}/A/x", {"properties": {"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.9"}]}})
    await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    after = (await started.get(ZONE)).properties
    assert (after["numberOfRecordSets"], after["numberOfVirtualNetworkLinks"]) == (2, 1)


async def test_a_zone_is_global(started: Azure) -> None:
    """Any other location is refused."""
    assert (await started.put(ZONE, {"location": "westeurope"})).code == "LocationNotAvailableForResourceType"


async def test_a_link_shows_its_state(started: Azure) -> None:
    """State Completed, hex tag in quotes (recorded)."""
    await started.zone()
    found = await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    assert found.properties["virtualNetworkLinkState"] == "Completed"
    assert found.body["etag"].startswith('"')
    assert found.body["etag"].endswith('"')


def falling_back(network: str, policy: str = "NxDomainRedirect") -> dict[str, Any]:
    """The body of a link with a resolution policy."""
    body = link(network)
    return {**body, "properties": {**body["properties"], "resolutionPolicy": policy}}


async def test_a_link_may_fall_back(started: Azure) -> None:
    """Shown and written with 2024-06-01 and later only (article on the fall-back to the internet; OpenAPI)."""
    await started.zone()
    path = f"{ZONE}/virtualNetworkLinks/l"
    assert (await started.put(path, falling_back(VNET, "Redirect"))).status == 400
    found = await started.make(path, falling_back(VNET))
    assert found.properties["resolutionPolicy"] == "NxDomainRedirect"
    assert "resolutionPolicy" not in (await started.get(path, version="2020-06-01")).properties
    await started.outcome(await started.put(path, falling_back(VNET, "Default"), version="2020-06-01"))
    assert (await started.get(path)).properties["resolutionPolicy"] == "NxDomainRedirect"
    await started.outcome(await started.call("PATCH", path, {"properties": {"resolutionPolicy": "Default"}}))
    assert (await started.get(path)).properties["resolutionPolicy"] == "Default"


async def test_only_a_zone_of_private_link_shows_a_policy(started: Azure) -> None:
    """Recorded in Test_Networking_PrivateDnsZone_20240601_CRUD: a link of an ordinary zone has none."""
    await started.zone()
    ordinary = await started.zone("contoso.example")
    shown = [
        (await started.make(f"{zone}/virtualNetworkLinks/l", link(VNET))).properties.get("resolutionPolicy")
        for zone in (ZONE, ordinary)
    ]
    assert shown == ["Default", None]


def registering(network: str) -> dict[str, Any]:
    """The body of a link that registers the network's machines."""
    body = link(network)
    return {**body, "properties": {**body["properties"], "registrationEnabled": True}}


async def test_a_network_registers_in_one_zone(started: Azure) -> None:
    """The second link fails in its operation (Azure/terraform-azurerm-caf-enterprise-scale issue 157)."""
    first, second = await started.zone("one.example"), await started.zone("two.example")
    await started.make(f"{first}/virtualNetworkLinks/l", registering(VNET))
    path = f"{second}/virtualNetworkLinks/l"
    outcome = (await started.outcome(await started.put(path, registering(VNET)))).body
    assert (outcome["status"], outcome["error"]["code"]) == ("Failed", "Conflict")
    assert outcome["error"]["message"] == (
        "A virtual network can only be linked to 1 Private DNS zone(s) with auto-registration enabled; "
        'conflicting Private DNS zone is "one.example".'
    )
    assert (await started.get(path)).status == 404
    await started.make(path, link(VNET))
    await started.outcome(await started.call("PATCH", path, {"properties": {"registrationEnabled": True}}))
    assert (await started.get(path)).properties["registrationEnabled"] is False


async def test_a_record_that_is_not_there(started: Azure) -> None:
    """404 without the envelope that other services have (Azure/azure-cli issue 27374)."""
    await started.zone()
    missing = await started.get(f"{ZONE}/A/none")
    assert (missing.status, missing.body) == (
        404,
        {
            "code": "NotFound",
            "message": "The resource record 'none' does not exist in resource group 'rg' of subscription "
            f"'{SUBSCRIPTION}'.",
        },
    )
    log = (await started.control("GET", "requests?path=/A/none"))["value"]
    assert [each["error"] for each in log] == ["NotFound"]


async def test_a_zone_with_links_stays(started: Azure) -> None:
    """409 CannotDeleteResource by the gateway, in recorded words; gone once the link is."""
    await started.zone()
    await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    refused = await started.delete(ZONE)
    assert (refused.status, refused.code, refused.headers["x-ms-failure-cause"]) == (
        409,
        "CannotDeleteResource",
        "gateway",
    )
    name = ZONE.rsplit("/", 1)[-1]
    assert f"'Microsoft.Network/privateDnsZones/{name}/virtualNetworkLinks/l'" in refused.message
    assert (await started.outcome(await started.delete(f"{ZONE}/virtualNetworkLinks/l"))).body[
        "status"
    ] == "Succeeded"
    assert (await started.outcome(await started.delete(ZONE))).body["status"] == "Succeeded"
    assert (await started.get(ZONE)).status == 404


async def test_a_network_is_linked_to_a_name_once(started: Azure) -> None:
    """A second zone of the name: accepted, then Failed with BadRequest (issues in wire examples 7)."""
    await started.zone()
    await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    await started.group(f"{SUB}/resourceGroups/other")
    second = await started.zone(group=f"{SUB}/resourceGroups/other/providers/Microsoft.Network")
    reply = await started.put(f"{second}/virtualNetworkLinks/l", link(VNET))
    assert reply.status == 202
    outcome = (await started.outcome(reply)).body
    assert (outcome["status"], outcome["error"]["code"]) == ("Failed", "BadRequest")
    assert outcome["error"]["message"].startswith(
        "A virtual network cannot be linked to multiple zones with overlapping namespaces."
    )
    assert (await started.get(f"{second}/virtualNetworkLinks/l")).status == 404


async def test_a_network_is_linked_to_a_zone_once(started: Azure) -> None:
    """409 Conflict for the same network under another link name."""
    await started.zone()
    await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    reply = await started.put(f"{ZONE}/virtualNetworkLinks/m", link(VNET))
    assert (reply.status, reply.code) == (409, "Conflict")


async def test_a_link_needs_its_network(started: Azure) -> None:
    """A network that does not exist is refused."""
    await started.zone()
    assert (await started.put(f"{ZONE}/virtualNetworkLinks/l", link(f"{VNET}x"))).status == 400


async def test_records_are_synchronous(started: Azure) -> None:
    """201, 200, DELETE 200 then 204; full name with a dot; bare tag; If-None-Match (recorded, conventions 12)."""
    await started.zone()
    path, body = f"{ZONE}/A/x", {"properties": {"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.9"}]}}
    first = await started.put(path, body, headers={"If-None-Match": "*"})
    assert (first.status, first.properties["fqdn"]) == (201, "x.privatelink.blob.core.windows.net.")
    assert "provisioningState" not in first.properties
    assert (await started.put(path, body, headers={"If-None-Match": "*"})).status == 412
    assert (await started.put(path, body)).status == 200
    assert (await started.get(path)).headers["ETag"] == (await started.get(path)).body["etag"]
    assert [(await started.delete(path)).status for _ in range(2)] == [200, 204]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("A", {"ttl": 1, "aRecords": [{"ipv4Address": "300.1.1.1"}]}),
        ("CNAME", {"ttl": 1, "aRecords": []}),
    ],
)
async def test_bad_records(started: Azure, kind: str, properties: dict[str, object]) -> None:
    """400 for a record set with another type's records, or with an address that is none."""
    await started.zone()
    assert (await started.put(f"{ZONE}/{kind}/x", {"properties": properties})).status == 400


async def test_a_record_set_may_be_empty(started: Azure) -> None:
    """No member is required (OpenAPI, RecordSetProperties), and an empty list is shown.

    The list is recorded in azure-cli's test_add_record_when_record_set_is_empty; `record-set a create`, then
    `add-record`, appends to it.
    """
    await started.zone()
    reply = await started.put(f"{ZONE}/A/later", {"properties": {"ttl": 10}})
    assert (reply.status, reply.properties["ttl"], reply.properties["aRecords"]) == (201, 10, [])
    alias = await started.put(f"{ZONE}/CNAME/later", {"properties": {"ttl": 10}})
    assert (alias.status, "cnameRecord" in alias.properties) == (201, False)
    filled = {"properties": {"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.9"}]}}
    assert (await started.put(f"{ZONE}/A/later", filled)).properties["aRecords"] == [{"ipv4Address": "10.0.0.9"}]


async def test_all_record_sets_in_one_list(started: Azure) -> None:
    """`ALL` lists every type; links are no records."""
    await started.zone()
    await started.put(f"{ZONE}/A/x", {"properties": {"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.9"}]}})
    await started.put(f"{ZONE}/CNAME/y", {"properties": {"ttl": 10, "cnameRecord": {"cname": "x"}}})
    await started.make(f"{ZONE}/virtualNetworkLinks/l", link(VNET))
    rows = (await started.get(f"{ZONE}/ALL")).body["value"]
    assert [each["type"].rsplit("/", 1)[-1] for each in rows] == ["SOA", "A", "CNAME"]
    assert [each["name"] for each in (await started.get(f"{ZONE}/A")).body["value"]] == ["x"]
    assert GROUP in ZONE
