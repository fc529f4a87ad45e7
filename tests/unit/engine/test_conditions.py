"""Conditions as a pure function of a pass: every branch, and the summary that kstatus reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    NETWORK,
    NOW,
    VAULT,
    evaluation,
    fact,
    pending,
    problem,
    said,
    wants,
)

from secureml_reconcilers.azure.problem import Retry
from secureml_reconcilers.engine.assessment import Advised, Blocked, Differs, Holds, Pending, Running
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.conditions import Condition, conditions, invalid, with_times
from secureml_reconcilers.engine.status_and_events import findings
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.engine.assessment import Assessment
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.evaluation import Evaluation

SUMMARY = ("Ready", "Reconciling", "Stalled", "InSync", "Permitted")
OPEN = (Difference("properties.publicNetworkAccess", "Disabled", "Enabled"),)
DIFFERS = Differs("Update", OPEN)
CLOSES, CLOSES_VAULT, MAKES = wants(), wants(VAULT), wants(ENDPOINT, create={})


def one(
    *pairs: tuple[Block, Assessment], problems: tuple[Any, ...] = (), waiting: Mapping[str, Block] | None = None
) -> Evaluation:
    """A pass with one aspect, `Closed`."""
    composed = [said("Closed", *(block for block, _ in pairs), problems=problems)]
    return evaluation(composed, {block.key: assessment for block, assessment in pairs}, waiting)


def by_type(
    found: Evaluation, *, enforce: bool = True, drifting: bool = False, settled_before: bool = False
) -> dict[str, Condition]:
    """All conditions of a pass, by type."""
    every = conditions(found, enforce=enforce, drifting=drifting, settled_before=settled_before)
    return {condition.type: condition for condition in every}


ALL_GOOD = one((CLOSES, Holds()))
WAITING = {CLOSES.key: MAKES}

ASPECTS = [
    pytest.param(ALL_GOOD, "True", "AsDeclared", "Everything is as declared.", id="everything holds"),
    pytest.param(one(), "True", "AsDeclared", "Everything is as declared.", id="nothing is wanted"),
    pytest.param(
        one((fact(), Advised())),
        "True",
        "AsDeclared",
        "Everything is as declared.",
        id="what is only worth knowing stops nothing",
    ),
    pytest.param(
        one(problems=(problem("WorkspaceNotFound"),)),
        "False",
        "WorkspaceNotFound",
        "WorkspaceNotFound happened. Mend it.",
        id="the aspect could not be told",
    ),
    pytest.param(
        one((CLOSES, Blocked(problem("Locked"))), problems=(problem("NotFound"), problem("Forbidden"))),
        "False",
        "Locked",
        "Locked happened. Mend it. (2 more in status.findings)",
        id="of several problems a block's comes first, and the others are counted",
    ),
    pytest.param(
        one(
            (CLOSES, Blocked(problem("Locked"))),
            (CLOSES_VAULT, Blocked(problem("Locked"))),
            problems=(problem("Locked"), problem("Forbidden")),
        ),
        "False",
        "Locked",
        "Locked happened. Mend it. (1 more in status.findings)",
        id="one problem of many resources stands in the findings once, and is counted once",
    ),
    *(
        pytest.param(
            one(problems=(problem(reason),)),
            "Unknown",
            reason,
            f"{reason} happened. Mend it.",
            id=f"neither met nor unmet: {reason}",
        )
        for reason in ("AzureUnreachable", "UnexpectedAnswer", "AzureBusy", "AuthenticationFailed")
    ),
    pytest.param(
        one((CLOSES, DIFFERS)),
        "False",
        "Progressing",
        "Azure is working on storageAccounts/frauddata; it goes on by itself.",
        id="a write begins",
    ),
    pytest.param(
        one((CLOSES, Running())),
        "False",
        "Progressing",
        "Azure is working on storageAccounts/frauddata; it goes on by itself.",
        id="an operation runs",
    ),
    pytest.param(
        one(*((wants(ENDPOINT.child("x", str(n))), Running()) for n in range(5))),
        "False",
        "Progressing",
        "Azure is working on privateEndpoints/fraud-blob/x/0, privateEndpoints/fraud-blob/x/1,"
        " privateEndpoints/fraud-blob/x/2 and 2 more; it goes on by itself.",
        id="three are named, the others counted",
    ),
    pytest.param(
        one((CLOSES, DIFFERS), waiting=WAITING),
        "False",
        "Waiting",
        "storageAccounts/frauddata waits until privateEndpoints/fraud-blob is in order.",
        id="a write waits for a resource",
    ),
    pytest.param(
        one((CLOSES, DIFFERS), waiting={CLOSES.key: pending("the link is completed")}),
        "False",
        "Waiting",
        "storageAccounts/frauddata waits until the link is completed.",
        id="a write waits for a fact",
    ),
    pytest.param(
        one(
            (CLOSES, DIFFERS),
            (CLOSES_VAULT, DIFFERS),
            (MAKES, DIFFERS),
            waiting={
                CLOSES.key: pending("the link is completed"),
                CLOSES_VAULT.key: pending("the link is completed"),
                MAKES.key: wants(NETWORK),
            },
        ),
        "False",
        "Waiting",
        "storageAccounts/frauddata, vaults/fraudvault wait until the link is completed.",
        id="several writes wait for one thing, and others for another",
    ),
    pytest.param(
        one((MAKES, Running()), (CLOSES, DIFFERS), waiting=WAITING),
        "False",
        "Progressing",
        "Azure is working on privateEndpoints/fraud-blob; it goes on by itself.",
        id="work is told before waiting",
    ),
    pytest.param(
        one((pending(message="The link is InProgress."), Pending())),
        "False",
        "Waiting",
        "The link is InProgress. It is looked at again by itself.",
        id="a fact becomes true by itself",
    ),
    pytest.param(
        one((pending(message=""), Pending())),
        "False",
        "Waiting",
        "It is looked at again by itself.",
        id="a fact without a message",
    ),
]


def test_a_failed_operation_is_told_while_it_is_repeated() -> None:
    """Else its cause would stand for the seconds between two attempts, and be an event each time."""
    failed = {CLOSES.key: problem("OperationFailed")}
    for assessment in (Running(), DIFFERS):
        found = replace(one((CLOSES, assessment)), failed=failed)
        assert by_type(found)["Closed"] == Condition(
            "Closed", "False", "OperationFailed", "OperationFailed happened. Mend it. It is being repeated."
        )
        assert [entry["severity"] for entry in findings(found)] == ["Warning"]


@pytest.mark.parametrize(("found", "status", "reason", "message"), ASPECTS)
def test_an_aspect(found: Evaluation, status: str, reason: str, message: str) -> None:
    """What is wrong comes before what is under way, and that before what is waited for."""
    assert by_type(found)["Closed"] == Condition("Closed", status, reason, message)


OBSERVED = [
    pytest.param(one((CLOSES, DIFFERS)), "write storageAccounts/frauddata", id="one write"),
    pytest.param(
        one((CLOSES, DIFFERS), waiting=WAITING), "write storageAccounts/frauddata", id="one that would wait"
    ),
    pytest.param(
        one(*((wants(ENDPOINT.child("x", str(n))), DIFFERS) for n in range(4))),
        "write privateEndpoints/fraud-blob/x/0; write privateEndpoints/fraud-blob/x/1;"
        " write privateEndpoints/fraud-blob/x/2 (and 1 more in status.plan)",
        id="three are named, the others counted",
    ),
]


@pytest.mark.parametrize(("found", "would"), OBSERVED)
def test_observe_mode_says_what_it_would_do(found: Evaluation, would: str) -> None:
    """Nothing is written, and that is no failure."""
    every = by_type(found, enforce=False)
    assert every["Closed"] == Condition("Closed", "False", "OutOfSync", f"Observe mode: would {would}")
    assert every["Reconciling"] == Condition(
        "Reconciling", "False", "Observing", "Mode Observe only plans: see status.plan."
    )


def test_what_is_as_declared_is_left_alone() -> None:
    """A reason of its own, so that nobody takes it for stuck."""
    assert by_type(ALL_GOOD)["Reconciling"] == Condition(
        "Reconciling", "False", "Idle", "All is as declared; Azure and the spec are watched for changes."
    )


def test_observe_mode_promises_no_repair() -> None:
    """It said that drift is watched for and repaired."""
    ready = by_type(ALL_GOOD, enforce=False)["Ready"]
    assert ready.message == "Azure is as declared; drift is watched for, and mode Observe repairs nothing."


def test_observe_mode_waits_for_what_azure_works_on_like_any_other() -> None:
    """Somebody's operation runs: nothing is planned."""
    assert by_type(one((CLOSES, Running())), enforce=False)["Closed"].reason == "Progressing"


