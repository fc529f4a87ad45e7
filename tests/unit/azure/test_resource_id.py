"""ARM ids: parsed once, compared without regard to case."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secureml_reconcilers.azure.resource_id import resource_id

GROUP = "/subscriptions/s1/resourceGroups/ml"

names = st.text(string.ascii_letters + string.digits + "-_.*", min_size=1, max_size=20).filter(
    lambda name: name.lower() != "providers"
)


@given(names, names, names)
def test_casing_never_tells_two_ids_apart(group: str, vnet: str, subnet: str) -> None:
    """Azure changes the casing of groups, namespaces and types between answers."""
    text = f"{GROUP}{group}/providers/Microsoft.Network/virtualNetworks/{vnet}/subnets/{subnet}"
    assert resource_id(text) == resource_id(text.upper()) == resource_id(text.lower())
    assert hash(resource_id(text)) == hash(resource_id(text.upper()))


@given(names, names)
def test_a_child_knows_its_parent(vnet: str, subnet: str) -> None:
    """`parent` undoes `child`, and the type names follow the path."""
    network = resource_id(GROUP).resource("Microsoft.Network/virtualNetworks", vnet)
    child = network.child("subnets", subnet)
    assert child.parent == network
    assert child.type == "microsoft.network/virtualnetworks/subnets"
    assert child.names == (vnet, subnet)
    assert child.group == resource_id(GROUP)
    assert network.parent is None


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        pytest.param("/subscriptions/s1", "microsoft.resources/subscriptions", "s1", id="a subscription"),
        pytest.param(GROUP, "microsoft.resources/resourcegroups", "ml", id="a resource group"),
        pytest.param(
            f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a/providers/Microsoft.Authorization/locks/l",
            "microsoft.authorization/locks",
            "l",
            id="an extension resource: the last providers wins",
        ),
        pytest.param(
            f"{GROUP}//providers/Microsoft.KeyVault/vaults/kv",
            "microsoft.keyvault/vaults",
            "kv",
            id="a doubled slash is tolerated",
        ),
    ],
)
def test_types_and_names(text: str, kind: str, name: str) -> None:
    """Every shape of id that ARM has."""
    assert (resource_id(text).type, resource_id(text).name) == (kind, name)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("workspaces/fraud", id="no scope"),
        pytest.param(f"{GROUP}/providers/Microsoft.Network", id="a namespace without a type"),
        pytest.param(f"{GROUP}/providers/Microsoft.Network/virtualNetworks", id="a type without a name"),
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    """A malformed id never reaches Azure: it could name more than was meant."""
    with pytest.raises(ValueError, match="no ARM id"):
        resource_id(text)
