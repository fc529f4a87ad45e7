"""What a pass settles in the books: failures that are over, the inventory as it was seen, what is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.assessment import Holds, Pending
from secureml_reconcilers.engine.blocks import write_key
from secureml_reconcilers.engine.evaluation import Busy
from secureml_reconcilers.engine.recovering import recovered

if TYPE_CHECKING:
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.passing import Pass


def settle_accounts(this: Pass, evaluation: Evaluation) -> None:
    """Clear the failures that are over, and bring the inventory to what was seen."""
    _clear_failures(this, evaluation)
    _update_inventory(this, evaluation)
    this.history.troubled_passes = this.history.troubled_passes + 1 if this.troubles(evaluation) else 0


def note_pending(this: Pass, evaluation: Evaluation, *, busy: bool) -> None:
    """Since when what becomes true by itself is pending; what is under way, or was just written, may bring it.

    What another custom resource makes comes by itself, too.
    """
    now, since = this.ledger.clock.monotonic(), this.history.pending_since
    pending = [
        key
        for key, assessment in evaluation.assessments.items()
        if isinstance(assessment, Pending) and assessment.until is None and (assessment.worth_a_look or not busy)
    ]
    own = {block.key for block in evaluation.blocks()}
    gates = (gate for gate in evaluation.waiting.values() if not isinstance(gate, Busy))
    pending += [gate.key for gate in gates if gate.key not in own]
    this.history.pending_since = {key: now if busy else since.get(key, now) for key in pending}


def _clear_failures(this: Pass, evaluation: Evaluation) -> None:
    """Those on what is as declared, and on what the spec speaks of no more."""
    everything_told = not any(said.problems for said in evaluation.composed)
    over = {
        write_key(block.id, block.part)
        for block in evaluation.writes()
        if isinstance(evaluation.assessments[block.key], Holds)
    }
    written = evaluation.write_keys()
    over |= (this.history.written - written) if everything_told else set()
    this.ledger.clear_failures(over, this.owner)
    this.history.written = written


def _update_inventory(this: Pass, evaluation: Evaluation) -> None:
    """List what was found again and what is used; forget what is gone."""
    inventory, now = this.inventory, this.ledger.clock.now()
    for target in recovered(evaluation):
        inventory.note(target, now)
    if this.composition.enforce:
        inventory.prune(evaluation, this.readings)
        inventory.prune_entries(evaluation)
    if this.composition.enforce and not this.request.deleting:
        inventory.note_used(evaluation, this.readings, this.owner, now)
