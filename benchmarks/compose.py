"""CPU time of one pass that finds nothing to do: `python benchmarks/compose.py`.

A workspace with two storage endpoints, a vault and a registry is as declared. Each round starts from a fresh
view, as a pass does after its readings: it parses the spec, composes, judges every block, and concludes.
Reading is not in it. What is wanted: no more than 3 ms, so that one core looks after some 300 passes a second.
"""

from __future__ import annotations

import gc
import statistics
import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import process_time_ns
from typing import Any

from secureml_reconcilers.engine import composing
from secureml_reconcilers.engine.assessment import Ownership
from secureml_reconcilers.engine.clock import SystemClock
from secureml_reconcilers.engine.conditions import conditions, with_times
from secureml_reconcilers.engine.evaluation import Situation, evaluate
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.readings import Readings
from secureml_reconcilers.engine.status_and_events import Report
from secureml_reconcilers.engine.view import View
from secureml_reconcilers.secure_workspace import SecureWorkspaces

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.unit.isolation.bodies import OWNER, converged, spec

BOUND = 3.0
"""Milliseconds, wanted on a machine of today."""

STAGES = ("declare", "compose", "compare", "conclude")
ROUNDS = 500
WARM_UP = 20
"""Rounds that are not counted: ids are parsed once per process."""


def once(read: View, now: datetime) -> list[int]:
    """One pass; the processor's nanoseconds after each stage.

    Raises:
        RuntimeError: when there was something to do, for then this measures something else.
    """
    marks = [process_time_ns()]
    composition = SecureWorkspaces().declare(spec(), OWNER)
    marks.append(process_time_ns())
    composed, questions = composing.compose(composition, replace(read, memo={}))
    marks.append(process_time_ns())
    situation = Situation(Readings(dict(read.known)), Ledger(SystemClock()), Ownership(OWNER))
    evaluation = evaluate(composed, situation)
    marks.append(process_time_ns())
    fresh = conditions(evaluation, enforce=True, drifting=False, settled_before=True)
    status = Report(1, with_times(fresh, (), 1, now), [], [], [], []).status(evaluation, plan=False)
    marks.append(process_time_ns())
    if questions or evaluation.actions or not fresh[0].met:
        raise RuntimeError(f"the landscape is not as declared: {questions or status['conditions'][0]['message']}")
    return [after - before for before, after in pairwise(marks)]


def compose_and_conclude(rounds: int) -> dict[str, float]:
    """Mean CPU milliseconds of a round, by stage and together."""
    read, now = View.of(*converged().values()), datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(WARM_UP):
        once(read, now)
    gc.collect()
    measured = [once(read, now) for _ in range(rounds)]
    means = (statistics.mean(times) / 1e6 for times in zip(*measured, strict=True))
    stages = dict(zip(STAGES, means, strict=True))
    return {**stages, "together": sum(stages.values())}


def compose(_: Path, __: int) -> dict[str, Any]:
    """Measure and print; a part of `benchmarks/run.py`."""
    figures = compose_and_conclude(ROUNDS)
    for name, value in figures.items():
        print(f"  {f'CPU milliseconds to {name}' if name != 'together' else name:<44} {value:.3f}")
    print(f"  {'wanted at most':<44} {BOUND}")
    return {f"{name} ms": round(value, 3) for name, value in figures.items()}


if __name__ == "__main__":
    sys.exit(compose(Path(), 0)["together ms"] > BOUND)
