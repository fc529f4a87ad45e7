"""A pause and a spec that cannot be read: what is said without a look at Azure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import NOW

from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.timestamps import stamp
from secureml_reconcilers.engine.unobserved import invalid, paused

if TYPE_CHECKING:
    from secureml_reconcilers.engine.contract import ReconcileResult

EARLIER = stamp(NOW - timedelta(hours=1))


def condition(kind: str, status: str, generation: int = 1) -> dict[str, Any]:
    """One of an earlier pass."""
    stood = {"reason": "Earlier", "message": "", "lastTransitionTime": EARLIER, "observedGeneration": generation}
    return {"type": kind, "status": status, **stood}


def request(generation: int, *conditions: dict[str, Any]) -> ReconcileRequest:
    """A custom resource of this generation, with a status of an earlier pass."""
    return ReconcileRequest(
        Key("K", "n", "c"), "uid", generation, {}, {"inventory": ["x"], "conditions": list(conditions)}
    )


def standing(outcome: ReconcileResult) -> dict[str, tuple[str, str, str, int]]:
    """Each condition: status, reason, since when, and for which generation."""
    return {
        each["type"]: (each["status"], each["reason"], each["lastTransitionTime"], each["observedGeneration"])
        for each in outcome.status["conditions"]
    }


SETTLED = (
    condition("Ready", "True"),
    condition("Reconciling", "False"),
    condition("Stalled", "True"),
    condition("InSync", "True"),
)

PAUSES = [
    pytest.param(
        request(1, *SETTLED),
        {
            "Ready": ("True", "Earlier", EARLIER, 1),
            "Reconciling": ("False", "Paused", EARLIER, 1),
            "Stalled": ("True", "Earlier", EARLIER, 1),
            "InSync": ("Unknown", "Paused", stamp(NOW), 1),
        },
        id="what is known of this generation stays, except that nobody looks for drift",
    ),
    pytest.param(
        request(1, condition("Ready", "False"), condition("Reconciling", "True")),
        {
            "Ready": ("False", "Earlier", EARLIER, 1),
            "Reconciling": ("False", "Paused", stamp(NOW), 1),
            "InSync": ("Unknown", "Paused", stamp(NOW), 1),
        },
        id="work stops now, not when it began",
    ),
    pytest.param(
        request(2, *SETTLED),
        {
            "Ready": ("Unknown", "Paused", stamp(NOW), 2),
            "Reconciling": ("False", "Paused", EARLIER, 2),
            "Stalled": ("False", "NotStalled", stamp(NOW), 2),
            "InSync": ("Unknown", "Paused", stamp(NOW), 2),
        },
        id="an edited spec was not looked at: Ready of the old one would mislead",
    ),
    pytest.param(
        request(1),
        {
            "Ready": ("Unknown", "Paused", stamp(NOW), 1),
            "Reconciling": ("False", "Paused", stamp(NOW), 1),
            "Stalled": ("False", "NotStalled", stamp(NOW), 1),
            "InSync": ("Unknown", "Paused", stamp(NOW), 1),
        },
        id="paused from the first day",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAUSES)
def test_a_pause_says_no_more_than_is_known(
    before: ReconcileRequest, after: dict[str, tuple[str, str, str, int]]
) -> None:
    """Tools that wait read Ready together with the observed generation, and a second look changes nothing."""
    outcome = paused(before, NOW)
    assert standing(outcome) == after
    assert (outcome.status["observedGeneration"], outcome.status["inventory"]) == (before.generation, ["x"])
    again = ReconcileRequest(before.key, before.uid, before.generation, {}, outcome.status)
    assert paused(again, NOW + timedelta(hours=1)) == replace(outcome, events=())


AS_SEEN = [  # Ready          what its message says
    pytest.param(
        {"status": "True", "message": "Azure is as declared; drift is watched for and repaired."},
        "Paused; as last seen: Azure was as declared.",
        id="nobody watches for drift",
    ),
    pytest.param(
        {"status": "False", "message": "3 of 9 aspects are met. Locked."},
        "Paused; as last seen: 3 of 9 aspects are met. Locked.",
        id="what was wrong may still be",
    ),
]


@pytest.mark.parametrize(("ready", "message"), AS_SEEN)
def test_while_paused_nothing_is_promised(ready: dict[str, str], message: str) -> None:
    """It went on saying that drift is watched for and repaired, and that none is outstanding."""
    outcome = paused(request(1, {**condition("Ready", "True"), **ready}, condition("InSync", "True")), NOW)
    said = {each["type"]: each["message"] for each in outcome.status["conditions"]}
    assert said["Ready"] == message
    assert said["InSync"] == "Drift is neither looked for nor repaired since this resource was paused."


def test_while_paused_an_aspect_says_what_was_so() -> None:
    """It went on saying that every account is closed, while somebody had opened one."""
    closed = {**condition("StorageIsolated", "True"), "message": "Every account is closed."}
    exposed = {**condition("KeyVaultIsolated", "False"), "message": "Locked."}
    first = paused(request(1, condition("Ready", "True"), closed, exposed), NOW)
    again = ReconcileRequest(Key("K", "n", "c"), "uid", 1, {}, first.status)
    for outcome in (first, paused(again, NOW)):
        said = {each["type"]: each["message"] for each in outcome.status["conditions"]}
        assert said["StorageIsolated"] == "Paused; as last seen: Every account is closed."
        assert said["KeyVaultIsolated"] == "Locked."


def test_the_beginning_of_a_pause_is_told_once() -> None:
    """Its end is told by the first pass that looks again, or that finds the spec invalid."""
    first = paused(request(1, *SETTLED), NOW)
    assert [(event.type, event.reason) for event in first.events] == [("Normal", "Paused")]
    again = ReconcileRequest(Key("K", "n", "c"), "uid", 1, {}, first.status)
    assert paused(again, NOW).events == ()
    assert [event.reason for event in invalid(again, "spec.x is no id.", NOW).events] == ["Resumed", "InvalidSpec"]


def test_what_is_wrong_with_a_spec_is_told_once() -> None:
    """An event at first, and the conditions ever after."""
    first = invalid(request(1), "spec.x is no id.", NOW)
    assert [(event.type, event.reason, event.message) for event in first.events] == [
        ("Warning", "InvalidSpec", "spec.x is no id.")
    ]
    again = ReconcileRequest(Key("K", "n", "c"), "uid", 1, {}, first.status)
    assert invalid(again, "spec.x is no id.", NOW).events == ()
