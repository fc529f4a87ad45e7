"""Computes that the workspace's first private endpoint leaves outside (WS-PE-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, text_in
from secureml_reconcilers.isolation.workspace_context import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.isolation.network_plan import NetworkPlan
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_KINDS: Final = {"amlcompute": "cluster", "computeinstance": "instance"}
"""Computes whose nodes Azure ML makes and places; what is attached stands where its owner put it."""

_NAMED: Final = 10
"""So many computes are named in one message."""


@worked_out_once
def stranded_computes(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """Nothing runs outside of the declared networks when the workspace gets its first endpoint (WS-PE-07).

    Such a compute loses the workspace then, and the storage account once that is closed, so no job finds its
    data (GEN-TOPO-04). Where an endpoint is approved already it has lost the workspace: nothing is asked. With
    `strandedComputes: Hold` no endpoint is made before that is settled, so nothing is closed either.

    Raises:
        AzureProblem: when the computes cannot be listed and the spec has endpoints wait for them.
    """
    body = workspace(context, azure)
    if has_approved_endpoint(body) or has_managed_network(body):
        return
    try:
        computes = azure.children(context.workspace, "computes")
    except AzureProblem as problem:
        if context.spec.endpoints.stranded_computes == "Hold":
            raise
        yield _check(context, holds=False, message=f"Its computes cannot be listed ({problem.reason}).")
        return
    outside = [told for each in computes if (told := _outside(context.plan, each))]
    named = ", ".join(sorted(outside)[:_NAMED])
    more = f" and {len(outside) - _NAMED} more" if len(outside) > _NAMED else ""
    yield _check(context, holds=not outside, message=f"Outside of the declared networks are: {named}{more}.")


def has_approved_endpoint(workspace_body: Body) -> bool:
    """Whether a private endpoint leads to the workspace, in whatever network."""
    status = "properties.privateLinkServiceConnectionState.status"
    connections = objects_in(workspace_body, "properties.privateEndpointConnections")
    return any(text_in(each, status).lower() == "approved" for each in connections)


def has_managed_network(workspace_body: Body) -> bool:
    """Whether Azure ML keeps the network of the computes, with an endpoint of its own (WS-MNET-01)."""
    return text_in(workspace_body, "properties.managedNetwork.isolationMode", "Disabled").lower() != "disabled"


def _outside(plan: NetworkPlan, compute: Body) -> str:
    """Name, kind and network of a compute in none of the declared networks; empty for any other."""
    kind = _KINDS.get(text_in(compute, "properties.computeType").lower())
    if kind is None or text_in(compute, "properties.provisioningState").lower() == "deleting":
        return ""
    subnet = parsed_id(text_in(compute, "properties.properties.subnet.id"))
    network = subnet.parent if subnet is not None else None
    if network in plan.networks:
        return ""
    where = f"in {network.name}" if network is not None else "without a subnet"
    return f"{text_in(compute, 'name', 'unnamed')} ({kind} {where})"


def _check(context: WorkspaceContext, *, holds: bool, message: str) -> Check:
    network = context.plan.network.name
    held = context.spec.endpoints.stranded_computes == "Hold"
    waiting = (
        " Or set spec.endpoints.strandedComputes to Report, and the endpoints are made all the same."
        if held
        else " To have the endpoints wait for that, set spec.endpoints.strandedComputes to Hold."
    )
    return Check(
        f"no compute of {context.workspace.name} is outside of the declared networks",
        holds,
        reasons.COMPUTES_STRANDED,
        f"Computes outside stop working when the workspace {context.workspace.name} gets its first private"
        f" endpoint, and lose its data when the storage is closed. {message}",
        f"Delete them (az ml compute delete) and make them anew in a subnet of {network} (az ml compute create"
        f" --vnet-name {network} --subnet <subnet>), or declare their network in spec.network.clientNetworkIDs if"
        f" it is peered.{waiting}",
        ("WS-PE-07", "GEN-TOPO-04"),
        context.workspace,
        CheckLevel.BLOCKING if held else CheckLevel.ADVISORY,
    )
