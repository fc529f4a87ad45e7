"""The token bucket per subscription and verb class."""

import pytest

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.throttle import Throttle


class Time:
    """A monotonic clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def spend(throttle: Throttle, method: str, count: int) -> int:
    """Take up to `count` tokens; how many there were."""
    for taken in range(count):
        try:
            throttle.take("s", method)
        except AzureProblem:
            return taken
    return count


def test_an_empty_bucket_says_when_and_refills() -> None:
    """Writes: 200, then 10 a second (reference-data.md section 12)."""
    time = Time()
    throttle = Throttle(time)
    assert spend(throttle, "PUT", 500) == 200
    with pytest.raises(AzureProblem) as caught:
        throttle.take("s", "PUT")
    assert caught.value.throttled
    time.now = 1.0
    assert spend(throttle, "PUT", 500) == 10


def test_reads_and_other_subscriptions_have_their_own_buckets() -> None:
    """An exhausted class leaves the others alone."""
    throttle = Throttle(Time())
    spend(throttle, "PUT", 500)
    throttle.take("s", "GET")
    throttle.take("other", "PUT")


def test_the_header_outranks_the_table() -> None:
    """A subscription that allows more is used; one that allows less is respected."""
    throttle = Throttle(Time())
    throttle.learn("s", "GET", 200, {"x-ms-ratelimit-remaining-subscription-reads": "3"})
    assert spend(throttle, "GET", 10) == 3
    throttle.learn("s", "PUT", 200, {"x-ms-ratelimit-remaining-subscription-global-writes": "11999"})
    assert spend(throttle, "PUT", 1000) == 1000


def test_retry_after_closes_the_bucket_for_as_long_as_azure_says() -> None:
    """No request of the class leaves before that."""
    time = Time()
    throttle = Throttle(time)
    throttle.learn("s", "GET", 429, {"retry-after": "17", "x-ms-failure-cause": "gateway"})
    time.now = 16.5
    assert spend(throttle, "GET", 1) == 0
    time.now = 17.0
    assert spend(throttle, "GET", 1) == 1


def test_contention_on_one_network_does_not_stop_the_subscription() -> None:
    """A provider's own 429 is about two writes in one network, not about the budget."""
    throttle = Throttle(Time())
    throttle.learn("s", "PUT", 429, {"retry-after": "11", "x-ms-failure-cause": "service"})
    assert spend(throttle, "PUT", 1) == 1
