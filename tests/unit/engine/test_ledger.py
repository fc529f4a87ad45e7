"""What one process knows of all custom resources: operations, failures, claims, and which readings are older."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    LINK,
    NETWORK,
    NOW,
    OWNER,
    START,
    VAULT,
    ZONE,
    ZONE_GROUP,
    problem,
    shown,
    wants,
)
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem, Retry
from secureml_reconcilers.engine.blocks import Claim
from secureml_reconcilers.engine.ledger import UNATTENDED, Ledger
from secureml_reconcilers.engine.questions import Listing, Question, Resource
from secureml_reconcilers.engine.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.view import View

OTHER = "team-b/churn"
SECOND = timedelta(seconds=1)
FIRST_SUBNET, SECOND_SUBNET = NETWORK.child("subnets", "endpoints"), NETWORK.child("subnets", "compute")
GROUPS = Listing(ENDPOINT, "privateDnsZoneGroups")
SUBNETS = Listing(NETWORK, "subnets")


@pytest.fixture
def ledger() -> Ledger:
    """A ledger whose clock stands still until a test advances it."""
    return Ledger(FakeClock())


def pass_time(ledger: Ledger, by: timedelta) -> None:
    """Let time go on."""
    assert isinstance(ledger.clock, FakeClock)
    ledger.clock.advance(by)


def write(ledger: Ledger, target: ResourceId, owner: str = OWNER) -> None:
    """A write that Azure takes and is done with at once."""
    record = ledger.send(target, "PUT", owner)
    ledger.accept(record, ())
    ledger.end(record)


# -- operations -------------------------------------------------------------------------------------


def test_an_operation_survives_in_the_status_without_its_handle(ledger: Ledger) -> None:
    """After a restart it is looked at at once, for nobody knows when it was looked at last."""
    record = ledger.send(ACCOUNT, "PATCH", OWNER)
    ledger.accept(record, (), "https://management.azure.com/operations/1")
    entry = record.to_status()
    assert entry == {"id": ACCOUNT.text, "verb": "PATCH", "since": "2026-01-01T12:00:00Z"}
    clock = FakeClock()
    clock.moment = timedelta(minutes=5)
    clock.wall += timedelta(minutes=1)
    restarted = Ledger(clock)
    restarted.restore([entry], OTHER)
    again = restarted.running(ACCOUNT)
    assert again is not None
    assert (again.id, again.verb, again.owner, again.since) == (ACCOUNT, "PATCH", OTHER, NOW)
    assert (again.began, again.look_at) == (clock.moment - timedelta(minutes=1), clock.moment)
    assert again.poll_url is None


def test_what_a_status_dates_ahead_began_now(ledger: Ledger) -> None:
    """The wall's clock was set back since: no operation began in the future, and none is younger than now."""
    ledger.restore([{"id": ACCOUNT.text, "verb": "PUT", "since": "2026-01-01T13:00:00Z"}], OWNER)
    record = ledger.running(ACCOUNT)
    assert record is not None
    assert (record.began, record.look_at) == (START, START)


def test_a_status_takes_nothing_from_who_knows_better(ledger: Ledger) -> None:
    """A custom resource of which this process knows nothing yet lists an operation that another one follows."""
    record = ledger.send(ZONE, "PUT", OTHER)
    ledger.restore([{"id": ZONE.text, "verb": "PUT", "since": "2026-01-01T11:00:00Z"}], OWNER)
    assert ledger.running(ZONE) is record


LOOKS = [
    pytest.param(VAULT, [3, 8], id="one early look at what is mostly done at once, and then every five seconds"),
    pytest.param(ENDPOINT, [45, 46], id="none at what takes long before half of such operations have ended"),
]


@pytest.mark.parametrize(("target", "seconds"), LOOKS)
def test_looks_move_on(ledger: Ledger, target: ResourceId, seconds: list[int]) -> None:
    """Each look puts the next one off."""
    record, looks = ledger.send(target, "PUT", OWNER), []
    ledger.accept(record, ())
    for _ in seconds:
        looks.append((record.look_at - START).total_seconds())
        pass_time(ledger, record.look_at - ledger.clock.monotonic())
        ledger.looked_at(record)
    assert looks == seconds
    assert record.began == START


BESIDE = [  # a write runs on            another is about to write        it must wait
    pytest.param(FIRST_SUBNET, SECOND_SUBNET, True, id="two subnets of one network"),
    pytest.param(FIRST_SUBNET, NETWORK, True, id="the network of a subnet"),
    pytest.param(NETWORK, FIRST_SUBNET, True, id="a subnet of the network"),
    pytest.param(ZONE_GROUP, ENDPOINT, True, id="the endpoint of a zone group"),
    pytest.param(ENDPOINT, ACCOUNT, False, id="something else"),
    pytest.param(ENDPOINT, ENDPOINT, False, id="itself: that it runs is known elsewhere"),
    pytest.param(ZONE, LINK, False, id="a zone's links have locks of their own"),
]


