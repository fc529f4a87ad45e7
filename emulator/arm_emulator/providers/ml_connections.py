"""Workspace connections (registries, stores and the like); witness: the machine learning recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.hooks import SYNCHRONOUS_DELETE, ResourceType
from arm_emulator.model import WriteStyle
from arm_emulator.providers.ml_workspace import WORKSPACES
from arm_emulator.providers.system_data import system_data

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource

SECRET = frozenset({"value", "valueFormat", "credentials"})
"""Members that are accepted and never shown."""


class Connections(ResourceType):
    """Connections: synchronous, secrets are not echoed."""

    name = f"{WORKSPACES}/connections"
    put: ClassVar[WriteStyle] = WriteStyle(created=200, updated=200)
    delete: ClassVar[WriteStyle] = SYNCHRONOUS_DELETE
    final_state: ClassVar[str] = ""

    def validate(self, write: Write) -> None:
        """Refuse a connection without its kind of authentication.

        Raises:
            ArmError: 400 BadRequest.
        """
        if not write.properties.get("authType"):
            raise bad_request("BadRequest", "The connection's member authType is missing.")

    def compose(self, write: Write) -> JsonObject:
        """The connection with the recorded defaults."""
        shown = {name: value for name, value in write.properties.items() if name not in SECRET}
        return {
            "tags": None,
            "location": None,
            "systemData": system_data(write),
            "properties": {
                "group": "Azure",
                "expiryTime": None,
                "createdByWorkspaceArmId": write.id.text.rsplit("/", 2)[0],
                "useWorkspaceManagedIdentity": False,
                "isSharedToAll": False,
                "sharedUserList": [],
                "peRequirement": "NotRequired",
                "peStatus": "NotApplicable",
                "error": None,
                "metadata": {},
                **shown,
            },
        }

    def render(self, ctx: Context, resource: Resource) -> JsonObject:  # noqa: ARG002
        """Tags and location are shown although a connection has none (recorded)."""
        return {"tags": None, "location": None, **resource.body}


TYPES = (Connections(),)
