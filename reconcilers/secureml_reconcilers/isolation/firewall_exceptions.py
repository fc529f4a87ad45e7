"""Who passes a firewall beside those whom the spec names: told of, and never removed.

An entry may be a colleague's, another custom resource's, a range that the spec named once, or an intruder's.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.values import get_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

_LISTED: Final = 5
"""So many entries are named in a message: a vault may have a thousand."""


@dataclass(frozen=True, slots=True)
class _Firewall:
    rules: str
    """Where the service shows its rules."""

    removal: str
    """The command that takes an entry away; it ends with the option that names the service."""

    rule: str
    """The rule that such an entry goes against."""


_FIREWALLS: Final = {
    "microsoft.storage/storageaccounts": _Firewall(
        "properties.networkAcls", "az storage account network-rule remove --account-name", "ST-IP-01"
    ),
    "microsoft.keyvault/vaults": _Firewall(
        "properties.networkAcls", "az keyvault network-rule remove --name", "KV-NET-01"
    ),
    "microsoft.containerregistry/registries": _Firewall(
        "properties.networkRuleSet", "az acr network-rule remove --name", "ACR-LIMIT-01"
    ),
}


def more_let_in(
    target: ResourceId, body: Body, field: str, ranges: tuple[str, ...], subnets: tuple[str, ...] = ()
) -> Iterator[Check]:
    """Addresses and subnets that pass and that the spec does not name (ST-IP-01, KV-NET-01, ACR-LIMIT-01).

    Where the spec names none, public access is switched off, and such entries lose their effect.

    Args:
        target: the storage account, vault or registry.
        body: what was read of it.
        field: the part of the spec about it, such as `spec.storage`.
        ranges: addresses that the spec lets in.
        subnets: subnets that the spec lets in.
    """
    shown = str(get_path(body, "properties.publicNetworkAccess") or "Enabled").lower()
    if shown != "enabled" or not (ranges or subnets):
        return
    firewall = _FIREWALLS[target.type]
    addresses = [
        str(rule.get("value"))
        for rule in get_path(body, f"{firewall.rules}.ipRules") or ()
        if not _covered(str(rule.get("value")), ranges)
    ]
    named = {text.lower() for text in subnets}
    networks = [
        str(rule.get("id"))
        for rule in get_path(body, f"{firewall.rules}.virtualNetworkRules") or ()
        if str(rule.get("id")).lower() not in named
    ]
    options = " or ".join(["--ip-address"] * bool(addresses) + ["--subnet"] * bool(networks))
    yield Check(
        f"{target.short} lets in nobody but those of {field}",
        not (addresses or networks),
        "UndeclaredFirewallRule",
        f"The firewall of {target.short} lets in {_listed([*addresses, *networks])}, which {field} does not name.",
        f"Name addresses that shall pass in {field}.allowedIPRanges, and remove the others yourself, for the"
        f" operator removes no entry ({firewall.removal} {target.name} --resource-group {target.resource_group}"
        f" {options} <entry>).",
        (firewall.rule,),
        target,
        CheckLevel.ADVISORY,
    )


def more_resources_let_in(account: ResourceId, body: Body, workspace: ResourceId) -> Check:
    """Resources other than this workspace that pass a storage firewall by a rule of their own (ST-RIR-01).

    Told with public access off as well: such rules stay in force then, as Microsoft's documentation of storage
    firewalls says; no recording shows it.
    """
    rules = get_path(body, "properties.networkAcls.resourceAccessRules") or ()
    others = [str(rule.get("resourceId")) for rule in rules if not lets_in(rule, workspace)]
    return Check(
        f"{account.short} lets in no resource but the workspace",
        not others,
        "UndeclaredFirewallRule",
        f"Resource instance rules of {account.short} let in {_listed(others)}, with public access off as well.",
        "Remove those that nobody needs, for the operator removes no entry (az storage account network-rule remove"
        f" --account-name {account.name} --resource-group {account.resource_group} --resource-id <entry>"
        " --tenant-id <tenant of the rule>).",
        ("ST-RIR-01",),
        account,
        CheckLevel.ADVISORY,
    )


def lets_in(rule: Body, workspace: ResourceId) -> bool:
    """Whether a resource instance rule is one for exactly this workspace (ST-RIR-01)."""
    return str(rule.get("resourceId", "")).lower() == workspace.key


def _covered(entry: str, ranges: tuple[str, ...]) -> bool:
    """Whether nobody passes by this entry who does not pass by a range of the spec."""
    try:
        shown = ip_network(entry, strict=False)
    except ValueError:
        return False  # whatever it is, the spec does not name it
    named = map(ip_network, ranges)
    return any(shown.version == each.version and shown.subnet_of(each) for each in named)  # type: ignore[arg-type]


def _listed(entries: list[str]) -> str:
    more = f" and {len(entries) - _LISTED} more" if len(entries) > _LISTED else ""
    return ", ".join(entries[:_LISTED]) + more
