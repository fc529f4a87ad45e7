"""The whole of it: cluster, cloud, landscape and operator in one folder, from `up` to `down`."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secureml_sandbox.controlplane import ControlPlane
from secureml_sandbox.emulator import LOADING_SPEED, Emulator
from secureml_sandbox.environment import hurried, operator_environment, person_environment, script
from secureml_sandbox.landscape import landscape, load
from secureml_sandbox.paths import CHECKOUT, exclusive
from secureml_sandbox.processes import STOP_SECONDS, OperatorProcess, SandboxProcess, stop_leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

SPEED = 20.0
"""Virtual seconds per real second: a private endpoint's two minutes pass in six seconds, slow enough to
watch the conditions change."""

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
"""The subscription that the examples name, so that they can be applied as they are."""

RESYNC = 15.0
"""Seconds between two looks at what is in order: short, so that a person sees drift found."""

LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a sandbox is to hold.

    Attributes:
        workspaces: names of the open workspaces; none leaves the cloud empty.
        operator: whether to start the operator.
        speed: virtual seconds per real second of the cloud's clock.
    """

    workspaces: Sequence[str] = ("fraud", "churn")
    operator: bool = True
    speed: float = SPEED


@dataclass
class Sandbox:
    """A running sandbox.

    Attributes:
        folder: everything of it; nothing is written elsewhere.
        binaries: the folder with etcd, kube-apiserver and kubectl.
        wishes: what it is to hold.
    """

    folder: Path
    binaries: Path
    wishes: Wishes = field(default_factory=Wishes)
    cluster: ControlPlane = field(init=False)
    azure: Emulator = field(init=False)
    operator: OperatorProcess | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Describe the parts; nothing is started yet."""
        self.cluster = ControlPlane(self.folder / "cluster", self.binaries)
        self.azure = Emulator(self.folder / "azure", speed=self.wishes.speed, subscription=SUBSCRIPTION)

    @property
    def env_file(self) -> Path:
        """The script that a shell reads; written last, so whoever finds it finds a sandbox that is up."""
        return self.folder / "env"

    def up(self, progress: Callable[[str], None]) -> None:
        """Stop what an earlier run left in the folder, empty it, and start everything.

        Args:
            progress: receives lines for the person who waits.

        Raises:
            ProcessDiedError: a part did not become ready; what was started is stopped again.
            KubectlError: the API server refused a CRD or the operator's rights.
        """
        with exclusive(self.folder / LOCK):
            for stopped in _clear(self.folder):
                progress(f"stopped what an earlier run left: {stopped}")
            try:
                self._start(progress)
            except BaseException:
                stop_all(self.folder)
                raise

    def _start(self, progress: Callable[[str], None]) -> None:
        with ThreadPoolExecutor(2) as both:
            for future in [both.submit(self._start_cluster), both.submit(self._start_azure)]:
                future.result()
        progress(f"Kubernetes with the CRDs of {CHECKOUT.name}/crds; Azure at {self.azure.base_url}")
        if self.wishes.operator:
            environment = operator_environment(self.folder, self.cluster, self.azure) | hurried(self.azure)
            self.operator = OperatorProcess(self.folder / "operator", environment, "--resync", str(RESYNC)).start()
            self.operator.wait_until_ready()
            progress(f"operator running, log in {self.operator.log}")
        variables = person_environment(self.folder, self.cluster, self.azure)
        self.env_file.touch(mode=0o600)
        self.env_file.write_text(script(variables, [self.binaries, CHECKOUT / ".venv" / "bin"]), encoding="utf-8")

    def _start_cluster(self) -> None:
        self.cluster.start()
        self.cluster.apply_crds()
        self.cluster.allow_operator()

    def _start_azure(self) -> None:
        self.azure.start()
        if self.wishes.workspaces:
            self.azure.set_speed(LOADING_SPEED)
            asyncio.run(self._load())
            self.azure.set_speed(self.wishes.speed)

    async def _load(self) -> None:
        items = landscape(self.azure.subscription, self.azure.tenant, self.wishes.workspaces)
        async with self.azure.client(speed=LOADING_SPEED) as arm:
            await load(arm, items)


def down(folder: Path) -> list[str]:
    """Stop what the sandbox in `folder` started; its logs stay until the next `up`.

    Returns:
        What was stopped, for a message.
    """
    if not folder.is_dir():
        return []
    with exclusive(folder / LOCK):
        stopped = stop_all(folder)
        (folder / "env").unlink(missing_ok=True)
        shutil.rmtree(folder / "cluster" / "etcd", ignore_errors=True)
    return stopped


def stop_all(folder: Path) -> list[str]:
    """Stop every process of every folder of a sandbox, the operator before what it talks to."""
    # What the cluster and the cloud hold is thrown away, and an API server that has lost its etcd lingers.
    parts = {"operator": STOP_SECONDS, "azure": 3.0, "cluster": 3.0}
    return [each for part, patience in parts.items() for each in stop_leftovers(folder / part, patience)]


def processes(folder: Path) -> Iterator[SandboxProcess]:
    """Give each process that a sandbox started; one that has ended by itself has no id any more."""
    for record in sorted(folder.glob("*/*.pid.json")):
        yield SandboxProcess(record.name.removesuffix(".pid.json"), [], record.parent)


def _clear(folder: Path) -> list[str]:
    stopped = stop_all(folder)
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != LOCK:
            each.unlink()
    return stopped
