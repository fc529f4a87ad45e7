"""From a judged pass to status and events: order, bounds, and events on change only."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    CLOSED,
    ENDPOINT,
    OWNER,
    VAULT,
    ZONE,
    evaluation,
    fact,
    pending,
    problem,
    said,
    wants,
)
from tests.unit.engine.fakes import FakeClock

from secureml_reconcilers.azure.problem import Severity
from secureml_reconcilers.engine.assessment import Action, Advised, Blocked, Differs, Holds, Pending, Running
from secureml_reconcilers.engine.blocks import CheckLevel, Closing, EnsureAbsent, StatusField
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.contract import Event
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.planning import news, planned
from secureml_reconcilers.engine.status_and_events import (
    Report,
    advised,
    begun,
    findings,
    leaving,
    status_fields,
    transitions,
)
from secureml_reconcilers.engine.status_limits import FINDINGS, PLANNED

OPEN = Difference("properties.publicNetworkAccess", "Disabled", "Enabled")
ADVICE = fact("images are built", level=CheckLevel.ADVISORY)
ADVISED = {
    "rule": "GEN-WS-01",
    "severity": "Warning",
    "message": "It is not so that images are built.",
    "advice": "Wait for wind.",
    "resource": ACCOUNT.text,
}

FINDING_ROWS = [
    pytest.param(
        evaluation(
            [said("A", wants(), wants(ENDPOINT), pending(), StatusField("azure.x", 1))],
            {
                wants().key: Differs("Update", (OPEN,)),
                wants(ENDPOINT).key: Running(),
                pending().key: Pending(),
                StatusField("azure.x", 1).key: Holds(),
            },
        ),
        [],
        id="what is under way is no finding",
    ),
    pytest.param(
        evaluation([said("A", problems=(problem("WorkspaceNotFound", target=ACCOUNT),))]),
        [
            {
                "rule": "WorkspaceNotFound",
                "severity": "Error",
                "message": "WorkspaceNotFound happened.",
                "advice": "Mend it.",
                "resource": ACCOUNT.text,
            }
        ],
        id="a problem of an aspect has no rule, so its reason stands there",
    ),
    pytest.param(
        evaluation(
            [said("A", wants())], {wants().key: Blocked(problem("AzureBusy", advice="", severity=Severity.NOBODY))}
        ),
        [{"rule": "ST-PUB-01", "severity": "Warning", "message": "AzureBusy happened."}],
        id="what passes by itself is no error",
    ),
    pytest.param(
        evaluation([said("A", wants())], {wants().key: Blocked(problem("Locked", advice=""))}),
        [{"rule": "ST-PUB-01", "severity": "Error", "message": "Locked happened."}],
        id="a problem of a block has the block's first rule; what is empty is left out",
    ),
    pytest.param(
        evaluation(
            [said("A", ADVICE), said("B", wants(), problems=(problem("Broken", advice=""),))],
            {ADVICE.key: Advised(), wants().key: Blocked(problem("Locked", advice=""))},
        ),
        [
            {"rule": "Broken", "severity": "Error", "message": "Broken happened."},
            {"rule": "ST-PUB-01", "severity": "Error", "message": "Locked happened."},
            ADVISED,
        ],
        id="what blocks comes first",
    ),
    pytest.param(
        evaluation(
            [
                said("A", ADVICE, problems=(problem("Broken", advice=""),)),
                said("B", ADVICE, problems=(problem("Broken", advice=""),)),
            ],
            {ADVICE.key: Advised()},
        ),
        [{"rule": "Broken", "severity": "Error", "message": "Broken happened."}, ADVISED],
        id="one cause in two aspects is one finding",
    ),
]


@pytest.mark.parametrize(("found", "expected"), FINDING_ROWS)
def test_findings(found: Any, expected: list[dict[str, Any]]) -> None:  # noqa: ANN401 - a column
    """Everything unsatisfied that a person should know, and nothing else."""
    assert findings(found) == expected


def test_findings_are_bounded_and_errors_are_kept() -> None:
    """A status that is too large would be refused whole; advice goes first."""
    advice = [fact(f"{n}", level=CheckLevel.ADVISORY) for n in range(FINDINGS)]
    errors = tuple(problem(f"Error{n}", message="x" * 5000, advice="y" * 5000) for n in range(FINDINGS))
    found = findings(evaluation([said("A", *advice, problems=errors)], {block.key: Advised() for block in advice}))
    assert [entry["severity"] for entry in found] == ["Error"] * FINDINGS
    assert {len(entry["message"]) for entry in found} == {len(entry["advice"]) for entry in found} == {2048}


def test_the_plan_tells_every_write_with_its_differences() -> None:
    """Whether it may begin now or waits; texts only. What waits for nothing keeps the order of the aspects."""
    gone = EnsureAbsent(ENDPOINT, "it is not needed")
    makes = wants(ZONE, rules=(), create={"location": "global"})
    found = evaluation(
        [said("A", wants(), gone), said("B", wants(), wants(VAULT), makes)],
        {
            wants().key: Differs("Update", (OPEN, Difference("tags.a", None, {"b": 1}))),
            gone.key: Differs("Delete", ()),
            wants(VAULT).key: Holds(),
            makes.key: Differs("Create", ()),
        },
        {wants().key: gone},
    )
    assert planned(found) == [
        {
            "verb": "Update",
            "id": ACCOUNT.text,
            "reason": "it answers the internet",
            "rules": ["ST-PUB-01"],
            "changes": [
                {"path": "properties.publicNetworkAccess", "observed": "Enabled", "desired": "Disabled"},
                {"path": "tags.a", "observed": '{"b": 1}', "desired": "not set"},
            ],
        },
        {"verb": "Delete", "id": ENDPOINT.text, "reason": "it is not needed"},
        {
            "verb": "Create",
            "id": ZONE.text,
            "reason": "it answers the internet",
            "changes": [
                {"path": "location", "observed": "not set", "desired": "global"},
                {"path": "properties.publicNetworkAccess", "observed": "not set", "desired": "Disabled"},
                {"path": "tags.managed-by", "observed": "not set", "desired": "secureml-operator"},
                {"path": "tags.secureml-owner", "observed": "not set", "desired": OWNER},
            ],
        },
    ]


def test_the_plan_is_bounded() -> None:
    """By number of writes, number of differences, and length of texts; what closes a service is never cut off."""
    many = [wants(ENDPOINT.child("x", str(n)), reason="r" * 5000) for n in range(PLANNED + 5)]
    closing = Closing("The account", exposed=True, ways=(), by_hand="")
    closings = [wants(each, after=tuple(many), closing=closing) for each in (ACCOUNT, VAULT)]
    differs = Differs("Update", tuple(Difference("p" * 1000, "d" * 5000, "o" * 5000) for _ in range(40)))
    every = [*closings, *many]
    found = planned(evaluation([said("A", *every)], {block.key: differs for block in every}))
    assert [(entry["id"], entry.get("count")) for entry in found] == [
        (many[0].id.text, PLANNED + 5),
        (ACCOUNT.text, None),
        (VAULT.text, None),
    ]
    fits = planned(
        evaluation(
            [said("A", *many)],
            {block.key: differs for block in many[:PLANNED]} | {block.key: Holds() for block in many[PLANNED:]},
        )
    )
    assert len(fits) == PLANNED
    assert len(found[0]["changes"]) == 32
    assert len(found[0]["reason"]) == 2048
    assert {name: len(text) for name, text in found[0]["changes"][0].items()} == {
        "path": 512,
        "observed": 1024,
        "desired": 1024,
    }


def test_the_plan_is_in_the_order_of_the_writes() -> None:
    """Each after all that it waits for, also behind what holds already, whatever order the aspects tell."""
    zone, endpoint = wants(ZONE), wants(ENDPOINT)
    there = wants(ENDPOINT.child("x", "there"), after=(endpoint,))
    account = wants(ACCOUNT, after=(there,))
    vault = wants(VAULT, after_if_possible=(account, zone))
    differs = Differs("Update", (OPEN,))
    every = [vault, account, there, endpoint, zone]
    verdicts = {block.key: differs for block in every} | {there.key: Holds()}
    found = planned(evaluation([said("A", *every)], verdicts))
    assert [entry["id"] for entry in found] == [each.id.text for each in (endpoint, zone, account, vault)]


def test_a_plan_is_told_of_when_it_is_ready_or_another() -> None:
    """And not on every pass, nor where there never was anything to do."""
    plan = [{"verb": "Create", "id": ZONE.text}, {"verb": "Update", "id": ACCOUNT.text, "count": 3}]
    (ready,) = news([], plan)
    assert (ready.reason, ready.message) == ("Planned", "Enforce would Create 1, Update 3: see status.plan.")
    assert [event.message for event in news(plan, [])] == ["Enforce would write nothing now."]
    assert news(plan, list(plan)) == news([], []) == []


def test_facts_stand_where_they_say() -> None:
    """A dotted path nests, a repeated one lists, and one fact in two aspects stands once."""
    shown = (
        StatusField("azure.location", "westeurope"),
        StatusField("dnsRecords", {"name": "a"}),
        StatusField("dnsRecords", {"name": "b"}),
    )
    assert status_fields(evaluation([said("A", *shown), said("B", *shown, wants())])) == {
        "azure": {"location": "westeurope"},
        "dnsRecords": [{"name": "a"}, {"name": "b"}],
    }


def test_a_status_leaves_out_what_is_empty() -> None:
    """And holds a plan only in Observe mode."""
    found = evaluation([said("A", wants())], {wants().key: Differs("Update", (OPEN,))})
    bare = Report(3, [], [], [], [], [])
    assert bare.status(evaluation([]), plan=True) == {"observedGeneration": 3, "conditions": [], "plan": []}
    assert bare.status(found, plan=False) == {"observedGeneration": 3, "conditions": []}
    assert list(bare.status(found, plan=True)) == ["observedGeneration", "conditions", "plan"]


def test_a_status_lists_operations_in_a_steady_order() -> None:
    """Another order would be another status, and a write that says nothing."""
    ledger = Ledger(FakeClock())
    running = [ledger.send(target, "PUT", OWNER) for target in (ENDPOINT, ACCOUNT)]
    status = Report(1, [], [], [], [{"id": ACCOUNT.text}], running).status(evaluation([]), plan=False)
    assert [entry["id"] for entry in status["operations"]] == sorted(
        [ENDPOINT.text, ACCOUNT.text], key=lambda text: text.lower()
    )
    assert status["inventory"] == [{"id": ACCOUNT.text}]


def condition(kind: str, status: str, reason: str, message: str = "It is so.") -> dict[str, str]:
    """A condition as it stands in the status."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


