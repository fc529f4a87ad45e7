"""Whole series of retries and resyncs."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from secureml_operator.backoff import Backoff, Resync


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def test_failures_in_a_row_wait_ever_longer_up_to_five_minutes() -> None:
    backoff: Backoff[str] = Backoff(middle)
    waits = [backoff.failed("a").total_seconds() for _ in range(12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_an_outage_of_weeks_does_not_overflow() -> None:
    backoff: Backoff[str] = Backoff(middle)
    assert {backoff.failed("a").total_seconds() for _ in range(5000)} >= {300.0}


def test_success_starts_over_and_keys_are_apart() -> None:
    backoff: Backoff[str] = Backoff(middle)
    backoff.failed("a")
    backoff.failed("a")
    assert (backoff.failures("a"), backoff.failures("b")) == (2, 0)
    assert backoff.failed("b") == timedelta(seconds=1)
    backoff.succeeded("a")
    assert backoff.failed("a") == timedelta(seconds=1)


def test_the_jitter_is_a_fifth_each_way() -> None:
    uniform = random.Random(1).uniform  # noqa: S311 - jitter
    waits = []
    for _ in range(500):
        fresh: Backoff[str] = Backoff(uniform)
        waits.append(fresh.failed("a").total_seconds())
    assert 0.8 <= min(waits) < 0.82
    assert 1.18 < max(waits) <= 1.2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(None, 1800, id="nothing asked: the resync interval"),
        pytest.param(5, 5, id="sooner than the resync: as asked"),
        pytest.param(7200, 1800, id="later than the resync: the resync"),
    ],
)
def test_the_smaller_of_request_and_resync(asked: float | None, expected: float) -> None:
    resync = Resync(timedelta(minutes=30), middle)
    wanted = None if asked is None else timedelta(seconds=asked)
    assert resync.next(wanted) == timedelta(seconds=expected)


def test_resyncs_spread_over_a_tenth_each_way() -> None:
    resync = Resync(timedelta(minutes=30), random.Random(1).uniform)  # noqa: S311 - jitter
    waits = [resync.next(None).total_seconds() for _ in range(500)]
    assert 1620 <= min(waits) < 1630
    assert 1970 < max(waits) <= 1980
