"""Private DNS zones: which one a network uses for a name, and how it is linked to it (DNS-02, DNS-04)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.arm import NotFound, Present, Unreadable
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.ownership_tags import is_marked
from secureml_reconcilers.engine.questions import GraphRows
from secureml_reconcilers.engine.view import Unread, View, once
from secureml_reconcilers.isolation.body_values import (
    count_in,
    is_settled,
    parsed_id,
    text_in,
)
from secureml_reconcilers.isolation.name_servers import answering

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from secureml_reconcilers.azure.arm import Answer, Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.network_plan import NetworkPlan

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
def zone_used(plan: NetworkPlan, azure: View, name: str, network: ResourceId) -> Zone:
    """The zone of a name for a network: the declared one when linked, else one already linked, else ours to be.

    A network sees only one zone of a name, so a foreign one is used rather than doubled (DNS-04). Resource
    Graph says where to look; whether the link exists is read from the link itself.
    """
    own = plan.zone(name)
    link = plan.link(own, network)
    ask_links(azure, *(plan.link(own, each) for each in plan.linkable))
    if link_shown(azure, link) is None:
        for other in _links_of_others(plan, azure, name).get(network.key, ()):
            zone = other.parent
            if zone is not None and _leads_to(azure.get(other), network):
                return Zone(zone, other, ours=False)
    return Zone(own, link, ours=True)


def home_zone(plan: NetworkPlan, azure: View, name: str) -> Zone:
    """The zone of a name in which the endpoints' own network, or the servers that it asks, look for it."""
    return zone_used(plan, azure, name, answering(plan, azure, plan.network)[0])


def zone_to_move_to(plan: NetworkPlan, azure: View, name: str) -> Zone | None:
    """The zone that the spec declares for a name, where the network sees another one; None where nothing moves.

    Named by its id, or as one of a group while the network sees an older zone through a link of ours. A link that
    others made to a zone of theirs goes before the group in which zones are looked for (DNS-04).
    """
    used, declared = home_zone(plan, azure, name), plan.zone(name)
    if used.id == declared:
        return None
    named = plan.named_zone(name) is not None
    if named or (plan.zone_group_named and is_marked(link_shown(azure, used.link))):
        network = answering(plan, azure, plan.network)[0]
        return Zone(declared, plan.link(declared, network), ours=True)
    return None


def link_shown(azure: View, link: ResourceId) -> Body | None:
    """A link as Azure shows it, or None when there is none.

    Raises:
        Unread: when it has not been asked yet, and its zone does not say that it has no link.
        AzureProblem: when it cannot be read.
    """
    match link_answer(azure, link):
        case Present(body):
            return body
        case Unreadable(problem):
            raise problem
        case _:
            return None


def link_answer(azure: View, link: ResourceId) -> Answer:
    """What is known of a link: its zone is asked first, and one that counts no link has none.

    Raises:
        Unread: naming the zone while that is unread, else the link.
    """
    try:
        return azure.answer(link)
    except Unread:
        if link.parent is not None:
            azure.answer(link.parent)
        raise


def zone_made(plan: NetworkPlan, azure: View, zone: Zone) -> tuple[Ensure, ...]:
    """The zone, as long as no link of it proves that it exists."""
    if not zone.ours or link_shown(azure, zone.link) is not None:
        return ()
    creation = {"location": "global", **plan.given(zone.id.type)} if plan.dns_mode == "Managed" else None
    reason = f"private names of {zone.id.name} have a place"
    return (Ensure(zone.id, {}, reason, ("DNS-02",), create=creation, shared=True),)


def is_linked(azure: View, zone: Zone) -> bool:
    """Whether the link exists and no operation runs on it; its state is another matter."""
    return isinstance(link_answer(azure, zone.link), Present) and is_settled(azure, zone.link)


def has_no_record(body: Body | None) -> bool:
    """Whether a zone says that it holds no record set but its own one (start of authority)."""
    return count_in(body, "properties.numberOfRecordSets") == 1


def ask_links(azure: View, *links: ResourceId) -> None:
    """Have links read in one batch, less those of which their zone, which is read first, says that there is none.

    Raises:
        Unread: naming all that is still to be read.
    """
    missing: dict[Any, None] = {}
    for link in links:
        try:
            link_answer(azure, link)
        except Unread as unread:
            missing |= dict.fromkeys(unread.questions)
    if missing:
        raise Unread(*missing)


def _leads_to(link: Body | None, network: ResourceId) -> bool:
    return parsed_id(text_in(link, "properties.virtualNetwork.id")) == network


@once
def _links_of_others(plan: NetworkPlan, azure: View, name: str) -> dict[str, list[ResourceId]]:
    """Links to zones of a name as Resource Graph has them, by key of the network; none where ours is there."""
    networks = {network.key: network for network in plan.linkable}
    found: dict[str, list[ResourceId]] = {}
    for row in _rows(plan, azure):
        link, network = parsed_id(row.get("id")), networks.get(str(row.get("network")).lower())
        if network is None or link is None or link.parent is None or link.parent.name.lower() != name.lower():
            continue
        if isinstance(link_answer(azure, plan.link(plan.zone(name), network)), NotFound):
            found.setdefault(network.key, []).append(link)
    azure.ask(*(link for links in found.values() for link in links))
    return found


def _rows(plan: NetworkPlan, azure: View) -> list[Mapping[str, Any]]:
    """What all subscriptions answer that may hold links, asked at once.

    Links live in their zone's subscription, which is the hub's and not the network's (hub and spoke).
    """
    rows: list[Mapping[str, Any]] = []
    missing: list[GraphRows] = []
    values = (("networks", tuple(network.text for network in plan.linkable)),)
    for subscription in _subscriptions(plan):
        query = GraphQuery(subscription, _LINKS_OF, values)
        try:
            rows += azure.graph(query)
        except Unread:
            missing.append(GraphRows(query))
    if missing:
        raise Unread(*missing)
    return rows


def _subscriptions(plan: NetworkPlan) -> list[str]:
    """Where zones of the networks may be: their own subscriptions, and those that the spec names for zones."""
    places: Iterable[ResourceId] = (*plan.linkable, plan.zone_resource_group, *plan.named_zones)
    return list(dict.fromkeys(each.subscription.lower() for each in places))
