"""A SecureWorkspace: the workspace and everything it leans on, reachable from inside a network only.

The stages of "Secure a workspace with virtual networks" in the order in which that article tells them
(GEN-TOPO-03): the private link workspace, names, vault, storage, registry, and public access last. Ready says that
all of them are private (GEN-TOPO-01), for one that is left out is open to everybody (GEN-E2E-01).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import SecureWorkspaceSpec, condition_types, reasons
from secureml_reconcilers.engine.blocks import NOTHING_REMEMBERED, Aspect, Composition, Remembered
from secureml_reconcilers.isolation.clouds import PUBLIC, Cloud
from secureml_reconcilers.isolation.diagnosis import diagnosable
from secureml_reconcilers.isolation.dns import names_resolve
from secureml_reconcilers.isolation.leftovers import leftovers_removed
from secureml_reconcilers.isolation.private_link import private_link
from secureml_reconcilers.isolation.removal import Removal, endpoints_removed, names_removed
from secureml_reconcilers.isolation.service_isolation import (
    key_vault_isolated,
    registry_isolated,
    storage_isolated,
)
from secureml_reconcilers.isolation.studio import studio_usable
from secureml_reconcilers.isolation.workspace import discovered, public_access_closed
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext
from secureml_reconcilers.isolation.workspace_settings import (
    is_configured,
    public_access_restricted,
    workspace_configured,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.api.secure_workspace import ContainerRegistry, KeyVault, Storage


class SecureWorkspaces:
    """Declares what each SecureWorkspace takes."""

    def __init__(self, cloud: Cloud = PUBLIC) -> None:
        """Name the cloud whose zones are used."""
        self._cloud = cloud

    def declare(
        self, spec: Mapping[str, Any], owner: str, remembered: Remembered = NOTHING_REMEMBERED
    ) -> Composition:
        """See `Declares.declare`.

        Args:
            spec: as the API server hands it on.
            owner: the custom resource, as `cluster/namespace/name`.
            remembered: what earlier passes left in its status.

        Raises:
            ValueError: when the spec cannot be understood.
        """
        context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec), self._cloud, owner, remembered)
        declared = tuple(_declared(context))
        aspects = (*declared, *_leftovers(context, remembered.inventory, declared))
        return Composition(
            aspects,
            owner,
            context.spec.adoption == "Adopt",
            context.spec.mode == "Enforce",
            diagnosable(context.workspace),
        )

    def closes(self, spec: Mapping[str, Any]) -> frozenset[str]:
        """See `Declares.closes`: what the spec names itself; what the workspace names stands in the status."""
        try:
            parsed = SecureWorkspaceSpec.parse(spec)
        except ValueError:
            return frozenset()
        named = [parsed.workspace_id, parsed.container_registry.registry_id]
        named += [each.account_id for each in parsed.storage.additional_accounts]
        return frozenset(each.lower() for each in named if each)

    def remove(self, spec: Mapping[str, Any], owner: str, remembered: Remembered) -> Composition:
        """See `Declares.remove`: nothing with Retain; with Delete, what we made. Nothing is opened again.

        Observe writes nothing at all, so it deletes nothing either, whatever the policy.
        """
        if spec.get("deletionPolicy") != "Delete" or spec.get("mode") == "Observe":
            return Composition((), owner)
        why = "the SecureWorkspace was deleted with deletionPolicy Delete"
        removal = Removal(owner, remembered.inventory, why, self._cloud.zones, adopted=remembered.adopted)
        endpoints, names = partial(endpoints_removed, removal), partial(names_removed, removal)
        return Composition(
            (
                Aspect(
                    condition_types.PRIVATE_ENDPOINTS_REMOVED,
                    endpoints,
                    reasons.REMOVED,
                    "Our endpoints and role assignments are gone.",
                ),
                Aspect(
                    condition_types.DNS_REMOVED, names, reasons.REMOVED, "Our unused links and zones are gone."
                ),
            ),
            owner,
        )


def _declared(context: WorkspaceContext) -> Iterator[Aspect]:
    """What the spec asks for; a workspace that it wants open has no condition that says closed."""
    spec = context.spec
    yield Aspect(
        condition_types.WORKSPACE_FOUND, partial(discovered, context), reasons.FOUND, "The workspace exists."
    )
    yield Aspect(
        condition_types.PRIVATE_LINK_READY,
        partial(private_link, context),
        reasons.APPROVED,
        "Every endpoint is approved.",
    )
    yield Aspect(condition_types.NAMES_RESOLVED, partial(names_resolve, context), *_resolved(context))
    vault, accounts, registry = (
        partial(isolated, context) for isolated in (key_vault_isolated, storage_isolated, registry_isolated)
    )
    yield Aspect(condition_types.KEY_VAULT_ISOLATED, vault, *_closed("The vault", spec.key_vault))
    yield Aspect(condition_types.STORAGE_ISOLATED, accounts, *_closed("Every account", spec.storage))
    yield Aspect(condition_types.REGISTRY_ISOLATED, registry, *_closed("The registry", spec.container_registry))
    if spec.studio.enabled:
        studio = partial(studio_usable, context)
        yield Aspect(condition_types.STUDIO_USABLE, studio, met_message="Studio's roles are held.")
    if is_configured(context):
        configured = partial(workspace_configured, context)
        yield Aspect(
            condition_types.WORKSPACE_CONFIGURED,
            configured,
            met_message="The workspace's settings are as declared.",
        )
    if spec.public_access.allowed_ip_ranges:
        restricted = partial(public_access_restricted, context)
        yield Aspect(
            condition_types.PUBLIC_ACCESS_RESTRICTED,
            restricted,
            reasons.CLOSED_EXCEPT_ALLOWED_RANGES,
            "The workspace is closed except to addresses that the spec names; findings tell who else is let in.",
        )
    if spec.public_access.workspace == "Disabled":
        closed = partial(public_access_closed, context)
        yield Aspect(condition_types.PUBLIC_ACCESS_CLOSED, closed, reasons.CLOSED, "The workspace is closed.")


def _leftovers(
    context: WorkspaceContext, inventory: tuple[str, ...], declared: tuple[Aspect, ...]
) -> Iterator[Aspect]:
    """A condition about what earlier specs left, from the start: what is met is counted out of one sum.

    Whoever only looks needs none, as long as nothing was made.
    """
    enforces = context.spec.mode == "Enforce"
    if enforces or inventory:
        removes = context.spec.deletion_policy == "Delete" and enforces
        left = partial(leftovers_removed, context.plan, inventory, declared, removes=removes)
        yield Aspect(
            condition_types.LEFTOVERS_REMOVED, left, reasons.REMOVED, "Nothing is left that findings do not name."
        )


def _resolved(context: WorkspaceContext) -> tuple[Reason, str]:
    """Reason and message where names resolve; where DNS is somebody else's, that is taken on trust."""
    if context.plan.dns_mode == "None":
        return (
            reasons.CONFIRMED_BY_USER,
            "DNS is yours: you confirmed the records, and the operator cannot check them.",
        )
    return reasons.RESOLVED, "Names lead to private addresses."


def _closed(service: str, part: ContainerRegistry | KeyVault | Storage) -> tuple[Reason, str]:
    """Reason and message of a service that is as declared: one that lets somebody in is not called closed."""
    if not part.allowed_ip_ranges and not getattr(part, "allowed_subnet_ids", ()):
        return reasons.CLOSED, f"{service} is closed."
    return (
        reasons.CLOSED_EXCEPT_ALLOWED_RANGES,
        f"{service} is closed except to the addresses and subnets that the spec names; findings tell of others.",
    )
