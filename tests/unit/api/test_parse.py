"""`parse` fills in defaults, and its errors name the field and what to write there."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from secureml_reconcilers.api import (
    InvalidSpec,
    SecureComputeSpec,
    SecureWorkspaceSpec,
    SecureWorkspaceStatus,
)
from secureml_reconcilers.api.rules import field_name, immutable

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
WORKSPACE = f"{SUBSCRIPTION}/resourceGroups/ml/providers/Microsoft.MachineLearningServices/workspaces/fraud"
SUBNET = f"{SUBSCRIPTION}/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/ml/subnets/endpoints"
MINIMAL = {"workspaceID": WORKSPACE, "network": {"endpointSubnetID": SUBNET}}


def test_the_smallest_spec_has_all_defaults() -> None:
    """Ten lines are enough; nothing costly, irreversible or open is among the defaults."""
    spec = SecureWorkspaceSpec.parse(MINIMAL)
    assert (spec.mode, spec.deletion_policy, spec.adoption) == ("Enforce", "Retain", "Refuse")
    assert spec.workspace_id == WORKSPACE
    assert spec.network.endpoint_subnet_id == SUBNET
    assert (spec.dns.mode, spec.dns.zone_ids, spec.dns.zone_resource_group_id) == ("Managed", (), None)
    assert (spec.storage.access, spec.storage.sub_resources) == ("PrivateEndpoint", ("blob", "file"))
    assert (spec.storage.allowed_ip_ranges, spec.storage.allowed_subnet_ids) == ((), ())
    assert spec.key_vault.access == "PrivateEndpoint"
    assert not spec.container_registry.upgrade_to_premium
    assert spec.image_build.compute_name is None
    assert not spec.studio.enabled
    assert (spec.public_access.workspace, spec.public_access.allowed_ip_ranges) == ("Disabled", ())


def test_a_spec_cannot_be_changed() -> None:
    """A composition that changes its input would change the next one's."""
    spec = SecureWorkspaceSpec.parse(MINIMAL)
    with pytest.raises(ValidationError, match="frozen"):
        spec.mode = "Observe"  # type: ignore[misc]


ERRORS = [
    pytest.param(
        {},
        [
            ("spec.workspaceID", "is required: ARM id of the Azure ML workspace to isolate"),
            ("spec.network", "is required: The virtual networks from which the workspace is used."),
        ],
        id="what is missing is named, and what it is",
    ),
    pytest.param(
        MINIMAL | {"keyvault": {}},
        [("spec.keyvault", "unknown field; did you mean keyVault?")],
        id="a misspelt field is guessed",
    ),
    pytest.param(
        MINIMAL | {"workspace_id": WORKSPACE},
        [("spec.workspace_id", "unknown field; did you mean workspaceID?")],
        id="a Python name is no field name",
    ),
    pytest.param(
        MINIMAL | {"storage": {"additionalAccounts": [{"accountID": "x", "zone": 1}]}},
        [
            ("spec.storage.additionalAccounts[0].accountID", "must be the ARM id of a storage account"),
            (
                "spec.storage.additionalAccounts[0].zone",
                "unknown field; known here: access, accountID, subResources",
            ),
        ],
        id="a path goes through lists, and a field beyond guessing lists the known",
    ),
    pytest.param(
        MINIMAL | {"mode": "observe", "dns": {"mode": "none"}, "studio": {"labeling": True}},
        [
            ("spec.mode", "must be one of 'Enforce' or 'Observe', not 'observe'"),
            ("spec.dns.mode", "must be one of 'Managed', 'Existing' or 'None', not 'none'"),
            ("spec.studio", "grantRoles and labeling mean nothing without studio"),
        ],
        id="all errors are told at once",
    ),
    pytest.param(
        MINIMAL | {"network": None},
        [("spec.network", "Input should be")],
        id="null is not an object",
    ),
    pytest.param(
        MINIMAL | {"storage": {"subResources": "blob"}},
        [("spec.storage.subResources", "Input should be a valid tuple")],
        id="a word is not a list",
    ),
]


@pytest.mark.parametrize(("spec", "wanted"), ERRORS)
def test_errors_name_field_and_fix(spec: dict[str, object], wanted: list[tuple[str, str]]) -> None:
    """Each problem is a path as in `kubectl explain` and a sentence."""
    with pytest.raises(InvalidSpec) as refusal:
        SecureWorkspaceSpec.parse(spec)
    found = dict(refusal.value.problems)
    assert {path for path, _ in wanted} == found.keys()
    assert [(path, text) for path, text in wanted if text not in found[path]] == []
    assert all(f"{path}: {found[path]}" in str(refusal.value) for path, _ in wanted)


def test_several_broken_rules_of_one_block_are_all_told() -> None:
    """A wrong type is told as the block that must go and the block that must come."""
    block = {"vmSize": "STANDARD_DS3_V2", "subnetID": SUBNET, "scale": {"maxNodes": 1}}
    with pytest.raises(InvalidSpec) as refusal:
        SecureComputeSpec.parse({"workspaceRef": {"name": "fraud"}, "type": "Serverless", "amlCompute": block})
    assert [path for path, _ in refusal.value.problems] == ["spec.amlCompute", "spec.serverless"]


def test_a_status_is_read_back() -> None:
    """Status has no required fields, so that what an older version wrote can be read."""
    status = SecureWorkspaceStatus.parse({"observedGeneration": -1}, root="status")
    assert (status.observed_generation, status.conditions, status.azure) == (-1, (), None)


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("workspace_id", "workspaceID"),
        ("client_network_ids", "clientNetworkIDs"),
        ("allowed_ip_ranges", "allowedIPRanges"),
        ("create_nat_gateway", "createNATGateway"),
        ("dns", "dns"),
        ("dns_records", "dnsRecords"),
        ("no_public_ip", "noPublicIP"),
        ("vm_size", "vmSize"),
        ("hd_insight", "hdInsight"),
        ("upgrade_to_premium", "upgradeToPremium"),
    ],
)
def test_field_names_keep_initialisms(attribute: str, name: str) -> None:
    """Kubernetes writes initialisms in capitals, unless they come first."""
    assert field_name(attribute) == name


def test_immutability_compares_presence_on_each_step() -> None:
    """Removing the field, or the block around it, is a change too."""
    assert immutable("a.b", "why").expression == (
        "(has(self.a) && has(self.a.b)) == (has(oldSelf.a) && has(oldSelf.a.b))"
        " && (!(has(self.a) && has(self.a.b)) || self.a.b == oldSelf.a.b)"
    )
