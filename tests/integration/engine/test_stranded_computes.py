"""A cluster without a subnet, in a workspace that is to get its first private endpoint (WS-PE-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import drive
from tests.integration.engine import alice
from tests.integration.engine.calls import writes
from tests.integration.engine.test_convergence import Diary

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

CLUSTER = {
    "location": "westeurope",
    "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", "subnet": None}},
}


@pytest.fixture
async def nightly(world: World) -> str:
    """A cluster whose nodes are in no network of ours."""
    cluster = f"{alice.one(world, alice.WORKSPACE)}/computes/nightly"
    await world.alice.put(cluster, landscape.WORKSPACES, CLUSTER)
    return cluster


async def test_it_is_named_before_the_endpoint_is_made(world: World, nightly: str) -> None:
    """It stops working then, and the first version said no word: the status tells it before the request."""
    plain = drive(world, world.spec())
    driver = Diary(world, plain.engine, plain.request)
    await driver.settle()
    name = nightly.rsplit("/", 1)[1]
    first = next(write for write in writes(world) if "-amlworkspace-" in write.target and write.method == "PUT")
    told = driver.announced_before(first.sequence).get("findings", [])
    assert [name in each["message"] for each in told if each["rule"] == "WS-PE-07"] == [True]
    warned = [event for event in driver.events if event.reason == "ComputesStranded"]
    assert [(event.type, name in event.message) for event in warned] == [("Warning", True)]
    assert driver.condition("Ready")["status"] == "True"


async def test_with_hold_nothing_is_made_and_nothing_closed_until_it_is_gone(world: World, nightly: str) -> None:
    """Somebody deletes it, and everything goes on by itself."""
    driver = drive(world, world.spec(endpoints={"strandedComputes": "Hold"}))
    await driver.step()
    assert driver.condition("PrivateLinkReady")["reason"] == "ComputesStranded"
    assert not list(world.emulator.ctx.of_type(alice.ENDPOINT))
    assert alice.shown(world, alice.STORAGE)["properties"].get("publicNetworkAccess") != "Disabled"
    await world.alice.delete(nightly, f"{landscape.WORKSPACES}&underlyingResourceAction=Delete")
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
