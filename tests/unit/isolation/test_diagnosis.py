"""What the answer of Azure's own diagnosis says, in whatever form it comes."""

from __future__ import annotations

from typing import Any

import pytest

from arm_emulator.providers.ml_diagnosis import CATEGORIES
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.diagnosis import Fault
from secureml_reconcilers.isolation.diagnosis import diagnosable, faults

ROW = {"code": "CustomDnsInUse", "level": "Warning", "message": "It is detected."}
FAULT = Fault("dnsResolutionResults", *ROW.values())

ANSWERS: list[Any] = [
    # what Azure answers                                   what it says
    pytest.param({}, (), id="an empty object: nothing was found"),
    pytest.param({"value": None}, (), id="no value"),
    pytest.param({"value": {}}, (), id="a value without categories"),
    pytest.param({"value": {each: [] for each in CATEGORIES}}, (), id="every category empty"),
    pytest.param({"value": dict.fromkeys(CATEGORIES)}, (), id="every category null"),
    pytest.param({"value": {"dnsResolutionResults": [ROW]}}, (FAULT,), id="one fault"),
    pytest.param(
        {"value": {"dnsResolutionResults": [ROW], "quotaResults": [ROW]}},
        (FAULT, Fault("quotaResults", *ROW.values())),
        id="a category of a later version",
    ),
    pytest.param(
        {"value": {"otherResults": [{"message": "Odd."}, {"code": "X", "level": None, "more": 1}]}},
        (Fault("otherResults", "", "", "Odd."), Fault("otherResults", "X", "", "")),
        id="members that are missing",
    ),
    pytest.param(
        {"value": {"otherResults": [{"code": 7, "message": {"text": "Ö"}}]}},
        (Fault("otherResults", "7", "", '{"text": "Ö"}'),),
        id="members that are no text",
    ),
    pytest.param(
        {"value": {"otherResults": ["Odd.", {"detail": 1}, None, 3]}},
        tuple(Fault("otherResults", "", "", text) for text in ("Odd.", '{"detail": 1}', "3")),
        id="rows of another form",
    ),
    pytest.param({"value": {"otherResults": ROW}}, (Fault("otherResults", *ROW.values()),), id="one row, no list"),
    pytest.param({"value": [ROW]}, (Fault("value", *ROW.values()),), id="a list without categories"),
    pytest.param({"value": "broken"}, (Fault("value", "", "", "broken"),), id="a text"),
]


@pytest.mark.parametrize(("answer", "found"), ANSWERS)
def test_what_an_answer_says(answer: dict[str, Any], found: tuple[Fault, ...]) -> None:
    """Nothing that Azure says is lost, and an empty answer is a clean one."""
    assert faults(answer) == found


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_documented_category_is_read(category: str) -> None:
    """By the name that Azure gives it."""
    assert faults({"value": {**{each: [] for each in CATEGORIES}, category: [ROW]}}) == (
        Fault(category, *ROW.values()),
    )


def test_everything_is_asked_for() -> None:
    """The body without settings, which the SDK sends, too."""
    target = resource_id(
        "/subscriptions/s/resourceGroups/ml/providers/Microsoft.MachineLearningServices/workspaces/w"
    )
    how = diagnosable(target)
    assert (how.id, how.action, how.body) == (target, "diagnose", {"value": {}})
