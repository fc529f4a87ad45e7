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
from secureml_reconcilers.isolation.private_link import private_link
from secureml_reconcilers.isolation.removal import endpoints_removed, names_removed
from secureml_reconcilers.isolation.service_isolation import (
    key_vault_isolated,
    registry_isolated,
    storage_isolated,
    unsupported_fields,
)
from secureml_reconcilers.isolation.workspace import discovered, public_access_closed
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

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
        context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec), self._cloud, owner)
        return Composition(
            tuple(_aspects(context)), owner, context.spec.adoption == "Adopt", context.spec.mode == "Enforce"
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


def _aspects(context: WorkspaceContext) -> Iterator[Aspect]:
    """The conditions of a SecureWorkspace; a workspace that the spec wants open has none that says closed."""
    vault, storage, registry = context.spec.key_vault, context.spec.storage, context.spec.container_registry
    yield Aspect("WorkspaceFound", partial(discovered, context), "Found", "The workspace exists.")
    yield Aspect("PrivateLinkReady", partial(private_link, context), "Approved", "Every endpoint is approved.")
    yield Aspect("NamesResolved", partial(names_resolve, context), *_resolved(context))
    yield Aspect("KeyVaultIsolated", partial(key_vault_isolated, context), *_closed("The vault", vault))
    yield Aspect("StorageIsolated", partial(storage_isolated, context), *_closed("Every account", storage))
    yield Aspect("RegistryIsolated", partial(registry_isolated, context), *_closed("The registry", registry))
    if context.spec.public_access.workspace == "Disabled":
        closed = partial(public_access_closed, context)
        yield Aspect("PublicAccessClosed", closed, "Closed", "The workspace is closed.")
    yield Aspect(
        "SpecSupported", partial(unsupported_fields, context), "Supported", "All of the spec is acted upon."
    )


def _resolved(context: WorkspaceContext) -> tuple[str, str]:
    """Reason and message where names resolve; where DNS is somebody else's, that is taken on trust."""
    if context.spec.dns.mode == "None":
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
