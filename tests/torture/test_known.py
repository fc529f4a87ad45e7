"""Defects that the simulation has found, each as the shortest schedule that shows it.

Those with a mark are expected to fail. One that passes is mended: its mark goes then, its part of
`simulation.KNOWN` too, and it stays as a test.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.torture import invariants, truth, virtual_time
from tests.torture.administrators import HUB, VERSIONS
from tests.torture.azure import SUBSCRIPTION, Weather
from tests.torture.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.torture.azure import Request

TWO_WORKSPACES, ONE_WORKSPACE = 0, 1
"""Seeds of one process: what a schedule does not say is drawn from them."""

TWO_PROCESSES = 2
ELSEWHERE = {"resourceGroupID": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"}


def play(folder: Path, seed: int, story: Callable[[Simulation], Awaitable[None]]) -> Simulation:
    """Let a story happen in a world where every request takes a tenth of a second."""
    scenes: list[Simulation] = []

    async def whole() -> None:
        scene = Simulation(seed, folder)
        scene.elsewhere, scene.weather = False, Weather(slow=0)
        scenes.append(scene)
        await scene.prepare()
        scene.azure.delay_of = lambda _: 0.05
        for process in scene.processes:
            scene.watch.attend(process)
        await story(scene)
        scene.end()

    virtual_time.run(whole())
    return scenes[0]


def serve(scene: Simulation, number: int, **spec: Any) -> None:  # noqa: ANN401 - sections of a spec
    """Somebody makes the first or the second custom resource."""
    resource = scene.resources[number]
    resource.spec = {**resource.spec, "deletionPolicy": "Delete", **spec}
    scene.processes[number % len(scene.processes)].serve(resource)


async def all_ready(scene: Simulation) -> None:
    """Both converge."""
    await scene.wait_until(lambda: not list(invariants.all_is_as_declared(scene.watch)), at_most=900)


def test_a_write_without_an_answer_keeps_others_from_its_target(tmp_path: Path) -> None:
    """One PATCH takes ten seconds to arrive. Two seconds later another pass sees no change, and sends its own.

    Its look once ended the record of a write that had not even arrived, and the claim with it. Lists that are
    written whole lost entries by it: both were made from the same reading.
    """

    async def story(scene: Simulation) -> None:
        serve(scene, 0)
        serve(scene, 1)
        await all_ready(scene)
        vault = next(iter(scene.azure.ctx.of_type("Microsoft.KeyVault/vaults"))).id.text

        def delay(request: Request) -> float:
            return 10.0 if request.method == "PATCH" and request.target == vault.lower() else 0.05

        scene.azure.delay_of = delay
        body = {"properties": {"publicNetworkAccess": "Enabled"}}
        scene.azure.administer("PATCH", vault, VERSIONS["Microsoft.KeyVault/vaults"], body)
        scene.resources[0].woken.set()
        await asyncio.sleep(4)
        scene.resources[1].woken.set()
        await asyncio.sleep(60)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert scene.outcome.broken + scene.outcome.known == [], scene.outcome.told()


def test_links_of_networks_that_only_the_deleted_used_go_at_last(tmp_path: Path) -> None:
    """The first alone has a client network. It goes while the zones hold records of the second; then that goes.

    The links to the client network were kept with the first, and the second did not have them in its inventory:
    links and zones stayed for ever. Whoever goes last takes along every link that carries our tag.
    """

    async def story(scene: Simulation) -> None:
        network = scene.resources[0].spec["network"]
        serve(scene, 0, network={**network, "clientNetworkIDs": [HUB]})
        serve(scene, 1)
        await all_ready(scene)
        for resource in scene.resources:
            resource.delete()
            await scene.wait_until(lambda resource=resource: resource.gone)

    scene = play(tmp_path, TWO_WORKSPACES, story)
    assert [each.id.key for each in scene.azure.ctx.of_type(truth.LINKS)] == []


@pytest.mark.xfail(strict=True, reason="zone_group takes any endpoint of another name for a stranger's")
def test_an_endpoint_of_ours_without_its_group_is_no_dead_end(tmp_path: Path) -> None:
    """The first is deleted, with Retain, when its endpoints are made and their groups are not.

    The second has another group for endpoints. It uses those that are there, marked as ours, and says for ever
    that their owner must add a zone group (`zone_groups.zone_group`: `used != plan.endpoint(target)`).
    """

    async def story(scene: Simulation) -> None:
        serve(scene, 0, deletionPolicy="Retain")
        azure = scene.azure
        await scene.wait_until(lambda: len(list(azure.ctx.of_type(truth.ENDPOINTS))) == 5)
        scene.resources[0].delete()
        await asyncio.sleep(120)
        assert not list(azure.ctx.of_type(truth.GROUPS))
        serve(scene, 1, endpoints=ELSEWHERE)
        await all_ready(scene)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert scene.resources[1].ready, scene.resources[1].condition("Ready")["message"]


@pytest.mark.xfail(strict=True, reason="two processes share no claims, and neither gives way")
def test_two_processes_that_made_two_endpoints_come_to_rest(tmp_path: Path) -> None:
    """Two processes look at the same instant, and put endpoints for one workspace into two groups.

    Each service has two endpoints then, and each record leads to whoever wrote first: neither is ever Ready.
    """

    async def story(scene: Simulation) -> None:
        serve(scene, 0)
        serve(scene, 1, endpoints=ELSEWHERE)
        await all_ready(scene)

    scene = play(tmp_path, ONE_WORKSPACE + TWO_PROCESSES, story)
    assert [each.ready for each in scene.resources] == [True, True]


@pytest.mark.xfail(strict=True, reason="claims die with the process, and no list shows what is made")
def test_a_restart_while_endpoints_are_made_makes_no_second_ones(tmp_path: Path) -> None:
    """The process dies while the endpoints of the first are made; the second, with another group, comes first.

    `Ledger.restore` takes over the operations and not their claims, and a service lists an endpoint only when that
    is done (so the stand-in has it; `docs/architecture.md` says: from its first moment). The second makes its own,
    and then neither is ever Ready.
    """

    async def story(scene: Simulation) -> None:
        scene.azure.slow_operations = 3.0
        serve(scene, 0)
        await scene.wait_until(lambda: len(list(scene.azure.ctx.of_type(truth.ENDPOINTS))) == 5)
        scene.processes[0].stop()
        scene.processes[0].start()
        serve(scene, 1, endpoints=ELSEWHERE)
        await asyncio.sleep(300)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert len(list(scene.azure.ctx.of_type(truth.ENDPOINTS))) == 5
