"""Key vaults; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .client import GROUP, REGION, refusal
from .landscape import NETWORK, VAULT, account_body, full, network, vault_body

if TYPE_CHECKING:
    from .client import Client

DELETED = (
    GROUP.rpartition("/resourceGroups")[0]
    + f"/providers/Microsoft.KeyVault/locations/{REGION}/deletedVaults/mlvault"
)


async def test_a_fresh_vault_registers_its_name(azure: Client) -> None:
    """Recording Test_MachineLearning_Workspaces_20240401_CRUD: RegisteringDns on the first reads."""
    created = await azure.put(VAULT, vault_body())
    assert (created.status, created.body["properties"]["provisioningState"]) == (200, "RegisteringDns")
    azure.wait(60)
    assert (await azure.get(VAULT)).body["properties"]["provisioningState"] == "Succeeded"


async def test_soft_delete_cannot_be_off(azure: Client) -> None:
    """Same recording: asked for false, answered true."""
    body = await azure.made(VAULT, vault_body(enableSoftDelete=False))
    assert body["properties"]["enableSoftDelete"] is True


async def test_the_firewall_is_absent_until_set(azure: Client) -> None:
    """Wire examples, section 9: no `networkAcls` means open to all."""
    body = await azure.made(VAULT, vault_body())
    assert "networkAcls" not in body["properties"]
    assert body["properties"]["publicNetworkAccess"] == "Enabled"


async def test_put_is_a_full_write(azure: Client) -> None:
    """Wire examples, section 9: what a PUT leaves out is gone, access policies included."""
    policy = {
        "tenantId": "11111111-1111-4111-8111-111111111111",
        "objectId": "99999999-9999-4999-8999-999999999999",
        "permissions": {"secrets": ["get"]},
    }
    await azure.made(VAULT, vault_body(accessPolicies=[policy], networkAcls={"defaultAction": "Deny"}))
    await azure.put(VAULT, vault_body())
    properties = (await azure.get(VAULT)).body["properties"]
    assert properties["accessPolicies"] == []
    assert "networkAcls" not in properties


async def test_patch_keeps_what_it_omits(azure: Client) -> None:
    """Wire examples, section 9: PATCH 200 with the fields that changed."""
    await azure.made(VAULT, vault_body(enableRbacAuthorization=True))
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}
    patched = await azure.patch(VAULT, {"properties": {"publicNetworkAccess": "disabled", "networkAcls": acls}})
    properties = patched.body["properties"]
    assert (patched.status, properties["publicNetworkAccess"]) == (200, "Disabled")
    assert properties["enableRbacAuthorization"] is True
    assert properties["networkAcls"] == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7/32"}],
        "virtualNetworkRules": [],
    }


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        pytest.param("disabled", "Disabled", id="in small letters"),
        pytest.param("SecuredByPerimeter", "SecuredByPerimeter", id="by a perimeter"),
    ],
)
async def test_how_public_access_is_spelt(azure: Client, asked: str, shown: str) -> None:
    """Recorded in capitals whatever was asked; the article on security perimeters has the third word."""
    await azure.made(VAULT, vault_body())
    body = {"properties": {"publicNetworkAccess": asked}}
    assert (await azure.patch(VAULT, body)).body["properties"]["publicNetworkAccess"] == shown


async def test_a_subnet_needs_its_service_endpoint_first(azure: Client) -> None:
    """Wire examples, section 9: VirtualNetworkNotValid unless the rule says to ignore it."""
    await network(azure, bare={}, ready={"serviceEndpoints": [{"service": "Microsoft.KeyVault"}]})
    await azure.made(VAULT, vault_body())
    for subnet, ignore, expected in (
        ("bare", False, (400, "VirtualNetworkNotValid")),
        ("bare", True, (200, "")),
        ("none", True, (400, "VirtualNetworkNotValid")),
        ("ready", False, (200, "")),
    ):
        rule = {"id": full(f"{NETWORK}/subnets/{subnet}"), "ignoreMissingVnetServiceEndpoint": ignore}
        body = {"properties": {"networkAcls": {"defaultAction": "Deny", "virtualNetworkRules": [rule]}}}
        assert refusal(await azure.patch(VAULT, body)) == expected, subnet


async def test_a_rule_whose_service_endpoint_is_gone_is_not_taken_again(azure: Client) -> None:
    """Field report F5: the write that repeats it is refused; public access alone is closed all the same."""
    await network(azure, ready={"serviceEndpoints": [{"service": "Microsoft.KeyVault"}]})
    await azure.made(VAULT, vault_body())
    rule = {"id": full(f"{NETWORK}/subnets/ready"), "ignoreMissingVnetServiceEndpoint": False}
    acls = {"properties": {"networkAcls": {"defaultAction": "Allow", "virtualNetworkRules": [rule]}}}
    assert refusal(await azure.patch(VAULT, acls)) == (200, "")
    await network(azure, ready={})
    assert refusal(await azure.patch(VAULT, acls)) == (400, "VirtualNetworkNotValid")
    closed = await azure.patch(VAULT, {"properties": {"publicNetworkAccess": "Disabled"}})
    assert (closed.status, closed.body["properties"]["publicNetworkAccess"]) == (200, "Disabled")
    assert len(closed.body["properties"]["networkAcls"]["virtualNetworkRules"]) == 1


async def test_a_deleted_vault_blocks_its_name_until_it_is_purged(azure: Client) -> None:
    """Behaviour 24; recording Test_KeyVault_Vault_20230701_CRUD for the deleted vault's shape."""
    assert refusal(await azure.get(DELETED)) == (404, "DeletedVaultNotFound")
    await azure.made(VAULT, vault_body())
    assert (await azure.delete(VAULT)).status == 200
    kept = await azure.get(DELETED)
    assert (kept.status, kept.body["properties"]["vaultId"]) == (200, full(VAULT))
    assert refusal(await azure.put(VAULT, vault_body())) == (409, "ConflictError")
    await azure.post(f"{DELETED}/purge")
    assert refusal(await azure.put(VAULT, vault_body())) == (409, "ConflictError")
    azure.wait(60)
    assert refusal(await azure.get(DELETED)) == (404, "DeletedVaultNotFound")
    assert (await azure.put(VAULT, vault_body())).status == 200


