"""Azure resource ids as field types: a wrong id is refused with the form it must have and how to get it."""

import re
from typing import Annotated

from secureml_reconcilers.api.fields import Checked
from secureml_reconcilers.api.rules import Rule

_SUBSCRIPTION = "/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GROUP = r"/resourceGroups/[^/?#%&\s]{0,89}[^/?#%&\s.]"
_NETWORK_NAME = "[a-z0-9]([a-z0-9_.-]{0,78}[a-z0-9_])?"

NAMES = {
    "Microsoft.ContainerRegistry/registries": "[a-z0-9]{5,50}",
    "Microsoft.ContainerService/managedClusters": "[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?",
    "Microsoft.Databricks/workspaces": "[a-z0-9_()-]{3,64}",
    "Microsoft.HDInsight/clusters": "[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?",
    "Microsoft.Compute/virtualMachines": r"[^/?#%&\s]{1,64}",
    "Microsoft.MachineLearningServices/workspaces": "[a-z0-9][a-z0-9_-]{2,32}",
    "Microsoft.Network/natGateways": _NETWORK_NAME,
    "Microsoft.Network/networkSecurityGroups": _NETWORK_NAME,
    "Microsoft.Network/privateDnsZones": r"[a-z0-9_-]+([.][a-z0-9_-]+){1,33}",
    "Microsoft.Network/routeTables": _NETWORK_NAME,
    "Microsoft.Network/serviceEndpointPolicies": _NETWORK_NAME,
    "Microsoft.Network/virtualNetworks": "[a-z0-9][a-z0-9_.-]{0,62}[a-z0-9_]",
    "Microsoft.Storage/storageAccounts": "[a-z0-9]{3,24}",
}
"""How Azure lets a resource of each type be named (its article on resource name rules)."""

MAX_ID_LENGTH = 512
"""Characters; the longest id of the types above has about 400."""


def _rule(pattern: str, message: str) -> Rule:
    whole = re.compile(pattern, re.ASCII)
    return Rule(f"self.matches(r'^{pattern}$')", message, holds=lambda text: whole.fullmatch(text) is not None)


def _id(what: str, of_type: str, command: str, child: tuple[str, str] | None = None) -> Checked:
    """Build the check for ids of `of_type` (or of a child of it); `command` prints such an id.

    Subscription, group and names may be of any case, and so may the provider: Azure compares ids
    without case, and its own answers mix `Microsoft.KeyVault` with `Microsoft.Keyvault`.
    """
    form = f"/subscriptions/<id>/resourceGroups/<group>/providers/{of_type}/<name>"
    pattern = f"(?i){_SUBSCRIPTION}{_GROUP}/providers/{of_type.replace('.', '[.]')}/{NAMES[of_type]}"
    if child:
        form += f"/{child[0]}/<name>"
        pattern += f"/{child[0]}/{child[1]}"
    message = f"must be the ARM id of {what}: {form}; copy it from `{command} --query id`"
    return Checked(MAX_ID_LENGTH, (_rule(pattern, message),))


WorkspaceID = Annotated[
    str, _id("an Azure ML workspace", "Microsoft.MachineLearningServices/workspaces", "az ml workspace show")
]
VirtualNetworkID = Annotated[
    str, _id("a virtual network", "Microsoft.Network/virtualNetworks", "az network vnet show")
]
SubnetID = Annotated[
    str,
    _id(
        "a subnet",
        "Microsoft.Network/virtualNetworks",
        "az network vnet subnet show",
        ("subnets", _NETWORK_NAME),
    ),
]
PrivateDNSZoneID = Annotated[
    str, _id("a private DNS zone", "Microsoft.Network/privateDnsZones", "az network private-dns zone show")
]
StorageAccountID = Annotated[
    str, _id("a storage account", "Microsoft.Storage/storageAccounts", "az storage account show")
]
ContainerRegistryID = Annotated[
    str, _id("a container registry", "Microsoft.ContainerRegistry/registries", "az acr show")
]
SecurityGroupID = Annotated[
    str, _id("a network security group", "Microsoft.Network/networkSecurityGroups", "az network nsg show")
]
RouteTableID = Annotated[str, _id("a route table", "Microsoft.Network/routeTables", "az network route-table show")]
NATGatewayID = Annotated[str, _id("a NAT gateway", "Microsoft.Network/natGateways", "az network nat gateway show")]
ServiceEndpointPolicyID = Annotated[
    str,
    _id(
        "a service endpoint policy",
        "Microsoft.Network/serviceEndpointPolicies",
        "az network service-endpoint policy show",
    ),
]
VirtualMachineID = Annotated[str, _id("a virtual machine", "Microsoft.Compute/virtualMachines", "az vm show")]
HDInsightClusterID = Annotated[
    str, _id("an HDInsight cluster", "Microsoft.HDInsight/clusters", "az hdinsight show")
]
DatabricksWorkspaceID = Annotated[
    str, _id("a Databricks workspace", "Microsoft.Databricks/workspaces", "az databricks workspace show")
]
ManagedClusterID = Annotated[
    str, _id("an AKS cluster", "Microsoft.ContainerService/managedClusters", "az aks show")
]
ResourceGroupID = Annotated[
    str,
    Checked(
        MAX_ID_LENGTH,
        (
            _rule(
                f"(?i){_SUBSCRIPTION}{_GROUP}",
                "must be the ARM id of a resource group: /subscriptions/<id>/resourceGroups/<group>;"
                " copy it from `az group show --query id`",
            ),
        ),
    ),
]
