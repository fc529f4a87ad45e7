"""What a subscription's providers say of their types: API versions and regions to choose from.

Clients ask before they write: a command line takes the newest stable version of a type from here. Every version
is answered alike but for what a provider decides by it, so a version that is not listed is no error.

Witness: the API versions of the recordings and of Microsoft's OpenAPI documents, newest first; operations
Providers_Get and Subscriptions_ListLocations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.ids import RESOURCE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.hooks import ResourceType
    from arm_emulator.model import JsonObject
    from arm_emulator.registry import Registry


@dataclass(frozen=True, slots=True)
class Region:
    """One region: its short name, the name people read, and its geography and partner."""

    name: str
    title: str
    geography: str
    group: str
    pair: str


REGIONS = (
    Region("westeurope", "West Europe", "Europe", "Europe", "northeurope"),
    Region("northeurope", "North Europe", "Europe", "Europe", "westeurope"),
    Region("westus2", "West US 2", "United States", "US", "westcentralus"),
    Region("westus3", "West US 3", "United States", "US", "eastus"),
    Region("eastus", "East US", "United States", "US", "westus"),
    Region("eastus2", "East US 2", "United States", "US", "centralus"),
)

VERSIONS: Mapping[str, tuple[str, ...]] = {
    "microsoft.authorization": ("2022-04-01", "2020-10-01-preview"),
    "microsoft.authorization/locks": ("2020-05-01", "2016-09-01"),
    "microsoft.compute": ("2024-07-01", "2020-12-01"),
    "microsoft.containerregistry": ("2025-11-01", "2025-04-01", "2023-07-01"),
    "microsoft.containerservice": ("2024-09-01",),
    "microsoft.insights/components": ("2020-02-02", "2015-05-01"),
    "microsoft.keyvault": ("2024-11-01", "2023-07-01", "2021-04-01-preview"),
    "microsoft.machinelearningservices": (
        "2024-10-01",
        "2024-10-01-preview",
        "2024-04-01",
        "2023-08-01-preview",
        "2023-04-01",
        "2021-07-01",
    ),
    "microsoft.managedidentity": ("2023-01-31", "2018-11-30"),
    "microsoft.network": ("2025-03-01", "2024-03-01", "2022-01-01", "2020-11-01"),
    "microsoft.network/privatednszones": ("2024-06-01", "2020-06-01", "2018-09-01"),
    "microsoft.resources": ("2024-11-01", "2024-07-01", "2021-04-01", "2020-06-01"),
    "microsoft.storage": ("2025-06-01", "2023-05-01", "2022-04-01", "2021-04-01"),
}
"""By the longest part of a lower-case type name."""

GENERIC = {"Microsoft.Insights/components": True, "Microsoft.Resources/tags": False}
"""Types without a module of their own that the offered providers list, and whether they are regional."""

WORLDWIDE = "microsoft.network/privatednszones"
"""Zones and what is in them are in no region: their location is `global`."""


def versions(kind: str) -> list[str]:
    """The API versions listed for a type, newest first; empty where none is known."""
    name = kind.lower()
    while name:
        if name in VERSIONS:
            return list(VERSIONS[name])
        name = name.rpartition("/")[0]
    return []


def resource_types(registry: Registry[ResourceType], namespace: str) -> list[JsonObject]:
    """The `resourceTypes` of one provider."""
    regional = {**GENERIC, **{each.name: each.located for each in registry.types()}}
    prefix = f"{namespace.lower()}/"
    return [
        {
            "resourceType": kind.split("/", 1)[1],
            "locations": _locations(kind, regional=regional[kind]),
            "apiVersions": versions(kind),
            "capabilities": "SupportsTags, SupportsLocation" if regional[kind] else "None",
        }
        for kind in sorted(regional)
        if kind.lower().startswith(prefix)
    ]


def _locations(kind: str, *, regional: bool) -> list[str]:
    if kind.lower().startswith(WORLDWIDE):
        return ["global"]
    return [each.title for each in REGIONS] if regional or kind == RESOURCE_GROUPS else []


def location(subscription: str, region: Region) -> JsonObject:
    """One entry of a subscription's locations."""
    root = f"/subscriptions/{subscription}/locations"
    return {
        "id": f"{root}/{region.name}",
        "name": region.name,
        "type": "Region",
        "displayName": region.title,
        "regionalDisplayName": f"({region.group}) {region.title}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": region.geography,
            "geographyGroup": region.group,
            "pairedRegion": [{"name": region.pair, "id": f"{root}/{region.pair}"}],
        },
    }
