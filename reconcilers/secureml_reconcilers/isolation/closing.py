"""When a service may be closed: once every private way into it works, and again by the ways that its clients have.

A service that was closed and is opened by somebody is closed again by the ways that worked when it was last seen
closed: nobody has used another since. What the spec has come to ask for meanwhile, a network or a sub-resource
that is not ready, holds only itself (OPS-08).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Closing, Way
from secureml_reconcilers.engine.view import View, once
from secureml_reconcilers.isolation.dns import names_of
from secureml_reconcilers.isolation.endpoints import endpoint
from secureml_reconcilers.isolation.services import SERVICES
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block


@once
def ways_into(context: WorkspaceContext, azure: View, resource: ResourceId) -> tuple[Way, ...]:
    """Every private way into a service that is declared: each of its sub-resources, from each network."""
    return tuple(
        Way(
            f"{target.group} from {context.plan.label(network)}",
            (*endpoint(context, azure, target), *names_of(context, azure, target, (network,))),
        )
        for target in targets_of(context, azure, resource)
        for network in context.plan.networks
    )


def closing_of(context: WorkspaceContext, azure: View, resource: ResourceId, *, exposed: bool) -> Closing:
    """That a service is closed, and by which ways its clients reach it then.

    Args:
        context: the workspace and its networks.
        azure: the view.
        resource: the service.
        exposed: it answers everybody as it is now.
    """
    service = SERVICES[resource.type]
    by_hand = service.close_command.format(name=resource.name, group=resource.resource_group)
    name = f"The {service.noun} {resource.name}"
    return Closing(name, exposed, ways_into(context, azure, resource), by_hand)


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
    remembered = context.closed.get(resource.key, frozenset())
    known = [way for way in closing.ways if way.name in remembered]
    return _distinct(gate for way in known for gate in way.gates) if known else _distinct(_all(closing, first))


def _all(closing: Closing, first: Iterable[Block]) -> Iterator[Block]:
    yield from first
    for way in closing.ways:
        yield from way.gates


def _distinct(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple({block.key: block for block in blocks}.values())
