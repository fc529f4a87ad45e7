"""Role assignments, role definitions, permissions and locks as resources; enforcement is the core's.

Witnesses: recording Test_Authorization_RoleAssignment_OnStorageAccount_CRUD; wire examples sections 12, 13;
reference data sections 8 and 9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator import ids
from arm_emulator.errors import ArmError, bad_request, conflict
from arm_emulator.hooks import ResourceType, Route
from arm_emulator.model import WriteStyle
from arm_emulator.providers import role_definitions
from arm_emulator.providers.identities import principals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
LOCKS = "Microsoft.Authorization/locks"

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PRINCIPAL_TYPES = frozenset({"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"})
LEVELS = frozenset({"CanNotDelete", "ReadOnly"})

REPLICATION_SECONDS = 15.0
"""Virtual seconds until the directory knows a new identity; recorded: one made before a storage account
(21 s and more) was known afterwards."""

MAX_ASSIGNMENTS = 4000
"""Role assignments per subscription (limits below section 9)."""


class RoleAssignments(ResourceType):
    """Role assignments: create only; a second write with the same content answers as before."""

    name = ASSIGNMENTS
    final_state: ClassVar[str] = ""
    put: ClassVar[WriteStyle] = WriteStyle(created=201, updated=201)
    delete: ClassVar[WriteStyle] = WriteStyle(updated=200)
    methods = frozenset({"GET", "HEAD", "PUT", "DELETE"})

    def validate(self, write: Write) -> None:
        """Principal, role, and that no other assignment says the same.

        Raises:
            ArmError: with the codes of the wire examples, section 12.
        """
        asked = write.properties
        if not GUID.fullmatch(write.id.name):
            raise bad_request(
                "InvalidRoleAssignmentId", f"The role assignment ID '{write.id.name}' is not a GUID."
            )
        if not GUID.fullmatch(str(asked.get("principalId") or "")):
            raise bad_request("InvalidPrincipalId", f"The principal ID '{asked.get('principalId')}' is not valid.")
        if asked.get("principalType", "User") not in PRINCIPAL_TYPES:
            raise bad_request("BadRequestFormat", f"The principal type '{asked.get('principalType')}' is unknown.")
        if not role_definitions.exists(write.ctx, str(asked.get("roleDefinitionId") or "")):
            raise ArmError(
                404,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{_guid(asked.get('roleDefinitionId'))}' does not exist.",
                failure_cause=None,
            )
        _check_repetition(write)
        _check_principal(write)

    def compose(self, write: Write) -> JsonObject:
        """The assignment in the recorded member list."""
        asked, now, caller = write.properties, write.ctx.now_text, write.call.caller.object_id
        return {
            "properties": {
                "roleDefinitionId": asked["roleDefinitionId"],
                "principalId": asked["principalId"],
                "principalType": asked.get("principalType") or "ServicePrincipal",
                "scope": write.id.scope or "/",
                "condition": asked.get("condition"),
                "conditionVersion": asked.get("conditionVersion"),
                "createdOn": write.kept("createdOn", now),
                "updatedOn": now,
                "createdBy": write.kept("createdBy", caller),
                "updatedBy": caller,
                "delegatedManagedIdentityResourceId": asked.get("delegatedManagedIdentityResourceId"),
                "description": asked.get("description"),
            }
        }

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:  # noqa: ARG002
        """The answer to PUT does not name the creator yet (recorded)."""
        if call.method != "PUT":
            return resource.body
        return {**resource.body, "properties": {**resource.properties, "createdBy": None}}

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:  # noqa: ARG002
        """The provider's own 404, without a failure cause (recorded)."""
        return ArmError(
            404,
            "RoleAssignmentNotFound",
            f"The role assignment '{where.name}' is not found.",
            failure_cause=None,
        )

    def listing(self, ctx: Context, parent: str, call: Call) -> Iterable[Resource]:
        """Assignments at, above and below a scope; `atScope()` leaves out those below."""
        at_scope, principal = _filter(call)
        above = {"", "/", parent, *ids.ancestors(parent)}
        for each in ctx.of_type(ASSIGNMENTS):
            scope = each.id.scope.lower()
            if scope not in above and (at_scope or not scope.startswith(parent + "/")):
                continue
            if not principal or str(each.properties.get("principalId")).lower() == principal:
                yield each


