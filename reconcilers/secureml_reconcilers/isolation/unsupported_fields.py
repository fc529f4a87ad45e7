"""Fields that are admitted and not acted upon yet, said where they matter.

While a spec asks for something that this version does not do, nothing that leans on it is closed or redirected:
half of a declaration may lock people out whom the other half lets in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Blocks, Check
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.isolation.prerequisites import is_premium, is_private
from secureml_reconcilers.isolation.site import Site, accounts, default_named, registry, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View


def unsupported_fields(site: Site, azure: View) -> Blocks:
    """Every field of the spec that is not acted upon."""
    for account in accounts(site, azure):
        yield of_account(site, azure, account)
    yield of_datastores(site)
    yield of_vault(site)
    yield of_registry(site, azure)
    yield of_workspace(site)
    yield of_subnet(site, azure)


def of_account(site: Site, azure: View, account: ResourceId) -> Iterator[Check]:
    """No account is closed before its subnets have their rules, and studio's roles have been looked at."""
    storage = site.spec.storage
    if account == default_named(site, azure) and storage.access == "ServiceEndpoint":
        yield _unsupported("spec.storage.access ServiceEndpoint", "the account is left as it is")
    further = [extra for extra in storage.additional_accounts if resource_id(extra.account_id) == account]
    if any(extra.access == "ServiceEndpoint" for extra in further):
        yield _unsupported(
            "spec.storage.additionalAccounts[].access ServiceEndpoint", "such an account is left as it is"
        )
    if storage.allowed_subnet_ids:
        yield _unsupported("spec.storage.allowedSubnetIDs", "no storage account is closed to those subnets")
    if site.spec.studio.enabled:
        yield _unsupported("spec.studio.enabled", "no storage account is closed before studio's roles are checked")


def of_datastores(site: Site) -> Iterator[Check]:
    """How datastores sign in is independent of the network they come from: nothing waits for it."""
    if site.spec.storage.datastore_auth:
        yield _unsupported("spec.storage.datastoreAuth", "datastores sign in as they did")


def of_vault(site: Site) -> Iterator[Check]:
    """The vault is not closed before its subnets have their rules."""
    if site.spec.key_vault.access == "ServiceEndpoint":
        yield _unsupported("spec.keyVault.access ServiceEndpoint", "the vault is left as it is")
    if site.spec.key_vault.allowed_subnet_ids:
        yield _unsupported("spec.keyVault.allowedSubnetIDs", "the vault is not closed to those subnets")


def of_registry(site: Site, azure: View) -> Iterator[Check]:
    """The registry is not closed before a cluster builds the images that it cannot build then (ACR-BUILD-01).

    What is asked for and already so needs nothing of us: a registry that is there or Premium, that very cluster.
    """
    asked = site.spec.container_registry
    found = registry(site, azure)
    if asked.registry_id and found is None:
        yield _unsupported("spec.containerRegistry.registryID", "the workspace has no registry yet")
    if asked.upgrade_to_premium and found is not None and not is_premium(azure.get(found) or {}):
        yield _unsupported("spec.containerRegistry.upgradeToPremium", "the registry keeps its SKU and stays open")
    builder = str(get_path(workspace(site, azure), "properties.imageBuildCompute") or "").rsplit("/", 1)[-1]
    wanted = site.spec.image_build.compute_name
    if wanted and wanted.lower() != builder.lower():
        stays = f"the workspace's image build compute stays {builder or 'not set'}"
        yield _unsupported("spec.imageBuild.computeName", f"{stays}, and {_left(found, azure)}")


def _left(found: ResourceId | None, azure: View) -> str:
    """What becomes of the registry meanwhile; one that cannot be read keeps nothing else from being told."""
    if found is None:
        return "a registry that comes stays open"
    try:
        private = is_private(azure.get(found) or {})
    except AzureProblem:
        return "the registry is left as it is"
    return "the registry is private already" if private else "the registry stays open"


def of_workspace(site: Site) -> Iterator[Check]:
    """A workspace that answers everybody is not as declared when only some may reach it."""
    if site.spec.public_access.allowed_ip_ranges:
        yield _unsupported("spec.publicAccess.allowedIPRanges", "the workspace lets in whom it lets in now")


def of_subnet(site: Site, azure: View) -> Iterator[Check]:
    """No name leads to an endpoint, and nothing is closed, where a security group may still shut it off.

    Policies that are switched off already need nothing of us (WS-PE-02).
    """
    if site.spec.endpoints.subnet_network_policies != "Disable":
        return
    for subnet in get_path(azure.get(site.network), "properties.subnets") or ():
        policies = str(get_path(subnet, "properties.privateEndpointNetworkPolicies") or "Disabled")
        if resource_id(subnet["id"]) == site.subnet and policies.lower() != "disabled":
            yield _unsupported(
                "spec.endpoints.subnetNetworkPolicies Disable", f"the subnet's policies stay {policies}"
            )


def _unsupported(field: str, meanwhile: str) -> Check:
    return Check(
        f"{field} is acted upon",
        holds=False,
        reason="NotImplementedYet",
        message=f"{field} is not acted upon by this version of the operator: {meanwhile}.",
        advice="Remove it, or wait for a version that does (README, Status).",
        by_user=True,
    )
