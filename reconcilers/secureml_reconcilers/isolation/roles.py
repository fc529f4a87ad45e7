"""Roles of a managed identity: which one includes which, who holds what, and what our assignments are called.

An assignment is never changed, only made and deleted; it carries no tags. Its name is derived from what it says,
so that one of such a name was made by us (OPS-07).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.isolation.body_values import parsed_id, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block

ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"

HEEDED: Final = timedelta(minutes=10)
"""So long a new assignment may have no effect (STUDIO-RBAC-01, Microsoft's documents of role assignments)."""

_NAMES: Final = uuid.UUID("5d7e6c0a-2b0f-4c55-9a3e-8f1f6f0d7a21")
"""The namespace of our assignments' names: drawn once, never to be changed."""


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role (reference-data.md section 8)."""

    name: str
    guid: str
    included_in: tuple[str, ...] = ()
    """Guids of roles that allow all that this one allows."""


_OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_CONTRIBUTOR: Final = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_BLOB_OWNER: Final = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"

READER: Final = Role("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", (_OWNER, _CONTRIBUTOR))
BLOB_CONTRIBUTOR: Final = Role(
    "Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", (_BLOB_OWNER,)
)
BLOB_READER: Final = Role(
    "Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", (BLOB_CONTRIBUTOR.guid, _BLOB_OWNER)
)
FILE_CONTRIBUTOR: Final = Role("Storage File Data Privileged Contributor", "69566ab7-960f-475b-8e7c-b3118f30c6bd")


@dataclass(frozen=True, slots=True)
class Grant:
    """That an identity holds a role on a resource, and what for."""

    principal: str
    """The identity's object id."""

    role: Role
    scope: ResourceId
    rules: tuple[str, ...]

    @property
    def assignment(self) -> ResourceId:
        """The assignment that we would make: the same on every pass and after every crash."""
        return self.scope.resource(ASSIGNMENTS, _name(self.scope.key, self.principal, self.role.guid))

    def made(self, reason: str, after: tuple[Block, ...]) -> Ensure:
        """The assignment, made; it is heeded a while later.

        Without `principalType` Azure looks the identity up in a directory that may not know it yet.
        """
        definition = f"/subscriptions/{self.scope.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        asked = {
            "roleDefinitionId": f"{definition}/{self.role.guid}",
            "principalId": self.principal,
            "principalType": "ServicePrincipal",
            "description": "Made by the secureml operator",
        }
        create = {"properties": asked}
        return Ensure(
            self.assignment,
            {},
            reason,
            self.rules,
            create,
            after,
            takes_effect=HEEDED,
            proven_by_name=True,
        )

    def is_held(self, assignments: Iterable[Body]) -> bool:
        """Whether one of these gives as much: the role or one that includes it, on the resource or above it.

        One with a condition may not apply, so it does not count.
        """
        enough = {self.role.guid, *self.role.included_in}
        return any(
            _guid_of(each) in enough
            and text_in(each, "properties.principalId").lower() == self.principal.lower()
            and not text_in(each, "properties.condition")
            and _covers(text_in(each, "properties.scope"), self.scope)
            for each in assignments
        )


def is_made_by_us(assignment: Body) -> bool:
    """Whether an assignment's name is the one that we derive from what it says."""
    target = parsed_id(assignment.get("id"))
    scope = text_in(assignment, "properties.scope").lower()
    principal = text_in(assignment, "properties.principalId")
    return target is not None and target.name.lower() == _name(scope, principal, _guid_of(assignment))


def _name(scope: str, principal: str, role: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{scope} {principal.lower()} {role}"))


def _guid_of(assignment: Body) -> str:
    return text_in(assignment, "properties.roleDefinitionId").rsplit("/", 1)[-1].lower()


def _covers(scope: str, target: ResourceId) -> bool:
    """Whether a scope holds a resource: the root and management groups are listed only where they do."""
    lowered = scope.rstrip("/").lower()
    above = not lowered or lowered.startswith("/providers/microsoft.management/")
    return above or f"{target.key}/".startswith(f"{lowered}/")
