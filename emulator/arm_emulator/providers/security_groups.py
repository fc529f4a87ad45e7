"""Network security groups and their rules.

Witness: recording Test_Networking_NetworkSecurityGroup_20250301_CRUD; wire examples section 4.
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.providers.network import NetworkChild, NetworkType, delete_style, put_style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource, WriteStyle

GROUPS = "Microsoft.Network/networkSecurityGroups"
RULES = f"{GROUPS}/securityRules"
PROTOCOLS = frozenset({"tcp", "udp", "icmp", "esp", "ah", "*"})
LISTS = ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes")
PRIORITIES = range(100, 4097)
_VNET, _ANY, _LB = "VirtualNetwork", "*", "AzureLoadBalancer"
_DEFAULTS = (
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", _VNET, _VNET, "Allow", 65000, "Inbound"),
    (
        "AllowAzureLoadBalancerInBound",
        "Allow inbound traffic from azure load balancer",
        _LB,
        _ANY,
        "Allow",
        65001,
        "Inbound",
    ),
    ("DenyAllInBound", "Deny all inbound traffic", _ANY, _ANY, "Deny", 65500, "Inbound"),
    (
        "AllowVnetOutBound",
        "Allow outbound traffic from all VMs to all VMs in VNET",
        _VNET,
        _VNET,
        "Allow",
        65000,
        "Outbound",
    ),
    (
        "AllowInternetOutBound",
        "Allow outbound traffic from all VMs to Internet",
        _ANY,
        "Internet",
        "Allow",
        65001,
        "Outbound",
    ),
    ("DenyAllOutBound", "Deny all outbound traffic", _ANY, _ANY, "Deny", 65500, "Outbound"),
)
"""Name, description, source, destination, access, priority, direction: as recorded."""


class SecurityGroups(NetworkType):
    """A security group with six default rules; a PUT without a rule removes it."""

    name = GROUPS
    put: ClassVar[WriteStyle] = put_style(1)
    delete: ClassVar[WriteStyle] = delete_style(1)
    child_lists: ClassVar[Mapping[str, str]] = {"securityRules": RULES}

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refused while a subnet or interface uses it."""
        users = [each for each in ctx.referrers(resource.id.key) if each.id.namespace == "Microsoft.Network"]
        if users:
            raise bad_request(
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {resource.id.text} cannot be deleted because it is in use by the "
                f"following resources: {', '.join(each.id.text for each in users)}. In order to delete the "
                "Network security group, remove the association with the resource(s).",
            )

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Adds default rules and, when there are any, the subnets that use the group."""
        shown = super().render(ctx, resource)
        extra: JsonObject = {"defaultSecurityRules": [_default(resource, *row) for row in _DEFAULTS]}
        subnets = ctx.referrers(resource.id.key, "Microsoft.Network/virtualNetworks/subnets")
        if subnets:
            extra["subnets"] = [{"id": each.id.text} for each in subnets]
        return {**shown, "properties": {**shown["properties"], **extra}}

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """What the server lists is not stored."""
        return {k: v for k, v in properties.items() if k not in {"defaultSecurityRules", "subnets"}}


class SecurityRules(NetworkChild):
    """One rule; singular and plural members stay as given, absent lists become empty (recorded)."""

    name = RULES
    put: ClassVar[WriteStyle] = put_style(1)

    def validate(self, write: Write) -> None:
        """Protocol, priority and its uniqueness per direction."""
        sent = write.properties
        for member in ("protocol", "access", "direction", "priority"):
            if sent.get(member) is None:
                raise bad_request(
                    "SecurityRuleInvalid", f"Security rule {write.id.name} has no value for the property {member}."
                )
        if str(sent["protocol"]).lower() not in PROTOCOLS:
            raise bad_request(
                "SecurityRuleInvalidProtocol",
                f"Security rule has invalid Protocol. Value provided: {sent['protocol']}.",
            )
        if sent["priority"] not in PRIORITIES:
            raise bad_request(
                "SecurityRuleInvalidPriority",
                f"Security rule has invalid Priority. Value provided: {sent['priority']} Allowed range 100-4096.",
            )
        for other in self._others(write):
            if _slot(other[1]) == _slot(sent):
                raise bad_request(
                    "SecurityRuleConflict",
                    f"Security rule {write.id.name} conflicts with rule {other[0]}. Rules cannot have the same "
                    "Priority and Direction.",
                )

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """The plural lists are always there."""
        return {**properties, **{name: properties.get(name) or [] for name in LISTS}}

    def _others(self, write: Write) -> list[tuple[str, JsonObject]]:
        own = write.id.name.lower()
        if write.inside is not None:
            items = write.inside.properties.get("securityRules") or ()
            rows = [(str(each.get("name", "")), each.get("properties") or {}) for each in items]
        else:
            stored = write.ctx.store.children(write.id.parent, RULES.lower())
            rows = [(each.id.name, each.properties) for each in stored]
        return [row for row in rows if row[0].lower() != own]


def _slot(properties: JsonObject) -> tuple[str, object]:
    return str(properties.get("direction", "")).lower(), properties.get("priority")


def _default(  # noqa: PLR0913, PLR0917 - a row of the table
    group: Resource,
    name: str,
    text: str,
    source: str,
    destination: str,
    access: str,
    priority: int,
    direction: str,
) -> JsonObject:
    return {
        "name": name,
        "id": f"{group.id.text}/defaultSecurityRules/{name}",
        "etag": group.etag,
        "type": f"{GROUPS}/defaultSecurityRules",
        "properties": {
            "provisioningState": group.state,
            "description": text,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
            **{each: [] for each in LISTS},
        },
    }


TYPES = (SecurityGroups(), SecurityRules())
