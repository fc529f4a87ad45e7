"""The same trouble on two passes is the same status: the shell writes it only when it differs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.unit.engine.building import VAULT, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

    Trouble = Callable[[float], AzureProblem | None]


def closed(view: View) -> Blocks:
    """The vault is closed."""
    view.get(VAULT)
    yield wants(VAULT)


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
TROUBLES = [  # when the vault is read       when it is written
    pytest.param(BUSY, None, id="a service that is busy"),
    pytest.param(None, BUSY, id="one that is busy writing"),
    pytest.param(None, spent(), id="a budget that is spent"),
    pytest.param(answers(403, "AuthorizationFailed", "No. Correlation ID: {id}"), None, id="a missing right"),
    pytest.param(None, answers(409, "ScopeLocked", "A lock. Correlation ID: {id}"), id="a lock"),
]


@pytest.mark.parametrize(("reading", "writing"), TROUBLES)
async def test_the_same_trouble_is_the_same_status(reading: Trouble | None, writing: Trouble | None) -> None:
    """Azure names other seconds and another request each time; the status once changed with every pass."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties={"publicNetworkAccess": "Enabled"}))
    for trouble, where in ((reading, arm.unreadable), (writing, arm.refuses)):
        if trouble is not None:
            where[VAULT.key] = lambda trouble=trouble: trouble(arm.clock.passed.total_seconds())
    run, told = Run(Kind(closed, "VaultClosed"), arm), []
    for _ in range(5):
        result = await run.look()
        assert result.requeue_after is not None
        run.clock.advance(result.requeue_after + timedelta(seconds=3))
        told.append(json.dumps(result.status))
    assert arm.writes == []
    assert told[0].count("VaultClosed") > 0
    assert set(told) == {told[0]}


async def test_an_outage_of_minutes_is_one_event(caplog: pytest.LogCaptureFixture) -> None:
    """A short one is none, and one that goes on is told once, in the log as well; the next one is told again."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties={"publicNetworkAccess": "Disabled"}))
    run = Run(Kind(closed, "Closed"), arm)
    await run.settle()
    down = classify(503, {}, json.dumps({"error": {"code": "ServiceUnavailable", "message": "Later."}}))

    async def outage(time: timedelta) -> list[str]:
        begun = len(run.results)
        arm.unreadable[VAULT.key] = down
        run.clock.advance(timedelta(hours=1))
        end = run.clock.monotonic() + time
        while run.clock.monotonic() < end:
            await run.step()
        del arm.unreadable[VAULT.key]
        await run.step()
        return [
            event.reason for result in run.results[begun:] for event in result.events if event.type == "Warning"
        ]

    assert await outage(timedelta(minutes=3)) == []
    assert await outage(timedelta(minutes=40)) == ["AzureBusy"]
    assert await outage(timedelta(minutes=40)) == ["AzureBusy"]
    assert [record.levelname for record in caplog.records if "has not answered" in record.message] == [
        "WARNING"
    ] * 2
