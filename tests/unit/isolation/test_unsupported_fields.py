"""Fields that are not acted upon yet: said, and nothing is closed or redirected in their despite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    GROUP_OF,
    NETWORK,
    OWNER,
    REGISTRY,
    VAULT,
    WORKSPACE,
    added,
    gone,
    put,
    spec,
    unreadable,
    subnet,
    world,
)
from tests.unit.isolation.telling import Case, Finding, Waits, Write, case, check, judge_all

from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId

NODES = NETWORK.child("subnets", "nodes").text
PUBLIC = "properties.publicNetworkAccess"
OPEN = {each: put(each, PUBLIC, "Enabled") for each in (WORKSPACE, ACCOUNT, VAULT, REGISTRY)}
CLOSE = {"properties": {"publicNetworkAccess": "Disabled"}}
UNDONE = Finding("NotImplemented")
BASIC = put(REGISTRY, "sku", {"name": "Basic", "tier": "Basic"})
NO_REGISTRY = put(WORKSPACE, "properties.containerRegistry", None)
BY_RULE: dict[str, Any] = {"access": "ServiceEndpoint", "allowedSubnetIDs": [NODES]}


def waits(target: ResourceId, field: str) -> Waits:
    """The target's closing waits for a version that acts upon the field."""
    return Waits("Update", target, f"{field} is acted upon")