STALLS = one((fact(), Blocked(problem("NotImplemented", retry=Retry.NEVER))))
REFUSED = one((CLOSES, Blocked(problem("Forbidden", permission="Microsoft.Storage/storageAccounts/write"))))
WORKS = one((CLOSES, Running()))

KSTATUS = [
    pytest.param(
        ALL_GOOD, {"Ready": "True", "Reconciling": "False", "Stalled": "False"}, id="Current: all is well"
    ),
    pytest.param(
        WORKS, {"Ready": "False", "Reconciling": "True", "Stalled": "False"}, id="InProgress: Azure works"
    ),
    pytest.param(
        one((CLOSES, DIFFERS), waiting=WAITING),
        {"Ready": "False", "Reconciling": "True", "Stalled": "False"},
        id="InProgress: waiting",
    ),
    pytest.param(
        REFUSED,
        {"Ready": "False", "Reconciling": "True", "Stalled": "False"},
        id="InProgress: somebody acts in Azure, and then it goes on",
    ),
    pytest.param(
        STALLS,
        {"Ready": "False", "Reconciling": "False", "Stalled": "True"},
        id="Failed: only a change of the spec helps",
    ),
]


@pytest.mark.parametrize(("found", "expected"), KSTATUS)
def test_the_summary_that_kstatus_reads(found: Evaluation, expected: dict[str, str]) -> None:
    """Never Reconciling and Stalled at once, never either while Ready."""
    every = by_type(found)
    assert {name: every[name].status for name in expected} == expected
    assert tuple(every)[:5] == SUMMARY


