"""Computes of workspaces; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .client import REGION, refusal
from .landscape import CLUSTER, NETWORK, WORKSPACE, cluster_body, full, network, workspace

if TYPE_CHECKING:
    from .client import Client

DETACH = "underlyingResourceAction=Detach"


def attached(kind: str, resource: str, **inner: Any) -> dict[str, Any]:  # noqa: ANN401
    """A compute that stands for another resource."""
    return {
        "location": REGION,
        "properties": {"computeType": kind, "resourceId": full(resource), "properties": inner},
    }


async def test_a_cluster_is_made_in_the_background(azure: Client) -> None:
    """Recording Test_MachineLearning_Workspaces_20240401_CRUD: 201 Creating, a status URL, no Retry-After."""
    await workspace(azure)
    created = await azure.put(CLUSTER, cluster_body(scaleSettings={"maxNodeCount": 4, "minNodeCount": 1}))
    assert (created.status, created.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "retry-after" not in created.headers
    azure.wait(20)
    inner = (await azure.get(CLUSTER)).body["properties"]["properties"]
    assert (inner["allocationState"], inner["currentNodeCount"]) == ("Steady", 1)


async def test_only_the_scale_of_a_cluster_changes(azure: Client) -> None:
    """Wire examples, section 2: PATCH accepts scaleSettings; the network is fixed."""
    await network(azure, train={}, other={})
    await workspace(azure)
    train, other = ({"id": full(f"{NETWORK}/subnets/{name}")} for name in ("train", "other"))
    await azure.made(CLUSTER, cluster_body(subnet=train))
    assert (await azure.put(CLUSTER, cluster_body(subnet=other))).status == 400
    scale = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 9}}}}
    assert (await azure.patch(CLUSTER, scale)).status == 200
    azure.wait(20)
    inner = (await azure.get(CLUSTER)).body["properties"]["properties"]
    assert (inner["scaleSettings"]["maxNodeCount"], inner["subnet"]) == (9, train)


@pytest.mark.parametrize(
    ("subnet", "status"),
    [
        pytest.param("train", 201, id="a plain subnet"),
        pytest.param("none", 400, id="no subnet"),
        pytest.param("aci", 400, id="a delegated subnet"),
    ],
)
async def test_where_a_cluster_may_live(azure: Client, subnet: str, status: int) -> None:
    """Wire examples, section 2: delegated subnets are refused."""
    delegation = {"name": "aci", "properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}
    await network(azure, train={}, aci={"delegations": [delegation]})
    await workspace(azure)
    answer = await azure.put(CLUSTER, cluster_body(subnet={"id": full(f"{NETWORK}/subnets/{subnet}")}))
    assert answer.status == status


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        pytest.param("AmlCompute", "ok-1", 201, id="a cluster may end in a number"),
        pytest.param("ComputeInstance", "ci-1", 400, id="an instance may not"),
        pytest.param("ComputeInstance", "ci-a1", 201, id="but with a letter it may"),
        pytest.param("AmlCompute", "1st", 400, id="a letter comes first"),
        pytest.param("AmlCompute", "x" * 25, 400, id="too long"),
    ],
)
async def test_names(azure: Client, kind: str, name: str, status: int) -> None:
    """Names table."""
    await workspace(azure)
    body = {"location": REGION, "properties": {"computeType": kind, "properties": {"vmSize": "STANDARD_DS3_V2"}}}
    assert (await azure.put(f"{WORKSPACE}/computes/{name}", body)).status == status


async def test_an_instance_without_public_address(azure: Client) -> None:
    """Wire examples, section 2: addresses and state of an instance."""
    await network(azure, train={})
    await workspace(azure)
    place = f"{WORKSPACE}/computes/ann"
    inner = {
        "vmSize": "STANDARD_DS3_V2",
        "subnet": {"id": full(f"{NETWORK}/subnets/train")},
        "enableNodePublicIp": False,
    }
    body = {"location": REGION, "properties": {"computeType": "ComputeInstance", "properties": inner}}
    shown = (await azure.made(place, body))["properties"]["properties"]
    assert (shown["state"], shown["connectivityEndpoints"]["publicIpAddress"]) == ("Running", None)


async def test_secrets_are_not_echoed(azure: Client) -> None:
    """The recording: administratorAccount is null in every answer."""
    await workspace(azure)
    machine = "Microsoft.Compute/virtualMachines/vm1"
    await azure.put(
        machine,
        {"location": REGION, "properties": {"hardwareProfile": {"vmSize": "Standard_D1_v2"}}},
        version="2024-07-01",
    )
    account = {"username": "u", "password": "p"}
    body = attached("VirtualMachine", machine, sshPort=22, administratorAccount=account)
    shown = await azure.put(f"{WORKSPACE}/computes/machine", body)
    assert (shown.status, shown.body["properties"]["isAttachedCompute"]) == (201, True)
    assert shown.body["properties"]["properties"]["administratorAccount"] is None


async def test_attaching_nothing_is_refused(azure: Client) -> None:
    """The attached resource must exist."""
    await workspace(azure)
    body = attached("Kubernetes", "Microsoft.ContainerService/managedClusters/none")
    assert refusal(await azure.put(f"{WORKSPACE}/computes/k8s", body)) == (400, "BadRequest")


async def test_detaching_is_polled(azure: Client) -> None:
    """The recording: 202 with a status URL only; 204 when there is nothing."""
    await workspace(azure)
    await azure.made(CLUSTER, cluster_body())
    gone = await azure.delete(CLUSTER, query=DETACH)
    assert (gone.status, gone.body) == (202, None)
    assert "location" not in gone.headers
    azure.wait(20)
    assert (await azure.delete(CLUSTER, query=DETACH)).status == 204


async def test_a_managed_network_has_no_custom_subnets(azure: Client) -> None:
    """Rule WS-MNET-01."""
    await network(azure, train={})
    await workspace(azure, managedNetwork={"isolationMode": "AllowInternetOutbound"})
    answer = await azure.put(CLUSTER, cluster_body(subnet={"id": full(f"{NETWORK}/subnets/train")}))
    assert answer.status == 400
