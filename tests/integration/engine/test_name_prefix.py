"""A prefix for the names of endpoints: those that exist keep theirs, and nothing is doubled."""

from __future__ import annotations

from tests.integration.driving import World, drive
from tests.integration.engine import alice

NAMED = {"namePrefix": "pe-"}


async def test_a_prefix_names_what_is_made_from_now_on(world: World) -> None:
    """Edited in the midst of a convergence, with a restart: accounts do not show what is being made for them."""
    kept = {"deletionPolicy": "Delete"}
    driver = drive(world, world.spec(**kept))
    await driver.step()
    before = {each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT)}
    assert before
    driver.restart()
    parts = {"subResources": ["blob", "file", "queue"]}
    driver.edit(world.spec(endpoints=NAMED, storage=parts, **kept))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    names = {each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT)}
    assert before < names
    assert [name for name in names - before if not name.startswith("pe-")] == []
    assert len(names) == 6
    driver.edit(world.spec(storage=parts, **kept))
    await driver.settle()
    assert {each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT)} == names
    driver.delete()
    outcome = await driver.settle()
    assert outcome.released
    assert list(world.emulator.ctx.of_type(alice.ENDPOINT)) == []