TROUBLE = Event("Warning", "Locked", "It is so.")
TRANSITIONS = [
    pytest.param(
        [], [condition("Ready", "True", "AsDeclared")], [Event("Normal", "Ready", "It is so.")], id="ready"
    ),
    pytest.param(
        [condition("Ready", "True", "AsDeclared")],
        [condition("Ready", "True", "AsDeclared", "Still.")],
        [],
        id="still ready",
    ),
    pytest.param(
        [condition("Ready", "True", "AsDeclared")],
        [condition("Ready", "False", "Locked")],
        [],
        id="not ready: the aspect says why",
    ),
    pytest.param([], [condition("StorageIsolated", "False", "Locked")], [TROUBLE], id="new trouble"),
    pytest.param(
        [condition("StorageIsolated", "False", "Locked")],
        [condition("StorageIsolated", "False", "Locked", "Another count.")],
        [],
        id="the same trouble in other words",
    ),
    pytest.param(
        [condition("StorageIsolated", "False", "Forbidden")],
        [condition("StorageIsolated", "False", "Locked")],
        [TROUBLE],
        id="another trouble",
    ),
    pytest.param(
        [],
        [condition("StorageIsolated", "Unknown", "AzureUnreachable")],
        [Event("Warning", "AzureUnreachable", "It is so.")],
        id="what could not be told",
    ),
    pytest.param(
        [],
        [condition("StorageIsolated", "Unknown", "AzureBusy")],
        [],
        id="what could not be told for a moment is no news",
    ),
    pytest.param(
        [],
        [
            condition("A", "False", "Progressing"),
            condition("B", "False", "Waiting"),
            condition("C", "False", "OutOfSync"),
        ],
        [],
        id="what passes by itself, or is only planned, is no trouble",
    ),
    pytest.param(
        [condition("StorageIsolated", "False", "Locked")],
        [condition("StorageIsolated", "True", "Closed")],
        [],
        id="the end of trouble is told by Ready",
    ),
    pytest.param(
        [],
        [condition("StorageIsolated", "False", "Locked"), condition("KeyVaultIsolated", "False", "Locked")],
        [TROUBLE],
        id="one cause in two conditions is one event",
    ),
    pytest.param(
        [],
        [condition(kind, "False", "Locked") for kind in ("InSync", "Reconciling", "Permitted")]
        + [condition("Stalled", "True", "Locked")],
        [],
        id="summaries are not told beside the aspects",
    ),
    pytest.param(
        [condition("InSync", "False", "Drifted")],
        [condition("InSync", "True", "InSync")],
        [Event("Normal", "DriftCorrected", "Azure is as declared again.")],
        id="drift is repaired",
    ),
    pytest.param(
        [condition("InSync", "False", "Converging")],
        [condition("InSync", "True", "InSync")],
        [],
        id="converged for the first time: no drift",
    ),
    pytest.param(
        [condition("Reconciling", "False", "Idle")],
        [condition("Reconciling", "False", "Paused")],
        [Event("Normal", "Paused", "It is so.")],
        id="a pause begins",
    ),
    pytest.param(
        [condition("Reconciling", "False", "Paused")],
        [condition("Reconciling", "False", "Paused")],
        [],
        id="it goes on",
    ),
    pytest.param(
        [condition("Reconciling", "False", "Paused")],
        [condition("Reconciling", "True", "Progressing")],
        [Event("Normal", "Resumed", "The pause is over: Azure is looked at again.")],
        id="and ends",
    ),
    pytest.param(
        [condition("Ready", "Unknown", "Paused"), condition("InSync", "Unknown", "Paused")],
        [condition("Ready", "True", "AsDeclared")],
        [Event("Normal", "Ready", "It is so.")],
        id="ready for the first time, after a pause from the first day",
    ),
]


