"""Route tables with routes, NAT gateways, public addresses, service endpoint policies, interfaces.

Witness: wire examples section 5, marks [rec]; recordings Test_Networking_PublicIP_20250301_CRUD,
Test_Networking_NatGateway_20240301_CRUD and Test_Networking_Route_CreatedThenRouteTableUpdated_20240301 (whose
older API version leaves members out).
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.model import SUCCEEDED, WriteStyle
from arm_emulator.providers import addresses, occupancy
from arm_emulator.providers.network import (
    NetworkChild,
    NetworkType,
    busy,
    delete_style,
    put_style,
    reference,
    require_reference,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource

TABLES = "Microsoft.Network/routeTables"
TABLE_ROUTES = f"{TABLES}/routes"
GATEWAYS = "Microsoft.Network/natGateways"
BALANCERS = "Microsoft.Network/loadBalancers"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
HOPS = frozenset({"VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"})
DOCUMENTATION_RANGE = "203.0.113."
"""Public addresses are handed out of this range (RFC 5737): nobody can mistake them for real ones."""
DDOS_SINCE = "2022-01-01"
"""A public address shows its protection to 2024-03-01 and 2025-03-01, not to 2020-11-01 (recorded)."""
PEERING_ROUTE_SINCE = "2025-03-01"
"""A route table shows whether peerings' routes count (wire examples), but not to 2024-03-01 (recorded)."""
SCOPE_SINCE = "2025-03-01"
"""A gateway's `scope` was called `type` in 2024-03-01 (recorded both ways)."""


class _UsedBySubnets(NetworkType):
    """A resource that subnets refer to: it lists them, and stays while they do."""

    in_use: ClassVar[str] = ""

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refused while a subnet uses it."""
        users = ctx.referrers(resource.id.key, SUBNETS)
        if users:
            raise bad_request(
                self.in_use,
                f"{self.name.rsplit('/', 1)[-1]} {resource.id.name} is in use and cannot be deleted. Resources "
                f"using it: {', '.join(each.id.text for each in users)}.",
            )

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Adds the subnets that use it, when there are any."""
        shown = super().render(ctx, resource)
        users = ctx.referrers(resource.id.key, SUBNETS)
        if not users:
            return shown
        return {
            **shown,
            "properties": {**shown["properties"], "subnets": [{"id": each.id.text} for each in users]},
        }

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """What the server lists is not stored."""
        return {k: v for k, v in properties.items() if k != "subnets"}


