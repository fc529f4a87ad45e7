"""Built-in role definitions: guid, name and what they permit (article "Azure built-in roles")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One role definition's permissions."""

    id: str
    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


_SUPPORT = ("Microsoft.Resources/deployments/*", "Microsoft.Support/*", "Microsoft.Authorization/*/read")
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups/read"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices"

BUILT_IN: dict[str, Role] = {
    role.id: role
    for role in (
        Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
        Role(
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            "Contributor",
            ("*",),
            (
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
                "Microsoft.Blueprint/blueprintAssignments/write",
                "Microsoft.Blueprint/blueprintAssignments/delete",
                "Microsoft.Compute/galleries/share/action",
            ),
        ),
        Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
        Role(
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            "User Access Administrator",
            ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
        ),
        Role(
            "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
            "Role Based Access Control Administrator",
            (
                "Microsoft.Authorization/roleAssignments/write",
                "Microsoft.Authorization/roleAssignments/delete",
            ),
        ),
        Role(
            "4d97b98b-1d4f-4787-a291-c67834d212e7",
            "Network Contributor",
            (*_SUPPORT, _GROUPS, "Microsoft.Network/*", "Microsoft.ResourceHealth/availabilityStatuses/read"),
        ),
        Role(
            "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
            "Private DNS Zone Contributor",
            (
                *_SUPPORT,
                _GROUPS,
                "Microsoft.Network/privateDnsZones/*",
                "Microsoft.Network/privateDnsOperationResults/*",
                "Microsoft.Network/privateDnsOperationStatuses/*",
                "Microsoft.Network/virtualNetworks/read",
                "Microsoft.Network/virtualNetworks/join/action",
            ),
        ),
        Role(
            "17d1049b-9a84-46fb-8f53-869881c3d3ab",
            "Storage Account Contributor",
            (
                *_SUPPORT,
                _GROUPS,
                "Microsoft.Storage/storageAccounts/*",
                "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            ),
        ),
        Role(
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "Storage Blob Data Contributor",
            (f"{_BLOBS}/containers/delete", f"{_BLOBS}/containers/read", f"{_BLOBS}/containers/write"),
            (),
            (f"{_BLOBS}/containers/blobs/*",),
        ),
        Role(
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            "Storage Blob Data Reader",
            (f"{_BLOBS}/containers/read",),
            (),
            (f"{_BLOBS}/containers/blobs/read",),
        ),
        Role(
            "f25e0fa2-a7c8-4377-a976-54943a77a395",
            "Key Vault Contributor",
            (*_SUPPORT, _GROUPS, "Microsoft.KeyVault/*"),
        ),
        Role(
            "7f951dda-4ed3-4680-a7ca-43fe172d538d",
            "AcrPull",
            ("Microsoft.ContainerRegistry/registries/pull/read",),
        ),
        Role(
            "f6c7c914-8db3-469d-8ca1-694a8f32e121",
            "AzureML Data Scientist",
            (
                "Microsoft.MachineLearningServices/workspaces/*/read",
                "Microsoft.MachineLearningServices/workspaces/*/action",
                "Microsoft.MachineLearningServices/workspaces/*/delete",
                "Microsoft.MachineLearningServices/workspaces/*/write",
            ),
            (
                "Microsoft.MachineLearningServices/workspaces/delete",
                "Microsoft.MachineLearningServices/workspaces/write",
                "Microsoft.MachineLearningServices/workspaces/computes/*/write",
                "Microsoft.MachineLearningServices/workspaces/computes/*/delete",
                "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
                "Microsoft.MachineLearningServices/workspaces/listKeys/action",
            ),
        ),
        Role(
            "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
            "Azure AI Enterprise Network Connection Approver",
            (
                "Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
                "Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action",
                "Microsoft.MachineLearningServices/workspaces/privateEndpointConnectionsApproval/action",
                "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action",
                "*/read",
            ),
        ),
        Role(
            "befefa01-2a29-4197-83a8-272ff33ce314",
            "DNS Zone Contributor",
            (*_SUPPORT, _GROUPS, "Microsoft.Network/dnsZones/*"),
        ),
        Role(
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            "Storage Blob Data Owner",
            (f"{_BLOBS}/containers/*", f"{_BLOBS}/generateUserDelegationKey/action"),
            (),
            (f"{_BLOBS}/containers/blobs/*",),
        ),
        Role(
            "69566ab7-960f-475b-8e7c-b3118f30c6bd",
            "Storage File Data Privileged Contributor",
            (),
            (),
            ("Microsoft.Storage/storageAccounts/fileServices/*",),
        ),
        Role(
            "b8eda974-7b85-4f76-af95-65846b26df6d",
            "Storage File Data Privileged Reader",
            (),
            (),
            (
                "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read",
                "Microsoft.Storage/storageAccounts/fileServices/readFileBackupSemantics/action",
            ),
        ),
        Role(
            "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
            "Storage Queue Data Contributor",
            (
                "Microsoft.Storage/storageAccounts/queueServices/queues/read",
                "Microsoft.Storage/storageAccounts/queueServices/queues/write",
                "Microsoft.Storage/storageAccounts/queueServices/queues/delete",
            ),
            (),
            ("Microsoft.Storage/storageAccounts/queueServices/queues/messages/*",),
        ),
        Role(
            "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
            "Storage Table Data Contributor",
            (
                "Microsoft.Storage/storageAccounts/tableServices/tables/read",
                "Microsoft.Storage/storageAccounts/tableServices/tables/write",
                "Microsoft.Storage/storageAccounts/tableServices/tables/delete",
            ),
            (),
            ("Microsoft.Storage/storageAccounts/tableServices/tables/entities/*",),
        ),
        Role(
            "8311e382-0749-4cb8-b61a-304f252e45ec",
            "AcrPush",
            (
                "Microsoft.ContainerRegistry/registries/pull/read",
                "Microsoft.ContainerRegistry/registries/push/write",
            ),
        ),
        Role(
            "b93aa761-3e63-49ed-ac28-beffa264f7ac",
            "Container Registry Repository Reader",
            (),
            (),
            (
                "Microsoft.ContainerRegistry/registries/repositories/content/read",
                "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
            ),
        ),
        Role(
            "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
            "AzureML Compute Operator",
            (
                "Microsoft.MachineLearningServices/workspaces/computes/*",
                "Microsoft.MachineLearningServices/workspaces/notebooks/vm/*",
            ),
        ),
        Role(
            "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
            "AzureML Registry User",
            (
                "Microsoft.MachineLearningServices/registries/read",
                "Microsoft.MachineLearningServices/registries/assets/*",
            ),
        ),
        Role(
            "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
            "Azure AI Administrator",
            (
                *_SUPPORT,
                _GROUPS,
                "Microsoft.MachineLearningServices/*",
                "Microsoft.ContainerRegistry/*",
                "Microsoft.KeyVault/*",
                "Microsoft.Storage/storageAccounts/*",
                "Microsoft.Insights/*",
                "Microsoft.Network/virtualNetworks/read",
                "Microsoft.Network/virtualNetworks/subnets/join/action",
            ),
        ),
        Role(
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            "Key Vault Administrator",
            (
                *_SUPPORT,
                _GROUPS,
                "Microsoft.KeyVault/checkNameAvailability/read",
                "Microsoft.KeyVault/deletedVaults/read",
                "Microsoft.KeyVault/locations/*/read",
                "Microsoft.KeyVault/vaults/*/read",
            ),
            (),
            ("Microsoft.KeyVault/vaults/*",),
        ),
        Role(
            "21090545-7ca7-4776-b22c-e363652d74d2",
            "Key Vault Reader",
            (*_SUPPORT, _GROUPS, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
            (),
            ("Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
        ),
        Role(
            "4633458b-17de-408a-b874-0445c86b69e6",
            "Key Vault Secrets User",
            (),
            (),
            (
                "Microsoft.KeyVault/vaults/secrets/getSecret/action",
                "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            ),
        ),
        Role(
            "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
            "Key Vault Secrets Officer",
            (*_SUPPORT, _GROUPS, "Microsoft.KeyVault/vaults/*/read"),
            (),
            ("Microsoft.KeyVault/vaults/secrets/*",),
        ),
        Role(
            "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
            "Azure Kubernetes Service Cluster Admin Role",
            (
                "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
                "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
                "Microsoft.ContainerService/managedClusters/read",
            ),
        ),
        Role(
            "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
            "Azure Kubernetes Service Cluster User Role",
            (
                "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
                "Microsoft.ContainerService/managedClusters/read",
            ),
        ),
        Role(
            "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8",
            "Azure Kubernetes Service Contributor Role",
            (
                _GROUPS,
                "Microsoft.ContainerService/managedClusters/read",
                "Microsoft.ContainerService/managedClusters/write",
                "Microsoft.Resources/deployments/*",
            ),
        ),
        Role(
            "f1a07417-d97a-45cb-824c-7a7467783830",
            "Managed Identity Operator",
            (
                *_SUPPORT,
                _GROUPS,
                "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
                "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            ),
        ),
        Role(
            "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
            "Virtual Machine Contributor",
            (
                *_SUPPORT,
                _GROUPS,
                "Microsoft.Compute/virtualMachines/*",
                "Microsoft.Network/networkInterfaces/*",
                "Microsoft.Network/virtualNetworks/read",
                "Microsoft.Network/virtualNetworks/subnets/join/action",
                "Microsoft.Network/networkSecurityGroups/join/action",
            ),
        ),
    )
}
"""By guid. Lists are shortened to what the emulated providers check."""
