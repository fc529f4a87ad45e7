"""Many custom resources, one subscription: the read budget decides how long it takes, and nothing is wasted."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.throttle import Throttle
from secureml_reconcilers.engine.blocks import Aspect, Composition, Ensure
from secureml_reconcilers.engine.contract import Key, Subject
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
        outcome = await engine.reconcile(Subject(Key("K", "n", name), name, 1, {"name": name}, {}), Journal())
        passes += 1
        if outcome.requeue_after is not None:
            assert outcome.requeue_after >= timedelta(seconds=1)
            heapq.heappush(queue, (azure.seconds + outcome.requeue_after.total_seconds(), number))
    assert azure.seconds < 1.1 * (many * READS - 250) / 25
    assert azure.reads == many * READS
    assert passes < 2.2 * many
