"""The operator dies right after its k-th write, for every k, and another one goes on from the last status.

Sieve's oracle: the end state, and how often each resource was created and deleted, are those of a run that
nothing disturbed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import drive, open_world
from tests.integration.engine import alice
from tests.integration.engine.killing import FOREVER, Killed, MortalDriver, mortal
from tests.integration.engine.oracle import Result, result

from secureml_reconcilers.azure.resource_id import resource_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.integration.driving import World

    Scene = Callable[[World], Awaitable[MortalDriver]]


async def first_convergence(world: World) -> MortalDriver:
    """A custom resource was just applied."""
    return mortal(drive(world, world.spec()))


async def deletion(world: World) -> MortalDriver:
    """A converged custom resource is deleted with all that was made for it, and with the zones made by another."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.settle()
    made = [entry for entry in driver.status["inventory"] if resource_id(entry["id"]).type != alice.ZONE.lower()]
    driver.save({**driver.status, "inventory": made})
    driver.delete()
    return mortal(driver)


async def repair(world: World) -> MortalDriver:
    """Somebody has opened the vault, removed a link and an endpoint, and cut another one off."""
    driver = drive(world, world.spec())
    await driver.settle()
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    await alice.deletes(world, alice.LINK, "azurecr.io")
    await alice.deletes(world, alice.ENDPOINT, "-blob-")
    await alice.judges(world, alice.WORKSPACE, "amlworkspace", None)
    world.emulator.clock.advance(1800)
    return mortal(driver)


async def lived(folder: Path, scene: Scene, writes: int, outage: float) -> tuple[MortalDriver, Result]:
    """One run in a world of its own, with a death after so many writes."""
    async with open_world(folder) as world:
        driver = await scene(world)
        driver.begin_life(writes)
        try:
            await driver.settle()
        except Killed:
            world.emulator.clock.advance(outage)
            driver.begin_life()
            await driver.settle()
        return driver, result(world)


@pytest.mark.parametrize(
    ("scene", "outage"),
    [
        pytest.param(first_convergence, 0, id="while it converges, and back at once"),
        pytest.param(first_convergence, 60, id="while it converges, and back when all operations have ended"),
        pytest.param(deletion, 0, id="while it deletes, and back at once"),
        pytest.param(repair, 0, id="while it repairs, and back at once"),
    ],
)
async def test_a_death_after_any_write_changes_nothing_in_the_end(
    tmp_path: Path, scene: Scene, outage: float
) -> None:
    """Same end state, same creates, same deletes, whichever write was the last of the first life."""
    undisturbed, expected = await lived(tmp_path, scene, FOREVER, outage)
    told = undisturbed.life.written
    problems = {}
    for k in range(1, len(told) + 1):
        driver, found = await lived(tmp_path, scene, k, outage)
        wrong = found.differences(expected)
        if driver.condition("Ready").get("message") != undisturbed.condition("Ready").get("message"):
            wrong.append(f"Ready is {driver.condition('Ready')}")
        if wrong:
            problems[f"death after write {k} of {len(told)}, {told[k - 1]}"] = wrong
    assert problems == {}
