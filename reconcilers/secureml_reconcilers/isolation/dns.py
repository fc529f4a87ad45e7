"""Private names: zones, links to every network that must resolve them, zone groups, records (DNS-01 to DNS-05)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from secureml_reconcilers.azure.arm import Absent, Present
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, Ensure, Fact, Tone
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.values import Entries, at
from secureml_reconcilers.engine.view import Query, Unread, View, once, once_each
from secureml_reconcilers.isolation.clouds import private_name
from secureml_reconcilers.isolation.endpoints import endpoint, endpoint_used, is_approved
from secureml_reconcilers.isolation.site import Site, Way, ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.azure.arm import Body

_GROUP = "default"
"""The name of the zone groups that we make; the portal's, too."""

_BY_ENDPOINT = "created by private endpoint"
"""How the note on a record begins that a zone group wrote."""

_LINKS_OF = (
    "resources"
    " | where type =~ 'microsoft.network/privatednszones/virtualnetworklinks'"
    " | extend network = tostring(properties.virtualNetwork.id)"
    " | where network in~ ({networks})"
    " | project id, network"
)


_Record: TypeAlias = tuple[ResourceId, list[str], str]
"""A record that a zone group says it wrote: its id, its addresses, its name in full."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone that a network uses for one name, and its link to the network."""

    id: ResourceId
    link: ResourceId
    ours: bool
    """The link has the name that we would give it."""


def names_resolve(site: Site, azure: View) -> Blocks:
    """Inside the network every service's name leads to its private address (DNS-03)."""
    if site.spec.dns.mode == "None":
        for way in ways(site, azure):
            yield _records_to_make(site, azure, way)
        return
    for name in _zone_names(site, azure):
        yield zone_blocks(site, azure, name)
    for way in ways(site, azure):
        yield zone_group(site, azure, way)


def names_of(site: Site, azure: View, way: Way) -> Iterator[Block]:
    """What it takes until one way's names resolve; where DNS is somebody else's job, that they say so."""
    if site.spec.dns.mode == "None":
        yield from _records_to_make(site, azure, way)
        return
    for name in site.zones(way):
        yield from zone_blocks(site, azure, name)
    yield from zone_group(site, azure, way)


@once
def zone_used(site: Site, azure: View, name: str, network: ResourceId) -> Zone:
    """The zone of a name for a network: the declared one when linked, else one already linked, else ours to be.

    A network sees only one zone of a name, so a foreign one is used rather than doubled (DNS-04). Resource
    Graph says where to look; whether the link exists is read from the link itself.
    """
    own = site.zone(name)
    link = site.link(own, network)
    azure.ask(*(site.link(own, each) for each in site.networks))
    if azure.get(link) is None:
        for other in _links_of_others(site, azure, name).get(network.key, ()):
            zone = other.parent
            if zone is not None and _leads_to(azure.get(other), network):
                return Zone(zone, other, ours=False)
    return Zone(own, link, ours=True)


def _leads_to(link: Body | None, network: ResourceId) -> bool:
    found = at(link, "properties.virtualNetwork.id")
    return bool(found) and resource_id(found) == network


@once
def _links_of_others(site: Site, azure: View, name: str) -> dict[str, list[ResourceId]]:
    """Links to zones of a name as Resource Graph has them, by key of the network; none where ours is there."""
    networks = {network.key: network for network in site.networks}
    found: dict[str, list[ResourceId]] = {}
    for row in _rows(
        site, azure, _LINKS_OF.format(networks=", ".join(f"'{each.text}'" for each in site.networks))
    ):
        link, network = resource_id(str(row["id"])), networks.get(str(row["network"]).lower())
        if network is None or link.parent is None or link.parent.name.lower() != name.lower():
            continue
        if isinstance(azure.answer(site.link(site.zone(name), network)), Absent):
            found.setdefault(network.key, []).append(link)
    azure.ask(*(link for links in found.values() for link in links))
    return found


def _rows(site: Site, azure: View, query: str) -> list[Mapping[str, Any]]:
    """What all subscriptions answer that may hold links, asked at once.

    Links live in their zone's subscription, which is the hub's and not the network's (hub and spoke).
    """
    rows: list[Mapping[str, Any]] = []
    missing: list[Query] = []
    for subscription in _subscriptions(site):
        try:
            rows += azure.graph(subscription, query)
        except Unread:
            missing.append(Query(subscription, query))
    if missing:
        raise Unread(*missing)
    return rows


def _subscriptions(site: Site) -> list[str]:
    """Where zones of the networks may be: their own subscriptions, and those that the spec names for zones."""
    dns = site.spec.dns
    named = [*([dns.zone_resource_group_id] if dns.zone_resource_group_id else []), *dns.zone_ids]
    return list(dict.fromkeys(each.subscription.lower() for each in (*site.networks, *map(resource_id, named))))


