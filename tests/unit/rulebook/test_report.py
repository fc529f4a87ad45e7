"""What `make rules` says of a rule, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import rules
from tests.rule_claims import claims_in
from tests.rules import Coverage
from tests.unit.isolation.bodies import ACCOUNT, put
from tests.unit.isolation.telling import Write, case

from secureml_reconcilers.rulebook import CATALOGUE, Does, Rule
from secureml_reconcilers.rulebook.page import page

if TYPE_CHECKING:
    from pathlib import Path

BOTH = {"met": ["a"], "violated": ["b"]}
REPAIRED = {**BOTH, "repaired": ["b"]}
HERE = ("isolation/zones.py:links",)


def rule(does: Does = Does.CONVERGE, **parts: Any) -> Rule:  # noqa: ANN401 - fields of Rule
    """Some rule of the catalogue, meant for something else."""
    return replace(CATALOGUE["OPS-08"], does=does, **parts)


STATES = [
    pytest.param(Coverage(rule()), "open", [], id="what nothing names is open, and no fault"),
    pytest.param(Coverage(rule(), HERE, REPAIRED), "served", [], id="what is written until it holds is served"),
    pytest.param(Coverage(rule(), HERE, BOTH), "reported", [], id="what no case repairs is reported as yet"),
    pytest.param(
        Coverage(rule(Does.REPORT), HERE, BOTH), "reported", [], id="what a person must mend is reported"
    ),
    pytest.param(Coverage(rule(Does.DERIVED), HERE, BOTH), "served", [], id="how the operator works is served"),
    pytest.param(
        Coverage(rule(Does.REPORT), HERE, {"met": ["a"]}),
        "reported",
        ["has no case in which it is violated"],
        id="a claim without a violated case",
    ),
    pytest.param(
        Coverage(rule(), HERE),
        "reported",
        ["has no case in which it is met", "has no case in which it is violated"],
        id="a claim without any case",
    ),
    pytest.param(Coverage(rule(not_applicable="No.")), "notApplicable", [], id="what does not apply"),
    pytest.param(
        Coverage(rule(not_applicable="No."), HERE, BOTH),
        "notApplicable",
        ["is not applicable, and isolation/zones.py:links claims it"],
        id="what does not apply and is claimed",
    ),
    pytest.param(
        Coverage(rule(not_applicable="No.", shown_by="tests/unit/rulebook/test_report.py::test_no_such")),
        "notApplicable",
        ["names tests/unit/rulebook/test_report.py::test_no_such, which is no test"],
        id="what does not apply by a test that is not there",
    ),
    pytest.param(
        Coverage(rule(not_applicable="No.", shown_by="tests/unit/rulebook/test_report.py::test_state_and_faults")),
        "notApplicable",
        [],
        id="what does not apply by a test",
    ),
]


@pytest.mark.parametrize(("found", "state", "faults"), STATES)
def test_state_and_faults(found: Coverage, state: str, faults: list[str]) -> None:
    """The command fails upon any fault."""
    assert (found.state, found.faults) == (state, faults)


SOURCE = '''"""Zones (DNS-04)."""

LIMIT = 3
"""Taken from ST-PE-01 to
ST-PE-03."""


class Zones:
    def links(self):
        """One link each."""
        # OPS-08 asks for it
        return ("DNS-05", "NO-RULE-01")
'''


@pytest.mark.parametrize(
    ("docstrings_only", "expected"),
    [
        pytest.param(False, [("OPS-08", "links"), ("DNS-05", "links")], id="knowledge claims by any mention"),
        pytest.param(True, [], id="the engine claims by docstrings"),
    ],
)
def test_where_rules_are_claimed(docstrings_only: bool, expected: list[tuple[str, str]]) -> None:  # noqa: FBT001
    """By the innermost function, a range as each of its rules, and nothing that is no rule."""
    told = [("DNS-04", ""), ("ST-PE-01", ""), ("ST-PE-02", ""), ("ST-PE-03", "")]
    assert list(claims_in(SOURCE, docstrings_only=docstrings_only)) == [*told, *expected]


def test_a_row_repairs_what_its_write_carries() -> None:
    """A write to the account says nothing of the vault, though that is violated here as well."""
    close = Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})
    opened = [put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")]
    row = case("opened", opened, [close], violated="ST-PUB-01 KV-BYP-01").values[0]
    shown = list(rules.shown_by_row("row", row))
    assert [(kind, name) for kind, name, _ in shown] == [
        ("violated", "ST-PUB-01"),
        ("violated", "KV-BYP-01"),
        ("repaired", "ST-PUB-01"),
    ]


def test_the_report_holds_every_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON where a file is named; the table is printed all the same."""
    report = tmp_path / "rules.json"
    monkeypatch.setenv("RULES_REPORT", str(report))
    assert rules.main([]) == 0
    told = {each["id"]: each for each in json.loads(report.read_text("utf-8"))}
    assert list(told) == list(CATALOGUE)
    closed = told["WS-PE-03"]
    assert (closed["kinds"], closed["state"]) == (["SecureWorkspace"], "served")
    assert "isolation/workspace.py:public_access_closed" in closed["code"]
    assert all(closed["tests"][kind] for kind in ("met", "violated", "repaired"))
    assert told["WS-METHOD-01"]["state"] == "notApplicable"
    assert told["WS-METHOD-01"]["reason"]
    assert f"All: {sum(each['state'] != 'open' for each in told.values())} of 311 rules" in capsys.readouterr().out


def test_a_fault_fails_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And is named at the end."""
    monkeypatch.delenv("RULES_REPORT", raising=False)
    monkeypatch.setattr(rules, "coverage", lambda: (Coverage(rule(), HERE, {"met": ["a"]}),))
    assert rules.main([]) == 1
    assert capsys.readouterr().out.endswith("FAULT: OPS-08 has no case in which it is violated\n")


def test_the_page_is_what_catalogue_and_report_say() -> None:
    """`docs/rules.md` is where a reader of `kubectl describe` looks an id up; make crds writes it anew."""
    assert (rules.ROOT / rules.DEFAULT_PAGE).read_text("utf-8") == rules.written_page()


def test_the_page_shows_the_state() -> None:
    """In the last column, with the reason where a rule does not apply."""
    lines = page(dict.fromkeys(CATALOGUE, "served")).splitlines()
    assert next(line for line in lines if "ws-pe-01" in line).endswith(" | converge | served |")
    assert next(line for line in lines if "ws-method-01" in line).endswith("whichever way it was made. |")