@pytest.mark.parametrize(("runs", "wanted", "waits"), BESIDE)
def test_what_azure_locks_is_held_while_a_write_runs(
    ledger: Ledger, runs: ResourceId, wanted: ResourceId, *, waits: bool
) -> None:
    """From the moment it goes out until Azure is done with it, and nothing is kept of it afterwards."""
    record = ledger.send(runs, "PUT", OTHER)
    assert ledger.running_beside(wanted) is (record if waits else None)
    ledger.accept(record, ())
    assert ledger.running_beside(wanted) is (record if waits else None)
    ledger.end(record)
    assert ledger.running_beside(wanted) is None
    assert ledger._running_in == {}


ENDS = [
    pytest.param(lambda ledger, record: ledger.withdraw(record), None, id="it was refused"),
    pytest.param(lambda ledger, record: ledger.end(record), "closed", id="it is over"),
    pytest.param(lambda ledger, record: ledger.fail(record, problem()), "closed", id="it failed"),
]


@pytest.mark.parametrize(("ends", "phase"), ENDS)
def test_however_a_write_ends_nothing_runs_any_more(
    ledger: Ledger, ends: Callable[..., None], phase: str | None
) -> None:
    """Neither on its target nor beside it, nor for what it claimed."""
    claim = Claim("a way", ACCOUNT)
    record = ledger.send(ENDPOINT, "PUT", OWNER)
    ledger.claim(claim, record)
    ends(ledger, record)
    assert (ledger.running(ENDPOINT), ledger.running_beside(ZONE_GROUP), ledger.claims) == (None, None, {})
    kept = ledger.records.get(ENDPOINT.key)
    assert (kept.phase if kept is not None else None) == phase


def test_what_nobody_looks_at_is_forgotten(ledger: Ledger) -> None:
    """A custom resource is deleted while its endpoint is being made, and leaves it behind."""
    left = ledger.send(ENDPOINT, "PUT", OWNER)
    ledger.accept(left, ())
    ledger.note_failure(VAULT, OWNER, problem(), ended=False)
    pass_time(ledger, left.look_at + UNATTENDED - SECOND - START)
    watched = ledger.send(ACCOUNT, "PATCH", OWNER)
    ledger.tidy()
    assert set(ledger.records) == {ENDPOINT.key, ACCOUNT.key}
    assert ledger.running_beside(ZONE_GROUP) is left
    pass_time(ledger, SECOND)
    ledger.tidy()
    assert ledger.records == {ACCOUNT.key: watched}
    assert (ledger.running_beside(ZONE_GROUP), ledger.failures, ledger._written) == (None, {}, {})


def closed(view: View) -> Blocks:
    """The vault is closed."""
    view.get(VAULT)
    yield wants(VAULT)


async def test_a_process_whose_custom_resources_all_stay_forgets_what_is_over() -> None:
    """Only one that goes had the ledger tidied: what drifted once stood in it until the next restart."""
    arm = FakeArm(FakeClock()).put(shown(VAULT, properties={"publicNetworkAccess": "Enabled"}))
    run = Run(Kind(closed, "Closed"), arm)
    await run.settle()
    assert set(run.ledger.records) == {VAULT.key}
    await run.run_for(timedelta(hours=3))
    assert (run.ledger.records, run.ledger._written) == ({}, {})
    assert run.condition("Closed")["status"] == "True"


def test_it_is_tidied_once_an_hour_and_not_by_each_pass(ledger: Ledger) -> None:
    """It looks at everything that there is, of all custom resources."""
    ledger.tidy_now_and_then()
    pass_time(ledger, timedelta(minutes=30))
    write(ledger, ENDPOINT)
    kept = []
    for minutes in (30, 40, 20):  # an hour, an hour and forty minutes, two hours after the first time
        pass_time(ledger, timedelta(minutes=minutes))
        ledger.tidy_now_and_then()
        kept.append(ENDPOINT.key in ledger.records)
    assert kept == [True, True, False]


# -- claims -----------------------------------------------------------------------------------------

THEIRS = GROUP.resource("Microsoft.Network/privateEndpoints", "theirs")

CLAIMED = [  # what would be made      after                    must wait
    pytest.param(ENDPOINT, timedelta(minutes=1), True, id="something of another name is being made"),
    pytest.param(THEIRS, timedelta(minutes=1), False, id="the very same: that it runs is known elsewhere"),
    pytest.param(ENDPOINT, timedelta(minutes=11), False, id="whoever began it is gone, and nobody looked since"),
]


