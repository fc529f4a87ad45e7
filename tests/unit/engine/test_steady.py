"""The same trouble on two passes is the same status: the shell writes it only when it differs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from tests.unit.engine.building import NOW, VAULT, shown

from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.throttle import Throttle
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_reconcilers.azure.arm import Accepted, Present
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.view import View

    Trouble = Callable[[float], AzureProblem | None]


@dataclass
class Azure:
    """One open vault that cannot be read or written."""

    reading: Trouble = lambda _: None
    writing: Trouble = lambda _: None
    passed: float = 0.0
    writes: list[float] = field(default_factory=list)

    async def read(self, target: ResourceId) -> Present:
        """Show the vault, or why not."""
        problem = self.reading(self.passed)
        if problem is not None:
            raise problem
        return shown(target, properties={"publicNetworkAccess": "Enabled"})

    async def write(self, *_: Any, **__: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Refuse."""
        self.writes.append(self.passed)
        problem = self.writing(self.passed)
        assert problem is not None
        raise problem

    async def query(self, *_: str) -> list[Mapping[str, Any]]:
        """Nobody knows who did it."""
        return []


class Vaults:
    """A kind that closes one vault."""

    def declare(self, _: Mapping[str, Any], owner: str) -> Composition:
        """It is closed."""

        def blocks(view: View) -> Blocks:
            view.get(VAULT)
            yield Ensure(VAULT, {"properties": {"publicNetworkAccess": "Disabled"}}, "it answers the internet")

        return Composition((Aspect("VaultClosed", blocks),), owner)


class Journal:
    """Nothing is kept."""

    async def announce(self, _: Status) -> None:
        """Take it."""


def answers(status: int, code: str, message: str) -> Trouble:
    """Azure refuses, in words that are never the same."""

    def trouble(passed: float) -> AzureProblem:
        said = message.format(id=uuid4(), seconds=round(passed) % 50 + 7)
        return classify(
            status, {"x-ms-failure-cause": "service"}, json.dumps({"error": {"code": code, "message": said}})
        )

    return trouble


def spent() -> Trouble:
    """Our own budget of writes is spent, for ever less or more long."""
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    throttle.learn("s", "PUT", 200, {"x-ms-ratelimit-remaining-subscription-writes": "0"})

    def trouble(passed: float) -> AzureProblem | None:
        clock[0] = passed
        throttle.learn("s", "PUT", 429, {"retry-after": str(round(passed) % 50 + 70)})
        try:
            throttle.take("s", "PUT")
        except AzureProblem as problem:
            return problem
        return None

    return trouble


BUSY = answers(429, "RetryableError", "It can be retried in {seconds} seconds. RequestId:{id}")
TROUBLES = [
    pytest.param(Azure(reading=BUSY), id="a service that is busy"),
    pytest.param(Azure(writing=BUSY), id="one that is busy writing"),
    pytest.param(Azure(writing=spent()), id="a budget that is spent"),
    pytest.param(
        Azure(reading=answers(403, "AuthorizationFailed", "No. Correlation ID: {id}")), id="a missing right"
    ),
    pytest.param(Azure(writing=answers(409, "ScopeLocked", "A lock. Correlation ID: {id}")), id="a lock"),
]


@pytest.mark.parametrize("azure", TROUBLES)
async def test_the_same_trouble_is_the_same_status(azure: Azure) -> None:
    """Azure names other seconds and another request each time; the status once changed with every pass."""
    engine = Engine(Vaults(), azure, clock=lambda: NOW + timedelta(seconds=azure.passed), cluster="east")  # type: ignore[arg-type]
    request, told = ReconcileRequest(Key("K", "team-a", "fraud"), "u", 1, {}, {}), []
    for _ in range(5):
        outcome = await engine.reconcile(request, Journal())
        assert outcome.requeue_after is not None
        azure.passed += outcome.requeue_after.total_seconds() + 3
        request = replace(request, status=outcome.status)
        told.append(json.dumps(outcome.status))
    assert told[0].count("VaultClosed") > 0
    assert set(told) == {told[0]}
