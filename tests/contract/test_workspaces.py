"""Machine learning workspaces; witnesses are named per test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from arm_emulator.providers import ml_fields

from .client import GROUP, refusal
from .landscape import (
    ACCOUNT,
    CLUSTER,
    NETWORK,
    REGISTRY,
    VAULT,
    WORKSPACE,
    account_body,
    cluster_body,
    full,
    network,
    registry_body,
    vault_body,
    workspace,
    workspace_body,
)
from .openapi import specifications

if TYPE_CHECKING:
    from .client import Client

PREVIEW = "2024-10-01-preview"


async def test_a_new_workspace_is_not_seen_before_it_is_made(azure: Client) -> None:
    """Recording Test_MachineLearning_Workspaces_20240401_CRUD: 202, both headers, no body, no Retry-After."""
    await azure.made(ACCOUNT, account_body())
    await azure.made(VAULT, vault_body())
    created = await azure.put(WORKSPACE, workspace_body())
    assert (created.status, created.body) == (202, None)
    assert "retry-after" not in created.headers
    assert "type=async" in created.headers["azure-asyncoperation"]
    assert "type=location" in created.headers["location"]
    assert refusal(await azure.get(WORKSPACE)) == (404, "ResourceNotFound")
    assert (await azure.get(created.headers["azure-asyncoperation"])).body == {"status": "InProgress"}
    azure.wait(40)
    done = await azure.get(created.headers["azure-asyncoperation"])
    assert done.body == {"status": "Succeeded", "percentComplete": 100.0}
    assert (await azure.get(WORKSPACE)).status == 200


async def test_what_a_fresh_workspace_says(azure: Client) -> None:
    """The recording: sku is Basic whatever was asked, the vault's namespace has its own casing, etag is null."""
    body = await workspace(azure)
    assert (body["sku"], body["etag"]) == ({"name": "Basic", "tier": "Basic"}, None)
    properties = body["properties"]
    assert properties["keyVault"] == full(VAULT).replace("Microsoft.KeyVault", "Microsoft.Keyvault")
    assert properties["publicNetworkAccess"] == "Enabled"
    assert properties["privateLinkCount"] == 0
    assert properties["notebookInfo"]["fqdn"].startswith(f"ml-fraud-westeurope-{properties['workspaceId']}.")
    assert "containerRegistry" not in properties


async def test_an_update_shows_updating_until_it_is_done(azure: Client) -> None:
    """Wire examples, section 1: PATCH is asynchronous; status matrix for 202."""
    await workspace(azure)
    patched = await azure.patch(WORKSPACE, {"properties": {"publicNetworkAccess": "Disabled"}})
    assert patched.status == 202
    assert (await azure.get(WORKSPACE)).body["properties"]["provisioningState"] == "Updating"
    azure.wait(40)
    properties = (await azure.get(WORKSPACE)).body["properties"]
    assert (properties["provisioningState"], properties["publicNetworkAccess"]) == ("Succeeded", "Disabled")


@pytest.mark.parametrize(
    ("version", "member", "value", "status"),
    [
        pytest.param("2024-10-01", "imageBuildCompute", "", 202, id="a stable member"),
        pytest.param("2024-10-01", "v1LegacyMode", False, 202, id="the legacy switch"),
        pytest.param("2024-10-01", "storageAccount", full(ACCOUNT), 400, id="a member of PUT alone"),
        pytest.param("2024-10-01", "sharedPrivateLinkResources", [], 400, id="shared links are PUT only"),
        pytest.param("2024-10-01", "allowPublicAccessWhenBehindVnet", True, 400, id="the old switch is PUT only"),
        pytest.param("2024-10-01", "ipAllowlist", [], 400, id="a preview member on a stable version"),
        pytest.param(PREVIEW, "ipAllowlist", [], 202, id="a preview member on the preview version"),
        pytest.param(PREVIEW, "systemDatastoresAuthMode", "Identity", 202, id="datastore authentication"),
        pytest.param("2023-04-01", "serverlessComputeSettings", {}, 400, id="a member of a later version"),
        pytest.param(PREVIEW, "invented", 1, 400, id="an invented member"),
    ],
)
async def test_what_patch_accepts(azure: Client, version: str, member: str, value: Any, status: int) -> None:  # noqa: ANN401
    """Wire examples, section 1, and the update models of the stored documents."""
    await workspace(azure)
    answer = await azure.patch(WORKSPACE, {"properties": {member: value}}, version=version, judged=False)
    assert answer.status == status, answer.body


