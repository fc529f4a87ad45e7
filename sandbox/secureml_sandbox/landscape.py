"""What a company has before the operator comes: workspaces that anybody on the internet can reach.

Two resource groups, one network, and per workspace its own storage account, vault, registry and Application
Insights, all publicly open and shaped like recorded requests. `landscape` only describes; `load` creates it
through the ordinary API.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secureml_sandbox.arm_client import ArmClient, Json

GROUPS = "2025-04-01"
NETWORK = "2025-05-01"
STORAGE = "2025-06-01"
VAULTS = "2024-11-01"
REGISTRIES = "2025-11-01"
INSIGHTS = "2020-02-02"
WORKSPACES = "2024-10-01"

SMALL = 30
"""So many workspaces fit into the small subnet for endpoints; about 500 into the large one."""

PARALLEL_WRITES = 32
"""More gain nothing: one emulator answers on one core."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a landscape."""

    id: str
    api_version: str
    body: dict[str, Any]


def landscape(
    subscription: str,
    tenant: str,
    workspaces: Sequence[str] = ("fraud", "churn"),
    location: str = "westeurope",
    group: str = "ml",
) -> list[Item]:
    """Describe an open landscape.

    Args:
        subscription: subscription id.
        tenant: tenant id, which a vault's body must name.
        workspaces: names; each gets its own storage account, vault, registry and Application Insights.
        location: Azure region of everything.
        group: resource group of the workspaces; the network is in `network`.

    Returns:
        The resources, each after what it needs.
    """
    home = f"/subscriptions/{subscription}/resourceGroups"
    items = [Item(f"{home}/{name}", GROUPS, {"location": location}) for name in (group, "network")]
    items.append(Item(network_id(subscription), NETWORK, _network(location, len(workspaces))))
    for name in workspaces:
        items.extend(_workspace(f"{home}/{group}", name, location, tenant))
    return items


def network_id(subscription: str) -> str:
    """Give the id of the landscape's virtual network, 10.20.0.0/16."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/ml-vnet"
    )


def subnet_id(subscription: str, name: str = "endpoints") -> str:
    """Give the id of one of its subnets: `endpoints` (256 addresses) or `training` (1024)."""
    return f"{network_id(subscription)}/subnets/{name}"


def workspace_id(subscription: str, name: str, group: str = "ml") -> str:
    """Give the id of a workspace of the landscape."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/"
        f"Microsoft.MachineLearningServices/workspaces/{name}"
    )


def _network(location: str, workspaces: int) -> Json:
    # Each workspace takes eight addresses: three, one for each of blob, file and vault, two for the registry.
    endpoints = "10.20.0.0/24" if workspaces <= SMALL else "10.20.16.0/20"

    def subnet(name: str, prefix: str) -> Json:
        return {"name": name, "properties": {"addressPrefix": prefix}}

    return {
        "location": location,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]},
            "subnets": [subnet("endpoints", endpoints), subnet("training", "10.20.4.0/22")],
        },
    }


def _workspace(group: str, name: str, location: str, tenant: str) -> Iterator[Item]:
    """Describe a workspace after the four things that it names."""
    short = _globally_unique(group, name)
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/st{short}"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-{short}"
    registry = f"{group}/providers/Microsoft.ContainerRegistry/registries/cr{short}"
    insights = f"{group}/providers/Microsoft.Insights/components/appi-{name}"
    yield Item(
        storage,
        STORAGE,
        {
            "location": location,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {
                "accessTier": "Hot",
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": True,
                "allowBlobPublicAccess": False,
            },
        },
    )
    vault_properties = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    yield Item(vault, VAULTS, {"location": location, "properties": vault_properties})
    yield Item(
        registry,
        REGISTRIES,
        {"location": location, "sku": {"name": "Premium"}, "properties": {"adminUserEnabled": False}},
    )
    yield Item(
        insights, INSIGHTS, {"location": location, "kind": "web", "properties": {"Application_Type": "web"}}
    )
    yield Item(
        f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{name}",
        WORKSPACES,
        {
            "location": location,
            "identity": {"type": "SystemAssigned"},
            "sku": {"name": "Basic", "tier": "Basic"},
            "properties": {
                "friendlyName": name,
                "storageAccount": storage,
                "keyVault": vault,
                "containerRegistry": registry,
                "applicationInsights": insights,
            },
        },
    )


def _globally_unique(group: str, name: str) -> str:
    """Make a name that fits a storage account (24 letters and digits) and differs between subscriptions."""
    digest = hashlib.sha256(f"{group}/{name}".lower().encode()).hexdigest()[:6]
    letters = "".join(each for each in name.lower() if each.isalnum())
    return f"{letters[:14]}{digest}"


async def load(arm: ArmClient, items: Sequence[Item]) -> None:
    """Create a landscape, as much at once as the dependencies allow.

    Args:
        arm: signed in as somebody who may write all of it.
        items: each after what it needs.

    Raises:
        ExceptionGroup: of the `ArmRefusalError` of the items that Azure refused.
    """
    slots = asyncio.Semaphore(PARALLEL_WRITES)
    done = {item.id.lower(): asyncio.Event() for item in items}

    async def create(item: Item) -> None:
        for needed in sorted(dependencies(item) & done.keys()):
            await done[needed].wait()
        async with slots:
            await arm.put(item.id, item.api_version, item.body)
        done[item.id.lower()].set()

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(create(item))


def dependencies(item: Item) -> set[str]:
    """Give the lower-case ids that must exist before `item`: what its body names, and all their parents."""
    found: set[str] = set()
    for each in (item.id, *_ids(item.body)):
        parts = each.lower().split("/")
        found.update("/".join(parts[:end]) for end in range(len(parts), 1, -1))
    return found - {item.id.lower()}


def _ids(value: object) -> Iterator[str]:
    """Give every resource id inside a body."""
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)
