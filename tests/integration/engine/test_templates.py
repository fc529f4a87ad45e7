"""What public templates leave is taken over as it is: nothing is doubled, and no write is one too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import World, drive, open_empty_world
from tests.integration.engine import alice
from tests.integration.engine.calls import Call, last, writes
from tests.integration.engine.templates import TEMPLATES, Takeover

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def named(call: Call) -> str:
    """Verb, type, name, and the properties that a PATCH sends."""
    return " ".join((call.name, *call.sent))


def ways(world: World) -> list[str]:
    """Every endpoint, zone group, zone and link."""
    kinds = (alice.ENDPOINT, alice.GROUP, alice.ZONE, alice.LINK)
    return sorted(each.id.key for kind in kinds for each in world.emulator.ctx.of_type(kind))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.__name__)
async def test_a_template_is_taken_over(tmp_path: Path, template: Callable[[], Takeover]) -> None:
    """Every write is one of the table, in each of two passes half an hour apart; a Delete leaves it all there."""
    wanted = template()
    async with open_empty_world(tmp_path) as world:
        for item in wanted.estate.items:
            await world.alice.put(item.id, item.api_version, item.body)
        before, start = ways(world), last(world)
        driver = drive(world, {**wanted.spec, "deletionPolicy": "Delete"})
        await driver.settle()
        assert {kind: driver.condition(kind)["reason"] for kind in wanted.conditions} == wanted.conditions
        assert sorted(map(named, writes(world, start))) == list(wanted.writes)
        assert ways(world) == before

        start = last(world)
        await driver.resync()
        driver.delete()
        assert (await driver.settle()).released
        assert writes(world, start) == []
        assert ways(world) == before
