"""Choosing: from blocks and answers to verdicts, and from verdicts to named actions. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure import arm
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.blocks import Check, CheckLevel, Ensure, EnsureAbsent, StatusField
from secureml_reconcilers.engine.compare import (
    Difference,
    UnexpectedShapeError,
    differences,
    merge,
    narrow_patch,
    without,
)
from secureml_reconcilers.engine.ownership_tags import MANAGED_BY, OPERATOR, OWNER, is_marked
from secureml_reconcilers.engine.values import Entries, get_path, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from secureml_reconcilers.azure.arm import Answer, Body, Verb
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.values import Fragment, Path

_ENVELOPE: Final = ("id", "name", "type", "etag", "systemData")
"""Top-level fields that a PUT need not send back."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """What this custom resource made, and what it may take over."""

    owner: str
    inventory: frozenset[str] = frozenset()
    """Keys of resources that we announced to make."""

    adopt: bool = False
    entries: Mapping[str, tuple[AddedEntry, ...]] = field(default_factory=dict)
    """By resource key, what we added to lists of others, less what another part of the resource asks for."""


@dataclass(frozen=True, slots=True)
class AddedEntry:
    """An entry that we added to a list of a resource that is not ours."""

    path: str
    """The list's path within the resource."""

    by: str
    """Path of the identifying value inside an entry; empty where the entry is a text."""

    value: str
    """The identifying value."""


@dataclass(frozen=True, slots=True)
class Holds:
    """As declared."""


@dataclass(frozen=True, slots=True)
class Differs:
    """Not as declared, and we know the write that repairs it."""

    kind: Literal["Create", "Update", "Delete"]
    differences: tuple[Difference, ...]
    observed: Body | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """Azure is working on it."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A fact that becomes true by itself."""

    worth_a_look: bool = True
    """Looking at what it is about tells; otherwise an operation that runs brings it."""

    until: Moment | None = None
    """When it is true, where nobody can see it: what was written has effect by then."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """It cannot be told, or may not be done."""

    problem: AzureProblem


@dataclass(frozen=True, slots=True)
class Advised:
    """Worth knowing, but nothing waits for it."""

    problem: AzureProblem | None = None
    """Why something could not be written that need not be; None for a fact, which tells it itself."""


Assessment = Holds | Differs | Running | Pending | Blocked | Advised


@dataclass(frozen=True, slots=True)
class Action:
    """One write, chosen but not yet performed."""

    kind: Literal["Create", "Update", "Delete"]
    block: Ensure | EnsureAbsent
    verb: Verb
    body: Body | None
    if_match: str | None = None
    differences: tuple[Difference, ...] = field(default=())

    @property
    def id(self) -> ResourceId:
        """What is written."""
        return self.block.id

    @property
    def sentence(self) -> str:
        """The action in words: the same in plan, log and event."""
        changed = "; ".join(str(difference) for difference in self.differences[:5])
        return f"{self.kind} {self.id.short}: {self.block.reason}" + (f" ({changed})" if changed else "")


def assess(block: Block, answer: Answer | None, ownership: Ownership, *, running: bool = False) -> Assessment:
    """What is to be said of one block.

    Args:
        block: what should be.
        answer: what was read of its resource; None for checks and status fields.
        ownership: what we made.
        running: this process knows of an operation on the resource.
    """
    if isinstance(block, StatusField | Check):
        return _assess_check(block) if isinstance(block, Check) else Holds()
    if isinstance(answer, arm.Unreadable):
        return Blocked(answer.problem.with_target(block.id))
    if running:
        return Running()
    if isinstance(block, EnsureAbsent):
        return _assess_absent(block, answer, ownership)
    try:
        return _assess_ensure(block, answer, ownership)
    except UnexpectedShapeError as error:
        return Blocked(_not_understood(block.id, error))


def choose(block: Ensure | EnsureAbsent, assessment: Differs, ownership: Ownership) -> Action:
    """The narrowest write that makes the block true; a PUT takes along all that was read (OPS-03)."""
    if isinstance(block, EnsureAbsent):
        return Action("Delete", block, "DELETE", None)
    if assessment.kind == "Create" or assessment.observed is None:
        return Action("Create", block, "PUT", _marked(merge(block.create or {}, block.fragment), block, ownership))
    known = type_info(block.id)
    observed, fragment = assessment.observed, _fragment(block, ownership)
    if known.update == "PATCH" and not block.broken:
        body = narrow_patch(observed, fragment, known.defaults, known.replaced_whole)
        return Action(
            "Update", block, "PATCH", body, observed.get("etag") if known.etags else None, assessment.differences
        )
    body = without(merge(observed, fragment), (*_ENVELOPE, *known.read_only))
    return Action(
        "Update", block, "PUT", body, observed.get("etag") if known.etags else None, assessment.differences
    )


def _assess_check(block: Check) -> Assessment:
    if block.problem is not None:
        return Blocked(block.problem)
    if block.holds:
        return Holds()
    if block.level in {CheckLevel.PENDING, CheckLevel.WAITING}:
        return Pending(worth_a_look=block.level is CheckLevel.PENDING)
    if block.level is CheckLevel.ADVISORY:
        return Advised()
    return Blocked(
        AzureProblem(
            block.reason,
            block.message,
            block.advice,
            Retry.NEVER if block.by_user else Retry.SLOW,
            Severity.USER if block.by_user else Severity.AZURE_ADMIN,
            target=block.about,
        )
    )


def _assess_absent(block: EnsureAbsent, answer: Answer | None, ownership: Ownership) -> Assessment:
    if not isinstance(answer, arm.Present):
        return Holds()
    # Two proofs before anything is deleted: we announced it, and it (or its parent) carries our tag.
    announced = block.shared or block.id.key in ownership.inventory
    if not announced or (type_info(block.id).tags and not is_marked(answer.body)):
        return Holds()
    if not answer.is_terminal:
        return Running()
    return Differs("Delete", (), answer.body)


def _assess_ensure(block: Ensure, answer: Answer | None, ownership: Ownership) -> Assessment:
    if not isinstance(answer, arm.Present):
        if block.create is None:
            return Blocked(_gone(block.id))
        return Differs("Create", (Difference(block.id.short, "present", None),))
    if not answer.is_terminal:
        return Running()
    known = type_info(block.id)
    # That we announced it proves nothing: a crash may have come before the write, and somebody else after it.
    mine = block.create is None or block.shared or block.ours or not known.tags or is_marked(answer.body)
    if not mine and not ownership.adopt:
        return Blocked(_taken(block.id))
    fragment = _fragment(block, ownership)
    found = (*differences(answer.body, fragment, known.defaults, known.known_values), *block.broken)
    if answer.provisioning_state in {"failed", "canceled"} and block.create is not None:
        found = (*found, Difference("properties.provisioningState", "Succeeded", answer.provisioning_state))
    return Differs("Update", found, answer.body) if found else Holds()


def added_entries(block: Ensure) -> tuple[AddedEntry, ...]:
    """What a block adds to lists of a resource that is never ours to make."""
    if block.create is not None:
        return ()
    return tuple(
        AddedEntry(".".join(steps), wanted.by, str(identity(item, wanted.by)))
        for steps, wanted in _entries_in(block.fragment, ())
        if not wanted.lasting
        for item in wanted.items
    )


def entries_wanted(blocks: Iterable[Block]) -> dict[str, set[AddedEntry]]:
    """By resource key, the entries of others' lists that any of these blocks asks for."""
    wanted: dict[str, set[AddedEntry]] = {}
    for block in blocks:
        if isinstance(block, Ensure) and (found := added_entries(block)):
            wanted.setdefault(block.id.key, set()).update(found)
    return wanted


