"""API versions and regions that Azure does not have are refused in its own words.

Witness, per refusal: Azure/azure-cli issue 28496 (NoRegisteredProviderFound), Azure/azure-powershell issue 12061
(InvalidResourceType), ansible-collections/azure issue 1739 (InvalidApiVersionParameter),
Azure/azure-rest-api-specs pull request 8577 (LocationNotAvailableForResourceType), cloud-barista/cb-spider
issue 527 (LocationNotAvailableForResourceGroup).
"""

from __future__ import annotations

from typing import Any

import pytest

from arm_emulator import api_versions
from arm_emulator.ids import split, type_of_path

from .client import GROUP, NET, SUB, Azure

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa1"
BODY = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
ELSEWHERE = "LocationNotAvailableForResourceType"
NEVER = "2025-02-30"
"""Well formed, and no version of anything."""


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        pytest.param("PUT", ACCOUNT, BODY, 400, "NoRegisteredProviderFound", id="creation, the body has a region"),
        pytest.param(
            "PUT",
            f"{NET}/virtualNetworks/v/subnets/s",
            {"properties": {"addressPrefix": "10.0.2.0/24"}},
            400,
            "NoRegisteredProviderFound",
            id="child, its parent has a region",
        ),
        pytest.param("GET", f"{NET}/virtualNetworks/v", None, 400, "NoRegisteredProviderFound", id="read"),
        pytest.param("GET", f"{NET}/virtualNetworks/v/usages", None, 400, "NoRegisteredProviderFound", id="view"),
        pytest.param("DELETE", f"{NET}/virtualNetworks/v", None, 400, "NoRegisteredProviderFound", id="deletion"),
        pytest.param("GET", ACCOUNT, None, 404, "InvalidResourceType", id="what is not there has no region"),
        pytest.param("GET", f"{NET}/virtualNetworks", None, 404, "InvalidResourceType", id="list"),
        pytest.param(
            "POST",
            f"{SUB}/providers/Microsoft.Storage/checkNameAvailability",
            {"name": "x", "type": "Microsoft.Storage/storageAccounts"},
            404,
            "InvalidResourceType",
            id="a provider's own path",
        ),
        pytest.param("GET", GROUP, None, 400, "InvalidApiVersionParameter", id="resource group"),
        pytest.param("GET", SUB, None, 400, "InvalidApiVersionParameter", id="subscription"),
        pytest.param("GET", f"{SUB}/providers", None, 400, "InvalidApiVersionParameter", id="providers"),
        pytest.param(
            "POST",
            f"{SUB}/providers/Microsoft.Storage/register",
            None,
            400,
            "InvalidApiVersionParameter",
            id="registration",
        ),
    ],
)
async def test_a_version_that_the_type_does_not_have(  # noqa: PLR0913, PLR0917 - a row of the table
    started: Azure, method: str, path: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    """Which refusal it is depends on whether the request or the resource tells a region."""
    refused = await started.call(method, path, body, version=NEVER)
    assert (refused.status, refused.code) == (status, code)
    assert f"'{NEVER}'" in refused.message
    assert refused.headers["x-ms-failure-cause"] == "gateway"


async def test_the_refusal_names_what_there_is(started: Azure) -> None:
    """Type without its namespace, versions from the oldest, and the regions."""
    message = (await started.put(ACCOUNT, BODY, version=NEVER)).message
    assert message.startswith(
        "No registered resource provider found for location 'westeurope' and API version '2025-02-30' for type "
        "'storageAccounts'. The supported api-versions are '2015-05-01-preview, 2015-06-15, "
    )
    assert "The supported locations are 'australiacentral, " in message


async def test_another_types_version_does_not_do(started: Azure) -> None:
    """Zones are versioned apart from the rest of Microsoft.Network."""
    zone = f"{NET}/privateDnsZones/contoso.com"
    assert (await started.put(zone, {"location": "global"}, version="2025-03-01")).status == 400
    assert (await started.put(zone, {"location": "global"}, version="2024-06-01")).status == 202
    assert (await started.get(f"{NET}/virtualNetworks/v", version="2024-06-01")).status == 400


async def test_a_version_nobody_could_list_is_taken(started: Azure) -> None:
    """Types without a list, and operations that are polled with whatever version their URL carries."""
    widget = f"{GROUP}/providers/Contoso.Things/widgets/w"
    assert (await started.put(widget, {"location": "westeurope"}, version=NEVER)).status == 201


@pytest.mark.parametrize("kind", sorted(api_versions.LISTED))
def test_every_list_is_in_order(kind: str) -> None:
    """Newest first, the stable one of a day in front of its preview, none twice: clients take the first."""
    found = api_versions.of(kind)
    assert len(set(found)) == len(found)
    ranked = sorted(found, key=lambda each: (each[:10], not each.endswith("-preview")), reverse=True)
    assert list(found) == ranked


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param(f"{NET}/virtualNetworks/v", "Microsoft.Network/virtualNetworks", id="resource"),
        pytest.param(f"{NET}/virtualNetworks/v/subnets", "Microsoft.Network/virtualNetworks/subnets", id="list"),
        pytest.param(
            f"{ACCOUNT}/providers/Microsoft.Authorization/locks/l", "Microsoft.Authorization/locks", id="extension"
        ),
        pytest.param(
            f"{SUB}/providers/Microsoft.KeyVault/locations/x/deletedVaults/v",
            "Microsoft.KeyVault/locations/deletedVaults",
            id="below a location",
        ),
        pytest.param(f"{GROUP}/resources", "Microsoft.Resources/subscriptions", id="no provider"),
        pytest.param(f"{SUB}/providers/Microsoft.Network", "Microsoft.Resources/providers", id="a provider"),
    ],
)
def test_the_type_that_a_path_speaks_of(path: str, kind: str) -> None:
    """Common API details of the provider contract: namespace, then pairs of type and name."""
    assert type_of_path(split(path)) == kind


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param(ACCOUNT, {**BODY, "location": "westmars"}, ELSEWHERE, id="account"),
        pytest.param(ACCOUNT, {**BODY, "location": "global"}, ELSEWHERE, id="global"),
        pytest.param(
            f"{NET}/privateDnsZones/contoso.com",
            {"location": "westeurope"},
            ELSEWHERE,
            id="a zone is in no region",
        ),
        pytest.param(
            f"{GROUP}/providers/Contoso.Things/widgets/w",
            {"location": "westmars"},
            ELSEWHERE,
            id="a type without a module",
        ),
        pytest.param(
            f"{SUB}/resourceGroups/other",
            {"location": "westmars"},
            "LocationNotAvailableForResourceGroup",
            id="resource group",
        ),
    ],
)
async def test_a_region_that_there_is_not(started: Azure, path: str, body: dict[str, Any], code: str) -> None:
    """400 with the list of regions; nothing is made."""
    refused = await started.put(path, body)
    assert (refused.status, refused.code) == (400, code)
    assert f"The provided location '{body['location']}' is not available for" in refused.message
    assert (await started.get(path)).status == 404


