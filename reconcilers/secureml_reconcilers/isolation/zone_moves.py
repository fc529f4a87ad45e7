"""From one zone to another of its name: what the spec declares anew, and the network does not see yet (DNS-04).

A network sees one zone of a name, and an endpoint writes into one. So between the old zone and the new one there
is a minute or two in which names lead to public addresses, and a service that is closed refuses whoever comes
there. The operator makes ready what it can, and leaves the step that interrupts, and when it is taken, to people:
they remove the old links. Then it links the networks to the new zone, and has the records written there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.isolation.body_values import parsed_id, text_in
from secureml_reconcilers.isolation.zone_configs import replaced_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan
    from secureml_reconcilers.isolation.zones import Zone


def links_by_network(azure: View, zone: ResourceId) -> dict[ResourceId, ResourceId]:
    """The links of a zone, whosever they are, by the network to which each leads: the zone's own answer.

    Raises:
        Unread: when they have not been listed yet.
        AzureProblem: when they cannot be.
    """
    if azure.get(zone) is None:
        return {}
    found = {}
    for shown in azure.children(zone, "virtualNetworkLinks"):
        link, network = parsed_id(shown.get("id")), parsed_id(text_in(shown, "properties.virtualNetwork.id"))
        if link is not None and network is not None:
            found[network] = link
    return found


def left_by_all(plan: NetworkPlan, azure: View, zones: list[Zone], group: Body | None) -> Iterator[Check]:
    """No declared network looks for the names in a zone that our group leaves for another (DNS-04).

    Args:
        plan: whose networks.
        azure: the view.
        zones: those in which the names are looked for now.
        group: our zone group, as far as there is one.
    """
    for zone in zones:
        for old in replaced_by(zone, group):
            links = links_by_network(azure, old)
            still = {network: link for network, link in links.items() if network in plan.linkable}
            yield Check(
                f"no declared network sees {old.text}",
                not still,
                reasons.ZONE_MOVE_WAITS,
                f"{' and '.join(each.name for each in still)} still sees {old.text}, in which the records stand:"
                f" an endpoint writes into one zone of a name, so {zone.id.text} gets none before.",
                f"Remove the old links as well: {remove(list(still.values()))}.",
                ("DNS-04",),
                old,
            )


def remove(links: list[ResourceId]) -> str:
    """How links are removed, each by one command."""
    return "; ".join(
        "az network private-dns link vnet delete"
        f" --subscription {link.subscription} -g {link.resource_group} -z {link.parent.name} -n {link.name}"
        for link in links
        if link.parent is not None
    )
