"""Many custom resources, one subscription: the read budget decides how long it takes, and nothing is wasted."""

from __future__ import annotations

import heapq
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.azure.throttle import Throttle
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.readings import JUST_BEFORE
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

ACCOUNTS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts"
READS = 29
PASS = timedelta(milliseconds=3)


def azure() -> FakeArm:
    """Every read is counted against the budget before it is answered."""
    clock = FakeClock()
    throttle = Throttle(lambda: clock.monotonic().total_seconds())

    def take(verb: str, _: ResourceId) -> None:
        if verb == "GET":
            throttle.take("s", "GET", arm.requester)

    arm = FakeArm(clock, before=take)
    return arm


def accounts(spec: Mapping[str, Any]) -> Callable[[View], Blocks]:
    """One account is read, and then 28 others; all of them exist."""
    first, *others = [resource_id(f"{ACCOUNTS}/{spec['name']}x{number}") for number in range(READS)]

    def blocks(view: View) -> Blocks:
        view.get(first)
        yield from (wants(account, fragment={}) for account in others)

    return blocks


async def drive(arm: FakeArm, kind: Kind, specs: list[dict[str, Any]], until: timedelta) -> int:
    """Many custom resources, pass after pass, each when it asked for one; how many passes that were."""
    engine = Engine(kind, arm, Ledger(arm.clock), cluster="east")  # type: ignore[arg-type]
    runs = [Run(kind, arm, name=spec["name"], spec=spec, engine=engine) for spec in specs]
    queue, passes = [(timedelta(), number) for number in range(len(runs))], 0
    while queue and arm.clock.passed < until:
        due, number = heapq.heappop(queue)
        arm.clock.advance(max(timedelta(), due - arm.clock.passed) + PASS)
        wait, passes = (await runs[number].look()).requeue_after, passes + 1
        if wait is not None:
            assert wait >= timedelta(seconds=1)
            heapq.heappush(queue, (arm.clock.passed + wait, number))
    return passes


async def test_all_get_their_turn_within_the_budget() -> None:
    """Three hundred at once, 250 reads and 25 more a second: 338 s, and each is passed over twice at most, or so.

    Every one of them once came back after 40 ms for the next single token. All had some readings, which
    were too old before the last was there: of five hundred, twenty were done after as many minutes.
    """
    arm, many = azure(), 300
    specs = [{"name": f"c{number}"} for number in range(many)]
    arm.put(*(shown(resource_id(f"{ACCOUNTS}/{spec['name']}x{n}")) for spec in specs for n in range(READS)))
    passes = await drive(arm, Kind(by_spec=accounts), specs, timedelta(seconds=2000))
    assert arm.clock.passed.total_seconds() < 1.1 * (many * READS - 250) / 25
    assert len(arm.reads) == many * READS
    assert passes < 2.2 * many


def closings(spec: Mapping[str, Any]) -> Callable[[View], Blocks]:
    """One account is closed once many others have shown that it may be."""
    account = resource_id(f"{ACCOUNTS}/{spec['name']}")
    others = tuple(resource_id(f"{ACCOUNTS}/{spec['name']}x{number}") for number in range(spec["reads"]))

    def blocks(view: View) -> Blocks:
        view.get(account)
        view.ask(*others)
        yield wants(account, evidence=others)

    return blocks


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
    arm = azure()
    specs = [{"name": f"c{number}", "reads": reads} for number in range(many)]
    for spec in specs:
        names = [spec["name"], *(f"{spec['name']}x{number}" for number in range(reads))]
        arm.put(*(shown(resource_id(f"{ACCOUNTS}/{name}")) for name in names))
    count = arm.before

    def look_back(verb: str, target: ResourceId) -> None:
        """What a closing leans on was read just before."""
        if verb != "GET":
            last = {key: at for key, at in arm.reads if key.startswith(f"{target.key}x")}
            assert len(last) == reads
            assert arm.clock.monotonic() - min(last.values()) <= JUST_BEFORE + timedelta(seconds=1)
        elif count is not None:
            count(verb, target)

    arm.before = look_back
    passes = await drive(arm, Kind(by_spec=closings), specs, timedelta(hours=1))
    assert len(arm.writes) == many
    best = many * (reads + 2) - 250
    assert len(arm.reads) <= 1.25 * (best + 250)
    assert arm.clock.passed.total_seconds() < 10 + 1.5 * best / 25
    assert passes / many < 10 + reads / 5