READY = [
    pytest.param(
        evaluation([said("A"), said("B")]),
        Condition("Ready", "True", "AsDeclared", "Azure is as declared; drift is watched for and repaired."),
        id="every aspect is met",
    ),
    pytest.param(
        evaluation(
            [said("A"), said("B", CLOSES), said("C", problems=(problem("Locked"),)), said("D", pending())],
            {CLOSES.key: Running(), pending().key: Pending()},
        ),
        Condition("Ready", "False", "Locked", "1 of 4 aspects are met. C: Locked happened. Mend it."),
        id="what somebody must act upon comes before what passes by itself",
    ),
    pytest.param(
        evaluation([said("A", pending()), said("B", CLOSES)], {CLOSES.key: Running(), pending().key: Pending()}),
        Condition(
            "Ready",
            "False",
            "Waiting",
            "0 of 2 aspects are met. A: It is not so that the sky clears. It is looked at again by itself.",
        ),
        id="else the first that is not met",
    ),
]


@pytest.mark.parametrize(("found", "expected"), READY)
def test_ready_sums_up(found: Evaluation, expected: Condition) -> None:
    """The reason is that of the aspect that somebody should look at first."""
    assert by_type(found)["Ready"] == expected


def test_one_cause_is_told_once() -> None:
    """The first aspect tells it; the others wait for that one, and tell what only they know."""
    locked, hidden, busy = problem("Locked"), problem("Forbidden"), problem("AzureBusy")
    every = by_type(
        evaluation(
            [
                said("A", problems=(locked,)),
                said("B", problems=(locked,)),
                said("C", problems=(locked, hidden)),
                said("D", problems=(busy,)),
                said("E", problems=(busy,)),
            ]
        )
    )
    assert every["A"] == Condition("A", "False", "Locked", "Locked happened. Mend it.")
    assert every["B"] == Condition("B", "False", "Waiting", "Waits until A is met, which tells the cause.")
    assert every["C"] == Condition(
        "C", "False", "Forbidden", "Forbidden happened. Mend it. (1 more in status.findings)"
    )
    assert every["E"] == Condition("E", "Unknown", "Waiting", "Waits until D is met, which tells the cause.")


def test_only_what_an_aspect_shows_is_told() -> None:
    """B was sent to A for a cause that A had only counted, so that no condition told it."""
    locked, hidden = problem("Locked"), problem("Forbidden")
    every = by_type(
        evaluation(
            [
                said("A", problems=(locked, hidden)),
                said("B", problems=(hidden,)),
                said("C", problems=(locked, hidden)),
            ]
        )
    )
    assert every["A"].reason == "Locked"
    assert every["B"] == Condition("B", "False", "Forbidden", "Forbidden happened. Mend it.")
    assert every["C"] == Condition("C", "False", "Waiting", "Waits until A is met, which tells the cause.")