@pytest.mark.skipif(not specifications().is_dir(), reason="the OpenAPI documents are not here")
def test_the_members_are_those_of_the_documents() -> None:
    """Every stored document of workspaces: what PATCH has, no more and no less; nothing of PUT is refused."""
    documents = specifications() / "machinelearningservices/resource-manager/Microsoft.MachineLearningServices"
    seen = set()
    for path in documents.rglob("*.json"):
        models = json.loads(path.read_text(encoding="utf-8")).get("definitions", {})
        if "WorkspacePropertiesUpdateParameters" not in models:
            continue
        version = path.parent.name
        seen.add(version)
        patched = models["WorkspacePropertiesUpdateParameters"]["properties"]
        assert {each for each in ml_fields.PATCHABLE if ml_fields.knows(each, version)} == set(patched), version
        assert ml_fields.unknown(models["WorkspaceProperties"]["properties"], version) == [], version
    assert {"2020-08-01", "2023-04-01", "2024-10-01", PREVIEW} <= seen


SUBNET_ID = full(f"{NETWORK}/subnets/train")


@pytest.mark.parametrize(
    ("before", "asked", "status"),
    [
        pytest.param({}, {"serverlessComputeNoPublicIP": True}, 202, id="an open workspace"),
        pytest.param(
            {"publicNetworkAccess": "Disabled"}, {"serverlessComputeNoPublicIP": True}, 400, id="a closed one"
        ),
        pytest.param(
            {"publicNetworkAccess": "Disabled"},
            {"serverlessComputeNoPublicIP": True, "serverlessComputeCustomSubnet": SUBNET_ID},
            202,
            id="a closed one with a subnet of one's own",
        ),
        pytest.param(
            {"serverlessComputeSettings": {"serverlessComputeNoPublicIP": False}},
            {"serverlessComputeNoPublicIP": True},
            400,
            id="nodes that had public addresses",
        ),
        pytest.param({}, {"serverlessComputeCustomSubnet": f"{SUBNET_ID}x"}, 400, id="no such subnet"),
        pytest.param(
            {"publicNetworkAccess": "Disabled"}, {"serverlessComputeNoPublicIP": False}, 202, id="public"
        ),
    ],
)
async def test_serverless_nodes(azure: Client, before: dict[str, Any], asked: dict[str, Any], status: int) -> None:
    """Rule WS-SRVLESS-01; hashicorp/terraform-provider-azurerm pull request 25660 (the code is unverified)."""
    await network(azure, train={})
    await workspace(azure, **before)
    answer = await azure.patch(WORKSPACE, {"properties": {"serverlessComputeSettings": asked}})
    assert answer.status == status, answer.body
    if status < 400:
        azure.wait(40)
        assert (await azure.get(WORKSPACE)).body["properties"]["serverlessComputeSettings"] == asked


async def test_default_datastores_follow_the_mode(azure: Client) -> None:
    """Rule WS-DSAUTH-01: access by identity carries no key; the modes of the preview document, no other."""
    await workspace(azure)
    store = f"{WORKSPACE}/datastores/workspaceblobstore"

    async def credentials() -> str:
        return str((await azure.get(store)).body["properties"]["credentials"]["credentialsType"])

    async def change(mode: str) -> int:
        body = {"properties": {"systemDatastoresAuthMode": mode}}
        answer = await azure.patch(WORKSPACE, body, version=PREVIEW, judged=False)
        azure.wait(40)
        return answer.status

    assert await credentials() == "AccountKey"
    assert (await change("Password"), await credentials()) == (400, "AccountKey")
    assert (await change("Identity"), await credentials()) == (202, "None")
    assert (await change("AccessKey"), await credentials()) == (202, "AccountKey")


async def test_shared_links_and_old_switches_are_kept(azure: Client) -> None:
    """The 2019 template's shared private link, and members that a PATCH leaves alone (OpenAPI documents)."""
    link = {"privateLinkResourceId": full(REGISTRY), "groupId": "registry", "status": "Approved"}
    shared = [{"name": "acr", "properties": link}]
    await workspace(azure, sharedPrivateLinkResources=shared, v1LegacyMode=True)
    await azure.patch(WORKSPACE, {"properties": {"description": "x"}})
    azure.wait(40)
    found = (await azure.get(WORKSPACE)).body["properties"]
    assert (found["sharedPrivateLinkResources"], found["v1LegacyMode"]) == (shared, True)


