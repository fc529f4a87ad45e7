"""Address arithmetic of subnets: what is taken, what is free, what a private endpoint gets."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, TypeAlias

from arm_emulator.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.context import Context
    from arm_emulator.model import JsonObject, Resource

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
RESERVED = 5
"""Azure keeps the first four addresses and the last of every subnet."""
INTERFACES = "Microsoft.Network/networkInterfaces"


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


def configurations(ctx: Context, subnet: Resource) -> Iterator[tuple[Resource, JsonObject]]:
    """Every interface configuration inside a subnet, with its interface."""
    for interface in ctx.referrers(subnet.id.key, INTERFACES):
        for each in interface.properties.get("ipConfigurations") or ():
            inside = (each.get("properties") or {}).get("subnet") or {}
            if str(inside.get("id", "")).lower() == subnet.id.key:
                yield interface, each


def taken(ctx: Context, subnet: Resource) -> set[str]:
    """Addresses in use inside a subnet."""
    return {each["properties"].get("privateIPAddress", "") for _, each in configurations(ctx, subnet)}


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
    free = _free(subnet, used | {each for each in wanted if each})
    found = []
    for each in wanted:
        address = _static(subnet, each, used) if each else next(free, None)
        if address is None:
            raise bad_request(
                "SubnetIsFull",
                f"Subnet {subnet.id.name} with address prefix {', '.join(prefixes(subnet.properties))} does not "
                f"have enough capacity for {len(wanted)} IP addresses.",
            )
        used.add(address)
        found.append(address)
    return found


def _free(subnet: Resource, used: set[str]) -> Iterator[str]:
    for network in networks(prefixes(subnet.properties)):
        for offset in range(RESERVED - 1, network.num_addresses - 1):
            address = str(network[offset])
            if address not in used:
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


def offer(ctx: Context, subnet: Resource, count: int) -> list[str]:
    """Up to `count` free addresses of a subnet, lowest first."""
    return [address for address, _ in zip(_free(subnet, taken(ctx, subnet)), range(count), strict=False)]


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
