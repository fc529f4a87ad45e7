"""Defects that the simulation has found, each as the shortest schedule that shows it.

One that is not mended yet has a mark and is expected to fail; the mark goes when it passes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.torture import invariants, truth, virtual_time
from tests.torture.administrators import DNS, HUB, VERSIONS
from tests.torture.azure import SUBSCRIPTION, Weather
from tests.torture.operators import RESYNC
from tests.torture.simulation import Simulation

from secureml_sandbox import landscape

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


def note_deletions(scene: Simulation, removed: list[str]) -> None:
    """From here on, list what the operator deletes."""

    def note(request: Request) -> None:
        if request.method == "DELETE":
            removed.append(request.target)

    scene.azure.before_write.append(note)


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
    assert scene.outcome.broken == [], scene.outcome.told()


def test_a_record_that_goes_before_its_service_is_closed_keeps_it_open(tmp_path: Path) -> None:
    """All is done but the closing, and a pause stops that pass. Somebody deletes the vault's record meanwhile.

    The next pass reads anew what it leans on. The list of zone groups is from before there was one: the group was
    taken for absent, so that no record was looked for, then read by itself and found as declared (OPS-08).
    """
    deleted: list[str] = []

    async def story(scene: Simulation) -> None:
        vault = next(iter(scene.azure.ctx.of_type("Microsoft.KeyVault/vaults"))).id.name

        def delete(record: str) -> None:
            scene.azure.administer("DELETE", record, DNS)
            asyncio.get_running_loop().call_later(0.5, lambda: scene.resources[0].pause(paused=False))

        def delay(request: Request) -> float:
            exists = scene.azure.shown(request.target) is not None
            if request.target.endswith(f"/a/{vault.lower()}") and exists and not deleted:
                deleted.append(request.target)
                scene.resources[0].pause(paused=True)
                asyncio.get_running_loop().call_later(1.0, delete, request.target)
            return 0.05

        scene.azure.delay_of = delay
        serve(scene, 0)
        await scene.wait_until(lambda: scene.resources[0].ready, at_most=900)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert (scene.outcome.broken, len(deleted), scene.resources[0].ready) == ([], 1, True), scene.outcome.told()


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


def test_names_that_somebody_took_out_do_not_let_their_zone_go(tmp_path: Path) -> None:
    """Two use one vault's endpoint. Nobody is at work while its zone group is taken away, and one is deleted.

    The zone held no record then, so its link went with the one, though the other needs it as soon as it has given
    the endpoint its group again.
    """
    removed: list[str] = []

    async def story(scene: Simulation) -> None:
        serve(scene, 0)
        serve(scene, 1)
        await all_ready(scene)
        scene.processes[0].stop()
        group = next(each for each in scene.azure.ctx.of_type(truth.GROUPS) if "-vault-" in each.id.key)
        scene.azure.administer("DELETE", group.id.text, landscape.NETWORK)
        await asyncio.sleep(600)
        note_deletions(scene, removed)
        scene.resources[1].delete()
        scene.processes[0].start()
        await all_ready(scene)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert (removed, scene.resources[1].gone, scene.resources[0].ready) == ([], True, True)


def test_names_that_somebody_took_out_do_not_let_the_zone_of_another_workspace_go(tmp_path: Path) -> None:
    """As above, for two workspaces: the endpoint of the other one stands in no inventory of the deleted.

    The vault's link went under the other: an empty zone does not tell who needs it, and the list of endpoints of
    the network that the link leads to does.
    """
    removed: list[str] = []

    async def story(scene: Simulation) -> None:
        serve(scene, 0)
        serve(scene, 1)
        await all_ready(scene)
        scene.resources[0].pause(paused=True)
        group = next(each for each in scene.azure.ctx.of_type(truth.GROUPS) if "/kv-fraud" in each.id.key)
        scene.azure.administer("DELETE", group.id.text, landscape.NETWORK)
        await asyncio.sleep(600)
        note_deletions(scene, removed)
        scene.resources[1].delete()
        await scene.wait_until(lambda: scene.resources[1].gone, at_most=900)

    play(tmp_path, TWO_WORKSPACES, story)
    assert [each for each in removed if "vaultcore" in each] == []


def test_an_endpoint_of_ours_without_its_group_is_no_dead_end(tmp_path: Path) -> None:
    """The first is deleted, with Retain, when its endpoints are made and their groups are not.

    The second has another group for endpoints. It used those that are there, marked as ours, and said for ever
    that their owner must add a zone group. Whoever uses one of ours makes its group.
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


