"""Resource Graph: rows, lag, change log with who, when and what, rights, formats."""

from __future__ import annotations

from typing import Any

from arm_emulator.config import Client, Config, Grant, default_clients

from .client import ADMIN, GROUP, NET, OPERATOR, SUB, SUBSCRIPTION, TENANT, Azure, Reply

GRAPH = "/providers/Microsoft.ResourceGraph/resources"
GUEST = "55555555-5555-4555-8555-555555555555"
NSG = f"{NET}/networkSecurityGroups/n"
RULE = {
    "access": "Allow",
    "direction": "Inbound",
    "protocol": "Tcp",
    "priority": 100,
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "*",
}


async def ask(azure: Azure, query: str, *, who: str = OPERATOR, **options: object) -> Reply:
    """Ask a query once the index has caught up."""
    body = {"subscriptions": [SUBSCRIPTION], "query": query, "options": options}
    azure.advance(5)
    return await azure.call("POST", GRAPH, body, who=who, version="2021-03-01")


async def rows(azure: Azure, query: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """The rows of a query that must succeed."""
    reply = await ask(azure, query, **more)
    assert reply.status == 200, reply.body
    return list(reply.body["data"])


async def test_a_row_has_the_documented_columns(started: Azure) -> None:
    """Lower-case type and group, the rest as GET shows it (reference data 13)."""
    found = await rows(started, "Resources | where type =~ 'Microsoft.Network/virtualNetworks'")
    assert len(found) == 1
    properties = found[0].pop("properties")
    assert [each["name"] for each in properties["subnets"]] == ["pe"]
    assert found[0] == {
        "id": f"{NET}/virtualNetworks/v",
        "name": "v",
        "type": "microsoft.network/virtualnetworks",
        "tenantId": TENANT,
        "kind": "",
        "location": "westeurope",
        "resourceGroup": "rg",
        "subscriptionId": SUBSCRIPTION,
        "managedBy": "",
        "sku": None,
        "plan": None,
        "tags": None,
        "identity": None,
        "zones": None,
        "extendedLocation": None,
    }


async def test_only_what_resource_graph_tracks_has_rows(started: Azure) -> None:
    """Links have rows; subnets, record sets and resource groups have none here."""
    zone = await started.zone()
    await started.make(
        f"{zone}/virtualNetworkLinks/l",
        {"location": "global", "properties": {"virtualNetwork": {"id": f"{NET}/virtualNetworks/v"}}},
    )
    found = await rows(started, "resources | summarize count() by type | order by type asc")
    assert [each["type"].split("/", 1)[1] for each in found] == [
        "privatednszones",
        "privatednszones/virtualnetworklinks",
        "virtualnetworks",
    ]
    groups = await rows(started, "resourcecontainers | where type endswith 'resourcegroups' | project name")
    assert groups == [{"name": "rg"}]


async def test_rows_lag_behind(azure: Azure) -> None:
    """A change shows after the configured lag, and until then the old row (reference data 13)."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    azure.advance()
    query = {"query": "resources | project tags"}
    await azure.call("POST", GRAPH, query)
    await azure.put(NSG, {"location": "westeurope", "tags": {"a": "1"}})
    assert (await azure.call("POST", GRAPH, query)).body["data"] == [{"tags": None}]
    azure.advance(4)
    assert (await azure.call("POST", GRAPH, query)).body["data"] == [{"tags": {"a": "1"}}]


async def test_who_changed_what_and_when(azure: Azure) -> None:
    """One record per write: user name, type, operation, time, old and new value of each property."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope", "tags": {"a": "1"}})
    when = azure.emulator.clock.text()
    await azure.put(NSG, {"location": "westeurope", "tags": {"a": "2"}}, who=ADMIN)
    query = (
        f"resourcechanges | where todatetime(properties.changeAttributes.timestamp) >= datetime({when}) "
        f"and properties.targetResourceId in~ ('{NSG.upper()}') | project properties"
    )
    found = [each["properties"] for each in await rows(azure, query)]
    assert len(found) == 1
    assert found[0]["changes"] == {"tags.a": {"previousValue": "1", "newValue": "2", "isTruncated": "false"}}
    assert (found[0]["targetResourceType"], found[0]["changeType"]) == (
        "microsoft.network/networksecuritygroups",
        "Update",
    )
    attributes = found[0]["changeAttributes"]
    assert (attributes["changedBy"], attributes["changedByType"], attributes["changesCount"]) == (
        "admin@contoso.com",
        "User",
        1,
    )
    assert attributes["operation"] == "microsoft.network/networksecuritygroups/write"


