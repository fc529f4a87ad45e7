"""Of two custom resources that declare one property with different values, the older decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import VAULT, wants

from secureml_reconcilers.engine.blocks import Closing
from secureml_reconcilers.engine.property_claims import PropertyClaims
from secureml_reconcilers.engine.values import AnyOf, Entries

if TYPE_CHECKING:
    from secureml_reconcilers.engine.blocks import Ensure

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def _mode(value: Any, **parts: Any) -> Ensure:  # noqa: ANN401 - JSON
    return wants(fragment={"properties": {"settings": {"mode": value}}}, **parts)


def _decides(first: Ensure, second: Ensure, *, ages: tuple[str, str] = (OLD, NEW)) -> str | None:
    """Whose value goes before the second one's."""
    claims = PropertyClaims()
    claims.declare("a", ages[0], [first])
    claims.declare("b", ages[1], [second])
    claim = claims.decided_by(second, "b")
    return claim and claim.owner


ROWS = [
    pytest.param(_mode("x"), _mode("y"), (OLD, NEW), "a", id="the older decides"),
    pytest.param(_mode("x"), _mode("y"), (NEW, OLD), None, id="whoever comes first"),
    pytest.param(_mode("x"), _mode("y"), (OLD, OLD), "a", id="of one second, the first by name"),
    pytest.param(_mode("x"), _mode("X"), (OLD, NEW), None, id="one value, as Azure sees it"),
    pytest.param(_mode(value=True), _mode(value=False), (OLD, NEW), "a", id="a flag"),
    pytest.param(_mode("x"), _mode(AnyOf(("y", "x"))), (OLD, NEW), None, id="one of several that are right"),
    pytest.param(_mode("x"), _mode(AnyOf(("y", "z"))), (OLD, NEW), "a", id="none of several that are right"),
    pytest.param(_mode("x"), _mode("y", target=VAULT), (OLD, NEW), None, id="two resources"),
    pytest.param(
        _mode("x"),
        wants(fragment={"properties": {"mode": "y"}}),
        (OLD, NEW),
        None,
        id="two properties",
    ),
    pytest.param(
        _mode(Entries("id", ({"id": "x"},))),
        _mode(Entries("id", ({"id": "y"},))),
        (OLD, NEW),
        None,
        id="lists hold what both want",
    ),
    pytest.param(
        _mode("x"),
        _mode("y", closing=Closing("The account", exposed=True, ways=(), by_hand="")),
        (OLD, NEW),
        None,
        id="a closing is never held back",
    ),
    pytest.param(_mode("x"), _mode("y", create={}), (OLD, NEW), None, id="what we make is settled by claims"),
]


@pytest.mark.parametrize(("first", "second", "ages", "decides"), ROWS)
def test_who_decides(first: Ensure, second: Ensure, ages: tuple[str, str], decides: str | None) -> None:
    """Age, then name; only of single values of what neither makes."""
    assert _decides(first, second, ages=ages) == decides


def test_what_is_declared_no_more_decides_nothing() -> None:
    """The older one is edited, and then deleted."""
    claims = PropertyClaims()
    claims.declare("a", OLD, [_mode("x")])
    claims.declare("b", NEW, [_mode("y")])
    claims.declare("a", OLD, [_mode("y")])
    assert claims.decided_by(_mode("y"), "b") is None
    claims.declare("a", OLD, [_mode("x")])
    claims.withdraw("a")
    claims.withdraw("nobody")
    assert claims.decided_by(_mode("y"), "b") is None
    claims.withdraw("b")
    assert claims == PropertyClaims()
