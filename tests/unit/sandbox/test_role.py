"""The custom Azure role that the documentation hands out and the sandbox's operator signs in with."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from secureml_sandbox.emulator import CHECKOUT, ROLE


@pytest.fixture(scope="module")
def role() -> dict[str, Any]:
    """The role as an administrator would give it to `az role definition create`."""
    content: dict[str, Any] = json.loads(ROLE.read_text(encoding="utf-8"))
    return content


def test_every_action_is_spelled_out_once(role: dict[str, Any]) -> None:
    """A wildcard would grow with every feature that Azure adds."""
    actions = [action.lower() for action in role["Actions"]]
    assert [action for action in actions if "*" in action] == []
    assert len(set(actions)) == len(actions)


def test_it_reads_no_data_and_no_key(role: dict[str, Any]) -> None:
    """Neither data actions nor the actions that answer with secrets."""
    assert role["DataActions"] == []
    assert [action for action in role["Actions"] if "/list" in action.lower()] == []


def test_it_deletes_only_what_the_operator_creates(role: dict[str, Any]) -> None:
    """Endpoints, their zone groups, zones and links; never a workspace, a store or a network."""
    deletes = sorted(action for action in role["Actions"] if action.endswith("/delete"))
    assert deletes == [
        "Microsoft.Network/privateDnsZones/delete",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/delete",
        "Microsoft.Network/privateEndpoints/delete",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/delete",
    ]


def test_writing_subnets_is_a_role_of_its_own(role: dict[str, Any]) -> None:
    """Whoever has no subnets to let in gives no right to change networks."""
    subnets = json.loads((ROLE.parent / "azure-role-subnets.json").read_text(encoding="utf-8"))
    assert "Microsoft.Network/virtualNetworks/subnets/write" in subnets["Actions"]
    assert not set(subnets["Actions"]) & set(role["Actions"])
    assert [action for action in subnets["Actions"] if action.endswith("/delete")] == []
    assert subnets["AssignableScopes"] == role["AssignableScopes"]


def test_assigning_roles_is_a_role_of_its_own(role: dict[str, Any]) -> None:
    """Whoever may assign roles may become anything: only who wants studio's roles assigned gives it."""
    studio = json.loads((ROLE.parent / "azure-role-studio.json").read_text(encoding="utf-8"))
    assert studio["Actions"] == [
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
    ]
    assert not set(studio["Actions"]) & set(role["Actions"])
    assert studio["AssignableScopes"] == role["AssignableScopes"]


def test_the_readme_puts_the_subscription_into_it() -> None:
    """Its command once replaced a placeholder that the file does not have, and changed nothing."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    found = re.search(r'^sed "s/(.*)/\$subscription/" docs/azure-role.json', readme, re.MULTILINE)
    assert found is not None
    mine = "0b1f6a52-9d3e-4a77-8c41-5e2d7f8a9b10"
    made = json.loads(ROLE.read_text(encoding="utf-8").replace(found[1], mine))
    assert made["AssignableScopes"] == [f"/subscriptions/{mine}"]
