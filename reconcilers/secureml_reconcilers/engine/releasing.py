"""What the engine adds to the removal of any kind: entries of others' lists, and waiting until Azure is done.

A custom resource is released when every id of its inventory is gone or knowingly kept, and Azure works on none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Aspect, Check, CheckLevel, Ensure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.engine.blocks import Block, Composition
    from secureml_reconcilers.engine.inventory import Inventory
    from secureml_reconcilers.engine.ledger import Ledger
    from secureml_reconcilers.engine.view import View


def with_release(composition: Composition, inventory: Inventory, ledger: Ledger) -> Composition:
    """The removal of a kind and what holds for all kinds; unchanged where nothing is removed (Retain)."""
    if not composition.aspects:
        return composition
    added = (
        Aspect(
            "EntriesRemoved",
            partial(_entries_removed, inventory),
            "Removed",
            "No list of another resource holds an entry of ours.",
        ),
        Aspect(
            "OperationsEnded",
            partial(_operations_ended, inventory, ledger),
            "Ended",
            "Azure works on nothing that was made for this resource.",
        ),
    )
    return replace(composition, aspects=(*composition.aspects, *added))


def _entries_removed(inventory: Inventory, azure: View) -> Iterator[Block]:
    targets = inventory.extended()
    azure.ask(*targets)
    for target in targets:
        if azure.get(target) is not None:
            yield Ensure(target, {}, "what this resource let in is not let in any more")


def _operations_ended(inventory: Inventory, ledger: Ledger, azure: View) -> Iterator[Block]:
    """A creation that is under way shows nothing yet: what it makes would stay behind (private DNS zones)."""
    running = [target for target in inventory.ids() if ledger.running(target) is not None]
    azure.ask(*running)
    for target in running:
        yield Check(
            f"{target.short} is not being written",
            holds=False,
            reason="OperationRunning",
            message=f"Azure still works on {target.short}.",
            about=target,
            level=CheckLevel.WAITING,
        )
