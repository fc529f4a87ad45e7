"""Every field of the spec, changed in every way, is refused by name or converges, and can be taken back."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.e2e.example_estates import Place, full
from tests.integration.driving import SUBSCRIPTION, TENANT, Driver, World, drive, open_empty_world
from tests.integration.engine import azure_roles
from tests.integration.engine.oracle import result
from tests.integration.engine.spec_mutations import IMMUTABLE, Mutation, example, mutations, sections

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.api.model import InvalidSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WAITS: Final[Mapping[str, str]] = {
    # The operator opens nothing: who wants firewall rules instead of a closed address switches that on.
    "containerRegistry.allowedIPRanges pushed": "PublicAccessDisabled",
    "keyVault.access PrivateEndpoint": "PublicAccessDisabled",
    "keyVault.access ServiceEndpoint": "PublicAccessDisabled",
    "keyVault.allowedIPRanges pushed": "PublicAccessDisabled",
    "keyVault.allowedSubnetIDs pushed": "PublicAccessDisabled",
    "publicAccess.allowedIPRanges pushed": "PublicAccessDisabled",
    "storage.access PrivateEndpoint": "PublicAccessDisabled",
    "storage.access ServiceEndpoint": "PublicAccessDisabled",
    "storage.allowedIPRanges pushed": "PublicAccessDisabled",
    "storage.allowedSubnetIDs pushed": "PublicAccessDisabled",
    # A person takes the step that interrupts, or says what the operator cannot see.
    "dns.mode None": "DNSRecordsNotConfirmed",
    "dns.zoneIDs pushed": "ZoneMoveWaits",
    "dns.zoneResourceGroupID as in the example": "ZoneMoveWaits",
    # Azure's default builder does not reach a registry that is private already.
    "imageBuild.builder Default": "DefaultBuilderShutOut",
    # Nobody has given the roles, nor the operator the right to give them.
    "studio.enabled true": "RoleMissing",
    "studio.grantRoles false": "RoleMissing",
    "studio.grantRoles true": "Forbidden",
    "studio.labeling false": "RoleMissing",
    "studio.labeling true": "RoleMissing",
}
"""Changes that are admitted and wait for somebody, with the reason that Ready gives."""

KEEPS: Final[Mapping[str, set[str]]] = {
    # Without the field the workspace's setting is left as it is, as each of them says.
    "imageBuild.computeName as in the example": {"microsoft.machinelearningservices/workspaces"},
    "workspaceSettings.serverlessCompute.noPublicIP false": {"microsoft.machinelearningservices/workspaces"},
    "workspaceSettings.serverlessCompute.noPublicIP true": {"microsoft.machinelearningservices/workspaces"},
    "workspaceSettings.serverlessCompute.subnetID as in the example": {
        "microsoft.machinelearningservices/workspaces"
    },
    "workspaceSettings.v1LegacyMode false": {"microsoft.machinelearningservices/workspaces"},
    "workspaceSettings.v1LegacyMode true": {"microsoft.machinelearningservices/workspaces"},
    "storage.datastoreAuth Identity": {
        "microsoft.machinelearningservices/workspaces",
        "microsoft.machinelearningservices/workspaces/datastores",
    },
    # Others may lean on the service endpoint of a subnet.
    "keyVault.access PrivateEndpoint": {"microsoft.network/virtualnetworks/subnets"},
    "storage.access PrivateEndpoint": {"microsoft.network/virtualnetworks/subnets"},
    # The rule that lets the workspace in stays: it would be cut off for a moment without it.
    "storage.trustedAccess WorkspaceOnly": {"microsoft.storage/storageaccounts"},
    # What is closed is never opened again by the operator.
    "storage.additionalAccounts pushed": {"microsoft.storage/storageaccounts"},
    # A zone and its links are shared: they stay while it holds records (DNS-09), which is told, and keep tags.
    "network.clientNetworkIDs pushed": {"microsoft.network/privatednszones/virtualnetworklinks"},
    "tags pushed": {
        "microsoft.network/privatednszones",
        "microsoft.network/privatednszones/virtualnetworklinks",
    },
}
"""Changes that leave something when they are taken back, with the types of what is not as before, and why."""

LONG: Final = timedelta(minutes=30)


def refusal(spec: dict[str, Any]) -> str:
    """Why a spec is refused; nothing when it is not."""
    try:
        SecureWorkspaceSpec.parse(spec)
    except InvalidSpec as refused:
        return str(refused)
    return ""


async def waits_for(driver: Driver, spec: dict[str, Any]) -> str:
    """Edit, and come to rest: why it is not Ready then; nothing when it is."""
    driver.edit(spec)
    with suppress(TimeoutError):
        await driver.settle(LONG)
    ready = driver.condition("Ready")
    return "" if ready["status"] == "True" else str(ready["reason"])


def not_as_before(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> set[str]:
    """The types of all resources that differ."""
    return {_type(each) for each in {*before, *after} if before.get(each) != after.get(each)}


def _type(key: str) -> str:
    namespace, *rest = key.rsplit("/providers/", 1)[1].split("/")
    return "/".join((namespace, *rest[::2]))


async def _taken_back(world: World, driver: Driver, base: dict[str, Any], each: Mutation) -> None:
    """Changed and changed back: it waits for what the table says, and leaves what the table says."""
    before = result(world).resources
    assert await waits_for(driver, each.spec) == WAITS.get(str(each), ""), each
    assert await waits_for(driver, base) == "", f"{each}, taken back"
    assert not_as_before(before, result(world).resources) == KEEPS.get(str(each), set()), each


@pytest.mark.parametrize("section", sections())
async def test_a_change_is_refused_or_converges_and_can_be_taken_back(tmp_path: Path, section: str) -> None:
    """One after the other in one estate: each begins where the one before it was taken back."""
    async with open_empty_world(tmp_path) as world:
        for item in full(Place(SUBSCRIPTION, SUBSCRIPTION, TENANT)):
            await world.alice.put(item.id, item.api_version, item.body)
        await azure_roles.give(world, "azure-role-subnets.json")
        base = world.spec(deletionPolicy="Delete")
        driver = drive(world, base)
        await driver.settle()
        for each in mutations(base, example(SUBSCRIPTION), section):
            said = refusal(each.spec)
            if said:
                assert each.path.rpartition(".")[2] in said, each
            elif each.path not in IMMUTABLE:
                await _taken_back(world, driver, base, each)


def test_the_tables_name_changes_that_are_made() -> None:
    """A field that is renamed leaves no row behind."""
    base: dict[str, Any] = {"deletionPolicy": "Delete", "workspaceID": "x", "network": {"endpointSubnetID": "x"}}
    made = {str(each) for section in sections() for each in mutations(base, example(SUBSCRIPTION), section)}
    assert {*WAITS, *KEEPS} <= made
