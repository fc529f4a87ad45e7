"""A SecureWorkspace: the workspace and everything it leans on, reachable from inside a network only.

The stages of "Secure a workspace with virtual networks" in the order in which that article tells them
(GEN-TOPO-03): the private link workspace, names, vault, storage, registry, and public access last.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.engine.blocks import Aspect, Blocks, Check, Composition
from secureml_reconcilers.isolation.clouds import PUBLIC, Cloud
from secureml_reconcilers.isolation.dns import names_resolve
from secureml_reconcilers.isolation.endpoints import private_link
from secureml_reconcilers.isolation.key_vault import key_vault_isolated
from secureml_reconcilers.isolation.registry import registry_isolated
from secureml_reconcilers.isolation.removal import endpoints_removed, names_removed
from secureml_reconcilers.isolation.site import Site
from secureml_reconcilers.isolation.storage import storage_isolated
from secureml_reconcilers.isolation.workspace import discovered, public_access_closed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_reconcilers.engine.view import View


class SecureWorkspaces:
    """Declares what each SecureWorkspace takes."""

    def __init__(self, cloud: Cloud = PUBLIC) -> None:
        """Name the cloud whose zones are used."""
        self._cloud = cloud

    def declare(self, spec: Mapping[str, Any], owner: str) -> Composition:
        """See `Declares.declare`."""
        site = Site(SecureWorkspaceSpec.parse(spec), self._cloud, owner)
        aspects = (
            Aspect("WorkspaceFound", partial(discovered, site), "Found", "The workspace exists."),
            Aspect("PrivateLinkReady", partial(private_link, site), "Approved", "Every endpoint is approved."),
            Aspect("NamesResolved", partial(names_resolve, site), "Linked", "Names lead to private addresses."),
            Aspect("KeyVaultIsolated", partial(key_vault_isolated, site), "Closed", "The vault is closed."),
            Aspect("StorageIsolated", partial(storage_isolated, site), "Closed", "Every account is closed."),
            Aspect("RegistryIsolated", partial(registry_isolated, site), "Closed", "The registry is closed."),
            Aspect(
                "PublicAccessClosed",
                partial(public_access_closed, site),
                "Closed",
                "The workspace is closed.",
            ),
        )
        unmade = Aspect(
            "SpecSupported", partial(_not_made_yet, site.spec), "Supported", "All of the spec is acted upon."
        )
        return Composition((*aspects, unmade), owner, site.spec.adoption == "Adopt", site.spec.mode == "Enforce")

    def remove(self, spec: Mapping[str, Any], owner: str, inventory: tuple[str, ...]) -> Composition:
        """See `Declares.remove`: nothing with Retain; with Delete, what we made. Nothing is opened again."""
        if spec.get("deletionPolicy") != "Delete":
            return Composition((), owner)
        aspects = (
            Aspect(
                "EndpointsRemoved",
                partial(endpoints_removed, owner, inventory),
                "Removed",
                "Our endpoints are gone.",
            ),
            Aspect(
                "NamesRemoved",
                partial(names_removed, owner, inventory),
                "Removed",
                "Our unused links and zones are gone.",
            ),
        )
        return Composition(aspects, owner)


_NOT_MADE_YET: Mapping[str, Callable[[SecureWorkspaceSpec], object]] = {
    "spec.storage.access ServiceEndpoint": lambda spec: spec.storage.access == "ServiceEndpoint",
    "spec.storage.additionalAccounts[].access ServiceEndpoint": lambda spec: any(
        account.access == "ServiceEndpoint" for account in spec.storage.additional_accounts
    ),
    "spec.storage.allowedSubnetIDs": lambda spec: spec.storage.allowed_subnet_ids,
    "spec.storage.datastoreAuth": lambda spec: spec.storage.datastore_auth,
    "spec.keyVault.access ServiceEndpoint": lambda spec: spec.key_vault.access == "ServiceEndpoint",
    "spec.keyVault.allowedSubnetIDs": lambda spec: spec.key_vault.allowed_subnet_ids,
    "spec.containerRegistry.registryID": lambda spec: spec.container_registry.registry_id,
    "spec.containerRegistry.upgradeToPremium": lambda spec: spec.container_registry.upgrade_to_premium,
    "spec.imageBuild.computeName": lambda spec: spec.image_build.compute_name,
    "spec.studio.enabled": lambda spec: spec.studio.enabled,
    "spec.publicAccess.allowedIPRanges": lambda spec: spec.public_access.allowed_ip_ranges,
    "spec.endpoints.subnetNetworkPolicies Disable": lambda spec: (
        spec.endpoints.subnet_network_policies == "Disable"
    ),
}
"""Fields that are admitted and not acted upon yet: saying so is better than looking ready."""


def _not_made_yet(spec: SecureWorkspaceSpec, _: View) -> Blocks:
    for field, is_set in _NOT_MADE_YET.items():
        yield Check(
            f"{field} is acted upon",
            holds=not is_set(spec),
            reason="NotImplementedYet",
            message=f"{field} is not acted upon by this version of the operator.",
            advice="Remove it, or wait for a version that does (README, Status).",
            by_user=True,
        )
