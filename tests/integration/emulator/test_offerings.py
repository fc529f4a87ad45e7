"""What a client asks before it writes: API versions, regions, free names.

Witness: Microsoft's OpenAPI documents; command lines `az resource show`, `az account list-locations`,
`az storage account create`, `az acr check-name`, `az acr show-usage`.
"""

from __future__ import annotations

import pytest

from .client import GROUP, SUB, Azure

REGISTRY = "Microsoft.ContainerRegistry/registries"
VAULT = "Microsoft.KeyVault/vaults"
STORAGE = "Microsoft.Storage/storageAccounts"


async def test_every_listed_type_can_be_addressed(azure: Azure) -> None:
    """A type without API versions is one that no generic client can call: `az resource` gives up on it."""
    found = (await azure.get(f"{SUB}/providers")).body["value"]
    kinds = {
        f"{each['namespace']}/{kind['resourceType']}": kind for each in found for kind in each["resourceTypes"]
    }
    assert [name for name, kind in kinds.items() if not kind["apiVersions"]] == []
    assert "West Europe" in kinds[STORAGE]["locations"]
    assert kinds["Microsoft.Network/privateDnsZones"]["locations"] == ["global"]
    assert "Microsoft.Insights/components" in kinds


async def test_the_newest_version_stands_first_and_is_stable(azure: Azure) -> None:
    """Clients take the first one that is no preview."""
    for name in ("Microsoft.MachineLearningServices", "Microsoft.Network", "Microsoft.Storage"):
        for kind in (await azure.get(f"{SUB}/providers/{name}")).body["resourceTypes"]:
            assert "preview" not in kind["apiVersions"][0]
            dates = [each[:10] for each in kind["apiVersions"]]
            assert dates == sorted(dates, reverse=True)


async def test_regions_have_names_for_people(azure: Azure) -> None:
    """Subscriptions_ListLocations."""
    rows = (await azure.get(f"{SUB}/locations")).body["value"]
    first = next(each for each in rows if each["name"] == "westeurope")
    assert (first["displayName"], first["type"]) == ("West Europe", "Region")
    assert first["metadata"]["pairedRegion"][0]["name"] == "northeurope"


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        pytest.param(STORAGE, "sa2", None, id="free account"),
        pytest.param(STORAGE, "sa1", "AlreadyExists", id="taken account"),
        pytest.param(STORAGE, "SA-1", "AccountNameInvalid", id="bad account"),
        pytest.param(VAULT, "kv-free", None, id="free vault"),
        pytest.param(VAULT, "1kv", "AccountNameInvalid", id="bad vault"),
        pytest.param(REGISTRY, "crfree", None, id="free registry"),
        pytest.param(REGISTRY, "cr", "Invalid", id="bad registry"),
    ],
)
async def test_whether_a_name_can_be_had(started: Azure, kind: str, name: str, reason: str | None) -> None:
    """`checkNameAvailability` of three providers, with the reasons of their documents."""
    await started.storage()
    path = f"{SUB}/providers/{kind.split('/', maxsplit=1)[0]}/checkNameAvailability"
    reply = await started.call("POST", path, {"name": name, "type": kind})
    assert (reply.status, reply.body["nameAvailable"], reply.body.get("reason")) == (200, reason is None, reason)
    assert ("message" in reply.body) == (reason is not None)


async def test_a_deleted_vault_keeps_its_name(started: Azure) -> None:
    """Until it is purged."""
    path = f"{GROUP}/providers/{VAULT}/kv-old"
    properties = {"tenantId": "1", "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    properties["tenantId"] = started.emulator.ctx.config.tenant
    await started.make(path, {"location": "westeurope", "properties": properties})
    await started.delete(path)
    body = {"name": "kv-old", "type": VAULT}
    reply = await started.call("POST", f"{SUB}/providers/Microsoft.KeyVault/checkNameAvailability", body)
    assert (reply.body["nameAvailable"], reply.body["reason"]) == (False, "AlreadyExists")


async def test_what_a_registry_includes(started: Azure) -> None:
    """`listUsages`, by sku."""
    path = f"{GROUP}/providers/{REGISTRY}/crusage"
    await started.make(path, {"location": "westeurope", "sku": {"name": "Basic"}})
    rows = (await started.get(f"{path}/listUsages")).body["value"]
    assert {row["name"]: (row["limit"], row["unit"]) for row in rows} == {
        "Size": (10 * 1024**3, "Bytes"),
        "Webhooks": (2, "Count"),
        "ScopeMaps": (100, "Count"),
        "Tokens": (100, "Count"),
    }


async def test_a_region_tells_what_takes_private_endpoints(azure: Azure) -> None:
    """AvailablePrivateEndpointTypes_List and its example: entries without properties, whose ids name no region."""
    network = f"{SUB}/providers/Microsoft.Network"
    found = await azure.get(f"{network}/locations/westeurope/availablePrivateEndpointTypes")
    shown = {each["resourceName"]: each for each in found.body["value"]}
    assert {"Microsoft.MachineLearningServices/workspaces", STORAGE, VAULT, REGISTRY} <= set(shown)
    assert shown[VAULT]["id"] == f"{network}/AvailablePrivateEndpointTypes/Microsoft.KeyVault.vaults"
    assert "properties" not in shown[VAULT]
    unknown = await azure.get(f"{network}/locations/atlantis/availablePrivateEndpointTypes")
    assert unknown.status == 400
