"""Which networks a network sees, and who has an address there.

Source: the article on virtual network peering: both sides must be Connected, peering is not transitive, and a
side may shut the other's traffic out with `allowVirtualNetworkAccess`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.hooks import Context
    from arm_emulator.model import JsonObject, Resource

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"
PEERINGS = f"{NETWORKS}/virtualNetworkPeerings"
INTERFACES = "Microsoft.Network/networkInterfaces"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an address: an interface, and the configuration in it."""

    interface: Resource
    configuration: JsonObject

    @property
    def member(self) -> str:
        """`requiredMemberName` of a private endpoint's configuration, empty for anything else."""
        link = self.configuration["properties"].get("privateLinkConnectionProperties") or {}
        return str(link.get("requiredMemberName", ""))


def find(ctx: Context, network: str) -> Resource:
    """The virtual network of that id.

    Raises:
        ValueError: there is none.
    """
    found = ctx.find(network)
    if found is None or found.id.type_key != NETWORKS.lower():
        raise ValueError(f"there is no virtual network {network!r}")
    return found


def has(network: Resource, address: str) -> bool:
    """Whether an address lies in the network's address space."""
    spaces = (network.properties.get("addressSpace") or {}).get("addressPrefixes") or ()
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in spaces)


def peering_problem(ctx: Context, here: Resource, there: Resource) -> str:
    """Why traffic does not flow between two networks over a peering; empty when it does."""
    for one, other in ((here, there), (there, here)):
        side = _side(ctx, one, other)
        if side is None:
            return f"{one.id.name} has no peering with {other.id.name}"
        state = side.properties.get("peeringState")
        if state != "Connected":
            return f"the peering {side.id.name} of {one.id.name} is {state}"
        if side.properties.get("allowVirtualNetworkAccess") is False:
            return f"the peering {side.id.name} of {one.id.name} does not allow virtual network access"
    return ""


def _side(ctx: Context, one: Resource, other: Resource) -> Resource | None:
    for each in ctx.children(one, PEERINGS):
        remote = (each.properties.get("remoteVirtualNetwork") or {}).get("id")
        if str(remote).rstrip("/").lower() == other.id.key:
            return each
    return None


def seen_from(ctx: Context, network: Resource) -> Iterator[Resource]:
    """The network itself, then those that it exchanges traffic with over a peering."""
    yield network
    for each in ctx.children(network, PEERINGS):
        remote = ctx.find((each.properties.get("remoteVirtualNetwork") or {}).get("id"))
        if remote is not None and not peering_problem(ctx, network, remote):
            yield remote


def network_of_address(ctx: Context, network: Resource, address: str) -> Resource | None:
    """Where a packet to a private address goes: the network itself first, then those it is peered with."""
    return next((each for each in seen_from(ctx, network) if has(each, address)), None)


def networks_with(ctx: Context, address: str) -> list[Resource]:
    """Every network of the store whose space holds an address, peered or not."""
    return [each for each in ctx.of_type(NETWORKS) if has(each, address)]


def holder(ctx: Context, network: Resource, address: str) -> Holder | None:
    """The interface that has an address in a network."""
    for subnet in ctx.children(network, SUBNETS):
        for interface in ctx.referrers(subnet.id.key, INTERFACES):
            for each in interface.properties.get("ipConfigurations") or ():
                inside = each["properties"]
                where = str((inside.get("subnet") or {}).get("id")).rstrip("/").lower()
                if where == subnet.id.key and inside.get("privateIPAddress") == address:
                    return Holder(interface, each)
    return None
