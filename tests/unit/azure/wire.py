"""A connection whose transport is scripted: everything above it is real, the management clients too."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AsyncHttpTransport

from secureml_reconcilers.azure.client import ArmClient
from secureml_reconcilers.azure.connection import CLIENTS
from secureml_reconcilers.azure.environment import AzureEnvironment
from secureml_reconcilers.azure.ml import MachineLearning
from secureml_reconcilers.azure.sending import Sender
from secureml_reconcilers.azure.throttle import Throttle

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest

BASE = "https://management.azure.com"


@dataclass
class Answer:
    """What the transport gives back."""

    status_code: int = 200
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def shown(body: Any, status: int = 200, **headers: str) -> Answer:  # noqa: ANN401 - JSON
    """An answer with a JSON body."""
    return Answer(status, json.dumps(body).encode(), headers)


class Wire(AsyncHttpTransport):  # type: ignore[type-arg]
    """Answers, or raises, one of its script after the other; keeps what was sent."""

    def __init__(self, *script: Answer | Exception) -> None:
        self._script = list(script)
        self.sent: list[HttpRequest] = []

    async def send(self, request: HttpRequest, **_: object) -> Answer:  # type: ignore[override]
        """The next of the script."""
        self.sent.append(request)
        answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""


def connect(wire: Wire) -> ArmClient:
    """A connection over this transport, with a budget that is full at first and never refills."""
    clients = {
        name: kind(object(), "-", base_url=BASE, policies=[], transport=wire) for name, kind in CLIENTS.items()
    }
    sender = Sender(clients, BASE, Throttle(lambda: 0.0), lambda _: None)
    return ArmClient(sender, frozenset(), MachineLearning(AzureEnvironment(BASE), sender))
