"""The environment variables with which programs find a sandbox: cluster, cloud, identities, trust."""

from __future__ import annotations

import os
import shlex
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import certifi

from secureml_sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_sandbox.controlplane import ControlPlane
    from secureml_sandbox.emulator import Emulator

CLOCK_SPEED = "SECUREML_CLOCK_SPEED"
"""How fast the operator takes time to run in the cloud: with it, it waits as much less for what is done sooner."""

MOST_HURRIED = 20.0
"""However fast the stand-in's clock runs: where a busy machine holds up a pass for a second, readings get old."""

TRUST_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Python's ssl, OpenSSL and Go read the first, requests the second, curl the third."""


def operator_environment(folder: Path, cluster: ControlPlane, azure: Emulator) -> dict[str, str]:
    """Give what the operator needs: its own cluster user, its own Azure identity, nobody else's.

    Args:
        folder: receives the bundle of trusted authorities.
        cluster: started.
        azure: started.
    """
    trust = dict.fromkeys(TRUST_VARIABLES, str(write_bundle(folder, azure.ca_file)))
    return azure.environment() | trust | {"KUBECONFIG": str(cluster.operator_kubeconfig)}


def hurried(azure: Emulator) -> dict[str, str]:
    """Give what makes the operator keep up with a stand-in whose clock runs fast."""
    return {CLOCK_SPEED: str(min(max(1.0, azure.speed), MOST_HURRIED))}


def person_environment(folder: Path, cluster: ControlPlane, azure: Emulator) -> dict[str, str]:
    """Give what a person at a shell needs: the cluster's administrator, and both Azure identities.

    Args:
        folder: receives the bundle of trusted authorities.
        cluster: started.
        azure: started.
    """
    second = {"SECOND_CLIENT_ID": azure.second.client_id, "SECOND_CLIENT_SECRET": azure.second.secret}
    person = {"KUBECONFIG": str(cluster.kubeconfig)}
    return operator_environment(folder, cluster, azure) | second | person


def write_bundle(folder: Path, authority: Path) -> Path:
    """Write a PEM bundle of the usual roots and one more authority, so that other hosts stay reachable."""
    roots = next(path for path in _root_files() if path.is_file() and not _of_a_sandbox(path))
    folder.mkdir(parents=True, exist_ok=True)
    bundle = folder / "trust.pem"
    bundle.write_bytes(authority.read_bytes() + b"\n" + roots.read_bytes())
    return bundle


def script(variables: Mapping[str, str], path: list[Path]) -> str:
    """Give a shell script that exports the variables and puts folders in front of `PATH`."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    front = ":".join(shlex.quote(str(folder)) for folder in path)
    return "\n".join(["# Read it into a shell: . .sandbox/env", *lines, f'export PATH={front}:"$PATH"', ""])


def _root_files() -> list[Path]:
    given = os.environ.get("SSL_CERT_FILE")  # a company's own roots
    system = ssl.get_default_verify_paths().cafile
    return [Path(each) for each in (given, system, certifi.where()) if each]


def _of_a_sandbox(path: Path) -> bool:
    """Tell whether a bundle is an earlier sandbox's, read into this shell with `. .sandbox/env`."""
    return path.resolve().is_relative_to(CHECKOUT) and path.name == "trust.pem"
