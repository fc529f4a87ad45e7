"""What a resource says while its passes fail, on a real API server with the real schema."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.integration.operator.conftest import operating, until, workspace
from tests.unit.operator.fakes import FakeReconciler, condition, statuses

from secureml_operator.kinds import FINALIZER
from secureml_reconcilers.engine.contract import Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane

SETTLED = {
    "Ready": "True",
    "Reconciling": "False",
    "Stalled": "False",
    "InSync": "True",
    "StorageIsolated": "True",
}
LOST = SETTLED | {"Ready": "Unknown", "Reconciling": "True", "InSync": "Unknown", "StorageIsolated": "Unknown"}
VAULT = {"keyVaultID": "/v1"}


async def test_failing_passes_take_back_what_was_said_and_a_good_one_restores_it(
    plane: ControlPlane, namespace: str
) -> None:
    broken = asyncio.Event()

    async def work(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        if broken.is_set():
            raise ZeroDivisionError
        said = [condition(kind, truth, observedGeneration=request.generation) for kind, truth in SETTLED.items()]
        status = {"observedGeneration": request.generation, "conditions": said, "azure": VAULT}
        return ReconcileResult(status, released=request.deleting)

    where = ("sws/fraud", "-n", namespace)

    def resource() -> dict[str, Any]:
        return plane.get(*where)

    def says(wanted: dict[str, str]) -> bool:
        return statuses(resource().get("status", {}).get("conditions", ())) == wanted

    async def look_again(value: str) -> None:
        at = f"secureml.dev/reconcile-at={value}"
        await asyncio.to_thread(plane.kubectl, "annotate", *where, "--overwrite", at)

    series = f'secureml_resource_ready{{kind="SecureWorkspace",name="fraud",namespace="{namespace}"}}'
    async with operating(plane, FakeReconciler(work), namespaces=(namespace,)) as operator:
        plane.apply(workspace("fraud", namespace))
        await until("all is said to be well", lambda: says(SETTLED))
        assert await operator.metric(series) == 1
        broken.set()
        await look_again("1")
        await until("nothing is said to be true", lambda: says(LOST))
        assert await operator.metric(series) == 0
        assert resource()["status"]["azure"] == VAULT
        count, written = await operator.passes(), resource()["status"]
        await look_again("2")
        await until("one more pass", lambda: len(operator.reconciler.requests) > count)
        await asyncio.sleep(0.5)
        assert resource()["status"] == written
        await asyncio.to_thread(plane.kubectl, "delete", *where, "--wait=false")
        await until("a pass under deletion", lambda: operator.reconciler.requests[-1].deleting)
        assert resource()["metadata"]["finalizers"] == [FINALIZER]
        assert says(LOST)
        items = plane.get("events", f"--namespace={namespace}")["items"]
        assert [(item["reason"], item["count"]) for item in items] == [("ReconcileFailed", 1)]
        broken.clear()
        await look_again("3")
        await asyncio.to_thread(plane.kubectl, "wait", *where, "--for=delete", "--timeout=10s")


async def test_after_a_pass_that_succeeds_the_status_is_its_own(plane: ControlPlane, namespace: str) -> None:
    """Also what only the failure had set goes with it: server-side apply takes away what is applied no more."""
    broken = asyncio.Event()
    broken.set()

    async def work(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        if broken.is_set():
            raise ZeroDivisionError
        said = [condition("Ready", "True", observedGeneration=request.generation)]
        return ReconcileResult({"observedGeneration": request.generation, "conditions": said})

    where = ("sws/fraud", "-n", namespace)

    def conditions() -> dict[str, str]:
        return statuses(plane.get(*where).get("status", {}).get("conditions", ()))

    async with operating(plane, FakeReconciler(work), namespaces=(namespace,)):
        plane.apply(workspace("fraud", namespace))
        failed = {"Ready": "Unknown", "Reconciling": "True", "InSync": "Unknown"}
        await until("it says that passes fail", lambda: conditions() == failed)
        assert plane.get(*where)["status"]["observedGeneration"] == -1
        broken.clear()
        await until("it is ready and says nothing else", lambda: conditions() == {"Ready": "True"})
