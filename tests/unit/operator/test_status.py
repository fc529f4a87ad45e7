"""Comparing statuses, as tables."""

# ruff: noqa: D103 - the name of each test is its claim

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.fakes import condition

from secureml_operator.status import lost, normalised, same

THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def at(moment: str, status: str, kind: str = "Ready") -> dict[str, object]:
    return condition(kind, status, lastTransitionTime=moment)


TRANSITIONS = [
    pytest.param(condition("Ready", "True"), None, NOW, id="a new condition begins now"),
    pytest.param(condition("Ready", "True"), at(THEN, "True"), THEN, id="an unchanged one keeps its time"),
    pytest.param(at(NOW, "True"), at(THEN, "True"), THEN, id="whatever time the reconciler gives"),
    pytest.param(condition("Ready", "False"), at(THEN, "True"), NOW, id="a changed one begins now"),
    pytest.param(at("2025-01-01T00:00:00Z", "False"), at(THEN, "True"), "2025-01-01T00:00:00Z", id="or as told"),
    pytest.param(
        condition("Ready", "True", reason="Other"), at(THEN, "True"), THEN, id="another reason is no transition"
    ),
]


@pytest.mark.parametrize(("wanted", "held", "expected"), TRANSITIONS)
def test_transition_times(wanted: dict[str, Any], held: dict[str, Any] | None, expected: str) -> None:
    result = normalised({"conditions": [wanted]}, {"conditions": [held] if held else []}, NOW)
    assert result["conditions"][0]["lastTransitionTime"] == expected


def test_nulls_are_dropped_at_every_depth() -> None:
    assert normalised({"a": None, "b": {"c": None, "d": 0}, "e": [{"f": None}]}, {}, NOW) == {
        "b": {"d": 0},
        "e": [{}],
    }


SAME = [
    pytest.param({"a": 1}, {"a": 1}, True, id="equal"),
    pytest.param({"a": 1}, {"a": 2}, False, id="another value"),
    pytest.param({"a": 1}, {"a": 1, "b": 2}, False, id="a field more on the server"),
    pytest.param({"a": 1, "b": None}, {"a": 1}, True, id="null is absent"),
    pytest.param(
        {"conditions": [at(THEN, "True", "A"), at(THEN, "True", "B")]},
        {"conditions": [at(THEN, "True", "B"), at(THEN, "True", "A")]},
        True,
        id="conditions in another order",
    ),
    pytest.param({"inventory": [1, 2]}, {"inventory": [2, 1]}, False, id="another list in another order"),
    pytest.param(
        {"conditions": [at(THEN, "True")]}, {"conditions": [at(NOW, "True")]}, False, id="another transition time"
    ),
]


@pytest.mark.parametrize(("left", "right", "expected"), SAME)
def test_sameness(left: dict[str, Any], right: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    assert same(left, right) is expected
    assert same(right, left) is expected


LOST = [
    pytest.param({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, [], id="more than asked for is fine"),
    pytest.param({"a": {"b": 1}}, {"a": {}}, ["status.a.b"], id="a field dropped"),
    pytest.param({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {}]}, ["status.a[1].b"], id="a field of an item"),
    pytest.param({"a": [1, 2]}, {"a": [1]}, ["status.a"], id="an item dropped"),
    pytest.param({"a": 1}, {"a": 2}, ["status.a"], id="a value changed"),
    pytest.param(
        {"conditions": [at(THEN, "True", "A"), at(THEN, "True", "B")]},
        {"conditions": [at(THEN, "True", "B"), at(THEN, "True", "A")]},
        [],
        id="conditions merged in another order",
    ),
]


@pytest.mark.parametrize(("desired", "answered", "expected"), LOST)
def test_what_the_api_server_did_not_keep(
    desired: dict[str, Any], answered: dict[str, Any], expected: list[str]
) -> None:
    assert list(lost(desired, answered)) == expected
