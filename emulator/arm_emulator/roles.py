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
    )
}
"""By guid. Lists are shortened to what the emulated providers check."""
