"""What mutants of the engine lived on: each row would pass unnoticed without its test here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
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
from tests.unit.engine.fakes import FakeArm, FakeClock

from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.assessment import Differs, choose
from secureml_reconcilers.engine.blocks import EnsureAbsent
from secureml_reconcilers.engine.evaluation import Situation, evaluate, must_be_fresh
from secureml_reconcilers.engine.inventory import Inventory
from secureml_reconcilers.engine.ledger import UNATTENDED, Ledger
from secureml_reconcilers.engine.operation_tracking import track_operations
from secureml_reconcilers.engine.readings import Readings

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Block

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
