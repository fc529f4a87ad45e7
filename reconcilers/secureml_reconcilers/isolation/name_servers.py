"""Whom a network asks for names, and which links decide what it is answered (DNS-01, DNS-07, GEN-CON-04).

A zone answers the networks that are linked to it. One that asks a DNS server of its own is answered what the
network in which that server lives sees, if the server forwards to Azure at all; that only its keeper can tell.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, StatusField
from secureml_reconcilers.engine.view import View, once, worked_out_once
from secureml_reconcilers.isolation.networks import (
    AZURE_DNS,
    Reach,
    asks_azure,
    ranges_of,
    servers_of,
    way_between,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget


@once
def answering(plan: NetworkPlan, azure: View, network: ResourceId) -> tuple[ResourceId, ...]:
    """The networks whose links decide what a declared network is answered: its own, or those of its servers.

    Where that cannot be told, its own: they are not written then, and what is linked stays declared.
    """
    try:
        return _answering(plan, azure, network)
    except AzureProblem:
        return (network,)


def _answering(plan: NetworkPlan, azure: View, network: ResourceId) -> tuple[ResourceId, ...]:
    found = dict.fromkeys(home for home in _homes(plan, azure, network).values() if home is not None)
    own = (network,) if asks_azure(azure.outline(network)) else ()
    return (*found, *own) or (network,)


@once
def _homes(plan: NetworkPlan, azure: View, network: ResourceId) -> dict[str, ResourceId | None]:
    """Where each DNS server lives that a network asks; None for one that is in none of the networks named."""
    return {server: _home_of(plan, azure, server) for server in servers_of(azure.outline(network))}


def _home_of(plan: NetworkPlan, azure: View, server: str) -> ResourceId | None:
    try:
        address = IPv4Address(server)
    except AddressValueError:
        return None
    azure.ask(outlines=plan.server_networks)
    for network in plan.server_networks:
        if any(address in each for each in ranges_of(azure.outline(network))):
            return network
    return None


@worked_out_once
def servers_shown(plan: NetworkPlan, azure: View, network: ResourceId) -> Iterator[Check]:
    """Every DNS server that a network asks lives where the zones are seen, and is reached (DNS-01, DNS-07).

    Gates of what is closed: names that nobody was shown to resolve cut everybody off (OPS-08).
    """
    try:
        homes = _homes(plan, azure, network)
    except AzureProblem as problem:
        # A network that may not be read holds only what it asks itself.
        yield _unreadable(network, problem)
        return
    unknown = [server for server, home in homes.items() if home is None]
    yield Check(
        f"{network.in_group} asks servers that are shown to see the zones",
        not unknown,
        reasons.CUSTOM_DNS_SERVER,
        f"{network.name} asks {', '.join(unknown)} for names (dhcpOptions.dnsServers), "
        + (
            "which lies in none of spec.dns.serverNetworkIDs"
            if plan.server_networks
            else f"so that a zone linked to {network.name} is seen by nobody in it"
        )
        + ". Nothing is closed on names that this server was not shown to answer.",
        "Name the virtual network in which that server lives in spec.dns.serverNetworkIDs, and the hub's zones,"
        " where there are any, in spec.dns.zoneIDs (or spec.dns.mode Existing with zoneResourceGroupID); have the"
        f" server forward the zones of status.dnsForwarders to {AZURE_DNS}. For a server outside of Azure, or with"
        " records of its own, set spec.dns.mode to None and confirm the records of status.dnsRecords.",
        ("DNS-01", "DNS-07", "GEN-CON-04"),
        network,
        by_user=True,
    )
    for home in dict.fromkeys(each for each in homes.values() if each is not None):
        yield from _reached(azure, network, home, [server for server in homes if homes[server] == home])


def _unreadable(network: ResourceId, problem: AzureProblem) -> Check:
    return Check(
        f"{network.in_group} tells whom it asks for names",
        holds=False,
        reason=problem.reason,
        message=f"Whom {network.name} asks for names, and what it reaches, cannot be told. {problem.message}",
        advice=problem.advice,
        rules=("DNS-01",),
        about=network,
    )


def _reached(azure: View, network: ResourceId, home: ResourceId, servers: list[str]) -> Iterator[Check]:
    """A network can send to the one in which its DNS servers live; otherwise it resolves nothing through them."""
    reach, why = way_between(azure, network, home)
    yield Check(
        f"{network.in_group} reaches its name servers in {home.name}",
        reach is not Reach.NO,
        reasons.CUSTOM_DNS_SERVER,
        f"{network.name} asks {', '.join(servers)} in {home.name} for names, and cannot send there: {why}.",
        "Peer the two networks in both directions (az network vnet peering create), or correct the network's DNS"
        " servers (az network vnet update --dns-servers).",
        ("DNS-07", "GEN-CON-04"),
        network,
        evidence=(home,),
    )
    if reach is Reach.UNTOLD:
        yield Check(
            f"{network.in_group} is shown to reach its name servers in {home.name}",
            holds=False,
            reason=reasons.PATH_NOT_TOLD,
            message=f"{network.name} asks {', '.join(servers)} in {home.name} for names: {why}.",
            advice="Look whether names are answered there (nslookup from a machine in the network).",
            rules=("GEN-CON-04",),
            about=network,
            level=CheckLevel.ADVISORY,
        )


def forwarders(plan: NetworkPlan, azure: View, targets: Iterable[PrivateLinkTarget]) -> Iterator[Block]:
    """The zones that DNS servers of one's own must forward, as long as a network asks any (DNS-07)."""
    if any(servers_of(azure.outline(network)) for network in plan.networks):
        for zone in plan.cloud.forwarders(target.group for target in targets):
            yield StatusField("dnsForwarders", zone)