@once_each
def zone_blocks(site: Site, azure: View, name: str) -> Iterator[Block]:
    """The zone exists and is linked, once, to every network that must resolve its names (WS-DNS-01, DNS-03)."""
    zone = zone_used(site, azure, name, site.network)
    azure.ask(zone.link, *(site.link(zone.id, network) for network in site.client_networks))
    yield from _link(site, azure, zone, site.network)
    for network in site.client_networks:
        used = zone_used(site, azure, name, network)
        if used.id == zone.id:
            yield from _link(site, azure, used, network)
        elif not used.ours:
            yield _conflict(name, network, used, zone)
        else:
            link = Zone(zone.id, site.link(zone.id, network), ours=True)
            yield from _link(site, azure, link, network)


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
            tone=Tone.PENDING,
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


def _our_group(site: Site, azure: View, way: Way, group: ResourceId, zones: list[Zone]) -> Iterator[Block]:
    used, shown = site.endpoint(way), azure.get(group)
    new = _new_zones(azure, group, zones)
    names = _names_of_endpoint(azure, used) if new and azure.get(used) is not None else {}
    coming = _records_to_come(azure, names, new)
    # Records are read when they are about to count: before they are written, and with the links done.
    linked = all(azure.settled(zone.link) for zone in zones)
    written = list(_record_sets(shown or {})) if linked and azure.settled(group) else []
    azure.ask(*(record for record, _, _ in (*coming, *written)))
    told = (_tells(used, names, "DNS-09"),) if new and is_approved(azure.get(used)) else ()
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
            *(made for zone in zones for made in _zone_made(site, azure, zone)),
            *before,
        ),
        evidence=tuple(record for record, _, _ in _record_sets(shown or {})),
        broken=tuple(missing.values()),
        mends=(*missing, *(record for record, _, _ in coming)),
    )


def _new_zones(azure: View, group: ResourceId, zones: list[Zone]) -> list[Zone]:
    """The zones into which the group has not written yet, as far as is known, and will when it is written."""
    shown = azure.get(group)
    if shown is None or (Present(shown).settled and not azure.settled(group)):
        return zones
    named = _zones_of(shown)
    return [zone for zone in zones if zone.id.key not in named]


def _empty(azure: View, zone: Zone) -> bool:
    """A zone that is being linked was read for its group's sake, and tells whether it has any record (DNS-09)."""
    # One record set is the zone's own (start of authority).
    return not azure.settled(zone.link) and at(azure.get(zone.id), "properties.numberOfRecordSets") == 1


def _zones_of(group: Body) -> set[str]:
    configs = at(group, "properties.privateDnsZoneConfigs") or ()
    return {str(at(config, "properties.privateDnsZoneId")).lower() for config in configs}


def _link(site: Site, azure: View, zone: Zone, network: ResourceId) -> Iterator[Block]:
    if not zone.ours:
        yield Ensure(
            zone.link, {}, f"{network.name} resolves {zone.id.name} through a zone of others", ("DNS-04",)
        )
        yield from _completed(azure, zone, network)
        return
    made = _zone_made(site, azure, zone)
    yield from made
    yield Ensure(
        zone.link,
        {"properties": {"virtualNetwork": {"id": network.text}, "registrationEnabled": False}},
        f"{network.name} resolves names in {zone.id.name}",
        ("WS-DNS-01", "DNS-03"),
        create={"location": "global"},
        after=made,
        shared=True,
    )
    yield from _completed(azure, zone, network)


def _completed(azure: View, zone: Zone, network: ResourceId) -> Iterator[Block]:
    """Names resolve through a link, whosever it is, once it is completed (WS-DNS-01)."""
    shown = azure.get(zone.link)
    if shown is None:
        return
    name = f"link of {zone.id.name} to {network.name} is completed"
    if azure.settled(zone.link):
        state = str(at(shown, "properties.virtualNetworkLinkState") or "Completed")
        yield Check(
            name,
            state.lower() == "completed",
            "LinkNotCompleted",
            f"The link of {zone.id.name} to {network.name} is {state}.",
            rules=("WS-DNS-01",),
            about=zone.link,
            tone=Tone.PENDING,
        )
    elif not zone.ours and Present(shown).settled:
        yield Check(
            name,
            holds=False,
            reason="LinkFailed",
            message=f"The link of {zone.id.name} to {network.name}, made by somebody else, has failed.",
            advice="Ask its owner to make it anew: through this link the network resolves no name.",
            rules=("WS-DNS-01",),
            about=zone.link,
        )


def _zone_made(site: Site, azure: View, zone: Zone) -> tuple[Ensure, ...]:
    """The zone, as long as no link of it proves that it exists: one read less per zone and resync."""
    if not zone.ours or azure.get(zone.link) is not None:
        return ()
    creation = {"location": "global"} if site.spec.dns.mode == "Managed" else None
    reason = f"private names of {zone.id.name} have a place"
    return (Ensure(zone.id, {}, reason, ("DNS-02",), create=creation, shared=True),)


def _writable(azure: View, endpoint_id: ResourceId, zones: list[Zone]) -> bool:
    """The endpoint is done, and every zone exists: its link proves it, or the zone itself."""
    return azure.settled(endpoint_id) and all(azure.settled(zone.link) or azure.settled(zone.id) for zone in zones)


