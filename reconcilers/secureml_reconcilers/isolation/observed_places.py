"""In mode Observe no write finds out which places that the spec names are not there: they are looked at.

With Enforce, Azure's refusal tells the same, and nothing more need be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Blocks, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_NETWORKS: Final = "microsoft.network/virtualnetworks"


def places_of_names_exist(context: WorkspaceContext, azure: View) -> Blocks:
    """Every further network of the spec is there, and so are the groups of its zones (DNS-03)."""
    plan, dns = context.plan, context.spec.dns
    if context.spec.mode != "Observe":
        return
    for network in plan.client_networks:
        yield _is_there(azure, network, "spec.network.clientNetworkIDs")
    for network in plan.server_networks:
        yield _is_there(azure, network, "spec.dns.serverNetworkIDs")
    if dns.zone_resource_group_id is not None and dns.mode == "Managed":
        yield _is_there(azure, plan.zone_resource_group, "spec.dns.zoneResourceGroupID")
    for group in dict.fromkeys(zone.group for zone in plan.named_zones):
        yield _is_there(azure, group, "spec.dns.zoneIDs")


def group_of_endpoints_exists(context: WorkspaceContext, azure: View) -> Blocks:
    """The resource group in which endpoints would be made is there (WS-PE-01)."""
    if context.spec.mode == "Observe" and context.spec.endpoints.resource_group_id is not None:
        yield _is_there(azure, context.plan.endpoint_resource_group, "spec.endpoints.resourceGroupID")


def _is_there(azure: View, place: ResourceId, field: str) -> Iterator[Check]:
    """One place; where it may not be read, nothing is told."""
    is_network = place.type == _NETWORKS
    try:
        found = azure.outline(place) if is_network else azure.get(place)
    except AzureProblem:
        return
    fixed = field == "spec.endpoints.resourceGroupID"
    yield Check(
        f"{place.short} of {field} exists",  # a place may be named by several fields
        found is not None,
        reasons.NETWORK_NOT_FOUND if is_network else reasons.NOT_FOUND,
        f"{place.text}, which {field} names, does not exist: Enforce would be refused there.",
        "Create it (az group create), or create another SecureWorkspace that names another, and delete this one."
        if fixed
        else f"Create it, or correct {field}.",
        ("WS-PE-01",) if fixed else ("DNS-03",),
        place,
    )