@pytest.mark.parametrize(("previous", "fresh", "expected"), TRANSITIONS)
def test_events_tell_changes_only(
    previous: list[dict[str, str]], fresh: list[dict[str, str]], expected: list[Event]
) -> None:
    """Nothing is told twice, however often a pass runs."""
    assert transitions(previous, fresh) == expected


def test_an_event_is_short() -> None:
    """The API server refuses more than 1024 characters."""
    fresh = [condition("StorageIsolated", "False", "Locked", "x" * 3000)]
    assert [len(event.message) for event in transitions([], fresh)] == [1024]
    long = Action("Update", wants(reason="r" * 3000), "PATCH", CLOSED)
    assert [len(event.message) for event in begun([long])] == [1024]


ADVICE_ROWS = [  # findings before               what is told
    pytest.param(
        [], [Event("Warning", "SkyGrey", "It is not so that images are built. Wait for wind.")], id="new"
    ),
    pytest.param([ADVISED], [], id="known, be it from before a restart"),
    pytest.param([{**ADVISED, "resource": VAULT.text}], ["SkyGrey"], id="known of another resource"),
]


@pytest.mark.parametrize(("before", "told"), ADVICE_ROWS)
def test_advice_is_told_when_it_is_new(before: list[dict[str, Any]], told: list[Any]) -> None:
    """It stood in the findings only, where nobody looks whose resource is Ready."""
    found = evaluation([said("A", ADVICE), said("B", ADVICE)], {ADVICE.key: Advised()})
    events = advised(before, found)
    assert [
        event if isinstance(each, Event) else event.reason for event, each in zip(events, told, strict=True)
    ] == told


