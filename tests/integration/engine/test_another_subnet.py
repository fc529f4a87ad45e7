"""Another endpoint subnet: a new resource takes the old endpoints over, says where they are and how they move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.driving import Driver, World, drive
from tests.integration.engine import alice

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from typing import Any


def _subnets(world: World) -> dict[str, str]:
    """In which subnet each endpoint is, by what it leads to."""
    found = {}
    for each in world.emulator.ctx.of_type(alice.ENDPOINT):
        leads = each.body["properties"]["privateLinkServiceConnections"][0]["properties"]
        found[leads["groupIds"][0]] = each.body["properties"]["subnet"]["id"].rsplit("/", 1)[1]
    return found


def _told(driver: Driver) -> list[dict[str, Any]]:
    return [
        each
        for each in driver.status.get("findings", ())
        if "made before the spec named more-endpoints" in each["message"]
    ]


async def test_endpoints_move_to_another_subnet_by_the_advice(ready: Driver, world: World) -> None:
    """Seen: the new resource was Ready in the wrong subnet, unsaid. Deleted one by one, each comes as declared."""
    old = landscape.subnet_id(world.subscription)
    subnet = f"{old.rsplit('/', 1)[0]}/more-endpoints"
    await alice.creates(world, subnet, landscape.NETWORK, properties={"addressPrefix": "10.20.200.0/24"})
    spec = {**world.spec(), "network": {"endpointSubnetID": subnet}}
    second = drive(world, spec, "moved", ready.engine)
    await second.settle()
    assert second.condition("Ready")["status"] == "True"
    assert set(_subnets(world).values()) == {old.rsplit("/", 1)[1]}
    assert [each["resource"] for each in _told(second)] == [old]
    ready.delete()
    assert (await ready.settle()).released
    while told := _told(second):
        named = told[0]["advice"].split("--ids ")[1].split(")")[0]
        await alice.vanishes(world, named, landscape.NETWORK)
        await second.resync()
        assert second.condition("Ready")["status"] == "True"
    assert set(_subnets(world).values()) == {"more-endpoints"}
    assert len(_subnets(world)) == 5