@pytest.mark.parametrize(("target", "after", "waits"), CLAIMED)
def test_one_thing_is_made_for_a_claim_at_a_time(
    ledger: Ledger, target: ResourceId, after: timedelta, *, waits: bool
) -> None:
    """Two custom resources are about to make an endpoint for one way, under different names."""
    claim = Claim("a way", ACCOUNT)
    ledger.claim(claim, ledger.send(THEIRS, "PUT", OTHER))
    pass_time(ledger, after)
    assert ledger.is_claimed_by_another(claim, target) is waits
    assert not ledger.is_claimed_by_another(Claim("another way", ACCOUNT), target)
    assert not ledger.is_claimed_by_another(None, target)


# -- failures ---------------------------------------------------------------------------------------


def test_failures_in_a_row_wait_longer_each(ledger: Ledger) -> None:
    """Doubling within the jitter of a fifth; another resource starts anew."""
    waits = []
    for attempt in range(1, 5):
        ledger.note_failure(ACCOUNT, OWNER, problem(retry=Retry.SOON), ended=False)
        found = ledger.failures[ACCOUNT.key, OWNER]
        assert found.attempts == attempt
        waits.append((found.not_before - START).total_seconds())
    for wait, middle in zip(waits, [2, 4, 8, 16], strict=True):
        assert 0.8 * middle <= wait <= 1.2 * middle
    ledger.note_failure(VAULT, OWNER, problem(), ended=False)
    assert ledger.failures[VAULT.key, OWNER].attempts == 1


def test_a_failure_holds_on_to_nothing_of_its_pass(ledger: Ledger) -> None:
    """Its traceback would: the frame that met it knows the action, and that all blocks of the pass."""
    try:
        raise problem() from LookupError("the request")
    except AzureProblem as raised:
        ledger.note_failure(VAULT, OWNER, raised, ended=False)
    kept = ledger.failures[VAULT.key, OWNER].problem
    assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None, None, None)


def test_a_refusal_concerns_who_was_refused(ledger: Ledger) -> None:
    """It may be the body that Azure does not like, and another custom resource writes another one."""
    ledger.note_failure(ZONE, OWNER, problem("DeniedByPolicy"), ended=False)
    found = ledger.failure(ZONE, OWNER)
    assert found is not None
    assert found.problem.reason == "DeniedByPolicy"
    assert ledger.failure(ZONE, OTHER) is None


def test_how_an_operation_failed_concerns_all(ledger: Ledger) -> None:
    """Who had begun it wrote again at once where another saw it end, for only that one remembered the failure."""
    ledger.fail(ledger.send(ZONE, "PUT", OTHER), problem("OperationFailed"))
    found = ledger.failure(ZONE, OWNER)
    assert found is not None
    assert found == ledger.failure(ZONE, OTHER)
    assert found.ended
    assert found.not_before > START


def test_of_two_failures_the_later_speaks(ledger: Ledger) -> None:
    """The target is left alone until both are over."""
    ledger.note_failure(ZONE, OWNER, problem("Soon", retry=Retry.SOON), ended=False)
    ledger.fail(ledger.send(ZONE, "PUT", OTHER), problem("Late", retry=Retry.NEVER))
    found = ledger.failure(ZONE, OWNER)
    assert found is not None
    assert found.problem.reason == "Late"


def test_a_success_ends_the_failure_of_all(ledger: Ledger) -> None:
    """The next failure counts from one, and nobody waits for what is over."""
    for _ in range(3):
        ledger.fail(ledger.send(ZONE, "PUT", OTHER), problem("OperationFailed"))
    write(ledger, ZONE, OTHER)
    assert ledger.failure(ZONE, OWNER) is None
    ledger.fail(ledger.send(ZONE, "PUT", OTHER), problem("OperationFailed"))
    assert ledger.failures[ZONE.key, ""].attempts == 1


def test_what_is_cleared_is_tried_anew(ledger: Ledger) -> None:
    """One's own refusals and the failures of all, on these targets and no others, and nobody else's refusals."""
    for owner in (OWNER, OTHER, ""):
        ledger.note_failure(ZONE, owner, problem(), ended=False)
    ledger.note_failure(VAULT, OWNER, problem(), ended=False)
    ledger.clear_failures([ZONE.key, ACCOUNT.key], OWNER)
    assert set(ledger.failures) == {(ZONE.key, OTHER), (VAULT.key, OWNER)}


# -- which readings are older -----------------------------------------------------------------------


def read(ledger: Ledger, question: Question) -> Reading:
    """A reading that is sent now; when it is answered makes no difference."""
    return Reading(question, shown(ENDPOINT), ledger.clock.monotonic(), ledger.number())


