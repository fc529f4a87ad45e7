"""Names that differ from cloud to cloud (reference-data.md sections 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api.zone_names import ZONE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Cloud:
    """The private DNS zones of one Azure cloud, by private link group."""

    name: str
    zones: Mapping[str, tuple[str, ...]]
    """Group id to the zones that its names live in; the workspace has two (DNS-02)."""

    machine_learning: tuple[str, ...]
    """Further zones of public names that lead to the workspace's endpoint: instances, inference, notebooks."""

    @property
    def instances(self) -> tuple[str, ...]:
        """The zones of compute instances; documents name two, and instances may use either."""
        return tuple(zone for zone in self.machine_learning if zone.startswith("instances."))

    def forwarders(self, groups: Iterable[str]) -> tuple[str, ...]:
        """The zones that a DNS server of one's own forwards to Azure for these groups (DNS-07)."""
        found: list[str] = []
        for group in groups:
            public = [zone.removeprefix("privatelink.") for zone in self.zones[group]]
            found += public
            # A vault is called `vault` in public, and its zone `vaultcore`: queries for both arrive.
            found += (zone.replace("vaultcore.", "vault.") for zone in public)
            found += self.machine_learning if group == "amlworkspace" else ()
        return tuple(dict.fromkeys(found))


def _cloud(name: str, *machine_learning: str) -> Cloud:
    return Cloud(name, ZONE_NAMES[name], (*machine_learning, "aznbcontent.net"))


PUBLIC: Final = _cloud("AzureCloud", "instances.azureml.ms", "instances.ml.azure.ms", "inference.ml.azure.com")
GOVERNMENT: Final = _cloud(
    "AzureUSGovernment", "instances.azureml.us", "instances.ml.azure.us", "inference.ml.azure.us"
)
CHINA: Final = _cloud("AzureChinaCloud", "instances.azureml.cn", "instances.ml.azure.ms", "inference.ml.azure.cn")

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
