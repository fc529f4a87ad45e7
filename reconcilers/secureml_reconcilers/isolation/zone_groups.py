"""Zone groups, which write an endpoint's records into its zones; and those records (DNS-02, DNS-05, DNS-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure, StatusField
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.values import Entries, get_path
from secureml_reconcilers.engine.view import View, once_each
from secureml_reconcilers.isolation.clouds import private_name
from secureml_reconcilers.isolation.endpoints import endpoint, endpoint_used, is_approved
from secureml_reconcilers.isolation.zones import Zone, zone_made, zone_used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.isolation.site import Site, Way

_GROUP = "default"
"""The name of the zone groups that we make; the portal's, too."""

_BY_ENDPOINT = "created by private endpoint"
"""How the note on a record begins that a zone group wrote."""

_Record: TypeAlias = tuple[ResourceId, list[str], str]
"""A record that a zone group says it wrote: its id, its addresses, its name in full."""


@once_each
def zone_group(site: Site, azure: View, way: Way) -> Iterator[Block]:
    """The endpoint writes its records into its zones: one group, all zones at once (DNS-02, DNS-05)."""
    used = endpoint_used(site, azure, way)
    zones = [zone_used(site, azure, name, site.network) for name in site.zones(way)]
    if used != site.endpoint(way):
        yield from _group_of_others(azure, used, zones)
        return
    if azure.get(used) is not None and not _writable(azure, used, zones):
        # The group is asked for when it can be written, not on every look at what it waits for.
        yield Check(
            f"{used.short} and its zones are ready",
            holds=False,
            reason="NotReadyYet",
            message="",
            level=CheckLevel.PENDING,
        )
        return
    if _others_group(azure, used):
        # An endpoint has one group only, and a policy of the landing zone was quicker (DNS-05).
        yield from _group_of_others(azure, used, zones)
        return
    group = used.child("privateDnsZoneGroups", _GROUP)
    yield from _our_group(site, azure, way, group, zones)
    if azure.get(group) is not None and azure.settled(group):
        for zone in zones:
            yield from _written(used, zone, (azure.get(group) or {},), group)


def _writable(azure: View, endpoint_id: ResourceId, zones: list[Zone]) -> bool:
    """The endpoint is done, and every zone exists: its link proves it, or the zone itself."""
    return azure.settled(endpoint_id) and all(azure.settled(zone.link) or azure.settled(zone.id) for zone in zones)


def _our_group(site: Site, azure: View, way: Way, group: ResourceId, zones: list[Zone]) -> Iterator[Block]:
    used, shown = site.endpoint(way), azure.get(group)
    new = _new_zones(azure, group, zones)
    names = names_of_endpoint(azure, used) if new and azure.get(used) is not None else {}
    coming = _records_to_come(azure, names, new)
    # Records are read when they are about to count: before they are written, and with the links done.
    linked = all(azure.settled(zone.link) for zone in zones)
    written = list(record_sets(shown or {})) if linked and azure.settled(group) else []
    azure.ask(*(record for record, _, _ in (*coming, *written)))
    told = (tells_names(used, names, "DNS-09"),) if new and is_approved(azure.get(used)) else ()
    untouched = tuple(_free(azure, used, record, first=True) for record in coming)
    kept = tuple(_free(azure, used, record, first=False) for record in written)
    before = (*told, *untouched, *kept)
    yield from before
    missing = dict(_missing_records(azure, written, kept))
    yield Ensure(
        group,
        {"properties": {"privateDnsZoneConfigs": _configs(zones, shown)}},
        f"the names of {way.target.name} lead to its private address ({way.group})",
        ("DNS-02", "DNS-05"),
        create={},
        # The zones must exist; their links may still be under way, and usually are.
        after=(
            *endpoint(site, azure, way),
            *(made for zone in zones for made in zone_made(site, azure, zone)),
            *before,
        ),
        evidence=tuple(record for record, _, _ in record_sets(shown or {})),
        broken=tuple(missing.values()),
        invalidates=(*missing, *(record for record, _, _ in coming)),
        preconditions=(*missing, *(record for record, _, _ in coming), *(z.id for z in new if _empty(azure, z))),
    )


def _new_zones(azure: View, group: ResourceId, zones: list[Zone]) -> list[Zone]:
    """The zones into which the group has not written yet, as far as is known, and will when it is written."""
    shown = azure.get(group)
    if shown is None or (Present(shown).settled and not azure.settled(group)):
        return zones
    named = _zones_of(shown)
    return [zone for zone in zones if zone.id.key not in named]


