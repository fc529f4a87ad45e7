"""Which rules the code claims, and in how many test cases each is met and violated: `make rules`."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from _pytest.mark.structures import ParameterSet

import secureml_reconcilers
from secureml_reconcilers.rulebook import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[1]
PACKAGE = Path(secureml_reconcilers.__file__).parent
TABLES = "tests/unit/isolation"
"""Where the tables are whose rows name rules."""

KNOWLEDGE = ("isolation/*.py", "secure_*.py")
"""Where a rule id is a claim: this is done, or said."""

_RULE = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d+"
_RANGE = re.compile(rf"\b({_RULE}) to ({_RULE})\b")


@dataclass(frozen=True)
class Coverage:
    """One claimed rule."""

    rule: str
    met: int
    violated: int

    @property
    def complete(self) -> bool:
        """At least one case of each kind."""
        return bool(self.met and self.violated)


def coverage() -> list[Coverage]:
    """Every claimed rule, in the order of the catalogue."""
    met, violated = _shown()
    claimed = claims()
    order = {rule: position for position, rule in enumerate(CATALOGUE)}
    return [Coverage(rule, met[rule], violated[rule]) for rule in sorted(claimed, key=lambda rule: order[rule])]


def claims() -> set[str]:
    """The rule ids that the domain knowledge names; "A-01 to A-04" names four."""
    found = set()
    for pattern in KNOWLEDGE:
        for path in PACKAGE.glob(pattern):
            text = path.read_text(encoding="utf-8")
            found |= {rule for rule in re.findall(rf"\b{_RULE}\b", text) if rule in CATALOGUE}
            found |= {rule for first, last in _RANGE.findall(text) for rule in _between(first, last)}
    return found


def _between(first: str, last: str) -> Iterator[str]:
    stem, start = first.rsplit("-", 1)
    end = last.rsplit("-", 1)[1]
    for number in range(int(start), int(end) + 1):
        yield f"{stem}-{number:02}"


def _shown() -> tuple[defaultdict[str, int], defaultdict[str, int]]:
    met: defaultdict[str, int] = defaultdict(int)
    violated: defaultdict[str, int] = defaultdict(int)
    for module in modules():
        for _, value in columns(module):
            for rule in getattr(value, "met", ()):
                met[rule] += 1
            for rule in getattr(value, "violated", ()):
                violated[rule] += 1
    return met, violated


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


def main() -> int:
    """Print the table; returns 1 when a claim has no case."""
    found = coverage()
    width = max(len(each.rule) for each in found)
    sys.stdout.write(f"{'RULE':{width}}  MET  VIOLATED  TITLE\n")
    for each in found:
        title = CATALOGUE[each.rule].title
        sys.stdout.write(f"{each.rule:{width}}  {each.met:>3}  {each.violated:>8}  {title}\n")
    complete = sum(each.complete for each in found)
    sys.stdout.write(f"\n{complete} of {len(found)} claimed rules have a case of each kind;")
    sys.stdout.write(f" the catalogue holds {len(CATALOGUE)} rules.\n")
    return 0 if complete == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
