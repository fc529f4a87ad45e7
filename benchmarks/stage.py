"""A control plane, an emulator and the operator of one build, for one measurement."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from secureml_sandbox.binaries import control_plane_binaries
from secureml_sandbox.controlplane import OPERATOR_RBAC, ControlPlane
from secureml_sandbox.emulator import LOADING_SPEED, ROLE, Emulator
from secureml_sandbox.environment import operator_environment
from secureml_sandbox.landscape import landscape, load, subnet_id, workspace_id
from secureml_sandbox.paths import CHECKOUT, CRDS
from secureml_sandbox.processes import OperatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from builds import Build

TENANT = "3f6c1f0e-8f0e-4b7a-9d0b-3a1f5d1c0001"
SUBSCRIPTION = "3f6c1f0e-8f0e-4b7a-9d0b-3a1f5d1c0002"
"""The same in every run: how long an operation takes is drawn from its target's id."""


@dataclass
class Stage:
    """The running parts."""

    cluster: ControlPlane
    azure: Emulator
    operator: OperatorProcess

    def resource(self, name: str) -> dict[str, Any]:
        """A SecureWorkspace of the smallest kind."""
        return {
            "apiVersion": "secureml.dev/v1alpha1",
            "kind": "SecureWorkspace",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "workspaceID": workspace_id(self.azure.subscription, name),
                "network": {"endpointSubnetID": subnet_id(self.azure.subscription)},
            },
        }

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The operator's requests to Resource Manager, sign-in left out."""
        entries = self.azure.control("GET", f"requests?since={since}&caller={self.azure.operator.client_id}")[
            "value"
        ]
        return [e for e in entries if e["sequence"] > since and "/oauth2/" not in e["path"]]

    def ready(self) -> int:
        """How many SecureWorkspaces are Ready."""
        items = self.cluster.get("secureworkspaces.secureml.dev")["items"]
        return sum(
            condition["type"] == "Ready" and condition["status"] == "True"
            for item in items
            for condition in item.get("status", {}).get("conditions", ())
        )

    def process(self) -> psutil.Process:
        """The operator's process."""
        assert self.operator.pid is not None  # noqa: S101 - started by the context manager
        return psutil.Process(self.operator.pid)


@dataclass
class _Azure(Emulator):
    """An emulator whose operator may do what a build documents."""

    role: Path = ROLE

    def configuration(self) -> dict[str, Any]:
        """Give the usual configuration with the actions of that role."""
        whole = super().configuration()
        actions = json.loads(self.role.read_text(encoding="utf-8"))["Actions"]
        whole["clients"][0]["grants"][0]["actions"] = actions
        return whole


@contextmanager
def stage(
    folder: Path, build: Build, names: Sequence[str], speed: float, resync: float, **settings: object
) -> Iterator[Stage]:
    """Start everything over an open landscape.

    The build brings its operator with its rights and definitions; all else is the working tree's.

    Args:
        folder: for logs and state.
        build: whose operator runs.
        names: workspaces of the landscape.
        speed: Azure's seconds per real second once the landscape stands.
        resync: the operator's resync, seconds.
        settings: members of the emulator's configuration.
    """
    binaries = control_plane_binaries(lambda text: print(f"  {text}", flush=True))
    with (
        ControlPlane(folder / "cluster", binaries) as cluster,
        _Azure(
            folder / "azure",
            speed=LOADING_SPEED,
            settings=settings,
            tenant=TENANT,
            subscription=SUBSCRIPTION,
            role=build.root / ROLE.relative_to(CHECKOUT),
        ) as azure,
    ):
        cluster.apply_crds(build.root / CRDS.relative_to(CHECKOUT))
        cluster.allow_operator()
        rights = build.root / OPERATOR_RBAC.relative_to(CHECKOUT)
        cluster.kubectl("apply", "--server-side", "--force-conflicts", f"--filename={rights}")
        began = time.monotonic()
        asyncio.run(_load(azure, names))
        print(f"  landscape of {len(names)} workspaces stands after {time.monotonic() - began:.1f} s", flush=True)
        azure.set_speed(speed)
        environment = {**os.environ, **operator_environment(folder, cluster, azure)}
        operator = OperatorProcess(
            folder / "operator", environment, "--resync", str(resync), "--log-level", "warning"
        )
        operator.command = [str(build.programs / "secureml"), *operator.command[1:]]
        with operator:
            operator.wait_until_ready()
            yield Stage(cluster, azure, operator)


async def _load(azure: Emulator, names: Sequence[str]) -> None:
    async with azure.client(speed=LOADING_SPEED) as arm:
        await load(arm, landscape(azure.subscription, azure.tenant, names))
