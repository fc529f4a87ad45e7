"""No claim without a case: each rule that the knowledge names is shown met and shown violated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import rules

from secureml_reconcilers.rulebook import CATALOGUE

if TYPE_CHECKING:
    from tests.rules import Coverage


@pytest.mark.parametrize("claim", rules.coverage(), ids=lambda claim: claim.rule)
def test_a_claimed_rule_is_shown_both_ways(claim: Coverage) -> None:
    """One landscape in which it is met, and one in which it is not; `make rules` prints all of them."""
    assert claim.met, f"no case meets {claim.rule}: {CATALOGUE[claim.rule].title}"
    assert claim.violated, f"no case violates {claim.rule}: {CATALOGUE[claim.rule].title}"


def test_a_range_of_rules_claims_each_of_them() -> None:
    """`ST-PE-01 to ST-PE-04` stands in a docstring, and means four rules."""
    assert {"ST-PE-01", "ST-PE-02", "ST-PE-03", "ST-PE-04"} <= rules.claims()


def test_only_known_rules_are_shown() -> None:
    """A typing error in a column would count for nothing."""
    met, violated = rules._shown()
    assert [rule for rule in {*met, *violated} if rule not in CATALOGUE] == []
