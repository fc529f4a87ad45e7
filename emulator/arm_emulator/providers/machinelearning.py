"""Azure Machine Learning workspaces.

Witnesses: recording Test_MachineLearning_Workspaces_20240401_CRUD; wire examples section 1; rules WS-*.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import bad_request
from arm_emulator.hooks import Member, ResourceType
from arm_emulator.model import SUCCEEDED, EtagStyle, WriteStyle
from arm_emulator.providers import (
    ml_assets,
    ml_computes,
    ml_connections,
    ml_diagnosis,
    ml_fields,
    ml_views,
    ml_workspace,
    targets,
)
from arm_emulator.providers.ml_workspace import WORKSPACES, region_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.model import Call, JsonObject, Resource

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")
API_ZONE = "privatelink.api.azureml.ms"
NOTEBOOK_ZONE = "privatelink.notebooks.azure.net"
GROUP = "amlworkspace"

_STATUS = (
    "{subscription}/providers/Microsoft.MachineLearningServices"
    "/locations/{location}/workspaceOperationsStatus/{operation}"
)

WRITE = WriteStyle(
    created=202,
    updated=202,
    body="none",
    status_url=f"{_STATUS}?type=async",
    result_url=f"{_STATUS}?type=location",
    running="Updating",
    final_status=(("status", SUCCEEDED), ("percentComplete", 100.0)),
)
"""Recorded: 202 without a body for creation and update, both headers, no Retry-After."""

CREATE = replace(WRITE, visible=False)
"""A new workspace is not to be seen until its operation has succeeded."""

DELETE = replace(WRITE, running="Deleting")


class Workspaces(ResourceType):
    """Workspaces: every write is asynchronous; PATCH knows fewer members than PUT."""

    name = WORKSPACES
    located = True
    etag: ClassVar[EtagStyle] = EtagStyle.NULL
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WRITE
    delete: ClassVar[WriteStyle] = DELETE

    def style(self, write: Write) -> WriteStyle:
        """Creation hides the workspace, an update shows it in state Updating."""
        return CREATE if write.creating else WRITE

    @property
    def views(self) -> Mapping[str, View]:
        """`privateLinkResources` and the outbound dependencies."""
        return {
            "privatelinkresources": ml_views.private_link_resources,
            "outboundnetworkdependenciesendpoints": ml_views.outbound_dependencies,
        }

    @property
    def actions(self) -> Mapping[str, View]:
        """Keys (recorded), diagnosis and key synchronisation."""
        return {
            "listkeys": ml_views.list_keys,
            "diagnose": ml_diagnosis.diagnose,
            "resynckeys": ml_views.nothing,
            "listnotebookkeys": ml_views.list_notebook_keys,
        }

    def validate(self, write: Write) -> None:
        """Names, members that the verb and version allow, resources that must exist.

        Raises:
            ArmError: 400 BadRequest.
        """
        asked = write.call.body.get("properties")
        if write.patching:
            refused = ml_fields.unpatchable(asked, write.call.api_version)
        else:
            refused = ml_fields.unknown(asked, write.call.api_version)
        if refused:
            raise bad_request(
                "BadRequest",
                f"The workspace's member(s) {', '.join(refused)} cannot be written by {write.call.method} "
                f"with API version {write.call.api_version}.",
            )
        if write.previous is None:
            _check_creation(write)
        else:
            _check_immutable(write, write.previous)
        ml_workspace.check_references(write)
        ml_workspace.check_network(write)
        ml_workspace.check_datastore_mode(write)

    def compose(self, write: Write) -> JsonObject:
        """The workspace with the recorded defaults."""
        return ml_workspace.compose(write)

    def completed(self, ctx: Context, resource: Resource) -> None:
        """References must exist by now; the identity gets into the vault and onto the resource group.

        Raises:
            ArmError: 400 BadRequest when the storage account or vault has not appeared, or a deleted workspace
                still has the name.
        """
        ml_workspace.check_name(ctx, resource)
        ml_workspace.check_arrived(ctx, resource)
        ml_workspace.let_identity_into_vault(ctx, resource)
        ml_workspace.grant_identity(ctx, resource)
        ml_assets.create_default_datastores(ctx, resource)

    def deleting(self, ctx: Context, resource: Resource, call: Call) -> None:
        """Remember whether the deletion is to be final."""
        if call.query.get("forcetopurge", "").lower() == "true":
            ctx.set_properties(resource, **{ml_workspace.PURGED: True})

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """Keep the name of a softly deleted workspace, but not of one whose creation just fails."""
        if resource.created < ctx.now and not resource.properties.get(ml_workspace.PURGED):
            ctx.apply(
                ml_workspace.tombstone(resource.id),
                {
                    "location": resource.location,
                    "properties": {"workspaceId": resource.properties["workspaceId"]},
                },
            )

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Fill in what follows from private endpoint connections."""
        connections = targets.connections(ctx, resource)
        properties = {name: v for name, v in resource.properties.items() if name != ml_workspace.PURGED}
        properties["privateLinkCount"] = targets.approved(ctx, resource)
        linked = properties["privateLinkCount"] > 0
        properties["notebookInfo"] = {**properties["notebookInfo"], "isPrivateLinkEnabled": linked}
        if connections:
            properties["privateEndpointConnections"] = connections
        return {**resource.body, "properties": properties}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Leave out what the API version does not have."""
        document = self.render(ctx, resource)
        hidden = {name for name in ml_fields.HIDDEN_BEFORE if not ml_fields.knows(name, call.api_version)}
        shown = {name: value for name, value in document["properties"].items() if name not in hidden}
        return {**document, "properties": shown}

    def private_link_groups(self, ctx: Context, target: Resource) -> Sequence[str]:  # noqa: ARG002
        """`amlworkspace` only."""
        return (GROUP,)

    def private_link_members(self, ctx: Context, target: Resource, group: str) -> Sequence[Member]:  # noqa: ARG002
        """Three addresses: API with certificate host, notebooks, inference (host names table)."""
        guid, region = target.properties["workspaceId"], region_of(target)
        api, notebook = f"{guid}.workspace.{region}", target.properties["notebookInfo"]["fqdn"]
        return (
            Member(
                "default",
                (f"{api}.api.azureml.ms", f"{api}.cert.api.azureml.ms"),
                {API_ZONE: (api, f"{api}.cert")},
            ),
            Member("notebook", (notebook,), {NOTEBOOK_ZONE: (notebook.removesuffix(".notebooks.azure.net"),)}),
            Member(
                "inference",
                (f"*.{guid}.inference.{region}.api.azureml.ms",),
                {API_ZONE: (f"*.{guid}.inference.{region}",)},
            ),
        )


def _check_creation(write: Write) -> None:
    if not NAME.fullmatch(write.id.name):
        raise bad_request("BadRequest", f"The workspace name '{write.id.name}' is invalid.")
    for member in ("storageAccount", "keyVault"):
        if not write.properties.get(member):
            raise bad_request("BadRequest", f"The workspace's member {member} is missing.")


def _check_immutable(write: Write, previous: Resource) -> None:
    for member in sorted(ml_fields.CREATE_ONLY):
        asked, present = write.properties.get(member), previous.properties.get(member)
        if asked is not None and str(asked).lower() != str(present).lower():
            raise bad_request("BadRequest", f"The workspace's member {member} cannot be changed after creation.")


class WorkspaceConnections(targets.ConnectionType):
    """Private endpoint connections of workspaces."""

    name = f"{WORKSPACES}/privateEndpointConnections"

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Add the workspace's region and the endpoint's subnet, which this provider shows."""
        document = super().render(ctx, resource)
        workspace = ctx.find(resource.id.parent)
        endpoint = ctx.find((resource.properties.get("privateEndpoint") or {}).get("id"))
        subnet = (endpoint.properties.get("subnet") or {}).get("id") if endpoint else None
        properties = dict(document["properties"])
        if subnet:
            properties["privateEndpoint"] = {**properties["privateEndpoint"], "subnetArmId": subnet}
        return {**document, "location": workspace.location if workspace else None, "properties": properties}


TYPES = (Workspaces(), WorkspaceConnections(), *ml_assets.TYPES, *ml_computes.TYPES, *ml_connections.TYPES)