def _guid(definition: object) -> str:
    return str(definition or "").rstrip("/").rsplit("/", 1)[-1].replace("-", "")


def _filter(call: Call) -> tuple[bool, str]:
    text = call.query.get("$filter", "")
    found = re.search(r"(?:principalId eq|assignedTo\()\s*'([^']+)'", text, re.IGNORECASE)
    return "atscope()" in text.lower(), found[1].lower() if found else ""


def _same(one: JsonObject, other: JsonObject) -> bool:
    return (
        str(one.get("principalId")).lower() == str(other.get("principalId")).lower()
        and _guid(one.get("roleDefinitionId")).lower() == _guid(other.get("roleDefinitionId")).lower()
    )


def _check_repetition(write: Write) -> None:
    asked = write.properties
    if write.previous is not None:
        if not _same(asked, write.previous.properties):
            raise bad_request(
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        return
    count = 0
    for other in write.ctx.of_type(ASSIGNMENTS):
        count += other.id.subscription == write.id.subscription
        if other.id.scope.lower() == write.id.scope.lower() and _same(asked, other.properties):
            raise ArmError(
                409,
                "RoleAssignmentExists",
                f"The role assignment already exists. The ID of the existing role assignment is "
                f"{other.id.name.replace('-', '')}.",
                failure_cause=None,
            )
    if count >= MAX_ASSIGNMENTS:
        raise bad_request(
            "RoleAssignmentLimitExceeded", "No more role assignments can be created in the subscription."
        )


def _check_principal(write: Write) -> None:
    """Without `principalType` the directory is asked, and it takes a while to hear of new identities."""
    if write.properties.get("principalType"):
        return
    wanted = str(write.properties["principalId"]).lower()
    known = any(
        principal == wanted and write.ctx.now - since >= REPLICATION_SECONDS
        for principal, since in principals(write.ctx)
    )
    if not known:
        raise ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {wanted.replace('-', '')} does not exist in the directory {write.ctx.config.tenant}. "
            "Check that you have the correct principal ID. If you are creating this principal and then "
            "immediately assigning a role, this error might be related to a replication delay. In this case, "
            "set the role assignment principalType property to a value, such as ServicePrincipal, User, or "
            "Group.",
            failure_cause=None,
        )


class Locks(ResourceType):
    """Management locks, on any scope; inherited by everything below."""

    name = LOCKS
    final_state: ClassVar[str] = ""

    def validate(self, write: Write) -> None:
        """Refuse a lock of no known level.

        Raises:
            ArmError: 400 InvalidLockLevel (unverified).
        """
        if write.properties.get("level") not in LEVELS:
            raise bad_request("InvalidLockLevel", f"The lock level '{write.properties.get('level')}' is unknown.")

    def compose(self, write: Write) -> JsonObject:
        """Level and notes."""
        return {"properties": {k: v for k, v in write.properties.items() if k in {"level", "notes", "owners"}}}

    def listing(self, ctx: Context, parent: str, call: Call) -> Iterable[Resource]:
        """Locks on the scope and below it; `atScope()` gives those on the scope and above instead."""
        at_scope, _ = _filter(call)
        above = {parent, *ids.ancestors(parent)}
        for each in ctx.of_type(LOCKS):
            scope = each.id.scope.lower()
            if scope in above if at_scope else (scope == parent or scope.startswith(parent + "/")):
                yield each


def _permissions(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:
    """What the caller may do at a scope, one entry per role that applies."""
    scope = found["scope"]
    if scope and ids.parse(scope) is None:
        raise conflict("InvalidScope", f"'{scope}' is no scope.")
    held = ctx.authorization.permissions(call.caller.object_id, scope)
    return {
        "value": [
            {
                "actions": list(each.role.actions),
                "notActions": list(each.role.not_actions),
                "dataActions": list(each.role.data_actions),
                "notDataActions": list(each.role.not_data_actions),
            }
            for each in held
        ]
    }


TYPES = (RoleAssignments(), Locks(), *role_definitions.TYPES)
ROUTES = (
    Route(
        "GET",
        re.compile(r"(?P<scope>.*)/providers/Microsoft\.Authorization/permissions", re.IGNORECASE),
        _permissions,
    ),
    *role_definitions.ROUTES,
)
