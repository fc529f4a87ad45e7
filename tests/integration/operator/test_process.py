"""The process: how it starts without CRDs, outlives an API server, ends on SIGTERM, and carries 500 resources."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from typing import TYPE_CHECKING

import psutil
from tests.integration.operator.conftest import operating, ready, until, workspace
from tests.unit.operator import fakes
from tests.unit.operator.fakes import FakeReconciler

from secureml_reconcilers.engine.contract import Journal, ReconcileRequest, ReconcileResult
from secureml_sandbox.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from secureml_sandbox.controlplane import ControlPlane

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from pathlib import Path
from secureml_operator.main import run
from secureml_operator.settings import Settings
from secureml_operator.telemetry import logs
from secureml_reconcilers.engine.contract import ReconcileResult

folder, kubeconfig, namespace, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])

class Slow:
    async def reconcile(self, request, journal):
        (folder / "began").touch()
        await asyncio.sleep(1)
        (folder / "ended").touch()
        condition = {"type": "Ready", "status": "True", "reason": "Because", "message": "It is so."}
        return ReconcileResult({"observedGeneration": request.generation, "conditions": [condition]})

    def references(self, key, spec):
        return {}

    def shares(self, key, spec, status):
        return frozenset()

    def forget(self, key):
        pass

@asynccontextmanager
async def reconcilers(on_request, cluster):
    yield {"SecureWorkspace": Slow()}

logs.configure("json", "INFO")
settings = Settings(namespaces=(namespace,), health_host="127.0.0.1", health_port=port)
sys.exit(asyncio.run(run(settings, open_reconcilers=reconcilers, kubeconfig=kubeconfig)))
"""


async def test_sigterm_lets_the_pass_in_flight_end_and_exits_with_0(
    plane: ControlPlane, namespace: str, tmp_path: object
) -> None:
    plane.apply(workspace("fraud", namespace))
    arguments = (str(tmp_path), str(plane.operator_kubeconfig), namespace, str(free_port()))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, *arguments)
    began, ended = f"{tmp_path}/began", f"{tmp_path}/ended"
    await until("a pass begins", lambda: os.path.exists(began), 30)  # noqa: PTH110 - a fact to poll
    process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert os.path.exists(ended)  # noqa: ASYNC240, PTH110 - the process has ended
    assert time.monotonic() - told < 8
    assert plane.get("sws", "fraud", "-n", namespace)["status"]["observedGeneration"] == 1


async def test_without_crds_it_waits_and_after_a_restart_of_the_api_server_it_goes_on(
    bare_plane: Callable[[], ControlPlane],
) -> None:
    plane = await asyncio.to_thread(bare_plane)
    async with operating(plane, wait=False) as operator:
        await asyncio.sleep(2)
        status, text = await operator.get("/readyz")
        assert (status, text.split(":")[0]) == (503, "crds")
        assert (await operator.get("/healthz"))[0] == 200
        await asyncio.to_thread(plane.apply_crds)
        await ready(operator)

        await asyncio.to_thread(plane.apply, workspace("before", "default"))
        await until("a pass for it", lambda: len(operator.reconciler.requests) == 1)
        api = plane.processes[1]
        await asyncio.to_thread(api.stop, 2)  # it would wait for its watchers, who do not leave by themselves
        await asyncio.sleep(3)
        await asyncio.to_thread(api.start)
        deadline = time.monotonic() + 60
        while True:
            try:
                await asyncio.to_thread(plane.apply, workspace("after", "default"))
                break
            except Exception:  # noqa: BLE001 - it is starting
                assert time.monotonic() < deadline
                await asyncio.sleep(1)
        names = [request.key.name for request in operator.reconciler.requests]
        await until(
            "a pass for the new one", lambda: "after" in {s.key.name for s in operator.reconciler.requests}, 90
        )
        assert names[0] == "before"
        assert (await operator.get("/healthz"))[0] == 200


async def test_who_waits_for_the_api_server_is_alive_and_not_ready(plane: ControlPlane, tmp_path: Path) -> None:
    """A liveness probe without an answer would restart the pod for as long as the API server is away."""
    kubeconfig = tmp_path / "kubeconfig"
    nowhere = re.sub(r"(https://[^:]+):\d+", rf"\1:{free_port()}", plane.operator_kubeconfig.read_text())
    kubeconfig.write_text(nowhere)
    async with operating(plane, wait=False, kubeconfig=str(kubeconfig)) as operator:
        await asyncio.sleep(1)
        assert (await operator.get("/healthz"))[0] == 200
        assert (await operator.get("/readyz"))[0] == 503


async def test_five_hundred_resources_are_brought_up_quickly_and_then_cost_nothing(
    plane: ControlPlane, namespace: str
) -> None:
    """With a reconciler that announces once: a finalizer, an announcement and a result per resource."""
    count = 500

    async def announce(request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        await journal.announce(fakes.ready(request, inventory=[{"id": "/a", "kind": "Resource"}]))
        return ReconcileResult(fakes.ready(request, inventory=[{"id": "/a", "kind": "Resource"}], operations=[]))

    await asyncio.to_thread(plane.apply, *(workspace(f"w{number:03}", namespace) for number in range(count)))
    memory = psutil.Process().memory_info().rss
    started = time.monotonic()
    work = FakeReconciler(announce)
    async with operating(plane, work, wait=False, namespaces=(namespace,), workers=16) as operator:
        passes = operator.reconciler.requests
        await until(f"{count} passes", lambda: len(passes) == count, 120)
        took = time.monotonic() - started
        await ready(operator)
        await asyncio.sleep(3)
        assert len(passes) == count
        grown = (psutil.Process().memory_info().rss - memory) / 2**20
        series = 'controller_runtime_reconcile_total{controller="secureworkspace",result="success"}'
        assert await operator.metric(series) == count
        tasks = len(asyncio.all_tasks())
        assert (await operator.get("/healthz"))[0] == 200
    print(f"{count} resources: {took:.1f} s, {grown:.1f} MB, {tasks} tasks")  # noqa: T201 - a measurement
    assert took < 60
    assert grown < 60
    assert tasks < 100
