"""The shell in this process, against a real kube-apiserver, with a reconciler that does as it is told.

The operator signs in as a user who has the chart's role and nothing else.
"""

# ruff: noqa: D102, D103 - fixtures are told by their names

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from tests.unit.operator.fakes import FakeReconciler

from secureml_operator.kube import KubeCluster, connect
from secureml_operator.main import run
from secureml_operator.settings import Settings
from secureml_sandbox.binaries import control_plane_binaries
from secureml_sandbox.controlplane import OPERATOR, ControlPlane
from secureml_sandbox.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from secureml_reconcilers.engine.contract import Reconciler

ROLE = Path(__file__).parents[3] / "charts/secureml-operator/files/rbac.yaml"

_ARM = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/ml/providers"

SPEC: dict[str, Any] = {
    "workspaceID": f"{_ARM}/Microsoft.MachineLearningServices/workspaces/fraud",
    "network": {"endpointSubnetID": f"{_ARM}/Microsoft.Network/virtualNetworks/ml/subnets/endpoints"},
}


def workspace(name: str, namespace: str, **metadata: object) -> dict[str, Any]:
    return {
        "apiVersion": "secureml.dev/v1alpha1",
        "kind": "SecureWorkspace",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": SPEC,
    }


def compute(name: str, namespace: str, workspace_name: str) -> dict[str, Any]:
    return {
        "apiVersion": "secureml.dev/v1alpha1",
        "kind": "SecureCompute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "workspaceRef": {"name": workspace_name},
            "type": "AmlCompute",
            "amlCompute": {
                "vmSize": "STANDARD_DS3_V2",
                "noPublicIP": True,
                "subnetID": SPEC["network"]["endpointSubnetID"],
                "scale": {"minNodes": 0, "maxNodes": 1},
            },
        },
    }


def grant(plane: ControlPlane) -> None:
    """Bind the chart's role, and nothing else, to the operator's user."""
    plane.kubectl("apply", "--server-side", f"--filename={ROLE}")
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": OPERATOR}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": OPERATOR}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": OPERATOR},
        "roleRef": role,
        "subjects": [user],
    }
    plane.apply(binding)


@pytest.fixture(scope="session")
def bare_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], ControlPlane]]:
    """Start control planes without CRDs; they end with the run."""
    started: list[ControlPlane] = []

    def start() -> ControlPlane:
        plane = ControlPlane(tmp_path_factory.mktemp("plane"), control_plane_binaries(print))
        started.append(plane.start())
        grant(plane)
        return plane

    yield start
    for plane in started:
        plane.stop()


@pytest.fixture(scope="session")
def plane(bare_plane: Callable[[], ControlPlane]) -> ControlPlane:
    ready = bare_plane()
    ready.apply_crds()
    return ready


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    return plane.fresh_namespace("shell")


@pytest.fixture
async def cluster(plane: ControlPlane) -> AsyncIterator[KubeCluster]:
    """Give the client that the operator uses, with the operator's rights."""
    async with connect(str(plane.operator_kubeconfig)) as client:
        yield client


@dataclass
class Running:
    """An operator under way."""

    port: int
    task: asyncio.Task[int]
    stop: asyncio.Event
    reconciler: FakeReconciler
    session: aiohttp.ClientSession = field(repr=False)

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(f"http://127.0.0.1:{self.port}{path}") as answer:
            return answer.status, await answer.text()

    async def metric(self, line: str) -> float:
        """Give the value of the first series that begins so; 0 when there is none."""
        _, text = await self.get("/metrics")
        values = [row.rsplit(" ", 1)[1] for row in text.splitlines() if row.startswith(line)]
        return float(values[0]) if values else 0.0

    async def passes(self) -> int:
        return len(self.reconciler.requests)


async def until(what: str, fact: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for something that `what` describes.

    Raises:
        AssertionError: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def operating(
    plane: ControlPlane,
    reconciler: FakeReconciler | None = None,
    *,
    wait: bool = True,
    kubeconfig: str | None = None,
    computes: FakeReconciler | None = None,
    **settings: Any,  # noqa: ANN401 - the fields of Settings
) -> AsyncIterator[Running]:
    """Run the operator for as long as the block lasts; it must end with status 0."""
    worker, stop, port = reconciler or FakeReconciler(), asyncio.Event(), free_port()

    @asynccontextmanager
    async def reconcilers(_: object, _cluster: str) -> AsyncIterator[Mapping[str, Reconciler]]:
        yield {"SecureWorkspace": worker} | ({"SecureCompute": computes} if computes else {})

    chosen = Settings(health_host="127.0.0.1", health_port=port, **settings)
    where = kubeconfig or str(plane.operator_kubeconfig)
    task = asyncio.create_task(run(chosen, open_reconcilers=reconcilers, kubeconfig=where, stop=stop))
    async with aiohttp.ClientSession() as session:
        running = Running(port, task, stop, worker, session)
        try:
            if wait:
                await ready(running)
            yield running
        finally:
            stop.set()
            status = await task
    assert status == 0


async def ready(running: Running, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            status, text = await running.get("/readyz")
        except aiohttp.ClientConnectionError:
            status, text = 0, "no answer"
        if status == 200:
            return
        assert not running.task.done(), "the operator ended"
        assert time.monotonic() < deadline, text
        await asyncio.sleep(0.05)
