"""All advice about an estate, asked of Azure over HTTPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.driving import drive
from tests.integration.engine import alice
from tests.integration.engine.calls import calls

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

CLUSTER = {
    "location": "westeurope",
    "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", "subnet": None}},
}


async def test_it_can_be_read_with_the_operators_role_and_holds_nothing_up(world: World) -> None:
    """Region, network, computes and online endpoints are looked at; what is found is told, and it is Ready."""
    online = f"{alice.one(world, alice.WORKSPACE)}/onlineEndpoints/scores"
    await world.alice.put(
        online, landscape.WORKSPACES, {"location": "westeurope", "properties": {"authMode": "Key"}}
    )
    driver = drive(world, world.spec(advice="Full"))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    told = {each["rule"] for each in driver.status["findings"]}
    assert told == {
        "GEN-CP-01",
        "GEN-DEV-01",
        "FW-01",
        "WS-ENDPT-01",
        "WS-AMPLS-01",
        "ACR-BUILD-02",
        "DiagnosedByAzure",
    }


async def test_a_resync_with_all_advice_costs_a_few_reads_more(world: World) -> None:
    """Insights, region, online endpoints, computes: four, for there are neither routes nor scopes."""
    counted = []
    for advice in ("Brief", "Full"):
        driver = drive(world, world.spec(advice=advice))
        await driver.settle()
        since = calls(world)[-1].sequence
        await driver.resync()
        counted.append(len(calls(world, since)))
    assert counted[1] - counted[0] == 4
