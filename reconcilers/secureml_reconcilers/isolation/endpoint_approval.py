"""The connection of an endpoint is approved: by the service at once, by us, or by somebody else (WS-PE-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.isolation.body_values import id_in, state_of
from secureml_reconcilers.isolation.endpoint_connections import (
    connection_endpoint,
    connection_status,
    connections,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget

_NOT_APPROVED: Final = {
    "rejected": reasons.PRIVATE_ENDPOINT_REJECTED,
    "timeout": reasons.PRIVATE_ENDPOINT_TIMED_OUT,
}
"""Reasons of connections that do not become approved by waiting; pending is what else a status may say."""


def approved(plan: NetworkPlan, azure: View, target: PrivateLinkTarget, existing: Ensure) -> Iterator[Block]:
    """Our endpoint's connection is approved: what the spec leaves to somebody else is asked for, not done."""
    used = existing.id
    status = connection_status(azure.get(used))
    ours = (each for each in connections(azure.get(target.resource)) if connection_endpoint(each) == used)
    connection = id_in(next(ours, None), "id")
    if status == "pending" and connection is not None and not plan.manual_approval:
        yield Ensure(
            connection,
            {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}},
            "the connection was requested by us and waits for approval",
            ("WS-PE-04",),
            after=(existing,),
        )
    yield Check(
        f"{used.short} is approved",
        status == "approved",
        _NOT_APPROVED.get(status, reasons.PRIVATE_ENDPOINT_PENDING),
        f"The connection of {used.short} to {target.resource.short} is {status}.",
        _advice(plan, target, status, connection),
        ("WS-PE-04",),
        used,
        CheckLevel.PENDING if status == "pending" and not plan.manual_approval else CheckLevel.BLOCKING,
    )


def _advice(plan: NetworkPlan, target: PrivateLinkTarget, status: str, connection: ResourceId | None) -> str:
    if status != "pending":
        return (
            f"Approve it on {target.resource.name} (az network private-endpoint-connection approve), or delete the"
            " endpoint to have it requested anew."
        )
    if not plan.manual_approval:
        return "Nothing to do: it is being approved."
    command = (
        f"approve --id {connection.text}"
        if connection is not None
        else f"list --id {target.resource.text}, then approve --id with the id that it shows"
    )
    return (
        f"Ask whoever keeps {target.resource.name} to approve it (az network private-endpoint-connection"
        f" {command}). Until then the service stays as it is."
    )


def disconnected(target: PrivateLinkTarget, used: ResourceId) -> Check:
    """Its connection is gone for good: one of ours is made anew, one of others is theirs to delete (WS-PE-04)."""
    return Check(
        f"{used.short} is connected",
        holds=False,
        reason=reasons.PRIVATE_ENDPOINT_DISCONNECTED,
        message=f"The connection of {used.short} was removed on {target.resource.short}, and it never comes back.",
        advice="Where the operator made the endpoint it makes it anew; else delete it.",
        rules=("WS-PE-04",),
        about=used,
    )


def kept_by_owner(target: PrivateLinkTarget, used: ResourceId, body: Body) -> Iterator[Block]:
    """What only its owner can do for an endpoint that we use: nothing is closed behind one that is broken."""
    state = state_of(body)
    yield Check(
        f"{used.short} is provisioned",
        state not in {"failed", "canceled"},
        reasons.PRIVATE_ENDPOINT_FAILED,
        f"The last operation on {used.short}, made by somebody else, ended as {state}.",
        "Ask its owner to write it again (az network private-endpoint update), or to delete it: then the operator"
        " makes its own.",
        (target.rule,),
        used,
    )
    status = connection_status(body)
    yield Check(
        f"{used.short} is approved",
        status == "approved",
        _NOT_APPROVED.get(status, reasons.PRIVATE_ENDPOINT_PENDING),
        f"The connection of {used.short}, made by somebody else, is {status}.",
        "Ask its owner to have it approved, or to delete it: then the operator makes its own.",
        ("WS-PE-04",),
        used,
    )
