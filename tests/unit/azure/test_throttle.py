"""The token bucket per subscription and verb class."""

import pytest

from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.throttle import Requester, Throttle


class Time:
    """A monotonic clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def spend(throttle: Throttle, method: str, count: int, requester: Requester | None = None) -> int:
    """Take up to `count` tokens; how many there were."""
    for taken in range(count):
        try:
            throttle.take("s", method, requester)
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


def test_a_post_counts_as_a_write() -> None:
    """As Azure counts it: a diagnosis changes nothing, and is a POST."""
    throttle = Throttle(Time())
    assert spend(throttle, "POST", 500) == 200
    assert spend(throttle, "PUT", 1) == 0


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


def served(throttle: Throttle, name: str, count: int) -> int:
    """How many of so many reads one pass over this custom resource is given."""
    requester = Requester(name)
    given = spend(throttle, "GET", count, requester)
    requester.over = True
    return given


def waits(throttle: Throttle, name: str) -> float:
    """How long a pass over this custom resource must wait, in seconds."""
    requester = Requester(name)
    with pytest.raises(AzureProblem) as caught:
        throttle.take("s", "GET", requester)
    requester.over = True
    assert caught.value.retry_after is not None
    return caught.value.retry_after.total_seconds()


def test_who_waits_stands_in_a_line_and_is_served_at_its_turn() -> None:
    """Each gets what a turn usually takes (30 reads, 1.2 s); nobody who comes later takes it away."""
    time = Time()
    throttle = Throttle(time)
    assert spend(throttle, "GET", 500) == 250
    turns = [waits(throttle, name) for name in "abc"]
    assert turns == pytest.approx([1.2, 2.4, 3.6])
    time.now = 1.3
    assert waits(throttle, "b") == pytest.approx(1.1)  # asking again changes nothing
    assert spend(throttle, "GET", 1) == 0, "32 are there, and 60 are kept"
    assert served(throttle, "a", 29) == 29
    time.now = 3.7
    assert (served(throttle, "c", 30), served(throttle, "b", 30)) == (30, 30)


def test_who_needs_more_than_a_turn_has_the_next_one_too() -> None:
    """At the end of the line again, what it has read would be too old before the rest is there."""
    time = Time()
    throttle = Throttle(time)
    spend(throttle, "GET", 500)
    for name in "ab":
        waits(throttle, name)
    time.now = 1.2
    assert served(throttle, "a", 60) == 30
    time.now = 2.41
    assert served(throttle, "b", 30) == 0, "its turn was 2.4; it comes after the other's second"
    assert served(throttle, "a", 30) == 30
    time.now = 3.61
    assert served(throttle, "b", 30) == 30


def test_what_a_turn_leaves_over_goes_to_the_next() -> None:
    """A pass that needed one read holds back nothing once it is over, and the next turns are taken for shorter."""
    time = Time()
    throttle = Throttle(time)
    spend(throttle, "GET", 500)
    assert waits(throttle, "a") == pytest.approx(1.2)
    time.now = 1.2
    assert served(throttle, "a", 1) == 1
    assert served(throttle, "b", 40) == 29
    assert waits(throttle, "c") < 1.2 + 27.2 / 25


def test_a_turn_is_not_kept_for_ever() -> None:
    """A custom resource that is gone does not come; half a minute later others are served."""
    time = Time()
    throttle = Throttle(time)
    spend(throttle, "GET", 500)
    waits(throttle, "gone")
    time.now = 31.3
    assert served(throttle, "b", 500) == 250


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        pytest.param({"retry-after": "17"}, 17, id="seconds"),
        pytest.param(
            {"retry-after": "Fri, 02 Jan 2026 10:00:30 GMT", "date": "Fri, 02 Jan 2026 10:00:10 GMT"},
            20,
            id="a date",
        ),
        pytest.param({"retry-after": "soon"}, 5, id="neither"),
        pytest.param({}, 5, id="nothing"),
    ],
)
def test_the_end_of_a_429_is_read_in_every_form(said: dict[str, str], seconds: float) -> None:
    """HTTP allows a date as well; it once raised, and the pass ended as a bug of ours."""
    time = Time()
    throttle = Throttle(time)
    throttle.learn("s", "GET", 429, said)
    time.now = seconds - 0.1
    assert spend(throttle, "GET", 1) == 0
    time.now = seconds
    assert spend(throttle, "GET", 1) == 1
