"""The operator's own process against a real kube-apiserver and the emulator, driven with kubectl."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from secureml_sandbox import landscape
from secureml_sandbox.emulator import LOADING_SPEED, Emulator
from secureml_sandbox.environment import CLOCK_SPEED, hurried, operator_environment
from secureml_sandbox.picture import Picture, picture_of
from secureml_sandbox.processes import OperatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from secureml_sandbox.arm_client import ArmClient
    from secureml_sandbox.controlplane import ControlPlane

SPEED = 200.0
"""Azure's seconds per real second."""

PATIENCE = 120.0
"""Real seconds that a predicate may take. A convergence takes five; eighty where the operator takes its time."""

WRITES = ["PUT", "PATCH", "DELETE"]


class Ground:
    """An open workspace, a namespace, and the operator that is to isolate it."""

    def __init__(self, cluster: ControlPlane, azure: Emulator, namespace: str, folder: Path) -> None:
        self.cluster, self.azure, self.namespace = cluster, azure, namespace
        environment = operator_environment(folder, cluster, azure) | hurried(azure)
        self.operator = OperatorProcess(folder, environment, "--resync", "10", "--namespaces", namespace)

    def take_time(self) -> None:
        """Let the operator wait as long as it does in a cluster, though the emulator is quicker."""
        self.operator.environment = {**self.operator.environment, CLOCK_SPEED: "1"}

    def apply(self, **spec: object) -> None:
        """Create or change the SecureWorkspace."""
        body: dict[str, Any] = {
            "apiVersion": "secureml.dev/v1alpha1",
            "kind": "SecureWorkspace",
            "metadata": {"name": "fraud", "namespace": self.namespace},
            "spec": {
                "workspaceID": landscape.workspace_id(self.azure.subscription, "fraud"),
                "network": {"endpointSubnetID": landscape.subnet_id(self.azure.subscription)},
                **spec,
            },
        }
        self.cluster.apply(body)

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the namespace."""
        return self.cluster.kubectl("-n", self.namespace, *arguments, timeout=PATIENCE + 10)

    def resource(self) -> dict[str, Any]:
        """The SecureWorkspace."""
        found: dict[str, Any] = json.loads(self.kubectl("get", "secureworkspace", "fraud", "-o", "json"))
        return found

    def condition(self, kind: str) -> dict[str, Any]:
        """One of its conditions; empty when it is not there yet."""
        conditions = self.resource().get("status", {}).get("conditions", ())
        return next((c for c in conditions if c["type"] == kind), {})

    def ready(self) -> bool:
        """Whether it says Ready at its generation."""
        condition = self.condition("Ready")
        current = self.resource()["metadata"]["generation"]
        return condition.get("status") == "True" and condition.get("observedGeneration") == current

    def events(self) -> str:
        """All events in words."""
        items = json.loads(self.kubectl("get", "events", "-o", "json"))["items"]
        return "\n".join(f"{item['reason']}: {item['message']}" for item in items)

    def picture(self) -> Picture:
        """Azure's own state."""
        return picture_of(self.azure.control("GET", "resources")["value"])

    def counts(self) -> dict[str, tuple[int, int]]:
        """Creates and deletes per resource, whoever made them."""
        tallies = self.azure.control("GET", "counts")
        return {key: (tally["creates"], tally["deletes"]) for key, tally in tallies.items()}

    def writes(self) -> int:
        """How many writes the operator has sent."""
        entries = self.azure.control("GET", f"requests?caller={self.azure.operator.client_id}")["value"]
        return sum(entry["method"] in WRITES for entry in entries)

    def as_alice(self, work: Callable[[ArmClient], Any]) -> None:
        """Let the second administrator do something."""

        async def run() -> None:
            async with self.azure.client(speed=SPEED) as alice:
                await work(alice)

        asyncio.run(run())

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for a predicate; fails with its description and the conditions."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"not {what}: {self.kubectl('get', 'sws', '-o', 'yaml')[-6000:]}"
            time.sleep(0.2)


@pytest.fixture
def ground(control_plane: ControlPlane, namespace: str, run_folder: Path) -> Iterator[Ground]:
    """An open landscape of one workspace; the operator is described and not started."""
    folder = run_folder / namespace
    with Emulator(folder / "azure", speed=LOADING_SPEED, settings={"seed": "e2e"}) as azure:
        asyncio.run(_load(azure))
        azure.set_speed(SPEED)
        made = Ground(control_plane, azure, namespace, folder)
        yield made
        made.operator.stop()


async def _load(azure: Emulator) -> None:
    async with azure.client(speed=LOADING_SPEED) as arm:
        await landscape.load(arm, landscape.landscape(azure.subscription, azure.tenant, ("fraud",)))


