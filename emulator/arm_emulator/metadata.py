"""The anonymous cloud description by which tools find login and management endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.model import JsonObject

_FIRST_NEW_SHAPE = "2018-05-01"
"""Older versions answer one object with `authentication.loginEndpoint`; newer ones a list or object of clouds."""
_FIRST_SINGLE = "2022-01-01"
"""Between the two, a list of clouds; from here on, the one cloud that was asked."""
_SUFFIXES = {
    "acrLoginServer": "azurecr.io",
    "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
    "keyVaultDns": "vault.azure.net",
    "sqlServerHostname": "database.windows.net",
    "storage": "core.windows.net",
}


def endpoints(base_url: str, tenant: str, api_version: str) -> JsonObject | list[JsonObject]:
    """The body of `GET /metadata/endpoints`.

    Args:
        base_url: the emulator's own address; it is both resource manager and login endpoint.
        tenant: the tenant's id.
        api_version: decides the shape: 2015-01-01 the old object, 2019 and later one cloud or a list.
    """
    audiences = [base_url, "https://management.core.windows.net/", "https://management.azure.com/"]
    if api_version < _FIRST_NEW_SHAPE:
        return {
            "galleryEndpoint": base_url,
            "graphEndpoint": base_url,
            "portalEndpoint": base_url,
            "authentication": {"loginEndpoint": base_url, "audiences": audiences},
        }
    cloud: JsonObject = {
        "name": "ArmEmulator",
        "portal": base_url,
        "authentication": {
            "loginEndpoint": base_url,
            "audiences": audiences,
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "resourceManager": base_url,
        "resourceManagerEndpoint": base_url,
        "graph": base_url,
        "graphAudience": base_url,
        "microsoftGraphResourceId": base_url,
        "activeDirectory": base_url,
        "media": base_url,
        "batch": base_url,
        "gallery": base_url,
        "suffixes": dict(_SUFFIXES),
    }
    return [cloud] if api_version < _FIRST_SINGLE else cloud
