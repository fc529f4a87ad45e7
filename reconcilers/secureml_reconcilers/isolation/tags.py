"""The tags of the spec on what the operator makes: given at creation, kept, and taken off again.

An endpoint has one maker, whose values stand on it. Zones, links, and endpoints that another made are shared:
there a tag is added where it is missing, and a value that is not ours is told of and left, for two resources that
want different values would change it to and fro.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel, Ensure, StatusField
from secureml_reconcilers.engine.ownership_tags import is_marked, made_for
from secureml_reconcilers.engine.values import Missing
from secureml_reconcilers.isolation.endpoints import endpoint_used
from secureml_reconcilers.isolation.services import CONTAINER_REGISTRY
from secureml_reconcilers.isolation.workspace_context import named_by_workspace, private_link_targets
from secureml_reconcilers.isolation.zones import link_shown, zone_used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_ZONES: Final = "microsoft.network/privatednszones"


def tags_kept(context: WorkspaceContext, azure: View) -> Blocks:
    """Everything that the operator made carries the tags of the spec, which a policy may demand (OPS-02).

    A way works without them.
    """
    if not context.plan.tags and not context.plan.earlier_tags:
        return
    yield _remembered(context, azure)
    for target in private_link_targets(context, azure):
        yield _kept(context.plan, azure, endpoint_used(context.plan, azure, target))
    registry = named_by_workspace(context, azure, CONTAINER_REGISTRY)
    if registry is not None:
        yield _kept(context.plan, azure, registry)


def tags_of_zones_kept(context: WorkspaceContext, azure: View, names: list[str]) -> Blocks:
    """The same of zones and their links."""
    if context.plan.tags:
        for each in _zones_and_links(context.plan, azure, names):
            yield _kept(context.plan, azure, each)


def _kept(plan: NetworkPlan, azure: View, target: ResourceId) -> Iterator[Block]:
    """One resource of ours has the tags that it can carry, less those that the spec dropped."""
    body = azure.get(target)
    if body is None or not is_marked(body):
        return
    shown, alone = _tags(body), made_for(body) == plan.owner
    fragment: dict[str, Any] = {}
    for name, value in plan.tags_for(target.type):
        there = shown.get(name.lower())
        if there is None or there == value or alone or (name, there) in plan.earlier_tags:
            fragment[name] = value
        else:
            yield _taken(target, name, value, there)
    if alone:
        fragment |= {name: Missing() for name, value in _dropped(plan) if shown.get(name.lower()) == value}
    if fragment:
        yield Ensure(
            target,
            {"tags": fragment},
            "the spec says which tags it carries",
            ("OPS-02",),
            part="tags",
            optional=True,
        )


def _remembered(context: WorkspaceContext, azure: View) -> Iterator[Block]:
    """What the status keeps: the tags of the spec, and earlier ones as long as they stand somewhere."""
    plan = context.plan
    for name, value in plan.tags:
        yield StatusField("tags", {"name": name, "value": value})
    for name, value in sorted(plan.earlier_tags - set(plan.tags)):
        if _stands_somewhere(context, azure, name, value):
            yield StatusField("tags", {"name": name, "value": value})


def _stands_somewhere(context: WorkspaceContext, azure: View, name: str, value: str) -> bool:
    """Whether a tag of an earlier spec is still to go; where that cannot be told, it may be."""
    plan, targets = context.plan, tuple(private_link_targets(context, azure))
    try:
        places = [endpoint_used(plan, azure, target) for target in targets]
        if name in dict(plan.tags):  # only a value that is replaced is looked for on what is shared
            names = list(dict.fromkeys(each for target in targets for each in plan.zone_names(target)))
            places += _zones_and_links(plan, azure, names)
        azure.ask(*places)
        bodies = [azure.get(place) for place in places]
    except AzureProblem:
        return True
    return any(is_marked(body) and _tags(body).get(name.lower()) == value for body in bodies)


def _zones_and_links(plan: NetworkPlan, azure: View, names: list[str]) -> list[ResourceId]:
    """Zones that the networks see, and links to them, as far as there are any."""
    if plan.dns_mode == "None":
        return []
    used = [zone_used(plan, azure, name, network) for name in names for network in plan.linkable]
    there = [zone for zone in used if link_shown(azure, zone.link) is not None]
    found = list(dict.fromkeys([each.id for each in there] + [each.link for each in there]))
    azure.ask(*found)
    return found


def _dropped(plan: NetworkPlan) -> list[tuple[str, str]]:
    """Tags of earlier specs of which the present one does not speak."""
    wanted = {name.lower() for name, _ in plan.tags}
    return sorted((name, value) for name, value in plan.earlier_tags if name.lower() not in wanted)


def _tags(body: Body | None) -> dict[str, str]:
    """The tags by name in lower case, as Azure compares them."""
    shown = (body or {}).get("tags")
    return {name.lower(): str(value or "") for name, value in shown.items()} if isinstance(shown, dict) else {}


def _taken(target: ResourceId, name: str, value: str, there: str) -> Check:
    return Check(
        f"{target.short} carries the tag {name} of the spec",
        holds=False,
        reason=reasons.TAG_TAKEN,
        message=f"{target.short} is shared and carries the tag {name}={there}; spec.tags says {value}. The value"
        " that was there first stays.",
        advice=f"Give {name} one value in every resource that uses it, and set it there once (az tag update"
        f' --resource-id {target.text} --operation Merge --tags "{name}={value}").',
        about=target,
        level=CheckLevel.ADVISORY,
    )
