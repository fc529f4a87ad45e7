"""Private DNS zones, and their links to every network that must resolve the names (DNS-03, DNS-04, WS-DNS-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.questions import GraphRows
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.engine.view import Unread, View, once, once_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.isolation.site import Site

_LINKS_OF = (
    "resources"
    " | where type =~ 'microsoft.network/privatednszones/virtualnetworklinks'"
    " | extend network = tostring(properties.virtualNetwork.id)"
    " | where network in~ ({networks})"
    " | project id, network"
)


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone that a network uses for one name, and its link to the network."""

    id: ResourceId
    link: ResourceId
    ours: bool
    """The link has the name that we would give it."""


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
    found = get_path(link, "properties.virtualNetwork.id")
    return bool(found) and resource_id(found) == network


@once
def _links_of_others(site: Site, azure: View, name: str) -> dict[str, list[ResourceId]]:
    """Links to zones of a name as Resource Graph has them, by key of the network; none where ours is there."""
    networks = {network.key: network for network in site.networks}
    found: dict[str, list[ResourceId]] = {}
    for row in _rows(site, azure):
        link, network = resource_id(str(row["id"])), networks.get(str(row["network"]).lower())
        if network is None or link.parent is None or link.parent.name.lower() != name.lower():
            continue
        if isinstance(azure.answer(site.link(site.zone(name), network)), NotFound):
            found.setdefault(network.key, []).append(link)
    azure.ask(*(link for links in found.values() for link in links))
    return found


def _rows(site: Site, azure: View) -> list[Mapping[str, Any]]:
    """What all subscriptions answer that may hold links, asked at once.

    Links live in their zone's subscription, which is the hub's and not the network's (hub and spoke).
    """
    rows: list[Mapping[str, Any]] = []
    missing: list[GraphRows] = []
    values = (("networks", tuple(network.text for network in site.networks)),)
    for subscription in _subscriptions(site):
        query = GraphQuery(subscription, _LINKS_OF, values)
        try:
            rows += azure.graph(query)
        except Unread:
            missing.append(GraphRows(query))
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


def _link(site: Site, azure: View, zone: Zone, network: ResourceId) -> Iterator[Block]:
    if not zone.ours:
        yield Ensure(
            zone.link, {}, f"{network.name} resolves {zone.id.name} through a zone of others", ("DNS-04",)
        )
        yield from _completed(azure, zone, network)
        return
    made = zone_made(site, azure, zone)
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
        state = str(get_path(shown, "properties.virtualNetworkLinkState") or "Completed")
        yield Check(
            name,
            state.lower() == "completed",
            "LinkNotCompleted",
            f"The link of {zone.id.name} to {network.name} is {state}.",
            rules=("WS-DNS-01",),
            about=zone.link,
            level=CheckLevel.PENDING,
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


def zone_made(site: Site, azure: View, zone: Zone) -> tuple[Ensure, ...]:
    """The zone, as long as no link of it proves that it exists: one read less per zone and resync."""
    if not zone.ours or azure.get(zone.link) is not None:
        return ()
    creation = {"location": "global"} if site.spec.dns.mode == "Managed" else None
    reason = f"private names of {zone.id.name} have a place"
    return (Ensure(zone.id, {}, reason, ("DNS-02",), create=creation, shared=True),)


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
