"""Virtual networks and their subnets.

Witnesses: recordings Test_Networking_PrivateEndpoint_20250301_CRUD and
Test_Networking_PrivateDnsZone_20240601_CRUD; wire examples section 3.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.model import SUCCEEDED
from arm_emulator.providers import addresses
from arm_emulator.providers.network import (
    NetworkChild,
    NetworkType,
    another_operation,
    busy,
    not_provisioned,
    put_style,
    reference,
    require_reference,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.errors import ArmError
    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource, WriteStyle

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"
PEERINGS = f"{NETWORKS}/virtualNetworkPeerings"
ACL_HOLDERS = frozenset(
    {"microsoft.storage/storageaccounts", "microsoft.keyvault/vaults", "microsoft.containerregistry/registries"}
)
"""Types that name subnets in their firewall only: they do not occupy them."""


SHOUTED = frozenset({4, 8, 10})
"""Segments of an interface configuration's id that are names: group, interface, configuration."""

ENDPOINT_POLICIES_SINCE = "2024-03-01"
"""First API version recorded with `privateEndpointVNetPolicies`; 2020-11-01 is recorded without it."""


LONGEST_PREFIX = 29
"""The smallest IPv4 subnet: eight addresses, of which the service keeps five (virtual networks FAQ; limits
table)."""


class VirtualNetworks(NetworkType):
    """A virtual network; its PUT replaces the subnets and peerings it does not list."""

    name = NETWORKS
    defaults: ClassVar[Mapping[str, object]] = {
        "privateEndpointVNetPolicies": "Disabled",
        "enableDdosProtection": False,
    }
    child_lists: ClassVar[Mapping[str, str]] = {"subnets": SUBNETS, "virtualNetworkPeerings": PEERINGS}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Old versions do not show the policy for private endpoints (recorded with 2020-11-01)."""
        document = self.render(ctx, resource)
        if call.api_version >= ENDPOINT_POLICIES_SINCE:
            return document
        hidden = "privateEndpointVNetPolicies"
        shown = {name: value for name, value in document["properties"].items() if name != hidden}
        return {**document, "properties": shown}

    @property
    def views(self) -> Mapping[str, View]:
        """Free addresses, in two forms."""
        return {"usages": _usages, "checkipaddressavailability": _availability}

    def validate(self, write: Write) -> None:
        """Prefixes must be given and be networks; children as for every parent."""
        if not write.patching:
            try:
                spaces = addresses.networks(spaces_of(write.properties))
            except ValueError as problem:
                raise bad_request(
                    "InvalidAddressPrefixFormat", f"Address prefix is invalid: {problem}."
                ) from problem
            if not spaces:
                raise bad_request(
                    "InvalidRequestFormat", "Cannot parse the request: addressSpace.addressPrefixes is missing."
                )
        super().validate(write)

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """No write while the network or one of its subnets is being changed (409)."""
        for each in _family(ctx, where.key):
            if each.operation:
                raise another_operation(each)

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refused while any subnet is in use."""
        for subnet in ctx.children(resource, SUBNETS):
            ctx.type_of(subnet).check_delete(ctx, subnet)


