"""Names that differ from cloud to cloud (reference-data.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Cloud:
    """The private DNS zones of one Azure cloud, by private link group."""

    name: str
    zones: Mapping[str, tuple[str, ...]]
    """Group id to the zones that its names live in; the workspace has two (DNS-02)."""


def _cloud(name: str, machine_learning: tuple[str, str], storage: str, vault: str, registry: str) -> Cloud:
    kinds = ("blob", "file", "queue", "table", "dfs", "web")
    return Cloud(
        name,
        {
            "amlworkspace": machine_learning,
            "vault": (f"privatelink.{vault}",),
            "registry": (f"privatelink.{registry}",),
            **{kind: (f"privatelink.{kind}.{storage}",) for kind in kinds},
        },
    )


PUBLIC: Final = _cloud(
    "AzureCloud",
    ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "core.windows.net",
    "vaultcore.azure.net",
    "azurecr.io",
)
GOVERNMENT: Final = _cloud(
    "AzureUSGovernment",
    ("privatelink.api.ml.azure.us", "privatelink.notebooks.usgovcloudapi.net"),
    "core.usgovcloudapi.net",
    "vaultcore.usgovcloudapi.net",
    "azurecr.us",
)
CHINA: Final = _cloud(
    "AzureChinaCloud",
    ("privatelink.api.ml.azure.cn", "privatelink.notebooks.chinacloudapi.cn"),
    "core.chinacloudapi.cn",
    "vaultcore.azure.cn",
    "azurecr.cn",
)

_HOSTS: Final = {"usgovcloudapi.net": GOVERNMENT, "chinacloudapi.cn": CHINA}


def cloud_of(resource_manager: str) -> Cloud:
    """The cloud that an ARM endpoint belongs to; public unless its host says otherwise (GEN-CLOUD-01)."""
    host = resource_manager.lower().rstrip("/")
    return next((cloud for suffix, cloud in _HOSTS.items() if host.endswith(suffix)), PUBLIC)


def private_name(fqdn: str, zone: str) -> str | None:
    """The record that a private endpoint's public name has in a zone; None for a name of another zone.

    Public names end like the zone without its first label; a vault's say `vault` where its zone says `vaultcore`.
    """
    suffix = zone.lower().removeprefix("privatelink.")
    for ending in (f".{suffix}", f".{suffix.replace('vaultcore.', 'vault.')}"):
        if fqdn.lower().endswith(ending):
            return fqdn[: -len(ending)]
    return None
