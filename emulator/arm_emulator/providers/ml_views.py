"""Views and actions of workspaces: private link resources, keys, outbound dependencies.

Witnesses: recording Test_MachineLearning_Workspaces_20240401_CRUD (listKeys), the OpenAPI document of
2024-10-01 (shapes), reference data section 6 (hosts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.model import Answer
from arm_emulator.providers import targets
from arm_emulator.providers.ml_workspace import region_of

if TYPE_CHECKING:
    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject, Resource

HTTPS = 443


def private_link_resources(ctx: Context, workspace: Resource, call: Call) -> JsonObject:
    """The shared listing, with the workspace's region, tags and sku in each entry."""
    listing = targets.private_link_resources(ctx, workspace, call)
    for entry in listing["value"]:
        entry.update({name: workspace.body.get(name) for name in ("location", "tags", "identity", "sku")})
    return listing


def list_keys(ctx: Context, workspace: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    """Invented keys in the recorded shape."""
    return {
        "userStorageKey": ctx.guid("storage key", str(workspace.properties["storageAccount"]).lower(), "key1"),
        "userStorageArmId": workspace.properties["storageAccount"],
        "appInsightsInstrumentationKey": None,
        "containerRegistryCredentials": None,
        "notebookAccessKeys": _notebook_keys(ctx, workspace),
    }


def list_notebook_keys(ctx: Context, workspace: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    """The notebook part of `listKeys`."""
    return _notebook_keys(ctx, workspace)


def _notebook_keys(ctx: Context, workspace: Resource) -> JsonObject:
    def key(name: str) -> str:
        halves = (ctx.guid("notebook key", workspace.id.key, name, half) for half in (1, 2))
        return "".join(halves).replace("-", "")

    return {"primaryAccessKey": key("primary"), "secondaryAccessKey": key("secondary")}


def nothing(ctx: Context, workspace: Resource, call: Call) -> Answer:  # noqa: ARG001
    """An action whose effect nobody can see."""
    return Answer(200)


def outbound_dependencies(ctx: Context, workspace: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    """Hosts that computes of the workspace must reach, by category."""
    region = region_of(workspace)
    storage = str(workspace.properties["storageAccount"]).rsplit("/", 1)[-1]
    categories = {
        "Azure Active Directory": ("login.microsoftonline.com",),
        "Azure portal": ("management.azure.com",),
        "Azure Machine Learning": (
            "ml.azure.com",
            f"{region}.api.azureml.ms",
            f"{region}.experiments.azureml.net",
            f"{region}.modelmanagement.azureml.net",
            f"*.{region}.notebooks.azure.net",
            "graph.windows.net",
        ),
        "Azure Storage": tuple(
            f"{storage}.{service}.core.windows.net" for service in ("blob", "file", "queue", "table")
        ),
        "Azure Batch": (f"{region}.batch.azure.com", f"{region}.service.batch.azure.com"),
    }
    return {
        "value": [
            {
                "properties": {
                    "category": category,
                    "endpoints": [{"domainName": host, "endpointDetails": [{"port": HTTPS}]} for host in hosts],
                }
            }
            for category, hosts in categories.items()
        ]
    }