def test_advice_that_finds_no_room_in_the_status_is_not_told_on_every_pass() -> None:
    """Nobody could know later that it was told."""
    many = [
        fact(f"{n}", level=CheckLevel.ADVISORY, message="x" * 3000, about=ACCOUNT.child("x", str(n)))
        for n in range(FINDINGS + 9)
    ]
    found = evaluation([said("A", *many)], {block.key: Advised() for block in many})
    told = advised([], found)
    assert (len(told), {len(event.message) for event in told}) == (FINDINGS, {1024})
    assert advised(findings(found), found) == []


def test_every_write_is_told() -> None:
    """The steps that `kubectl describe` shows."""
    gone = EnsureAbsent(ENDPOINT, "it is not needed")
    actions = [
        Action("Create", wants(ZONE), "PUT", {}),
        Action("Update", wants(), "PATCH", CLOSED, None, (OPEN,)),
        Action("Delete", gone, "DELETE", None),
    ]
    assert begun(actions) == [
        Event(
            "Normal",
            "Creating",
            "Create privateDnsZones/privatelink.blob.core.windows.net: it answers the internet",
        ),
        Event(
            "Normal",
            "Updating",
            "Update storageAccounts/frauddata: it answers the internet"
            " (properties.publicNetworkAccess is 'Enabled' and should be 'Disabled')",
        ),
        Event("Normal", "Deleting", "Delete privateEndpoints/fraud-blob: it is not needed"),
    ]


