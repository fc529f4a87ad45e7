"""Finding again what was made for a custom resource whose status was lost (restored from a backup without it).

Its spec says what would be made, and the tags in Azure whose it is. Both are only asked when it is to be deleted:
while it lives, every pass lists what it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.azure.arm import ABSENT_CODES
from secureml_reconcilers.azure.catalogue import CATALOGUE, type_info
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.blocks import Aspect, Check, Composition, Ensure
from secureml_reconcilers.engine.conditions import CANNOT_TELL, condition_of
from secureml_reconcilers.engine.ownership_tags import OWNER, is_marked, made_for, user_tag, users
from secureml_reconcilers.engine.questions import element_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.engine.blocks import Block, Blocks
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.view import View

_MADE_FOR: Final = (
    "resources"
    " | where tostring(tags[{owner_tag}]) =~ {owner} or tostring(tags[{user_tag}]) =~ {owner}"
    " | project id"
)


def is_lost(status: Mapping[str, object]) -> bool:
    """Whether a status does not tell what was made: without an inventory, nothing was, or a restore left it out.

    Conditions prove nothing: a pass that was paused or met a refusal after the restore has written some.
    """
    recovered_before = condition_of(status, condition_types.INVENTORY_RECOVERED).get("status") == "True"
    return not recovered_before and (
        not status.get("inventory") or bool(condition_of(status, condition_types.INVENTORY_RECOVERED))
    )


def recovery(declared: Composition, spec: Mapping[str, object]) -> Composition:
    """A composition that writes nothing, and says of each thing that it was made for this resource."""
    asked = partial(_recovered, declared, tuple(dict.fromkeys(_subscriptions_in(spec))))
    aspect = Aspect(
        condition_types.INVENTORY_RECOVERED,
        asked,
        reasons.RECOVERED,
        "What was made for this resource is known again.",
    )
    return Composition((aspect,), declared.owner, enforce=False)


def is_recovery(aspects: Iterable[Aspect]) -> bool:
    """Whether these are the aspects of such a composition: a deletion goes on once it is done."""
    return any(aspect.condition == condition_types.INVENTORY_RECOVERED for aspect in aspects)


def recovered(evaluation: Evaluation) -> list[ResourceId]:
    """What such a composition found; nothing for any other."""
    if not is_recovery(said.aspect for said in evaluation.composed):
        return []
    return [block.about for block in evaluation.blocks() if isinstance(block, Check) and block.about is not None]


def _recovered(declared: Composition, subscriptions: tuple[str, ...], azure: View) -> Blocks:
    for aspect in declared.aspects:
        yield _declared(aspect, declared.owner, azure)
    yield _tagged(declared.owner, subscriptions, azure)


def _declared(aspect: Aspect, owner: str, azure: View) -> Iterator[Block]:
    for block in _tellable(aspect.blocks(azure)):
        if not isinstance(block, Ensure) or block.create is None:
            continue
        body = azure.get(block.id)
        marked = _marker(block.id, body, azure)
        used = block.proven_by_name or _is_used(marked or {}, owner, shared=block.shared)
        if body is not None and used:
            yield _made(block.id)


def _tagged(owner: str, subscriptions: tuple[str, ...], azure: View) -> Iterator[Block]:
    """What an earlier spec asked for is found by its tags alone; the resource itself tells whether it is so."""
    values = (("owner_tag", OWNER), ("user_tag", user_tag(owner)), ("owner", owner))
    queries = [GraphQuery(each, _MADE_FOR, values) for each in subscriptions]
    rows = [row for each in queries for row in azure.graph(each)]
    found = [each for each in map(element_id, map(dict, rows)) if each is not None and each.type in CATALOGUE]
    azure.ask(*found)
    for target in found:
        if _is_used(azure.get(target) or {}, owner, shared=False):
            yield _made(target)


def _tellable(blocks: Blocks) -> Iterator[Block]:
    """Every block; a part that fails because something is not there made nothing either."""
    try:
        for block in blocks:
            if isinstance(block, Iterator):
                yield from _tellable(block)
            else:
                yield block
    except AzureProblem as problem:
        hidden = problem.reason == reasons.NOT_FOUND and problem.code not in {"", *ABSENT_CODES}
        if hidden or problem.reason in CANNOT_TELL or problem.reason == reasons.FORBIDDEN:
            raise


def _marker(target: ResourceId, body: Body | None, azure: View) -> Body | None:
    """The body that carries the tags: the parent's, where the type has none."""
    return azure.get(target.parent) if not type_info(target).tags and target.parent is not None else body


def _is_used(body: Body, owner: str, *, shared: bool) -> bool:
    return is_marked(body) and (shared or owner in users(body) or made_for(body) == owner)


def _made(target: ResourceId) -> Check:
    return Check(
        f"{target.short} was made for this resource",
        holds=True,
        reason=reasons.RECOVERED,
        message="",
        about=target,
    )


def _subscriptions_in(value: object) -> Iterator[str]:
    """The subscriptions of every id in a spec."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _subscriptions_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _subscriptions_in(each)
    elif isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        yield resource_id(value).subscription
