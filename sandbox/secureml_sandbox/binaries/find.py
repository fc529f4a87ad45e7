"""The order in which the control plane's binaries are looked for."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from secureml_sandbox.binaries.build import BuildError, build
from secureml_sandbox.binaries.envtest import DownloadError, download
from secureml_sandbox.paths import CONTROL_PLANE_MODULE, cache_folder, exclusive

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("etcd", "kube-apiserver", "kubectl")

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class BinariesUnavailableError(Exception):
    """No way led to the binaries; the text says what was tried and what to do."""


def control_plane_binaries(progress: Callable[[str], None]) -> Path:
    """Give a folder that holds etcd, kube-apiserver and kubectl; build them if need be.

    The first call on a machine without a way to the official archive takes minutes.

    Args:
        progress: receives lines for the person who waits.

    Raises:
        BinariesUnavailableError: `KUBEBUILDER_ASSETS` lacks one, or nothing else worked.
    """
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given:
        missing = [name for name in NAMES if not (Path(given) / name).is_file()]
        if missing:
            raise BinariesUnavailableError(f"KUBEBUILDER_ASSETS={given} holds no {', '.join(missing)}.")
        return Path(given)
    version = kubernetes_version((CONTROL_PLANE_MODULE / "go.mod").read_text(encoding="utf-8"))
    folder = cache_folder() / "controlplane" / _key(version)
    if folder.is_dir():
        return folder
    lock = folder.with_name(folder.name + ".lock")
    with exclusive(lock, lambda: progress(f"another checkout prepares {folder}; waiting for it")):
        if not folder.is_dir():  # the other one may have finished meanwhile
            _install(folder, version, progress)
    return folder


def kubernetes_version(go_mod: str) -> str:
    """Read the Kubernetes version, such as `v1.36.3`, from the text of the control plane's go.mod."""
    found = re.search(r"^\s*(?:require )?k8s\.io/kubernetes (v\d+\.\d+\.\d+)", go_mod, re.MULTILINE)
    if found is None:
        raise BinariesUnavailableError("sandbox/controlplane/go.mod does not require k8s.io/kubernetes.")
    return found.group(1)


def _key(version: str) -> str:
    """Name the cache entry: go.sum stands in it, so that a changed dependency makes another."""
    digest = hashlib.sha256((CONTROL_PLANE_MODULE / "go.sum").read_bytes()).hexdigest()
    return f"{version}-{platform.system().lower()}-{_architecture()}-{digest[:8]}"


def _architecture() -> str:
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


def _install(folder: Path, version: str, progress: Callable[[str], None]) -> None:
    """Fill a folder beside `folder` and rename it, so that nobody ever sees half of it."""
    building = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        try:
            download(building, version, platform.system().lower(), _architecture(), progress)
        except DownloadError as problem:
            progress(f"no official archive ({problem}); building {version} from Go modules instead")
            build(CONTROL_PLANE_MODULE, building, version, progress)
        building.chmod(0o755)
        building.rename(folder)
    except BuildError as problem:
        raise BinariesUnavailableError(
            f"{problem}\nSet KUBEBUILDER_ASSETS to a folder with {', '.join(NAMES)} to go around the build."
        ) from problem
    finally:
        shutil.rmtree(building, ignore_errors=True)
    progress(f"control plane binaries are in {folder}")
