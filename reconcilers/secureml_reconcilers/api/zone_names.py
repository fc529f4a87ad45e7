"""The private DNS zones of the services that a workspace leans on, by cloud and private link group.

From the documentation of private endpoints (reference-data.md section 2). A leaf, so that admission can refuse
what no service uses and the knowledge can use what every service needs.
"""

from collections.abc import Mapping
from typing import Final


def _zones(workspace: tuple[str, str], storage: str, vault: str, registry: str) -> dict[str, tuple[str, ...]]:
    kinds = ("blob", "file", "queue", "table", "dfs", "web")
    return {
        "amlworkspace": workspace,
        "vault": (f"privatelink.{vault}",),
        "registry": (f"privatelink.{registry}",),
        **{kind: (f"privatelink.{kind}.{storage}",) for kind in kinds},
    }


ZONE_NAMES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "AzureCloud": _zones(
        ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
        "core.windows.net",
        "vaultcore.azure.net",
        "azurecr.io",
    ),
    "AzureUSGovernment": _zones(
        ("privatelink.api.ml.azure.us", "privatelink.notebooks.usgovcloudapi.net"),
        "core.usgovcloudapi.net",
        "vaultcore.usgovcloudapi.net",
        "azurecr.us",
    ),
    "AzureChinaCloud": _zones(
        ("privatelink.api.ml.azure.cn", "privatelink.notebooks.chinacloudapi.cn"),
        "core.chinacloudapi.cn",
        "vaultcore.azure.cn",
        "azurecr.cn",
    ),
}
"""Cloud, as the Azure CLI calls it, to group id, to the zones that its names live in; the workspace has two."""
