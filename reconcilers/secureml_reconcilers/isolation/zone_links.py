"""The links of zones to every network that must resolve their names (WS-DNS-01, DNS-03, DNS-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.body_values import is_settled, state_of, text_in
from secureml_reconcilers.isolation.zone_contents import answers_usable
from secureml_reconcilers.isolation.zones import Zone, ask_links, link_shown, zone_made, zone_used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext


@worked_out_once
def zone_linked(context: WorkspaceContext, azure: View, name: str, network: ResourceId) -> Iterator[Block]:
    """The zone exists and is linked, once, to a network that must resolve its names (WS-DNS-01, DNS-03)."""
    plan = context.plan
    zone = zone_used(plan, azure, name, plan.network)
    ask_links(azure, zone.link, *(plan.link(zone.id, client) for client in plan.client_networks))
    used = zone_used(plan, azure, name, network)
    if used.id == zone.id:
        yield from _link(context, azure, used, network)
    elif not used.ours:
        yield _conflict(name, network, used, zone)
    else:
        yield from _link(context, azure, Zone(zone.id, plan.link(zone.id, network), ours=True), network)


def _link(context: WorkspaceContext, azure: View, zone: Zone, network: ResourceId) -> Iterator[Block]:
    if not zone.ours:
        yield Ensure(
            zone.link, {}, f"{network.name} resolves {zone.id.name} through a zone of others", ("DNS-04",)
        )
        yield from _completed(azure, zone, network)
        return
    made = zone_made(context.plan, azure, zone)
    yield from made
    # Once it is linked, what others write there is theirs to answer for, and cutting it off would hurt as much.
    usable = (
        tuple(answers_usable(context, azure, zone.id, network)) if link_shown(azure, zone.link) is None else ()
    )
    yield from usable
    yield Ensure(
        zone.link,
        {"properties": {"virtualNetwork": {"id": network.text}, "registrationEnabled": False}},
        f"{network.name} resolves names in {zone.id.name}",
        ("WS-DNS-01", "DNS-03"),
        create={"location": "global"},
        after=(*made, *usable),
        shared=True,
        preconditions=(zone.id,) if usable else (),
    )
    yield from _completed(azure, zone, network)


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