def test_two_processes_that_made_two_endpoints_come_to_rest(tmp_path: Path) -> None:
    """Two processes look at the same instant, and put endpoints for one workspace into two groups.

    Each service has two endpoints then, and each record leads to whoever wrote first: neither was ever Ready. Now
    both use the one that the names lead to. Where one of the two has no zone group, it goes; both are kept where
    both have written the names, for these might go with either.
    """

    async def story(scene: Simulation) -> None:
        serve(scene, 0)
        serve(scene, 1, endpoints=ELSEWHERE)
        await all_ready(scene)
        await asyncio.sleep(RESYNC + 300)  # who was done before it saw the other's group looks again by then
        written = len(scene.azure.writes)
        await asyncio.sleep(2 * RESYNC)
        assert len(scene.azure.writes) == written

    scene = play(tmp_path, ONE_WORKSPACE + TWO_PROCESSES, story)
    assert [each.ready for each in scene.resources] == [True, True]
    assert all(endpoint_users(scene, each) == 2 for each in scene.azure.ctx.of_type(truth.ENDPOINTS))


def test_of_two_endpoints_neither_takes_the_names_of_the_other_along(tmp_path: Path) -> None:
    """As above, and a zone group that goes takes along records that lead to the other endpoint by then."""
    lost: list[str] = []

    async def story(scene: Simulation) -> None:
        scene.azure.groups_take_any_record = True
        serve(scene, 0)
        serve(scene, 1, endpoints=ELSEWHERE)
        wrong = lambda: truth.what_is_wrong(scene.azure, scene.resources[0].spec)  # noqa: E731 - asked twice
        await scene.wait_until(lambda: not wrong(), at_most=900)
        scene.azure.on_change.append(lambda: lost.extend(text for text in wrong().values() if "leads to" in text))
        await asyncio.sleep(2 * RESYNC)

    scene = play(tmp_path, ONE_WORKSPACE + TWO_PROCESSES, story)
    assert (lost, [each.ready for each in scene.resources]) == ([], [True, True])


def test_who_goes_as_it_comes_leaves_no_name_behind(tmp_path: Path) -> None:
    """The second puts its name on the endpoints of the first, and is deleted before it has closed the vault, too.

    What is used was listed at the end of a pass, and that one had none: the names kept the endpoints for ever.
    """

    async def story(scene: Simulation) -> None:
        serve(scene, 0)
        await scene.wait_until(lambda: scene.resources[0].ready, at_most=900)
        scene.resources[0].pause(paused=True)
        vault = next(iter(scene.azure.ctx.of_type("Microsoft.KeyVault/vaults"))).id.text
        opened = {"properties": {"publicNetworkAccess": "Enabled"}}
        scene.azure.administer("PATCH", vault, VERSIONS["Microsoft.KeyVault/vaults"], opened)
        second = scene.resources[1]

        def delete(request: Request) -> None:
            if request.by is not None and request.by.resource is second and not second.deleting:
                second.delete()

        scene.azure.before_write.append(delete)
        serve(scene, 1, storage={"subResources": ["blob", "file", "queue"]})
        await scene.wait_until(lambda: second.gone, at_most=900)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert [endpoint_users(scene, each) for each in scene.azure.ctx.of_type(truth.ENDPOINTS)] == [1] * 5


def test_a_restart_while_endpoints_are_made_ends_with_one_for_each_way(tmp_path: Path) -> None:
    """The process dies while the endpoints of the first are made; the second, with another group, comes first.

    `Ledger.restore` takes over the operations and not their claims, and a service may list an endpoint only when
    that is done (a storage account does). The second makes its own, and neither was ever Ready. Now both use the
    ones that get a zone group first, and the others are leftovers.
    """

    async def story(scene: Simulation) -> None:
        scene.azure.slow_operations = 3.0
        serve(scene, 0)
        await scene.wait_until(lambda: len(list(scene.azure.ctx.of_type(truth.ENDPOINTS))) == 5)
        scene.processes[0].stop()
        scene.processes[0].start()
        serve(scene, 1, endpoints=ELSEWHERE)
        await asyncio.sleep(30)
        assert len(list(scene.azure.ctx.of_type(truth.ENDPOINTS))) == 10
        await all_ready(scene)

    scene = play(tmp_path, ONE_WORKSPACE, story)
    assert [each.ready for each in scene.resources] == [True, True]
    found = list(scene.azure.ctx.of_type(truth.ENDPOINTS))
    assert [endpoint_users(scene, each) for each in found] == [2] * 5


def endpoint_users(scene: Simulation, endpoint: Any) -> int:  # noqa: ANN401 - a resource of the stand-in
    """How many of the custom resources have left their name on an endpoint."""
    return sum(each.owner in endpoint.body["tags"].values() for each in scene.resources)
