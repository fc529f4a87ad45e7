"""Where Azure is: endpoints, tenant and CA from the environment, read once.

The same binary runs against public Azure, sovereign clouds and the emulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOCK_SPEED: Final = "SECUREML_CLOCK_SPEED"
"""Set by the sandbox; nobody else needs it."""

_AZURE: Final = ("azure.com", "usgovcloudapi.net", "chinacloudapi.cn")
"""How the hosts of real clouds end, in which a second takes a second."""

_FASTEST: Final = 100.0
"""With more, what was read is too old before it is used."""


@dataclass(frozen=True, slots=True)
class AzureEnvironment:
    """How to reach and sign in to one Azure cloud."""

    resource_manager: str = "https://management.azure.com"
    """Base URL of Azure Resource Manager, without a trailing slash."""

    authority_host: str = "https://login.microsoftonline.com"
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    federated_token_file: str = ""
    """Path of the projected service account token (workload identity)."""

    ca_file: str = ""
    """A PEM bundle to trust instead of the system's; empty for the system's."""

    clock_speed: float = 1.0
    """How many times as fast as here time runs there: 1 in Azure, more in an emulator that is in a hurry. Waits
    are so much shorter, for they go by how long Azure takes."""

    @property
    def audience(self) -> str:
        """The token scope; SDKs do not derive it from the base URL by themselves."""
        return f"{self.resource_manager}/.default"

    @staticmethod
    def read(variables: Mapping[str, str]) -> AzureEnvironment:
        """Read the variables that the Azure SDKs and the workload identity webhook use.

        Args:
            variables: usually `os.environ`.

        Raises:
            ValueError: when one of them cannot be understood; its text says which and what to write.
        """
        default = AzureEnvironment()
        endpoint = variables.get("AZURE_RESOURCE_MANAGER_ENDPOINT", default.resource_manager).rstrip("/")
        return AzureEnvironment(
            resource_manager=endpoint,
            clock_speed=_clock_speed(variables.get(CLOCK_SPEED) or "1", endpoint),
            authority_host=variables.get("AZURE_AUTHORITY_HOST", default.authority_host).rstrip("/"),
            tenant_id=variables.get("AZURE_TENANT_ID", ""),
            client_id=variables.get("AZURE_CLIENT_ID", ""),
            client_secret=variables.get("AZURE_CLIENT_SECRET", ""),
            federated_token_file=variables.get("AZURE_FEDERATED_TOKEN_FILE", ""),
            ca_file=variables.get("SSL_CERT_FILE") or variables.get("REQUESTS_CA_BUNDLE") or "",
        )


def _clock_speed(text: str, endpoint: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= _FASTEST:
        raise ValueError(f"{CLOCK_SPEED} is {text!r} and should be a number from 1 to {_FASTEST:.0f}, or not set")
    host = (urlsplit(endpoint).hostname or "").lower()
    if speed > 1 and host.endswith(_AZURE):
        raise ValueError(f"{CLOCK_SPEED} is for emulators: remove it, for at {host} time runs as it does here")
    return speed
