"""Processes that a sandbox started: started, watched, stopped, and found again after a crash.

Each runs in a process group of its own, with a record beside its log (process id and start time, since ids
are reused) and with a mark in its environment. The record serves the ordinary stop; the mark finds what a
crash left between starting a process and recording it, and children that outlived their parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MARK = "SECUREML_SANDBOX_STARTED_BY"
"""Environment variable that holds the folder of the sandbox that started a process."""

STOP_SECONDS = 25.0
"""Between asking to end and killing: more than the operator's own 20 s for work in flight."""

START_SLACK = 2.0
"""Seconds by which one start time may read differently: it is derived from the boot time, which the clock's
own adjustment moves. No process id comes round again so soon."""


class ProcessDiedError(Exception):
    """A process ended, or did not become ready in time; the text ends with its last log lines."""


@dataclass
class SandboxProcess:
    """One process and the files that describe it: `NAME.log`, `NAME.pid.json`.

    As a context manager it is started on entry and stopped on exit.

    Attributes:
        name: names the files and appears in messages.
        command: argv; the first element is looked up on `PATH` of `environment`.
        folder: where the files are; created on start.
        environment: added to, or replacing, variables of this process.
        cwd: working directory; the folder by default.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def log(self) -> Path:
        """The file that receives the process's standard output and error, over all its starts."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs, also when another run started it; None otherwise."""
        if self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        found = _recorded(self._record)
        return found.pid if found else None

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.name}.pid.json"

    def start(self) -> Self:
        """Start the process in the background, detached from this terminal.

        Raises:
            OSError: the command cannot be executed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(self.command),
                cwd=self.cwd or self.folder,
                env=os.environ | dict(self.environment) | {MARK: str(self.folder.resolve())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(self._process.pid).create_time()
            self._record.write_text(json.dumps({"pid": self._process.pid, "started": started}))
        return self

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask the process and its group to end, and kill what is left after `seconds`."""
        self._end(signal.SIGTERM, seconds)

    def kill(self) -> None:
        """End the process and its group at once, without a chance to tidy up (kill -9)."""
        self._end(signal.SIGKILL, STOP_SECONDS)

    def restart(self) -> Self:
        """Stop, then start again; the log goes on in the same file."""
        self.stop()
        return self.start()

    def words(self) -> str:
        """Give everything the process has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        """Wait for a condition that this process brings about.

        Args:
            ready: asked every 50 ms; must not block for long.
            what: completes the sentence "... within N s".
            seconds: deadline.

        Raises:
            ProcessDiedError: the process ended first, or the deadline passed.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.pid is None:
                raise ProcessDiedError(f"{self.name} ended before {what}:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise ProcessDiedError(f"{self.name}: not {what} within {seconds:.0f} s:\n{self._tail()}")
            time.sleep(0.05)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _tail(self, lines: int = 25) -> str:
        return "\n".join(self.words().splitlines()[-lines:])

    def _end(self, first: signal.Signals, seconds: float) -> None:
        pid = self.pid
        if pid is not None:
            _end_group(pid, first, seconds)
        if self._process is not None:
            self._process.wait()
        self._process = None
        self._record.unlink(missing_ok=True)


AS_IN_THE_IMAGE = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""What the Dockerfile sets for the operator."""


class OperatorProcess(SandboxProcess):
    """The operator as its own process, the way a cluster runs it: `secureml run`.

    Its probes listen on a free port, the same one over all restarts.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *arguments: str, name: str = "operator"
    ) -> None:
        """Describe the process; nothing is started yet.

        Args:
            folder: where its log is.
            environment: as `operator_environment` gives it: the cluster, the cloud, the identity.
            arguments: appended to `secureml run`.
            name: names the log; two replicas need two.
        """
        self.health = f"127.0.0.1:{free_port()}"
        secureml = str(Path(sys.executable).with_name("secureml"))
        command = [secureml, "run", "--health-address", self.health, *arguments]
        super().__init__(name, command, folder, AS_IN_THE_IMAGE | dict(environment))

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until its readiness probe succeeds.

        Raises:
            ProcessDiedError: it ended first, or was not ready within `seconds`.
        """
        self.wait_until(self.ready, "ready", seconds)

    def ready(self) -> bool:
        """Ask the readiness probe."""
        try:
            with urllib.request.urlopen(f"http://{self.health}/readyz", timeout=2):
                return True
        except OSError:
            return False

    def metrics(self) -> str:
        """Read `/metrics` in the text format.

        Raises:
            OSError: the process does not answer.
        """
        with urllib.request.urlopen(f"http://{self.health}/metrics", timeout=10) as answer:
            return str(answer.read().decode())


def stop_leftovers(folder: Path, patience: float = STOP_SECONDS) -> list[str]:
    """Stop whatever an earlier run of the sandbox in `folder` started and did not stop.

    Args:
        folder: where the processes recorded themselves.
        patience: seconds between asking and killing.

    Returns:
        What was stopped, as `name, pid N`, for a message.
    """
    found: dict[int, psutil.Process] = {}
    names: dict[int, str] = {}
    for record in folder.glob("*.pid.json"):
        process = _recorded(record)
        if process is not None:
            found[process.pid] = process
            names[process.pid] = record.name.removesuffix(".pid.json")
    mark = str(folder.resolve())
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found[process.pid] = process
    stopped = []
    for process in found.values():
        with contextlib.suppress(psutil.Error):
            stopped.append(f"{names.get(process.pid) or process.name()}, pid {process.pid}")
            process.terminate()
    _, alive = psutil.wait_procs(list(found.values()), patience)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    for record in folder.glob("*.pid.json"):
        record.unlink(missing_ok=True)
    return stopped


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may use a folder: the process that wrote `owner.json` into it, while it lives."""

    folder: Path

    def claim(self) -> None:
        """Write this process into the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        started = psutil.Process().create_time()
        (self.folder / "owner.json").write_text(json.dumps({"pid": os.getpid(), "started": started}))

    def lives(self) -> bool:
        """Tell whether the process that claimed the folder still runs."""
        return _recorded(self.folder / "owner.json") is not None


def free_port() -> int:
    """Give a TCP port of the loopback interface that is free now.

    Somebody may take it before it is used, so a caller tries again with another when its server says so.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _recorded(record: Path) -> psutil.Process | None:
    """Find the live process that a record names; None when it is gone or its id belongs to another now."""
    try:
        data = json.loads(record.read_text(encoding="utf-8"))
        process = psutil.Process(data["pid"])
        same = abs(process.create_time() - data["started"]) < START_SLACK
        alive = same and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    return process if alive else None


def _end_group(pid: int, first: signal.Signals, seconds: float) -> None:
    """Send `first` to the group that `pid` leads, and SIGKILL after `seconds` to what is left of it."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, first)
        while _group_lives(pid):
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
                return
            time.sleep(0.02)


def _group_lives(pid: int) -> bool:
    """Tell whether a process of the group runs; a zombie waits for its parent and counts as ended."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