async def test_storage_and_vault_are_for_ever(azure: Client) -> None:
    """Wire examples, section 1: immutable after creation; repeating them is fine."""
    await workspace(azure)
    other = "Microsoft.Storage/storageAccounts/mlother"
    await azure.made(other, account_body())
    assert refusal(await azure.put(WORKSPACE, workspace_body(storageAccount=full(other)))) == (400, "BadRequest")
    assert (await azure.put(WORKSPACE, workspace_body())).status == 202


async def test_an_account_is_ready_long_before_it_is_finished(azure: Client) -> None:
    """Wire examples, sections 1 and 14 for the refusal at once: BadRequest whose message names the storage code.

    Recording Test_MachineLearning_Workspaces_20240401_CRUD for the rest: the workspace was finished on an account
    whose creation was not.
    """
    await azure.made(VAULT, vault_body())
    created = await azure.put(ACCOUNT, account_body())
    answer = await azure.put(WORKSPACE, workspace_body())
    assert refusal(answer) == (400, "BadRequest")
    assert "StorageAccountIsNotProvisioned" in answer.body["error"]["message"]
    azure.wait(10)
    assert (await azure.put(WORKSPACE, workspace_body())).status == 202
    assert (await azure.get(created.headers["location"])).status == 202


async def test_an_account_that_never_appears_fails_the_operation(azure: Client) -> None:
    """The recording accepts a workspace asked for just before its account; without one it cannot succeed."""
    created = await azure.put(WORKSPACE, workspace_body())
    assert created.status == 202
    azure.wait(40)
    done = await azure.get(created.headers["azure-asyncoperation"])
    assert (done.status, done.body["status"], done.body["error"]["code"]) == (200, "Failed", "BadRequest")
    assert (await azure.get(WORKSPACE)).status == 404


async def test_the_identity_gets_into_the_vault_and_onto_the_group(azure: Client) -> None:
    """The recording shows the access policy; rule WS-MIROLE-01 the role."""
    body = await workspace(azure)
    principal = body["identity"]["principalId"]
    policies = (await azure.get(VAULT)).body["properties"]["accessPolicies"]
    assert [each["objectId"] for each in policies] == [principal]
    roles = await azure.get(
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments", query=f"$filter=principalId eq '{principal}'"
    )
    assert len(roles.body["value"]) == 1


async def test_a_workspace_may_keep_its_identity_off_the_group(azure: Client) -> None:
    """Rule WS-MIROLE-01: allowRoleAssignmentOnRG false."""
    await azure.made(ACCOUNT, account_body())
    await azure.made(VAULT, vault_body())
    body = workspace_body(allowRoleAssignmentOnRG=False)
    await azure.made(WORKSPACE, body, version=PREVIEW)
    roles = await azure.get(f"{GROUP}/providers/Microsoft.Authorization/roleAssignments")
    assert roles.body["value"] == []


async def builder(azure: Client) -> str | None:
    """What the workspace says builds its images, once its update has ended."""
    azure.wait(40)
    found = (await azure.get(WORKSPACE)).body["properties"]["imageBuildCompute"]
    return found if found is None else str(found)


async def diagnosed(azure: Client, category: str = "containerRegistryResults") -> list[str]:
    """Codes of what a diagnosis finds in one category; about the registry and its builder, unless told otherwise.

    OpenAPI document, Workspaces_Diagnose: 202 with Location, then 200 with the findings.
    """
    begun = await azure.post(f"{WORKSPACE}/diagnose", {"value": {}})
    assert (begun.status, begun.body) == (202, None)
    assert (await azure.get(begun.headers["location"])).status == 202
    azure.wait(40)
    found = await azure.get(begun.headers["location"])
    assert found.status == 200
    return [each["code"] for each in found.body["value"][category]]


