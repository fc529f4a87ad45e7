"""Which conditions a SecureWorkspace has, and the reason of each when it is met: both words are API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.fakes import FakeClock
from tests.unit.isolation.bodies import ACCOUNT, OWNER, REGISTRY, VAULT, WORKSPACE, put, spec, world
from tests.unit.isolation.telling import Shows, judge_all

from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.engine.conditions import conditions
from secureml_reconcilers.engine.inventory import Inventory
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.recovering import recovery
from secureml_reconcilers.engine.releasing import with_release
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.engine.blocks import Composition

RANGES = {"allowedIPRanges": ["198.51.100.0/24"]}


def words(composition: Composition) -> list[tuple[str, str]]:
    """Condition type and reason of every aspect, in their order."""
    return [(aspect.condition, aspect.met) for aspect in composition.aspects]


def declared(*, inventory: tuple[str, ...] = (), **parts: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    """Those of a spec."""
    return dict(words(SecureWorkspaces().declare(spec(**parts), OWNER, Remembered(inventory))))


def test_a_workspace_has_one_condition_per_system() -> None:
    """In the order in which the article comes to them."""
    assert list(declared(inventory=(WORKSPACE.text,)).items()) == [
        ("WorkspaceFound", "Found"),
        ("PrivateLinkReady", "Approved"),
        ("NamesResolved", "Resolved"),
        ("KeyVaultIsolated", "Closed"),
        ("StorageIsolated", "Closed"),
        ("RegistryIsolated", "Closed"),
        ("PublicAccessClosed", "Closed"),
        ("LeftoversRemoved", "Removed"),
    ]


@pytest.mark.parametrize(
    ("parts", "condition", "reason"),
    [
        pytest.param(
            {"dns": {"mode": "None", "confirmedRecords": []}},
            "NamesResolved",
            "ConfirmedByUser",
            id="DNS of one's own is taken on trust",
        ),
        pytest.param(
            {"storage": RANGES},
            "StorageIsolated",
            "ClosedExceptAllowedRanges",
            id="an account that lets addresses in is not called closed",
        ),
        pytest.param(
            {"publicAccess": {"workspace": "Enabled"}},
            "PublicAccessClosed",
            None,
            id="a workspace that is wanted open has no condition that says closed",
        ),
        pytest.param(
            {"publicAccess": {"workspace": "Enabled", **RANGES}},
            "PublicAccessRestricted",
            "ClosedExceptAllowedRanges",
            id="a workspace that answers addresses of the spec",
        ),
        pytest.param({}, "PublicAccessRestricted", None, id="not without addresses"),
        pytest.param(
            {"workspaceSettings": {"v1LegacyMode": False}},
            "WorkspaceConfigured",
            "AsDeclared",
            id="settings that the spec speaks of",
        ),
        pytest.param({}, "WorkspaceConfigured", None, id="and none where it does not"),
        pytest.param({"studio": {"enabled": True}}, "StudioUsable", "AsDeclared", id="studio that is used"),
        pytest.param({}, "StudioUsable", None, id="and none that is not"),
        pytest.param({"mode": "Observe"}, "LeftoversRemoved", None, id="whoever only looks leaves nothing over"),
    ],
)
def test_a_reason_says_what_the_spec_asks_for(parts: dict[str, Any], condition: str, reason: str | None) -> None:
    """Nobody reads Closed of what is not."""
    assert declared(**parts).get(condition) == reason


def test_a_removal_has_conditions_of_its_own() -> None:
    """What goes, and that nothing of it is still under way."""
    removal = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, Remembered(()))
    assert words(with_release(removal, Inventory(), Ledger(FakeClock()))) == [
        ("PrivateEndpointsRemoved", "Removed"),
        ("DNSRemoved", "Removed"),
        ("EntriesRemoved", "Removed"),
        ("OperationsEnded", "Ended"),
    ]


def test_a_lost_inventory_has_a_condition() -> None:
    """Alone: nothing is removed before it is met."""
    lost = recovery(SecureWorkspaces().declare(spec(), OWNER), spec())
    assert words(lost) == [("InventoryRecovered", "Recovered")]


READY = [
    pytest.param([], "True", Shows(met=("GEN-TOPO-01", "GEN-E2E-01")), id="everything is private"),
    *(
        pytest.param(
            [put(service, "properties.publicNetworkAccess", "Enabled")],
            "False",
            Shows(violated=("GEN-TOPO-01", "GEN-E2E-01")),
            id=f"{service.name} still answers the internet",
        )
        for service in (ACCOUNT, VAULT, REGISTRY, WORKSPACE)
    ),
]


@pytest.mark.parametrize(("changes", "ready", "_shows"), READY)
def test_one_that_is_open_keeps_all_from_being_ready(changes: list[Change], ready: str, _shows: Shows) -> None:
    """An endpoint of the workspace alone protects the workspace alone."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(), OWNER), world(*changes))
    told = conditions(evaluation, enforce=True, drifting=False, settled_before=False)
    assert next(each.status for each in told if each.type == "Ready") == ready
