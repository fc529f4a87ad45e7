"""What a judged pass lets go of: readings that may be different next time, and failures that are mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.assessment import Holds, Pending
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.evaluation import problems

if TYPE_CHECKING:
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.memory import Failure, Memory


def invalidate_unsettled(memory: Memory, evaluation: Evaluation) -> None:
    """What could not be read, or was missing, or becomes true by itself, is read again next time."""
    for problem in problems(evaluation):
        if problem.target is not None:
            memory.forget(problem.target.key)
    for block in evaluation.blocks():
        if block.about is not None and isinstance(evaluation.assessments[block.key], Pending):
            memory.forget(block.about.key)


def clear_failures(memory: Memory, failed: dict[str, Failure], evaluation: Evaluation) -> None:
    """Forget the failures on what is as declared, whoever mended it, and on what nobody asks for any more."""
    assessments = {
        block.id.key: evaluation.assessments[block.key]
        for block in evaluation.blocks()
        if isinstance(block, Ensure | EnsureAbsent)
    }
    everything_told = not any(said.problems for said in evaluation.composed)
    for key in list(memory.failures):
        if isinstance(assessments.get(key), Holds) or (everything_told and key not in assessments):
            del memory.failures[key]
            failed.pop(key, None)
