"""What mutants of the engine lived on: each row would pass unnoticed without its test here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    LINK,
    NOBODYS,
    NOW,
    OWNER,
    VAULT,
    ZONE,
    ZONE_GROUP,
    problem,
    reading,
    said,
    shown,
    wants,
)
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.assessment import Differs, Holds, Ownership, choose
from secureml_reconcilers.engine.blocks import EnsureAbsent
from secureml_reconcilers.engine.evaluation import Situation, evaluate, must_be_fresh
from secureml_reconcilers.engine.inventory import Inventory
from secureml_reconcilers.engine.ledger import UNATTENDED, Ledger
from secureml_reconcilers.engine.operation_tracking import is_worth_asking, seems_over, track_operations
from secureml_reconcilers.engine.readings import Readings
from secureml_reconcilers.engine.status_limits import INVENTORY

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Answer, Present, Verb
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block, Blocks
    from secureml_reconcilers.engine.view import View

SOON = timedelta(seconds=1)

EVIDENCE = [  # the block that is written, and what must have been read in the same pass
    pytest.param(
        wants(after=(wants(ENDPOINT, create={}), wants(ZONE_GROUP, create={}, evidence=(LINK,)))),
        {ACCOUNT.key, ENDPOINT.key, ZONE_GROUP.key, LINK.key},
        id="a closing leans on its service, on what comes before it, and on what that leans on",
    ),
    pytest.param(wants(create={}, after=(wants(ENDPOINT, create={}),)), set(), id="what is made leans on nothing"),
    pytest.param(wants(create={}, preconditions=(ZONE,)), {ZONE.key}, id="save on what it writes over"),
]


@pytest.mark.parametrize(("block", "keys"), EVIDENCE)
def test_what_an_action_leans_on_is_read_just_before(block: Block, keys: set[str]) -> None:
    """Somebody may have rejected the endpoint since (OPS-08)."""
    action = choose(block, Differs("Update", (), {}), NOBODYS)
    assert must_be_fresh(action) == keys


def test_a_deletion_leans_on_what_it_deletes() -> None:
    """Somebody may have begun to use it since, or taken our tag off."""
    block = EnsureAbsent(ZONE_GROUP, "it goes", evidence=(ENDPOINT,))
    assert must_be_fresh(choose(block, Differs("Delete", (), {}), NOBODYS)) == {ZONE_GROUP.key, ENDPOINT.key}


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_what_a_failed_write_left_is_written_again(state: str) -> None:
    """It shows what was asked for, and the service does not do it."""
    ledger = Ledger(FakeClock())
    ledger.note_failure(ACCOUNT, OWNER, problem(), ended=True)
    ledger.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    body = shown(ACCOUNT, state, properties={"publicNetworkAccess": "Disabled"})
    known = Readings({ACCOUNT.key: reading(ACCOUNT, body)})
    found = evaluate([said("Closed", wants())], Situation(known, ledger, NOBODYS))
    (action,) = found.actions
    assert (action.kind, action.id) == ("Update", ACCOUNT)
    assessment = found.assessments[wants().key]
    assert isinstance(assessment, Differs)
    (difference,) = assessment.differences
    assert (difference.path, difference.desired, difference.observed) == (
        "properties.provisioningState",
        "Succeeded",
        state.lower(),
    )


def test_an_absence_is_no_failed_write() -> None:
    """What is gone as it should be is not deleted once more, though its deletion had failed before."""
    ledger = Ledger(FakeClock())
    ledger.note_failure(ENDPOINT, OWNER, problem(), ended=True)
    known = Readings({ENDPOINT.key: reading(ENDPOINT, NotFound())})
    block = EnsureAbsent(ENDPOINT, "it goes")
    assert evaluate([said("Gone", block)], Situation(known, ledger, NOBODYS)).actions == ()


NO_WRITE = [  # what shows, and the block that is as declared
    pytest.param(shown(ACCOUNT, properties={"publicNetworkAccess": "Disabled"}), wants(), id="it succeeded since"),
    pytest.param(shown(ACCOUNT, "Failed"), wants(fragment={}), id="nothing of it is ours"),
    pytest.param(shown(ACCOUNT, "Failed"), EnsureAbsent(ACCOUNT, "it goes"), id="it is not ours to delete"),
]


@pytest.mark.parametrize(("shows", "block"), NO_WRITE)
def test_an_old_failure_alone_is_no_reason_to_write(shows: Present, block: Block) -> None:
    """Only what a failed write of ours left in a failed state is written once more."""
    ledger = Ledger(FakeClock())
    ledger.note_failure(ACCOUNT, OWNER, problem(), ended=True)
    ledger.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    known = Readings({ACCOUNT.key: reading(ACCOUNT, shows)})
    found = evaluate([said("Closed", block)], Situation(known, ledger, NOBODYS))
    assert (found.actions, found.assessments[block.key]) == ((), Holds())


def made(view: View) -> Blocks:
    """An endpoint exists."""
    view.get(ENDPOINT)
    yield wants(ENDPOINT, create={})


@pytest.mark.parametrize("taken", [True, False], ids=["taken, and failed", "refused"])
async def test_a_refusal_is_not_told_as_an_operation_that_failed(*, taken: bool) -> None:
    """Nothing was done, so nothing "is being repeated" once its time is up and something else runs beside it."""
    arm = FakeArm(FakeClock(), takes={ENDPOINT.key: timedelta(seconds=3)})
    (arm.fails if taken else arm.refuses)[ENDPOINT.key] = problem("Locked")
    run = Run(Kind(made), arm)
    while not run.ledger.failures:
        await run.step()
    assert [failure.ended for failure in run.ledger.failures.values()] == [taken]
    run.clock.advance(timedelta(hours=1))
    situation = Situation(
        Readings({ENDPOINT.key: reading(ENDPOINT, NotFound())}), run.ledger, Ownership(run.owner)
    )
    found = evaluate([said("Known", wants(ENDPOINT, create={}))], situation)
    assert bool(found.failed) is taken


@pytest.mark.parametrize(
    ("read_after", "over"), [pytest.param(SOON, True, id="since"), pytest.param(-SOON, False, id="before")]
)
async def test_a_child_whose_parent_is_gone_is_over(read_after: timedelta, over: bool) -> None:  # noqa: FBT001
    """Nobody reads a child of what is not there; a parent that was absent before the write proves nothing."""
    clock = FakeClock()
    ledger = Ledger(clock)
    ledger.accept(ledger.send(ZONE_GROUP, "PUT", OWNER), ())
    known = Readings({ENDPOINT.key: reading(ENDPOINT, NotFound(), clock.monotonic() + read_after)})
    ended = await track_operations([ZONE_GROUP], known, ledger, FakeArm(clock), 0)  # type: ignore[arg-type]
    assert (ended, ledger.running(ZONE_GROUP) is None) == (over, over)


async def test_a_parent_that_is_there_or_unread_ends_nothing() -> None:
    """Only an absence tells."""
    clock = FakeClock()
    ledger = Ledger(clock)
    ledger.accept(ledger.send(ZONE_GROUP, "PUT", OWNER), ())
    for known in ({}, {ENDPOINT.key: reading(ENDPOINT, shown(ENDPOINT), clock.monotonic() + SOON)}):
        assert not await track_operations([ZONE_GROUP], Readings(known), ledger, FakeArm(clock), 0)  # type: ignore[arg-type]
    assert ledger.running(ZONE_GROUP) is not None


class Handle(FakeArm):
    """Azure where an operation's handle answers, or fails, as a test says."""

    def __init__(self, clock: FakeClock, *answers: AzureProblem | str) -> None:
        super().__init__(clock)
        self.answers = list(answers)

    async def operation_problem(self, _: str, target: ResourceId) -> str | None:  # type: ignore[override]
        """See `Arm.operation_problem`: a problem of the script is one of asking."""
        self.polls.append(target)
        answer = self.answers.pop(0)
        if isinstance(answer, AzureProblem):
            raise answer
        return answer


