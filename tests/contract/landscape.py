"""Bodies and small landscapes that several contract tests build on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import GROUP, REGION

if TYPE_CHECKING:
    from .client import Client

TENANT = "11111111-1111-4111-8111-111111111111"
ACCOUNT = "Microsoft.Storage/storageAccounts/mldata"
VAULT = "Microsoft.KeyVault/vaults/mlvault"
REGISTRY = "Microsoft.ContainerRegistry/registries/mlimages"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces/fraud"
NETWORK = "Microsoft.Network/virtualNetworks/ml"
CLUSTER = f"{WORKSPACE}/computes/build"


def full(place: str) -> str:
    """The id of a place in the group `ml`."""
    return f"{GROUP}/providers/{place}"


def account_body(**properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A general purpose v2 account."""
    return {"location": REGION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}


def vault_body(**properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A standard vault without access policies."""
    return {
        "location": REGION,
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            **properties,
        },
    }


def registry_body(sku: str = "Premium", **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A registry."""
    return {"location": REGION, "sku": {"name": sku}, "properties": properties}


def workspace_body(**properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A workspace on the account and vault of the group."""
    return {
        "location": REGION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"storageAccount": full(ACCOUNT), "keyVault": full(VAULT), **properties},
    }


def cluster_body(**inner: Any) -> dict[str, Any]:  # noqa: ANN401
    """A cluster."""
    return {
        "location": REGION,
        "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", **inner}},
    }


async def network(azure: Client, **subnets: dict[str, Any]) -> None:
    """The network `ml` with the named subnets, each a /24 with the given properties."""
    await azure.made(
        NETWORK, {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    )
    for index, (name, properties) in enumerate(subnets.items()):
        body = {"properties": {"addressPrefix": f"10.0.{index}.0/24", **properties}}
        await azure.made(f"{NETWORK}/subnets/{name}", body)


async def workspace(azure: Client, **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A workspace with what it needs."""
    await azure.made(ACCOUNT, account_body())
    await azure.made(VAULT, vault_body())
    return await azure.made(WORKSPACE, workspace_body(**properties))
