"""Datastores, online endpoints and outbound rules of workspaces, as far as isolation looks at them.

Source: the OpenAPI document of 2024-10-01 (mfe.json, workspaceRP.json); none of them is in a recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.hooks import ResourceType
from arm_emulator.model import WriteStyle
from arm_emulator.providers.ml_workspace import WORKSPACES
from arm_emulator.providers.system_data import system_data

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import JsonObject, Resource

DATASTORES = f"{WORKSPACES}/datastores"
SUFFIX = "core.windows.net"

BLOBS = {"workspaceblobstore": "azureml-blobstore", "workspaceartifactstore": "azureml"}
FILES = {"workspacefilestore": "azureml-filestore", "workspaceworkingdirectory": "code"}
"""The four datastores that a workspace is born with, and the containers and shares behind them."""

SECRETS = frozenset({"secrets"})
"""Members of credentials that are accepted and never shown."""


def create_default_datastores(ctx: Context, workspace: Resource) -> None:
    """Give a new workspace its datastores on its own account; a new mode of access shows in those it has."""
    guid = workspace.properties["workspaceId"]
    identity = workspace.properties.get("systemDatastoresAuthMode") == "Identity"
    common = {
        "accountName": str(workspace.properties["storageAccount"]).rsplit("/", 1)[-1],
        "endpoint": SUFFIX,
        "protocol": "https",
        "serviceDataAccessAuthIdentity": "None",
        "credentials": {"credentialsType": "None" if identity else "AccountKey"},
        "resourceGroup": str(workspace.properties["storageAccount"]).split("/")[4],
        "subscriptionId": str(workspace.properties["storageAccount"]).split("/")[2],
    }
    for name, container in BLOBS.items():
        suffix = f"-{guid}" if name == "workspaceblobstore" else ""
        own = {"datastoreType": "AzureBlob", "containerName": f"{container}{suffix}"}
        _create(ctx, workspace, name, {**common, **own, "isDefault": name == "workspaceblobstore"})
    for name, share in FILES.items():
        own = {"datastoreType": "AzureFile", "fileShareName": f"{share}-{guid}"}
        _create(ctx, workspace, name, {**common, **own, "isDefault": False})


def _create(ctx: Context, workspace: Resource, name: str, properties: JsonObject) -> None:
    where = f"{workspace.id.text}/datastores/{name}"
    present = ctx.find(where)
    if present is None:
        ctx.apply(where, {"properties": properties})
    elif present.properties.get("credentials") != properties["credentials"]:
        ctx.set_properties(present, credentials=properties["credentials"])


class Datastores(ResourceType):
    """Datastores: synchronous; secrets are not echoed."""

    name = DATASTORES
    final_state: ClassVar[str] = ""

    def compose(self, write: Write) -> JsonObject:
        """The datastore without its secrets."""
        credentials = write.properties.get("credentials") or {"credentialsType": "None"}
        shown = {name: value for name, value in credentials.items() if name not in SECRETS}
        return {
            "systemData": system_data(write),
            "properties": {"serviceDataAccessAuthIdentity": "None", **write.properties, "credentials": shown},
        }


class OnlineEndpoints(ResourceType):
    """Managed online endpoints; their own public access is open unless asked otherwise (WS-ENDPT-01)."""

    name = f"{WORKSPACES}/onlineEndpoints"
    located = True
    put: ClassVar[WriteStyle] = WriteStyle(
        created=201,
        updated=200,
        status_url="{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}"
        "/mfeOperationsStatus/oe:{operation}",
        running="Creating",
    )

    def compose(self, write: Write) -> JsonObject:
        """The endpoint with its scoring address."""
        region = str(write.body.get("location", "")).replace(" ", "").lower()
        host = f"https://{write.id.name.lower()}.{region}.inference.ml.azure.com"
        return {
            "location": write.body.get("location"),
            "tags": write.body.get("tags") or {},
            "identity": write.body.get("identity"),
            "systemData": system_data(write),
            "properties": {
                "publicNetworkAccess": "Enabled",
                "traffic": {},
                "scoringUri": f"{host}/score",
                "swaggerUri": f"{host}/swagger.json",
                **{name: value for name, value in write.properties.items() if name != "provisioningState"},
            },
        }


class OutboundRules(ResourceType):
    """Outbound rules of a managed network; stored, listed, without effect."""

    name = f"{WORKSPACES}/outboundRules"
    put: ClassVar[WriteStyle] = WriteStyle(created=200, updated=200)
    final_state: ClassVar[str] = ""

    def compose(self, write: Write) -> JsonObject:
        """A rule of a network that is not provisioned is inactive."""
        asked = {name: value for name, value in write.properties.items() if name != "status"}
        return {"properties": {"category": "UserDefined", **asked, "status": "Inactive"}}


TYPES = (Datastores(), OnlineEndpoints(), OutboundRules())
