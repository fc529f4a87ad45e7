"""Private endpoints: a NIC with a private address in the network for every service (GEN-SEPE-02, WS-PE-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Claim, Ensure, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import MANAGED_BY, OPERATOR, OWNER, is_marked, user_tag
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.engine.view import View, once, worked_out_once
from secureml_reconcilers.isolation import rivals
from secureml_reconcilers.isolation.body_values import (
    endpoints_listed,
    id_in,
    is_settled,
    state_of,
    text_in,
    texts_in,
    unexpected,
)
from secureml_reconcilers.isolation.endpoint_approval import approved, disconnected, kept_by_owner
from secureml_reconcilers.isolation.endpoint_connections import (
    CONNECTIONS,
    connection_endpoint,
    connection_status,
    connections,
    leads_to,
    serves,
)
from secureml_reconcilers.isolation.endpoint_subnet import policies_disabled, subnet_fits, subnet_shown
from secureml_reconcilers.isolation.prerequisites import sub_resource_exists
from secureml_reconcilers.isolation.registry import regions
from secureml_reconcilers.isolation.services import SERVICES, STORAGE
from secureml_reconcilers.isolation.static_addresses import addresses_usable, chosen_for, configurations
from secureml_reconcilers.isolation.stranded_computes import stranded_computes
from secureml_reconcilers.isolation.workspace_context import if_service_is_missing, private_link_targets
from secureml_reconcilers.isolation.zones import zone_made, zone_used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.values import Fragment
    from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_PARTS: Final = frozenset(STORAGE.groups)
"""Sub-resources of accounts."""

_HIDDEN: Final = frozenset({reasons.FORBIDDEN, reasons.NOT_FOUND, reasons.WRONG_TENANT})
"""Why an endpoint stays hidden from us: no right to read it, a subscription that we cannot see, or one of another
tenant, where the managed networks of data factories and of Databricks have theirs."""


@worked_out_once
def endpoint(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> Iterator[Block]:
    """An approved endpoint for one target: somebody's that serves already, or ours."""
    plan = context.plan
    advice = if_service_is_missing(context, azure, target.resource)
    service = azure.require(target.resource, SERVICES[target.resource.type].not_found, advice)
    yield from policies_disabled(context, azure)
    used = endpoint_used(plan, azure, target)
    body = azure.get(used)
    if is_of_others(plan, azure, target, used):
        yield Ensure(used, {}, "an endpoint of others serves this service in the network already", (target.rule,))
        yield from kept_by_owner(target, used, body or {})
        yield from _has_our_name(plan, target, used)
    elif body is None:
        yield from _new_endpoint(context, azure, target, service)
    elif connection_status(body) == "disconnected":
        # A disconnected endpoint never connects again: its connection was deleted on the service's side.
        yield EnsureAbsent(used, "its connection was removed; it is made anew", ("WS-PE-04",))
        yield disconnected(target, used)  # an endpoint that is not ours to remove must not count as private access
    elif not serves(body, plan, target):
        yield _leads_elsewhere(target, used, body)
    else:
        failed = state_of(body) in {"failed", "canceled"}
        reason = "its last operation failed" if failed else "its tags tell whose it is, and who uses it"
        existing = Ensure(
            used,
            _in_use(plan, body),
            reason,
            (target.rule,),
            create={},
            ours=used.key in plan.made,
            service=target.resource,
        )
        yield existing
        if is_settled(azure, used):
            yield from approved(plan, azure, target, existing)


