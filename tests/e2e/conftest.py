"""A real control plane and the Azure stand-in for end-to-end tests.

Both start once per worker of a run, on the first test that asks, in a folder of its own; a run that crashed
leaves its processes and its folders to the next one, which stops the ones and removes the others.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from secureml_sandbox.binaries import control_plane_binaries
from secureml_sandbox.controlplane import ControlPlane
from secureml_sandbox.emulator import Emulator
from secureml_sandbox.environment import operator_environment
from secureml_sandbox.paths import CHECKOUT
from secureml_sandbox.processes import OperatorProcess, Owner, stop_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = CHECKOUT / ".sandbox-tests"


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """A folder of this run; the logs in it stay until the next run, for whoever looks into a failure."""
    RUNS.mkdir(exist_ok=True)
    folder = RUNS / str(os.getpid())
    with (RUNS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a folder that another worker has just made is claimed a moment later
        for old in filter(Path.is_dir, RUNS.iterdir()):
            _remove_leftovers(old)
        Owner(folder).claim()
    yield folder
    shutil.rmtree(folder / "controlplane" / "etcd", ignore_errors=True)


def _remove_leftovers(run: Path) -> None:
    if not Owner(run).lives():
        for folder in (run, *filter(Path.is_dir, run.rglob("*"))):
            stop_leftovers(folder)
        shutil.rmtree(run, ignore_errors=True)


@pytest.fixture(scope="session")
def control_plane(run_folder: Path) -> Iterator[ControlPlane]:
    """Etcd and kube-apiserver with the project's CRDs and the operator's rights."""
    with ControlPlane(run_folder / "controlplane", control_plane_binaries(print)) as started:
        started.apply_crds()
        started.allow_operator()
        yield started


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """A namespace of this test's own."""
    return control_plane.fresh_namespace()


@pytest.fixture
def emulator(run_folder: Path, request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An empty Azure of this test's own; its clock runs a hundred times as fast as ours."""
    with Emulator(run_folder / f"azure-{_file_name(request)}", speed=100.0) as started:
        yield started


@pytest.fixture
def operator(
    run_folder: Path, control_plane: ControlPlane, emulator: Emulator, request: pytest.FixtureRequest
) -> Iterator[OperatorProcess]:
    """The operator's process, described and not yet started: the test decides when, and when to kill it."""
    folder = run_folder / f"operator-{_file_name(request)}"
    process = OperatorProcess(folder, operator_environment(folder, control_plane, emulator))
    yield process
    process.stop()


def _file_name(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:60]
