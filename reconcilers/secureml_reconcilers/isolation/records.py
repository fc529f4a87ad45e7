"""DNS records of private endpoints: where they must lead, and what zones hold instead (DNS-03, DNS-09)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.isolation.body_values import (
    id_in,
    list_in,
    objects_in,
    parsed_id,
    text_in,
    texts_in,
    unexpected,
)
from secureml_reconcilers.isolation.clouds import private_name
from secureml_reconcilers.isolation.zones import has_no_record, is_linked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.zones import Zone

_BY_ENDPOINT: Final = "created by private endpoint"
"""How the note on a record begins that a zone group wrote."""

_OTHER_TYPES: Final = frozenset({"aaaa", "cname", "mx", "ptr", "soa", "srv", "txt"})
"""Record types that are documented and lead nobody to an IPv4 address."""


@dataclass(frozen=True, slots=True)
class Record:
    """An A record that a zone group says it wrote, or will write."""

    zone: ResourceId | None
    """None when it cannot be told."""

    id: ResourceId | None
    """None when its name cannot be told: then nobody can look whether it is there."""

    addresses: list[str]
    """Sorted; empty when they cannot be told."""

    fqdn: str

    @property
    def complete(self) -> bool:
        """It can be looked up, and compared with what the zone holds."""
        return self.id is not None and bool(self.addresses)


def records_written_by(group: Body | None) -> Iterator[Record]:
    """The A records that a zone group says it wrote, those included that cannot be told from what it says.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when it names something as its zone that is no id.
    """
    for config in objects_in(group, "properties.privateDnsZoneConfigs"):
        zone = id_in(config, "properties.privateDnsZoneId")
        for entry in list_in(config, "properties.recordSets"):
            shown = entry if isinstance(entry, dict) else {}
            if text_in(shown, "recordType", "A").lower() not in _OTHER_TYPES:
                yield _record(zone, shown)


def addresses_of(azure: View, record: ResourceId) -> list[str]:
    """What a record leads to, sorted; nothing where there is none."""
    return sorted(text_in(each, "ipv4Address") for each in objects_in(azure.get(record), "properties.aRecords"))


def records_to_come(azure: View, names: dict[str, list[str]], zones: list[Zone]) -> list[Record]:
    """What would be written for the first time: the names that live in these zones, unless those are empty."""
    found: dict[ResourceId, Record] = {}
    for fqdn, addresses in names.items():
        for zone in zones:
            name = private_name(fqdn, zone.id.name)
            record = _child(zone.id, name)
            if record is not None and not seen_empty(azure, zone):
                found.setdefault(record, Record(zone.id, record, addresses, f"{name}.{zone.id.name}"))
    return list(found.values())


def seen_empty(azure: View, zone: Zone) -> bool:
    """Whether a zone that is being linked says that it holds no record: then none need be read (DNS-09)."""
    return not is_linked(azure, zone) and has_no_record(azure.get(zone.id))


def missing_records(
    azure: View, written: list[Record], free: tuple[Check, ...]
) -> Iterator[tuple[ResourceId, Difference]]:
    """Records that the group says it wrote, that the zone does not have, and that are nobody else's."""
    for record, check in zip(written, free, strict=True):
        if record.id is None or not check.holds:
            continue
        found = addresses_of(azure, record.id)
        if found != record.addresses:
            yield record.id, Difference(record.id.short, record.addresses, found or None)