def rivals_kept(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> Iterator[Block]:
    """Other endpoints of ours that wrote the names of the one in use are used, too; no closing waits for that."""
    ours = _ours_for(context.plan, azure, target)
    if ours[1:]:
        used = endpoint_used(context.plan, azure, target)
        yield from rivals.also_named(azure, used, ours, _in_use(context.plan, azure.get(used)))


@once
def endpoint_used(plan: NetworkPlan, azure: View, target: PrivateLinkTarget) -> ResourceId:
    """The endpoint that serves a target: one of ours when there is any, else one of others, else ours to be.

    Others' endpoints are found through the service's own list of connections. That it shows one from its first
    moment is not known (storage accounts do not), so several of ours may come to be: see `rivals.py`.

    Raises:
        AzureProblem: when an endpoint of others cannot be told, and may be one that serves this target.
    """
    ours = _ours_for(plan, azure, target)
    if ours[1:]:
        return rivals.preferred(azure, ours)
    return ours[0] if ours else _first_that_serves(plan, azure, target)


@once
def _ours_for(plan: NetworkPlan, azure: View, target: PrivateLinkTarget) -> tuple[ResourceId, ...]:
    """The endpoints of ours that serve a target; none where what has our own name is not ours, or serves not.

    One that was made for this way has its name, in whatever group and with whatever prefix: no other need be read.
    """
    own = plan.endpoint(target)
    if azure.get(own) is not None and not _is_ours_and_serves(plan, azure, target, own):
        return ()
    known = (*_others_shown(plan, azure, target), *plan.listed_endpoints)
    namesakes = [own, *(each for each in known if plan.is_named_for(target, each.name))]
    azure.ask(*namesakes)
    return tuple(dict.fromkeys(each for each in namesakes if _is_ours_and_serves(plan, azure, target, each)))


def has_namesake(plan: NetworkPlan, azure: View, target: PrivateLinkTarget, used: ResourceId) -> bool:
    """Whether the service lists an endpoint of the same name that is not ours, or that we may not read."""
    ours = _ours_for(plan, azure, target)
    others = (each for each in _others_shown(plan, azure, target) if each not in ours and each != used)
    return any(each.name.lower() == used.name.lower() for each in others)


def _is_ours_and_serves(plan: NetworkPlan, azure: View, target: PrivateLinkTarget, each: ResourceId) -> bool:
    try:
        body = azure.get(each) or {}
    except AzureProblem as problem:
        if problem.reason not in _HIDDEN:
            raise
        return False  # whose tags we may not read cannot be counted among ours
    return _is_ours(plan, target, each, body) and serves(body, plan, target)


def _is_ours(plan: NetworkPlan, target: PrivateLinkTarget, each: ResourceId, body: Body) -> bool:
    """Whether an endpoint was made by the operator: its tag says so, or its name and the inventory do.

    Somebody who replaces all tags, or a policy that does, takes the tag away and not the way.
    """
    return is_marked(body) or (plan.is_named_for(target, each.name) and each.key in plan.made)


@once
def _first_that_serves(plan: NetworkPlan, azure: View, target: PrivateLinkTarget) -> ResourceId:
    """The endpoint of our own name if there is one, else the first of others that serves, else ours to be."""
    own = plan.endpoint(target)
    if azure.get(own) is not None:
        return own
    others = _others_shown(plan, azure, target)
    azure.ask(*others)
    for other in others:
        if serves(_of_others(plan, azure, other), plan, target):
            return other
    return own


def _others_shown(plan: NetworkPlan, azure: View, target: PrivateLinkTarget) -> list[ResourceId]:
    """What the service's connections lead to, less the endpoint that we would make."""
    shown = map(connection_endpoint, connections(azure.get(target.resource)))
    return [other for other in shown if other is not None and other != plan.endpoint(target)]


def is_of_others(plan: NetworkPlan, azure: View, target: PrivateLinkTarget, used: ResourceId) -> bool:
    """Whether the endpoint that serves a target is not ours, by its tag or by its name and the inventory.

    One that was made for a custom resource with another group for its endpoints is looked after by whoever uses
    it: its maker may be gone. One of our own name that serves, and that nothing says is ours, is used as it is.
    """
    body = azure.get(used)
    if used == plan.endpoint(target) and (body is None or plan.adopts or not serves(body, plan, target)):
        return False
    return not _is_ours(plan, target, used, body or {})


def is_served(plan: NetworkPlan, azure: View, target: PrivateLinkTarget) -> bool:
    """Whether a target has its endpoint already; one that cannot be told is taken to need its addresses still.

    The others must not fail with it: room for one more than needed is a small price.
    """
    try:
        return azure.get(endpoint_used(plan, azure, target)) is not None
    except AzureProblem:
        return False


def _in_use(plan: NetworkPlan, body: Body | None = None) -> Fragment:
    """Our name on the endpoint: another custom resource that uses it too must not remove it under us.

    On one of ours that lost its tags, those by which the operator knows it again as well.
    """
    lost = body is not None and not is_marked(body) and not plan.adopts
    marks = {MANAGED_BY: OPERATOR, OWNER: plan.owner} if lost else {}
    return {"tags": {**marks, user_tag(plan.owner): plan.owner}}


def _of_others(plan: NetworkPlan, azure: View, other: ResourceId) -> Body:
    """An endpoint of others; empty when it is gone, or hidden from us for good and in another network.

    One that Azure cannot show just now, or that is hidden from us in our own network, may serve already: a
    second one would fight with it over one record.
    """
    try:
        return azure.get(other) or {}
    except AzureProblem as problem:
        if problem.reason not in _HIDDEN or other in endpoints_listed(azure.get(plan.network)):
            raise
        return {}


def _addresses(azure: View, target: PrivateLinkTarget) -> int:
    """Private addresses that an endpoint takes: one of a registry has one more in each region (ACR-DATA-01)."""
    if target.group != "registry":
        return target.addresses
    try:
        body = azure.get(target.resource)
    except AzureProblem:
        return target.addresses  # its own part tells it; the others' endpoints must not wait for that
    return 1 + len(regions(azure, target.resource, body)) if body is not None else target.addresses


def _zones_there(plan: NetworkPlan, azure: View, target: PrivateLinkTarget) -> Iterator[Block]:
    """Where zones are somebody else's, all of them come before the endpoint (DNS-02).

    From its approval on, its names exist in these zones or, through a link that does not fall back, nowhere (F3).
    """
    if plan.dns_mode == "Existing":
        for name in plan.zone_names(target):
            yield from zone_made(plan, azure, zone_used(plan, azure, name, plan.network))


def _new_endpoint(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, service: Body
) -> Iterator[Block]:
    plan = context.plan
    network = azure.require(
        plan.network,
        reasons.NETWORK_NOT_FOUND,
        "Create the network, or create another SecureWorkspace that names a subnet of another one, and delete this"
        " one.",
    )
    location = text_in(network, "location")
    if not location:
        raise unexpected(network, "location", network.get("location"))
    leads_to_it: dict[str, Any] = {"privateLinkServiceId": target.resource.text, "groupIds": [target.group]}
    if plan.request_message:
        leads_to_it["requestMessage"] = plan.request_message
    missing = [each for each in private_link_targets(context, azure) if not is_served(plan, azure, each)]
    possible: tuple[Block, ...] = (
        *policies_disabled(context, azure),
        *stranded_computes(context, azure),
        *SERVICES[target.resource.type].prerequisites(context.spec, target.resource, service),
        *(sub_resource_exists(target.resource, service, target.group) if target.group in _PARTS else ()),
        *addresses_usable(context, azure, target, subnet_shown(plan, network)),
        *subnet_fits(plan, network, sum(_addresses(azure, each) for each in missing)),
    )
    yield from possible
    zones = tuple(_zones_there(plan, azure, target))
    yield Ensure(
        plan.endpoint(target),
        _in_use(plan),
        f"{target.resource.name} is reached on a private address ({target.group})",
        (target.rule, "WS-PE-05"),
        create={
            **plan.given("microsoft.network/privateendpoints"),
            "location": location,  # the network's region, whatever the service's (WS-PE-05)
            "properties": {
                "subnet": {"id": plan.endpoint_subnet.text},
                **configurations(chosen_for(context, azure, target)),
                CONNECTIONS[plan.manual_approval].rpartition(".")[2]: [
                    {"name": target.resource.name, "properties": leads_to_it}
                ],
            },
        },
        after=(*possible, *zones),
        # Another custom resource may put its endpoints elsewhere, and be about to make one for this target, too.
        claim=way_claim(plan, target),
        service=target.resource,
    )


def way_claim(plan: NetworkPlan, target: PrivateLinkTarget) -> Claim:
    """For what an endpoint and its zone group are made: one for each group of each service in a network."""
    return Claim(f"{target.resource.key} {target.group} {plan.network.key}", target.resource)


def _leads_elsewhere(target: PrivateLinkTarget, used: ResourceId, body: Body) -> Check:
    """Its target, group and subnet are fixed for life: not even adoption makes it ours.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when it does not say what it leads to: nobody is told to delete
            it then.
    """
    shown = list(leads_to(body))
    told = (
        shown
        and id_in(body, "properties.subnet.id") is not None
        # A service that others offer may be named by an alias, which is no id.
        and all(isinstance(get_path(each, "properties.privateLinkServiceId"), str) for each in shown)
        and all(texts_in(each, "properties.groupIds") for each in shown)
    )
    if not told:
        raise unexpected(body, CONNECTIONS[0], shown)
    return Check(
        f"{used.short} leads to {target.resource.name}",
        holds=False,
        reason=reasons.NAME_TAKEN,
        message=f"{used.short} exists under our name and leads to another service, group or network.",
        advice="Delete it (az network private-endpoint delete); the operator then makes its own.",
        rules=(target.rule,),
        about=used,
    )


def _has_our_name(plan: NetworkPlan, target: PrivateLinkTarget, used: ResourceId) -> Iterator[Check]:
    """One that serves under our name without our tag counts as a way, and is not looked after."""
    yield Check(
        f"{used.short} is looked after",
        used != plan.endpoint(target),
        reasons.NAME_TAKEN,
        f"{used.short} has the name that the operator gives and does not carry its tag: it is used as it is, and"
        " neither repaired nor ever deleted.",
        f"Leave it where somebody looks after it. Else put the tag {MANAGED_BY}={OPERATOR} back where that"
        " was lost (az tag update), or set spec.adoption to Adopt to let the operator manage it.",
        (target.rule,),
        used,
        CheckLevel.ADVISORY,
    )