class Subnets(NetworkChild):
    """A subnet: ranges, references, delegations and who occupies it."""

    name = SUBNETS
    put: ClassVar[WriteStyle] = put_style(3)
    owned: ClassVar[tuple[str, ...]] = (
        "ipConfigurations",
        "privateEndpoints",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
        "purpose",
    )
    defaults: ClassVar[Mapping[str, object]] = {
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }
    links: ClassVar[Mapping[str, str]] = {
        "networkSecurityGroup": "Microsoft.Network/networkSecurityGroups",
        "routeTable": "Microsoft.Network/routeTables",
        "natGateway": "Microsoft.Network/natGateways",
    }

    def validate(self, write: Write) -> None:
        """Ranges, references, and what may not change while the subnet is in use."""
        try:
            wanted = addresses.networks(addresses.prefixes(write.properties))
        except ValueError:
            wanted = []
        if not wanted or any(each.version == 4 and each.prefixlen > LONGEST_PREFIX for each in wanted):  # noqa: PLR2004
            raise _netcfg(write, "NetcfgInvalidSubnet", "is not valid")
        _check_ranges(write, wanted)
        super().validate(write)
        for each in write.properties.get("serviceEndpointPolicies") or ():
            target = reference(each)
            if target:
                require_reference(write, target)
        if write.previous is not None:
            _check_occupied(write, write.previous, wanted)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Service endpoint policies are joined as the single references are."""
        yield from super().linked(write)
        for each in write.properties.get("serviceEndpointPolicies") or ():
            target = reference(each)
            if target:
                yield "Microsoft.Network/serviceEndpointPolicies/join/action", target

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """One subnet or peering write at a time in a virtual network (429, recorded)."""
        refuse_parallel(ctx, where)

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """Delegations and service endpoints as the server shows them."""
        location = write.ctx.store.get(write.id.parent)
        here = location.location if location else ""
        endpoints = [
            {"provisioningState": SUCCEEDED, "locations": [here], **each}
            for each in properties.get("serviceEndpoints") or ()
        ]
        delegations = [_delegation(write, each) for each in properties.get("delegations") or ()]
        shown = {"serviceEndpoints": endpoints} if endpoints or "serviceEndpoints" in properties else {}
        return {**properties, **shown, "delegations": delegations}

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refused while something has an address in it."""
        users = occupants(ctx, resource)
        if users:
            raise bad_request(
                "InUseSubnetCannotBeDeleted",
                f"Subnet {resource.id.name} is in use by {users[0]} and cannot be deleted. In order to delete the "
                "subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
            )

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Adds who has addresses in it; members without entries stay away."""
        shown = super().render(ctx, resource)
        extra: JsonObject = {}
        used = [{"id": _shouted(str(each["id"]))} for each in addresses.configurations(ctx, resource)]
        endpoints = ctx.referrers(resource.id.key, "Microsoft.Network/privateEndpoints")
        if used:
            extra["ipConfigurations"] = used
        if endpoints:
            extra["privateEndpoints"] = [{"id": each.id.text} for each in endpoints]
            extra["purpose"] = "PrivateEndpoints"
        return {**shown, "properties": {**shown["properties"], **extra}} if extra else shown


def refuse_parallel(ctx: Context, where: ResourceId) -> None:
    """Refuse the write of a subnet or peering while the network, or another of its parts, is being changed.

    Raises:
        ArmError: 429.
    """
    parent = ctx.store.get(where.parent)
    if parent is not None and not parent.settled:
        raise not_provisioned(parent, where)
    for each in _family(ctx, where.parent):
        if each.operation:
            raise busy(ctx, each)


def occupants(ctx: Context, subnet: Resource) -> list[str]:
    """Ids of what occupies a subnet: interface configurations, then whatever else names it."""
    found = [str(each["id"]) for each in addresses.configurations(ctx, subnet)]
    for each in ctx.referrers(subnet.id.key):
        kind = each.id.type_key
        if kind not in ACL_HOLDERS and not kind.startswith("microsoft.authorization/"):
            found.append(each.id.text)
    return found


def _shouted(configuration: str) -> str:
    """A configuration's id as the list shows it: group, interface and configuration in capitals.

    Recorded in Test_Compute_VM_20220301_CRUD; what kinds them, `resourceGroups` or `networkInterfaces`, stays.
    """
    segments = configuration.split("/")
    return "/".join(each.upper() if at in SHOUTED else each for at, each in enumerate(segments))


def _family(ctx: Context, network: str) -> list[Resource]:
    parent = ctx.store.get(network)
    children = ctx.store.children(network, SUBNETS.lower()) + ctx.store.children(network, PEERINGS.lower())
    return [parent, *children] if parent else children


def spaces_of(properties: JsonObject) -> list[str]:
    """The address prefixes of a network's properties."""
    return list((properties.get("addressSpace") or {}).get("addressPrefixes") or ())


def _netcfg(write: Write, code: str, text: str) -> ArmError:
    network = write.id.parent.rsplit("/", 1)[-1]
    return bad_request(code, f"Subnet '{write.id.name}' {text} in virtual network '{network}'.")


