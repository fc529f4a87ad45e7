"""AKS clusters, their pools, windows and extensions; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .client import REGION, refusal
from .landscape import NETWORK, full, network

if TYPE_CHECKING:
    from .client import Client

CLUSTER = "Microsoft.ContainerService/managedClusters/scoring"
EXTENSIONS_VERSION = "2024-11-01"


def cluster_body(**properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A cluster with one pool."""
    pool = {"name": "system", "count": 1, "vmSize": "Standard_DS2_v2", "mode": "System"}
    return {
        "location": REGION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"dnsPrefix": "scoring", "agentPoolProfiles": [pool], **properties},
    }


async def test_a_cluster_takes_minutes_and_one_operation_at_a_time(azure: Client) -> None:
    """Wire examples, section 11: 201 Creating, a status URL, no Retry-After; OperationNotAllowed meanwhile.

    Recording Test_KubernetesConfiguration_Extension_20241101_CRUD: polls say how far the creation is, in words
    that are on no client's list.
    """
    created = await azure.put(CLUSTER, cluster_body())
    assert (created.status, created.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "retry-after" not in created.headers
    assert (await azure.get(created.headers["azure-asyncoperation"])).body["status"] == "InProgress"
    azure.wait(150)
    running = (await azure.get(created.headers["azure-asyncoperation"])).body["status"]
    assert running == "CreatingAgentPools: 0/1 nodes completed"
    assert refusal(await azure.put(CLUSTER, cluster_body())) == (409, "OperationNotAllowed")
    azure.wait(300)
    assert (await azure.get(created.headers["azure-asyncoperation"])).body["status"] == "Succeeded"


async def test_a_plain_cluster_is_public(azure: Client) -> None:
    """Section 11: no apiServerAccessProfile, no privateFQDN, no vnetSubnetID; defaults of the network."""
    properties = (await azure.made(CLUSTER, cluster_body()))["properties"]
    assert "apiServerAccessProfile" not in properties
    assert "privateFQDN" not in properties
    assert properties["networkProfile"]["serviceCidr"] == "10.0.0.0/16"
    assert properties["nodeResourceGroup"] == "MC_ml_scoring_westeurope"


async def test_a_private_cluster_stays_private(azure: Client) -> None:
    """Section 11: enablePrivateCluster and serviceCidr are immutable."""
    private = {"apiServerAccessProfile": {"enablePrivateCluster": True}}
    properties = (await azure.made(CLUSTER, cluster_body(**private)))["properties"]
    assert properties["privateFQDN"].endswith(".privatelink.westeurope.azmk8s.io")
    public = {"apiServerAccessProfile": {"enablePrivateCluster": False}}
    assert refusal(await azure.put(CLUSTER, cluster_body(**public))) == (400, "PropertyChangeNotAllowed")


async def test_pools_live_in_subnets_that_exist(azure: Client) -> None:
    """A pool names its subnet."""
    await network(azure, aks={})
    body = cluster_body()
    for subnet, status in (("none", 400), ("aks", 201)):
        body["properties"]["agentPoolProfiles"][0]["vnetSubnetID"] = full(f"{NETWORK}/subnets/{subnet}")
        assert (await azure.put(CLUSTER, body)).status == status


@pytest.mark.parametrize("name", ["", "Upper", "1st", "with-hyphen", "a" * 13, None])
async def test_bad_names_of_pools(azure: Client, name: str | None) -> None:
    """Up to twelve small letters and digits, a letter first (AKS documentation); in a cluster's list as well."""
    body = cluster_body()
    body["properties"]["agentPoolProfiles"][0]["name"] = name
    assert refusal(await azure.put(CLUSTER, body, judged=False)) == (400, "InvalidParameter")


async def test_a_pool_of_its_own_is_one_of_the_clusters(azure: Client) -> None:
    """Recording Test_AKS_ManagedCluster_20240901_CRUD: the cluster lists it, and it takes minutes as well."""
    await azure.made(CLUSTER, cluster_body())
    pool = f"{CLUSTER}/agentPools/second"
    created = await azure.put(pool, {"properties": {"mode": "User", "nodeTaints": []}})
    assert (created.status, created.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "nodeTaints" not in created.body["properties"]
    assert refusal(await azure.put(CLUSTER, cluster_body())) == (409, "OperationNotAllowed")
    azure.wait()
    listed = (await azure.get(CLUSTER)).body["properties"]["agentPoolProfiles"]
    assert [(each["name"], each["mode"]) for each in listed] == [("system", "System"), ("second", "User")]
    assert (await azure.delete(pool)).status == 202
    azure.wait()
    gone = await azure.get(pool)
    assert (gone.status, gone.body["subcode"]) == (404, "GetAgentPool_NotFound_HCPServerError")


async def test_a_put_keeps_what_it_does_not_name(azure: Client) -> None:
    """Recording Test_AKS_ManagedCluster_20240901_CRUD: tier and add-ons outlive a PUT without them."""
    body = {
        **cluster_body(addonProfiles={"azurepolicy": {"enabled": True}}),
        "sku": {"name": "Base", "tier": "Standard"},
    }
    await azure.made(CLUSTER, body)
    again = await azure.made(CLUSTER, cluster_body())
    assert (again["sku"]["tier"], [*again["properties"]["addonProfiles"]]) == ("Standard", ["azurepolicy"])


async def test_pods_get_their_addresses_by_the_network(azure: Client) -> None:
    """Both recordings of clusters: an overlay when nothing was asked, the subnet's with the plugin alone."""
    overlay = (await azure.made(CLUSTER, cluster_body()))["properties"]
    plain = (await azure.made(f"{CLUSTER}2", cluster_body(networkProfile={"networkPlugin": "azure"})))[
        "properties"
    ]
    assert [each["networkProfile"].get("podCidr") for each in (overlay, plain)] == ["10.244.0.0/16", None]
    assert [each["agentPoolProfiles"][0]["maxPods"] for each in (overlay, plain)] == [250, 30]


async def test_a_deleted_cluster_is_gone_in_the_providers_words(azure: Client) -> None:
    """Both recordings of clusters: one that never was is missed by Resource Manager itself.

    Test_AKS_ManagedCluster_20240901_CRUD: polls of the deletion have an error beside their success.
    """
    assert refusal(await azure.get(CLUSTER)) == (404, "ResourceNotFound")
    await azure.made(CLUSTER, cluster_body())
    deleted = await azure.delete(CLUSTER)
    azure.wait()
    done = (await azure.get(deleted.headers["azure-asyncoperation"])).body
    assert (done["status"], done["error"]["code"]) == ("Succeeded", "NotLatestOperation")
    gone = await azure.get(CLUSTER)
    assert (gone.status, gone.body["code"], "error" in gone.body) == (404, "NotFound", False)


async def test_maintenance_windows_are_there_at_once(azure: Client) -> None:
    """Recording Test_AKS_ManagedCluster_20240901_CRUD: 200 on creation, no type, a day to begin."""
    await azure.made(CLUSTER, cluster_body())
    weekly = {"schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Saturday"}}, "durationHours": 8}
    window = {"properties": {"maintenanceWindow": {**weekly, "startTime": "00:00"}}}
    place = f"{CLUSTER}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule"
    made = await azure.put(place, window)
    assert (made.status, "type" in made.body) == (200, False)
    assert made.body["properties"]["maintenanceWindow"]["startDate"] == "2025-06-15"
    assert (await azure.delete(place)).status == 200


async def test_an_extension_lives_below_its_cluster(azure: Client) -> None:
    """Recording Test_KubernetesConfiguration_Extension_20241101_CRUD."""
    await azure.made(CLUSTER, cluster_body())
    place = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/flux"
    body = {"identity": {"type": "SystemAssigned"}, "properties": {"extensionType": "microsoft.flux"}}
    created = await azure.put(place, body, version=EXTENSIONS_VERSION)
    assert (created.status, created.body["properties"]["currentVersion"], "identity" in created.body) == (
        201,
        None,
        False,
    )
    poll = created.headers["azure-asyncoperation"]
    running = (await azure.get(poll)).body
    assert sorted(running) == ["id", "name", "status"]
    assert running["status"] == "Creating"
    azure.wait()
    assert (await azure.get(place, version=EXTENSIONS_VERSION)).body["properties"]["currentVersion"] == "1.19.5"
    deleted = await azure.delete(place, version=EXTENSIONS_VERSION)
    assert (deleted.status, "location" in deleted.headers) == (202, False)
    azure.wait()
    gone = await azure.get(place, version=EXTENSIONS_VERSION)
    assert (refusal(gone), gone.body["error"]["additionalInfo"]) == ((404, "ResourceNotFound"), [])
