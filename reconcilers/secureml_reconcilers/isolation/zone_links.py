"""The links of zones to every network that must resolve their names (WS-DNS-01, DNS-03, DNS-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.body_values import is_settled, state_of, text_in
from secureml_reconcilers.isolation.client_networks import reaches_endpoints
from secureml_reconcilers.isolation.link_fallback import (
    falls_back_before_records,
    falls_back_unasked,
    policy_of,
    records_first,
)
from secureml_reconcilers.isolation.name_servers import answering, servers_shown
from secureml_reconcilers.isolation.zone_contents import answers_usable, has_records
from secureml_reconcilers.isolation.zones import Zone, ask_links, home_zone, link_shown, zone_made, zone_used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext


@worked_out_once
def zone_linked(context: WorkspaceContext, azure: View, name: str, network: ResourceId) -> Iterator[Block]:
    """A network is answered from the zone: it, or where the servers live that it asks, is linked to it, once.

    WS-DNS-01, DNS-03, DNS-07.
    """
    plan = context.plan
    yield from servers_shown(plan, azure, network)
    yield from reaches_endpoints(plan, azure, network)
    zone = home_zone(plan, azure, name)
    ask_links(azure, zone.link, *(plan.link(zone.id, each) for each in plan.linkable))
    for linked in answering(plan, azure, network):
        used = zone_used(plan, azure, name, linked)
        if used.id == zone.id:
            yield from _link(context, azure, used, linked)
        elif not used.ours:
            yield _conflict(name, linked, used, zone)
        else:
            yield from _link(context, azure, Zone(zone.id, plan.link(zone.id, linked), ours=True), linked)


def _link(context: WorkspaceContext, azure: View, zone: Zone, network: ResourceId) -> Iterator[Block]:
    if not zone.ours:
        yield Ensure(
            zone.link, {}, f"{network.name} resolves {zone.id.name} through a link that is there", ("DNS-04",)
        )
        yield from _completed(azure, zone, network)
        yield from falls_back_before_records(context, azure, zone, network)
        return
    made = zone_made(context.plan, azure, zone)
    yield from made
    # Once it is linked, what others write there is theirs to answer for, and cutting it off would hurt as much.
    missing = link_shown(azure, zone.link) is None
    usable = tuple(_usable(context, azure, zone, network)) if missing else ()
    yield from usable
    yield Ensure(
        zone.link,
        {
            "properties": {
                "virtualNetwork": {"id": network.text},
                "registrationEnabled": False,
                **policy_of(context.plan),
            }
        },
        f"{network.name} resolves names in {zone.id.name}",
        ("WS-DNS-01", "DNS-03"),
        create={"location": "global", **context.plan.given(zone.link.type)},
        after=(*made, *usable, *(records_first(context, azure, zone) if missing else ())),
        shared=True,
        preconditions=(zone.id,) if has_records(azure, zone.id) else (),
    )
    yield from _completed(azure, zone, network)
    yield from falls_back_unasked(context.plan, azure, zone, network)


def _usable(context: WorkspaceContext, azure: View, zone: Zone, network: ResourceId) -> Iterator[Check]:
    """Whoever would be answered from the zone through a link of this network can use the answers.

    The same for every declared network that is answered through it: one link serves all of them.
    """
    plan = context.plan
    askers = [each for each in plan.networks if network in answering(plan, azure, each)]
    for each in askers:
        yield from servers_shown(plan, azure, each)
        yield from reaches_endpoints(plan, azure, each)
    for each in dict.fromkeys((network, *askers)):
        yield from answers_usable(context, azure, zone.id, each)


def _completed(azure: View, zone: Zone, network: ResourceId) -> Iterator[Block]:
    """Names resolve through a link, whosever it is, once it is completed (WS-DNS-01)."""
    shown = link_shown(azure, zone.link)
    if shown is None:
        return
    name = f"link of {zone.id.name} to {network.name} is completed"
    if is_settled(azure, zone.link):
        state = text_in(shown, "properties.virtualNetworkLinkState", "Completed")
        yield Check(
            name,
            state.lower() == "completed",
            reasons.WAITING,
            f"The link of {zone.id.name} to {network.name} is {state}.",
            rules=("WS-DNS-01",),
            about=zone.link,
            level=CheckLevel.PENDING,
        )
    elif not zone.ours and state_of(shown) in {"failed", "canceled"}:
        yield Check(
            name,
            holds=False,
            reason=reasons.VIRTUAL_NETWORK_LINK_FAILED,
            message=f"The link of {zone.id.name} to {network.name}, made by somebody else, has failed.",
            advice="Ask its owner to make it anew: through this link the network resolves no name.",
            rules=("WS-DNS-01",),
            about=zone.link,
        )


def _conflict(name: str, network: ResourceId, used: Zone, wanted: Zone) -> Check:
    return Check(
        f"{network.name} sees one zone {name}",
        holds=False,
        reason=reasons.ZONE_CONFLICT,
        message=f"{network.name} is linked to {used.id.text}, so it cannot see {wanted.id.text} too.",
        advice="Remove that link, or name that zone in spec.dns.zoneIDs.",
        rules=("DNS-04",),
        about=used.link,
    )
