"""What a virtual network shows of itself: its ranges, its peerings, and what it reaches through them.

Only the outline of a network is asked for. Routes, security groups and gateways are not looked into: where an
address lies behind a hub, whether it is reached cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import TYPE_CHECKING

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, text_in, texts_in, unexpected

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View


class Reach(Enum):
    """Whether a network can send to an address."""

    YES = "yes"
    """It is its own, or that of a network peered with it in both directions."""

    UNTOLD = "untold"
    """A hub that it is peered with may forward to it; routes and firewalls there decide."""

    NO = "no"


@dataclass(frozen=True, slots=True)
class Peering:
    """One side of a peering, as its network shows it."""

    remote: ResourceId | None
    """The network at the other end; None where it cannot be told."""

    state: str
    """In lower case; `connected` only when the other side points back."""

    open: bool
    """Both sides point at each other, and this one lets the other's traffic in."""

    forwards: bool
    """This side takes what the other network only passes on, as a hub does."""

    ranges: tuple[IPv4Network, ...]
    """Of the other network; empty where the peering does not show them."""


def peerings_of(network: Body | None) -> list[Peering]:
    """The peerings of a network, in its order."""
    return [_peering(shown) for shown in objects_in(network, "properties.virtualNetworkPeerings")]


def _peering(shown: Body) -> Peering:
    state = text_in(shown, "properties.peeringState").lower()
    return Peering(
        parsed_id(text_in(shown, "properties.remoteVirtualNetwork.id")),
        state,
        state == "connected" and get_path(shown, "properties.allowVirtualNetworkAccess") is not False,
        get_path(shown, "properties.allowForwardedTraffic") is True,
        _ranges(shown, "properties.remoteAddressSpace.addressPrefixes"),
    )


def ranges_of(network: Body | None) -> tuple[IPv4Network, ...]:
    """The IPv4 ranges of a network.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when it shows something else.
    """
    return _ranges(network, "properties.addressSpace.addressPrefixes")


def reach_of(azure: View, network: ResourceId, address: str) -> Reach:
    """Whether a network can send to an address, as far as its peerings tell.

    Raises:
        AzureProblem: when the network cannot be read.
    """
    shown = azure.outline(network)
    try:
        wanted = IPv4Address(address)
    except ValueError:
        return Reach.NO
    if any(wanted in each for each in ranges_of(shown)):
        return Reach.YES
    usable = [each for each in peerings_of(shown) if each.open]
    if any(wanted in each for peering in usable for each in _remote_ranges(azure, peering)):
        return Reach.YES
    return Reach.UNTOLD if any(each.forwards for each in usable) else Reach.NO


def _remote_ranges(azure: View, peering: Peering) -> tuple[IPv4Network, ...]:
    """The ranges at the other end of a peering, which itself shows them; else that network is asked."""
    if peering.ranges or peering.remote is None:
        return peering.ranges
    try:
        return ranges_of(azure.outline(peering.remote))
    except AzureProblem:
        return ()


def _ranges(body: Body | None, path: str) -> tuple[IPv4Network, ...]:
    prefixes = texts_in(body, path)
    try:
        parsed = [ip_network(prefix, strict=False) for prefix in prefixes]
    except ValueError:
        raise unexpected(body, path, prefixes) from None
    return tuple(each for each in parsed if isinstance(each, IPv4Network))