async def test_a_region_may_be_written_as_people_read_it(started: Azure) -> None:
    """`West US 3` and `westus3` are one region: names of operation Subscriptions_ListLocations."""
    made = await started.make(ACCOUNT, {**BODY, "location": "West US 3"})
    assert made.body["location"] == "westus3"


COMMAND_LINE = {  # what azure-cli 2.91.0 asks for, as seen here
    "microsoft.authorization/locks": "2016-09-01",
    "microsoft.authorization/roledefinitions": "2022-05-01-preview",
    "microsoft.containerregistry/registries": "2026-09-01-preview",
    "microsoft.keyvault/vaults": "2026-02-01 2024-11-01",
    "microsoft.managedidentity/userassignedidentities": "2025-05-31-preview",
    "microsoft.network/natgateways": "2025-07-01",
    "microsoft.network/networkinterfaces": "2023-11-01",
    "microsoft.network/networksecuritygroups": "2022-01-01",
    "microsoft.network/privatednszones": "2018-09-01 2024-06-01",
    "microsoft.network/privateendpoints": "2022-01-01 2026-01-01",
    "microsoft.network/publicipaddresses": "2025-09-01",
    "microsoft.network/routetables": "2025-07-01",
    "microsoft.network/virtualnetworks": "2024-07-01 2025-05-01 2025-07-01",
    "microsoft.storage/storageaccounts": "2025-08-01",
}


@pytest.mark.parametrize("kind", COMMAND_LINE)
def test_the_versions_of_the_azure_cli_are_known(kind: str) -> None:
    """Its client of registries was newer than the list, and every `az acr` was refused."""
    assert set(COMMAND_LINE[kind].split()) <= set(api_versions.of(kind))
