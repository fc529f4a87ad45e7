"""What was made for an earlier spec and is asked for no more: of a sub-resource or a client network taken out.

It goes by the rules of `removal.py`, or is told of; it is never left behind in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.catalogue import CATALOGUE
from secureml_reconcilers.engine.blocks import (
    Block,
    Blocks,
    Check,
    CheckLevel,
    Composition,
    Ensure,
    EnsureAbsent,
)
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.view import Unread
from secureml_reconcilers.isolation.body_values import parsed_id
from secureml_reconcilers.isolation.endpoint_connections import services_behind
from secureml_reconcilers.isolation.removal import Removal, endpoints_removed, names_removed
from secureml_reconcilers.isolation.services import CONTAINER_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Aspect
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import NetworkPlan


_ENDPOINTS: Final = "microsoft.network/privateendpoints"
_GROUPS: Final = f"{_ENDPOINTS}/privatednszonegroups"
_NOT_ASKED_FOR: Final = "the spec no longer asks for it"


def leftovers_removed(
    plan: NetworkPlan, inventory: tuple[str, ...], declared: tuple[Aspect, ...], azure: View, *, removes: bool
) -> Blocks:
    """Nothing is left of what the spec no longer asks for.

    Args:
        plan: whose leftovers, and in which cloud.
        inventory: what was made for it, or is the operator's and used by it.
        declared: every other aspect of it: what they name is no leftover.
        azure: the view.
        removes: what is left goes (deletionPolicy Delete, mode Enforce); otherwise it is reported.

    Raises:
        AzureProblem: when one of the other aspects cannot be told: what it would name looks like a leftover.
    """
    if not inventory:
        return
    blocks = _told_by(declared, azure)
    named = _named_in(blocks)
    left = tuple(text for text in inventory if not _is_declared(parsed_id(text), named))
    held = tuple(text for text in left if _leads_to_unnamed_registry(parsed_id(text), blocks, azure))
    for text in left if not removes else held:
        yield _reported(text, azure, "the workspace names no registry now" if text in held else _NOT_ASKED_FOR)
    if not removes:
        return
    # Make before break: what is declared works before anything goes that it may have leant on.
    needed = tuple(
        block
        for block in blocks
        if isinstance(block, Ensure) or (isinstance(block, Check) and block.level is not CheckLevel.ADVISORY)
    )
    entries = tuple(text for text in left if text not in held)
    removal = Removal(plan.owner, entries, _NOT_ASKED_FOR, plan.cloud.zones, after=needed, in_use=frozenset(named))
    yield endpoints_removed(removal, azure)
    yield names_removed(removal, azure)


def _told_by(declared: tuple[Aspect, ...], azure: View) -> list[Block]:
    """Every block of the other aspects, once all of them could say all.

    Raises:
        Unread: when one of them asks for something still.
        AzureProblem: when one of them cannot be told.
    """
    composed, questions = compose(Composition(declared, owner=""), azure)
    if questions:
        raise Unread(*questions)
    for said in composed:
        for problem in said.problems:
            raise problem
    return [block for said in composed for block in said.blocks]


def _named_in(blocks: list[Block]) -> set[ResourceId]:
    """What is declared: resources of the blocks, those that checks are about, and what these belong to.

    An endpoint that serves a declared target under another name is named, for that is the one that is used; a zone
    by its link, which proves that it exists.
    """
    named: set[ResourceId] = set()
    for block in blocks:
        target = block.id if isinstance(block, Ensure | EnsureAbsent) else block.about
        while target is not None and target not in named:
            named.add(target)
            target = target.parent
    return named


def _is_declared(target: ResourceId | None, named: set[ResourceId]) -> bool:
    """Whether something is named, or hangs on an endpoint that is: its names lean on its zone group."""
    if target is None:
        return False
    parent = target.parent
    group_of_used = parent is not None and parent.type == _ENDPOINTS and parent in named
    return target in named or group_of_used


def _leads_to_unnamed_registry(target: ResourceId | None, blocks: list[Block], azure: View) -> bool:
    """Whether something is our way into a registry, while the workspace names none (ACR-EXIST-01).

    Nobody changed the spec then, and a registry that is closed and that Azure fails to show for a moment must not
    lose its endpoint.
    """
    if not any(
        isinstance(block, Check) and block.reason == reasons.NO_REGISTRY and not block.holds for block in blocks
    ):
        return False
    endpoint = target.parent if target is not None and target.type == _GROUPS else target
    if endpoint is None or endpoint.type != _ENDPOINTS:
        return False
    return any(each.type == CONTAINER_REGISTRY.type for each in services_behind(azure.get(endpoint)))


def _reported(text: str, azure: View, why: str) -> Iterator[Check]:
    """Something that stays because nobody said that it may go; what is gone is nothing to tell of."""
    target = parsed_id(text)
    if target is not None and target.type in CATALOGUE and azure.get(target) is None:
        return
    shown = target.short if target is not None else text
    yield Check(
        f"{shown} is declared",
        holds=False,
        reason=reasons.NO_LONGER_DECLARED,
        message=f"{shown} was made or used earlier, and {why}.",
        advice="Set spec.deletionPolicy to Delete (with spec.mode Enforce) to have it removed as far as nobody"
        " else uses it, or delete it yourself (az resource delete --ids <id>).",
        about=target,
        level=CheckLevel.ADVISORY,
    )
