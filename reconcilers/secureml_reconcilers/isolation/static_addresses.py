"""Addresses that the spec chooses for endpoints: one for each member, for Azure takes all or none (WS-PE-01).

They are fixed for life, like the endpoint's subnet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.isolation.body_values import objects_in, text_in
from secureml_reconcilers.isolation.endpoint_subnet import gives
from secureml_reconcilers.isolation.registry import regions
from secureml_reconcilers.isolation.services import STORAGE
from secureml_reconcilers.isolation.workspace_context import named_by_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api.secure_workspace import StaticAddress
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

_MEMBERS: Final = {"amlworkspace": ("default", "notebook", "inference"), "vault": ("default",)}
"""By group, what takes an address of its own (reference-data.md sections 2 and 3); else the group itself."""


def chosen_for(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> tuple[StaticAddress, ...]:
    """The addresses that the spec chooses for an endpoint; of accounts the workspace's own unless one is named."""
    entries = context.spec.endpoints.static_addresses
    return tuple(
        each
        for each in entries
        if each.group == target.group
        and (target.group not in STORAGE.groups or _account_of(context, azure, each) == target.resource)
    )


def configurations(chosen: tuple[StaticAddress, ...]) -> dict[str, Any]:
    """The part of a new endpoint's properties that chooses its addresses."""
    shown = [
        {
            "name": each.member,
            "properties": {
                "groupId": each.group,
                "memberName": each.member,
                "privateIPAddress": each.address,
            },
        }
        for each in chosen
    ]
    return {"ipConfigurations": shown} if shown else {}


def addresses_usable(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, subnet: Body
) -> Iterator[Check]:
    """What is chosen for a new endpoint is complete, and the subnet gives it; whether it is free, Azure says.

    Raises:
        AzureProblem: when the service or the subnet cannot be understood.
    """
    chosen = chosen_for(context, azure, target)
    if not chosen:
        return
    wanted, named = _members(azure, target), [each.member.lower() for each in chosen]
    yield Check(
        f"addresses of {target.resource.short} ({target.group}) are complete",
        sorted(named) == sorted(wanted),
        reasons.STATIC_ADDRESSES_INCOMPLETE,
        f"spec.endpoints.staticAddresses gives {target.group} of {target.resource.short} addresses for"
        f" {', '.join(named)}, and Azure takes one for each of {', '.join(wanted)}.",
        "Give each of these members one address, or leave the group out.",
        ("WS-PE-01",),
        target.resource,
        by_user=True,
    )
    outside = [each.address for each in chosen if not gives(subnet, each.address)]
    yield Check(
        f"addresses of {target.resource.short} ({target.group}) are in the subnet",
        not outside,
        reasons.STATIC_ADDRESS_OUTSIDE_SUBNET,
        f"spec.endpoints.staticAddresses chooses {', '.join(outside)}, which the subnet"
        f" {context.plan.endpoint_subnet.name} does not give: it lies outside of the subnet, or Azure keeps it, as"
        " it keeps the first four and the last of a range.",
        "Choose a free address of the subnet (az network vnet subnet list-available-ips).",
        ("WS-PE-01",),
        context.plan.endpoint_subnet,
        by_user=True,
    )


def addresses_taken(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, used: ResourceId, subnet: Body
) -> Iterator[Check]:
    """An endpoint that exists has the addresses that it was made with, which the spec may not have known.

    Nobody is told to delete it for addresses that a new one would not get.

    Raises:
        AzureProblem: when the endpoint, the service or the subnet cannot be read.
    """
    body = azure.get(used)
    chosen = {each.member.lower(): each.address for each in chosen_for(context, azure, target)}
    shown = {
        text_in(each, "properties.memberName").lower(): text_in(each, "properties.privateIPAddress")
        for each in objects_in(body, "properties.ipConfigurations")
    }
    if not chosen or body is None or chosen == shown:
        return
    unusable = [each for each in addresses_usable(context, azure, target, subnet) if not each.holds]
    for each in unusable:
        yield replace(each, level=CheckLevel.ADVISORY, by_user=False)
    if not unusable:
        yield Check(
            f"{used.short} has the addresses of the spec",
            holds=False,
            reason=reasons.STATIC_ADDRESS_NOT_USED,
            message=f"{used.short} was made without the addresses that spec.endpoints.staticAddresses chooses for"
            f" {target.group}, and keeps those that it has.",
            advice="Nothing to do if it may keep them. Else delete it while no job runs (az network"
            f" private-endpoint delete --ids {used.text}): the operator makes it anew with the chosen ones, and"
            " until then, some minutes, nobody reaches what it leads to.",
            rules=("WS-PE-01",),
            about=used,
            level=CheckLevel.ADVISORY,
        )


def addresses_without_endpoint(
    context: WorkspaceContext, azure: View, targets: tuple[PrivateLinkTarget, ...]
) -> Iterator[Check]:
    """Every chosen address is for an endpoint that is declared; another would be left unused in silence."""
    taken = {each.address for target in targets for each in chosen_for(context, azure, target)}
    left = [each for each in context.spec.endpoints.static_addresses if each.address not in taken]
    if left:
        told = ", ".join(f"{each.address} ({each.group})" for each in left)
        yield Check(
            "every address of the spec is for an endpoint",
            holds=False,
            reason=reasons.STATIC_ADDRESS_NOT_USED,
            message=f"spec.endpoints.staticAddresses chooses {told}, and no endpoint of such a group is declared.",
            advice="Add the part to spec.storage.subResources, name its account in accountID, or take it out.",
            rules=("WS-PE-01",),
            about=context.workspace,
            level=CheckLevel.ADVISORY,
        )


def _account_of(context: WorkspaceContext, azure: View, entry: StaticAddress) -> ResourceId | None:
    if entry.account_id is not None:
        return resource_id(entry.account_id)
    return named_by_workspace(context, azure, STORAGE)


def _members(azure: View, target: PrivateLinkTarget) -> tuple[str, ...]:
    """What of a service takes an address of its own; a registry has data endpoints, one in each region."""
    if target.group == "registry":
        found = regions(azure, target.resource, azure.get(target.resource) or {})
        return ("registry", *(f"registry_data_{region}" for region in found))
    return _MEMBERS.get(target.group, (target.group,))
