"""Fields that are admitted and not acted upon yet, said where they matter.

While a spec asks for something that this version does not do, nothing that leans on it is closed or redirected:
half of a declaration may lock people out whom the other half lets in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.isolation.body_values import text_in
from secureml_reconcilers.isolation.prerequisites import is_premium, is_private
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api import SecureWorkspaceSpec
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.services import ServiceInUse


def of_account(account: ServiceInUse) -> Iterator[Check]:
    """No account is closed before its subnets have their rules."""
    storage = account.spec.storage
    if account.by_workspace and storage.access == "ServiceEndpoint":
        yield _unsupported("spec.storage.access ServiceEndpoint", "the account is left as it is")
    further = [extra for extra in storage.additional_accounts if resource_id(extra.account_id) == account.resource]
    if any(extra.access == "ServiceEndpoint" for extra in further):
        yield _unsupported(
            "spec.storage.additionalAccounts[].access ServiceEndpoint", "such an account is left as it is"
        )
    if storage.allowed_subnet_ids:
        yield _unsupported(
            "spec.storage.allowedSubnetIDs", "those subnets are not let in, and an account that is open stays so"
        )


def of_vault(vault: ServiceInUse) -> Iterator[Check]:
    """The vault is not closed before its subnets have their rules."""
    section = vault.spec.key_vault
    if section.access == "ServiceEndpoint":
        yield _unsupported("spec.keyVault.access ServiceEndpoint", "the vault is left as it is")
    if section.allowed_subnet_ids:
        yield _unsupported(
            "spec.keyVault.allowedSubnetIDs", "those subnets are not let in, and a vault that is open stays so"
        )


def of_registry(registry: ServiceInUse) -> Iterator[Check]:
    """What is asked for and already so needs nothing of us: a registry that is there, or Premium."""
    asked = registry.spec.container_registry
    named = registry.resource is not None
    if asked.registry_id and not named:
        yield _unsupported("spec.containerRegistry.registryID", "the workspace has no registry yet")
    if asked.upgrade_to_premium and named and not is_premium(registry.body or {}):
        yield _unsupported("spec.containerRegistry.upgradeToPremium", "the registry keeps its SKU and stays open")


def of_datastores(spec: SecureWorkspaceSpec) -> Iterator[Check]:
    """How datastores sign in is independent of the network they come from: nothing waits for it."""
    if spec.storage.datastore_auth:
        yield _unsupported("spec.storage.datastoreAuth", "datastores sign in as they did")


def of_workspace(spec: SecureWorkspaceSpec) -> Iterator[Check]:
    """A workspace that answers everybody is not as declared when only some may reach it."""
    if spec.public_access.allowed_ip_ranges:
        yield _unsupported("spec.publicAccess.allowedIPRanges", "the workspace lets in whom it lets in now")
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext
def of_subnet(context: WorkspaceContext, azure: View) -> Iterator[Check]:
    """No name leads to an endpoint, and nothing is closed, where a security group may still shut it off.
    Policies that are switched off already need nothing of us (WS-PE-02). The network is large: it is read only
    where the spec asks for something of its subnets.
    """
    if context.spec.endpoints.subnet_network_policies != "Disable":
        return
    for shown in objects_in(azure.get(context.plan.network), "properties.subnets"):
        policies = text_in(shown, "properties.privateEndpointNetworkPolicies", "Disabled")
        if parsed_id(shown.get("id")) == context.plan.endpoint_subnet and policies.lower() != "disabled":
            yield _unsupported(
                "spec.endpoints.subnetNetworkPolicies Disable", f"the subnet's policies stay {policies}"
            )


def _unsupported(field: str, meanwhile: str) -> Check:
    return Check(
        f"{field} is acted upon",
        holds=False,
        reason=reasons.NOT_IMPLEMENTED,
        message=f"{field} is not acted upon by this version of the operator: {meanwhile}.",
        advice="Remove it, or wait for a version that does (README, Status).",
        by_user=True,
    )
