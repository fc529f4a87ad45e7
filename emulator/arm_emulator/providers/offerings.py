"""What a subscription's providers say of their types: API versions and regions to choose from.

Clients ask before they write: a command line takes the newest stable version of a type from here.

Witness: operations Providers_Get and Subscriptions_ListLocations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator import api_versions
from arm_emulator.ids import RESOURCE_GROUPS
from arm_emulator.regions import REGIONS, WORLDWIDE, Region

if TYPE_CHECKING:
    from arm_emulator.hooks import ResourceType
    from arm_emulator.model import JsonObject
    from arm_emulator.registry import Registry


GENERIC = {"Microsoft.Insights/components": True, "Microsoft.Resources/tags": False}
"""Types without a module of their own that the offered providers list, and whether they are regional."""


def resource_types(registry: Registry[ResourceType], namespace: str) -> list[JsonObject]:
    """The `resourceTypes` of one provider."""
    regional = {**GENERIC, **{each.name: each.located for each in registry.types()}}
    prefix = f"{namespace.lower()}/"
    return [
        {
            "resourceType": kind.split("/", 1)[1],
            "locations": _locations(kind, regional=regional[kind]),
            "apiVersions": list(api_versions.of(kind)),
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
            "pairedRegion": [{"name": region.pair, "id": f"{root}/{region.pair}"}] if region.pair else [],
        },
    }
