"""Private names, whoever keeps them: every service's name leads to its private address (DNS-01 to DNS-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.isolation.client_networks import reaches_endpoints
from secureml_reconcilers.isolation.declared_zones import declared_zone, zones_needed
from secureml_reconcilers.isolation.manual_dns import records_to_make
from secureml_reconcilers.isolation.name_servers import forwarders
from secureml_reconcilers.isolation.observed_places import places_of_names_exist
from secureml_reconcilers.isolation.tags import tags_of_zones_kept
from secureml_reconcilers.isolation.workspace_context import private_link_targets
from secureml_reconcilers.isolation.zone_groups import old_zones_left, zone_group
from secureml_reconcilers.isolation.zone_links import zone_linked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block, Blocks
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext


def names_resolve(context: WorkspaceContext, azure: View) -> Blocks:
    """Inside the network every service's name leads to its private address (DNS-03)."""
    plan, targets = context.plan, tuple(private_link_targets(context, azure))
    if plan.dns_mode == "None":
        for network in plan.client_networks:
            yield reaches_endpoints(plan, azure, network)
        for target in targets:
            yield records_to_make(context, azure, target)
        return
    names = list(dict.fromkeys(name for target in targets for name in plan.zone_names(target)))
    # All zones in one batch, and before their links: a zone that does not exist has none.
    azure.ask(*map(plan.zone, names), outlines=plan.linkable)
    for name in names:
        for network in plan.networks:
            yield zone_linked(context, azure, name, network)
        yield declared_zone(context, azure, name)
    yield zones_needed(context, names)
    yield forwarders(plan, azure, targets)
    for target in targets:
        yield old_zones_left(context, azure, target)
        yield zone_group(context, azure, target)
    yield tags_of_zones_kept(context, azure, names)
    yield places_of_names_exist(context, azure)


def names_of(
    context: WorkspaceContext,
    azure: View,
    target: PrivateLinkTarget,
    networks: tuple[ResourceId, ...] | None = None,
) -> Iterator[Block]:
    """What it takes until the names of one target resolve; where DNS is somebody else's job, that they say so.

    Args:
        context: the workspace and its networks.
        azure: the view.
        target: whose names.
        networks: as seen from which of the declared networks; None for all of them.
    """
    plan = context.plan
    asked = plan.networks if networks is None else networks
    if plan.dns_mode == "None":
        for network in asked:
            yield from reaches_endpoints(plan, azure, network)
        yield from records_to_make(context, azure, target)
        return
    for name in plan.zone_names(target):
        for network in asked:
            yield from zone_linked(context, azure, name, network)
    yield from zone_group(context, azure, target)
