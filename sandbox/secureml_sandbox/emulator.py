"""The Azure stand-in as a process of the sandbox: who may sign in, with which rights, at which speed."""

from __future__ import annotations

import json
import secrets
import ssl
import sys
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from secureml_sandbox.arm_client import ArmClient, Identity
from secureml_sandbox.paths import CHECKOUT
from secureml_sandbox.processes import SandboxProcess

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROLE = CHECKOUT / "docs" / "azure-role.json"
"""The custom role that the documentation gives to readers: the sandbox proves that it suffices."""

OWNER_ROLE = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""Azure's built-in role definition id of Owner."""

LOADING_SPEED = 2000.0
"""Virtual seconds per real second while a landscape is loaded: its hours of provisioning pass in seconds."""


@dataclass
class Emulator:
    """One `arm_emulator` process with a tenant, a subscription, the operator and a second administrator.

    Attributes:
        folder: logs, configuration, CA and endpoint; created on start.
        speed: virtual seconds per real second.
        settings: members that replace or join those of the configuration file.
        tenant, subscription: ids, new ones unless given.
        operator: signs in with exactly the documented custom role.
        second: the other administrator, owner of the subscription.
    """

    folder: Path
    speed: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    tenant: str = field(default_factory=lambda: str(uuid.uuid4()))
    subscription: str = field(default_factory=lambda: str(uuid.uuid4()))
    operator: Identity = field(default_factory=lambda: _identity("secureml-operator"))
    second: Identity = field(default_factory=lambda: _identity("alice@contoso.com"))
    base_url: str = field(default="", init=False)
    process: SandboxProcess = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Describe the process; it takes a free port by itself."""
        command = [sys.executable, "-m", "arm_emulator", "--port", "0", "--dir", str(self.folder)]
        command += ["--config", str(self.folder / "config.json"), "--speed", str(self.speed)]
        self.process = SandboxProcess("emulator", command, self.folder)

    @property
    def ca_file(self) -> Path:
        """The certificate authority that signed the emulator's certificate; present after the start."""
        return self.folder / "ca.pem"

    def start(self) -> Self:
        """Start the process and wait until it answers.

        Raises:
            ProcessDiedError: it ended, or did not answer in time.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        endpoint = self.folder / "endpoint.json"
        endpoint.unlink(missing_ok=True)
        config = self.folder / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps(self.configuration(), indent=1), encoding="utf-8")
        self.process.start()
        self.process.wait_until(endpoint.exists, "ready")
        self.base_url = json.loads(endpoint.read_text(encoding="utf-8"))["base_url"]
        return self

    def stop(self) -> None:
        """Stop the process; what it held is gone."""
        self.process.stop()

    def configuration(self) -> dict[str, Any]:
        """Give the content of the emulator's configuration file."""
        subscription = f"/subscriptions/{self.subscription}"
        actions = json.loads(ROLE.read_text(encoding="utf-8"))["Actions"]
        operator = _client(self.operator, {"scope": subscription, "actions": actions})
        second = _client(self.second, {"scope": subscription, "role_definition_id": OWNER_ROLE})
        second["user_principal_name"] = self.second.name
        own = {
            "tenant": self.tenant,
            "subscriptions": [self.subscription],
            "clients": [operator, second],
            "clock_speed": self.speed,
        }
        return own | dict(self.settings)

    def control(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        """Call one of the emulator's own endpoints, below `/emulator/`.

        Args:
            method: HTTP method.
            path: such as `clock`, `requests?since=0`, `faults`.
            body: JSON to send.

        Raises:
            urllib.error.HTTPError: the emulator refused.
        """
        request = urllib.request.Request(  # noqa: S310 - https to loopback
            f"{self.base_url}/emulator/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        with urllib.request.urlopen(request, timeout=30, context=trust) as answer:  # noqa: S310 - as above
            return json.loads(answer.read())

    def set_speed(self, speed: float) -> None:
        """Let the virtual clock run at `speed` virtual seconds per real second."""
        self.control("PUT", "clock", {"speed": speed})

    def client(self, identity: Identity | None = None, speed: float | None = None) -> ArmClient:
        """Give a client that signs in as `identity`, the second administrator by default."""
        chosen = self.speed if speed is None else speed
        return ArmClient(self.base_url, self.tenant, identity or self.second, self.ca_file, chosen)

    def environment(self, identity: Identity | None = None) -> dict[str, str]:
        """Give the Azure variables that an SDK, a script or the operator signs in with; without the CA."""
        who = identity or self.operator
        return {
            "AZURE_RESOURCE_MANAGER_ENDPOINT": self.base_url,
            "AZURE_AUTHORITY_HOST": self.base_url,
            "AZURE_TENANT_ID": self.tenant,
            "AZURE_SUBSCRIPTION_ID": self.subscription,
            "AZURE_CLIENT_ID": who.client_id,
            "AZURE_CLIENT_SECRET": who.secret,
        }

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _identity(name: str) -> Identity:
    return Identity(str(uuid.uuid4()), secrets.token_urlsafe(24), str(uuid.uuid4()), name)


def _client(identity: Identity, grant: dict[str, Any]) -> dict[str, Any]:
    return {
        "client_id": identity.client_id,
        "object_id": identity.object_id,
        "secret": identity.secret,
        "display_name": identity.name,
        "grants": [grant],
    }
