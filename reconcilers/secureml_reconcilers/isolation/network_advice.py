"""Ways into the network, routes and firewalls: told of, and never written (GEN-CON-*, FW-01, UDR-10)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.isolation.body_values import id_in, objects_in, text_in, texts_in, unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan

_GATEWAY: Final = "gatewaysubnet"
"""Azure's own name for the subnet of VPN and ExpressRoute gateways."""

_BASTION: Final = "azurebastionsubnet"
_RESOLVER: Final = "microsoft.network/dnsresolvers"

_ROUTES_OBEYED: Final = frozenset({"enabled", "routetableenabled"})
"""Values of privateEndpointNetworkPolicies with which endpoints obey a route table."""


def ways_in(plan: NetworkPlan, azure: View) -> Iterator[Check]:
    """People get into the network; connected sites resolve its names (GEN-DEV-01, GEN-CON-01 to GEN-CON-04)."""
    network = azure.get(plan.network)
    if network is None:
        return
    subnets = objects_in(network, "properties.subnets")
    named = {text_in(each, "name").lower() for each in subnets}
    peerings = objects_in(network, "properties.virtualNetworkPeerings")
    yield Check(
        f"people get into {plan.network.name}",
        bool({_GATEWAY, _BASTION} & named or peerings or plan.client_networks),
        reasons.NO_WAY_IN,
        f"The network {plan.network.name} has no gateway, no Bastion and no peering: only machines in it reach the"
        " workspace once it is closed.",
        "Connect people by VPN or ExpressRoute (az network vnet-gateway create), or give them a machine in it"
        " behind Bastion (az network bastion create).",
        ("GEN-DEV-01", "GEN-CON-01", "GEN-CON-02", "GEN-CON-03"),
        plan.network,
        CheckLevel.ADVISORY,
    )
    connected = _GATEWAY in named or any(map(_uses_gateway, peerings))
    yield Check(
        f"sites that are connected to {plan.network.name} can resolve its names",
        not connected or bool(texts_in(network, "properties.dhcpOptions.dnsServers")) or _has_resolver(subnets),
        reasons.SITES_NEED_FORWARDING,
        f"A gateway connects other sites to {plan.network.name}, which has neither a DNS server nor a resolver of"
        " its own: their servers have nothing to forward the private names to.",
        "Make a resolver with an inbound endpoint in the network (az dns-resolver create), and forward the public"
        " zones of Azure ML to it on the sites' DNS servers.",
        ("GEN-CON-04",),
        plan.network,
        CheckLevel.ADVISORY,
    )


def firewall_in_front(plan: NetworkPlan, azure: View) -> Iterator[Check]:
    """Traffic of the endpoint subnet to the internet passes an appliance (FW-01)."""
    routes = _routes(plan, azure)
    yield Check(
        f"a firewall stands in front of subnet {plan.endpoint_subnet.name}",
        any(text_in(each, "properties.addressPrefix") == "0.0.0.0/0" and _to_appliance(each) for each in routes),
        reasons.NO_FIREWALL_IN_FRONT,
        f"No route of subnet {plan.endpoint_subnet.name} leads to a firewall: nothing looks at what leaves the"
        " network.",
        "Put Azure Firewall or another appliance between the network and the internet, and route 0.0.0.0/0 of the"
        " subnets to it (az network route-table route create --next-hop-type VirtualAppliance).",
        ("FW-01",),
        plan.endpoint_subnet,
        CheckLevel.ADVISORY,
    )


def routes_over_endpoints(plan: NetworkPlan, azure: View) -> Iterator[Check]:
    """No route takes the place of those of the private endpoints (UDR-10).

    That takes network policies that include route tables, and a prefix no shorter than the network's; the route
    table and the network are read only where the subnet's policies do.
    """
    try:
        subnet = azure.get(plan.endpoint_subnet)
    except AzureProblem:
        return  # what may not be read stops nothing, and nobody is told to look into what it cannot see
    policies = text_in(subnet, "properties.privateEndpointNetworkPolicies", "Disabled")
    if subnet is None or policies.lower() not in _ROUTES_OBEYED:
        return
    over = [each for each in _routes(plan, azure) if _overlaps(each, subnet)]
    if over:
        shortest = min(
            (each.prefixlen for each in _prefixes(azure.outline(plan.network), "addressSpace.")), default=0
        )
        over = [each for each in over if _prefix(each).prefixlen >= shortest]  # type: ignore[union-attr]
    told = [f"{text_in(each, 'name')} ({text_in(each, 'properties.addressPrefix')})" for each in over]
    yield Check(
        f"no route leads past the endpoints in {plan.endpoint_subnet.name}",
        not told,
        reasons.ROUTE_OVER_ENDPOINTS,
        f"Routes of subnet {plan.endpoint_subnet.name} take the place of those of its private endpoints:"
        f" {', '.join(told)}.",
        "See that what they lead to passes TCP 443 on to the subnet in both directions, or take route tables out"
        " of its policies (az network vnet subnet update --private-endpoint-network-policies"
        " NetworkSecurityGroupEnabled).",
        ("UDR-10",),
        plan.endpoint_subnet,
        CheckLevel.ADVISORY,
    )


def _routes(plan: NetworkPlan, azure: View) -> list[Body]:
    table = id_in(azure.get(plan.endpoint_subnet), "properties.routeTable.id", "microsoft.network/routetables")
    return objects_in(azure.get(table), "properties.routes") if table is not None else []


def _to_appliance(route: Body) -> bool:
    return text_in(route, "properties.nextHopType").lower() == "virtualappliance"


def _uses_gateway(peering: Body) -> bool:
    return text_in(peering, "properties.useRemoteGateways").lower() == "true"


def _has_resolver(subnets: list[Body]) -> bool:
    delegations = (each for subnet in subnets for each in objects_in(subnet, "properties.delegations"))
    return any(text_in(each, "properties.serviceName").lower() == _RESOLVER for each in delegations)


def _prefix(route: Body) -> IPv4Network | IPv6Network | None:
    """Where a route leads to; None for a service tag, which holds no private address."""
    try:
        return ip_network(text_in(route, "properties.addressPrefix"), strict=False)
    except ValueError:
        return None


def _prefixes(body: Body | None, where: str = "") -> list[IPv4Network | IPv6Network]:
    path = f"properties.{where}addressPrefixes"
    listed = texts_in(body, path) or [text_in(body, "properties.addressPrefix")]
    try:
        return [ip_network(each, strict=False) for each in listed if each]
    except ValueError:
        raise unexpected(body, path, listed) from None


def _overlaps(route: Body, subnet: Body) -> bool:
    prefix = _prefix(route)
    return prefix is not None and any(
        prefix.version == each.version and prefix.overlaps(each) for each in _prefixes(subnet)
    )