async def test_the_builder_is_free_text(azure: Client) -> None:
    """Field report F10: named before it exists; null leaves it, the empty text clears it; a diagnosis judges."""
    await workspace(azure)
    assert (await azure.patch(WORKSPACE, {"properties": {"imageBuildCompute": "build"}})).status == 202
    assert await builder(azure) == "build"
    assert await diagnosed(azure) == ["ImageBuildComputeNotValid"]
    await azure.made(CLUSTER, cluster_body())
    assert await diagnosed(azure) == []
    kept = {"properties": {"imageBuildCompute": None, "description": "x"}}
    assert (await azure.patch(WORKSPACE, kept, judged=False)).status == 202
    assert await builder(azure) == "build"
    assert (await azure.put(WORKSPACE, workspace_body(imageBuildCompute=None), judged=False)).status == 202
    assert await builder(azure) == "build"
    assert (await azure.patch(WORKSPACE, {"properties": {"imageBuildCompute": ""}})).status == 202
    assert await builder(azure) is None


async def test_a_closed_registry_is_taken_without_a_builder(azure: Client) -> None:
    """Field report F10: accepted; a diagnosis and the builds themselves show that it cannot work."""
    await workspace(azure)
    await azure.made(REGISTRY, registry_body(publicNetworkAccess="Disabled"))
    change = {"properties": {"containerRegistry": full(REGISTRY)}}
    assert (await azure.patch(WORKSPACE, change)).status == 202
    assert await builder(azure) is None
    assert await diagnosed(azure) == ["ContainerRegistryNotReachable", "ImageBuildComputeNotValid"]


async def test_a_softly_deleted_workspace_blocks_its_name(azure: Client) -> None:
    """Field reports, section 2: not to be seen, and a creation is taken and ends Failed."""
    await workspace(azure)
    assert (await azure.delete(WORKSPACE)).status == 202
    azure.wait(40)
    assert (await azure.get(WORKSPACE)).status == 404
    for _ in range(2):
        created = await azure.put(WORKSPACE, workspace_body())
        assert created.status == 202
        azure.wait(40)
        done = (await azure.get(created.headers["azure-asyncoperation"])).body
        assert (done["status"], done["error"]["code"]) == ("Failed", "BadRequest")
        assert done["error"]["message"].startswith("Soft-deleted workspace exists.")


async def test_a_creation_that_failed_leaves_its_name(azure: Client) -> None:
    """What never was is not softly deleted: with account and vault there, the same request succeeds."""
    await azure.put(WORKSPACE, workspace_body())
    azure.wait(40)
    assert (await azure.get(WORKSPACE)).status == 404
    assert (await workspace(azure))["properties"]["provisioningState"] == "Succeeded"


async def test_a_purged_workspace_leaves_its_name(azure: Client) -> None:
    """Wire examples, section 1: forceToPurge."""
    await workspace(azure)
    await azure.delete(WORKSPACE, query="forceToPurge=true")
    azure.wait(40)
    assert (await azure.put(WORKSPACE, workspace_body())).status == 202


async def test_selected_addresses_are_public_and_few(azure: Client) -> None:
    """Rule WS-IPALLOW-01."""
    await workspace(azure)
    for addresses, status in ((["203.0.113.0/24"], 202), (["10.0.0.1"], 400), (["203.0.113.7"] * 201, 400)):
        answer = await azure.patch(WORKSPACE, {"properties": {"ipAllowlist": addresses}}, version=PREVIEW)
        azure.wait(40)
        assert answer.status == status, addresses[:1]


async def test_private_link_and_outbound_views(azure: Client) -> None:
    """Wire examples, section 1.1; host names table: three members, two zones."""
    await workspace(azure)
    (entry,) = (await azure.get(f"{WORKSPACE}/privateLinkResources")).body["value"]
    assert entry["properties"] == {
        "groupId": "amlworkspace",
        "requiredMembers": ["default", "notebook", "inference"],
        "requiredZoneNames": ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"],
    }
    outbound = (await azure.get(f"{WORKSPACE}/outboundNetworkDependenciesEndpoints")).body["value"]
    assert all(each["properties"]["endpoints"] for each in outbound)


async def test_managed_isolation_is_a_one_way_street(azure: Client) -> None:
    """Rule WS-MNET-01."""
    await workspace(azure)
    for mode, status in (("AllowOnlyApprovedOutbound", 202), ("AllowInternetOutbound", 400), ("Disabled", 400)):
        answer = await azure.patch(WORKSPACE, {"properties": {"managedNetwork": {"isolationMode": mode}}})
        azure.wait(40)
        assert answer.status == status, mode
