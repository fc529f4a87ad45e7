"""No claim without a case: each rule that the code names is shown met and shown violated."""

from __future__ import annotations

import pytest
from tests import rules
from tests.rule_claims import claims

from secureml_reconcilers.rulebook import CATALOGUE


@pytest.mark.parametrize("rule", claims())
def test_a_claimed_rule_is_shown_both_ways(rule: str) -> None:
    """One landscape in which it is met, and one in which it is not; `make rules` prints all of them."""
    found = next(each for each in rules.coverage() if each.rule.id == rule)
    assert found.faults == [], f"{rule}: {found.rule.title}"


def test_no_rule_about_workspaces_is_left_open() -> None:
    """Each is served, reported, or not applicable with its reason."""
    about = [each for each in rules.coverage() if "SecureWorkspace" in each.rule.kinds]
    assert len(about) == 140
    assert [each.rule.id for each in about if each.state == "open"] == []


def test_a_range_of_rules_claims_each_of_them() -> None:
    """`ST-PE-01 to ST-PE-04` stands in a docstring, and means four rules."""
    assert {"ST-PE-01", "ST-PE-02", "ST-PE-03", "ST-PE-04"} <= set(claims())


def test_only_known_rules_are_shown() -> None:
    """A typing error in a column would count for nothing."""
    assert [(rule, case) for _, rule, case in rules.shown() if rule not in CATALOGUE] == []
