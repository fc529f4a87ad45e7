"""Where Azure is: endpoints, tenant and CA from the environment, read once.

The same binary runs against public Azure, sovereign clouds and the emulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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

    @property
    def audience(self) -> str:
        """The token scope; SDKs do not derive it from the base URL by themselves."""
        return f"{self.resource_manager}/.default"

    @staticmethod
    def read(variables: Mapping[str, str]) -> AzureEnvironment:
        """Read the variables that the Azure SDKs and the workload identity webhook use.

        Args:
            variables: usually `os.environ`.
        """
        default = AzureEnvironment()
        return AzureEnvironment(
            resource_manager=variables.get("AZURE_RESOURCE_MANAGER_ENDPOINT", default.resource_manager).rstrip(
                "/"
            ),
            authority_host=variables.get("AZURE_AUTHORITY_HOST", default.authority_host).rstrip("/"),
            tenant_id=variables.get("AZURE_TENANT_ID", ""),
            client_id=variables.get("AZURE_CLIENT_ID", ""),
            client_secret=variables.get("AZURE_CLIENT_SECRET", ""),
            federated_token_file=variables.get("AZURE_FEDERATED_TOKEN_FILE", ""),
            ca_file=variables.get("SSL_CERT_FILE") or variables.get("REQUESTS_CA_BUNDLE") or "",
        )