async def test_a_child_without_a_row_changes_its_parent(azure: Azure) -> None:
    """A security rule shows as a change of its group, with the rule's place in the path."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    await azure.make(f"{NSG}/securityRules/open", {"properties": RULE}, who=ADMIN)
    await azure.delete(f"{NSG}/securityRules/open", who=ADMIN)
    azure.advance()
    found = await rows(
        azure,
        "resourcechanges | where properties.changeAttributes.changedByType == 'User' "
        "| order by tostring(properties.changeAttributes.timestamp) asc | project properties",
    )
    first, last = found[0]["properties"], found[-1]["properties"]
    assert first["targetResourceId"] == NSG
    assert first["changes"]["properties.securityRules[0].name"]["newValue"] == "open"
    assert last["changes"]["properties.securityRules[0].name"] == {
        "previousValue": "open",
        "newValue": None,
        "isTruncated": "false",
    }


async def test_creation_and_deletion_have_no_property_changes(azure: Azure) -> None:
    """The changesCount is 0 for Create and Delete (reference data 13)."""
    await azure.group()
    await azure.make(NSG, {"location": "westeurope"})
    await azure.delete(NSG)
    azure.advance()
    found = await rows(azure, f"resourcechanges | where properties.targetResourceId == '{NSG}'")
    kinds = [(each["properties"]["changeType"], each["properties"]["changes"]) for each in found]
    assert kinds == [("Create", {}), ("Delete", {})]


async def test_side_effects_are_systems(started: Azure) -> None:
    """Records that a zone group writes are changes by System."""
    storage = await started.storage()
    await started.zone()
    await started.make(
        f"{NET}/privateEndpoints/p",
        {
            "location": "westeurope",
            "properties": {
                "subnet": {"id": f"{NET}/virtualNetworks/v/subnets/pe"},
                "privateLinkServiceConnections": [
                    {"name": "c", "properties": {"privateLinkServiceId": storage, "groupIds": ["blob"]}}
                ],
            },
        },
    )
    found = await rows(
        started, "resourcechanges | where properties.targetResourceType == 'microsoft.network/networkinterfaces'"
    )
    assert {each["properties"]["changeAttributes"]["changedByType"] for each in found} == {"System"}


async def test_rows_are_what_the_caller_may_read() -> None:
    """A reader of one group sees that group's rows."""
    guest = Client(GUEST, "guest-object", "s", "guest", grants=(Grant(GROUP, actions=("*/read",)),))
    async with Azure.start(Config(clients=(*default_clients(), guest))) as azure:
        await azure.group()
        await azure.group(f"{SUB}/resourceGroups/other")
        await azure.make(NSG, {"location": "westeurope"})
        await azure.make(NSG.replace("/rg/", "/other/"), {"location": "westeurope"})
        assert len(await rows(azure, "resources")) == 2
        assert [each["id"] for each in await rows(azure, "resources", who=GUEST)] == [NSG]


async def test_pages_and_tables(azure: Azure) -> None:
    """$top with $skipToken, resultTruncated as text, and the table format."""
    await azure.group()
    for index in range(3):
        await azure.make(f"{NSG}{index}", {"location": "westeurope"})
    query = "resources | order by name asc | project name"
    first = await ask(azure, query, **{"$top": 2})
    assert (first.body["count"], first.body["totalRecords"], first.body["resultTruncated"]) == (2, 3, "false")
    second = await ask(azure, query, **{"$top": 2, "$skipToken": first.body["$skipToken"]})
    assert second.body["data"] == [{"name": "n2"}]
    assert "$skipToken" not in second.body
    table = (await ask(azure, query, resultFormat="table")).body["data"]
    assert (table["columns"], table["rows"][0]) == ([{"name": "name", "type": "string"}], ["n0"])


async def test_an_unsupported_query_is_refused_and_listed(azure: Azure) -> None:
    """400 with what is missing, and an entry under unserved: nothing is answered wrongly."""
    reply = await ask(azure, "resources | join kind=inner (resources) on id")
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert "'join'" in reply.message
    assert "KQL" in (await azure.control("GET", "unserved"))["value"][0]["request"]