def is_free(azure: View, used: ResourceId, record: Record, *, first: bool, namesake: bool) -> Check:
    """No record of somebody else's stands where our endpoint writes, for Azure would write over it (DNS-09).

    Before we have written any, one that leads elsewhere is somebody's unless our endpoint is noted on it. Later,
    it is one that another endpoint took over; what a person changed is repaired.

    Args:
        azure: the view.
        used: the endpoint that writes it.
        record: what it writes.
        first: it has not been written yet.
        namesake: the service lists an endpoint of that name which is not ours: a name alone proves nothing then.
    """
    found, creator = (
        ([], "") if record.id is None else (addresses_of(azure, record.id), _creator(azure, record.id))
    )
    ours = record.id is not None and is_noted(azure, used, record.id, by_guid=namesake)
    theirs = not ours and (first or creator.startswith(_BY_ENDPOINT))
    return Check(
        f"{record.fqdn} is free for {used.short}",
        not (found and found != record.addresses and theirs),
        reasons.DNS_RECORD_TAKEN,
        f"{record.fqdn} leads to {', '.join(found)}{f' ({creator})' if creator else ''}, and {used.short} answers"
        f" at {', '.join(record.addresses)}: it would write over a record that is not ours.",
        "Delete the record when nobody needs it. Otherwise let this network use the endpoint that it leads to (a"
        " new resource with that endpoint's subnet, and this network among its clientNetworkIDs), or give this"
        " network a zone of its own.",
        ("DNS-09",),
        record.id,
    )


def is_noted(azure: View, used: ResourceId, record: ResourceId, *, by_guid: bool) -> bool:
    """Whether the note on a record names an endpoint; its guid, where it tells one, tells namesakes apart."""
    words = _creator(azure, record).split()
    if used.name.lower() not in words and used.key not in words:
        return False
    guid = text_in(azure.get(used), "properties.resourceGuid").lower()
    return guid in words if by_guid and guid else not by_guid


def endpoint_tells_names(used: ResourceId, names: dict[str, list[str]], rule: str) -> Check:
    """An endpoint says where its names must lead; a new one may take a moment."""
    return Check(
        f"{used.short} tells its names",
        bool(names),
        reasons.WAITING,
        f"{used.short} does not tell its names and addresses yet.",
        rules=(rule,),
        about=used,
        level=CheckLevel.PENDING,
    )


def names_of_endpoint(azure: View, used: ResourceId) -> dict[str, list[str]]:
    """Public names with their addresses, as the endpoint or else its network interface tells them.

    Whether an endpoint goes on telling them once it has a zone group was never observed; its interface does.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when one of the names or addresses cannot be told: half of them
            would look like all.
    """
    shown = azure.get(used)
    found: dict[str, list[str]] = {}
    for told in list_in(shown, "properties.customDnsConfigs"):
        if not text_in(told, "fqdn"):
            raise unexpected(shown, "properties.customDnsConfigs", told)
        found[text_in(told, "fqdn")] = sorted(texts_in(told, "ipAddresses"))
    interfaces = [] if found else [id_in(each, "id") for each in objects_in(shown, "properties.networkInterfaces")]
    present = [each for each in interfaces if each is not None]
    azure.ask(*present)
    for each in present:
        _add_names_of_interface(azure.get(each), found)
    return found


def _add_names_of_interface(interface: Body | None, found: dict[str, list[str]]) -> None:
    """Every IP configuration of an endpoint's network interface has one address, and the names that lead to it."""
    for part in objects_in(interface, "properties.ipConfigurations"):
        for fqdn in texts_in(part, "properties.privateLinkConnectionProperties.fqdns"):
            address = text_in(part, "properties.privateIPAddress")
            if not address:
                raise unexpected(interface, "properties.ipConfigurations", part)
            found[fqdn] = sorted([*found.get(fqdn, ()), address])


def _record(zone: ResourceId | None, shown: Body) -> Record:
    name = text_in(shown, "recordSetName")
    known_type = text_in(shown, "recordType", "A").lower() == "a"
    addresses = shown.get("ipAddresses")
    told = addresses if isinstance(addresses, list) and all(isinstance(each, str) for each in addresses) else []
    return Record(
        zone,
        _child(zone, name) if known_type and isinstance(shown.get("recordSetName"), str) else None,
        sorted(told),
        text_in(shown, "fqdn") or f"{name or '(a name that is not shown)'}.{zone.name if zone else ''}",
    )


def _child(zone: ResourceId | None, name: str | None) -> ResourceId | None:
    return parsed_id(f"{zone.text}/A/{name}") if zone is not None and name and "/" not in name else None


def _creator(azure: View, record: ResourceId) -> str:
    """Who wrote a record, in lower case: `created by private endpoint <name> …` is what Azure notes on it."""
    return text_in(azure.get(record), "properties.metadata.creator").lower()
