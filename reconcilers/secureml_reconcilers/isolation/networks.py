"""What a virtual network shows of itself: whom it asks for names, its ranges, and what its peerings reach.

Only the outline of a network is asked for. Routes, security groups and gateways are not looked into: where an
address lies behind a hub, whether it is reached cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, text_in, texts_in, unexpected

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View


AZURE_DNS: Final = "168.63.129.16"
"""Where every network finds Azure's DNS server, which answers from the zones that the network is linked to."""


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


def way_between(azure: View, here: ResourceId, there: ResourceId) -> tuple[Reach, str]:
    """Whether two networks can send to each other, and a clause for people where that is not shown.

    Raises:
        AzureProblem: when one of them cannot be read.
    """
    if here == there:
        return Reach.YES, ""
    azure.ask(outlines=(here, there))
    shown = azure.outline(here), azure.outline(there)
    missing = next((each for each, body in zip((here, there), shown, strict=True) if body is None), None)
    if missing is not None:
        return Reach.NO, f"{missing.text} does not exist"
    shared = [
        f"{mine} and {theirs}"
        for mine in ranges_of(shown[0])
        for theirs in ranges_of(shown[1])
        if mine.overlaps(theirs)
    ]
    if shared:
        return Reach.NO, f"their address ranges overlap ({shared[0]})"
    mine, theirs = peerings_of(shown[0]), peerings_of(shown[1])
    sides = _side_to(mine, there), _side_to(theirs, here)
    if all(side is not None and side.open for side in sides):
        return Reach.YES, ""
    hubs = {each.remote for each in mine if each.open and each.forwards}
    hub = next((each.remote for each in theirs if each.open and each.forwards and each.remote in hubs), None)
    if hub is not None:
        return Reach.UNTOLD, f"both are peered with {hub.name}, and whether it forwards cannot be told"
    return Reach.NO, _what_is_missing((here, there), sides)


def _side_to(peerings: list[Peering], network: ResourceId) -> Peering | None:
    return next((each for each in peerings if each.remote == network), None)


def _what_is_missing(networks: tuple[ResourceId, ResourceId], sides: tuple[Peering | None, Peering | None]) -> str:
    """A clause for people: which side of a peering is missing, or what it says of itself."""
    here, there = networks
    if sides == (None, None):
        return f"{here.name} and {there.name} are not peered"
    for side, own, other in ((sides[0], here, there), (sides[1], there, here)):
        if side is None:
            return f"{other.name} is peered with {own.name}, and {own.name} not with {other.name}"
        if side.state != "connected":
            return f"the peering of {own.name} with {other.name} is {side.state or 'of no state'}"
        if not side.open:
            return f"the peering of {own.name} with {other.name} does not let its traffic in"
    return ""


def servers_of(network: Body | None) -> tuple[str, ...]:
    """The DNS servers that a network asks in place of Azure's own; none where it asks that alone."""
    asked = texts_in(network, "properties.dhcpOptions.dnsServers")
    return tuple(each for each in asked if each != AZURE_DNS)


def asks_azure(network: Body | None) -> bool:
    """Whether a network asks Azure for names, perhaps beside servers of its own: then its own links count."""
    asked = texts_in(network, "properties.dhcpOptions.dnsServers")
    return not asked or AZURE_DNS in asked


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