LEAVING = [  # left, released, removed                what is said
    pytest.param(22, False, True, "", id="while it goes, nobody is told that it is ready"),
    pytest.param(0, True, True, "What the operator made for it is gone.", id="removed"),
    pytest.param(
        22,
        True,
        True,
        "What it made or used is gone but for 22 resources that stay: events of the reason Kept say why.",
        id="removed but for what is kept, for one reason or another",
    ),
    pytest.param(
        1,
        True,
        True,
        "What it made or used is gone but for 1 resource that stays: events of the reason Kept say why.",
        id="one is kept",
    ),
    pytest.param(
        22,
        True,
        False,
        "Azure is left as it is: what the operator made for it, or shares between several, stays (22 resources).",
        id="retained",
    ),
]


@pytest.mark.parametrize(("left", "released", "removed", "said"), LEAVING)
def test_what_goes_says_what_is_left(left: int, released: bool, removed: bool, said: str) -> None:  # noqa: FBT001
    """Warnings stay, readiness is no news any more, and the last event tells what became of Azure."""
    ready, trouble = Event("Normal", "Ready", "Azure is as declared."), Event("Warning", "Locked", "A lock.")
    events = leaving([ready, trouble], left, (), released=released, removed=removed)
    told = f"{said} Public access is left as it is."
    assert events == [trouble, *([Event("Normal", "Released", told)] if said else [])]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        pytest.param(["Closed", "Closed"], "Public access stays closed.", id="all closed"),
        pytest.param(["Closed", "Restricted"], "Public access is left as it is.", id="one with exceptions"),
        pytest.param(
            ["Closed", "Open"],
            "Public access is left as it was last seen, open to the internet: s1.",
            id="nobody says closed of what is open",
        ),
    ],
)
def test_what_goes_says_how_services_were_last_seen(seen: list[str], said: str) -> None:
    """All four were open, and the last word on them was that they stay closed."""
    services = [{"id": f"/subscriptions/s{number}", "publicAccess": each} for number, each in enumerate(seen)]
    (event,) = leaving([], 0, services, released=True, removed=True)
    assert event.message.endswith(said)
