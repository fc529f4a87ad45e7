"""What a process remembers between passes: losing it costs reads, keeping it too long costs truth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, NETWORK, NOW, VAULT, problem, shown

from secureml_reconcilers.azure.arm import NotFound, Unreadable
from secureml_reconcilers.azure.problem import AzureProblem, Retry
from secureml_reconcilers.engine.memory import FRESH_FOR, Memory
from secureml_reconcilers.engine.view import Listing, Query


def filled() -> Memory:
    """One reading that is fresh, one that is old, a listing and a query."""
    return Memory(
        answers={ACCOUNT.key: shown(ACCOUNT), ENDPOINT.key: NotFound()},
        listings={Listing(ENDPOINT, "privateDnsZoneGroups"): ()},
        rows={Query("s", "resources"): ()},
        read_at={ACCOUNT.key: NOW, ENDPOINT.key: NOW - FRESH_FOR},
        troubles=3,
    )


def test_everything_read_can_be_forgotten_at_once() -> None:
    """The next pass starts from nothing; failures are no readings."""
    memory = filled()
    memory.fail(VAULT, problem(), NOW)
    memory.forget_reads()
    assert (memory.answers, memory.listings, memory.rows, memory.read_at) == ({}, {}, {}, {})
    assert (list(memory.failures), memory.troubles) == ([VAULT.key], 3)


def test_a_failure_holds_on_to_nothing_of_its_pass() -> None:
    """Its traceback would: the frame that met it knows the action, and that all blocks of the pass."""

    def refused() -> AzureProblem:
        try:
            raise problem() from LookupError("the request")
        except AzureProblem as raised:
            return raised

    memory = Memory()
    memory.fail(VAULT, refused(), NOW)
    memory.note_problem(ACCOUNT, refused(), NOW)
    unreadable = memory.answers[ACCOUNT.key]
    assert isinstance(unreadable, Unreadable)
    for kept in (memory.failures[VAULT.key].problem, unreadable.problem):
        assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None, None, None)


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        pytest.param(timedelta(0), {ACCOUNT.key, ENDPOINT.key}, id="just fresh enough"),
        pytest.param(timedelta(seconds=1), {ACCOUNT.key}, id="one is too old"),
        pytest.param(FRESH_FOR + timedelta(seconds=1), set(), id="both are"),
    ],
)
def test_old_readings_go(after: timedelta, kept: set[str]) -> None:
    """What was listed or queried goes in any case: it holds many resources, and one may have changed."""
    memory = filled()
    memory.forget_old_reads(NOW + after)
    assert (set(memory.answers), set(memory.read_at)) == (kept, kept)
    assert (memory.listings, memory.rows) == ({}, {})


def test_one_reading_can_be_forgotten_twice() -> None:
    """A write makes its target unread, whether it was read or not."""
    memory = filled()
    for _ in range(2):
        memory.forget(ACCOUNT.key)
    assert set(memory.answers) == set(memory.read_at) == {ENDPOINT.key}


def test_what_is_too_large_to_keep_is_read_again() -> None:
    """A network shows every address in it; all else stays."""
    memory = Memory(
        answers={NETWORK.key: shown(NETWORK), ACCOUNT.key: shown(ACCOUNT)},
        read_at={NETWORK.key: NOW, ACCOUNT.key: NOW},
    )
    memory.forget_uncached()
    assert set(memory.answers) == set(memory.read_at) == {ACCOUNT.key}


def test_failures_in_a_row_wait_longer_each() -> None:
    """Doubling within the jitter of a fifth; another resource starts anew."""
    memory, waits = Memory(), []
    for attempt in range(1, 5):
        memory.fail(ACCOUNT, problem(retry=Retry.SOON), NOW)
        found = memory.failures[ACCOUNT.key]
        assert found.attempts == attempt
        waits.append((found.not_before - NOW).total_seconds())
    for wait, middle in zip(waits, [2, 4, 8, 16], strict=True):
        assert 0.8 * middle <= wait <= 1.2 * middle
    memory.fail(VAULT, problem(), NOW)
    assert memory.failures[VAULT.key].attempts == 1