class RouteTables(_UsedBySubnets):
    """A route table; a PUT replaces its routes."""

    name = TABLES
    put: ClassVar[WriteStyle] = put_style(2)
    in_use = "InUseRouteTableCannotBeDeleted"
    defaults: ClassVar[Mapping[str, object]] = {"disableBgpRoutePropagation": False, "disablePeeringRoute": "None"}
    child_lists: ClassVar[Mapping[str, str]] = {"routes": TABLE_ROUTES}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version of the request does not know."""
        shown = self.render(ctx, resource)
        if call.api_version >= PEERING_ROUTE_SINCE:
            return shown
        return {
            **shown,
            "properties": {k: v for k, v in shown["properties"].items() if k != "disablePeeringRoute"},
        }


class Routes(NetworkChild):
    """One route; parallel writes in a table are refused (429, recorded)."""

    name = TABLE_ROUTES
    put: ClassVar[WriteStyle] = put_style(2)
    defaults: ClassVar[Mapping[str, object]] = {"hasBgpOverride": False}

    def validate(self, write: Write) -> None:
        """The next hop must be known, and an appliance needs its address."""
        sent = write.properties
        if sent.get("nextHopType") not in HOPS:
            raise bad_request("InvalidNextHopType", f"Next hop type {sent.get('nextHopType')} is not valid.")
        if sent["nextHopType"] == "VirtualAppliance" and not sent.get("nextHopIpAddress"):
            raise bad_request(
                "MissingNextHopIpAddress",
                f"Route {write.id.name} has no nextHopIpAddress for a virtual appliance.",
            )

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """One route at a time."""
        for each in ctx.store.children(where.parent, TABLE_ROUTES.lower()):
            if each.operation:
                raise busy(ctx, each)


class NatGateways(_UsedBySubnets):
    """A NAT gateway."""

    name = GATEWAYS
    put: ClassVar[WriteStyle] = put_style(10)
    in_use = "InUseNatGatewayCannotBeDeleted"
    defaults: ClassVar[Mapping[str, object]] = {
        "idleTimeoutInMinutes": 4,
        "scope": "Public",
        "privateIPAddresses": [],
        "privateIPAddressesV6": [],
    }

    def validate(self, write: Write) -> None:
        """Its public addresses must exist."""
        super().validate(write)
        for each in write.properties.get("publicIpAddresses") or ():
            target = reference(each)
            if target:
                require_reference(write, target)

    def compose(self, write: Write) -> JsonObject:
        """The tier is the server's."""
        document = super().compose(write)
        return {**document, "sku": {"tier": "Regional", **(document.get("sku") or {"name": "Standard"})}}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Older API versions call the scope a type and know no private addresses."""
        shown = self.render(ctx, resource)
        if call.api_version >= SCOPE_SINCE:
            return shown
        newer = {"scope", "privateIPAddresses", "privateIPAddressesV6"}
        older = {name: value for name, value in shown["properties"].items() if name not in newer}
        return {**shown, "properties": {**older, "type": shown["properties"]["scope"]}}


class PublicAddresses(NetworkType):
    """A public IP address, given out of a range reserved for documentation."""

    name = "Microsoft.Network/publicIPAddresses"
    put: ClassVar[WriteStyle] = put_style(1)
    defaults: ClassVar[Mapping[str, object]] = {
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
    }
    owned = ("resourceGuid", "ipAddress", "ipConfiguration", "natGateway")

    def compose(self, write: Write) -> JsonObject:
        """The tier is the server's."""
        document = super().compose(write)
        return {**document, "sku": {"tier": "Regional", **(document.get("sku") or {"name": "Basic"})}}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Which configuration of an interface or load balancer, or which gateway, uses it."""
        inside = dict(resource.properties)
        for user in ctx.referrers(resource.id.key):
            if user.id.type_key == GATEWAYS.lower():
                inside["natGateway"] = {"id": user.id.text}
            for each in _configurations(user):
                used = reference((each.get("properties") or {}).get("publicIPAddress"))
                if used is not None and used.lower() == resource.id.key:
                    inside["ipConfiguration"] = {"id": each["id"]}
        return {**resource.body, "properties": inside}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version of the request does not know."""
        shown = self.render(ctx, resource)
        if call.api_version >= DDOS_SINCE:
            return shown
        return {**shown, "properties": {k: v for k, v in shown["properties"].items() if k != "ddosSettings"}}

    def completed(self, ctx: Context, resource: Resource) -> None:
        """A static address is known when the operation ends."""
        static = resource.properties.get("publicIPAllocationMethod") == "Static"
        if static and not resource.properties.get("ipAddress"):
            number = sum(1 for _ in ctx.of_type(self.name)) % 254 + 1
            ctx.set_properties(resource, ipAddress=f"{DOCUMENTATION_RANGE}{number}")

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refused while something uses it (recorded)."""
        users = ctx.referrers(resource.id.key)
        if users:
            raise bad_request(
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {resource.id.text} can not be deleted since it is still allocated to resource "
                f"{users[0].id.text}. In order to delete the public IP, disassociate/detach the Public IP address "
                "from the resource.",
            )


def _configurations(user: Resource) -> Iterable[JsonObject]:
    """Configurations of an interface or load balancer, any of which may name a public address."""
    found: Iterable[JsonObject] = user.properties.get(occupancy.HOLDERS.get(user.id.type_key, ""), ())
    return found


class EndpointPolicies(_UsedBySubnets):
    """A service endpoint policy with its definitions inline."""

    name = "Microsoft.Network/serviceEndpointPolicies"
    in_use = "InUseServiceEndpointPolicyCannotBeDeleted"
    defaults: ClassVar[Mapping[str, object]] = {"serviceEndpointPolicyDefinitions": []}

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """Definitions get ids and states."""
        kind = f"{self.name}/serviceEndpointPolicyDefinitions"
        rows = [
            {
                **each,
                "id": f"{write.id.text}/serviceEndpointPolicyDefinitions/{each.get('name', '')}",
                "type": kind,
                "properties": {"provisioningState": SUCCEEDED, **(each.get("properties") or {})},
            }
            for each in properties["serviceEndpointPolicyDefinitions"]
        ]
        return {**super().normalise(write, properties), "serviceEndpointPolicyDefinitions": rows}


class Interfaces(NetworkType):
    """A network interface; those of private endpoints belong to them."""

    name = occupancy.INTERFACES
    put: ClassVar[WriteStyle] = WriteStyle(created=201, updated=200)
    delete: ClassVar[WriteStyle] = delete_style(4)
    owned = ("resourceGuid", "privateEndpoint")
    links: ClassVar[Mapping[str, str]] = {"networkSecurityGroup": "Microsoft.Network/networkSecurityGroups"}

    def validate(self, write: Write) -> None:
        """Its addresses and subnets must exist."""
        super().validate(write)
        for member in ("publicIPAddress", "subnet"):
            for each in write.properties.get("ipConfigurations") or ():
                target = reference((each.get("properties") or {}).get(member))
                if target:
                    require_reference(write, target)

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """Configurations get ids and addresses."""
        rows: list[JsonObject] = []
        defaults: JsonObject = {}
        for each in properties.get("ipConfigurations") or ():
            sent = dict(each.get("properties") or {})
            subnet = write.ctx.find(reference(sent.get("subnet")))
            if subnet is not None and not sent.get("privateIPAddress"):
                sent["privateIPAddress"] = addresses.allocate(write.ctx, subnet, [None])[0]
            if subnet is not None:
                defaults = addresses.interface_defaults(write.ctx, subnet)
            shown = {
                "provisioningState": SUCCEEDED,
                "privateIPAllocationMethod": "Dynamic",
                "primary": not rows,
                "privateIPAddressVersion": "IPv4",
                **sent,
            }
            where = f"{write.id.text}/ipConfigurations/{each.get('name')}"
            rows.append({**each, "id": where, "type": f"{self.name}/ipConfigurations", "properties": shown})
        return {**defaults, **properties, "ipConfigurations": rows}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The configurations carry the interface's own tag."""
        rows = [{**each, "etag": resource.etag} for each in resource.properties.get("ipConfigurations") or ()]
        return {**resource.body, "properties": {**resource.properties, "ipConfigurations": rows}}

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """The interface of a private endpoint goes only with it."""
        owner = ctx.find(reference(resource.properties.get("privateEndpoint")))
        if owner is not None:
            raise ArmError(
                400,
                "NetworkInterfaceInUse",
                f"Network Interface {resource.id.text} is used by existing resource {owner.id.text}. In order to "
                "delete the network interface, it must be dissociated from the resource.",
            )


TYPES = (
    RouteTables(),
    Routes(),
    NatGateways(),
    PublicAddresses(),
    EndpointPolicies(),
    Interfaces(),
)