def takes_out(block: Ensure, entry: AddedEntry) -> bool:
    """Whether a block takes out an entry that nobody asks for: of several parts, one that writes near its list."""
    parent = entry.path.rpartition(".")[0]
    return not block.part or get_path(block.fragment, parent) is not None


def _entries_in(fragment: Mapping[str, Any], steps: Path) -> Iterator[tuple[Path, Entries]]:
    for key, value in fragment.items():
        if isinstance(value, Entries):
            yield (*steps, key), value
        elif isinstance(value, dict):
            yield from _entries_in(value, (*steps, key))


def _fragment(block: Ensure, ownership: Ownership) -> Fragment:
    """What we own of a resource, with the entries that we added once and that nobody asks for any more."""
    wanted = set(added_entries(block))
    dropped: dict[tuple[str, str], tuple[str, ...]] = {}
    for entry in ownership.entries.get(block.id.key, ()):
        if entry not in wanted and takes_out(block, entry):
            place = entry.path, entry.by
            dropped[place] = (*dropped.get(place, ()), entry.value)
    fragment = block.fragment
    for (path, by), values in dropped.items():
        fragment = _with_dropped(fragment, tuple(path.split(".")), by, values)
    return fragment


def _with_dropped(fragment: Fragment, steps: Path, by: str, values: tuple[str, ...]) -> Fragment:
    """A copy of a fragment in which these entries of the list at a path go."""
    key, rest = steps[0], steps[1:]
    inside = fragment.get(key)
    if rest:
        below = inside if isinstance(inside, dict) else {}
        return {**fragment, key: _with_dropped(below, rest, by, values)}
    items = inside.items if isinstance(inside, Entries) else ()
    return {**fragment, key: Entries(by, items, values)}


def _not_understood(target: ResourceId, error: UnexpectedShapeError) -> AzureProblem:
    return AzureProblem(
        reasons.UNEXPECTED_ANSWER,
        f"{target.short} shows a property in a way that this version does not understand: {error}.",
        "Nothing is written on it. Set the property as documented, or report this with the operator's version.",
        Retry.SLOW,
        Severity.AZURE_ADMIN,
        target=target,
    )


def _marked(body: Body, block: Ensure, ownership: Ownership) -> Body:
    if not type_info(block.id).tags:
        return body
    mark: Mapping[str, Any] = (
        {MANAGED_BY: OPERATOR} if block.shared else {MANAGED_BY: OPERATOR, OWNER: ownership.owner}
    )
    return {**body, "tags": {**(body.get("tags") or {}), **mark}}


def _gone(target: ResourceId) -> AzureProblem:
    return AzureProblem(
        reasons.NOT_FOUND,
        f"{target.text} does not exist.",
        "Create it, or correct what refers to it; the operator never makes it.",
        Retry.SLOW,
        Severity.AZURE_ADMIN,
        target=target,
    )


def _taken(target: ResourceId) -> AzureProblem:
    return AzureProblem(
        reasons.NAME_TAKEN,
        f"{target.short} in resource group {target.resource_group} exists and does not carry the operator's tag.",
        f"Delete or rename it, or put the tag {MANAGED_BY}={OPERATOR} back where that was lost, or set"
        " spec.adoption to Adopt to let the operator manage it.",
        Retry.SLOW,
        Severity.USER,
        target=target,
    )
