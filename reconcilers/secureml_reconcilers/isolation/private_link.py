"""The private link workspace: every service has an endpoint; what is to be known of their subnet (WS-PE-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Blocks, Check, CheckLevel
from secureml_reconcilers.engine.ownership_tags import user_tag, users
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.endpoints import endpoint, endpoint_used, is_served
from secureml_reconcilers.isolation.site import Site, Way, ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.view import View

_APPLIES: Final = {
    "networkSecurityGroup": frozenset({"enabled", "networksecuritygroupenabled"}),
    "routeTable": frozenset({"enabled", "routetableenabled"}),
}
"""What a subnet may have, and the values of privateEndpointNetworkPolicies with which endpoints heed it."""


def private_link(site: Site, azure: View) -> Blocks:
    """Every service has an approved private endpoint in the declared network (WS-PE-01, ST-PE-01, ACR-NET-01)."""
    yield _declared_subnet(site, azure)
    yield _declared_once(site, azure)
    for way in ways(site, azure):
        yield endpoint(site, azure, way)


def _declared_subnet(site: Site, azure: View) -> Iterator[Check]:
    """What is worth knowing of the subnet; where it cannot be read, nothing is told and nothing waits."""
    try:
        subnet = azure.get(site.subnet)
        unused = subnet is None and all(is_served(site, azure, way) for way in ways(site, azure))
    except AzureProblem:
        return
    if subnet is not None:
        yield _heeded(site, subnet)
    elif unused:
        yield Check(
            f"subnet {site.subnet.name} exists",
            holds=False,
            reason="SubnetNotFound",
            message=f"The network {site.network.name} has no subnet {site.subnet.name}: endpoints in another"
            " subnet of it serve already, and the declared one is not used.",
            advice="Create the subnet, for an endpoint that must be made anew goes there, or make a resource with"
            " another spec.network.endpointSubnetID.",
            rules=("WS-PE-01",),
            about=site.subnet,
            level=CheckLevel.ADVISORY,
        )


def _heeded(site: Site, subnet: Body) -> Check:
    """A security group or a route table that endpoints heed may shut off everybody (WS-PE-02).

    It is not looked into: that would take its rules, those of every client's subnet, and where routes lead.
    """
    policies = str(get_path(subnet, "properties.privateEndpointNetworkPolicies") or "Disabled")
    heeded = [
        resource_id(found).short
        for kind, values in _APPLIES.items()
        if (found := get_path(subnet, f"properties.{kind}.id")) and policies.lower() in values
    ]
    return Check(
        f"no security group and no route table applies to endpoints in {site.subnet.name}",
        not heeded,
        "SecurityGroupApplies",
        f"The privateEndpointNetworkPolicies of subnet {site.subnet.name} are {policies}, so private endpoints in"
        f" it heed {' and '.join(heeded)}, which the operator does not look into yet.",
        "Check before everything is closed that clients reach the subnet on TCP 443 (az network nsg rule list, az"
        " network route-table route list), and let them in where they do not.",
        ("WS-PE-02",),
        site.subnet,
        CheckLevel.ADVISORY,
    )


def _declared_once(site: Site, azure: View) -> Iterator[Check]:
    """Nobody else declares this workspace, as far as the tags on its endpoint tell (WS-PE-01).

    Custom resources for one workspace in two networks have an endpoint each, and do not see one another here.
    """
    try:
        used = endpoint_used(site, azure, Way(site.workspace, "amlworkspace"))
        others = sorted(users(azure.get(used) or {}) - {site.owner})
    except AzureProblem:
        return  # the endpoint's own part tells it
    yield Check(
        f"{site.workspace.short} is declared once",
        not others,
        "DuplicateDeclaration",
        f"The workspace {site.workspace.name} is also declared by {' and '.join(others)} (cluster, namespace and"
        " name), and specs that contradict each other work against each other.",
        "Delete one of them, or keep their specs alike; of one that is gone already, with deletionPolicy Retain,"
        f" take the tag {', '.join(map(user_tag, others))} off the endpoint (az tag update --operation Delete).",
        ("WS-PE-01",),
        used,
        CheckLevel.ADVISORY,
    )
