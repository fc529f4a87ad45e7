"""A target whose members change while it has private endpoints: each of them gains or loses addresses.

A registry's replica has a data endpoint of its own, so every endpoint of the registry gets one more address, in a
subnet that has room for it (field reports, section 2; MicrosoftDocs/azure-management-docs pull request 155).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.providers import addresses, endpoint_interfaces, targets
from arm_emulator.providers.network import reference
from arm_emulator.providers.private_endpoints import ZONE_GROUPS, groups_of, members_of, refresh_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.hooks import Context, Member
    from arm_emulator.model import JsonObject, Resource

PROXIES = "Microsoft.Network/privateEndpoints/privateLinkServiceProxies/write"
"""The right on each endpoint that whoever changes the members needs (field reports, section 2)."""


def endpoints_of(ctx: Context, target: Resource) -> list[Resource]:
    """The private endpoints that are connected to a target."""
    ids = (reference(each.properties.get("privateEndpoint")) for each in targets.children(ctx, target))
    return [found for found in map(ctx.find, ids) if found is not None]


def adapt(ctx: Context, target: Resource) -> None:
    """Give every endpoint of a target an address for each of its members, and take back those of former ones.

    Raises:
        ArmError: 400 SubnetIsFull, when a subnet has not got the addresses; taking the member back and adapting
            once more leaves everything as it was.
    """
    for endpoint in endpoints_of(ctx, target):
        interface = endpoint_interfaces.interface_of(ctx, endpoint)
        if interface is not None:
            _change(ctx, target, endpoint, interface)


def _member_of(configuration: JsonObject) -> str:
    link = configuration["properties"].get("privateLinkConnectionProperties") or {}
    return str(link.get("requiredMemberName", ""))


def _missing(interface: Resource, members: Sequence[Member]) -> list[Member]:
    present = {_member_of(each) for each in interface.properties["ipConfigurations"]}
    return [each for each in members if each.name not in present]


def _change(ctx: Context, target: Resource, endpoint: Resource, interface: Resource) -> None:
    groups = groups_of(endpoint)
    members = members_of(ctx, target, groups)
    names = {each.name for each in members}
    before = interface.properties["ipConfigurations"]
    rows = [each for each in before if _member_of(each) in names]
    subnet = ctx.find(reference(endpoint.properties["subnet"]))
    missing = _missing(interface, members)
    if subnet is None or (len(rows) == len(before) and not missing):
        return
    for member, address in zip(missing, addresses.allocate(ctx, subnet, [None] * len(missing)), strict=True):
        place = interface.id.text
        rows.append(
            endpoint_interfaces.configuration(ctx, place, subnet, address, groups, member, primary=not rows)
        )
    ctx.set_properties(interface, ipConfigurations=rows)
    refresh_names(ctx, endpoint)
    for group in ctx.children(endpoint, ZONE_GROUPS):
        ctx.type_of(group).completed(ctx, group)
