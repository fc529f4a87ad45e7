"""The operator dies right after its k-th write (to Azure, or of a status), for every k; another one goes on.

The oracle is that of Sieve (Sun et al., OSDI 2022): the end state, and how often each resource was created and
deleted, are those of a run that nothing disturbed. That run is made once for all deaths of a scene, and notes
after each write what would be left of it then: that is a death here. For each of them Azure and the status are
brought to where they stood, without the operator.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from tests.integration.driving import Driver, drive, new_engine, open_empty_world
from tests.integration.engine import alice
from tests.integration.engine.killing import MortalDriver
from tests.integration.engine.oracle import Result, result
from tests.integration.engine.replaying import recorded, replay

from secureml_reconcilers.azure.resource_id import resource_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.integration.driving import World

    Scene = Callable[[World], Awaitable[Driver]]


async def first_convergence(world: World) -> Driver:
    """A custom resource was just applied."""
    return drive(world, world.spec())


async def deletion(world: World) -> Driver:
    """A converged custom resource is deleted with all that was made for it.

    Its zones are listed for another one, as if that had made them; they go all the same, with their last links.
    """
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.settle()
    made = [entry for entry in driver.status["inventory"] if resource_id(entry["id"]).type != alice.ZONE.lower()]
    driver.save({**driver.status, "inventory": made})
    driver.delete()
    return driver


async def repair(world: World) -> Driver:
    """Somebody has opened the vault, removed a link and an endpoint, and cut another one off."""
    driver = drive(world, world.spec())
    await driver.settle()
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    await alice.deletes(world, alice.LINK, "azurecr.io")
    await alice.deletes(world, alice.ENDPOINT, "-blob-")
    await alice.judges(world, alice.WORKSPACE, "amlworkspace", None)
    world.emulator.clock.advance(1800)
    return driver


SCENES = {  # scene, outage in seconds, writes of a run that nothing disturbs
    "while it converges, and back at once": (first_convergence, 0, 45),
    "while it converges, and back when all operations have ended": (first_convergence, 60, 45),
    "while it deletes, and back at once": (deletion, 0, 32),
    "while it repairs, and back at once": (repair, 0, 18),
}

_UNDISTURBED: dict[Scene, tuple[MortalDriver, Result]] = {}


async def undisturbed(folder: Path, scene: Scene) -> tuple[MortalDriver, Result]:
    """The run that nothing disturbed: all deaths in the scene are held against it."""
    if scene not in _UNDISTURBED:
        async with open_empty_world(folder) as world:
            asked = recorded(world.emulator)
            await world.furnish()
            before = await scene(world)
            driver = MortalDriver(world, before.engine, before.request, asked=asked)
            driver.begin_life()
            await driver.settle()
            _UNDISTURBED[scene] = driver, result(world)
    return _UNDISTURBED[scene]


@pytest.mark.parametrize("story", SCENES)
async def test_there_is_a_death_after_every_write(tmp_path: Path, story: str) -> None:
    """An engine that writes more or less often has other points to die at: say so above."""
    scene, _, writes = SCENES[story]
    driver, _ = await undisturbed(tmp_path, scene)
    assert len(driver.deaths) == writes, [death.write for death in driver.deaths]


@pytest.mark.parametrize("scene", [first_convergence, deletion, repair])
async def test_a_replay_ends_where_the_run_ended(tmp_path: Path, scene: Scene) -> None:
    """To the last entity tag: whoever is told of a death finds the very Azure in which it happened."""
    driver, _ = await undisturbed(tmp_path, scene)
    there = driver.world.emulator
    async with open_empty_world(tmp_path) as world:
        replay(world.emulator, driver.asked, there.clock.now())
        assert list(world.emulator.ctx.store.all()) == list(there.ctx.store.all())


async def test_an_undisturbed_convergence_writes_everything_once(tmp_path: Path) -> None:
    """Five zone groups were written again, some twice, for records that were there already.

    Account, vault and registry are closed by one write, and their firewalls set by another.
    """
    driver, _ = await undisturbed(tmp_path, first_convergence)
    writes = Counter(death.write for death in driver.deaths if death.write != "status")
    twice = sorted(write.split("/")[0] for write, times in writes.items() if times > 1)
    assert (twice, max(writes.values())) == (["PATCH registries", "PATCH storageAccounts", "PATCH vaults"], 2)


DEATHS = [
    pytest.param(story, number, id=f"{story}-after write {number}")
    for story, (_, _, writes) in SCENES.items()
    for number in range(1, writes + 1)
]


@pytest.mark.parametrize(("story", "number"), DEATHS)
async def test_a_death_after_any_write_changes_nothing_in_the_end(tmp_path: Path, story: str, number: int) -> None:
    """Same end state, same creates, same deletes, whichever write was the last of the first life."""
    scene, outage, _ = SCENES[story]
    whole, expected = await undisturbed(tmp_path, scene)
    death = whole.deaths[number - 1]
    async with open_empty_world(tmp_path) as world:
        replay(world.emulator, death.asked, death.moment + outage)
        driver = MortalDriver(world, new_engine(world), deepcopy(death.request))
        driver.begin_life()
        await driver.settle()
        assert result(world).differences(expected) == [], f"death after {death.write}"
    assert driver.condition("Ready").get("message") == whole.condition("Ready").get("message")
