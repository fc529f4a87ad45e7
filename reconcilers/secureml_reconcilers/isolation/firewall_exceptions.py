"""Who passes a firewall beside those whom the spec names: told of, and never removed.

An entry may be a colleague's, another custom resource's, a range that the spec named once, or an intruder's.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.body_values import text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.services import Firewall, ServiceInUse

_LISTED: Final = 5
"""So many entries are named in a message: a vault may have a thousand."""


def undeclared_entries(
    firewall: Firewall, resource: ResourceId, body: Body, field: str, declared: tuple[tuple[str, ...], ...]
) -> Iterator[Check]:
    """Addresses and subnets that pass and that the spec does not name (ST-IP-01, KV-NET-01, ACR-LIMIT-01).

    Where the spec names none, public access is switched off, and such entries lose their effect.

    Args:
        firewall: how such a service's firewall is made.
        resource: the storage account, vault or registry.
        body: what was read of it.
        field: the part of the spec about it, such as `spec.storage`.
        declared: address ranges and subnet ids that the spec lets in.
    """
    access = text_in(body, "properties.publicNetworkAccess", "Enabled").lower()
    if access != "enabled" or not any(declared):
        return
    found = [
        (entry, option)
        for name, (identity, option) in firewall.exception_lists.items()
        for entry in _entries(body, f"{firewall.path}.{name}", identity)
        if not is_declared(entry, *declared)
    ]
    told = listed([entry for entry, _ in found])
    options = " or ".join(dict.fromkeys(option for _, option in found))
    yield Check(
        f"{resource.short} lets in nobody but those of {field}",
        not found,
        reasons.UNDECLARED_FIREWALL_RULE,
        f"The firewall of {resource.short} lets in {told}, which {field} does not name.",
        f"Name addresses that shall pass in {field}.allowedIPRanges, and remove the others yourself, for the"
        f" operator removes no entry ({firewall.remove_entry} {resource.name} --resource-group"
        f" {resource.resource_group} {options} <entry>).",
        (firewall.exception_rule,),
        resource,
        CheckLevel.ADVISORY,
    )


def resources_let_in(account: ServiceInUse) -> Iterator[Check]:
    """Resources other than this workspace that pass a storage firewall by a rule of their own (ST-RIR-01).

    Told with public access off as well: such rules stay in force then, as Microsoft's documentation of storage
    firewalls says; no recording shows it.
    """
    if account.resource is None or account.body is None:
        return
    rules = _entries(account.body, "properties.networkAcls.resourceAccessRules", "resourceId")
    others = [entry for entry in rules if entry.lower() != account.workspace.key]
    yield Check(
        f"{account.resource.short} lets in no resource but the workspace",
        not others,
        reasons.UNDECLARED_FIREWALL_RULE,
        f"Resource instance rules of {account.resource.short} let in {listed(others)}, with public access off as"
        " well.",
        "Remove those that nobody needs, for the operator removes no entry (az storage account network-rule remove"
        f" --account-name {account.resource.name} --resource-group {account.resource.resource_group} --resource-id"
        " <entry> --tenant-id <tenant of the rule>).",
        ("ST-RIR-01",),
        account.resource,
        CheckLevel.ADVISORY,
    )


def workspace_is_let_in(account: Body, workspace: ResourceId) -> bool:
    """Whether a resource instance rule of an account is one for exactly this workspace (ST-RIR-01).

    Such a rule is narrower than trusting all of Azure, and enough.
    """
    rules = _entries(account, "properties.networkAcls.resourceAccessRules", "resourceId")
    return any(entry.lower() == workspace.key for entry in rules)


def _entries(body: Body, path: str, identity: str) -> list[str]:
    """Who passes by the entries of one list; what cannot be understood passes under the text that Azure shows.

    The spec names nothing of the kind, so it is told of with the others.
    """
    shown = get_path(body, path)
    entries = shown if isinstance(shown, list) else [] if shown is None else [shown]
    return [str(entry.get(identity)) if isinstance(entry, dict) else str(entry) for entry in entries]


def is_declared(entry: str, ranges: tuple[str, ...], subnets: tuple[str, ...] = ()) -> bool:
    """Whether the spec names a subnet, or ranges by which everybody passes who passes by this entry."""
    if entry.lower() in {text.lower() for text in subnets}:
        return True
    try:
        shown = ip_network(entry, strict=False)
    except ValueError:
        return False  # whatever it is, the spec does not name it
    named = map(ip_network, ranges)
    return any(shown.version == each.version and shown.subnet_of(each) for each in named)  # type: ignore[arg-type]


def listed(entries: list[str]) -> str:
    """The first few of them, and how many there are besides."""
    more = f" and {len(entries) - _LISTED} more" if len(entries) > _LISTED else ""
    return ", ".join(entries[:_LISTED]) + more
