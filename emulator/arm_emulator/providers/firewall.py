"""Firewall rules that storage accounts and vaults share: subnets by service endpoint, public ranges."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from arm_emulator import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject

JOIN = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
"""The right that a caller needs on each subnet it lets in (RBAC table, storage and vault firewall)."""


def acls(write: Write) -> JsonObject:
    """The `networkAcls` that the request asks for; empty when it does not speak of them."""
    properties = write.call.body.get("properties")
    found = properties.get("networkAcls") if isinstance(properties, dict) else None
    return found if isinstance(found, dict) else {}


def subnets(write: Write) -> list[str]:
    """Ids of the subnets that the request lets in."""
    return [str(rule.get("id") or "") for rule in acls(write).get("virtualNetworkRules") or ()]


def joins(write: Write) -> Iterator[tuple[str, str]]:
    """The linked rights of a write with virtual network rules."""
    return ((JOIN, subnet) for subnet in subnets(write))


def has_service_endpoint(ctx: Context, subnet_id: str, *services: str) -> bool | None:
    """Whether the subnet carries one of the service endpoints; None when there is no such subnet."""
    subnet = ctx.find(subnet_id)
    if subnet is None:
        return None
    wanted = {service.lower() for service in services}
    present = {str(e.get("service")).lower() for e in subnet.properties.get("serviceEndpoints") or ()}
    return bool(wanted & present)


def split_subnet(subnet_id: str) -> tuple[str, str]:
    """Name of a subnet and id of its network, for messages; whatever text came when it is no id."""
    where = ids.parse(subnet_id)
    if where is None or len(where.names) < 2:  # noqa: PLR2004 - a subnet has a network above it
        return subnet_id, ""
    return where.name, where.text.rsplit("/", 2)[0]


def parse_range(value: object) -> ipaddress.IPv4Network | None:
    """An IPv4 address or CIDR range; None for anything else."""
    try:
        return ipaddress.IPv4Network(str(value), strict=False)
    except ValueError:
        return None


def is_private(network: ipaddress.IPv4Network) -> bool:
    """Whether a range lies in the address space that the services refuse (RFC 1918)."""
    return any(
        network.overlaps(ipaddress.IPv4Network(private))
        for private in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    )
