"""What is known of a resource reaches those that refer to it, under the real watch."""

# ruff: noqa: D102 - the name of each test is its claim

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.integration.operator.conftest import compute, operating, until, workspace
from tests.unit.operator.fakes import FakeReconciler, condition

from secureml_reconcilers.engine.contract import Journal, ReconcileRequest, ReconcileResult

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane


class Workspaces:
    """Ready or not, as the test says."""

    def __init__(self) -> None:
        self.status = "False"
        self.vault = "/v1"

    async def reconcile(self, request: ReconcileRequest, _: Journal) -> ReconcileResult:
        ready = condition("Ready", self.status, observedGeneration=request.generation)
        status = {"conditions": [ready], "azure": {"keyVaultID": self.vault}}
        return ReconcileResult(status, released=request.deleting)


async def mirror(request: ReconcileRequest, _: Journal) -> ReconcileResult:
    """Be ready when the workspace is."""
    (workspace,) = request.references
    ready = condition("Ready", workspace.ready.get("status", "Unknown"), observedGeneration=request.generation)
    return ReconcileResult({"conditions": [ready]}, released=request.deleting)


async def test_a_compute_follows_its_workspace(plane: ControlPlane, namespace: str) -> None:
    """Each step but the first is a status write of our own, which wakes the other and not its writer."""
    workspaces = Workspaces()
    computes = FakeReconciler(mirror)
    operator = operating(plane, FakeReconciler(workspaces.reconcile), computes=computes, namespaces=(namespace,))
    async with operator as running:
        plane.apply(compute("train", namespace, "fraud"))

        def told() -> dict[str, Any]:
            (seen,) = computes.requests[-1].references if computes.requests else ({},)
            return {"found": seen.found, "ready": seen.ready.get("status"), "deleting": seen.deleting, **seen.ids}

        await until("a pass", lambda: bool(computes.requests))
        assert told() == {"found": False, "ready": None, "deleting": False}

        async def poke() -> None:
            at = f"secureml.dev/reconcile-at={workspaces.status}{workspaces.vault}"
            await asyncio.to_thread(plane.kubectl, "annotate", "sws/fraud", "-n", namespace, "--overwrite", at)

        plane.apply(workspace("fraud", namespace))
        known = {"found": True, "ready": "False", "deleting": False, "keyVaultID": "/v1"}
        await until("it knows that the workspace is not ready", lambda: told() == known)
        workspaces.status = "True"
        await poke()
        await until("it knows that it is", lambda: told() == known | {"ready": "True"})
        workspaces.vault = "/v2"
        await poke()
        await until("it knows the other vault", lambda: told() == known | {"ready": "True", "keyVaultID": "/v2"})
        await asyncio.sleep(0.5)
        passes = len(computes.requests), await running.passes()
        assert passes[1] == 3  # created, and twice asked for: no status of its own woke it
        await asyncio.sleep(1)
        assert (len(computes.requests), await running.passes()) == passes
        ready = "--for=condition=Ready"
        await asyncio.to_thread(
            plane.kubectl, "wait", "securecompute/train", ready, "-n", namespace, "--timeout=5s"
        )
        await asyncio.to_thread(plane.kubectl, "delete", "sws/fraud", "-n", namespace, "--timeout=10s")
        await until("it knows that the workspace is gone", lambda: told()["found"] is False)
        assert any(each.references[0].deleting for each in computes.requests)
