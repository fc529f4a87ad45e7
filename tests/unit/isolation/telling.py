"""What the engine would say and do in a landscape of dictionaries, as values that tests compare whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.fakes import FakeClock
from tests.unit.isolation.bodies import OWNER, spec, world

from secureml_reconcilers.engine.assessment import Advised, Blocked, Differs, Holds, Ownership, Pending, Running
from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.evaluation import Evaluation, Situation, evaluate
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.readings import Readings
from secureml_reconcilers.isolation.clouds import PUBLIC, Cloud
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from _pytest.mark.structures import ParameterSet
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block, Composition
    from secureml_reconcilers.engine.view import View

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Write:
    """A write that may begin now."""

    kind: str
    id: ResourceId
    body: Mapping[str, Any] | None = None
    if_match: str | None = None


@dataclass(frozen=True)
class Waits:
    """A write that waits for something else: the id of a resource, or the name of a fact."""

    kind: str
    id: ResourceId
    behind: ResourceId | str


@dataclass(frozen=True)
class Works:
    """Azure is working on it."""

    id: ResourceId


@dataclass(frozen=True)
class Finding:
    """Somebody must act."""

    reason: str
    about: ResourceId | None = None
    rule: str = ""


@dataclass(frozen=True)
class Advice:
    """Worth knowing; nothing waits for it."""

    reason: str
    about: ResourceId | None = None
    rule: str = ""


@dataclass(frozen=True)
class Soon:
    """Becomes true by itself."""

    name: str


Told = Write | Waits | Works | Finding | Advice | Soon


@dataclass(frozen=True)
class Shows:
    """The rules that a row of another shape shows met and violated."""

    met: tuple[str, ...] = ()
    violated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One row of a table: a landscape, what is said of it, and the rules that it shows met and violated."""

    changes: tuple[Change, ...]
    expected: tuple[Told, ...]
    met: tuple[str, ...]
    violated: tuple[str, ...]
    spec: dict[str, Any]
    rows: tuple[Mapping[str, Any], ...] = ()
    inventory: tuple[ResourceId, ...] = ()
    cloud: Cloud = field(default=PUBLIC)

    def evaluation(self) -> Evaluation:
        """What the engine makes of it."""
        listed = tuple(each.text for each in self.inventory)
        remembered = Remembered(listed, frozenset(each.key for each in self.inventory))
        composition = SecureWorkspaces(self.cloud).declare(self.spec, OWNER, remembered)
        return judge_all(composition, world(*self.changes, rows=self.rows), self.inventory)

    def repaired(self) -> tuple[str, ...]:
        """The violated rules for which a write may begin here: its block carries them, or no block does."""
        if not any(isinstance(each, Write) for each in self.expected):
            return ()
        evaluation = self.evaluation()
        carried = {rule for block in evaluation.blocks() for rule in getattr(block, "rules", ())}
        written = {rule for action in evaluation.actions for rule in action.block.rules}
        return tuple(rule for rule in self.violated if rule in written or rule not in carried)


def case(  # noqa: PLR0913 - the columns of a table
    sentence: str,
    changes: Iterable[Change],
    expected: Sequence[Told],
    *,
    met: str = "",
    violated: str = "",
    rows: Iterable[Mapping[str, Any]] = (),
    inventory: Iterable[ResourceId] = (),
    cloud: Cloud = PUBLIC,
    **parts: Any,  # noqa: ANN401 - JSON
) -> ParameterSet:
    """A row; further keywords are parts of the spec, and rule ids stand in one string with blanks."""
    row = Case(
        tuple(changes),
        tuple(expected),
        tuple(met.split()),
        tuple(violated.split()),
        spec(**parts),
        tuple(rows),
        tuple(inventory),
        cloud,
    )
    return pytest.param(row, id=sentence)


def judge_all(composition: Composition, azure: View, inventory: Iterable[ResourceId] = ()) -> Evaluation:
    """Compose and judge, as a pass does once everything has been read."""
    composed, questions = compose(composition, azure)
    assert questions == []
    mine = Ownership(composition.owner, frozenset(each.key for each in inventory), composition.adopt)
    return evaluate(composed, Situation(Readings(dict(azure.known)), Ledger(FakeClock()), mine))


def told(evaluation: Evaluation) -> tuple[Told, ...]:
    """Everything that is not in order, each once, in the order in which the aspects tell it."""
    every: list[Told] = [
        Finding(problem.reason, problem.target) for said in evaluation.composed for problem in said.problems
    ]
    every += _of_blocks(evaluation)
    return tuple(value for at, value in enumerate(every) if value not in every[:at])


def check(row: Case) -> None:
    """The landscape is told as expected, and it really shows the rules that the row names."""
    evaluation = row.evaluation()
    assert told(evaluation) == row.expected
    served = {rule for block in evaluation.blocks() for rule in getattr(block, "rules", ())}
    holding = {rule for block in evaluation.blocks() for rule in _rules_if(block, evaluation, holds=True)}
    broken = {rule for block in evaluation.blocks() for rule in _rules_if(block, evaluation, holds=False)}
    # A rule that no block carries here is shown by the whole of what is expected.
    assert [rule for rule in row.met if rule in served and rule not in holding] == []
    assert [rule for rule in row.violated if rule in served and rule not in broken] == []


def _rules_if(block: Block, evaluation: Evaluation, *, holds: bool) -> tuple[str, ...]:
    rules: tuple[str, ...] = getattr(block, "rules", ())
    return rules if isinstance(evaluation.assessments[block.key], Holds) is holds else ()


def _of_blocks(evaluation: Evaluation) -> list[Told]:
    actions = {action.block.key: action for action in evaluation.actions}
    found: list[Told] = []
    for block in evaluation.blocks():
        rules = getattr(block, "rules", ()) or ("",)
        match evaluation.assessments[block.key]:
            case Differs(kind=kind) if block.key in evaluation.waiting:
                gate = evaluation.waiting[block.key]
                found.append(Waits(kind, block.id, getattr(gate, "id", None) or gate.name))  # type: ignore[union-attr]
            case Differs():
                action = actions[block.key]
                found.append(Write(action.kind, action.id, action.body, action.if_match))
            case Running():
                found.append(Works(block.id))  # type: ignore[union-attr]
            case Blocked(problem=problem):
                found.append(Finding(problem.reason, problem.target, rules[0]))
            case Advised():
                found.append(Advice(block.reason, block.about, rules[0]))  # type: ignore[union-attr]
            case Pending():
                found.append(Soon(block.name))  # type: ignore[union-attr]
    return found