def _zones_of(group: Body) -> set[str]:
    configs = get_path(group, "properties.privateDnsZoneConfigs") or ()
    return {str(get_path(config, "properties.privateDnsZoneId")).lower() for config in configs}


def _configs(zones: list[Zone], group: Body | None) -> Entries:
    """One config per zone, compared by the zone alone: a config that is renamed drops its records meanwhile."""
    present = _zones_of(group or {})
    return Entries(
        "properties.privateDnsZoneId",
        tuple(
            {"properties": {"privateDnsZoneId": zone.id.text}}
            if zone.id.key in present
            else {"name": zone.id.name.replace(".", "-"), "properties": {"privateDnsZoneId": zone.id.text}}
            for zone in zones
        ),
    )


def _others_group(azure: View, used: ResourceId) -> bool:
    """Whether somebody else gave our endpoint its zone group."""
    if azure.get(used) is None:
        return False
    return any(resource_id(g["id"]).name.lower() != _GROUP for g in azure.children(used, "privateDnsZoneGroups"))


def _group_of_others(azure: View, used: ResourceId, zones: list[Zone]) -> Iterator[Block]:
    """A zone group of others must write into the zones that the network sees; we do not change it."""
    groups = azure.children(used, "privateDnsZoneGroups")
    ids = {key for group in groups for key in _zones_of(group)}
    for zone in zones:
        yield Check(
            f"{used.short} writes into {zone.id.name}",
            zone.id.key in ids,
            "ZoneGroupMissing",
            f"The zone group of {used.short}, made by somebody else, writes no names into {zone.id.text}.",
            "Ask its owner to add that zone to it, or to delete it: the operator then makes its own.",
            ("DNS-02",),
            used,
        )
        if zone.id.key in ids:
            yield from _records_of_others(azure, used, zone, groups)


def _written(used: ResourceId, zone: Zone, groups: tuple[Body, ...], about: ResourceId) -> Iterator[Block]:
    """Zone groups, whosever they are, have written the endpoint's records into this zone (DNS-03)."""
    records = _records_in(zone, groups)
    yield Check(
        f"records of {used.short} in {zone.id.name} are written",
        bool(records) and all(addresses for _, addresses, _ in records),
        "RecordsMissing",
        f"The zone group of {used.short} has not written its records into {zone.id.text} yet.",
        rules=("DNS-03",),
        about=about,
        level=CheckLevel.PENDING,
    )
    for _, addresses, fqdn in records:
        yield StatusField("dnsRecords", {"name": fqdn, "zone": zone.id.name, "addresses": addresses})


def _records_of_others(azure: View, used: ResourceId, zone: Zone, groups: tuple[Body, ...]) -> Iterator[Block]:
    """What their zone group says it wrote must be in the zone; only they can write it again (DNS-03)."""
    yield from _written(used, zone, groups, used)
    records = _records_in(zone, groups)
    azure.ask(*(record for record, _, _ in records))
    for record, addresses, fqdn in records:
        found = _addresses(azure, record)
        yield Check(
            f"{fqdn} leads to {used.short}",
            found == addresses,
            "RecordWrong",
            f"{fqdn} leads to {', '.join(found) or 'no address'}, and {used.short} answers at"
            f" {', '.join(addresses)}.",
            "Ask the endpoint's owner to write its zone group anew, or to delete the endpoint: the operator then"
            " makes its own.",
            ("DNS-03",),
            record,
        )


def _records_in(zone: Zone, groups: tuple[Body, ...]) -> list[_Record]:
    return [each for group in groups for each in record_sets(group) if each[0].parent == zone.id]


def _addresses(azure: View, record: ResourceId) -> list[str]:
    """What a record leads to, sorted; nothing where there is none."""
    return sorted(
        str(get_path(each, "ipv4Address")) for each in get_path(azure.get(record), "properties.aRecords") or ()
    )


def _missing_records(
    azure: View, written: list[_Record], free: tuple[Check, ...]
) -> Iterator[tuple[ResourceId, Difference]]:
    """Records that the group says it wrote, that the zone does not have, and that are nobody else's."""
    for (record, addresses, _), check in zip(written, free, strict=True):
        found = _addresses(azure, record)
        if found != addresses and check.holds:
            yield record, Difference(record.short, addresses, found or None)


