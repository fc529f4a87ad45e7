"""Virtual machines with their extensions, as far as attaching one to a workspace shows them.

Witness: recordings Test_MachineLearning_Workspaces_20240401_CRUD and Test_Compute_VM_20220301_CRUD (one Linux
machine each, the latter with an update and an extension).
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError
from arm_emulator.hooks import READ_ONLY, ResourceType
from arm_emulator.model import WriteStyle

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource

_OPERATION = "{subscription}/providers/Microsoft.Compute/locations/{location}/operations/{operation}"

WRITE = WriteStyle(
    created=201,
    updated=200,
    status_url=f"{_OPERATION}?p=emulator",
    retry_after=10,
    poll_retry_after=35,
    poll_details=True,
    running="Creating",
)
"""Recorded: 201 in state Creating; polls say when the operation started and ended."""

UPDATE = replace(WRITE, retry_after=None, poll_retry_after=None)
"""Recorded: an update, and whatever happens to an extension, names no pause."""

DELETE = WriteStyle(
    updated=202,
    body="none",
    status_url=WRITE.status_url,
    result_url=f"{_OPERATION}?p=emulator&monitor=true",
    retry_after=10,
    poll_retry_after=30,
    poll_details=True,
    running="Deleting",
)

DETAILS_SINCE = "2021-11-01"
"""Recorded: a machine shows its time of creation, what becomes of its disk and how its patches are assessed to
2022-03-01, not to 2020-12-01."""

SECRETS = frozenset({"adminPassword", "customData"})
"""Members of `osProfile` that are accepted and never shown."""


class VirtualMachines(ResourceType):
    """Linux machines with one disk."""

    name = "Microsoft.Compute/virtualMachines"
    located = True
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = UPDATE
    delete: ClassVar[WriteStyle] = DELETE

    def style(self, write: Write) -> WriteStyle:
        """An update is quick: no pause is asked for."""
        return WRITE if write.creating else UPDATE

    def compose(self, write: Write) -> JsonObject:
        """The machine with the recorded defaults, without its secrets."""
        document = {name: value for name, value in write.body.items() if name not in READ_ONLY}
        asked = {name: value for name, value in write.properties.items() if name != "provisioningState"}
        composed = {
            **asked,
            "vmId": write.kept("vmId") or write.ctx.guid(),
            "timeCreated": write.kept("timeCreated") or write.ctx.now_text,
        }
        if "osProfile" in asked:
            composed["osProfile"] = _os_profile(asked["osProfile"])
        if "storageProfile" in asked:
            composed["storageProfile"] = _storage_profile(
                asked["storageProfile"], write.kept("storageProfile", {}).get("osDisk")
            )
        return {**document, "properties": composed}

    def completed(self, ctx: Context, resource: Resource) -> None:
        """A machine that runs has its disk."""
        profile = resource.properties.get("storageProfile")
        if not profile or "name" in profile["osDisk"]:
            return
        disk = f"{resource.id.name}_OsDisk_1_{ctx.guid('disk', resource.id.key).replace('-', '')}"
        group = resource.id.text.partition("/providers/")[0]
        managed = {**profile["osDisk"]["managedDisk"], "id": f"{group}/providers/Microsoft.Compute/disks/{disk}"}
        made = {**profile["osDisk"], "name": disk, "managedDisk": managed}
        ctx.set_properties(resource, storageProfile={**profile, "osDisk": made})

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version of the request does not know."""
        if call.api_version >= DETAILS_SINCE:
            return resource.body
        known = {name: value for name, value in resource.properties.items() if name != "timeCreated"}
        if "storageProfile" in known:
            disk = {k: v for k, v in known["storageProfile"]["osDisk"].items() if k != "deleteOption"}
            known["storageProfile"] = {**known["storageProfile"], "osDisk": disk}
        if "osProfile" in known:
            linux = known["osProfile"]["linuxConfiguration"]
            patches = {k: v for k, v in (linux.get("patchSettings") or {}).items() if k != "assessmentMode"}
            known["osProfile"] = {**known["osProfile"], "linuxConfiguration": {**linux, "patchSettings": patches}}
        return {**resource.body, "properties": known}


class Extensions(ResourceType):
    """Extensions of machines; the provider words their absence itself (recorded)."""

    name = "Microsoft.Compute/virtualMachines/extensions"
    located = True
    put: ClassVar[WriteStyle] = UPDATE
    patch: ClassVar[WriteStyle] = UPDATE
    delete: ClassVar[WriteStyle] = replace(DELETE, retry_after=None, poll_retry_after=None)

    def compose(self, write: Write) -> JsonObject:
        """The extension with its defaults; protected settings are never shown."""
        document = {name: value for name, value in write.body.items() if name not in READ_ONLY}
        unshown = {"provisioningState", "protectedSettings"}
        asked = {name: value for name, value in write.properties.items() if name not in unshown}
        return {**document, "properties": {"autoUpgradeMinorVersion": False, "settings": {}, **asked}}

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """404 NotFound that names a parameter."""
        words = "The entity was not found in this Azure location."
        return ArmError(404, "NotFound", words, target="extensionName", failure_cause=None)


def _os_profile(asked: JsonObject) -> JsonObject:
    linux = {
        "disablePasswordAuthentication": False,
        "provisionVMAgent": True,
        "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
    }
    return {
        "linuxConfiguration": linux,
        "secrets": [],
        "allowExtensionOperations": True,
        "requireGuestProvisionSignal": True,
        **{name: value for name, value in asked.items() if name not in SECRETS},
    }


def _storage_profile(asked: JsonObject, before: JsonObject | None) -> JsonObject:
    image = asked.get("imageReference") or {}
    disk = {
        "osType": "Linux",
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "managedDisk": {"storageAccountType": "Standard_LRS"},
        "deleteOption": "Detach",
        "diskSizeGB": 30,
    }
    exact = f"{str(image.get('sku', '')).partition('-')[0]}.202401161"
    return {
        **asked,
        "imageReference": {"exactVersion": exact, **image},
        "osDisk": {**disk, **(before or {}), **(asked.get("osDisk") or {})},
        "dataDisks": asked.get("dataDisks") or [],
    }


TYPES = (VirtualMachines(), Extensions())
