"""Many custom resources, one subscription: the read budget decides how long it takes, and nothing is wasted."""

from __future__ import annotations

import heapq
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from secureml_reconcilers.azure.arm import Accepted, Present
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.throttle import Throttle
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.memory import JUST_BEFORE
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.view import View

ACCOUNTS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts"
READS = 29
PASS = 0.003
"""Seconds."""


class Azure:
    """Everything is there; each read is counted against the budget."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.reads = 0
        self.throttle = Throttle(lambda: self.seconds)

    def now(self) -> datetime:
        """The virtual present."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    async def read(self, target: ResourceId) -> Present:
        """Answer, if the budget allows."""
        self.throttle.take("s", "GET")
        self.reads += 1
        return Present({"id": target.text, "properties": {"provisioningState": "Succeeded"}})


class Accounts:
    """A kind that reads one account, and then 28 others."""

    def declare(self, spec: Mapping[str, Any], owner: str) -> Composition:
        """All of them exist."""
        first, *others = [resource_id(f"{ACCOUNTS}/{spec['name']}x{number}") for number in range(READS)]

        def blocks(view: View) -> Blocks:
            view.get(first)
            yield from (Ensure(account, {}, "it is wanted") for account in others)

        return Composition((Aspect("Known", blocks),), owner)


class Journal:
    """Nothing is written."""

    async def announce(self, status: Status) -> None:
        """Fail."""
        raise AssertionError(status)


async def test_all_get_their_turn_within_the_budget() -> None:
    """Three hundred at once, 250 reads and 25 more a second: 338 s, and each is passed over twice at most, or so.

    Every one of them once came back after 40 ms for the next single token. All had some readings, which
    were too old before the last was there: of five hundred, twenty were done after as many minutes.
    """
    azure, many = Azure(), 300
    engine = Engine(Accounts(), azure, clock=azure.now, cluster="east")  # type: ignore[arg-type]
    queue = [(0.0, number) for number in range(many)]
    passes = 0
    while queue and azure.seconds < 2000:
        due, number = heapq.heappop(queue)
        azure.seconds = max(azure.seconds, due) + PASS
        name = f"c{number}"
        outcome = await engine.reconcile(
            ReconcileRequest(Key("K", "n", name), name, 1, {"name": name}, {}), Journal()
        )
        passes += 1
        if outcome.requeue_after is not None:
            assert outcome.requeue_after >= timedelta(seconds=1)
            heapq.heappush(queue, (azure.seconds + outcome.requeue_after.total_seconds(), number))
    assert azure.seconds < 1.1 * (many * READS - 250) / 25
    assert azure.reads == many * READS
    assert passes < 2.2 * many


class Open(Azure):
    """Every account is open until it is closed; closing goes by a budget of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: dict[str, float] = {}
        self.evidence: dict[str, float] = {}
        """When each account was read last."""

    async def read(self, target: ResourceId) -> Present:
        """Answer, if the budget allows."""
        shown = await super().read(target)
        self.evidence[target.key] = self.seconds
        shown.body["properties"]["publicNetworkAccess"] = "Disabled" if target.key in self.closed else "Enabled"
        return shown

    async def write(self, _: str, target: ResourceId, *__: Any, **___: Any) -> Accepted:  # noqa: ANN401 - JSON
        """Close it; what that leans on was read just before."""
        leant_on = [at for key, at in self.evidence.items() if key.startswith(f"{target.key}x")]
        assert self.seconds - min(leant_on) <= JUST_BEFORE.total_seconds() + 1
        self.closed[target.key] = self.seconds
        return Accepted(None, running=False)

    async def query(self, *_: str) -> list[Mapping[str, Any]]:
        """Nobody knows who did it."""
        return []


class Closings:
    """A kind that closes one account, upon many readings."""

    def declare(self, spec: Mapping[str, Any], owner: str) -> Composition:
        """It is closed once it was seen that it may be."""
        account = resource_id(f"{ACCOUNTS}/{spec['name']}")
        others = tuple(resource_id(f"{ACCOUNTS}/{spec['name']}x{number}") for number in range(spec["reads"]))

        def blocks(view: View) -> Blocks:
            view.get(account)
            view.ask(*others)
            shut = {"properties": {"publicNetworkAccess": "Disabled"}}
            yield Ensure(account, shut, "it is open", evidence=others)

        return Composition((Aspect("Closed", blocks),), owner)


class Taken(Journal):
    """Announcements are kept."""

    async def announce(self, status: Status) -> None:
        """Take it."""


@pytest.mark.parametrize(
    ("many", "reads"),
    [
        pytest.param(1, 280, id="one that needs more than there ever is at once"),
        pytest.param(4, 150, id="a few"),
        pytest.param(10, 120, id="ten"),
        pytest.param(60, 100, id="more than a minute's worth of readings"),
    ],
)
async def test_closings_upon_many_readings_are_all_done(many: int, reads: int) -> None:
    """What is closed leans on readings made just before, and the line for the budget must not outdate them.

    Every pass once began by reading the same again, and met the end of the budget before the last was there:
    of four custom resources with 150 readings each, one was done after an hour.
    """
    random.seed(0)
    azure = Open()
    engine = Engine(Closings(), azure, clock=azure.now, cluster="east")  # type: ignore[arg-type]
    queue, passes = [(0.0, number) for number in range(many)], 0
    statuses: dict[int, Status] = {}
    while queue and azure.seconds < 3600:
        due, number = heapq.heappop(queue)
        azure.seconds = max(azure.seconds, due) + PASS
        name, spec = f"c{number}", {"name": f"c{number}", "reads": reads}
        request = ReconcileRequest(Key("K", "n", name), name, 1, spec, statuses.get(number, {}))
        outcome = await engine.reconcile(request, Taken())
        statuses[number], passes = outcome.status, passes + 1
        if outcome.requeue_after is not None:
            heapq.heappush(queue, (azure.seconds + outcome.requeue_after.total_seconds(), number))
    assert len(azure.closed) == many
    best = many * (reads + 2) - 250
    assert azure.reads <= 1.25 * (best + 250)
    assert azure.seconds < 10 + 1.5 * best / 25
    assert passes / many < 10 + reads / 5