def _conflict(name: str, network: ResourceId, used: Zone, wanted: Zone) -> Check:
    return Check(
        f"{network.name} sees one zone {name}",
        holds=False,
        reason="ZoneConflict",
        message=f"{network.name} is linked to {used.id.text}, so it cannot see {wanted.id.text} too.",
        advice="Remove that link, or name that zone in spec.dns.zoneIDs.",
        rules=("DNS-04",),
        about=used.link,
    )


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
        tone=Tone.PENDING,
    )
    for _, addresses, fqdn in records:
        yield Fact("dnsRecords", {"name": fqdn, "zone": zone.id.name, "addresses": addresses})


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
    return [each for group in groups for each in _record_sets(group) if each[0].parent == zone.id]


def _addresses(azure: View, record: ResourceId) -> list[str]:
    """What a record leads to, sorted; nothing where there is none."""
    return sorted(str(at(each, "ipv4Address")) for each in at(azure.get(record), "properties.aRecords") or ())


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


def _tells(used: ResourceId, names: dict[str, list[str]], rule: str) -> Check:
    return Check(
        f"{used.short} tells its names",
        bool(names),
        "AddressesUnknown",
        f"{used.short} does not tell its names and addresses yet.",
        rules=(rule,),
        about=used,
        tone=Tone.PENDING,
    )


def _creator(azure: View, record: ResourceId) -> str:
    """Who wrote a record, in lower case: `created by private endpoint <name> …` is what Azure notes on it."""
    return str(at(azure.get(record), "properties.metadata.creator") or "").lower()


def _record_sets(group: Body) -> Iterator[_Record]:
    for config in at(group, "properties.privateDnsZoneConfigs") or ():
        zone = resource_id(at(config, "properties.privateDnsZoneId"))
        for record in at(config, "properties.recordSets") or ():
            if str(record.get("recordType", "A")).upper() == "A":
                name = str(record["recordSetName"])
                addresses = sorted(str(address) for address in record.get("ipAddresses") or ())
                yield zone.child("A", name), addresses, str(record.get("fqdn") or f"{name}.{zone.name}")


@once_each
def _records_to_make(site: Site, azure: View, way: Way) -> Iterator[Block]:
    """The table for a DNS server of one's own, and whether its keeper has confirmed it (DNS-01).

    The operator cannot look into that server, and closing on trust in records that nobody knew of yet would
    cut everybody off (OPS-08). The addresses are confirmed with the names: a new endpoint has new ones.
    """
    used = endpoint_used(site, azure, way)
    if azure.get(used) is None or not azure.settled(used):
        # An answer that is not known yet must not look like one with nothing in it: gates are made of these.
        yield from endpoint(site, azure, way)
        return
    records = _names_told(azure, used)
    confirmed = {each.name.lower(): sorted(each.addresses) for each in site.spec.dns.confirmed_records}
    missing = [name for name, addresses in records.items() if confirmed.get(name.lower()) != addresses]
    yield _tells(used, records, "DNS-01")
    yield Check(
        f"the records of {used.short} are confirmed",
        not missing,
        "RecordsNotConfirmed",
        f"DNS is yours: the records in status.dnsRecords must exist, and the operator cannot check them. Not"
        f" confirmed for {way.target.name}: {', '.join(missing)}.",
        "Make the records, then copy them from status.dnsRecords to spec.dns.confirmedRecords; the service is"
        " closed when all of its records stand there.",
        ("DNS-01",),
        used,
        by_user=True,
    )
    for name, addresses in records.items():
        yield Fact("dnsRecords", {"name": name, "addresses": addresses})


def _names_told(azure: View, used: ResourceId) -> dict[str, list[str]]:
    """Names and addresses of an endpoint; one with a zone group of others may tell them there only."""
    told = at(azure.get(used), "properties.customDnsConfigs")
    groups = () if told else azure.children(used, "privateDnsZoneGroups")
    written = {fqdn: addresses for group in groups for _, addresses, fqdn in _record_sets(group)}
    return written or _names_of_endpoint(azure, used)


def _names_of_endpoint(azure: View, used: ResourceId) -> dict[str, list[str]]:
    """Public names with their addresses, as the endpoint or else its network interface tells them.

    Whether an endpoint goes on telling them once it has a zone group was never observed; its interface does.
    """
    shown = azure.get(used)
    told = at(shown, "properties.customDnsConfigs") or ()
    found = {str(each["fqdn"]): sorted(each.get("ipAddresses") or ()) for each in told}
    interfaces = [] if found else [resource_id(n["id"]) for n in at(shown, "properties.networkInterfaces") or ()]
    azure.ask(*interfaces)
    for each in interfaces:
        for part in at(azure.get(each), "properties.ipConfigurations") or ():
            for fqdn in at(part, "properties.privateLinkConnectionProperties.fqdns") or ():
                address = str(at(part, "properties.privateIPAddress"))
                found[str(fqdn)] = sorted([*found.get(str(fqdn), ()), address])
    return found


def _zone_names(site: Site, azure: View) -> list[str]:
    """Every zone once, in the order in which the ways ask for it."""
    return list(dict.fromkeys(name for way in ways(site, azure) for name in site.zones(way)))