async def looked_at(arm: Handle, ledger: Ledger, target: ResourceId, verb: Verb, answer: Answer) -> bool:
    """Whether a write with a handle is over after one more look at what Azure shows, much later."""
    if ledger.running(target) is None:
        ledger.accept(ledger.send(target, verb, OWNER), (), "https://management.azure.com/operations/1")
    arm.clock.advance(type_info(target).durations_of(verb).late + SOON)
    since = ledger.number()
    known = Readings({target.key: reading(target, answer, arm.clock.monotonic(), since)})
    return await track_operations([target], known, ledger, arm, since)  # type: ignore[arg-type]


async def test_what_failed_failed_though_its_handle_is_lost() -> None:
    """A lost handle says nothing of the write; the resource does, and it is no success."""
    clock = FakeClock()
    ledger, arm = Ledger(clock), Handle(clock, "unknown")
    assert await looked_at(arm, ledger, ENDPOINT, "PUT", shown(ENDPOINT, "Failed"))
    failure = ledger.failure(ENDPOINT, OWNER)
    assert failure is not None
    assert (failure.problem.reason, failure.ended) == ("OperationFailed", True)
    assert arm.polls == [ENDPOINT]


async def test_a_lost_handle_is_not_asked_again_and_ends_nothing() -> None:
    """The creation does not show yet: it is waited for as after a crash."""
    clock = FakeClock()
    ledger, arm = Ledger(clock), Handle(clock, "unknown")
    assert not await looked_at(arm, ledger, ACCOUNT, "PUT", NotFound())
    assert not await looked_at(arm, ledger, ACCOUNT, "PUT", NotFound())
    record = ledger.running(ACCOUNT)
    assert record is not None
    assert (record.poll_url, arm.polls) == (None, [ACCOUNT])


