"""Extensions of Kubernetes clusters.

Witness: recording Test_KubernetesConfiguration_Extension_20241101_CRUD; wire examples section 11.
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError
from arm_emulator.hooks import ResourceType
from arm_emulator.model import WriteStyle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject, Resource

EXTENSIONS = "Microsoft.KubernetesConfiguration/extensions"
WRITE = WriteStyle(created=201, updated=200, running="Creating", word="Creating", poll_identity=True)
"""201 with the body, a status URL below the extension, no Retry-After; polls say what the state says."""

OFFERED = {"microsoft.flux": "1.19.5"}
"""The version that an extension type gets when none is asked for; others get `UNKNOWN`."""
UNKNOWN = "1.0.0"

DEFAULTS: JsonObject = {
    "autoUpgradeMinorVersion": True,
    "releaseTrain": "Stable",
    "version": None,
    "currentVersion": None,
    "configurationSettings": {},
    "configurationProtectedSettings": {},
    "statuses": [],
    "aksAssignedIdentity": None,
    "isSystemExtension": False,
}


class Extensions(ResourceType):
    """One extension of one cluster; its values that are secret are not shown."""

    name = EXTENSIONS
    put: ClassVar[WriteStyle] = WRITE

    def style(self, write: Write) -> WriteStyle:
        """The status URL lies below the extension itself."""
        word = "Creating" if write.creating else "Updating"
        return replace(WRITE, status_url=_status_url(write.id), word=word)

    def removal(self, resource: Resource) -> WriteStyle:
        """202 with a status URL alone (recorded)."""
        return WriteStyle(
            updated=202,
            body="none",
            status_url=_status_url(resource.id),
            running="Deleting",
            word="Deleting",
            poll_identity=True,
        )

    def compose(self, write: Write) -> JsonObject:
        """The extension with its defaults; the identity that was asked for is another one than is shown."""
        before = write.previous.properties if write.previous else {}
        sent = {k: v for k, v in write.properties.items() if v is not None and k != "provisioningState"}
        secrets = dict.fromkeys(sent.get("configurationProtectedSettings") or {}, "")
        now = write.ctx.now_text
        made = write.previous.body["systemData"]["createdAt"] if write.previous else now
        return {
            "properties": {**DEFAULTS, **before, **sent, "configurationProtectedSettings": secrets},
            "systemData": {
                "createdBy": None,
                "createdByType": None,
                "createdAt": made,
                "lastModifiedBy": None,
                "lastModifiedByType": None,
                "lastModifiedAt": now,
            },
        }

    def completed(self, ctx: Context, resource: Resource) -> None:
        """What is installed has a version and an identity."""
        found = resource.properties
        offered = OFFERED.get(str(found.get("extensionType")).lower(), UNKNOWN)
        identity = {
            "type": None,
            "principalId": ctx.guid("extension", resource.id.key),
            "tenantId": ctx.config.tenant,
        }
        installed = {"currentVersion": found.get("version") or offered, "aksAssignedIdentity": identity}
        ctx.set_properties(resource, **installed)

    def headers(self, write: Write, resource: Resource) -> Mapping[str, str]:
        """Creation also names the extension at the region's own host; no operation is there (recorded)."""
        if not write.creating:
            return {}
        cluster = write.ctx.find(write.id.parent)
        region = cluster.location if cluster else ""
        return {"Location": f"https://{region}.rp.kubernetesconfiguration.azure.com{_shouted(resource.id)}"}

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """404 in the provider's own words."""
        return ArmError(
            404,
            "ResourceNotFound",
            f"Extension instance with name '{where.name}' not found.",
            failure_cause=None,
            members={"additionalInfo": []},
        )


def _shouted(where: ResourceId) -> str:
    return where.text.replace("/managedClusters/", "/ManagedClusters/")


def _status_url(where: ResourceId) -> str:
    return _shouted(where).replace("{", "").replace("}", "") + "/operations/{operation}"


TYPES = (Extensions(),)
