"""Which subnets of a network a service lets in at its public address.

Sources: the articles on the firewalls of storage accounts, vaults and registries (rules for subnets count with the
service endpoint of the subnet; addresses of a network are none that address rules could name) and on public access
to workspaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.resolver import networks

if TYPE_CHECKING:
    from arm_emulator.hooks import Context
    from arm_emulator.model import JsonObject, Resource

SERVICE_ENDPOINTS = {
    "microsoft.storage/storageaccounts": frozenset({"microsoft.storage", "microsoft.storage.global"}),
    "microsoft.keyvault/vaults": frozenset({"microsoft.keyvault"}),
}
"""Service endpoints of a subnet that make its rule in the firewall work."""


def let_in(service: Resource, subnets: list[Resource]) -> tuple[list[Resource], str]:
    """Those of the subnets from which the public address answers, and the reason in words."""
    properties = service.properties
    access = str(properties.get("publicNetworkAccess") or "Enabled")
    if access.lower() != "enabled":
        return [], f"public access to {service.id.name} is {access}"
    rules = properties.get("networkAcls") or properties.get("networkRuleSet") or {}
    if properties.get("ipAllowlist"):
        return [], f"{service.id.name} lets in selected public addresses only"
    if str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return subnets, f"{service.id.name} is open to all networks"
    found = [each for each in subnets if _has_rule(service, each, rules)]
    if found:
        return found, f"the firewall of {service.id.name} lets in {', '.join(each.id.name for each in found)}"
    return [], f"the firewall of {service.id.name} lets in no subnet of the network with its service endpoint"


def subnets_of(ctx: Context, network: Resource, subnet: str) -> list[Resource]:
    """The subnet that was named, or all of the network.

    Raises:
        ValueError: the network has no such subnet.
    """
    found = ctx.children(network, networks.SUBNETS)
    if not subnet:
        return found
    chosen = [each for each in found if each.id.key == subnet.rstrip("/").lower()]
    if not chosen:
        raise ValueError(f"there is no subnet {subnet!r} in {network.id.text}")
    return chosen


def _has_rule(service: Resource, subnet: Resource, rules: JsonObject) -> bool:
    present = {str(each.get("service")).lower() for each in subnet.properties.get("serviceEndpoints") or ()}
    if not present & SERVICE_ENDPOINTS.get(service.id.type_key, frozenset()):
        return False
    named = {str(each.get("id")).rstrip("/").lower() for each in rules.get("virtualNetworkRules") or ()}
    return subnet.id.key in named
