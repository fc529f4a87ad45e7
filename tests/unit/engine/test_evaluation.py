"""Which writes are due: gates, what is waited for and what is not, and failures that still speak."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    MARK,
    NOBODYS,
    OWNER,
    START,
    VAULT,
    ZONE,
    ZONE_GROUP,
    fact,
    pending,
    problem,
    readings,
    said,
    shown,
    wants,
)
from tests.unit.engine.fakes import FakeClock

from secureml_reconcilers.azure.arm import NotFound, Unreadable
from secureml_reconcilers.engine.assessment import Blocked
from secureml_reconcilers.engine.blocks import CheckLevel, StatusField
from secureml_reconcilers.engine.evaluation import Situation, evaluate, problems
from secureml_reconcilers.engine.ledger import Failure, Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.evaluation import Evaluation

SHUT = {"publicNetworkAccess": "Disabled"}
OPEN = {"publicNetworkAccess": "Enabled"}
MAKES = wants(ENDPOINT, fragment={}, create={})
OPEN_ACCOUNT = {ACCOUNT: shown(ACCOUNT, properties=OPEN)}
MADE = {ENDPOINT: shown(ENDPOINT, tags=MARK)}


def situation(
    answers: Mapping[ResourceId, Answer], failure: Failure | None = None, running: ResourceId | None = None
) -> Situation:
    """What blocks are judged by; a failure is that of the account."""
    ledger = Ledger(FakeClock())
    if failure is not None:
        ledger.failures[ACCOUNT.key, OWNER] = failure
    if running is not None:
        ledger.send(running, "PUT", "team-b/churn")
    return Situation(readings(answers), ledger, NOBODYS)


def due(found: Evaluation) -> list[object]:
    """What may be written now."""
    return [action.id for action in found.actions]


AFTER = [
    pytest.param(MADE, MAKES, True, id="what must hold first holds"),
    pytest.param({}, MAKES, False, id="it is not there yet"),
    pytest.param({ENDPOINT: shown(ENDPOINT, "Updating")}, MAKES, False, id="it is being made"),
    pytest.param({ENDPOINT: shown(ENDPOINT)}, MAKES, False, id="it is somebody else's"),
    pytest.param({ENDPOINT: Unreadable(problem())}, MAKES, False, id="it may not be read"),
    pytest.param({}, fact(holds=True), True, id="a fact holds"),
    pytest.param({}, fact(), False, id="a fact does not hold"),
    pytest.param({}, pending(), False, id="a fact does not hold yet"),
    pytest.param(
        {}, fact(level=CheckLevel.ADVISORY), True, id="a fact that is only worth knowing holds nothing up"
    ),
    pytest.param({}, StatusField("azure.location", "westeurope"), True, id="nor does something to show"),
]


@pytest.mark.parametrize(("answers", "gate", "opened"), AFTER)
def test_what_must_hold_first(answers: Mapping[ResourceId, Answer], gate: Block, opened: bool) -> None:  # noqa: FBT001
    """Make before break, whether or not the gate is told by an aspect of its own."""
    closes = wants(after=(gate,))
    for composed in ([said("Closed", closes)], [said("Made", gate), said("Closed", closes)]):
        found = evaluate(composed, situation({**OPEN_ACCOUNT, **answers}))
        assert (ACCOUNT in due(found)) is opened
        assert found.waiting.get(closes.key) == (None if opened else gate)


CLOSES_VAULT = wants(VAULT, after=(MAKES,))
FOLLOWS = [
    pytest.param({VAULT: shown(VAULT, properties=SHUT)}, True, id="it is done"),
    pytest.param({VAULT: shown(VAULT, properties=OPEN), **MADE}, False, id="it is being done now"),
    pytest.param({VAULT: shown(VAULT, "Updating")}, False, id="Azure works on it"),
    pytest.param({VAULT: shown(VAULT, properties=OPEN)}, False, id="it waits for something on its way"),
    pytest.param({VAULT: Unreadable(problem())}, True, id="it cannot be told: not waited for"),
    pytest.param(
        {VAULT: shown(VAULT, properties=OPEN), ENDPOINT: Unreadable(problem())},
        True,
        id="what it waits for needs somebody: not waited for",
    ),
    pytest.param(
        {VAULT: shown(VAULT, "Updating"), ENDPOINT: Unreadable(problem())},
        False,
        id="what it waited for needs somebody, but Azure works on it already",
    ),
]


@pytest.mark.parametrize(("answers", "opened"), FOLLOWS)
def test_what_is_done_before_if_it_can_be_done(answers: Mapping[ResourceId, Answer], opened: bool) -> None:  # noqa: FBT001
    """The last step is not held up for ever by what nobody can do now."""
    closes = wants(after_if_possible=(CLOSES_VAULT,))
    found = evaluate(
        [said("Vault", MAKES, CLOSES_VAULT), said("Closed", closes)], situation({**OPEN_ACCOUNT, **answers})
    )
    assert (ACCOUNT in due(found)) is opened
    assert found.waiting.get(closes.key) == (None if opened else CLOSES_VAULT)


GROUP_MADE = wants(ZONE_GROUP, fragment={}, create={}, after=(MAKES,))
FOLLOWS_FAR = [  # what the vault's closing waits for, two steps down
    pytest.param({}, False, id="it is not there yet, and on its way"),
    pytest.param({ENDPOINT: Unreadable(problem())}, True, id="it needs somebody: the vault's closing cannot come"),
    pytest.param(
        {ENDPOINT: Unreadable(problem()), ZONE_GROUP: shown(ZONE_GROUP, "Updating")},
        False,
        id="it needs somebody, but Azure works already on what came after it",
    ),
    pytest.param(
        {ENDPOINT: Unreadable(problem()), ZONE_GROUP: shown(ZONE_GROUP)}, False, id="nor is it asked for any more"
    ),
]


@pytest.mark.parametrize(("answers", "opened"), FOLLOWS_FAR)
def test_what_is_blocked_far_down_is_not_waited_for(answers: Mapping[ResourceId, Answer], opened: bool) -> None:  # noqa: FBT001
    """The closing waits for a zone group, that for its endpoint, and the endpoint cannot be told."""
    vault = wants(VAULT, after=(GROUP_MADE,))
    closes = wants(after_if_possible=(vault,))
    composed = [said("Vault", MAKES, GROUP_MADE, vault), said("Closed", closes)]
    open_vault = {VAULT: shown(VAULT, properties=OPEN)}
    found = evaluate(composed, situation({**OPEN_ACCOUNT, **open_vault, **answers}))
    assert (ACCOUNT in due(found)) is opened
    assert found.waiting.get(closes.key) == (None if opened else vault)


@pytest.mark.parametrize(
    ("answer", "ago", "speaks"),
    [
        pytest.param(shown(ACCOUNT, properties=OPEN), -1, True, id="it is left alone until its time is up"),
        pytest.param(shown(ACCOUNT, properties=OPEN), 0, False, id="then it is tried again"),
        pytest.param(shown(ACCOUNT, properties=SHUT), -1, False, id="what is as declared has no failure"),
        pytest.param(shown(ACCOUNT, "Updating"), -1, False, id="nor what Azure works on"),
    ],
)
def test_a_failure_speaks_until_its_time_is_up(answer: Answer, ago: int, speaks: bool) -> None:  # noqa: FBT001
    """Or until somebody else put it right."""
    failed = problem("Locked")
    failure = Failure(failed, 1, START - timedelta(seconds=ago), ended=False)
    found = evaluate([said("Closed", wants())], situation({ACCOUNT: answer}, failure))
    assert (found.assessments[wants().key] == Blocked(failed)) is speaks
    assert problems(found) == ([failed] if speaks else [])


@pytest.mark.parametrize(
    ("answer", "ended", "told"),
    [
        pytest.param(shown(ACCOUNT, "Failed", properties=OPEN), True, True, id="it is to be repeated"),
        pytest.param(shown(ACCOUNT, "Updating"), True, True, id="it is being repeated"),
        pytest.param(shown(ACCOUNT, properties=SHUT), True, False, id="it is as declared"),
        pytest.param(shown(ACCOUNT, "Updating"), False, False, id="a write that was refused is taken now"),
    ],
)
def test_why_an_operation_failed_stands_until_a_repetition_succeeds(
    answer: Answer,
    ended: bool,  # noqa: FBT001
    told: bool,  # noqa: FBT001
) -> None:
    """Only an operation's end may be met again; what kept a write from being taken does not any more."""
    failed = problem("OperationFailed")
    failure = Failure(failed, 1, START, ended=ended)
    found = evaluate([said("Closed", wants())], situation({ACCOUNT: answer}, failure))
    assert found.failed == ({wants().key: failed} if told else {})


def test_a_block_that_two_aspects_tell_is_judged_and_written_once() -> None:
    """One endpoint, asked for by its own aspect and by the one that closes its service."""
    found = evaluate([said("A", wants()), said("B", wants())], situation(OPEN_ACCOUNT))
    assert due(found) == [ACCOUNT]
    assert found.blocks() == [wants()]


def test_what_runs_is_not_begun_again() -> None:
    """An operation of another custom resource counts like one of ours."""
    found = evaluate(
        [said("Zone", wants(ZONE, fragment={}, create={}))], situation({ZONE: NotFound()}, running=ZONE)
    )
    assert due(found) == []


def test_problems_of_aspects_and_of_blocks_are_gathered() -> None:
    """Both keep the custom resource from being ready."""
    told, read = problem("A"), problem("B", target=ACCOUNT)
    found = evaluate([said("Closed", wants(), problems=(told,))], situation({ACCOUNT: Unreadable(read)}))
    assert problems(found) == [told, read]
