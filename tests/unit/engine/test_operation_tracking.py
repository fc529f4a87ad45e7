"""When an operation is over, and when it is worth asking how it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    LINK,
    OWNER,
    SHARED_MARK,
    START,
    VAULT,
    ZONE,
    problem,
    readings,
    shown,
)
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run

from secureml_reconcilers.azure.arm import NotFound, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.engine.blocks import EnsureAbsent
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.operation_tracking import is_worth_asking, seems_over, track_operations
from secureml_reconcilers.engine.questions import Resource

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Answer, Verb
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.ledger import Record

OTHER = "team-b/churn"
SOON = timedelta(seconds=1)
HANDLE = "https://management.azure.com/operations/1"
UNREADABLE = Unreadable(problem("Forbidden"))


def begun(target: ResourceId, verb: Verb, poll_url: str | None = None) -> Record:
    """An operation that Azure has taken just now."""
    ledger = Ledger(FakeClock())
    record = ledger.send(target, verb, OWNER)
    ledger.accept(record, (), poll_url)
    return record


def late(target: ResourceId) -> timedelta:
    """Later than nearly all operations of its type end."""
    return type_info(target).durations.late + SOON


def lost(target: ResourceId) -> timedelta:
    """Later than any operation of its type leaves no trace."""
    return type_info(target).durations.lost + SOON


OVER = [
    pytest.param(ENDPOINT, "PUT", shown(ENDPOINT, "Updating"), SOON, False, id="it still works on it"),
    pytest.param(ENDPOINT, "PUT", shown(ENDPOINT), SOON, True, id="it succeeded"),
    pytest.param(ENDPOINT, "PUT", shown(ENDPOINT, "Failed"), SOON, True, id="it failed"),
    pytest.param(ENDPOINT, "PATCH", shown(ENDPOINT, None), SOON, True, id="a type without states is always done"),
    pytest.param(
        ENDPOINT, "PUT", NotFound(), SOON, True, id="the write never arrived: the type shows what it makes"
    ),
    pytest.param(
        ACCOUNT, "PUT", NotFound(), late(ACCOUNT), False, id="a type that hides what it makes proves nothing"
    ),
    pytest.param(
        ACCOUNT, "PUT", NotFound(), lost(ACCOUNT), True, id="but the slowest creation would be over by now"
    ),
    pytest.param(ZONE, "PATCH", NotFound(), SOON, True, id="an update of what is gone is over"),
    pytest.param(ENDPOINT, "DELETE", NotFound(), SOON, True, id="it is gone"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT, "Deleting"), lost(ENDPOINT), False, id="it is going"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT), SOON, False, id="a removal that has not begun to show"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT), late(ENDPOINT), True, id="a removal that never will"),
    pytest.param(ENDPOINT, "PUT", UNREADABLE, lost(ENDPOINT), False, id="what could not be read proves nothing"),
    pytest.param(ENDPOINT, "DELETE", UNREADABLE, lost(ENDPOINT), False, id="of a removal neither"),
]


@pytest.mark.parametrize(("target", "verb", "answer", "age", "over"), OVER)
def test_whether_it_seems_over(
    target: ResourceId,
    verb: Verb,
    answer: Answer,
    age: timedelta,
    over: bool,  # noqa: FBT001 - a column
) -> None:
    """Told by reading the resource, for no handle survives a restart."""
    assert seems_over(begun(target, verb), answer, START + age) is over


def test_a_create_that_overwrites_nothing_is_waited_for_by_its_handle_only() -> None:
    """Without one (after a crash, or a lost answer) it is sent again: a creation under way refuses it."""
    with_handle = begun(ZONE, "PUT", HANDLE)
    assert [seems_over(with_handle, NotFound(), START + age) for age in (SOON, late(ZONE), lost(ZONE))] == [
        False,
        False,
        True,
    ]
    assert seems_over(begun(ZONE, "PUT"), NotFound(), START + SOON)


ASKED = [
    pytest.param(ENDPOINT, "PUT", shown(ENDPOINT, "Failed"), SOON, True, id="it failed, and the handle says why"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT, "Canceled"), SOON, True, id="it was canceled"),
    pytest.param(ENDPOINT, "PUT", shown(ENDPOINT), SOON, False, id="it succeeded"),
    pytest.param(ENDPOINT, "PUT", shown(ENDPOINT, "Updating"), lost(ENDPOINT), False, id="the state says enough"),
    pytest.param(ZONE, "PUT", NotFound(), SOON, False, id="nothing to see yet, as usual"),
    pytest.param(ZONE, "PUT", NotFound(), late(ZONE), True, id="nothing to see after unusually long"),
    pytest.param(ENDPOINT, "DELETE", NotFound(), late(ENDPOINT), False, id="it is gone, as it should"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT), SOON, False, id="a removal does not show yet, as usual"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT), late(ENDPOINT), True, id="it does not show after long"),
    pytest.param(ENDPOINT, "DELETE", shown(ENDPOINT, "Deleting"), late(ENDPOINT), False, id="it shows"),
    pytest.param(
        ENDPOINT, "PUT", UNREADABLE, lost(ENDPOINT), False, id="what could not be read is read again first"
    ),
]


@pytest.mark.parametrize(("target", "verb", "answer", "age", "worth"), ASKED)
def test_whether_its_handle_is_worth_asking(
    target: ResourceId,
    verb: Verb,
    answer: Answer,
    age: timedelta,
    worth: bool,  # noqa: FBT001 - a column
) -> None:
    """One more request, so only where it tells what the resource does not."""
    with_handle = begun(target, verb, HANDLE)
    assert is_worth_asking(with_handle, answer, START + age) is worth
    assert is_worth_asking(begun(target, verb), answer, START + age) is False


async def test_who_began_what_failed_heeds_it_though_another_saw_it_end() -> None:
    """The failure stood in the memory of who looked first; who had begun it wrote again at once, without pause."""
    clock = FakeClock()
    ledger, arm = Ledger(clock), FakeArm(clock)
    ledger.accept(ledger.send(ENDPOINT, "PUT", OWNER), ())
    clock.advance(timedelta(minutes=5))
    since, looks = ledger.number(), readings({})
    looks.record(Resource(ENDPOINT), shown(ENDPOINT, "Failed"), clock.monotonic(), ledger.number())
    assert await track_operations([ENDPOINT], looks, ledger, arm, since)  # type: ignore[arg-type]
    assert (ledger.running(ENDPOINT), arm.requests) == (None, 0)
    began = ledger.failure(ENDPOINT, OWNER)
    assert began is not None
    assert began == ledger.failure(ENDPOINT, OTHER)
    assert began.not_before > clock.monotonic()


LOOKED_AT = [  # reading is of this pass   asked for after, s   it ends
    pytest.param(True, 3, True, id="this pass has looked, as it was to"),
    pytest.param(False, 3, False, id="an older reading is no look"),
    pytest.param(True, 2, False, id="a look before its time says nothing"),
    pytest.param(True, 0, False, id="nor does the write's own answer, though its time comes in the same pass"),
]


@pytest.mark.parametrize(("fresh", "after", "ends"), LOOKED_AT)
async def test_only_a_look_that_is_due_ends_an_operation(*, fresh: bool, after: int, ends: bool) -> None:
    """What was read for another reason may show the resource as it was before Azure began."""
    clock = FakeClock()
    ledger, looks = Ledger(clock), readings({})
    record = ledger.send(VAULT, "PATCH", OWNER)
    ledger.accept(record, ())
    order = ledger.number()
    since = order if fresh else ledger.number()
    clock.advance(timedelta(seconds=after))
    looks.record(Resource(VAULT), shown(VAULT), clock.monotonic(), order)
    clock.advance(timedelta(seconds=3 - after))
    assert await track_operations([VAULT], looks, ledger, FakeArm(clock), since) is ends  # type: ignore[arg-type]
    assert (ledger.running(VAULT) is None) is ends


@pytest.mark.parametrize("seconds", [30, 50, 90, 400])
async def test_a_deletion_that_takes_long_is_no_policy_s_doing(seconds: int) -> None:
    """After 42 seconds it was once taken for over, and the warning told to look for a policy that undoes it."""
    arm = FakeArm(FakeClock(), takes={LINK.key: timedelta(seconds=seconds)}).put(shown(LINK, tags=SHARED_MARK))
    kind = Kind(lambda _: iter((EnsureAbsent(LINK, "nobody needs it", shared=True),)), "Unlinked")
    run = Run(kind, arm, deleting=True, status={"inventory": [{"id": LINK.text, "kind": "Resource"}]})
    while not (result := await run.look()).released:
        run.clock.advance(result.requeue_after or timedelta(minutes=30))
        assert run.clock.passed < timedelta(minutes=10)
    assert [event.reason for event in run.events()] == ["Deleting", "Released"]
    assert arm.written() == [f"DELETE {LINK.short}"]
    assert run.clock.passed <= timedelta(seconds=seconds + 15)
