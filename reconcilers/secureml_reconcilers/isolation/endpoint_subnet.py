"""The subnet that holds the private endpoints: whether it fits, and what applies to it (WS-PE-01, WS-PE-02)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.blocks import Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.body_values import (
    id_in,
    list_in,
    objects_in,
    parsed_id,
    text_in,
    texts_in,
    unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_RESERVED: Final = 5
"""Addresses of every subnet that Azure keeps for itself (reference-data.md section 11)."""

_KEPT_FIRST: Final = 4
"""So many of them are its first ones; the other is its last."""

_ANOTHER: Final = "create another SecureWorkspace that names another subnet, and delete this one"
"""What helps where the subnet does not: the field is fixed for life, as the endpoints are. The new one takes over
what the old one made in the same network."""

_APPLIES: Final = {
    "networkSecurityGroup": frozenset({"enabled", "networksecuritygroupenabled"}),
    "routeTable": frozenset({"enabled", "routetableenabled"}),
}
"""What a subnet may have, and the values of privateEndpointNetworkPolicies with which endpoints obey it."""


def subnet_fits(plan: NetworkPlan, network: Body, needed: int) -> Iterator[Check]:
    """The subnet exists, belongs to nobody else, and has room for every endpoint that is missing.

    Args:
        plan: which subnet.
        network: the network as read, which lists its subnets.
        needed: private addresses that all missing endpoints take.

    Raises:
        AzureProblem: when the network has no such subnet, or shows it in a way that cannot be understood.
    """
    subnet = subnet_shown(plan, network)
    name = plan.endpoint_subnet.name
    yield Check(
        f"subnet {name} is not delegated",
        not list_in(subnet, "properties.delegations"),
        reasons.SUBNET_DELEGATED,
        f"Subnet {name} is delegated to another service, which refuses private endpoints.",
        f"Take the delegation off where nothing needs it (az network vnet subnet update --ids"
        f" {plan.endpoint_subnet.text} --remove delegations), or {_ANOTHER}.",
        ("ACI-CONF-01",),
        plan.network,
    )
    free = free_addresses(subnet)
    yield Check(
        f"subnet {name} has room",
        free >= needed,
        reasons.SUBNET_FULL,
        f"Subnet {name} has {free} free addresses and {needed} are needed.",
        f"Widen it (az network vnet subnet update --ids {plan.endpoint_subnet.text} --address-prefixes <range>),"
        f" or {_ANOTHER}.",
        ("WS-PE-01",),
        plan.network,
    )


def free_addresses(subnet: Body) -> int:
    """Addresses left in a subnet, after those that Azure keeps.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when its prefixes cannot be understood.
    """
    size = sum(each.num_addresses - _RESERVED for each in _ranges(subnet))
    return max(0, size - len(list_in(subnet, "properties.ipConfigurations")))


def gives(subnet: Body, address: str) -> bool:
    """Whether a subnet may give an address: one of its own, less those that Azure keeps.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when its prefixes cannot be understood.
    """
    wanted = IPv4Address(address)
    return any(each[_KEPT_FIRST - 1] < wanted < each[-1] for each in _ranges(subnet) if wanted in each)


def _ranges(subnet: Body) -> list[IPv4Network]:
    prefixes = texts_in(subnet, "properties.addressPrefixes") or [text_in(subnet, "properties.addressPrefix")]
    try:
        parsed = [ip_network(prefix, strict=False) for prefix in prefixes]
    except ValueError:
        raise unexpected(subnet, "properties.addressPrefixes", prefixes) from None
    return [each for each in parsed if isinstance(each, IPv4Network)]


def policies_disabled(context: WorkspaceContext, azure: View) -> Iterator[Ensure]:
    """The subnet's network policies are off for endpoints where the spec says so (WS-PE-02).

    That one property is ours; the rest of the subnet goes along as it was read (OPS-03). Before it is so no
    endpoint is made, for Azure may refuse it, no name leads to one, and nothing is closed: a security group may
    still shut it off.

    Raises:
        AzureProblem: when the subnet cannot be read.
    """
    if context.spec.endpoints.subnet_network_policies != "Disable":
        return
    # Without the property they are off. Whoever makes an endpoint says that the subnet is missing.
    if text_in(azure.get(context.plan.endpoint_subnet), "properties.privateEndpointNetworkPolicies"):
        yield Ensure(
            context.plan.endpoint_subnet,
            {"properties": {"privateEndpointNetworkPolicies": "Disabled"}},
            "security groups and routes must not apply to private endpoints",
            ("WS-PE-02",),
            part="privateEndpointNetworkPolicies",
        )


def no_guard_applies(plan: NetworkPlan, subnet: Body) -> Check:
    """A security group or a route table that endpoints obey may shut off everybody (WS-PE-02).

    It is not looked into: that would take its rules, those of every client's subnet, and where routes lead.
    """
    name = plan.endpoint_subnet.name
    policies = text_in(subnet, "properties.privateEndpointNetworkPolicies", "Disabled")
    obeyed = [
        found.short if (found := parsed_id(shown)) is not None else kind
        for kind, values in _APPLIES.items()
        if (shown := get_path(subnet, f"properties.{kind}.id")) and policies.lower() in values
    ]
    return Check(
        f"no security group and no route table applies to endpoints in {name}",
        not obeyed,
        reasons.SECURITY_GROUP_APPLIES,
        f"The privateEndpointNetworkPolicies of subnet {name} are {policies}, so private endpoints in"
        f" it obey {' and '.join(obeyed)}, which the operator does not look into yet.",
        "Check before everything is closed that clients reach the subnet on TCP 443 (az network nsg rule list, az"
        " network route-table route list), and let them in where they do not.",
        ("WS-PE-02",),
        plan.endpoint_subnet,
        CheckLevel.ADVISORY,
    )


def unused_subnet_is_missing(plan: NetworkPlan) -> Check:
    """Endpoints elsewhere in the network serve everything, and the declared subnet does not exist (WS-PE-01)."""
    return Check(
        f"subnet {plan.endpoint_subnet.name} exists",
        holds=False,
        reason=reasons.SUBNET_NOT_FOUND,
        message=f"The network {plan.network.name} has no subnet {plan.endpoint_subnet.name}: endpoints in another"
        " subnet of it serve already, and the declared one is not used.",
        advice=f"Create the subnet, for an endpoint that must be made anew goes there, or {_ANOTHER}.",
        rules=("WS-PE-01",),
        about=plan.endpoint_subnet,
        level=CheckLevel.ADVISORY,
    )


def endpoints_in_other_subnets(plan: NetworkPlan, used: Mapping[ResourceId, Body]) -> Iterator[Check]:
    """Which endpoints of ours serve from another subnet than the declared one, and how they move (WS-PE-01).

    An endpoint never moves. They serve all the same, and a second one beside each would fight over one record.

    Args:
        plan: which subnet is declared; it exists.
        used: our endpoints that serve, with their bodies.
    """
    found: dict[ResourceId, list[ResourceId]] = {}
    for each, body in used.items():
        subnet = id_in(body, "properties.subnet.id")
        if subnet is not None and subnet != plan.endpoint_subnet:
            found.setdefault(subnet, []).append(each)
    for subnet, endpoints in found.items():
        names = " and ".join(each.short for each in endpoints)
        yield Check(
            f"no endpoint in use is in {subnet.name}",
            holds=False,
            reason=reasons.ENDPOINT_IN_OTHER_SUBNET,
            message=f"In subnet {subnet.name} {'are' if endpoints[1:] else 'is'} {names}, made before the spec"
            f" named {plan.endpoint_subnet.name}: clients reach them there as well.",
            advice="Nothing to do if they may stay. To move them, delete one after the other (az network"
            f" private-endpoint delete --ids {endpoints[0].text}): the operator makes each anew in"
            f" {plan.endpoint_subnet.name}. Until then, some minutes, nobody reaches what it leads to. Begin when"
            " no job runs, and go on when this resource is Ready again.",
            rules=("WS-PE-01",),
            about=subnet,
            level=CheckLevel.ADVISORY,
        )


def subnet_shown(plan: NetworkPlan, network: Body) -> Body:
    """The declared subnet, as its network lists it (WS-PE-01).

    Raises:
        AzureProblem: when the network has no such subnet.
    """
    for subnet in objects_in(network, "properties.subnets"):
        if parsed_id(subnet.get("id")) == plan.endpoint_subnet:
            return subnet
    raise AzureProblem(
        reasons.SUBNET_NOT_FOUND,
        f"The network {plan.network.name} has no subnet {plan.endpoint_subnet.name}.",
        f"Create the subnet, or {_ANOTHER}.",
        Retry.SLOW,
        Severity.USER,
        target=plan.network,
    )
