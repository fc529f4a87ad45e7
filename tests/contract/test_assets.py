"""Datastores, online endpoints and outbound rules of workspaces; source: the documents of 2024-10-01."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .client import REGION
from .landscape import WORKSPACE, workspace

if TYPE_CHECKING:
    from .client import Client


async def test_a_workspace_is_born_with_four_datastores(azure: Client) -> None:
    """One of them is the default; all live on the workspace's own account."""
    await workspace(azure)
    stores = {
        each["name"]: each["properties"] for each in (await azure.get(f"{WORKSPACE}/datastores")).body["value"]
    }
    assert [name for name, properties in stores.items() if properties["isDefault"]] == ["workspaceblobstore"]
    assert {properties["accountName"] for properties in stores.values()} == {"mldata"}
    assert len(stores) == 4


async def test_credentials_of_datastores_stay_hidden(azure: Client) -> None:
    """Secrets are accepted and not shown."""
    await workspace(azure)
    store = {
        "datastoreType": "AzureBlob",
        "accountName": "mldata",
        "containerName": "c",
        "credentials": {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "k"}},
    }
    made = await azure.put(f"{WORKSPACE}/datastores/mine", {"properties": store})
    assert (made.status, made.body["properties"]["credentials"]) == (201, {"credentialsType": "AccountKey"})


async def test_online_endpoints_are_open_unless_told(azure: Client) -> None:
    """Rule WS-ENDPT-01: an endpoint has its own publicNetworkAccess."""
    await workspace(azure)
    endpoint = await azure.made(
        f"{WORKSPACE}/onlineEndpoints/score",
        {"location": REGION, "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}},
    )
    assert endpoint["properties"]["publicNetworkAccess"] == "Enabled"
    assert endpoint["properties"]["scoringUri"].startswith("https://score.westeurope.inference.ml.azure.com/")


async def test_outbound_rules_can_be_listed(azure: Client) -> None:
    """Wire examples, section 1.2: report only."""
    await workspace(azure, managedNetwork={"isolationMode": "AllowOnlyApprovedOutbound"})
    assert (await azure.get(f"{WORKSPACE}/outboundRules")).body["value"] == []
    rule = {"properties": {"type": "FQDN", "destination": "example.org", "category": "UserDefined"}}
    await azure.put(f"{WORKSPACE}/outboundRules/example", rule)
    (listed,) = (await azure.get(f"{WORKSPACE}/outboundRules")).body["value"]
    assert listed["properties"]["status"] == "Inactive"
