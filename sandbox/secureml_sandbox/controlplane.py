"""A real Kubernetes API: etcd and kube-apiserver, without nodes and without controllers.

Nothing here deletes a namespace's content nor collects garbage by owner: that is the controller manager's
work. Tests take a fresh namespace each instead of cleaning one.
"""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from secureml_sandbox.paths import CHECKOUT, CRDS
from secureml_sandbox.pki import Authority, write_key
from secureml_sandbox.processes import ProcessDiedError, SandboxProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

ADMIN = "admin"
ADMIN_GROUP = "system:masters"
OPERATOR = "secureml-operator"

OPERATOR_RBAC = CHECKOUT / "charts" / "secureml-operator" / "files" / "rbac.yaml"
"""What the operator may do, the same file that the chart ships: the sandbox proves that it suffices."""

PORT_ATTEMPTS = 3
"""Another program may take a free port before etcd or kube-apiserver does; three times is no accident."""

START_SECONDS = 60.0
"""Measured: about 3 s; a machine busy with a build needs more."""


class KubectlError(Exception):
    """kubectl ended with an error; the text is its standard error."""


@dataclass
class ControlPlane:
    """One etcd and one kube-apiserver on free loopback ports.

    Attributes:
        folder: certificates, kubeconfigs, logs, etcd's data; created on start.
        binaries: the folder with etcd, kube-apiserver and kubectl.
    """

    folder: Path
    binaries: Path
    _etcd: SandboxProcess = field(init=False, repr=False)
    _api: SandboxProcess = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Describe the processes; their ports are chosen on start."""
        self._etcd = SandboxProcess("etcd", [], self.folder)
        self._api = SandboxProcess("kube-apiserver", [], self.folder)

    @property
    def processes(self) -> tuple[SandboxProcess, SandboxProcess]:
        """The two processes, in the order of their start."""
        return self._etcd, self._api

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig (group system:masters)."""
        return self.folder / f"{ADMIN}.kubeconfig"

    @property
    def operator_kubeconfig(self) -> Path:
        """The kubeconfig of the operator's own, least-privileged user."""
        return self.folder / f"{OPERATOR}.kubeconfig"

    def start(self) -> Self:
        """Start both processes and wait until the API server is ready.

        Raises:
            ProcessDiedError: one of them ended, or was not ready in time; the text has its last log lines.
        """
        for attempt in range(1, PORT_ATTEMPTS + 1):
            try:
                self._start_once()
            except ProcessDiedError as problem:
                self.stop()
                if attempt == PORT_ATTEMPTS or "address already in use" not in str(problem):
                    raise
            else:
                break
        return self

    def stop(self) -> None:
        """Stop both; the data of etcd stays in the folder until the folder goes."""
        self._api.stop()
        self._etcd.stop()

    def kubectl(self, *arguments: str, stdin: str = "", user: str = ADMIN, timeout: float = 60.0) -> str:
        """Run kubectl and give its standard output.

        Args:
            arguments: as on the command line.
            stdin: what `-f -` reads.
            user: whose kubeconfig to use: "admin" or "secureml-operator".
            timeout: seconds.

        Raises:
            KubectlError: kubectl ended with an error.
            subprocess.TimeoutExpired: it took longer than `timeout`.
        """
        command = [str(self.binaries / "kubectl"), f"--kubeconfig={self.folder / user}.kubeconfig"]
        # Its discovery cache goes into the folder: in the home folder it would outlive the ports it names.
        command.append(f"--cache-dir={self.folder / 'kubectl-cache'}")
        done = subprocess.run(
            [*command, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *documents: dict[str, Any]) -> None:
        """Apply objects on the server's side, as a user of GitOps would.

        Raises:
            KubectlError: the API server refused one; the others may have been applied.
        """
        items = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))

    def get(self, *arguments: str) -> dict[str, Any]:
        """Read with `kubectl get ... -o json`.

        Raises:
            KubectlError: not found, or refused.
        """
        answer: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "-o", "json"))
        return answer

    def fresh_namespace(self, prefix: str = "test") -> str:
        """Create a namespace with a name of its own and give the name."""
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", name)
        return name

    def apply_crds(self, folder: Path = CRDS) -> None:
        """Apply every custom resource definition in `folder` and wait until it is served.

        Raises:
            KubectlError: one is refused, or not established within 30 s.
        """
        files = sorted(folder.glob("*.yaml"))
        if not files:
            return
        names = [f"--filename={file}" for file in files]
        self.kubectl("apply", "--server-side", "--force-conflicts", *names)
        self.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)

    def allow_operator(self) -> None:
        """Give the operator's user the rights of the chart's cluster role.

        Raises:
            KubectlError: the API server refused.
        """
        self.kubectl("apply", "--server-side", "--force-conflicts", f"--filename={OPERATOR_RBAC}")
        group = "rbac.authorization.k8s.io"
        binding = {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": OPERATOR},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": OPERATOR},
            "subjects": [{"apiGroup": group, "kind": "User", "name": OPERATOR}],
        }
        self.apply(binding)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_once(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        etcd_url = f"http://127.0.0.1:{free_port()}"
        port = free_port()
        authority = Authority(self.folder, "secureml-sandbox")
        self._etcd.command = _etcd_command(self.binaries, self.folder, etcd_url)
        self._api.command = _api_command(self.binaries, self.folder, etcd_url, port, authority)
        for user, group in ((ADMIN, ADMIN_GROUP), (OPERATOR, "")):
            _write_kubeconfig(self.folder, port, user, authority.client(user, group))
        self._etcd.start()
        self._api.start()
        trust = ssl.create_default_context(cafile=str(authority.certificate))
        ready = f"https://127.0.0.1:{port}/readyz"
        self._api.wait_until(lambda: _answers(ready, trust), "ready", START_SECONDS)


def _etcd_command(binaries: Path, folder: Path, url: str) -> list[str]:
    return [
        str(binaries / "etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",  # the data is worth nothing after a power failure, and every write gets faster
        "--log-level=warn",
    ]


def _api_command(binaries: Path, folder: Path, etcd_url: str, port: int, authority: Authority) -> list[str]:
    certificate, key = authority.server("kube-apiserver")
    accounts = write_key(folder / "service-accounts.key")
    return [
        str(binaries / "kube-apiserver"),
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--client-ca-file={authority.certificate}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={accounts}",
        f"--service-account-signing-key-file={accounts}",
        "--disable-admission-plugins=ServiceAccount",  # nobody here creates a namespace's default account
        "--profiling=false",
    ]


def _write_kubeconfig(folder: Path, port: int, user: str, signed: tuple[Path, Path]) -> None:
    """Write a kubeconfig with everything inside, so that it may be copied anywhere."""
    certificate, key = map(_encoded, signed)
    server = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority-data": _encoded(folder / "ca.pem"),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": server}],
        "users": [{"name": user, "user": {"client-certificate-data": certificate, "client-key-data": key}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
        "current-context": "sandbox",
    }
    target = folder / f"{user}.kubeconfig"
    target.touch(mode=0o600)
    target.write_text(json.dumps(content, indent=1), encoding="utf-8")  # JSON is YAML


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _answers(url: str, trust: ssl.SSLContext) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=trust) as answer:  # noqa: S310 - https to loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
    except (OSError, urllib.error.URLError):
        return False
