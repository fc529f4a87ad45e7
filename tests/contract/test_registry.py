"""Container registries; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .client import refusal
from .landscape import REGISTRY, registry_body

if TYPE_CHECKING:
    from .client import Client


async def test_creation_is_synchronous(azure: Client) -> None:
    """Recording Test_ContainerRegistry_Registry_20230701_CRUD: 200 with the registry in state Succeeded."""
    created = await azure.put(REGISTRY, registry_body())
    assert (created.status, created.body["properties"]["provisioningState"]) == (200, "Succeeded")
    assert created.body["properties"]["loginServer"] == "mlimages.azurecr.io"


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"networkRuleSet": {"defaultAction": "Deny"}}, id="deny by default"),
        pytest.param(
            {
                "networkRuleSet": {
                    "defaultAction": "Allow",
                    "ipRules": [{"action": "Allow", "value": "203.0.113.7"}],
                }
            },
            id="an address rule",
        ),
        pytest.param({"publicNetworkAccess": "Disabled"}, id="no public access"),
    ],
)
async def test_isolation_needs_premium(azure: Client, properties: dict[str, Any]) -> None:
    """Rule ACR-SKU-01; wire examples, section 10."""
    await azure.made(REGISTRY, registry_body("Standard"))
    assert (await azure.patch(REGISTRY, {"properties": properties})).status == 400
    answer = await azure.patch(REGISTRY, {"sku": {"name": "Premium"}, "properties": properties})
    assert answer.status == 200


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
async def test_closing_a_registry_says_which_sku_cannot(azure: Client, sku: str) -> None:
    """Field report F11; the words of hashicorp/terraform-provider-azurerm pull request 26054."""
    await azure.made(REGISTRY, registry_body(sku))
    refused = await azure.patch(REGISTRY, {"properties": {"publicNetworkAccess": "Disabled"}})
    assert refusal(refused) == (400, "DisablingPublicNetworkAccessNotSupported")
    assert refused.body["error"]["message"] == (
        f"Disabling public network access is not supported for the SKU {sku}. For more information, please visit "
        "https://aka.ms/acr/private-link."
    )


async def test_only_premium_is_a_target_of_private_endpoints(azure: Client) -> None:
    """Rule ACR-SKU-01; reference data, section 2 for the members."""
    await azure.made(REGISTRY, registry_body("Basic"))
    assert (await azure.get(f"{REGISTRY}/privateLinkResources")).body == {"value": []}
    await azure.patch(REGISTRY, {"sku": {"name": "Premium"}})
    (entry,) = (await azure.get(f"{REGISTRY}/privateLinkResources")).body["value"]
    assert entry["properties"]["requiredMembers"] == ["registry_data_westeurope", "registry"]


async def test_a_replica_adds_a_data_endpoint(azure: Client) -> None:
    """Rule ACR-DATA-01; the recording for the asynchronous creation and `displayStatus`."""
    await azure.made(REGISTRY, registry_body(dataEndpointEnabled=True))
    replica = await azure.made(
        f"{REGISTRY}/replications/northeurope", {"location": "northeurope", "properties": {}}
    )
    assert replica["properties"]["status"]["displayStatus"] == "Ready"
    hosts = (await azure.get(REGISTRY)).body["properties"]["dataEndpointHostNames"]
    assert hosts == ["mlimages.westeurope.data.azurecr.io", "mlimages.northeurope.data.azurecr.io"]


async def test_deletion_is_polled(azure: Client) -> None:
    """The recording: 202 with the registry in state Deleting, Location, 10 seconds."""
    await azure.made(REGISTRY, registry_body())
    gone = await azure.delete(REGISTRY)
    assert (gone.status, gone.headers["retry-after"]) == (202, "10")
    assert gone.body["properties"]["provisioningState"] == "Deleting"
    azure.wait()
    assert (await azure.get(gone.headers["location"])).status == 200
    assert (await azure.delete(REGISTRY)).status == 204


@pytest.mark.parametrize("name", ["four", "with-hyphen", "a" * 51])
async def test_bad_names(azure: Client, name: str) -> None:
    """Names table: 5 to 50 letters and digits."""
    answer = await azure.put(f"Microsoft.ContainerRegistry/registries/{name}", registry_body())
    assert answer.status == 400


async def test_names_are_global_whatever_their_case(azure: Client) -> None:
    """The login server is the name in small letters, so names differ by more than case."""
    await azure.made(REGISTRY, registry_body())
    other = f"{REGISTRY.rpartition('/')[0]}/MLImages"
    assert (await azure.put(other, registry_body())).status == 200  # the same resource: ids have no case
    assert refusal(await azure.post(f"{REGISTRY}/listCredentials"))[0] == 400
