"""What a judged pass lets go of: readings that may be different next time, and failures that are mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Absent, Ensure
from secureml_reconcilers.engine.passes import problems
from secureml_reconcilers.engine.verdicts import Holds, Pending

if TYPE_CHECKING:
    from secureml_reconcilers.engine.memory import Failure, Memory
    from secureml_reconcilers.engine.passes import Judged


def forget_troubles(memory: Memory, judged: Judged) -> None:
    """What could not be read, or was missing, or becomes true by itself, is read again next time."""
    for problem in problems(judged):
        if problem.target is not None:
            memory.forget(problem.target.key)
    for block in judged.blocks():
        if block.about is not None and isinstance(judged.verdicts[block.key], Pending):
            memory.forget(block.about.key)


def forgive(memory: Memory, failed: dict[str, Failure], judged: Judged) -> None:
    """Forget the failures on what is as declared, whoever mended it, and on what nobody asks for any more."""
    verdicts = {
        block.id.key: judged.verdicts[block.key] for block in judged.blocks() if isinstance(block, Ensure | Absent)
    }
    everything_told = not any(said.problems for said in judged.composed)
    for key in list(memory.failures):
        if isinstance(verdicts.get(key), Holds) or (everything_told and key not in verdicts):
            del memory.failures[key]
            failed.pop(key, None)
