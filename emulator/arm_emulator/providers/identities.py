"""Managed identities: those of a resource, and user-assigned ones as resources of their own.

Witness: recordings Test_Authorization_RoleAssignment_OnStorageAccount_CRUD and
Test_ManagedIdentity_UserAssignedIdentity_20230131_CRUD (with a federated credential).
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError
from arm_emulator.hooks import READ_ONLY, ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject, Resource

USER_ASSIGNED = "Microsoft.ManagedIdentity/userAssignedIdentities"
FEDERATED = f"{USER_ASSIGNED}/federatedIdentityCredentials"


def identity_of(write: Write) -> JsonObject | None:
    """The `identity` member to store for a write; None when the request does not speak of one.

    A system-assigned principal is made once and kept while the type keeps saying so.

    Raises:
        ArmError: 400 FailedIdentityOperation for a user-assigned identity that does not exist.
    """
    asked = write.call.body.get("identity")
    if not isinstance(asked, dict):
        return None
    kind = str(asked.get("type") or "None")
    words = {word.strip().lower() for word in kind.split(",")}
    identity: JsonObject = {"type": kind}
    if "systemassigned" in words:
        before = (write.previous.body.get("identity") if write.previous else None) or {}
        identity["principalId"] = before.get("principalId") or write.ctx.guid()
        identity["tenantId"] = write.ctx.config.tenant
    if "userassigned" in words:
        names = asked.get("userAssignedIdentities") or {}
        identity["userAssignedIdentities"] = {name: _ids(write.ctx, name) for name in names}
    return identity


def _ids(ctx: Context, resource_id: str) -> JsonObject:
    found = ctx.find(resource_id)
    if found is None:
        raise ArmError(400, "FailedIdentityOperation", f"The identity '{resource_id}' does not exist.")
    return {name: found.properties[name] for name in ("principalId", "clientId")}


def principals(ctx: Context) -> Iterator[tuple[str, float]]:
    """Object ids that the directory knows, each with the virtual time since which it does."""
    for client in ctx.config.clients:
        yield client.object_id.lower(), 0.0
    for resource in ctx.store.all():
        for principal in _principals_of(resource):
            yield principal.lower(), resource.created


def _principals_of(resource: Resource) -> Iterator[str]:
    if resource.id.type_key == USER_ASSIGNED.lower():
        yield str(resource.properties.get("principalId"))
    identity = resource.body.get("identity")
    if isinstance(identity, dict) and identity.get("principalId"):
        yield str(identity["principalId"])


class UserAssignedIdentities(ResourceType):
    """User-assigned identities; the provider prints `resourcegroups` in small letters (recorded)."""

    name = USER_ASSIGNED
    located = True
    final_state: ClassVar[str] = ""

    def compose(self, write: Write) -> JsonObject:
        """The identity with its ids, made once."""
        return {
            "location": write.body.get("location"),
            "tags": write.body.get("tags") or {},
            "properties": {
                "tenantId": write.ctx.config.tenant,
                "principalId": write.kept("principalId") or write.ctx.guid(),
                "clientId": write.kept("clientId") or write.ctx.guid(),
            },
        }

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The id in the provider's casing."""
        return {**resource.body, "id": _shown_id(resource.id)}

    def headers(self, write: Write, resource: Resource) -> Mapping[str, str]:
        """Creation also says where the identity is; the header leads to no operation (recorded)."""
        return {"Location": _shown_id(resource.id)} if write.creating else {}


class FederatedCredentials(ResourceType):
    """Issuers and subjects whose tokens an identity accepts; written and removed at once (recorded)."""

    name = FEDERATED
    final_state: ClassVar[str] = ""

    def compose(self, write: Write) -> JsonObject:
        """The credential as it was sent."""
        return {name: value for name, value in write.body.items() if name not in READ_ONLY}

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The id in the provider's casing."""
        return {**resource.body, "id": _shown_id(resource.id)}

    def headers(self, write: Write, resource: Resource) -> Mapping[str, str]:
        """As for identities."""
        return {"Location": _shown_id(resource.id)} if write.creating else {}

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """404 NotFound in the provider's own words."""
        return ArmError(404, "NotFound", f"Resource '{_shown_id(where)}' was not found.", failure_cause=None)


def _shown_id(where: ResourceId) -> str:
    return where.text.replace("/resourceGroups/", "/resourcegroups/")


TYPES = (UserAssignedIdentities(), FederatedCredentials())