def _records_to_come(azure: View, names: dict[str, list[str]], zones: list[Zone]) -> list[_Record]:
    """What would be written for the first time: the names that live in these zones, unless those are empty."""
    found: dict[ResourceId, _Record] = {}
    for fqdn, addresses in names.items():
        for zone in zones:
            name = private_name(fqdn, zone.id.name)
            if name and not _empty(azure, zone):
                record = zone.id.child("A", name)
                found.setdefault(record, (record, addresses, f"{name}.{zone.id.name}"))
    return list(found.values())


def _empty(azure: View, zone: Zone) -> bool:
    """A zone that is being linked was read for its group's sake, and tells whether it has any record (DNS-09)."""
    # One record set is the zone's own (start of authority).
    return not azure.settled(zone.link) and get_path(azure.get(zone.id), "properties.numberOfRecordSets") == 1


def _free(azure: View, used: ResourceId, each: _Record, *, first: bool) -> Check:
    """No record of somebody else's stands where our endpoint writes, for Azure would write over it (DNS-09).

    Before we have written any, one that leads elsewhere is somebody's unless our endpoint is noted on it. Later,
    it is one that another endpoint took over; what a person changed is repaired.
    """
    record, addresses, name = each
    found, creator = _addresses(azure, record), _creator(azure, record)
    ours = used.name.lower() in creator.split() or used.key in creator.split()
    theirs = not ours and (first or creator.startswith(_BY_ENDPOINT))
    return Check(
        f"{name} is free for {used.short}",
        not (found and found != addresses and theirs),
        "RecordTaken",
        f"{name} leads to {', '.join(found)}{f' ({creator})' if creator else ''}, and {used.short} answers at"
        f" {', '.join(addresses)}: it would write over a record that is not ours.",
        "Delete the record when nobody needs it. Otherwise let this network use the endpoint that it leads to (a"
        " new resource with that endpoint's subnet, and this network among its clientNetworkIDs), or give this"
        " network a zone of its own.",
        ("DNS-09",),
        record,
    )


def tells_names(used: ResourceId, names: dict[str, list[str]], rule: str) -> Check:
    """An endpoint says where its names must lead; a new one may take a moment."""
    return Check(
        f"{used.short} tells its names",
        bool(names),
        "AddressesUnknown",
        f"{used.short} does not tell its names and addresses yet.",
        rules=(rule,),
        about=used,
        level=CheckLevel.PENDING,
    )


def _creator(azure: View, record: ResourceId) -> str:
    """Who wrote a record, in lower case: `created by private endpoint <name> …` is what Azure notes on it."""
    return str(get_path(azure.get(record), "properties.metadata.creator") or "").lower()


def record_sets(group: Body) -> Iterator[_Record]:
    """The records that a zone group says it wrote."""
    for config in get_path(group, "properties.privateDnsZoneConfigs") or ():
        zone = resource_id(get_path(config, "properties.privateDnsZoneId"))
        for record in get_path(config, "properties.recordSets") or ():
            if str(record.get("recordType", "A")).upper() == "A":
                name = str(record["recordSetName"])
                addresses = sorted(str(address) for address in record.get("ipAddresses") or ())
                yield zone.child("A", name), addresses, str(record.get("fqdn") or f"{name}.{zone.name}")


def names_of_endpoint(azure: View, used: ResourceId) -> dict[str, list[str]]:
    """Public names with their addresses, as the endpoint or else its network interface tells them.

    Whether an endpoint goes on telling them once it has a zone group was never observed; its interface does.
    """
    shown = azure.get(used)
    told = get_path(shown, "properties.customDnsConfigs") or ()
    found = {str(each["fqdn"]): sorted(each.get("ipAddresses") or ()) for each in told}
    interfaces = (
        [] if found else [resource_id(n["id"]) for n in get_path(shown, "properties.networkInterfaces") or ()]
    )
    azure.ask(*interfaces)
    for each in interfaces:
        for part in get_path(azure.get(each), "properties.ipConfigurations") or ():
            for fqdn in get_path(part, "properties.privateLinkConnectionProperties.fqdns") or ():
                address = str(get_path(part, "properties.privateIPAddress"))
                found[str(fqdn)] = sorted([*found.get(str(fqdn), ()), address])
    return found
