"""What Enforce would write, in the order in which it would go out: what `status.plan` shows in mode Observe."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.assessment import Differs, choose
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.compare import differences
from secureml_reconcilers.engine.contract import Event
from secureml_reconcilers.engine.status_limits import CHANGES, IDENTIFIER, PLANNED, RULES, SHORT, TEXT, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from secureml_reconcilers.engine.assessment import Ownership
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.compare import Difference
    from secureml_reconcilers.engine.evaluation import Evaluation

_Write = tuple[Ensure | EnsureAbsent, Differs]


def planned(evaluation: Evaluation) -> list[dict[str, Any]]:
    """What would be written: what waits for nothing first, and every write after all that it waits for.

    Where that is more than the status holds, writes of one kind stand together under the first and are counted;
    what closes a service is never among them.
    """
    writes = _in_order(evaluation)
    if len(writes) <= PLANNED:
        return [_planned(block, assessment, evaluation.ownership) for block, assessment in writes]
    entries: dict[tuple[str, ...], dict[str, Any]] = {}
    for block, assessment in writes:
        closes = isinstance(block, Ensure) and block.closing is not None
        group = (block.key,) if closes else (assessment.kind, block.id.type)
        if group in entries:
            entries[group]["count"] = entries[group].get("count", 1) + 1
        else:
            entries[group] = _planned(block, assessment, evaluation.ownership)
    return list(entries.values())[:PLANNED]


def news(before: Iterable[Mapping[str, Any]], plan: list[dict[str, Any]]) -> list[Event]:
    """An event when there is a plan, or another one than stood in the status."""
    if list(before) == plan:
        return []
    verbs = Counter[str]()
    for entry in plan:
        verbs[entry["verb"]] += entry.get("count", 1)
    counted = ", ".join(f"{verb} {number}" for verb, number in verbs.items())
    told = f"Enforce would {counted}: see status.plan." if plan else "Enforce would write nothing now."
    return [Event("Normal", reasons.PLANNED, told)]


def _in_order(evaluation: Evaluation) -> list[_Write]:
    steps = _Steps(evaluation)
    judged = ((block, evaluation.assessments[block.key]) for block in evaluation.writes())
    found = [(block, assessment) for block, assessment in judged if isinstance(assessment, Differs)]
    return sorted(found, key=lambda each: steps.before(each[0]))


class _Steps:
    """How many writes, one after the other, go out before a block is true."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self._known: dict[str, int] = {}

    def before(self, block: Block) -> int:
        """The longest chain of writes that a block waits for."""
        if block.key not in self._known:
            gates = (*block.after, *block.after_if_possible)
            self._known[block.key] = max((self.before(gate) + self._writes(gate) for gate in gates), default=0)
        return self._known[block.key]

    def _writes(self, gate: Block) -> int:
        return int(isinstance(self._evaluation.assessments.get(gate.key), Differs))


def _planned(block: Ensure | EnsureAbsent, assessment: Differs, ownership: Ownership) -> dict[str, Any]:
    entry: dict[str, Any] = {"verb": assessment.kind, "id": block.id.text, "reason": cut(block.reason, TEXT)}
    if block.rules:
        entry["rules"] = list(block.rules[:RULES])
    changes = [
        {"path": cut(each.path, IDENTIFIER), "observed": _text(each.observed), "desired": _text(each.desired)}
        for each in _changes(block, assessment, ownership)[:CHANGES]
    ]
    if changes:
        entry["changes"] = changes
    return entry


def _changes(block: Ensure | EnsureAbsent, assessment: Differs, ownership: Ownership) -> tuple[Difference, ...]:
    """What differs; of something to be made, all that would be written."""
    if assessment.kind == "Create":
        return tuple(differences({}, choose(block, assessment, ownership).body or {}))
    return assessment.differences


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, dict | list | tuple):
        return cut(json.dumps(value, ensure_ascii=False), SHORT)
    return cut(str(value if value is not None else "not set"), SHORT)
