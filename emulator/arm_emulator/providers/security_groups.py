"""Network security groups and their rules.

Witness: recording Test_Networking_NetworkSecurityGroup_20250301_CRUD; wire examples section 4.
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.providers import service_tags
from arm_emulator.providers.network import NetworkChild, NetworkType, delete_style, put_style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource, WriteStyle

GROUPS = "Microsoft.Network/networkSecurityGroups"
RULES = f"{GROUPS}/securityRules"
PROTOCOLS = frozenset({"tcp", "udp", "icmp", "esp", "ah", "*"})
LISTS = ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes")
PRIORITIES = range(100, 4097)
LAST_PORT = 65535
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
        """Protocol, priority and its uniqueness per direction, ports, addresses and tags."""
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
        _check_reach(sent)
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


def _check_reach(sent: JsonObject) -> None:
    """Refuse ports and addresses that are none.

    Ports: hashicorp/terraform-provider-azurerm pull request 1530. Addresses and tags:
    Azure/azure-libraries-for-net issue 349 and Azure/azure-powershell issue 391.

    Raises:
        ArmError: 400 SecurityRuleInvalidPortRange or SecurityRuleInvalidAddressPrefix.
    """
    for port in _values(sent, "sourcePortRange", "destinationPortRange"):
        if not _is_port_range(port):
            raise bad_request(
                "SecurityRuleInvalidPortRange",
                f"Security rule has invalid Port range. Value provided: {port}. Value should be an integer OR "
                "integer range with '-' delimiter. Valid range 0-65535.",
            )
    for address in _values(sent, "sourceAddressPrefix", "destinationAddressPrefix", plural="es"):
        if not _is_address(address):
            raise bad_request(
                "SecurityRuleInvalidAddressPrefix",
                f"Security rule has invalid Address prefix. Value provided: {address}",
            )


def _values(properties: JsonObject, *members: str, plural: str = "s") -> Iterator[str]:
    """What a rule says in its singular members and in their lists."""
    for member in members:
        single = properties.get(member)
        many = properties.get(f"{member}{plural}") or ()
        yield from (str(each) for each in ([single] if single not in {None, ""} else []))
        yield from (str(each) for each in many)


def _is_port_range(text: str) -> bool:
    """`*`, one port, or two with a hyphen between, each 0 to 65535 and in order."""
    if text == "*":
        return True
    low, hyphen, high = text.partition("-")
    if not (low.isdecimal() and (high.isdecimal() or not hyphen)):
        return False
    return int(low) <= int(high or low) <= LAST_PORT


def _is_address(text: str) -> bool:
    """`*`, a service tag, an address, or a range without host bits (Azure/azure-powershell issue 4557)."""
    if text == "*" or service_tags.exists(text):
        return True
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


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
