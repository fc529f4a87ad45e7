"""The queue against a model of what it promises, in any order of events."""

# ruff: noqa: D102 - the name of each test is its claim

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.operator.fakes import VirtualClock

from secureml_operator.queue import DelayQueue

KEYS = st.sampled_from("abcd")
DELAYS = st.integers(min_value=-1, max_value=20)


class QueueMachine(RuleBasedStateMachine):
    """The model: which keys want a pass now, when each wants one otherwise, and which are in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock()
        self.queue: DelayQueue[str] = DelayQueue(self.clock)
        self.wanted: set[str] = set()
        self.due: dict[str, float] = {}
        self.in_hand: set[str] = set()

    def teardown(self) -> None:
        self.loop.close()

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self.queue.add(key)
        self.wanted.add(key)
        self.due.pop(key, None)

    @rule(key=KEYS, delay=DELAYS)
    def add_after(self, key: str, delay: int) -> None:
        self.queue.add_after(key, timedelta(seconds=delay))
        if key in self.wanted:
            return
        if delay <= 0:
            self.wanted.add(key)
            self.due.pop(key, None)
        else:
            self.due[key] = min(self.due.get(key, float("inf")), self.clock.time() + delay)

    @rule(seconds=st.integers(min_value=0, max_value=12))
    def advance(self, seconds: int) -> None:
        self.clock.advance(seconds)
        for key in [key for key, when in self.due.items() if when <= self.clock.time()]:
            del self.due[key]
            self.wanted.add(key)

    @precondition(lambda self: self.wanted - self.in_hand)
    @rule()
    def take(self) -> None:
        key = self.loop.run_until_complete(asyncio.wait_for(self.queue.take(), 1))
        assert key in self.wanted, "nobody asked for it"
        assert key not in self.in_hand, "two workers would hold it"
        self.wanted.discard(key)
        self.in_hand.add(key)

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.in_hand)))
        self.queue.done(key)
        self.in_hand.discard(key)

    @invariant()
    def ready_is_what_is_wanted_and_not_in_hand(self) -> None:
        assert len(self.queue) == len(self.wanted - self.in_hand)

    @invariant()
    def the_snapshot_counts_right(self) -> None:
        snapshot = self.queue.snapshot()
        assert snapshot.delayed == len(self.due)
        assert snapshot.processing == len(self.in_hand)


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
