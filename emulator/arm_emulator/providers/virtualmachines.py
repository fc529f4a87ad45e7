"""Virtual machines, as far as attaching one to a workspace shows them.

Witness: recording Test_MachineLearning_Workspaces_20240401_CRUD (one Linux machine).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.hooks import READ_ONLY, ResourceType
from arm_emulator.model import WriteStyle

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource

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

DELETE = WriteStyle(
    updated=202,
    body="none",
    status_url=WRITE.status_url,
    result_url=f"{_OPERATION}?p=emulator&monitor=true",
    retry_after=10,
    poll_details=True,
    running="Deleting",
)

SECRETS = frozenset({"adminPassword", "customData"})
"""Members of `osProfile` that are accepted and never shown."""


class VirtualMachines(ResourceType):
    """Linux machines with one disk."""

    name = "Microsoft.Compute/virtualMachines"
    located = True
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WRITE
    delete: ClassVar[WriteStyle] = DELETE

    def compose(self, write: Write) -> JsonObject:
        """The machine with the recorded defaults, without its secrets."""
        document = {name: value for name, value in write.body.items() if name not in READ_ONLY}
        asked = {name: value for name, value in write.properties.items() if name != "provisioningState"}
        composed = {**asked, "vmId": write.kept("vmId") or write.ctx.guid()}
        if "osProfile" in asked:
            composed["osProfile"] = _os_profile(asked["osProfile"])
        if "storageProfile" in asked:
            composed["storageProfile"] = _storage_profile(asked["storageProfile"])
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


def _os_profile(asked: JsonObject) -> JsonObject:
    linux = {
        "disablePasswordAuthentication": False,
        "provisionVMAgent": True,
        "patchSettings": {"patchMode": "ImageDefault"},
    }
    return {
        "linuxConfiguration": linux,
        "secrets": [],
        "allowExtensionOperations": True,
        "requireGuestProvisionSignal": True,
        **{name: value for name, value in asked.items() if name not in SECRETS},
    }


def _storage_profile(asked: JsonObject) -> JsonObject:
    image = asked.get("imageReference") or {}
    disk = {
        "osType": "Linux",
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "managedDisk": {"storageAccountType": "Standard_LRS"},
        "diskSizeGB": 30,
    }
    exact = f"{str(image.get('sku', '')).partition('-')[0]}.202401161"
    return {
        **asked,
        "imageReference": {"exactVersion": exact, **image},
        "osDisk": {**disk, **(asked.get("osDisk") or {})},
        "dataDisks": asked.get("dataDisks") or [],
    }


TYPES = (VirtualMachines(),)
