"""The workspace: found, finished, told about, and its own public access closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    OWNER,
    REGISTRY,
    VAULT,
    WORKSPACE,
    drop,
    gone,
    put,
    spec,
    unreadable,
    world,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Works, Write, case, check, judge_all

from secureml_reconcilers.engine.blocks import StatusField
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from secureml_reconcilers.azure.resource_id import ResourceId

PUBLIC = "properties.publicNetworkAccess"
CLOSE = Write("Update", WORKSPACE, {"properties": {"publicNetworkAccess": "Disabled"}})
LEFT = Advice("PublicAccessAllowed", WORKSPACE, "WS-PE-03")

CASES = [
    case("a closed workspace is left alone", [], [], met="GEN-WS-01 WS-PE-03 WS-PNA-01 WS-MNET-01"),
    case(
        "a workspace that answers the internet is closed by that one property",
        [put(WORKSPACE, PUBLIC, "Enabled")],
        [CLOSE],
        violated="WS-PE-03 WS-PNA-01",
    ),
    case(
        "a workspace that does not say whether it answers the internet does",
        [drop(WORKSPACE, PUBLIC)],
        [CLOSE],
        violated="WS-PE-03",
    ),
    case("casing of what Azure shows is no difference", [put(WORKSPACE, PUBLIC, "disabled")], [], met="WS-PNA-01"),
    case(
        "one that the spec wants open stays open",
        [put(WORKSPACE, PUBLIC, "Enabled")],
        [LEFT],
        publicAccess={"workspace": "Enabled"},
        violated="WS-PE-03",
    ),
    case(
        "one that the spec wants open is not opened",
        [],
        [LEFT],
        publicAccess={"workspace": "Enabled"},
    ),
    case(
        "a workspace that does not exist is reported, and nothing is guessed without it",
        [gone(WORKSPACE)],
        [Finding("WorkspaceNotFound", WORKSPACE)],
        violated="GEN-WS-01",
    ),
    case(
        "a workspace that may not be read is not taken for absent",
        [unreadable(WORKSPACE)],
        [Finding("Forbidden")],
    ),
    case(
        "a workspace whose creation failed is reported",
        [put(WORKSPACE, "properties.provisioningState", "Failed")],
        [Finding("WorkspaceNotProvisioned", WORKSPACE, "GEN-WS-01")],
        violated="GEN-WS-01",
    ),
    case(
        "a workspace that is being updated is waited for",
        [put(WORKSPACE, "properties.provisioningState", "Updating")],
        [Works(WORKSPACE)],
    ),
    case(
        "a managed network is told of, and everything else is done all the same",
        [put(WORKSPACE, "properties.managedNetwork.isolationMode", "AllowInternetOutbound")],
        [
            Advice("ManagedNetworkEnabled", WORKSPACE, "WS-MNET-01"),
            Advice("ManagedNetworkNotProvisioned", WORKSPACE, "WS-MNET-02"),
        ],
        violated="WS-MNET-01",
    ),
    case(
        "a workspace that says nothing of managed networks has none",
        [drop(WORKSPACE, "properties.managedNetwork")],
        [],
        met="WS-MNET-01",
    ),
    case(
        "a workspace that names no vault is told so, and all else is isolated",
        [put(WORKSPACE, "properties.keyVault", None), put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")],
        [
            Finding("WorkspaceIncomplete", WORKSPACE),
            Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}}),
        ],
        violated="KV-CRED-01",
    ),
    case(
        "one that names no storage account is, too",
        [
            drop(WORKSPACE, "properties.storageAccount"),
            put(VAULT, "properties.publicNetworkAccess", "Enabled"),
        ],
        [
            Finding("WorkspaceIncomplete", WORKSPACE),
            Write("Update", VAULT, {"properties": {"publicNetworkAccess": "Disabled"}}),
        ],
        violated="ST-SCOPE-01",
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_the_workspace(row: Case) -> None:
    """It must exist; only its public access is ever written."""
    check(row)


def test_what_is_discovered_stands_in_the_status() -> None:
    """Ids as Azure writes them, and nothing for what is not there."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(), OWNER), world())
    shown = {block.path: block.value for block in evaluation.blocks() if isinstance(block, StatusField)}
    del shown["dnsRecords"]
    assert shown == {
        "azure.workspaceName": "fraud",
        "azure.workspaceGuid": "79a5ed1b-0f02-4baa-89c2-23dad085bce8",
        "azure.location": "westeurope",
        "azure.principalID": "74c5a32f-8764-4f6c-85b7-ac02a8f9a1c4",
        "azure.storageAccountID": ACCOUNT.text,
        "azure.keyVaultID": VAULT.text.replace("KeyVault", "Keyvault"),
        "azure.containerRegistryID": REGISTRY.text,
    }


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        pytest.param(WORKSPACE, "az ml workspace delete --permanently-delete", id="a workspace keeps its name"),
        pytest.param(VAULT, "az keyvault recover", id="a vault keeps its secrets"),
    ],
)
def test_what_was_deleted_softly_can_be_recovered(missing: ResourceId, command: str) -> None:
    """Azure answers 404 for both, as if they had never been; the advice names what else it may be."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(), OWNER), world(gone(missing)))
    advice = {problem.advice for said in evaluation.composed for problem in said.problems}
    assert any(command in each for each in advice)
