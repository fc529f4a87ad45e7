"""Azure resource ids."""

from __future__ import annotations

from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_emulator.ids import ancestors, parse, same

SUB = "/subscriptions/S1"
VNET = f"{SUB}/resourceGroups/Rg/providers/Microsoft.Network/virtualNetworks/V"


@pytest.mark.parametrize(
    ("text", "kind", "name", "parent"),
    [
        pytest.param(SUB, "Microsoft.Resources/subscriptions", "S1", "", id="a subscription has no parent"),
        pytest.param(
            f"{SUB}/resourcegroups/Rg",
            "Microsoft.Resources/resourceGroups",
            "Rg",
            SUB.lower(),
            id="a resource group",
        ),
        pytest.param(
            VNET, "Microsoft.Network/virtualNetworks", "V", f"{SUB}/resourceGroups/Rg".lower(), id="a resource"
        ),
        pytest.param(
            f"{VNET}/subnets/s", "Microsoft.Network/virtualNetworks/subnets", "s", VNET.lower(), id="a child"
        ),
        pytest.param(
            f"{VNET}/providers/Microsoft.Authorization/locks/l",
            "Microsoft.Authorization/locks",
            "l",
            VNET.lower(),
            id="the last providers segment wins: an extension resource",
        ),
        pytest.param(
            "/providers/Microsoft.Management/managementGroups/m",
            "Microsoft.Management/managementGroups",
            "m",
            "",
            id="a tenant-level resource",
        ),
    ],
)
def test_parts(text: str, kind: str, name: str, parent: str) -> None:
    """Every kind of id gives type, name and what must exist first."""
    found = parse(text)
    assert found is not None
    assert (found.type, found.name, found.parent) == (kind, name, parent)


@pytest.mark.parametrize(
    "text", ["", "/", f"{SUB}/resourceGroups", f"{VNET}/subnets", f"{SUB}/providers/A.B", "x"]
)
def test_collections_are_no_ids(text: str) -> None:
    """Collections, namespaces and nonsense parse to nothing."""
    assert parse(text) is None


def test_slashes_and_case_do_not_matter() -> None:
    """Doubled and trailing slashes and other casing name the same resource (conventions 2 and 5)."""
    left, right = parse(VNET.replace("/providers", "//providers") + "/"), parse(VNET.upper())
    assert left is not None
    assert right is not None
    assert left.key == right.key
    assert same(VNET, VNET.lower() + "/")


def test_ancestors_go_up_to_the_subscription() -> None:
    """What locks and role assignments are inherited from."""
    lock = f"{VNET}/providers/Microsoft.Authorization/locks/l".lower()
    assert ancestors(lock) == (lock, VNET.lower(), f"{SUB}/resourceGroups/Rg".lower(), SUB.lower())


@given(st.lists(st.text(f"{ascii_letters}{digits}._-", min_size=1, max_size=12), max_size=12))
def test_any_path_parses_or_not_but_never_breaks(segments: list[str]) -> None:
    """What parses keeps its text and key."""
    text = "/" + "/".join(segments)
    found = parse(text)
    assert found is None or (found.text == text and found.key == text.lower())
