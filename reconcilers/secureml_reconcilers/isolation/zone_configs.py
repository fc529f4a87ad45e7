"""The entries of a zone group: one for each zone that it writes into (DNS-02, DNS-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.values import Entries
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.zones import Zone


def zones_in(group: Body | None) -> set[str]:
    """Keys of the zones into which a group writes."""
    return {text_in(each, "properties.privateDnsZoneId").lower() for each in _entries(group)}


def configs(zones: Iterable[Zone], group: Body | None) -> Entries:
    """One entry per zone, compared by the zone alone: one that is renamed drops its records meanwhile.

    A zone of the same name goes for it: Azure takes one of each name into a group.
    """
    present, every = zones_in(group), list(zones)
    items = tuple(
        {"properties": {"privateDnsZoneId": zone.id.text}}
        if zone.id.key in present
        else {"name": zone.id.name.replace(".", "-"), "properties": {"privateDnsZoneId": zone.id.text}}
        for zone in every
    )
    going = tuple(each.text for zone in every for each in replaced_by(zone, group))
    return Entries("properties.privateDnsZoneId", items, going)


def replaced_by(zone: Zone, group: Body | None) -> list[ResourceId]:
    """The zones of the same name that leave a group when this one joins it."""
    if zone.id.key in zones_in(group):
        return []
    named = (parsed_id(text_in(each, "properties.privateDnsZoneId")) for each in _entries(group))
    return [each for each in named if each is not None and each.name.lower() == zone.id.name.lower()]


def _entries(group: Body | None) -> list[Body]:
    return objects_in(group, "properties.privateDnsZoneConfigs")