def test_a_cause_that_is_told_elsewhere_is_not_repeated_here() -> None:
    """Nor does an aspect that waits for another one repeat anything."""
    failed = problem("OperationFailed")
    blocks = {CLOSES.key: Running(), CLOSES_VAULT.key: Running()}
    found = evaluation([said("A", CLOSES), said("B", CLOSES_VAULT)], blocks)
    every = by_type(replace(found, failed=dict.fromkeys(blocks, failed)))
    assert every["B"] == Condition("B", "False", "Waiting", "Waits until A is met, which tells the cause.")


def test_stalled_names_the_problem_and_reconciling_stops() -> None:
    """Flux and Helm stop waiting; the message says what to change."""
    every = by_type(STALLS)
    assert every["Stalled"] == Condition("Stalled", "True", "NotImplemented", "NotImplemented happened. Mend it.")
    assert every["Reconciling"] == Condition(
        "Reconciling", "False", "Stalled", "Waiting for a change of this resource."
    )


def test_nothing_is_stalled_while_azure_works() -> None:
    """What needs a change of the spec is said of Ready at once, and tools wait until all else is done."""
    never = Blocked(problem("NotImplemented", retry=Retry.NEVER))
    every = by_type(one((CLOSES, Running()), (CLOSES_VAULT, never)))
    assert [every[kind].status for kind in ("Ready", "Reconciling", "Stalled")] == ["False", "True", "False"]
    assert every["Ready"].reason == "NotImplemented"


def test_what_only_could_not_be_told_is_unknown() -> None:
    """One 503 makes nothing unready; together with something unmet it does not hide it."""
    busy = said("Private", problems=(problem("AzureBusy"),))
    assert by_type(evaluation([busy]))["Ready"].status == "Unknown"
    works = evaluation([busy, said("Closed", CLOSES)], {CLOSES.key: Running()})
    assert by_type(works)["Ready"].status == "False"


def test_observation_claims_no_repair() -> None:
    """Nothing is written, so nothing is being repaired."""
    message = by_type(one((CLOSES, DIFFERS)), enforce=False, drifting=True)["InSync"].message
    assert message.startswith("Mode Observe repairs nothing: properties.publicNetworkAccess")


SYNC = [
    pytest.param(ALL_GOOD, {}, ("True", "InSync", "No drift is outstanding."), id="everything holds"),
    pytest.param(
        WORKS, {}, ("False", "Converging", "The first convergence is not done yet."), id="not yet converged"
    ),
    pytest.param(
        one((CLOSES, DIFFERS)),
        {"drifting": True, "settled_before": True},
        (
            "False",
            "Drifted",
            "Being repaired: properties.publicNetworkAccess is 'Enabled' and should be 'Disabled'",
        ),
        id="drift is told by path",
    ),
    pytest.param(
        one((CLOSES, Differs("Update", OPEN * 9))),
        {"drifting": True},
        (
            "False",
            "Drifted",
            "Being repaired: "
            + "; ".join(["properties.publicNetworkAccess is 'Enabled' and should be 'Disabled'"] * 3),
        ),
        id="the first three differences",
    ),
    pytest.param(
        WORKS, {"drifting": True}, ("False", "Drifted", "Being repaired"), id="the repair has begun already"
    ),
    pytest.param(
        one(problems=(problem("AzureBusy"),)),
        {"settled_before": True},
        ("Unknown", "AzureBusy", "Whether Azure has drifted could not be told this time."),
        id="what was in order cannot be told this time",
    ),
    pytest.param(
        one((CLOSES, DIFFERS)),
        {"enforce": False},
        ("False", "OutOfSync", "Not as declared: status.plan lists what would be done."),
        id="an observer converges nothing",
    ),
    pytest.param(
        one(problems=(problem("AzureBusy"),)),
        {"enforce": False},
        ("Unknown", "AzureBusy", "Whether Azure has drifted could not be told this time."),
        id="an observer that sees nothing knows nothing",
    ),
]


@pytest.mark.parametrize(("found", "given", "expected"), SYNC)
def test_in_sync(found: Evaluation, given: dict[str, bool], expected: tuple[str, str, str]) -> None:
    """Drift is what had been in order; before that it is convergence."""
    assert by_type(found, **given)["InSync"] == Condition("InSync", *expected)


