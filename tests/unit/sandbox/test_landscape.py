"""What the open landscape holds, and in which order."""

from __future__ import annotations

import pytest

from secureml_sandbox.landscape import Item, dependencies, landscape, network_id, workspace_id

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
TENANT = "00000000-0000-4000-8000-000000000002"


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_every_resource_comes_after_what_it_needs(count: int) -> None:
    """A reader may create the list from top to bottom."""
    items = landscape(SUBSCRIPTION, TENANT, [f"team-{number}" for number in range(count)])
    assert len(items) == 3 + 5 * count
    ids = [item.id.lower() for item in items]
    assert len(set(ids)) == len(ids)
    for position, item in enumerate(items):
        assert dependencies(item) & set(ids[position:]) == set()


def test_a_workspace_waits_for_the_four_things_it_names_and_its_group() -> None:
    """Ids in the body count, and so does every parent."""
    items = landscape(SUBSCRIPTION, TENANT, ["fraud"])
    known = {item.id.lower() for item in items}
    waits_for = dependencies(items[-1]) & known
    assert items[-1].id == workspace_id(SUBSCRIPTION, "fraud")
    assert waits_for == known - {items[-1].id.lower(), network_id(SUBSCRIPTION).lower(), items[1].id.lower()}


def test_a_subnet_in_a_body_is_waited_for_as_its_network() -> None:
    """Subnets of the landscape are part of the network's own body."""
    endpoint = Item("/subscriptions/s/x/y", "v", {"subnet": {"id": f"{network_id('s')}/subnets/endpoints"}})
    assert network_id("s").lower() in dependencies(endpoint)


@pytest.mark.parametrize("name", ["fraud", "a-very-long-workspace-name-0123456789", "Mixed-Case"])
def test_names_fit_the_rules_of_their_services(name: str) -> None:
    """Storage accounts: 3 to 24 lower-case letters and digits; vaults: up to 24 with dashes."""
    items = landscape(SUBSCRIPTION, TENANT, [name])
    names = {item.id.split("/")[-2]: item.id.split("/")[-1] for item in items}
    assert 3 <= len(names["storageAccounts"]) <= 24
    assert names["storageAccounts"].isalnum()
    assert names["storageAccounts"] == names["storageAccounts"].lower()
    assert len(names["vaults"]) <= 24
