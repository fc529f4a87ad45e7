"""A resource's life under the real watch: creation, change, pause, deletion, restart."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from tests.integration.operator.conftest import compute, operating, until, workspace
from tests.unit.operator.fakes import FakeReconciler, ready

from secureml_operator.kinds import FINALIZER
from secureml_reconcilers.engine.contract import Event, Journal, ReconcileRequest, ReconcileResult
from secureml_sandbox.controlplane import KubectlError

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane


async def kubectl(plane: ControlPlane, *arguments: str) -> str:
    return await asyncio.to_thread(plane.kubectl, *arguments)


async def test_a_new_resource_is_held_then_worked_on_then_reported(plane: ControlPlane, namespace: str) -> None:
    found: list[list[str]] = []

    async def look(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        body = await asyncio.to_thread(plane.get, "sws", "fraud", f"--namespace={namespace}")
        found.append(body["metadata"].get("finalizers", []))
        assert request.status == {"observedGeneration": -1}
        return ReconcileResult(ready(request), events=(Event("Normal", "Isolated", "All is private."),))

    async with operating(plane, FakeReconciler(look), namespaces=(namespace,)):
        plane.apply(workspace("fraud", namespace))
        await kubectl(plane, "wait", "sws/fraud", "--for=condition=Ready", "-n", namespace, "--timeout=10s")
        await asyncio.sleep(0.5)
    assert found == [[FINALIZER]]  # one pass: neither the finalizer nor the status woke another
    body = plane.get("sws", "fraud", f"--namespace={namespace}", "--show-managed-fields")
    assert body["status"]["observedGeneration"] == body["metadata"]["generation"]
    managers = [
        (entry["manager"], entry["operation"], entry.get("subresource"))
        for entry in body["metadata"]["managedFields"]
        if entry["manager"] == "secureml-operator"
    ]
    assert ("secureml-operator", "Apply", "status") in managers
    (event,) = plane.get("events", f"--namespace={namespace}")["items"]
    assert (event["reason"], event["message"], event["involvedObject"]["uid"]) == (
        "Isolated",
        "All is private.",
        body["metadata"]["uid"],
    )


async def test_changes_wake_and_other_changes_do_not(plane: ControlPlane, namespace: str) -> None:
    async with operating(plane, namespaces=(namespace,)) as operator:
        passes = operator.reconciler.requests
        plane.apply(workspace("fraud", namespace))
        await until("the first pass", lambda: len(passes) == 1)
        where = ("sws/fraud", "-n", namespace)
        await kubectl(plane, "label", *where, "team=a")
        await kubectl(plane, "annotate", *where, "other.dev/x=1")
        await asyncio.sleep(0.5)
        assert len(passes) == 1
        await kubectl(plane, "annotate", *where, "secureml.dev/reconcile-at=now")
        await until("a pass for the annotation", lambda: len(passes) == 2)
        await kubectl(plane, "patch", *where, "--type=merge", '--patch={"spec":{"mode":"Observe"}}')
        await until("a pass for the new generation", lambda: len(passes) == 3)
        assert passes[-1].spec["mode"] == "Observe"
        await kubectl(plane, "annotate", *where, "secureml.dev/paused=true")
        await until("a pass for the pause", lambda: len(passes) == 4)
        assert passes[-1].paused


async def test_a_resource_paused_from_its_first_day_is_not_held(plane: ControlPlane, namespace: str) -> None:
    async with operating(plane, namespaces=(namespace,)) as operator:
        plane.apply(workspace("fraud", namespace, annotations={"secureml.dev/paused": "true"}))
        await until("the first pass", lambda: len(operator.reconciler.requests) == 1)
        await kubectl(plane, "delete", "sws/fraud", "-n", namespace, "--timeout=5s")
        await until("it is forgotten", lambda: len(operator.reconciler.forgotten) == 1)


async def test_deletion_waits_for_the_release_and_leaves_nothing(plane: ControlPlane, namespace: str) -> None:
    may_go = asyncio.Event()

    async def hold(request: ReconcileRequest, _: Journal) -> ReconcileResult:
        return ReconcileResult(ready(request), released=may_go.is_set())

    series = f'secureml_resource_ready{{kind="SecureWorkspace",name="fraud",namespace="{namespace}"}}'
    async with operating(plane, FakeReconciler(hold), namespaces=(namespace,)) as operator:
        where = ("sws/fraud", "-n", namespace)
        plane.apply(workspace("fraud", namespace, finalizers=["other.dev/x"]))
        await kubectl(plane, "wait", *where, "--for=condition=Ready", "--timeout=10s")
        assert await operator.metric(series) == 1
        await kubectl(plane, "delete", *where, "--wait=false")
        await until("a pass that deletes", lambda: operator.reconciler.requests[-1].deleting)
        assert plane.get(*where)["metadata"]["finalizers"] == ["other.dev/x", FINALIZER]
        may_go.set()
        await kubectl(plane, "annotate", *where, "secureml.dev/reconcile-at=now")
        await until("our finalizer is off", lambda: plane.get(*where)["metadata"]["finalizers"] == ["other.dev/x"])
        await kubectl(
            plane, "patch", *where, "--type=json", '--patch=[{"op":"remove","path":"/metadata/finalizers"}]'
        )
        await until("it is forgotten", lambda: len(operator.reconciler.forgotten) == 1)
        _, metrics = await operator.get("/metrics")
        assert series not in metrics


async def test_a_restart_writes_nothing_when_nothing_changed(plane: ControlPlane, namespace: str) -> None:
    plane.apply(*(workspace(f"w{number}", namespace) for number in range(5)))

    def versions() -> dict[str, str]:
        items = plane.get("sws", f"--namespace={namespace}")["items"]
        return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}

    async with operating(plane, namespaces=(namespace,)) as first:
        await until("five passes", lambda: len(first.reconciler.requests) == 5)
        await asyncio.sleep(0.3)
    before = versions()
    async with operating(plane, namespaces=(namespace,)) as second:
        await until("five passes", lambda: len(second.reconciler.requests) == 5)
        await asyncio.sleep(0.3)
    assert versions() == before
    assert {request.status["observedGeneration"] for request in second.reconciler.requests} == {1}


async def test_a_deletion_while_the_operator_is_down_is_carried_out_later(
    plane: ControlPlane, namespace: str
) -> None:
    where = ("sws/fraud", "-n", namespace)
    plane.apply(workspace("fraud", namespace))
    async with operating(plane, namespaces=(namespace,)):
        await kubectl(plane, "wait", *where, "--for=condition=Ready", "--timeout=10s")
    await kubectl(plane, "delete", *where, "--wait=false")
    async with operating(plane, namespaces=(namespace,)):
        await kubectl(plane, "wait", *where, "--for=delete", "--timeout=10s")
    with pytest.raises(KubectlError, match="NotFound"):
        plane.get(*where)


async def test_kinds_without_reconciler_say_so_and_may_be_deleted(plane: ControlPlane, namespace: str) -> None:
    async with operating(plane, namespaces=(namespace,)):
        plane.apply(compute("train", namespace, "fraud"))
        condition = "--for=jsonpath={.status.conditions[?(@.type=='Ready')].reason}=NotImplemented"
        await kubectl(plane, "wait", "securecompute/train", condition, "-n", namespace, "--timeout=10s")
        await kubectl(plane, "delete", "securecompute/train", "-n", namespace, "--timeout=5s")


async def test_only_the_namespaces_chosen_are_served(plane: ControlPlane, namespace: str) -> None:
    other = plane.fresh_namespace("other")
    plane.apply(workspace("theirs", other), workspace("ours", namespace))
    async with operating(plane, namespaces=(namespace,)) as operator:
        await until("a pass", lambda: bool(operator.reconciler.requests))
        await asyncio.sleep(0.3)
        assert {request.key.name for request in operator.reconciler.requests} == {"ours"}
    assert "finalizers" not in json.dumps(plane.get("sws", "theirs", "-n", other)["metadata"])
