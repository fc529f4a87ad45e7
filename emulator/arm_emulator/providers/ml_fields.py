"""Which members of a workspace may be written by which verb and are known to which API version.

Sources: the stored OpenAPI documents of 2020-08-01, 2023-04-01, 2023-08-01-preview, 2024-10-01 and
2024-10-01-preview (WorkspaceProperties, WorkspacePropertiesUpdateParameters), wire examples section 1, and
recording Test_MachineLearning_Workspaces_20240401_CRUD for what is shown without being documented.
"""

from __future__ import annotations

PREVIEW = "-preview"

PATCHABLE: dict[str, str] = {
    "description": "2020-08-01",
    "friendlyName": "2020-08-01",
    "applicationInsights": "2023-04-01",
    "containerRegistry": "2023-04-01",
    "imageBuildCompute": "2021-07-01",
    "primaryUserAssignedIdentity": "2021-07-01",
    "publicNetworkAccess": "2021-07-01",
    "serviceManagedResourcesSettings": "2021-07-01",
    "enableDataIsolation": "2023-08-01-preview",
    "encryption": "2023-08-01-preview",
    "featureStoreSettings": "2023-08-01-preview",
    "managedNetwork": "2023-08-01-preview",
    "serverlessComputeSettings": "2023-08-01-preview",
    "softDeleteRetentionInDays": "2023-08-01-preview",
    "v1LegacyMode": "2023-08-01-preview",
    "allowRoleAssignmentOnRG": "2024-10-01-preview",
    "enableSoftwareBillOfMaterials": "2024-10-01-preview",
    "ipAllowlist": "2024-10-01-preview",
    "networkAcls": "2024-10-01-preview",
    "systemDatastoresAuthMode": "2024-10-01-preview",
}
"""Members that PATCH accepts, with the first stored document (or the first version known) that has them."""

PUT_SINCE: dict[str, str] = {
    "applicationInsights": "2020-08-01",
    "containerRegistry": "2020-08-01",
    "encryption": "2020-08-01",
    "imageBuildCompute": "2020-08-01",
    "systemDatastoresAuthMode": "2023-08-01-preview",
    "v1LegacyMode": "2022-05-01",
}
"""Members that PUT knew before PATCH did, with the first document that has them; since when there is a legacy mode
is said by WS-LEGACY-01."""

PREVIEW_ONLY_UNTIL = {
    "softDeleteRetentionInDays": "9999",
    "allowRoleAssignmentOnRG": "2024-12-01",
    "enableSoftwareBillOfMaterials": "2024-12-01",
    "ipAllowlist": "2024-12-01",
    "networkAcls": "2024-12-01",
    "systemDatastoresAuthMode": "2024-12-01",
}
"""First stable version that knows a preview member. The one after 2024-10-01 is not among the documents,
but the newest client's models have these members, so anything later is taken to know them."""

CREATE_ONLY = frozenset({"storageAccount", "keyVault", "hbiWorkspace"})
"""Members that may be repeated but not changed after creation."""

PUT_ONLY = frozenset(
    {
        "sharedPrivateLinkResources",
        "allowPublicAccessWhenBehindVnet",
        "associatedWorkspaces",
        "containerRegistries",
        "enableServiceSideCMKEncryption",
        "enableSimplifiedCmk",
        "existingWorkspaces",
        "hubResourceId",
        "keyVaults",
        "provisionNetworkNow",
        "storageAccounts",
        "workspaceHubConfig",
    }
    | CREATE_ONLY
)
"""Members that only PUT accepts."""

READ_ONLY = frozenset(
    {
        "agentsEndpointUri",
        "creationTime",
        "discoveryUrl",
        "mlFlowTrackingUri",
        "notebookInfo",
        "privateEndpointConnections",
        "privateLinkCount",
        "provisioningState",
        "serviceProvisionedResourceGroup",
        "storageHnsEnabled",
        "tenantId",
        "workspaceId",
    }
)
"""Members of the service; tolerated and ignored in PUT."""

UNDOCUMENTED = frozenset(
    {
        "EnableSoftwareBillOfMaterials",
        "linkedModelInventoryArmId",
        "sasGetterUri",
        "sdkTelemetryAppInsightsKey",
        "softDeleteEnabled",
        "allowRoleAssignmentOnRG",
        "ipAllowlist",
    }
)
"""Members that the recording shows though its version's document lacks them."""

HIDDEN_BEFORE = {"networkAcls": "2024-10-01-preview", "systemDatastoresAuthMode": "2024-10-01-preview"}
"""Members that answers of older or stable versions leave out."""


def knows(member: str, api_version: str) -> bool:
    """Whether an API version has a member that PATCH can write."""
    return _has(member, PATCHABLE.get(member), api_version)


def _has(member: str, since: str | None, api_version: str) -> bool:
    if since is None or api_version[:10] < since[:10]:
        return False
    if api_version.endswith(PREVIEW):
        return True
    return api_version >= PREVIEW_ONLY_UNTIL.get(member, "")


def unpatchable(members: object, api_version: str) -> list[str]:
    """The members of a PATCH body's `properties` that this version cannot patch, sorted."""
    names = members if isinstance(members, dict) else {}
    return sorted(name for name in names if not knows(name, api_version))


def unknown(members: object, api_version: str) -> list[str]:
    """The members of a PUT body's `properties` that no document or recording knows, sorted."""
    names = members if isinstance(members, dict) else {}
    always = PUT_ONLY | READ_ONLY | UNDOCUMENTED
    return sorted(
        name
        for name in names
        if name not in always and not knows(name, api_version) and not _has(name, PUT_SINCE.get(name), api_version)
    )
