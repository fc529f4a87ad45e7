"""AKS clusters; source: wire examples, sections 0.1, 0.2 and 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import REGION, refusal
from .landscape import NETWORK, full, network

if TYPE_CHECKING:
    from .client import Client

CLUSTER = "Microsoft.ContainerService/managedClusters/scoring"


def cluster_body(**properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A cluster with one pool."""
    pool = {"name": "system", "count": 1, "vmSize": "Standard_DS2_v2", "mode": "System"}
    return {
        "location": REGION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"dnsPrefix": "scoring", "agentPoolProfiles": [pool], **properties},
    }


async def test_a_cluster_takes_minutes_and_one_operation_at_a_time(azure: Client) -> None:
    """201 Creating, a status URL, no Retry-After; OperationNotAllowed meanwhile."""
    created = await azure.put(CLUSTER, cluster_body())
    assert (created.status, created.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "retry-after" not in created.headers
    azure.wait(150)
    assert (await azure.get(created.headers["azure-asyncoperation"])).body["status"] == "InProgress"
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
