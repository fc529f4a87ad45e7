"""A SecureWorkspace: the workspace and everything it leans on, reachable from inside a network only.

The stages of "Secure a workspace with virtual networks" in the order in which that article tells them
(GEN-TOPO-03): the private link workspace, names, vault, storage, registry, and public access last.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.engine.blocks import Aspect, Composition
from secureml_reconcilers.isolation.clouds import PUBLIC, Cloud
from secureml_reconcilers.isolation.dns import names_resolve
from secureml_reconcilers.isolation.key_vault import key_vault_isolated
from secureml_reconcilers.isolation.private_link import private_link
from secureml_reconcilers.isolation.registry import registry_isolated
from secureml_reconcilers.isolation.removal import endpoints_removed, names_removed
from secureml_reconcilers.isolation.site import Site
from secureml_reconcilers.isolation.storage import storage_isolated
from secureml_reconcilers.isolation.unsupported_fields import unsupported_fields
from secureml_reconcilers.isolation.workspace import discovered, public_access_closed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.api.secure_workspace import ContainerRegistry, KeyVault, Storage


class SecureWorkspaces:
    """Declares what each SecureWorkspace takes."""

    def __init__(self, cloud: Cloud = PUBLIC) -> None:
        """Name the cloud whose zones are used."""
        self._cloud = cloud

    def declare(self, spec: Mapping[str, Any], owner: str) -> Composition:
        """See `Declares.declare`."""
        site = Site(SecureWorkspaceSpec.parse(spec), self._cloud, owner)
        return Composition(
            tuple(_aspects(site)), owner, site.spec.adoption == "Adopt", site.spec.mode == "Enforce"
        )

    def remove(self, spec: Mapping[str, Any], owner: str, inventory: tuple[str, ...]) -> Composition:
        """See `Declares.remove`: nothing with Retain; with Delete, what we made. Nothing is opened again.

        Observe writes nothing at all, so it deletes nothing either, whatever the policy.
        """
        if spec.get("deletionPolicy") != "Delete" or spec.get("mode") == "Observe":
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


def _aspects(site: Site) -> Iterator[Aspect]:
    """The conditions of a SecureWorkspace; a workspace that the spec wants open has none that says closed."""
    vault, storage, registry = site.spec.key_vault, site.spec.storage, site.spec.container_registry
    yield Aspect("WorkspaceFound", partial(discovered, site), "Found", "The workspace exists.")
    yield Aspect("PrivateLinkReady", partial(private_link, site), "Approved", "Every endpoint is approved.")
    yield Aspect("NamesResolved", partial(names_resolve, site), *_resolved(site))
    yield Aspect("KeyVaultIsolated", partial(key_vault_isolated, site), *_closed("The vault", vault))
    yield Aspect("StorageIsolated", partial(storage_isolated, site), *_closed("Every account", storage))
    yield Aspect("RegistryIsolated", partial(registry_isolated, site), *_closed("The registry", registry))
    if site.spec.public_access.workspace == "Disabled":
        closed = partial(public_access_closed, site)
        yield Aspect("PublicAccessClosed", closed, "Closed", "The workspace is closed.")
    yield Aspect("SpecSupported", partial(unsupported_fields, site), "Supported", "All of the spec is acted upon.")


def _resolved(site: Site) -> tuple[str, str]:
    """Reason and message where names resolve; where DNS is somebody else's, that is taken on trust."""
    if site.spec.dns.mode == "None":
        return "ConfirmedByUser", "DNS is yours: you confirmed the records, and the operator cannot check them."
    return "Linked", "Names lead to private addresses."


def _closed(service: str, part: ContainerRegistry | KeyVault | Storage) -> tuple[str, str]:
    """Reason and message of a service that is as declared: one that lets addresses in is not called closed."""
    if not part.allowed_ip_ranges:
        return "Closed", f"{service} is closed."
    return (
        "ClosedExceptAllowedRanges",
        f"{service} is closed except to the addresses that the spec names; findings tell who else is let in.",
    )
