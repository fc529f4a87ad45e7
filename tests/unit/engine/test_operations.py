"""When an operation is over, and when it is worth asking how it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, NOW, ZONE, problem, shown

from secureml_reconcilers.azure.arm import NotFound, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.engine.operations import Operation, seems_over, worth_asking

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Answer, Verb
    from secureml_reconcilers.azure.resource_id import ResourceId

SOON = timedelta(seconds=1)
HANDLE = "https://management.azure.com/operations/1"
UNREADABLE = Unreadable(problem("Forbidden"))


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
    assert seems_over(Operation.begun(target, verb, NOW), answer, NOW + age) is over


def test_a_create_that_overwrites_nothing_is_waited_for_by_its_handle_only() -> None:
    """Without one (after a crash, or a lost answer) it is sent again: a creation under way refuses it."""
    begun = Operation.begun(ZONE, "PUT", NOW, poll_url=HANDLE)
    assert [seems_over(begun, NotFound(), NOW + age) for age in (SOON, late(ZONE), lost(ZONE))] == [
        False,
        False,
        True,
    ]
    assert seems_over(Operation.begun(ZONE, "PUT", NOW), NotFound(), NOW + SOON)


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
    with_handle = Operation.begun(target, verb, NOW, poll_url=HANDLE)
    assert worth_asking(with_handle, answer, NOW + age) is worth
    assert worth_asking(Operation.begun(target, verb, NOW), answer, NOW + age) is False


def test_an_operation_survives_in_the_status_without_its_handle() -> None:
    """After a restart it is looked at once, for nobody knows when it was looked at last."""
    begun = Operation.begun(ACCOUNT, "PATCH", NOW, poll_url=HANDLE)
    entry = begun.to_status()
    assert entry == {"id": ACCOUNT.text, "verb": "PATCH", "since": "2026-01-01T12:00:00Z"}
    restarted = NOW + timedelta(minutes=1)
    assert Operation.from_status(entry, restarted) == Operation(ACCOUNT, "PATCH", NOW, look_at=restarted)


def test_looks_move_on() -> None:
    """One early look, then one when half of such operations have ended."""
    begun = Operation.begun(ENDPOINT, "PUT", NOW)
    assert begun.look_at == NOW + timedelta(seconds=3)
    again = begun.looked(begun.look_at)
    assert again.look_at == NOW + type_info(ENDPOINT).durations.expected
    assert (again.id, again.verb, again.since) == (begun.id, begun.verb, begun.since)
