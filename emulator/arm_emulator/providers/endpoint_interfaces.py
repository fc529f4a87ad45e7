"""The network interface of a private endpoint: its name, its addresses, one configuration per member.

Witness: recording Test_Networking_PrivateEndpoint_20250301_CRUD; reference data 2 for the member names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.errors import bad_request
from arm_emulator.model import SUCCEEDED
from arm_emulator.providers import addresses, occupancy
from arm_emulator.providers.network import reference, require_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.hooks import Context, Member, Write
    from arm_emulator.model import JsonObject, Resource


def interface_of(ctx: Context, endpoint: Resource) -> Resource | None:
    """The endpoint's network interface."""
    for each in endpoint.properties.get("networkInterfaces") or ():
        return ctx.find(each.get("id"))
    return None


def planned_id(write: Write) -> str:
    """Id of the interface of an endpoint that is being created."""
    name = write.properties.get("customNetworkInterfaceName") or f"{write.id.name}.nic.{write.ctx.guid()}"
    group = write.id.text.split("/providers/")[0]
    return f"{group}/providers/{occupancy.INTERFACES}/{name}"


def static_addresses(write: Write, count: int) -> list[str | None]:
    """The addresses that the body asks for, filled up with None to `count` entries."""
    static: list[str | None] = [
        (each.get("properties") or {}).get("privateIPAddress")
        for each in write.properties.get("ipConfigurations") or ()
    ]
    return (static + [None] * count)[: max(count, len(static))]


def check_static(write: Write, members: Sequence[Member], groups: Sequence[str]) -> None:
    """Refuse static addresses for some members and not for others, in Azure's words.

    hashicorp/terraform-provider-azurerm issues 21781 and 13061; of a vault the only member is `default`
    (Azure/terraform-azurerm-avm-res-keyvault-vault issue 108).

    Raises:
        ArmError: 400 PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps.
    """
    static = [each.get("properties") or {} for each in write.properties.get("ipConfigurations") or ()]
    group = str(groups[0]) if groups else ""
    named = {(str(each.get("groupId")).lower(), str(each.get("memberName")).lower()) for each in static}
    missing = [each.name for each in members if (group.lower(), each.name.lower()) not in named]
    if not static or not missing:
        return
    given = "; ".join(
        f"PrivateIPAddress: {each.get('privateIPAddress', '')}, GroupId: {each.get('groupId', '')}, "
        f"MemberName: {each.get('memberName', '')}"
        for each in static
    )
    wanted = "; ".join(f"GroupId: {group}, MemberName: {each}" for each in missing)
    raise bad_request(
        "PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps",
        f"Private Endpoint {write.id.text} contains static ipconfigurations: [{given}] and its missing these "
        f"membernames/groupids requested by Private Link service [{wanted}]. Private Endpoint needs to be "
        "reconfigured with missing memberNames.",
    )


def make(ctx: Context, write: Write, endpoint: Resource, members: Sequence[Member], groups: Sequence[str]) -> None:
    """Create the interface of a new endpoint.

    Raises:
        ArmError: 400, when the subnet has not got the addresses.
    """
    where = endpoint.properties["networkInterfaces"][0]["id"]
    subnet = require_reference(write, str(reference(endpoint.properties["subnet"])))
    chosen = {
        str((each.get("properties") or {}).get("memberName")).lower(): (each.get("properties") or {}).get(
            "privateIPAddress"
        )
        for each in endpoint.properties.get("ipConfigurations") or ()
    }
    wanted = [chosen.get(member.name.lower()) for member in members] or static_addresses(write, 1)[:1]
    rows = []
    for index, address in enumerate(addresses.allocate(ctx, subnet, wanted)):
        member = members[index] if members else None
        rows.append(configuration(ctx, where, subnet, address, groups, member, primary=index == 0))
    ctx.apply(
        where,
        {
            "location": endpoint.location,
            "properties": {
                "provisioningState": "Updating",
                "resourceGuid": ctx.guid(),
                "ipConfigurations": rows,
                **addresses.interface_defaults(ctx, subnet),
                "macAddress": "",
                "privateEndpoint": {"id": endpoint.id.text},
                "allowPort25Out": True,
                "auxiliaryMode": "None",
            },
            "managedBy": endpoint.id.text,
            "kind": "Regular",
        },
    )


def configuration(  # noqa: PLR0913, PLR0917 - the parts of one configuration
    ctx: Context,
    interface: str,
    subnet: Resource,
    address: str,
    groups: Sequence[str],
    member: Member | None,
    *,
    primary: bool,
) -> JsonObject:
    """One address of an endpoint's interface, for one member of its target."""
    name = f"privateEndpointIpConfig.{ctx.guid()}"
    properties: JsonObject = {
        "provisioningState": SUCCEEDED,
        "privateIPAddress": address,
        "privateIPAllocationMethod": "Dynamic",
        "subnet": {"id": subnet.id.text},
        "primary": primary,
        "privateIPAddressVersion": "IPv4",
    }
    if member is not None:
        properties["privateLinkConnectionProperties"] = {
            "groupId": groups[0] if groups else "",
            "requiredMemberName": member.name,
            "fqdns": list(member.fqdns),
        }
    return {
        "name": name,
        "id": f"{interface}/ipConfigurations/{name}",
        "type": f"{occupancy.INTERFACES}/ipConfigurations",
        "properties": properties,
    }
