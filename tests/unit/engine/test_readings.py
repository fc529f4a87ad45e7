"""What a process has read between passes: losing it costs reads, keeping it too long costs truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    LINK,
    NETWORK,
    START,
    VAULT,
    ZONE,
    ZONE_GROUP,
    known,
    problem,
    reading,
    shown,
)

from secureml_reconcilers.azure.arm import Listed, NotFound, Present, Unreadable
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.questions import GraphRows, Listing, Resource
from secureml_reconcilers.engine.readings import FRESH_FOR, LONGEST_LINE, Readings

GROUPS = Listing(ENDPOINT, "privateDnsZoneGroups")
LINKS = Listing(ZONE, "virtualNetworkLinks")
ROWS = GraphRows(GraphQuery("s", "resources"))
SECOND = timedelta(seconds=1)


def filled() -> Readings:
    """One reading that is fresh, one that is just fresh enough, a listing and a query."""
    found = Readings(known({ACCOUNT: shown(ACCOUNT), GROUPS: Listed(()), ROWS: Listed(())}))
    found.record(Resource(ENDPOINT), NotFound(), START - FRESH_FOR, 0)
    return found


def refused() -> AzureProblem:
    """A problem as it comes out of a pass, with its traceback."""
    try:
        raise problem() from LookupError("the request")
    except AzureProblem as raised:
        return raised


def test_everything_read_can_be_forgotten_at_once() -> None:
    """The next pass starts from nothing."""
    found = filled()
    found.in_line_since = START
    found.forget_all()
    assert (found.known, found.in_line_since) == ({}, None)


def test_what_could_not_be_read_holds_on_to_nothing_of_its_pass() -> None:
    """Its traceback would: the frame that met it knows all blocks of the pass."""
    found = Readings()
    found.record(Resource(ACCOUNT), Unreadable(refused()), START, 1)
    (kept,) = found.problems()
    assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None, None, None)


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        pytest.param(timedelta(0), {ACCOUNT.key, GROUPS.key, ROWS.key, ENDPOINT.key}, id="just fresh enough"),
        pytest.param(SECOND, {ACCOUNT.key, GROUPS.key, ROWS.key}, id="one is too old"),
        pytest.param(FRESH_FOR + SECOND, set(), id="all are"),
    ],
)
def test_old_readings_go(after: timedelta, kept: set[str]) -> None:
    """Listings and queries by the same measure: what we write ourselves makes them stale at once."""
    found = filled()
    found.forget_old(START + after)
    assert set(found.known) == kept


@pytest.mark.parametrize(
    ("waited", "kept"),
    [
        pytest.param(LONGEST_LINE, {ACCOUNT.key, GROUPS.key, ROWS.key, ENDPOINT.key}, id="in line nothing ages"),
        pytest.param(LONGEST_LINE + SECOND, set(), id="but not for ever"),
    ],
)
def test_waiting_in_line_makes_nothing_older(waited: timedelta, kept: set[str]) -> None:
    """Who began anew at every turn would never end."""
    found = filled()
    found.in_line_since = START
    found.forget_old(START + waited)
    assert set(found.known) == kept


def test_one_reading_can_be_forgotten_twice() -> None:
    """A write makes its target unread, whether it was read or not."""
    found = Readings(known({ACCOUNT: shown(ACCOUNT), ENDPOINT: NotFound()}))
    for _ in range(2):
        found.forget([ACCOUNT.key])
    assert set(found.known) == {ENDPOINT.key}


def test_a_listing_answers_for_its_elements() -> None:
    """Each is shown in full, so none is read again."""
    found, body = Readings(), shown(ZONE_GROUP).body
    found.record(GROUPS, Listed((body, {"id": "no id"}, {})), START, 4)
    assert found.answer(ZONE_GROUP.key) == Present(body)
    assert (found.known[ZONE_GROUP.key].order, set(found.known)) == (4, {GROUPS.key, ZONE_GROUP.key})


ANSWERS = [  # orders of two answers as they come in         which stays
    pytest.param(1, 2, "second", id="the later one was asked for later"),
    pytest.param(2, 1, "first", id="an older answer comes in after a newer one"),
    pytest.param(1, 1, "second", id="both were asked for at once"),
]


@pytest.mark.parametrize("asked", [Resource(ZONE_GROUP), GROUPS], ids=["by itself", "in a listing"])
@pytest.mark.parametrize(("first", "second", "stays"), ANSWERS)
def test_an_older_answer_never_replaces_a_newer_one(
    asked: Resource | Listing, first: int, second: int, stays: str
) -> None:
    """Two readings of one endpoint run at once, and what comes in last was asked for first.

    The answer that was recorded last simply took the place of the other.
    """
    found = Readings()
    for order, tag in ((first, "first"), (second, "second")):
        body = shown(ZONE_GROUP, tag=tag).body
        answer = Present(body) if isinstance(asked, Resource) else Listed((body,))
        found.record(asked, answer, START, order)
    kept = found.answer(ZONE_GROUP.key)
    assert isinstance(kept, Present)
    assert kept.body["tag"] == stays


def test_between_passes_answers_rest_packed_and_come_back_as_they_were() -> None:
    """What could not be read is asked anew."""
    kept = {
        ACCOUNT: shown(ACCOUNT, tags={"a": None}),
        ENDPOINT: NotFound(),
        GROUPS: Listed((shown(ZONE_GROUP).body,)),
        ROWS: Listed(()),
    }
    found = Readings(known({**kept, VAULT: Unreadable(problem())}))
    found.rest()
    assert found.answer(ACCOUNT.key) == NotFound(), "it is packed"
    found.wake()
    assert found.known == known(kept)
    found.wake()
    assert found.known == known(kept)


def test_of_what_is_too_large_to_keep_the_outline_stays() -> None:
    """A network names all its addresses; where it is and whom it asks for names is little, and asked for often."""
    asks = {"dhcpOptions": {"dnsServers": ["10.0.0.4"]}}
    network = shown(NETWORK, location="westeurope", properties={**asks, "subnets": [{"name": "endpoints"}]})
    found = Readings(known({NETWORK: network}))
    found.rest()
    found.wake()
    left = Present({"id": NETWORK.text, "location": "westeurope", "properties": asks})
    assert found.known == {NETWORK.key: replace(reading(NETWORK, left), outlined=True)}


def test_the_time_that_a_service_named_is_heeded_once() -> None:
    """Also when a pass comes sooner for another reason; then it is asked, whatever it says."""
    found, asked = Readings(), Resource(ACCOUNT)
    busy = problem("AzureBusy", retry_after=timedelta(seconds=30))
    found.record(asked, Unreadable(busy), START, 1)
    found.forget_all()
    found.check_due(Resource(VAULT), START)
    with pytest.raises(AzureProblem) as raised:
        found.check_due(asked, START + timedelta(seconds=10))
    assert raised.value.retry_after == timedelta(seconds=20)
    found.check_due(asked, START + timedelta(seconds=30))


def test_the_budget_s_wait_is_nobody_s_in_particular() -> None:
    """The line at the throttle names the next turn; to wait here as well would lose it."""
    found, asked = Readings(), Resource(ACCOUNT)
    spent = problem("Throttled", retry_after=timedelta(seconds=30), throttled=True)
    found.record(asked, Unreadable(spent), START, 1)
    found.check_due(asked, START)
    assert found.postponed == {}


def test_a_reading_is_found_by_the_key_of_its_question() -> None:
    """Whatever the casing of the id was."""
    link = reading(LINK, shown(LINK))
    found = Readings({link.question.key: link})
    assert found.answer(LINK.key) == link.answer
    assert found.answer(LINK.text.upper()) is None
