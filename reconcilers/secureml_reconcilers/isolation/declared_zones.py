"""Zones that the spec declares are used, or it is said why they are not (DNS-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel
from secureml_reconcilers.isolation.body_values import is_settled
from secureml_reconcilers.isolation.link_fallback import targets_of_zone
from secureml_reconcilers.isolation.name_servers import answering
from secureml_reconcilers.isolation.zone_contents import answers_usable
from secureml_reconcilers.isolation.zone_groups import records_free
from secureml_reconcilers.isolation.zone_moves import links_by_network, remove
from secureml_reconcilers.isolation.zones import Zone, home_zone, zone_made, zone_to_move_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_HOLDS_UP: Final = frozenset({CheckLevel.BLOCKING, CheckLevel.PENDING})
_QUOTED: Final = 3
"""Networks of others that a message names."""


def declared_zone(context: WorkspaceContext, azure: View, name: str) -> Iterator[Block]:
    """The zone that the spec declares for a name is the one that the network sees (DNS-04).

    No gate of a closing: the names are found in the other zone meanwhile.
    """
    plan = context.plan
    moving = zone_to_move_to(plan, azure, name)
    if moving is not None:
        yield from _moved(context, azure, home_zone(plan, azure, name), moving)
    elif plan.zone_group_named and home_zone(plan, azure, name).id != plan.zone(name):
        yield _not_used(
            plan.zone(name),
            f"the network is linked to {home_zone(plan, azure, name).id.text} by others, and it sees one zone of a"
            " name",
            "Leave it where that zone is right. Otherwise name the other one in spec.dns.zoneIDs.",
        )


def zones_needed(context: WorkspaceContext, names: Iterable[str]) -> Iterator[Check]:
    """Every zone that spec.dns.zoneIDs names holds names of a service that is reached privately."""
    needed = {name.lower() for name in names}
    for zone in context.plan.named_zones:
        if zone.name.lower() not in needed:
            yield _not_used(
                zone,
                f"no service that this resource reaches privately has its names in a zone {zone.name} in"
                f" {context.plan.cloud.name}",
                "Take it out of spec.dns.zoneIDs, or declare the sub-resource that needs it.",
            )


def _moved(context: WorkspaceContext, azure: View, used: Zone, moving: Zone) -> Iterator[Block]:
    """What can be made ready is, so that the one step that interrupts is short."""
    plan = context.plan
    yield from zone_made(plan, azure, moving)
    askers = dict.fromkeys(
        linked for network in plan.networks for linked in (network, *answering(plan, azure, network))
    )
    before = [check for each in askers for check in answers_usable(context, azure, moving.id, each)]
    for target in targets_of_zone(context, azure, moving):
        before += records_free(context, azure, target, moving)
    yield from before
    ready = is_settled(azure, moving.id) and all(check.holds for check in before if check.level in _HOLDS_UP)
    yield _step_left(context, azure, used, moving) if ready else _being_prepared(moving)


def _being_prepared(moving: Zone) -> Check:
    return Check(
        f"{moving.id.text} is ready",
        holds=False,
        reason=reasons.WAITING,
        message=f"{moving.id.text} is made ready; the names are found in another zone meanwhile.",
        rules=("DNS-04",),
        about=moving.id,
        level=CheckLevel.PENDING,
    )


def _step_left(context: WorkspaceContext, azure: View, used: Zone, moving: Zone) -> Check:
    links = links_by_network(azure, used.id)
    ours = [link for network, link in links.items() if network in context.plan.linkable]
    others = [network.name for network in links if network not in context.plan.linkable]
    told = ", ".join(others[:_QUOTED]) + (f" and {len(others) - _QUOTED} more" if others[_QUOTED:] else "")
    return Check(
        f"{moving.id.text} is the zone that the networks see",
        holds=False,
        reason=reasons.ZONE_MOVE_WAITS,
        message=f"The spec declares {moving.id.text}, and the networks see {used.id.text}: a network sees one zone"
        " of a name, and an endpoint writes into one. The names are found in the old zone until they are moved"
        f"{f'; {told} will find them there no more' if others else ''}.",
        advice=f"When nobody is at work, remove the old links ({remove(ours or [used.link])}), then ask for a pass"
        " with the annotation secureml.dev/reconcile-at: the operator makes the new links and has the records"
        " written. Until then, some two minutes, the names lead to public addresses, and what is closed refuses. A"
        " zone group that somebody else gave an endpoint is its owner's to change. Have every resource for these"
        " networks declare the new zone first: one that does not makes the old link again. To stay with the old"
        " zone, take the new one out of spec.dns.",
        rules=("DNS-04",),
        about=used.link,
    )


def _not_used(zone: ResourceId, why: str, advice: str) -> Check:
    return Check(
        f"{zone.in_group} is used",
        holds=False,
        reason=reasons.ZONE_NOT_USED,
        message=f"{zone.text}, which the spec declares, is not used: {why}.",
        advice=advice,
        rules=("DNS-04",),
        about=zone,
        level=CheckLevel.ADVISORY,
    )
