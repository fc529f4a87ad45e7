"""What a private DNS zone answers to the networks that are linked to it.

Sources: the articles on private DNS zones and virtual network links; RFC 4592 for wildcards; the article on zones
and records, by which a record set without records does not exist for who asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.hooks import Context
    from arm_emulator.model import Resource

ZONES = "Microsoft.Network/privateDnsZones"
LINKS = f"{ZONES}/virtualNetworkLinks"


def zone_for(ctx: Context, network: Resource, name: str) -> tuple[Resource, Resource] | None:
    """The linked zone with the longest suffix of the name, and the link; a link counts once it is Completed."""
    found: list[tuple[int, Resource, Resource]] = []
    for link in ctx.referrers(network.id.key, LINKS):
        zone = ctx.store.get(link.id.parent)
        completed = link.properties.get("virtualNetworkLinkState") == "Completed"
        if zone is not None and completed and (f".{name}").endswith(f".{zone.id.name.lower()}"):
            found.append((len(zone.id.name), zone, link))
    if not found:
        return None
    _, zone, link = max(found, key=lambda each: each[0])
    return zone, link


def falls_back(zone: Resource, link: Resource) -> bool:
    """Whether a name that the zone lacks is asked of public DNS then: of zones below `privatelink` only."""
    below = zone.id.name.lower().startswith("privatelink.")
    return below and link.properties.get("resolutionPolicy") == "NxDomainRedirect"


def look_up(ctx: Context, zone: Resource, name: str) -> dict[str, Resource] | None:
    """The record sets at a name of the zone, by type, a wildcard's included; None when the name does not exist."""
    asked = name.removesuffix(zone.id.name.lower()).rstrip(".") or "@"
    sets: dict[str, dict[str, Resource]] = {}
    for each in ctx.children(zone):
        kind = each.id.type.rsplit("/", 1)[-1].upper()
        if each.id.type_key != LINKS.lower() and _filled(each, kind):
            sets.setdefault(each.id.name.lower(), {})[kind] = each
    if asked in sets or asked == "@":
        return sets.get(asked, {})
    return _by_wildcard(sets, asked)


def addresses(record: Resource) -> tuple[str, ...]:
    """The addresses of an A record set."""
    return tuple(str(each.get("ipv4Address")) for each in record.properties.get("aRecords") or ())


def canonical_name(record: Resource) -> str:
    """Where a CNAME record leads."""
    return str((record.properties.get("cnameRecord") or {}).get("cname") or "").rstrip(".").lower()


def _filled(record: Resource, kind: str) -> bool:
    if kind == "A":
        return bool(addresses(record))
    return bool(canonical_name(record)) if kind == "CNAME" else True


def _by_wildcard(sets: dict[str, dict[str, Resource]], asked: str) -> dict[str, Resource] | None:
    """RFC 4592: the wildcard right below the longest part of the name that exists, and no other."""
    if any(name.endswith(f".{asked}") for name in sets):
        return {}  # something lives below the name, so it exists and has no records of its own
    labels = asked.split(".")
    for at in range(1, len(labels) + 1):
        above = ".".join(labels[at:])
        wildcard = f"*.{above}" if above else "*"
        if wildcard in sets:
            return sets[wildcard]
        if above in sets or any(name.endswith(f".{above}") for name in sets if above):
            return None
    return None