async def test_a_handle_that_cannot_be_asked_says_nothing() -> None:
    """What failed is asking, not the operation: it is asked again, and only its answer ends the operation."""
    clock = FakeClock()
    ledger, arm = Ledger(clock), Handle(clock, problem("Throttled"), "running", "unknown")
    for _ in range(2):
        assert not await looked_at(arm, ledger, ENDPOINT, "PUT", shown(ENDPOINT, "Failed"))
        assert (ledger.running(ENDPOINT) is not None, ledger.failure(ENDPOINT, OWNER)) == (True, None)
    assert await looked_at(arm, ledger, ENDPOINT, "PUT", shown(ENDPOINT, "Failed"))
    assert arm.polls == [ENDPOINT] * 3


STALE = [  # the target, the verb, whether what succeeded at first sight is over, whether its handle is asked
    pytest.param(LINK, "PATCH", False, True, id="an update of what shows its former self meanwhile"),
    pytest.param(LINK, "PUT", True, False, id="its creation"),
    pytest.param(ENDPOINT, "PATCH", True, False, id="an update of what shows that it is updated"),
]


@pytest.mark.parametrize(("target", "verb", "over", "asked"), STALE)
def test_a_former_self_is_no_end_of_an_update(target: ResourceId, verb: Verb, *, over: bool, asked: bool) -> None:
    """The link looked as before, and was taken for updated; nearly all are once it is late."""
    ledger = Ledger(FakeClock())
    record, late = ledger.send(target, verb, OWNER), type_info(target).durations_of(verb).late
    ledger.accept(record, (), "https://management.azure.com/operations/1")
    began = ledger.clock.monotonic()
    assert seems_over(record, shown(target), began + SOON) is over
    assert seems_over(record, shown(target), began + late + SOON)
    assert is_worth_asking(record, shown(target), began + SOON) is asked


def test_what_is_watched_is_looked_at_later() -> None:
    """Somebody else's operation in a few seconds, one that refused ours when it may be over."""
    clock = FakeClock()
    ledger = Ledger(clock)
    ledger.watch(ACCOUNT)
    ledger.wait_for_another(VAULT)
    waits = {key: record.look_at - clock.monotonic() for key, record in ledger.records.items()}
    assert waits == {ACCOUNT.key: intervals.FIRST_LOOK, VAULT.key: intervals.PENDING}
    assert {(record.verb, record.owner) for record in ledger.records.values()} == {("PUT", "")}


def test_what_was_written_since_is_known_by_its_number() -> None:
    """Not what was written before, nor anything else."""
    ledger = Ledger(FakeClock())
    before = ledger.number()
    ledger.mark_written([ACCOUNT])
    after = ledger.number()
    found = [
        ledger.is_written_since(*each) for each in ((ACCOUNT.key, before), (ACCOUNT.key, after), ("x", before))
    ]
    assert found == [True, False, False]


def test_tidying_up_keeps_what_is_recent() -> None:
    """A failure still speaks, and a reading is still stale; an hour later nobody asks for either."""
    clock = FakeClock()
    ledger = Ledger(clock)
    old = reading(ACCOUNT, shown(ACCOUNT), order=ledger.number())
    ledger.mark_written([ACCOUNT])
    ledger.note_failure(ACCOUNT, OWNER, problem(), ended=False)
    ledger.tidy()
    assert (ledger.is_stale(old, OWNER), ledger.failure(ACCOUNT, OWNER) is not None) == (True, True)
    clock.advance(2 * UNATTENDED)
    ledger.tidy()
    assert (ledger.is_stale(old, OWNER), ledger.failure(ACCOUNT, OWNER)) == (False, None)


def test_entries_and_resources_are_told_apart() -> None:
    """Others' resources that hold entries of ours are none that we made."""
    entry = {"id": ACCOUNT.text, "kind": "Entry", "path": "properties.networkAcls.ipRules", "value": "20.0.0.1"}
    second = {**entry, "value": "20.0.0.2"}
    listed = Inventory.of({"inventory": [entry, second, {"id": VAULT.text, "kind": "Resource"}]})
    assert (listed.extended(), listed.ids()) == ((ACCOUNT,), (VAULT,))


def test_an_entry_says_when_it_was_made() -> None:
    """As the CRD has it."""
    listed = Inventory()
    listed.note(VAULT, NOW)
    assert listed.to_status() == [{"id": VAULT.text, "kind": "Resource", "createdAt": "2026-01-01T12:00:00Z"}]


def test_the_inventory_holds_so_many_and_no_more() -> None:
    """One more, and the API server refuses the status, and with it whatever else it tells."""
    endpoints = [GROUP.resource("Microsoft.Network/privateEndpoints", f"e{n}") for n in range(INVENTORY + 1)]
    listed = Inventory()
    for each in endpoints:
        listed.note(each, NOW)
    assert listed.ids() == tuple(endpoints[:INVENTORY])
