"""Role definitions: the built-in ones, which exist at every scope, and custom ones.

Source: reference data section 8; the permissions of built-in roles stand in `arm_emulator.roles`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.hooks import ResourceType, Route
from arm_emulator.model import WriteStyle
from arm_emulator.roles import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import Call, JsonObject, Resource
    from arm_emulator.roles import Role

DEFINITIONS = "Microsoft.Authorization/roleDefinitions"

BUILT_IN_SINCE = "2015-02-02T21:55:09.8806423Z"
"""Creation time that built-in roles show; the same for all here."""


def exists(ctx: Context, definition: str) -> bool:
    """Whether a role definition id, of whatever scope, names a built-in or stored role."""
    guid = definition.rstrip("/").rsplit("/", 1)[-1].lower()
    return guid in BUILT_IN or any(each.id.name.lower() == guid for each in ctx.of_type(DEFINITIONS))


class RoleDefinitions(ResourceType):
    """Custom roles."""

    name = DEFINITIONS
    final_state: ClassVar[str] = ""
    put: ClassVar[WriteStyle] = WriteStyle(created=201, updated=201)
    delete: ClassVar[WriteStyle] = WriteStyle(updated=200)

    def validate(self, write: Write) -> None:
        """Refuse to write a built-in role, or a custom one without a name, scopes or permissions.

        Raises:
            ArmError: 400.
        """
        if write.id.name.lower() in BUILT_IN:
            raise bad_request("InvalidRoleDefinition", "A built-in role cannot be changed.")
        for member in ("roleName", "assignableScopes", "permissions"):
            if not write.properties.get(member):
                raise bad_request("InvalidRoleDefinition", f"The role definition's member {member} is missing.")
        name = str(write.properties["roleName"]).lower()
        taken = any(role.name.lower() == name for role in BUILT_IN.values()) or any(
            str(each.properties.get("roleName")).lower() == name
            for each in write.ctx.of_type(DEFINITIONS)
            if each.id.key != write.id.key
        )
        if taken:
            raise ArmError(409, "RoleDefinitionWithSameNameExists", f"A role named '{name}' exists already.")

    def compose(self, write: Write) -> JsonObject:
        """A custom role; the four lists of each permission are always there."""
        asked, now, caller = write.properties, write.ctx.now_text, write.call.caller.object_id
        return {
            "properties": {
                "roleName": asked["roleName"],
                "type": "CustomRole",
                "description": asked.get("description") or "",
                "assignableScopes": asked["assignableScopes"],
                "permissions": [_lists(each) for each in asked["permissions"]],
                "createdOn": write.kept("createdOn", now),
                "updatedOn": now,
                "createdBy": write.kept("createdBy", caller),
                "updatedBy": caller,
            }
        }

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refuse to delete a role that is assigned.

        Raises:
            ArmError: 400 RoleDefinitionHasAssignments.
        """
        guid = resource.id.name.lower()
        for each in ctx.of_type("Microsoft.Authorization/roleAssignments"):
            if str(each.properties.get("roleDefinitionId")).lower().endswith(guid):
                raise bad_request(
                    "RoleDefinitionHasAssignments",
                    "There are existing role assignments that refer to the role.",
                )


def _lists(permission: JsonObject) -> JsonObject:
    names = ("actions", "notActions", "dataActions", "notDataActions")
    return {name: list(permission.get(name) or ()) for name in names}


def _built_in(role: Role, scope: str) -> JsonObject:
    subscription = "/".join(scope.split("/")[:3]) if scope.lower().startswith("/subscriptions/") else ""
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": f"The built-in role {role.name}.",
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": list(role.data_actions),
                    "notDataActions": list(role.not_data_actions),
                }
            ],
            "createdOn": BUILT_IN_SINCE,
            "updatedOn": BUILT_IN_SINCE,
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"{subscription}/providers/{DEFINITIONS}/{role.id}",
        "type": DEFINITIONS,
        "name": role.id,
    }


def _get(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:  # noqa: ARG001
    guid, scope = found["role"].lower(), found["scope"]
    if guid in BUILT_IN:
        return _built_in(BUILT_IN[guid], scope)
    for custom in ctx.of_type(DEFINITIONS):
        if custom.id.name.lower() == guid:
            return custom.body
    raise ArmError(
        404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
    )


def _list(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:
    text = call.query.get("$filter", "")
    name = re.search(r"roleName eq '([^']+)'", text, re.IGNORECASE)
    kind = re.search(r"type eq '([^']+)'", text, re.IGNORECASE)
    return {
        "value": [
            role
            for role in _all(ctx, found["scope"])
            if (not name or role["properties"]["roleName"].lower() == name[1].lower())
            and (not kind or role["properties"]["type"].lower() == kind[1].lower())
        ]
    }


def _all(ctx: Context, scope: str) -> Iterator[JsonObject]:
    for role in BUILT_IN.values():
        yield _built_in(role, scope)
    for custom in ctx.of_type(DEFINITIONS):
        scopes = [str(each).rstrip("/").lower() for each in custom.properties.get("assignableScopes") or ()]
        if any(scope.lower() == each or scope.lower().startswith(each + "/") for each in scopes):
            yield custom.body


TYPES = (RoleDefinitions(),)
_AT = r"(?P<scope>.*)/providers/Microsoft\.Authorization/roleDefinitions"
ROUTES = (
    Route("GET", re.compile(_AT, re.IGNORECASE), _list, f"{DEFINITIONS}/read"),
    Route("GET", re.compile(_AT + r"/(?P<role>[^/]+)", re.IGNORECASE), _get, f"{DEFINITIONS}/read"),
)
