"""Service endpoints: a subnet shows a service its identity, and the service's firewall lets it in (GEN-SEPE-01).

The subnet comes first, then the service's rule for it, then everybody else is denied: in any other order whoever
works in the subnet loses the service, or Azure refuses the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import Entries
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, region_in, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.services import Firewall
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_NODES: Final = frozenset({"amlcompute", "computeinstance"})
"""Computes whose nodes live in a subnet."""

_NAMED: Final = 10
"""So many computes are named in one message."""


def subnets_ready(
    azure: View, firewall: Firewall, subnets: tuple[str, ...], region: str
) -> Iterator[Ensure | Check]:
    """Each of these subnets carries the service endpoint; nothing else of it is touched (ST-SE-01, KV-NET-01).

    The subnet is written whole, as it was read, and only if it still is as it was read (OPS-03, OPS-04). What we
    add stays when the spec drops the subnet: other services may have come to lean on it, and nobody can tell.

    Args:
        azure: the view.
        firewall: of the service that is to be reached.
        subnets: those that the spec lets in.
        region: where the service is, as `region_in` gives it.
    """
    targets = tuple(map(resource_id, subnets))
    azure.ask(*targets, *(each.parent for each in targets if each.parent is not None))
    for subnet in targets:
        try:
            yield _ready(azure, firewall, subnet, region)
        except AzureProblem as problem:
            yield _cannot_be_ready(firewall, subnet, problem)


def have_an_effect(resource: ResourceId, body: Body, subnets: tuple[str, ...], field: str) -> Iterator[Check]:
    """Rules for subnets have no effect where public access is off; only a person switches that on (ST-PUB-01)."""
    if not subnets:
        return
    access = text_in(body, "properties.publicNetworkAccess", "Enabled").lower()
    yield Check(
        f"{resource.short} answers the subnets of {field}",
        access != "disabled",
        reasons.PUBLIC_ACCESS_DISABLED,
        f"Public access to {resource.short} is off, so {field} has no effect.",
        "Switch it on yourself (everybody else is denied, and the operator never opens anything), or remove the"
        " subnets.",
        about=resource,
    )


def computes_let_in(
    context: WorkspaceContext, azure: View, account: ResourceId, subnets: tuple[str, ...]
) -> Iterator[Check]:
    """Every compute that Azure ML places in a subnet reaches the account from there (ST-VNET-01, ST-MODE-01)."""
    let_in = {resource_id(text) for text in subnets}
    try:
        computes = azure.children(context.workspace, "computes")
    except AzureProblem:
        return  # it holds nothing up, and whoever needs the list says that it cannot be read
    outside = sorted(told for each in computes if (told := _outside(each, let_in)))
    more = f" and {len(outside) - _NAMED} more" if len(outside) > _NAMED else ""
    yield Check(
        f"{account.short} lets in every compute of the workspace",
        not outside,
        reasons.COMPUTES_SHUT_OUT,
        f"{account.short} is reached by service endpoint, and lets in no subnet of {', '.join(outside[:_NAMED])}"
        f"{more}.",
        "Add their subnets to spec.storage.allowedSubnetIDs, or make them in one that stands there.",
        ("ST-VNET-01", "ST-MODE-01"),
        account,
        CheckLevel.ADVISORY,
    )


def _ready(azure: View, firewall: Firewall, subnet: ResourceId, region: str) -> Ensure:
    advice = "Create the subnet, or correct the spec, which lets it in."
    body = azure.require(subnet, reasons.SUBNET_NOT_FOUND, advice)
    name = _endpoint_for(firewall, body, near=_is_near(azure, subnet, region))
    return Ensure(
        subnet,
        {"properties": {"serviceEndpoints": Entries("service", ({"service": name},), lasting=True)}},
        f"traffic of the subnet must show {name} where it comes from",
        (*firewall.subnet_rules, "GEN-SEPE-01", "OPS-03", "OPS-04"),
        part=f"serviceEndpoints {name}",
        takes_effect=firewall.endpoint_lag,
    )


def _cannot_be_ready(firewall: Firewall, subnet: ResourceId, problem: AzureProblem) -> Check:
    """A subnet that is not there, or not shown, holds up its own rule, and no other subnet."""
    return Check(
        f"{subnet.short} shows {firewall.service_endpoints[0]} where it comes from",
        holds=False,
        reason=problem.reason,
        message=problem.message,
        advice=problem.advice,
        rules=firewall.subnet_rules,
        about=subnet,
    )


def _endpoint_for(firewall: Firewall, subnet: Body, *, near: bool) -> str:
    """The service endpoint that the subnet has already, else the one for a service of its own or another region.

    A subnet has one of the two kinds that storage knows: changing it would take the other's clients their way.
    """
    shown = [text_in(each, "service").lower() for each in objects_in(subnet, "properties.serviceEndpoints")]
    there = [name for name in firewall.service_endpoints if name.lower() in shown]
    return there[0] if there else firewall.service_endpoints[0 if near else -1]


def _is_near(azure: View, subnet: ResourceId, region: str) -> bool:
    """Whether a service lies in the region of a subnet's network."""
    network = azure.get(subnet.parent) if subnet.parent is not None else None
    return region_in(network) == region


def _outside(compute: Body, let_in: set[ResourceId]) -> str:
    """The name of a compute whose subnet is none of these; empty for any other."""
    if text_in(compute, "properties.computeType").lower() not in _NODES:
        return ""
    subnet = parsed_id(text_in(compute, "properties.properties.subnet.id"))
    return "" if subnet in let_in else text_in(compute, "name", "unnamed")