RIGHTS = [
    pytest.param(
        ALL_GOOD,
        ("True", "Permitted", "The operator's roles have been enough so far."),
        id="nothing was refused",
    ),
    pytest.param(
        one(problems=(problem("AuthenticationFailed"),)),
        ("Unknown", "AuthenticationFailed", "Without a sign-in it cannot be told."),
        id="nobody could ask",
    ),
    pytest.param(
        REFUSED,
        ("False", "Forbidden", "Grant: Microsoft.Storage/storageAccounts/write. Forbidden happened. Mend it."),
        id="the right to grant is named",
    ),
    pytest.param(
        one(
            (CLOSES, Blocked(problem("Forbidden", permission="b/write"))),
            problems=(
                problem("Forbidden", permission="a/read"),
                problem("Forbidden"),
                problem("Forbidden", permission="b/write"),
            ),
        ),
        ("False", "Forbidden", "Grant: a/read; b/write. Forbidden happened. Mend it."),
        id="all of them, each once",
    ),
    pytest.param(
        one(problems=(problem("Forbidden"),)),
        ("False", "Forbidden", "Forbidden happened. Mend it."),
        id="Azure does not say which right",
    ),
]


@pytest.mark.parametrize(("found", "expected"), RIGHTS)
def test_permitted(found: Evaluation, expected: tuple[str, str, str]) -> None:
    """One condition gathers what somebody must grant."""
    assert by_type(found)["Permitted"] == Condition("Permitted", *expected)


def test_a_spec_that_cannot_be_read_stalls() -> None:
    """Nothing is known of Azure then."""
    assert invalid("spec.workspaceID: must be an id") == [
        Condition("Ready", "False", "InvalidSpec", "spec.workspaceID: must be an id"),
        Condition("Reconciling", "False", "InvalidSpec", "Nothing is done until the spec is corrected."),
        Condition("Stalled", "True", "InvalidSpec", "spec.workspaceID: must be an id"),
    ]


BEFORE = NOW - timedelta(hours=1)
FRESH = Condition("Ready", "True", "AsDeclared", "All well.")
TIMES = [
    pytest.param([], NOW, id="a new condition begins now"),
    pytest.param(
        [{"type": "Ready", "status": "True", "reason": "Other", "lastTransitionTime": stamp(BEFORE)}],
        BEFORE,
        id="another reason is no transition",
    ),
    pytest.param(
        [{"type": "Ready", "status": "False", "lastTransitionTime": stamp(BEFORE)}],
        NOW,
        id="another status is one",
    ),
    pytest.param([{"type": "Ready", "status": "True"}], NOW, id="a time that got lost begins now"),
    pytest.param(
        [{"type": "Stalled", "status": "True", "lastTransitionTime": stamp(BEFORE)}],
        NOW,
        id="another condition's time is not its own",
    ),
]


@pytest.mark.parametrize(("previous", "since"), TIMES)
def test_transition_times(previous: list[dict[str, Any]], since: Any) -> None:  # noqa: ANN401 - a column
    """They change with the status only; the generation is always the present one."""
    assert with_times([FRESH], previous, 7, NOW) == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "AsDeclared",
            "message": "All well.",
            "lastTransitionTime": stamp(since),
            "observedGeneration": 7,
        }
    ]


def test_a_condition_that_is_not_told_any_more_goes() -> None:
    """An aspect of another version of the operator leaves nothing behind."""
    old = [{"type": "Gone", "status": "True", "lastTransitionTime": stamp(BEFORE)}]
    assert [condition["type"] for condition in with_times([FRESH], old, 1, NOW)] == ["Ready"]


def test_the_account_is_named_as_people_do() -> None:
    """Type and name, no id."""
    assert ACCOUNT.text not in by_type(one((CLOSES, Running())))["Closed"].message
    assert by_type(one((CLOSES_VAULT, Running())))["Closed"].message.startswith(
        "Azure is working on vaults/fraudvault;"
    )


def test_stalled_does_not_deny_that_something_needs_a_hand() -> None:
    """Seen beside advice to correct the spec: "Nothing here needs a change of the spec"."""
    found = by_type(one((fact(), Blocked(problem()))))
    assert found["Stalled"].message == (
        "What the other conditions name is tried again by itself, once it is put right here or in Azure."
    )
    assert by_type(ALL_GOOD)["Stalled"].message == "Nothing here needs a change of the spec."