STALE = [  # what was read                    what is written      by whom   it is stale
    pytest.param(Resource(ENDPOINT), ENDPOINT, OWNER, True, id="the target itself"),
    pytest.param(Resource(ENDPOINT), ENDPOINT, OTHER, True, id="the target, by another custom resource"),
    pytest.param(Resource(VAULT), ENDPOINT, OTHER, False, id="something else"),
    pytest.param(GROUPS, ZONE_GROUP, OTHER, True, id="the listing that tells of the target, for others"),
    pytest.param(GROUPS, ZONE_GROUP, OWNER, False, id="the listing, for who knows what it wrote"),
    pytest.param(SUBNETS, FIRST_SUBNET, OWNER, True, id="the listing, where the siblings change, too"),
    pytest.param(Resource(SECOND_SUBNET), FIRST_SUBNET, OWNER, True, id="a sibling whose etag changes"),
    pytest.param(Resource(NETWORK), FIRST_SUBNET, OWNER, True, id="the network whose etag changes"),
    pytest.param(Resource(ENDPOINT), ZONE_GROUP, OTHER, False, id="a parent whose etag stays"),
]


@pytest.mark.parametrize(("question", "target", "writer", "stale"), STALE)
def test_a_reading_is_stale_once_what_it_shows_was_written(
    ledger: Ledger, question: Question, target: ResourceId, writer: str, *, stale: bool
) -> None:
    """On a clock that stands still: the order of reads and writes is counted, and no instant decides."""
    before = read(ledger, question)
    write(ledger, target, writer)
    after = read(ledger, question)
    assert ledger.is_stale(before, OWNER) is stale
    assert not ledger.is_stale(after, OWNER)


def test_a_reading_that_was_sent_before_a_write_was_answered_is_stale(ledger: Ledger) -> None:
    """It may be answered after the write, and show what was there before."""
    record = ledger.send(ENDPOINT, "PUT", OTHER)
    sent_between = read(ledger, Resource(ENDPOINT))
    pass_time(ledger, SECOND)
    ledger.accept(record, ())
    assert ledger.is_stale(sent_between, OWNER)


def test_what_a_write_would_write_over_is_looked_at_again_by_others(ledger: Ledger) -> None:
    """Two custom resources look at one record before each makes a zone group that writes it."""
    ours, theirs = read(ledger, Resource(LINK)), read(ledger, Resource(LINK))
    ledger.accept(ledger.send(ZONE_GROUP, "PUT", OWNER), [LINK])
    assert not ledger.is_stale(ours, OWNER)
    assert ledger.is_stale(theirs, OTHER)


def test_of_hundreds_of_writers_to_one_zone_two_are_remembered(ledger: Ledger) -> None:
    """The last one, and the last of anybody else: with five hundred, each look walked through all of them."""
    old = read(ledger, Resource(LINK))
    for number in range(500):
        ledger.mark_written([LINK], writer=f"team-a/w{number}")
    between = read(ledger, Resource(LINK))
    ledger.mark_written([LINK], writer=OWNER)
    assert [ledger.is_stale(old, each) for each in (OWNER, OTHER)] == [True, True]
    assert [ledger.is_stale(between, each) for each in (OWNER, OTHER)] == [False, True]
    assert ledger.is_written_since(LINK.key, between.order)
    assert len(ledger._written[LINK.key]) == 2


def test_the_reading_that_saw_a_write_end_is_not_stale(ledger: Ledger) -> None:
    """It is what shows the target as it is now: no second one is needed."""
    record = ledger.send(ENDPOINT, "PUT", OWNER)
    ledger.accept(record, ())
    saw = read(ledger, Resource(ENDPOINT))
    ledger.end(record, saw.order)
    assert not ledger.is_stale(saw, OWNER)
    assert not ledger.is_stale(saw, OTHER)


def test_where_the_effect_shows_is_read_again(ledger: Ledger) -> None:
    """The records of a zone group are out of date once the group was written again."""
    record_set = read(ledger, Resource(LINK))
    record = ledger.send(ZONE_GROUP, "PUT", OWNER)
    record.invalidates = (LINK,)
    ledger.accept(record, ())
    assert not ledger.is_stale(record_set, OWNER)
    ledger.end(record)
    assert ledger.is_stale(record_set, OWNER)


@pytest.mark.parametrize("target", [ENDPOINT, VAULT], ids=["long", "short"])
def test_a_write_that_goes_out_is_looked_at_soon(ledger: Ledger, target: ResourceId) -> None:
    """Nobody knows yet whether Azure takes it; once it has, the type's own series begins."""
    record = ledger.send(target, "PUT", OWNER)
    assert record.look_at == START + SECOND
    ledger.accept(record, ())
    assert record.look_at == START + max(timedelta(seconds=3), type_info(target).durations.expected)
