"""The writes of the shell against a real API server: what guards them holds there as in memory."""

# ruff: noqa: D102, D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry
from tests.integration.operator.conftest import workspace
from tests.unit.operator.fakes import FakeReconciler, Script, ready

from secureml_operator.assembly import OperatorParts, assemble
from secureml_operator.cluster import ConflictError, ObjectGoneError, RefusedError, UnclearError
from secureml_operator.controller import DONE, Served
from secureml_operator.kinds import FINALIZER, KINDS, SECURE_WORKSPACE
from secureml_operator.settings import Settings
from secureml_operator.status_writer import StatusTakenError
from secureml_reconcilers.engine.contract import Journal, Key, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from secureml_operator.kube import KubeCluster
    from secureml_sandbox.controlplane import ControlPlane


class Bench:
    """A shell whose watch shows only what the test lets it show."""

    def __init__(
        self, plane: ControlPlane, cluster: KubeCluster, namespace: str, script: Script | None = None
    ) -> None:
        self.plane, self.cluster, self.key = plane, cluster, Key("SecureWorkspace", namespace, "fraud")
        self.reconciler = FakeReconciler(script)
        served = dict.fromkeys(KINDS, Served(self.reconciler))
        clock = asyncio.get_running_loop()
        self.parts: OperatorParts = assemble(
            Settings(), cluster=cluster, served=served, registry=CollectorRegistry(), clock=clock
        )

    def body(self) -> dict[str, Any]:
        return self.plane.get("sws", "fraud", f"--namespace={self.key.namespace}")

    def create(self) -> dict[str, Any]:
        self.plane.apply(workspace("fraud", self.key.namespace))
        return self.watch("ADDED")

    def watch(self, event_type: str | None = "MODIFIED", body: dict[str, Any] | None = None) -> dict[str, Any]:
        shown = body or self.body()
        self.parts.watch_handler.event(SECURE_WORKSPACE, event_type, shown)
        return shown

    def edit(self) -> None:
        where = ("sws/fraud", f"--namespace={self.key.namespace}")
        self.plane.kubectl("annotate", *where, "secureml.dev/reconcile-at=x", "--overwrite")

    async def run(self) -> object:
        return await self.parts.controller.reconcile(self.key)


def item(number: int) -> dict[str, Any]:
    return {"id": f"/thing/{number}", "kind": "Resource"}