def _check_ranges(write: Write, wanted: list[addresses.Network]) -> None:
    parent = write.ctx.store.get(write.id.parent)
    body = write.inside.properties if write.inside else (parent.properties if parent else {})
    spaces = addresses.networks(spaces_of(body))
    for each in wanted:
        if not any(_inside(each, space) for space in spaces):
            raise _netcfg(
                write,
                "NetcfgSubnetRangeOutsideVnet",
                "is not valid because its IP address range is outside the IP address range",
            )
        if any(each.overlaps(other) for other in _siblings(write)):
            raise _netcfg(
                write,
                "NetcfgSubnetRangesOverlap",
                "is not valid because its IP address range overlaps with that of an existing subnet",
            )


def _inside(small: addresses.Network, large: addresses.Network) -> bool:
    if isinstance(small, ipaddress.IPv4Network) and isinstance(large, ipaddress.IPv4Network):
        return small.subnet_of(large)
    if isinstance(small, ipaddress.IPv6Network) and isinstance(large, ipaddress.IPv6Network):
        return small.subnet_of(large)
    return False


def _siblings(write: Write) -> list[addresses.Network]:
    own = write.id.name.lower()
    if write.inside is not None:  # the whole family stands in the parent's body
        others = [
            (str(each.get("name", "")), each.get("properties") or {})
            for each in write.inside.properties.get("subnets") or ()
        ]
    else:
        others = [
            (each.id.name, each.properties) for each in write.ctx.store.children(write.id.parent, SUBNETS.lower())
        ]
    found: list[addresses.Network] = []
    for name, properties in others:
        if name.lower() != own:
            found.extend(addresses.networks(addresses.prefixes(properties)))
    return found


def _check_occupied(write: Write, previous: Resource, wanted: list[addresses.Network]) -> None:
    used = addresses.taken(write.ctx, previous)
    outside = [each for each in used if not any(ipaddress.ip_address(each) in net for net in wanted)]
    if outside:
        raise bad_request(
            "InUsePrefixCannotBeDeleted",
            f"IpPrefix {', '.join(addresses.prefixes(previous.properties))} on Subnet {previous.id.name} has "
            "active allocations and cannot be deleted.",
        )
    before = {_service(each) for each in previous.properties.get("delegations") or ()}
    after = {_service(each) for each in write.properties.get("delegations") or ()}
    if before != after and occupants(write.ctx, previous):
        raise bad_request(
            "SubnetDelegationsCannotChangeWhenSubnetUsedByResource",
            f"Delegations of subnet {previous.id.text} cannot be changed from [{', '.join(sorted(before))}] to "
            f"[{', '.join(sorted(after))}] because it is being used by the resource "
            f"{occupants(write.ctx, previous)[0]}.",
        )


def _service(delegation: JsonObject) -> str:
    return str((delegation.get("properties") or {}).get("serviceName", ""))


def _delegation(write: Write, item: JsonObject) -> JsonObject:
    name = str(item.get("name", ""))
    properties = {
        "provisioningState": SUCCEEDED,
        "actions": ["Microsoft.Network/virtualNetworks/subnets/action"],
        **(item.get("properties") or {}),
    }
    return {
        "name": name,
        "id": f"{write.id.text}/delegations/{name}",
        "type": f"{SUBNETS}/delegations",
        "properties": properties,
    }


def _usages(ctx: Context, network: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    rows = [
        {
            "currentValue": float(len(addresses.taken(ctx, subnet))),
            "id": subnet.id.text,
            "limit": float(addresses.capacity(subnet)),
            "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
            "unit": "Count",
        }
        for subnet in ctx.children(network, SUBNETS)
    ]
    return {"value": rows}


def _availability(ctx: Context, network: Resource, call: Call) -> JsonObject:
    asked = call.query.get("ipaddress", "")
    try:
        address = ipaddress.ip_address(asked)
    except ValueError as problem:
        raise bad_request("InvalidIPAddress", f"The address '{asked}' is invalid: {problem}.") from problem
    for subnet in ctx.children(network, SUBNETS):
        if any(address in each for each in addresses.networks(addresses.prefixes(subnet.properties))):
            if addresses.available(ctx, subnet, asked):
                return {"available": True, "availableIPAddresses": []}
            return {"available": False, "availableIPAddresses": addresses.offer(ctx, subnet, 5)}
    return {"available": False, "availableIPAddresses": []}


TYPES = (VirtualNetworks(), Subnets())
