"""Estates of every kind: what the operator says there, what it closes, and what it writes, and nothing else.

Nobody is cut off, and nothing is open in silence, in any of them: every world is watched for both.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest
from tests.integration.driving import Driver, drive
from tests.integration.engine import alice
from tests.integration.engine import estates as made
from tests.integration.engine.calls import writes
from tests.integration.engine.estate_table import ROWS, Estate
from tests.integration.engine.test_exposed import look_for

if TYPE_CHECKING:
    from tests.integration.driving import World

ENOUGH: Final = timedelta(minutes=25)
"""A convergence takes three minutes, and what does not come is open aloud after ten."""

ASPECTS: Final = 5
"""The first conditions are about all of them."""


def written(world: World) -> dict[str, int]:
    """What the operator wrote, by verb and type; private endpoints by theirs."""
    taken = [each for each in writes(world) if each.status < 400]
    return dict(Counter(f"{each.method} {each.target.split('/')[-2]}" for each in taken))


def unmet(driver: Driver) -> dict[str, str]:
    """The reason of every aspect that is not met."""
    aspects = driver.status["conditions"][ASPECTS:]
    return {each["type"]: each["reason"] for each in aspects if each["status"] != "True"}


def closed(world: World) -> frozenset[str]:
    """Which of the workspace's services answer nobody on the internet."""
    found = set()
    for kind in (alice.WORKSPACE, alice.STORAGE, alice.VAULT, alice.REGISTRY):
        for each in world.emulator.ctx.of_type(kind):
            access = each.properties.get("publicNetworkAccess")
            rules = each.properties.get("networkAcls") or each.properties.get("networkRuleSet") or {}
            if access in {"Disabled", "SecuredByPerimeter"} or rules.get("defaultAction") == "Deny":
                found.add(kind.split("/")[1])
    return frozenset(found)


@pytest.mark.parametrize("estate", ROWS)
async def test_an_estate(world: World, estate: Estate) -> None:
    """What is said, what is closed, what is written."""
    await estate.setup(world)
    world.emulator.clock.advance(600)
    driver = drive(world, world.spec(**estate.spec))
    await look_for(driver, ENOUGH)
    assert (unmet(driver), closed(world), written(world)) == (estate.said, estate.closed, estate.writes)


async def test_no_endpoint_is_made_whose_names_would_then_not_exist(world: World) -> None:
    """The hub's zones are all there but that of the workspace's first name; those links have no fall-back."""
    await made.has_group("hub")(world)
    await made.has_zones("hub", *made.NAMES[1:], linked="ml-vnet")(world)
    dns = {"mode": "Existing", "zoneResourceGroupID": f"{made.GROUPS}/hub"}
    await look_for(drive(world, world.spec(dns=dns)), ENOUGH)
