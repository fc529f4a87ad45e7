"""A policy that demands a tag is met by the spec, and the tags of the spec come and go without anybody else's."""

from __future__ import annotations

from typing import Any

from tests.integration.driving import SUBSCRIPTION, World, drive, new_engine
from tests.integration.engine import alice

POLICY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/cost"
KINDS = (alice.ENDPOINT, alice.ZONE, alice.LINK)


async def _demands_a_tag(world: World) -> None:
    """A policy comes that lets nobody make an endpoint without a cost center."""
    rule = {"type": alice.ENDPOINT.lower(), "field": "tags.costCenter"}
    await alice.creates(
        world, POLICY, "2022-06-01", properties={"displayName": "Cost center", "emulatorDeny": rule}
    )


def _values(world: World, kind: str, name: str = "costCenter") -> set[Any]:
    """What the resources of a type carry under a name."""
    return {(each.body.get("tags") or {}).get(name) for each in world.emulator.ctx.of_type(kind)}


async def test_a_policy_that_demands_a_tag_is_met(world: World) -> None:
    """F8: without the field every endpoint was refused, for ever; an edit of the spec is all it takes."""
    await _demands_a_tag(world)
    driver = drive(world, world.spec())
    for _ in range(5):
        await driver.step()
        world.emulator.clock.advance(60)
    assert driver.condition("PrivateLinkReady")["reason"] == "DeniedByPolicy"
    driver.edit(world.spec(tags={"costCenter": "42"}))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert [_values(world, kind) for kind in KINDS] == [{"42"}] * 3


async def test_tags_follow_the_spec_and_leave_those_of_others(world: World) -> None:
    """Put back, changed, and taken off again; what Alice adds stays, and nothing is written when all is right."""
    driver = drive(world, world.spec(tags={"costCenter": "42"}))
    await driver.settle()
    tags = alice.shown(world, alice.ENDPOINT, "-blob-")["tags"]
    await alice.tags(world, alice.ENDPOINT, {**tags, "costCenter": "7", "team": "risk"}, "-blob-")
    ours = {"managed-by": "secureml-operator", "team": "risk"}
    await alice.tags(world, alice.ZONE, ours, "zones/privatelink.blob")
    await driver.resync()
    assert [_values(world, kind) for kind in KINDS] == [{"42"}] * 3
    assert "risk" in _values(world, alice.ENDPOINT, "team") & _values(world, alice.ZONE, "team")
    driver.edit(world.spec(tags={"costCenter": "43"}))
    await driver.settle()
    assert [_values(world, kind) for kind in KINDS] == [{"43"}] * 3
    driver.edit(world.spec())
    await driver.settle()
    assert [_values(world, kind) for kind in KINDS] == [{None}, {"43"}, {"43"}]
    assert "tags" not in driver.status
    assert "risk" in _values(world, alice.ENDPOINT, "team") & _values(world, alice.ZONE, "team")


async def test_two_resources_do_not_fight_over_a_value(world: World) -> None:
    """The first one's stands, on shared endpoints, zones and links; the other says so, and is ready."""
    engine = new_engine(world)
    first = drive(world, world.spec(tags={"costCenter": "42"}), engine=engine)
    await first.settle()
    second = drive(world, world.spec(tags={"costCenter": "7", "team": "risk"}), "second", engine)
    await second.settle()
    await first.resync()
    before = len(world.log())
    await second.resync()
    assert [entry for entry in world.log()[before:] if entry["method"] in {"PUT", "PATCH", "DELETE"}] == []
    assert [_values(world, kind) for kind in KINDS] == [{"42"}] * 3
    assert [_values(world, kind, "team") for kind in KINDS] == [{"risk"}] * 3
    assert second.condition("Ready")["status"] == "True"
    assert any("spec.tags says 7" in each["message"] for each in second.status["findings"])
