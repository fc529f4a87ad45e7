"""The operator dies right after its k-th write (to Azure, or of a status), for every k; another one goes on.

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


SCENES = {  # scene, outage in seconds, rows: some more than an undisturbed run has writes
    "while it converges, and back at once": (first_convergence, 0, 80),
    "while it converges, and back when all operations have ended": (first_convergence, 60, 80),
    "while it deletes, and back at once": (deletion, 0, 45),
    "while it repairs, and back at once": (repair, 0, 25),
}

_UNDISTURBED: dict[str, tuple[MortalDriver, Result]] = {}
"""By scene, the run that nothing disturbed: all deaths in the scene are held against it."""


async def undisturbed(folder: Path, story: str) -> tuple[MortalDriver, Result]:
    """The run of a scene with no death in it."""
    if story not in _UNDISTURBED:
        scene, outage, _ = SCENES[story]
        _UNDISTURBED[story] = await lived(folder, scene, FOREVER, outage)
    return _UNDISTURBED[story]


@pytest.mark.parametrize("story", SCENES)
async def test_there_is_a_death_after_every_write(tmp_path: Path, story: str) -> None:
    """An engine that writes more often has more points to die at: add rows above."""
    driver, _ = await undisturbed(tmp_path, story)
    assert 0 < len(driver.life.written) <= SCENES[story][2]


async def test_an_undisturbed_convergence_writes_everything_once(tmp_path: Path) -> None:
    """Five zone groups were written again, some twice, for records that were there already."""
    driver, _ = await undisturbed(tmp_path, "while it converges, and back at once")
    writes = [each for each in driver.life.written if each != "status"]
    assert len(writes) == len(set(writes))


DEATHS = [
    pytest.param(story, number, id=f"{story}-after write {number}")
    for story, (_, _, rows) in SCENES.items()
    for number in range(1, rows + 1)
]


@pytest.mark.parametrize(("story", "number"), DEATHS)
async def test_a_death_after_any_write_changes_nothing_in_the_end(tmp_path: Path, story: str, number: int) -> None:
    """Same end state, same creates, same deletes, whichever write was the last of the first life."""
    scene, outage, _ = SCENES[story]
    whole, expected = await undisturbed(tmp_path, story)
    if number > len(whole.life.written):
        pytest.skip("nothing is left to write by then")
    driver, found = await lived(tmp_path, scene, number, outage)
    assert found.differences(expected) == [], f"death after {whole.life.written[number - 1]}"
    assert driver.condition("Ready").get("message") == whole.condition("Ready").get("message")
