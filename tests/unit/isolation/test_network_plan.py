"""Names of what the operator makes: the same for ever, for a crash and an upgrade must find them again."""

from __future__ import annotations

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    GROUP,
    LAKE,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    SUBNET,
    TARGETS,
    plan,
)

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.isolation.clouds import PUBLIC
from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
from secureml_reconcilers.isolation.services import GROUPS
from secureml_reconcilers.rulebook import CATALOGUE

IN_NETWORK_GROUP = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/network/providers/Microsoft.Network"
)


def test_the_names_of_endpoints_never_change() -> None:
    """Written out: a change of the scheme would leave the old endpoints behind and make new ones."""
    assert {group: plan().endpoint(target).text for group, target in TARGETS.items()} == {
        "amlworkspace": f"{IN_NETWORK_GROUP}/privateEndpoints/fraud-amlworkspace-d6d97c",
        "blob": f"{IN_NETWORK_GROUP}/privateEndpoints/frauddata-blob-2a0a69",
        "file": f"{IN_NETWORK_GROUP}/privateEndpoints/frauddata-file-2a0a69",
        "vault": f"{IN_NETWORK_GROUP}/privateEndpoints/fraudvault-vault-734854",
        "registry": f"{IN_NETWORK_GROUP}/privateEndpoints/fraudimages-registry-aae1fe",
    }


def test_the_names_of_links_never_change() -> None:
    """A link is named after the network that it serves."""
    zone = plan().zone(BLOB_ZONE)
    assert plan().link(zone, NETWORK).text == (
        f"{IN_NETWORK_GROUP}/privateDnsZones/privatelink.blob.core.windows.net/virtualNetworkLinks/ml-vnet-ef8bca"
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(
            plan().endpoint(PrivateLinkTarget(ACCOUNT, "blob")),
            plan().endpoint(PrivateLinkTarget(resource_id(ACCOUNT.text.replace("/ml/", "/ML/")), "blob")),
            id="casing of the service makes no other name",
        ),
        pytest.param(
            plan().endpoint(PrivateLinkTarget(ACCOUNT, "blob")),
            plan(network={"endpointSubnetID": SUBNET.text.replace("Networks/ml", "Networks/ML")}).endpoint(
                PrivateLinkTarget(ACCOUNT, "blob")
            ),
            id="casing of the subnet makes no other name",
        ),
        pytest.param(
            plan().endpoint(PrivateLinkTarget(ACCOUNT, "blob")),
            plan(network={"endpointSubnetID": f"{NETWORK.text}/subnets/other"}).endpoint(
                PrivateLinkTarget(ACCOUNT, "blob")
            ),
            id="another subnet of the network makes no other name: two endpoints would fight over one record",
        ),
    ],
)
def test_names_that_must_be_equal(left: object, right: object) -> None:
    """Azure changes the casing of ids between answers, and a network has one endpoint per service."""
    assert left == right


def test_names_that_must_differ() -> None:
    """Two groups, two services of one name, two networks, two resource groups: each has an endpoint of its own."""
    elsewhere = resource_id(ACCOUNT.text.replace("/ml/", "/other/"))
    other_network = {"endpointSubnetID": f"{OFFICE.text}/subnets/endpoints"}
    named = [
        plan().endpoint(PrivateLinkTarget(ACCOUNT, "blob")),
        plan().endpoint(PrivateLinkTarget(ACCOUNT, "file")),
        plan().endpoint(PrivateLinkTarget(LAKE, "blob")),
        plan().endpoint(PrivateLinkTarget(elsewhere, "blob")),
        plan(network=other_network).endpoint(PrivateLinkTarget(ACCOUNT, "blob")),
        plan(endpoints={"resourceGroupID": GROUP.text}).endpoint(PrivateLinkTarget(ACCOUNT, "blob")),
    ]
    assert len(set(named)) == len(named)
    zone = plan().zone(BLOB_ZONE)
    assert plan().link(zone, NETWORK) != plan().link(zone, OFFICE)


def test_a_long_name_is_cut_and_keeps_what_tells_it_apart() -> None:
    """Endpoint names stay within 64 characters."""
    long = GROUP.resource("Microsoft.MachineLearningServices/workspaces", "w" * 80)
    name = plan().endpoint(PrivateLinkTarget(long, "amlworkspace")).name
    assert len(name) == 64
    assert name.startswith("wwww")
    assert name[-19:-6] == "amlworkspace-"


def test_a_prefix_comes_first_and_is_known_for_ours_with_any_other() -> None:
    """What tells names apart stays at the end, so an older prefix makes no second endpoint."""
    prefixed, target = plan(endpoints={"namePrefix": "pe-"}), TARGETS["blob"]
    assert prefixed.endpoint(target).name == f"pe-{plan().endpoint(target).name}"
    assert prefixed.is_named_for(target, plan().endpoint(target).name.upper())
    assert not prefixed.is_named_for(TARGETS["file"], plan().endpoint(target).name)
    long = GROUP.resource("Microsoft.MachineLearningServices/workspaces", "w" * 80)
    assert len(prefixed.endpoint(PrivateLinkTarget(long, "amlworkspace")).name) == 64


def test_where_things_stand() -> None:
    """Endpoints and zones beside the network, unless the spec names a group or a zone."""
    hub = f"{GROUP.text}/providers/Microsoft.Network/privateDnsZones/{BLOB_ZONE.upper()}"
    assert plan().endpoint(TARGETS["blob"]).group == NETWORK_GROUP
    assert plan().zone(BLOB_ZONE).group == NETWORK_GROUP
    assert plan(endpoints={"resourceGroupID": GROUP.text}).endpoint(TARGETS["blob"]).group == GROUP
    assert plan(dns={"zoneResourceGroupID": GROUP.text}).zone(BLOB_ZONE).group == GROUP
    assert plan(dns={"zoneIDs": [hub]}).zone(BLOB_ZONE) == resource_id(hub)
    assert plan(dns={"zoneIDs": [hub]}).zone("privatelink.azurecr.io").group == NETWORK_GROUP


def test_the_addresses_that_targets_take() -> None:
    """Three for the workspace, two for the registry, one for all else (ACR-DATA-01)."""
    taken = {group: target.addresses for group, target in TARGETS.items()}
    assert taken == {"amlworkspace": 3, "blob": 1, "file": 1, "vault": 1, "registry": 2}


def test_every_target_names_its_rule() -> None:
    """Whatever group the spec may ask for, a plan and a finding say which rule asks for its endpoint."""
    assert GROUPS.keys() == PUBLIC.zones.keys()
    assert {row.rule for row in GROUPS.values()} <= CATALOGUE.keys()