def test_ten_lines_isolate_a_workspace_and_keep_it_isolated(ground: Ground) -> None:
    """The main job as a person sees it: apply, Ready, steps in words, drift healed and attributed, idle."""
    ground.take_time()
    ground.operator.start()
    ground.apply()
    ground.kubectl("wait", "--for=condition=Ready", "secureworkspace/fraud", f"--timeout={PATIENCE:.0f}s")
    assert ground.picture().closed("fraud")
    told = ground.kubectl("describe", "secureworkspace", "fraud")
    for words in (
        "Every endpoint is approved",
        "Names lead to private addresses",
        "is reached on a private address",
    ):
        assert words in told

    account = ground.picture().storage("fraud")
    opened = {"properties": {"publicNetworkAccess": "Enabled"}}
    ground.as_alice(lambda alice: alice.patch(account, "2025-06-01", opened))
    ground.until(lambda: ground.picture().closed("fraud") and ground.ready(), "healed")
    ground.until(lambda: "DriftAttributed" in ground.events(), "attributed")
    assert "publicNetworkAccess is 'Enabled'" in ground.events()
    assert ground.azure.second.name in ground.events()

    writes = ground.writes()
    looked = ground.azure.control("GET", "requests")["value"][-1]["sequence"]
    ground.until(lambda: _reads(ground, looked) > 60, "looked at twice")
    assert ground.writes() == writes
    assert ground.azure.control("GET", "unserved")["value"] == []


def _reads(ground: Ground, since: int) -> int:
    caller = ground.azure.operator.client_id
    return len(ground.azure.control("GET", f"requests?since={since}&caller={caller}&method=GET")["value"])


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        pytest.param("Retain", 5, id="Retain leaves everything"),
        pytest.param("Delete", 0, id="Delete removes what was made"),
    ],
)
def test_deletion_honours_its_policy_and_opens_nothing(ground: Ground, policy: str, left: int) -> None:
    """Neither policy opens public access again."""
    ground.operator.start()
    ground.apply(deletionPolicy=policy)
    ground.until(ground.ready, "Ready")
    ground.kubectl("delete", "secureworkspace", "fraud", f"--timeout={PATIENCE:.0f}s")
    after = ground.picture()
    assert len(after.endpoints) == left
    assert (after.zones == 0) == (policy == "Delete")
    assert not any(service.public for service in after.services["fraud"])


def test_a_missing_workspace_is_told_and_heals_by_itself(ground: Ground) -> None:
    """The condition says what is missing and what to do; when it appears, nobody has to touch the resource."""
    ground.operator.start()
    missing = landscape.workspace_id(ground.azure.subscription, "later")
    ground.apply(workspaceID=missing)
    ground.until(lambda: ground.condition("Ready").get("reason") == "WorkspaceNotFound", "told")
    assert "Create the workspace" in ground.condition("Ready")["message"]
    items = landscape.landscape(ground.azure.subscription, ground.azure.tenant, ("later",))
    ground.as_alice(lambda alice: landscape.load(alice, items[3:]))
    ground.until(ground.ready, "healed")


def test_sigterm_ends_it_cleanly_and_a_new_process_goes_on(ground: Ground) -> None:
    """A rolling update in the middle of a convergence."""
    ground.operator.start()
    ground.apply()
    ground.until(lambda: ground.writes() > 3, "under way")
    ground.operator.restart()
    ground.until(ground.ready, "Ready after the restart")
    assert all(creates <= 1 and deletes == 0 for creates, deletes in ground.counts().values())


def _killed_after(ground: Ground, number: int) -> None:
    """Kill -9 right after the n-th write was applied, its answer never seen, nothing written after it."""
    mine = {"method": WRITES, "caller": ground.azure.operator.client_id}
    last = {**mine, "after": number - 1, "times": 1, "lose_answer": True}
    nothing_more = {**mine, "after": number, "times": 0, "drop": True}
    ground.azure.control("POST", "faults", [last, nothing_more])
    ground.operator.start()
    ground.apply()
    ground.until(lambda: ground.azure.control("GET", "faults")["value"][0]["hits"] == 1, f"write {number}")
    ground.operator.kill()
    ground.azure.control("DELETE", "faults")


def _survives(ground: Ground, number: int) -> None:
    _killed_after(ground, number)
    ground.operator.start()
    ground.until(ground.ready, f"Ready after a kill at write {number}")
    assert ground.picture().closed("fraud")
    made = {key: counts for key, counts in ground.counts().items() if counts != (1, 0)}
    assert all(counts[0] <= 1 and counts[1] == 0 for counts in made.values()), made


@pytest.mark.parametrize("number", [1, 8, 14, 25])
def test_kill_9_right_after_a_write(ground: Ground, number: int) -> None:
    """A sample of crash points of the real process: nothing is made twice, nothing is deleted."""
    _survives(ground, number)


@pytest.mark.torture
@pytest.mark.parametrize("number", range(1, 27))
def test_kill_9_right_after_every_write(ground: Ground, number: int) -> None:
    """Every crash point of a convergence (26 writes)."""
    _survives(ground, number)
