"""The ground that every other end-to-end test stands on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psutil
import pytest

from secureml_sandbox.controlplane import OPERATOR, ControlPlane, KubectlError
from secureml_sandbox.landscape import WORKSPACES, landscape, load, workspace_id
from secureml_sandbox.processes import SandboxProcess, stop_leftovers

if TYPE_CHECKING:
    from pathlib import Path

    from secureml_sandbox.emulator import Emulator

SLEEPER = ["sleep", "600"]


def test_objects_survive_a_round_trip_through_the_api_server(control_plane: ControlPlane, namespace: str) -> None:
    """What is applied can be read, in a namespace of the test's own."""
    wanted = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "greeting", "namespace": namespace},
        "data": {"text": "hello"},
    }
    control_plane.apply(wanted)
    found = control_plane.get("configmap", "greeting", "--namespace", namespace)
    assert found["data"] == {"text": "hello"}


def test_every_custom_resource_definition_is_served(control_plane: ControlPlane) -> None:
    """All files below `crds/` are established, and the short names work."""
    served = control_plane.kubectl("api-resources", "--api-group=secureml.dev", "--output=name").split()
    assert sorted(served) == [
        "securecomputes.secureml.dev",
        "secureinferenceclusters.secureml.dev",
        "secureworkspaces.secureml.dev",
    ]
    assert control_plane.kubectl("get", "sws,sc,sic", "--all-namespaces", "--output=name") == ""


@pytest.mark.parametrize(
    ("verb", "resource", "allowed"),
    [
        pytest.param("list", "secureworkspaces.secureml.dev", True, id="operator may read its own kinds"),
        pytest.param("patch", "secureworkspaces.secureml.dev/status", True, id="operator may write status"),
        pytest.param("create", "events", True, id="operator may write events"),
        pytest.param("get", "secrets", False, id="operator may not read secrets"),
        pytest.param("create", "secureworkspaces.secureml.dev", False, id="operator declares nothing itself"),
        pytest.param("delete", "secureworkspaces.secureml.dev", False, id="operator deletes nothing"),
    ],
)
def test_the_operators_user_is_least_privileged(
    control_plane: ControlPlane, verb: str, resource: str, *, allowed: bool
) -> None:
    """The sandbox's operator is no cluster administrator, so a missing right shows here first."""
    kind, _, subresource = resource.partition("/")
    question = ["auth", "can-i", verb, kind, f"--subresource={subresource}", "--all-namespaces"]
    try:
        answer = control_plane.kubectl(*question, user=OPERATOR).strip()
    except KubectlError:  # kubectl tells "no" by its exit status
        answer = "no"
    assert answer == ("yes" if allowed else "no")


async def test_the_landscape_is_open_and_shows_who_made_it(emulator: Emulator) -> None:
    """Two workspaces on the internet, created over the ordinary API by the second administrator."""
    async with emulator.client() as arm:
        await load(arm, landscape(emulator.subscription, emulator.tenant))
        for name in ("fraud", "churn"):
            found = await arm.get(workspace_id(emulator.subscription, name), WORKSPACES)
            assert found["properties"]["publicNetworkAccess"] == "Enabled"
            assert found["properties"]["provisioningState"] == "Succeeded"
    changes = await asyncio.to_thread(emulator.control, "GET", "changes")
    assert "alice@contoso.com" in {change["changedBy"] for change in changes["value"]}


def test_what_a_crash_left_is_stopped_by_the_next_run_and_nothing_else(tmp_path: Path) -> None:
    """A process whose record was never written is found by its mark; a stranger is left alone."""
    recorded = SandboxProcess("recorded", SLEEPER, tmp_path / "crashed").start()
    unrecorded = SandboxProcess("unrecorded", SLEEPER, tmp_path / "crashed").start()
    stranger = SandboxProcess("stranger", SLEEPER, tmp_path / "other").start()
    pids = [recorded.pid, unrecorded.pid, stranger.pid]
    (tmp_path / "crashed" / "unrecorded.pid.json").unlink()
    try:
        stop_leftovers(tmp_path / "crashed")
        assert [pid for pid in pids if pid and _runs(pid)] == [stranger.pid]
    finally:
        stranger.stop()
    assert stranger.pid is None


def test_a_reused_process_id_is_not_taken_for_ours(tmp_path: Path) -> None:
    """The record names the start time too: an id alone may belong to somebody else by now."""
    process = SandboxProcess("sleeper", SLEEPER, tmp_path).start()
    record = tmp_path / "sleeper.pid.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"started": ', '"started": 1'))
    seen_by_another_run = SandboxProcess("sleeper", SLEEPER, tmp_path)
    try:
        assert seen_by_another_run.pid is None
    finally:
        process.kill()


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