async def test_a_purge_takes_its_time(azure: Client) -> None:
    """Recorded by the tests of Azure/azure-cli (test_keyvault_softdelete); operation Vaults_PurgeDeleted."""
    await azure.made(VAULT, vault_body())
    await azure.delete(VAULT)
    purged = await azure.post(f"{DELETED}/purge")
    assert (purged.status, purged.body, purged.headers.get("retry-after")) == (202, None, None)
    where = purged.headers["location"]
    assert "/providers/Microsoft.KeyVault/locations/westeurope/operationResults/" in where
    assert (await azure.get(where)).status == 202
    azure.wait(60)
    done = await azure.get(where)
    assert (done.status, done.body["status"]) == (200, "Succeeded")


async def test_a_protected_vault_cannot_be_purged(azure: Client) -> None:
    """The words of microsoft/AzureTRE issue 1446 (its status is unverified)."""
    await azure.made(VAULT, vault_body(enablePurgeProtection=True))
    await azure.delete(VAULT)
    refused = await azure.post(f"{DELETED}/purge")
    assert refusal(refused) == (400, "MethodNotAllowed")
    assert refused.body["error"]["message"] == "Operation 'DeletedVaultPurge' is not allowed."
    assert (await azure.get(DELETED)).status == 200


async def test_a_deleted_vault_goes_by_itself(azure: Client) -> None:
    """After the vault's own retention, not everybody's: the recording above has seven days."""
    await azure.made(VAULT, vault_body(softDeleteRetentionInDays=7))
    await azure.delete(VAULT)
    azure.wait(7 * 86_400 - 60)
    assert (await azure.get(DELETED)).status == 200
    azure.wait(60)
    assert refusal(await azure.get(DELETED)) == (404, "DeletedVaultNotFound")
    assert (await azure.put(VAULT, vault_body())).status == 200


async def test_recovery_brings_the_vault_back_as_it_was(azure: Client) -> None:
    """Recording Test_KeyVault_Vault_20230701_CRUD: createMode recover answers Succeeded at once."""
    await azure.made(VAULT, vault_body(enabledForDeployment=True))
    await azure.delete(VAULT)
    recovered = await azure.put(VAULT, vault_body(createMode="recover"))
    assert recovered.body["properties"]["provisioningState"] == "Succeeded"
    assert recovered.body["properties"]["enabledForDeployment"] is True
    assert refusal(await azure.get(DELETED)) == (404, "DeletedVaultNotFound")


@pytest.mark.parametrize("name", ["ab", "1vault", "two--hyphens", "ends-", "a" * 25])
async def test_bad_names(azure: Client, name: str) -> None:
    """Names table: 3 to 24, letter first."""
    answer = await azure.put(f"Microsoft.KeyVault/vaults/{name}", vault_body())
    assert refusal(answer) == (400, "VaultNameNotValid")


async def test_the_one_private_link_group(azure: Client) -> None:
    """Reference data, section 2."""
    await azure.made(VAULT, vault_body())
    (entry,) = (await azure.get(f"{VAULT}/privateLinkResources")).body["value"]
    assert entry["properties"] == {
        "groupId": "vault",
        "requiredMembers": ["default"],
        "requiredZoneNames": ["privatelink.vaultcore.azure.net"],
    }


async def test_a_vault_needs_access_policies_or_roles(azure: Client) -> None:
    """The vault document: accessPolicies are required unless roles or recovery take their place."""
    body = vault_body()
    del body["properties"]["accessPolicies"]
    assert (await azure.put(VAULT, body)).status == 400
    body["properties"]["enableRbacAuthorization"] = True
    assert (await azure.put(VAULT, body)).status == 200


async def test_other_types_are_no_business_of_the_vault(azure: Client) -> None:
    """A storage account of the same name is another resource."""
    await azure.made(VAULT, vault_body())
    answer = await azure.put("Microsoft.Storage/storageAccounts/mlvault", account_body())
    assert answer.status == 202
