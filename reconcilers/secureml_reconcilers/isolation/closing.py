"""When a service may be closed: once every private way into it works, and again by the ways that its clients have.

A service that was closed and is opened by somebody is closed again by the ways that worked when it was last seen
closed: nobody has used another since. What the spec has come to ask for meanwhile, a network or a sub-resource
that is not ready, holds only itself (OPS-08).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from secureml_reconcilers.azure.problem import AzureProblem, Severity
from secureml_reconcilers.engine.blocks import Check, Closing, Way
from secureml_reconcilers.engine.view import View, once
from secureml_reconcilers.isolation.dns import names_of
from secureml_reconcilers.isolation.endpoints import endpoint
from secureml_reconcilers.isolation.services import SERVICES
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext, private_link_targets, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget


@once
def ways_into(context: WorkspaceContext, azure: View, resource: ResourceId) -> tuple[Way, ...]:
    """Every private way into a service that is declared: each of its sub-resources, from each network."""
    return tuple(_ways(context, azure, resource))


@once
def ways_of_others(context: WorkspaceContext, azure: View, resource: ResourceId) -> tuple[Way, ...]:
    """The private ways into a service that other custom resources declare: their clients use it, too (F6).

    One that only observes makes no way, so nobody waits for it.
    """
    found: list[Way] = []
    for other in context.others:
        owner = other.plan.owner.partition("/")[2]
        if other.spec.mode != "Enforce":
            continue
        try:
            declares = resource in {target.resource for target in private_link_targets(other, azure)}
        except AzureProblem as problem:
            if problem.severity is Severity.NOBODY:
                said = f"what {owner} declares"
                found.append(Way(said, (Check.untold(f"{said} can be told", problem),), owner))
            continue  # where its workspace may not be read, or is not there, it gets no way by waiting
        if declares:
            found += [replace(way, owner=owner) for way in _ways(other, azure, resource)]
    return tuple(found)


def closing_of(context: WorkspaceContext, azure: View, resource: ResourceId, *, exposed: bool) -> Closing:
    """That a service is closed, and by which ways its clients reach it then.

    Args:
        context: the workspace and its networks.
        azure: the view.
        resource: the service.
        exposed: it answers everybody as it is now.
    """
    service, closed_before = SERVICES[resource.type], bool(context.closed.get(resource.key))
    waits = exposed and not closed_before and context.spec.shared_services == "Wait"
    others = ways_of_others(context, azure, resource) if waits else ()
    by_hand = service.close_command.format(name=resource.name, group=resource.resource_group)
    owners = " and ".join(dict.fromkeys(way.owner for way in others))
    shared = f" (declared by {owners} as well)" if owners else ""
    name = f"The {service.noun} {resource.name}{shared}"
    return Closing(name, exposed, ways_into(context, azure, resource), by_hand, closed_before, others)


def gates_of(
    context: WorkspaceContext, resource: ResourceId, closing: Closing, first: Iterable[Block] = ()
) -> tuple[Block, ...]:
    """What must hold before a service is closed: all that is declared, or the ways that its clients have now.

    Args:
        context: the workspace; it knows by which ways the service was closed before.
        resource: the service.
        closing: every way that is declared.
        first: what else the first closing waits for.
    """
    # One that denies by default lets in addresses and subnets, whose clients have no private way yet.
    remembered = context.closed.get(resource.key, frozenset()) if closing.exposed else frozenset()
    known = [way for way in closing.ways if way.name in remembered]
    if known:
        return _distinct(gate for way in known for gate in way.gates)
    return _distinct((*first, *(gate for way in (*closing.ways, *closing.others) for gate in way.gates)))


def _ways(context: WorkspaceContext, azure: View, resource: ResourceId) -> Iterator[Way]:
    for target in targets_of(context, azure, resource):
        for network in context.plan.networks:
            name = f"{target.group} from {context.plan.label(network)}"
            yield Way(name, _gates(context, azure, target, network))


def _gates(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, network: ResourceId
) -> tuple[Block, ...]:
    """What must hold before anybody can go a way; one that cannot be told is none, and the service is told of."""
    try:
        return (*endpoint(context, azure, target), *names_of(context, azure, target, (network,)))
    except AzureProblem as problem:
        said = f"{target.group} of {target.resource.short} is reached from {context.plan.label(network)}"
        return (Check.untold(said, problem),)


def _distinct(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple({block.key: block for block in blocks}.values())