CASES = [
    case(
        "an account that is to be reached by its public address is not closed",
        [OPEN[ACCOUNT]],
        [UNDONE, waits(ACCOUNT, "spec.storage.access ServiceEndpoint")],
        storage=BY_RULE,
    ),
    case(
        "nor does it get a private endpoint that nobody asked for",
        [OPEN[ACCOUNT], gone(ENDPOINT["blob"], ENDPOINT["file"], GROUP_OF["blob"], GROUP_OF["file"])],
        [UNDONE, waits(ACCOUNT, "spec.storage.access ServiceEndpoint")],
        storage=BY_RULE,
    ),
    case(
        "a further account is left alone by itself, and the default one has no rule for its subnets",
        [OPEN[ACCOUNT], added(account(LAKE, publicNetworkAccess="Enabled"))],
        [
            UNDONE,
            waits(ACCOUNT, "spec.storage.allowedSubnetIDs"),
            waits(LAKE, "spec.storage.additionalAccounts[].access ServiceEndpoint"),
        ],
        storage={
            "allowedSubnetIDs": [NODES],
            "additionalAccounts": [{"accountID": LAKE.text, "access": "ServiceEndpoint"}],
        },
    ),
    case(
        "a vault that is to be reached by its public address is not closed, and gets no endpoint",
        [OPEN[VAULT], gone(ENDPOINT["vault"], GROUP_OF["vault"])],
        [UNDONE, waits(VAULT, "spec.keyVault.access ServiceEndpoint")],
        keyVault=BY_RULE,
    ),
    case(
        "a vault whose subnets have no rule is not closed, and everything else is",
        [OPEN[VAULT], OPEN[REGISTRY]],
        [
            UNDONE,
            waits(VAULT, "spec.keyVault.allowedSubnetIDs"),
            Write("Update", REGISTRY, CLOSE),
        ],
        keyVault={"allowedSubnetIDs": [NODES]},
    ),
    case(
        "a registry that the workspace was to be given is waited for by nobody",
        [NO_REGISTRY, OPEN[WORKSPACE]],
        [UNDONE, Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01"), Write("Update", WORKSPACE, CLOSE)],
        containerRegistry={"registryID": REGISTRY.text},
    ),
    case(
        "a workspace that has a registry needs no other one",
        [],
        [],
        containerRegistry={"registryID": REGISTRY.text, "upgradeToPremium": True},
    ),
    case(
        "a registry that was to become Premium stays as it is",
        [BASIC, OPEN[REGISTRY]],
        [
            UNDONE,
            Finding("RegistryNotPremium", REGISTRY, "ACR-SKU-01"),
            Waits("Update", REGISTRY, "registries/fraudimages is Premium"),
        ],
        containerRegistry={"upgradeToPremium": True},
    ),
    case(
        "a workspace that only some may reach is not as declared while everybody may",
        [OPEN[WORKSPACE]],
        [Advice("PublicAccessAllowed", WORKSPACE, "WS-PE-03"), UNDONE],
        publicAccess={"workspace": "Enabled", "allowedIPRanges": ["203.0.113.7"]},
        "behind a subnet's policies endpoints are made, but no name leads to them and nothing is closed",
        [GUARDED, OPEN[VAULT], OPEN[ACCOUNT], gone(ENDPOINT["file"])],
        [
            UNDONE,
            Write("Create", ENDPOINT["file"], endpoint_request(TARGETS["file"])),
            Waits("Create", GROUP_OF["file"], "spec.endpoints.subnetNetworkPolicies Disable is acted upon"),
            waits(VAULT, "spec.endpoints.subnetNetworkPolicies Disable"),
            waits(ACCOUNT, "spec.endpoints.subnetNetworkPolicies Disable"),
        ],
        endpoints={"subnetNetworkPolicies": "Disable"},
    ),
    case(
        "policies that are switched off already need nothing",
        [OPEN[VAULT]],
        [Write("Update", VAULT, CLOSE)],
        met="WS-PE-02",
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_what_is_not_acted_upon_keeps_its_service_as_it_is(row: Case) -> None:
    """Half of a declaration may lock people out whom the other half lets in."""
    check(row)


FIELDS = [
    pytest.param({}, [], [], id="the smallest spec is acted upon as a whole"),
    pytest.param(
        {"storage": BY_RULE},
        [],
        ["spec.storage.access ServiceEndpoint", "spec.storage.allowedSubnetIDs"],
        id="service endpoints of the account",
    ),
    pytest.param(
        {
            "storage": {
                "allowedSubnetIDs": [NODES],
                "additionalAccounts": [{"accountID": LAKE.text, "access": "ServiceEndpoint"}],
            }
        },
        [],
        ["spec.storage.allowedSubnetIDs", "spec.storage.additionalAccounts[].access ServiceEndpoint"],
        id="service endpoints of a further account",
    ),
    pytest.param(
        {"keyVault": BY_RULE},
        [],
        ["spec.keyVault.access ServiceEndpoint", "spec.keyVault.allowedSubnetIDs"],
        id="service endpoints of the vault",
    ),
    pytest.param(
        {"containerRegistry": {"registryID": REGISTRY.text}},
        [NO_REGISTRY],
        ["spec.containerRegistry.registryID"],
        id="a registry for a workspace that has none",
    ),
    pytest.param(
        {"containerRegistry": {"upgradeToPremium": True}},
        [BASIC],
        ["spec.containerRegistry.upgradeToPremium"],
        id="an upgrade",
    ),
    pytest.param(
        {"publicAccess": {"workspace": "Enabled", "allowedIPRanges": ["203.0.113.7"]}},
        [],
        ["spec.publicAccess.allowedIPRanges"],
        id="addresses that reach the workspace",
        {"endpoints": {"subnetNetworkPolicies": "Disable"}},
        [GUARDED],
        ["spec.endpoints.subnetNetworkPolicies Disable"],
        id="network policies of the subnet",
    ),
]


@pytest.mark.parametrize(("parts", "changes", "fields"), FIELDS)
def test_what_is_not_acted_upon_yet_is_said(
    parts: dict[str, object], changes: list[Change], fields: list[str]
) -> None:
    """Looking ready while a field is ignored would be a lie; only a change of the spec helps."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(**parts), OWNER), world(*changes))
    said = evaluation.composed[-1]
    assert said.aspect.condition == "SpecSupported"
    assert said.problems == ()
    unmet = {block.name: block for block in said.blocks if isinstance(block, Check)}
    assert list(unmet) == [f"{field} is acted upon" for field in fields]
    assert {(block.reason, block.by_user) for block in unmet.values()} <= {("NotImplemented", True)}


@pytest.mark.parametrize(("workspace", "closed"), [("Disabled", True), ("Enabled", False)])
def test_a_workspace_that_stays_open_is_not_called_closed(workspace: str, closed: bool) -> None:  # noqa: FBT001
    """A condition of that name must not be True then, so there is none."""
    declared = SecureWorkspaces().declare(spec(publicAccess={"workspace": workspace}), OWNER)
    assert ("PublicAccessClosed" in {each.condition for each in declared.aspects}) is closed
