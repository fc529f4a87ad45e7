"""What the engine adds to the removal of any kind: entries of others' lists, and waiting until Azure is done.

A custom resource is released when every id of its inventory is gone or knowingly kept, and Azure works on none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.engine.blocks import Aspect, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.view import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
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
            condition_types.ENTRIES_REMOVED,
            partial(_entries_removed, inventory),
            reasons.REMOVED,
            "No list of another resource holds an entry of ours.",
        ),
        Aspect(
            condition_types.OPERATIONS_ENDED,
            partial(_operations_ended, inventory, ledger),
            reasons.ENDED,
            "Azure works on nothing that was made for this resource.",
        ),
    )
    return replace(composition, aspects=(*composition.aspects, *added))


def with_dropped_entries(composition: Composition, inventory: Inventory) -> Composition:
    """A composition, and what takes entries of ours out of resources that it names no more."""
    if not inventory.extended():
        return composition
    dropped = Aspect(
        condition_types.ENTRIES_REMOVED,
        partial(_entries_dropped, composition, inventory),
        reasons.REMOVED,
        "No resource that the spec names no more holds an entry of ours.",
    )
    return replace(composition, aspects=(*composition.aspects, dropped))


def _entries_dropped(composition: Composition, inventory: Inventory, azure: View) -> Iterator[Block]:
    """Entries in what is still named go with the block that names it.

    Raises:
        AzureProblem: when an aspect cannot be told: what it would name looks as if nobody named it.
    """
    composed, questions = compose(composition, azure)
    if questions:
        raise Unread(*questions)
    for problem in (each for said in composed for each in said.problems):
        raise problem
    named = {block.id for said in composed for block in said.blocks if isinstance(block, Ensure)}
    yield from _entries_in(tuple(each for each in inventory.extended() if each not in named), azure)


def _entries_removed(inventory: Inventory, azure: View) -> Iterator[Block]:
    yield from _entries_in(inventory.extended(), azure)


def _entries_in(targets: tuple[ResourceId, ...], azure: View) -> Iterator[Block]:
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
            reason=reasons.WAITING,
            message=f"Azure still works on {target.short}.",
            about=target,
            level=CheckLevel.WAITING,
        )