async def make_one(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
    """Announce one thing more than the status tells of."""
    inventory = [*request.status.get("inventory", []), item(len(request.status.get("inventory", [])))]
    await journal.announce(ready(request, inventory=inventory))
    return ReconcileResult(ready(request, inventory=inventory))


async def test_a_stale_watch_loses_nothing(plane: ControlPlane, cluster: KubeCluster, namespace: str) -> None:
    bench = Bench(plane, cluster, namespace, make_one)
    created = bench.create()
    for _ in range(3):
        await bench.run()
        bench.watch(body=created)
    assert bench.body()["status"]["inventory"] == [item(0), item(1), item(2)]


async def test_an_edit_meanwhile_is_no_obstacle(plane: ControlPlane, cluster: KubeCluster, namespace: str) -> None:
    bench = Bench(plane, cluster, namespace, make_one)
    bench.create()
    bench.edit()  # the cache is behind now, for the finalizer
    await bench.run()
    bench.edit()
    plane.kubectl("label", "sws/fraud", f"--namespace={namespace}", "a=b")  # and for the status
    await bench.run()
    assert bench.body()["status"]["inventory"] == [item(0), item(1)]
    assert bench.body()["metadata"]["finalizers"] == [FINALIZER]


async def test_two_operators_do_not_undo_each_other(
    plane: ControlPlane, cluster: KubeCluster, namespace: str
) -> None:
    old = Bench(plane, cluster, namespace, make_one)
    old.create()
    await old.run()
    new = Bench(plane, cluster, namespace, make_one)
    new.watch(None)
    await new.run()
    with pytest.raises(StatusTakenError):
        await old.run()
    await old.run()
    assert old.body()["status"]["inventory"] == [item(0), item(1), item(2)]


async def test_a_lost_answer_is_read_again(
    plane: ControlPlane, cluster: KubeCluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(plane, cluster, namespace, make_one)
    bench.create()
    with monkeypatch.context() as patch:
        carry_out = cluster.apply_status

        async def lose(key: Key, body: dict[str, Any]) -> dict[str, Any]:
            await carry_out(key, body)
            raise UnclearError("connection reset")

        patch.setattr(cluster, "apply_status", lose)
        with pytest.raises(UnclearError):
            await bench.run()
    await bench.run()
    assert bench.body()["status"]["inventory"] == [item(0), item(1)]


async def test_a_namesake_gets_nothing(plane: ControlPlane, cluster: KubeCluster, namespace: str) -> None:
    bench = Bench(plane, cluster, namespace, make_one)
    await_old = bench.create()
    plane.kubectl("delete", "sws/fraud", f"--namespace={namespace}")
    plane.apply(workspace("fraud", namespace))
    bench.watch(body=await_old)
    assert await bench.run() == DONE
    assert bench.body()["status"] == {"observedGeneration": -1}
    assert "finalizers" not in bench.body()["metadata"]


async def test_nothing_is_created_for_an_object_that_is_gone(
    plane: ControlPlane, cluster: KubeCluster, namespace: str
) -> None:
    """A server-side apply may create; ours must not bring a deleted resource back."""
    bench = Bench(plane, cluster, namespace, make_one)
    bench.create()
    plane.kubectl("delete", "sws/fraud", f"--namespace={namespace}")
    assert await bench.run() == DONE
    assert plane.get("sws", f"--namespace={namespace}")["items"] == []
    assert bench.reconciler.forgotten == [bench.key]


async def test_a_status_that_the_schema_does_not_know_is_refused_as_an_announcement(
    plane: ControlPlane, cluster: KubeCluster, namespace: str
) -> None:
    async def announce(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        await journal.announce(ready(request, unheardOf={"a": 1}))
        raise AssertionError

    bench = Bench(plane, cluster, namespace, announce)
    bench.create()
    with pytest.raises(RefusedError, match=r"unheardOf: field not declared in schema: apply the CRDs"):
        await bench.run()


async def test_the_same_status_is_not_written_again(
    plane: ControlPlane, cluster: KubeCluster, namespace: str
) -> None:
    bench = Bench(plane, cluster, namespace)
    bench.create()
    await bench.run()
    version = bench.body()["metadata"]["resourceVersion"]
    for _ in range(3):
        await bench.run()
        bench.watch()
    again = Bench(plane, cluster, namespace)
    again.watch(None)
    await again.run()
    assert bench.body()["metadata"]["resourceVersion"] == version


async def test_a_failed_test_of_a_json_patch_is_a_conflict(
    plane: ControlPlane, cluster: KubeCluster, namespace: str
) -> None:
    bench = Bench(plane, cluster, namespace)
    bench.create()
    stale = {"op": "test", "path": "/metadata/resourceVersion", "value": "1"}
    with pytest.raises(ConflictError):
        await cluster.patch(
            bench.key, [stale, {"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]}]
        )
    with pytest.raises(ObjectGoneError):
        await cluster.patch(Key("SecureWorkspace", namespace, "nobody"), [stale])


async def test_the_cache_audit_finds_a_ghost(plane: ControlPlane, cluster: KubeCluster, namespace: str) -> None:
    bench = Bench(plane, cluster, namespace)
    bench.create()
    listed = await cluster.versions(SECURE_WORKSPACE, namespace)
    assert listed == {bench.key: bench.body()["metadata"]["resourceVersion"]}
    plane.kubectl("delete", "sws/fraud", f"--namespace={namespace}")
    await bench.parts.queue.take()
    bench.parts.queue.done(bench.key)
    await bench.parts.cache_audit.compare()
    assert await bench.parts.queue.take() == bench.key
    assert await bench.run() == DONE
    assert bench.reconciler.forgotten == [bench.key]


async def test_lists_longer_than_a_page_are_read_to_their_end(
    plane: ControlPlane, cluster: KubeCluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secureml_operator.kube.PAGE", 2)
    plane.apply(*(workspace(f"w{number}", namespace) for number in range(5)))
    assert len(await cluster.versions(SECURE_WORKSPACE, namespace)) == 5
