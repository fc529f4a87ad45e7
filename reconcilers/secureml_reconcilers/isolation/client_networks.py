"""Networks of clients: their names turn private only where they reach the endpoints' addresses (WS-PE-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.networks import Reach, ranges_of, way_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.network_plan import NetworkPlan


@worked_out_once
def reaches_endpoints(plan: NetworkPlan, azure: View, network: ResourceId) -> Iterator[Check]:
    """A network of clients is peered with that of the endpoints in both directions (WS-PE-08, GEN-VNET-02).

    Gates of its links, and of what is closed. Where one of the two cannot be read, nothing is linked or closed.
    """
    if network == plan.network:
        return
    azure.ask(outlines=(network, plan.network))
    try:
        shown, endpoints = azure.outline(network), azure.outline(plan.network)
    except AzureProblem as problem:
        yield Check.untold(f"{network.in_group} reaches the endpoints", problem, network)
        return
    if shown is None:
        yield _missing(network)
        return
    reach, why = way_between(azure, network, plan.network)
    overlaps = any(mine.overlaps(its) for mine in ranges_of(shown) for its in ranges_of(endpoints))
    yield _overlapping(plan, network, why) if overlaps else _peered(plan, network, reach, why)
    if reach is Reach.UNTOLD:
        yield Check(
            f"{network.in_group} is shown to reach the endpoints",
            holds=False,
            reason=reasons.PATH_NOT_TOLD,
            message=f"Clients in {network.name} are sent to addresses in {plan.network.name}: {why}.",
            advice="Look whether a machine there reaches an endpoint on TCP 443, or peer the two networks"
            " (az network vnet peering create).",
            rules=("WS-PE-08",),
            about=network,
            level=CheckLevel.ADVISORY,
        )


def _peered(plan: NetworkPlan, network: ResourceId, reach: Reach, why: str) -> Check:
    return Check(
        f"{network.in_group} reaches the endpoints",
        reach is not Reach.NO,
        reasons.CLIENT_NETWORK_NOT_PEERED,
        f"{network.name} cannot send to the endpoints in {plan.network.name}: {why}. It is not linked to zones"
        " that lead there, and nothing is closed on names that it cannot follow.",
        f"Peer the two networks in both directions (az network vnet peering create --allow-vnet-access, once on"
        f" {network.name} and once on {plan.network.name}), or take the network out of"
        " spec.network.clientNetworkIDs.",
        ("WS-PE-08", "GEN-VNET-02"),
        network,
        evidence=(plan.network,),
    )


def _overlapping(plan: NetworkPlan, network: ResourceId, why: str) -> Check:
    return Check(
        f"{network.in_group} reaches the endpoints",
        holds=False,
        reason=reasons.CLIENT_NETWORK_OVERLAPS,
        message=f"{network.name} cannot send to the endpoints in {plan.network.name}: {why}, so Azure does not"
        " peer them, and traffic to the shared addresses stays where it begins.",
        advice="Take the network out of spec.network.clientNetworkIDs and give it endpoints of its own (another"
        " resource for the same workspace, with a subnet in that network and zones of its own), or change its"
        " ranges.",
        rules=("WS-PE-08", "GEN-VNET-02"),
        about=network,
        evidence=(plan.network,),
    )


def _missing(network: ResourceId) -> Check:
    return Check(
        f"{network.in_group} exists",
        holds=False,
        reason=reasons.NETWORK_NOT_FOUND,
        message=f"{network.text}, which spec.network.clientNetworkIDs names, does not exist.",
        advice="Correct the id, or take it out; everything else goes on meanwhile.",
        rules=("WS-PE-08",),
        about=network,
        by_user=True,
    )
