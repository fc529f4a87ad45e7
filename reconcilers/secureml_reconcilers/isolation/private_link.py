"""The private link workspace: every service has an endpoint in the declared network (WS-PE-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Blocks, Check, CheckLevel
from secureml_reconcilers.engine.ownership_tags import user_tag, users
from secureml_reconcilers.isolation.endpoint_connections import serves
from secureml_reconcilers.isolation.endpoint_subnet import (
    endpoints_in_other_subnets,
    no_guard_applies,
    unused_subnet_is_missing,
)
from secureml_reconcilers.isolation.endpoints import (
    endpoint,
    endpoint_used,
    is_of_others,
    is_served,
    rivals_kept,
)
from secureml_reconcilers.isolation.observed_places import group_of_endpoints_exists
from secureml_reconcilers.isolation.static_addresses import addresses_taken, addresses_without_endpoint
from secureml_reconcilers.isolation.stranded_computes import stranded_computes
from secureml_reconcilers.isolation.tags import tags_kept
from secureml_reconcilers.isolation.workspace_context import private_link_targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext


def private_link(context: WorkspaceContext, azure: View) -> Blocks:
    """Every service has an approved private endpoint in the declared network (WS-PE-01, ST-PE-01, ACR-NET-01).

    A network of its own takes a resource of its own, which has all services reached from there too (WS-PE-08).
    """
    yield _declared_subnet(context, azure)
    yield _declared_once(context, azure)
    yield stranded_computes(context, azure)
    targets = tuple(private_link_targets(context, azure))
    # Services and endpoints are all asked for in one batch.
    azure.ask(*(target.resource for target in targets), *map(context.plan.endpoint, targets))
    for target in targets:
        yield endpoint(context, azure, target)
        yield rivals_kept(context, azure, target)
    for target in targets if context.spec.endpoints.static_addresses else ():
        yield _addresses_taken(context, azure, target)
    yield addresses_without_endpoint(context, azure, targets)
    yield tags_kept(context, azure)
    yield group_of_endpoints_exists(context, azure)


def _declared_subnet(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """What is worth knowing of the subnet; where it cannot be read, nothing is told and nothing waits."""
    plan = context.plan
    try:
        subnet = azure.get(plan.endpoint_subnet)
        if subnet is not None:
            yield no_guard_applies(plan, subnet)
            yield from endpoints_in_other_subnets(plan, _ours_in_use(context, azure))
        elif all(is_served(plan, azure, target) for target in private_link_targets(context, azure)):
            yield unused_subnet_is_missing(plan)
    except AzureProblem:
        return


def _addresses_taken(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> Iterator[Check]:
    subnet = azure.get(context.plan.endpoint_subnet)
    if subnet is not None:
        yield from addresses_taken(context, azure, target, endpoint_used(context.plan, azure, target), subnet)


def _ours_in_use(context: WorkspaceContext, azure: View) -> dict[ResourceId, Body]:
    """The endpoints of ours that serve; what others keep is theirs to place."""
    plan, found = context.plan, {}
    for target in private_link_targets(context, azure):
        used = endpoint_used(plan, azure, target)
        body = azure.get(used)
        if body is not None and serves(body, plan, target) and not is_of_others(plan, azure, target, used):
            found[used] = body
    return found


def _declared_once(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """Nobody else declares this workspace, as far as the tags on its endpoint tell (WS-PE-01).

    Custom resources for one workspace in two networks have an endpoint each, and do not see one another here.
    """
    try:
        # The first target is the workspace; its endpoint is asked for together with those of the others.
        used = endpoint_used(context.plan, azure, next(private_link_targets(context, azure)))
        others = sorted(users(azure.get(used)) - {context.plan.owner})
    except AzureProblem:
        return  # the endpoint's own part tells it
    yield Check(
        f"{context.workspace.short} is declared once",
        not others,
        reasons.DUPLICATE_DECLARATION,
        f"The workspace {context.workspace.name} is also declared by {' and '.join(others)} (cluster, namespace"
        " and name), and specs that contradict each other work against each other.",
        "Delete one of them, or keep their specs alike. One that is gone already, with deletionPolicy Retain, left"
        " its tag on the endpoints that it used: take it off each (az tag update --resource-id <endpoint id>"
        f" --operation Delete --tags {' or '.join(f'{user_tag(each)}={each}' for each in others)}).",
        ("WS-PE-01",),
        used,
        CheckLevel.ADVISORY,
    )
