"""Reasons and condition types are API: no others can be emitted, and each is used, explained and tested."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import secureml_operator
import secureml_reconcilers
from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.api.condition_types import CONDITION_TYPES, Group
from secureml_reconcilers.api.reasons.entry import REASONS, Entry, Section, Who, entered
from secureml_reconcilers.api.reasons_page import main
from secureml_reconcilers.azure.errors import TABLE
from secureml_reconcilers.azure.problem import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
PACKAGES = [Path(str(package.__file__)).parent for package in (secureml_reconcilers, secureml_operator)]
TABLES = ("api/condition_types.py", "api/reasons/")

ARGUMENTS: Final = {  # where calls that reach a user take a reason or a condition type
    "AzureProblem": {0},
    "Row": {0},
    "Check": {2},
    "Condition": {0, 2},
    "Event": {1},
    "Aspect": {0, 2},
    "require": {1},
    "condition": {1},
    "_condition": {0},
    "condition_of": {1},
}
KEYWORDS: Final = {"reason", "condition", "met", "not_found"}
TOLD: Final = {"reason"}
INPUTS: Final = {"AzureProblem", "Check", "Aspect", "problem"}
"""Calls in tests that make what is put in: a reason that only stands there is not asserted on."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours that can emit something, by its path within its package."""
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            name = path.relative_to(package).as_posix()
            if not name.startswith(("rulebook/", *TABLES)):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def is_word(node: ast.expr | None) -> bool:
    """Whether an expression is a text, as it stands or put together."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def name_of(call: ast.Call) -> str:
    """The last word of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def tells_reason(node: ast.expr) -> bool:
    """Whether an expression reads a reason: `x.reason`, `x["reason"]`, `x.get("reason")`."""
    if isinstance(node, ast.Attribute):
        return node.attr in TOLD
    key = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(node, ast.Call) and name_of(node) == "get" and node.args:
        key = node.args[0]
    return isinstance(key, ast.Constant) and key.value in TOLD


def written_out(tree: ast.Module) -> Iterator[int]:
    """The lines in which a reason or a condition type is written out instead of named."""
    for node in ast.walk(tree):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            places = ARGUMENTS.get(name_of(node), set())
            values = [value for place, value in enumerate(node.args) if place in places]
            values += [each.value for each in node.keywords if places and each.arg in KEYWORDS]
            if name_of(node) in {"Reason", "ConditionType"}:
                yield node.lineno
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            values = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value in TOLD]
        elif isinstance(node, ast.Compare) and any(map(tells_reason, (node.left, *node.comparators))):
            values = [node.left, *node.comparators]
            values += [each for value in values if isinstance(value, ast.Set | ast.Tuple) for each in value.elts]
        if any(map(is_word, values)):
            yield node.lineno


def test_no_reason_and_no_condition_type_is_written_out() -> None:
    """What is emitted is a constant of the tables, or a parameter that carries one: mypy knows it by its type."""
    assert {name: lines for name, tree in sources() if (lines := list(written_out(tree)))} == {}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param('AzureProblem("Odd", "said")', id="a problem"),
        pytest.param('problem.AzureProblem(reason="Odd")', id="one by keyword"),
        pytest.param('Check("it holds", False, "Odd", "said")', id="a check"),
        pytest.param('Event("Warning", f"Odd{thing}", "said")', id="a word that is put together"),
        pytest.param('Aspect(condition_types.READY, blocks, "Odd")', id="the reason of an aspect that is met"),
        pytest.param('Aspect("OddReady", blocks)', id="a condition type"),
        pytest.param('{"type": kind, "reason": "Odd"}', id="a condition as it stands in a status"),
        pytest.param('problem.reason == "Odd"', id="a comparison"),
        pytest.param('told.get("reason") not in {"Odd"}', id="a comparison with several"),
        pytest.param('Reason("Odd")', id="a word that is declared a reason elsewhere"),
    ],
)
def test_a_reason_that_is_written_out_is_found(code: str) -> None:
    """The search itself misses none of the ways."""
    assert list(written_out(ast.parse(code))) == [1]


