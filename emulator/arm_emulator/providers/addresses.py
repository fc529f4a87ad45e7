"""Address arithmetic of subnets: what is taken, what is free, what a private endpoint gets."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, TypeAlias

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.providers import occupancy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.hooks import Context
    from arm_emulator.model import JsonObject, Resource

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
RESERVED = 5
"""Azure keeps the first four addresses and the last of every subnet."""


def prefixes(properties: JsonObject) -> list[str]:
    """The prefixes of a subnet, whether written as `addressPrefix` or `addressPrefixes`."""
    found = list(properties.get("addressPrefixes") or ())
    single = properties.get("addressPrefix")
    return [single, *(each for each in found if each != single)] if single else found


def networks(texts: list[str]) -> list[Network]:
    """Parse prefixes.

    Raises:
        ValueError: a prefix is no network, or has host bits set.
    """
    return [ipaddress.ip_network(each) for each in texts]


def configurations(ctx: Context, subnet: Resource) -> list[JsonObject]:
    """Every interface configuration inside a subnet."""
    return list(occupancy.of(ctx, subnet.id.key).configurations.values())


def taken(ctx: Context, subnet: Resource) -> set[str]:
    """Addresses in use inside a subnet; not to be changed."""
    return occupancy.of(ctx, subnet.id.key).used


def capacity(subnet: Resource) -> int:
    """How many addresses a subnet can hand out: 2^(32 - length) - 5 for IPv4."""
    return sum(max(0, each.num_addresses - RESERVED) for each in networks(prefixes(subnet.properties)))


def allocate(ctx: Context, subnet: Resource, wanted: list[str | None]) -> list[str]:
    """Addresses for a new interface, one per entry: the static one, or the lowest free one.

    Raises:
        ArmError: 400 SubnetIsFull, PrivateIPAddressNotInSubnet, PrivateIPAddressInReservedRange or
            PrivateIPAddressIsAllocated.
    """
    used = taken(ctx, subnet)
    ours = {each for each in wanted if each}
    free = _free(ctx, subnet, ours)
    found: list[str] = []
    for each in wanted:
        address = _static(subnet, each, used | set(found)) if each else next(free, None)
        if address is None:
            raise bad_request(
                "SubnetIsFull",
                f"Subnet {subnet.id.name} with address prefix {', '.join(prefixes(subnet.properties))} does not "
                f"have enough capacity for {len(wanted)} IP addresses.",
            )
        found.append(address)
    return found


def _free(ctx: Context, subnet: Resource, ours: set[str]) -> Iterator[str]:
    there = occupancy.of(ctx, subnet.id.key)
    for network in networks(prefixes(subnet.properties)):
        start = there.free_from.get(str(network), RESERVED - 1)
        every_one_used = True
        for offset in range(start, network.num_addresses - 1):
            address = str(network[offset])
            if address in there.used:
                continue
            if every_one_used:
                every_one_used = False
                there.free_from[str(network)] = offset
            if address not in ours:
                yield address


def _static(subnet: Resource, address: str, used: set[str]) -> str:
    found = ipaddress.ip_address(address)
    inside = [each for each in networks(prefixes(subnet.properties)) if found in each]
    if not inside:
        raise bad_request(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {address} does not belong to the range of subnet prefix "
            f"{', '.join(prefixes(subnet.properties))}.",
        )
    offset = int(found) - int(inside[0].network_address)
    if offset < RESERVED - 1 or offset == inside[0].num_addresses - 1:
        raise bad_request(
            "PrivateIPAddressInReservedRange",
            f"Private static IP address {address} falls within the reserved IP range of subnet prefix "
            f"{inside[0]}.",
        )
    if address in used:
        raise bad_request(
            "PrivateIPAddressIsAllocated",
            f"IP configuration cannot use private IP address {address}: it is already allocated.",
        )
    return address


def available(ctx: Context, subnet: Resource, address: str) -> bool:
    """Whether an interface could take an address: in a subnet's range, not reserved, not in use."""
    try:
        _static(subnet, address, taken(ctx, subnet))
    except ArmError:
        return False
    return True


def offer(ctx: Context, subnet: Resource, count: int) -> list[str]:
    """Up to `count` free addresses of a subnet, lowest first."""
    return [address for address, _ in zip(_free(ctx, subnet, set()), range(count), strict=False)]


def interface_defaults(ctx: Context, subnet: Resource) -> JsonObject:
    """What every network interface shows without being asked (recorded)."""
    suffix = ctx.guid("internal domain", subnet.id.parent).replace("-", "")[:26]
    return {
        "dnsSettings": {
            "dnsServers": [],
            "appliedDnsServers": [],
            "internalDomainNameSuffix": f"{suffix}.ax.internal.cloudapp.net",
        },
        "enableAcceleratedNetworking": False,
        "vnetEncryptionSupported": False,
        "enableIPForwarding": False,
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
    }
