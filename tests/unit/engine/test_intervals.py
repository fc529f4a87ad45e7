"""All waiting times, asserted as whole series."""

from datetime import timedelta

import pytest

from secureml_reconcilers.azure.catalogue import CATALOGUE
from secureml_reconcilers.azure.problem import AzureProblem, Retry
from secureml_reconcilers.engine.intervals import AT_LEAST, backoff, next_look, next_pass

START = timedelta(hours=1)


def looks(kind: str, until: float) -> list[float]:
    """Seconds after the beginning at which an operation is looked at."""
    durations = CATALOGUE[kind].durations
    at, series = START, []
    while (at - START).total_seconds() < until:
        at = next_look(START, at, durations)
        series.append((at - START).total_seconds())
    return series


def test_looks_at_a_private_endpoint() -> None:
    """None until half of them have ended, one soon after, then every five seconds."""
    assert looks("microsoft.network/privateendpoints", 57) == [45, 46, 51, 56, 61]


def test_looks_at_a_vault() -> None:
    """What is mostly done at once is looked at early, and ever after."""
    assert looks("microsoft.keyvault/vaults", 14) == [3, 8, 13, 18]


def test_looks_at_a_zone_link() -> None:
    """Recorded ones end after 34 to 38 seconds."""
    assert looks("microsoft.network/privatednszones/virtualnetworklinks", 38) == [37, 38]


def test_looks_at_a_zone_group() -> None:
    """Recorded ones end after 2 to 4 seconds: one look when all have, none while half of them run."""
    assert looks("microsoft.network/privateendpoints/privatednszonegroups", 12) == [5, 10, 25]


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_no_more_than_one_look_per_five_seconds(kind: str) -> None:
    """Over the life of an operation of any length up to five minutes, started seconds rounded up."""
    series = looks(kind, 300)
    for length in range(3, 300):
        spent = sum(1 for at in series if at <= length)
        assert spent <= -(-length // 5), (kind, length, spent)


@pytest.mark.parametrize(
    ("retry", "seconds"),
    [
        pytest.param(Retry.SOON, [2, 4, 8, 16, 32, 60, 60], id="what passes by itself"),
        pytest.param(Retry.SLOW, [15, 30, 60, 120, 240, 300, 300], id="what somebody must change in Azure"),
        pytest.param(Retry.NEVER, [600, 1200, 1800, 1800, 1800, 1800, 1800], id="what only the spec changes"),
    ],
)
def test_backoff_series(retry: Retry, seconds: list[int]) -> None:
    """Doubling up to a bound, whole series, in the middle of the jitter."""
    problem = AzureProblem("Reason", "message", retry=retry)
    series = [backoff(problem, attempts, lambda: 0.5).total_seconds() for attempts in range(1, 8)]
    assert series == seconds


def test_azure_knows_better_when_it_asks_for_longer() -> None:
    """`Retry-After` is a floor, jitter or not."""
    problem = AzureProblem("Reason", "message", retry_after=timedelta(seconds=17))
    assert backoff(problem, 1, lambda: 0.0) == timedelta(seconds=17)


@pytest.mark.parametrize(
    ("waits", "comes"),
    [
        pytest.param([], None, id="nothing is waited for"),
        pytest.param([30, 5, 10], 5, id="the soonest"),
        pytest.param([5, 6, 6.5, 6.6, 30], 6.5, id="with what is due at most a second and a half later"),
        pytest.param([0], AT_LEAST.total_seconds(), id="at once is no loop without rest"),
        pytest.param([-3, 0], AT_LEAST.total_seconds(), id="nor is what is overdue"),
    ],
)
def test_when_to_come_again(waits: list[float], comes: float | None) -> None:
    """Six links that were begun within a second cost a pass each, and their records were read twice."""
    found = next_pass([timedelta(seconds=each) for each in waits])
    assert (found.total_seconds() if found is not None else None) == comes