def constants(module: object) -> dict[str, str]:
    """The words of a module by the name of their constant."""
    found = vars(module).items()
    return {name: word for name, word in found if name[0].isupper() and name.isupper() and isinstance(word, str)}


def test_every_reason_and_type_has_one_constant_named_like_it() -> None:
    """One search word finds its meaning, its uses and its tests."""
    for module, table in ((reasons, REASONS), (condition_types, CONDITION_TYPES)):
        named = constants(module)
        assert Counter(named.values()) == Counter(table.keys())
        assert {name: word for name, word in named.items() if name.replace("_", "").lower() != word.lower()} == {}


def test_every_reason_and_type_is_used() -> None:
    """One that nothing emits would be documented for nobody."""
    used = {
        (node.value.id, node.attr)
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert [name for name in constants(reasons) if ("reasons", name) not in used] == []
    assert [name for name in constants(condition_types) if ("condition_types", name) not in used] == []


@cache
def asserted_words() -> frozenset[str]:
    """Texts of the tests, without those that are put in and those of this module."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Call) and name_of(node) in INPUTS:
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path != Path(__file__):
            visit(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(found)


def test_every_reason_and_type_is_expected_by_a_test() -> None:
    """As a text of its own, so that a renamed word fails there: users match it."""
    assert [word for word in (*REASONS, *CONDITION_TYPES) if word not in asserted_words()] == []


@pytest.mark.parametrize("entry", [pytest.param(each, id=each.reason) for each in REASONS.values()])
def test_a_reason_is_one_word_and_tells_who_does_what(entry: Entry) -> None:
    """Whole sentences; where nobody must act, nothing is asked for."""
    assert re.fullmatch(r"(?:[A-Z]+[a-z]*)+", entry.reason)
    assert len(entry.reason) <= 128  # what the schema of a condition takes
    assert entry.when.endswith(".")
    assert bool(entry.do) == (entry.who is not Who.NOBODY)
    assert not entry.do or entry.do.endswith(".")


def test_no_two_reasons_mean_the_same() -> None:
    """Two words with one meaning would be one reason."""
    told = Counter(entry.when for entry in REASONS.values())
    assert [text for text, count in told.items() if count > 1] == []


def test_a_word_is_entered_once() -> None:
    """A second meaning would hide the first."""
    with pytest.raises(ValueError, match="Locked has two entries"):
        entered("Locked", Section.PROBLEM, Who.NOBODY, "It is locked.", "")


def test_who_acts_is_who_the_table_of_codes_says() -> None:
    """Its severity makes a finding an error or a warning; the page says the same of it."""
    acts = {
        Severity.NOBODY: {Who.NOBODY},
        Severity.AZURE_ADMIN: {Who.ADMINISTRATOR, Who.RUNNER},
        Severity.USER: {Who.AUTHOR},
    }
    assert [code for code, row in TABLE.items() if REASONS[row.reason].who not in acts[row.severity]] == []


def test_the_page_is_what_the_tables_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`docs/reasons.md` is where a reader of an alert looks a word up; make crds writes it anew."""
    assert main([str(ROOT / "docs" / "reasons.md"), "--check"]) == 0
    page = tmp_path / "reasons.md"
    assert main([str(page), "--check"]) == 1
    assert "is stale: run python -m secureml_reconcilers.api.reasons_page" in capsys.readouterr().err
    page.write_text("old", encoding="utf-8")
    assert main([str(page), "--check"]) == 1
    assert main([str(page)]) == 0
    assert main([str(page), "--check"]) == 0


def test_the_page_has_every_reason_and_type_once() -> None:
    """Each in its table, whatever its section or group."""
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    rows = Counter(re.findall(r"^\| `(\w+)` ", page, flags=re.MULTILINE))
    assert rows == Counter([*REASONS, *CONDITION_TYPES])
    assert [each.value for each in (*Group, *Section) if f"## {each.value}\n" not in page] == []
