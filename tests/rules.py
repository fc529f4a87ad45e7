"""Which rules are served or reported, by what code, and which cases show it: `make rules`.

Cases stand in the rows of the tables in tests/unit/isolation (`case(..., met="...", violated="...")`), and on
tests of the operator's own ways as a mark: `@pytest.mark.rules(met="OPS-04")`.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from _pytest.mark.structures import ParameterSet
from tests.rule_claims import claims

from secureml_reconcilers.rulebook import CATALOGUE
from secureml_reconcilers.rulebook.page import DEFAULT_PAGE, page
from secureml_reconcilers.rulebook.rule import Does, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

ROOT = Path(__file__).parents[1]
TABLES = "tests/unit/isolation"
"""Where the tables are whose rows name rules."""

State = Literal["served", "reported", "notApplicable", "open"]

Shown = tuple[Literal["met", "violated", "repaired"], str, str]
"""How a case shows a rule, which rule, and the case."""

_MARK = "mark.rules("


@dataclass(frozen=True)
class Coverage:
    """One rule: what becomes of it, where, and what shows that."""

    rule: Rule
    code: tuple[str, ...] = ()
    """The places that claim it."""

    tests: Mapping[str, list[str]] = field(default_factory=dict)
    """Cases by what they show: met, violated, repaired."""

    @property
    def state(self) -> State:
        """Served: written until it holds, or kept by how the operator works; reported: a person is told.

        What the operator is meant to write is reported as long as no case repairs it.
        """
        if self.rule.not_applicable:
            return "notApplicable"
        if not self.code:
            return "open"
        unwritten = self.rule.does is Does.CONVERGE and not self.tests.get("repaired")
        return "reported" if unwritten or self.rule.does in {Does.REPORT, Does.NONE} else "served"

    @property
    def faults(self) -> list[str]:
        """What is missing, or contradicts."""
        if self.state == "notApplicable":
            twice = [f"is not applicable, and {place} claims it" for place in self.code]
            gone = self.rule.shown_by and not _exists(self.rule.shown_by)
            return twice + ([f"names {self.rule.shown_by}, which is no test"] if gone else [])
        if self.state == "open":
            return []
        return [f"has no case in which it is {kind}" for kind in ("met", "violated") if not self.tests.get(kind)]

    def to_json(self) -> dict[str, Any]:
        """As the report tells it."""
        told: dict[str, Any] = {"id": self.rule.id, "kinds": list(self.rule.kinds), "state": self.state}
        told |= {"code": list(self.code), "tests": {kind: list(cases) for kind, cases in self.tests.items()}}
        if self.rule.not_applicable:
            told |= {"reason": self.rule.not_applicable}
            told["tests"] = {"shown": [self.rule.shown_by]} if self.rule.shown_by else {}
        return told


@cache
def coverage() -> tuple[Coverage, ...]:
    """Every rule, in the order of the catalogue."""
    tests: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for kind, rule, shown_by in shown():
        tests[rule].setdefault(kind, []).append(shown_by)
    code = claims()
    return tuple(Coverage(rule, code.get(name, ()), tests[name]) for name, rule in CATALOGUE.items())


def shown() -> Iterator[Shown]:
    """What the rows of all tables and the marks of all tests show."""
    for module in modules():
        for sentence, value in columns(module):
            yield from shown_by_row(f"{TABLES}/{module.__name__.rsplit('.', 1)[1]}.py: {sentence}", value)
    for path in sorted((ROOT / "tests/unit").rglob("test_*.py")):
        if _MARK in path.read_text(encoding="utf-8"):
            yield from _shown_by_marks(path.relative_to(ROOT))


def shown_by_row(name: str, row: object) -> Iterator[Shown]:
    """What one row shows; a rule is repaired where it is violated and a write that carries it may begin."""
    for kind in ("met", "violated"):
        yield from ((kind, rule, name) for rule in getattr(row, kind, ()))  # type: ignore[misc]
    if repaired := getattr(row, "repaired", None):
        yield from (("repaired", rule, name) for rule in repaired())


def _shown_by_marks(path: Path) -> Iterator[Shown]:
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    for name, test in inspect.getmembers(module, inspect.isfunction):
        for mark in getattr(test, "pytestmark", ()):
            for kind, rules in mark.kwargs.items() if mark.name == "rules" else ():
                yield from ((kind, rule, f"{path.as_posix()}::{name}") for rule in rules.split())


def modules() -> Iterator[ModuleType]:
    """The modules with tables."""
    for path in sorted((ROOT / TABLES).glob("test_*.py")):
        if path.stem not in {"test_rules", "test_messages"}:  # they look at the tables of the others
            yield importlib.import_module(f"{TABLES.replace('/', '.')}.{path.stem}")


def columns(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Every value of every row of every table of a module, with the row's sentence."""
    for _, table in inspect.getmembers(module, lambda member: isinstance(member, list)):
        for row in table:
            if isinstance(row, ParameterSet):
                yield from ((str(row.id), value) for value in row.values)


def written_page() -> str:
    """`docs/rules.md` as it should be."""
    return page({each.rule.id: each.state for each in coverage()})


def table(every: Iterable[Coverage]) -> Iterator[str]:
    """The lines that `make rules` prints."""
    every = list(every)
    width = max(len(each.rule.id) for each in every)
    yield f"{'RULE':{width}}  {'STATE':13}  MET  VIOLATED  REPAIRED  TITLE"
    for each in every:
        met, violated, repaired = (len(each.tests.get(kind, ())) for kind in ("met", "violated", "repaired"))
        counts = f"{met:>3}  {violated:>8}  {repaired:>8}"
        yield f"{each.rule.id:{width}}  {each.state:13}  {counts}  {each.rule.title}"
    yield ""
    for kind in ("", "SecureWorkspace", "SecureCompute", "SecureInferenceCluster"):
        of_kind = [each for each in every if not kind or kind in each.rule.kinds]
        states = Counter(each.state for each in of_kind)
        told = ", ".join(f"{states[state]} {state}" for state in ("served", "reported", "notApplicable", "open"))
        yield f"{kind or 'All'}: {len(of_kind) - states['open']} of {len(of_kind)} rules ({told})"
    yield from (f"FAULT: {each.rule.id} {fault}" for each in every for fault in each.faults)


def main(arguments: list[str]) -> int:
    """Print the table, or write the page; returns 1 when a rule's state is not shown as it must be."""
    if arguments == ["--page"]:
        (ROOT / DEFAULT_PAGE).write_text(written_page(), encoding="utf-8")
        return 0
    sys.stdout.write("\n".join(table(coverage())) + "\n")
    if report := os.environ.get("RULES_REPORT"):
        Path(report).write_text(json.dumps([each.to_json() for each in coverage()], indent=1) + "\n", "utf-8")
    return 1 if any(each.faults for each in coverage()) else 0


def _exists(test: str) -> bool:
    """Whether a test of this node id stands in its file."""
    path, _, name = test.partition("::")
    file, defined = ROOT / path, re.compile(rf"^(async )?def {re.escape(name)}\(", re.MULTILINE)
    return file.is_file() and defined.search(file.read_text("utf-8")) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
