"""What can be asked of Azure. Each kind of question knows how it is put, and what else its answer tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import ABSENT_CODES, Listed, Present, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.values import get_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Answer, Arm, Body
    from secureml_reconcilers.azure.graph_query import GraphQuery


class Question(Protocol):
    """Something that can be asked of Azure; two that are equal have one answer."""

    @property
    def key(self) -> str:
        """Names it in the ledger, lower case: what is written under this key makes older answers stale."""

    async def ask(self, arm: Arm) -> Answer:
        """Put it.

        Raises:
            AzureProblem: when Azure does not tell.
        """

    def also_tells(self, answer: Answer) -> Iterator[tuple[Question, Answer]]:
        """What other questions this answer answers as well."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What one resource looks like."""

    id: ResourceId

    @property
    def key(self) -> str:
        """See `Question.key`."""
        return self.id.key

    async def ask(self, arm: Arm) -> Answer:
        """See `Question.ask`."""
        return without_dropped_fields(self.id, await arm.read(self.id))

    def also_tells(self, _: Answer) -> Iterator[tuple[Question, Answer]]:
        """See `Question.also_tells`: nothing."""
        return iter(())

    def __str__(self) -> str:
        return self.id.text


@dataclass(frozen=True, slots=True)
class Listing:
    """Which children of one type a resource has, or which resources of one type a resource group has.

    Or what else hangs on a resource group: the assignments of roles.
    """

    parent: ResourceId
    kind: str
    """The type's last part below a resource (`privateDnsZoneGroups`), the full type below a group."""

    most: int | None = None
    """With more elements than this the answer is of no use, and pages that follow are not asked for."""

    only: str = ""
    """A `$filter`: what it leaves out is not told of."""

    @property
    def path(self) -> str:
        """The collection's path."""
        return f"{self.parent.text}/{'providers/' if '/' in self.kind else ''}{self.kind}"

    @property
    def key(self) -> str:
        """See `Question.key`; one with a filter does not prove that anything is absent."""
        return f"{self.path.lower()}?{self.only.lower()}" if self.only else self.path.lower()

    @property
    def type(self) -> str:
        """The full type of the elements, lower case."""
        return (self.kind if "/" in self.kind else f"{self.parent.type}/{self.kind}").lower()

    async def ask(self, arm: Arm) -> Answer:
        """See `Question.ask`; what is gone has no children."""
        try:
            return Listed(tuple(await arm.list_all(self.path, self.type, self.most, self.only)))
        except AzureProblem as problem:
            if problem.code in ABSENT_CODES:
                return Listed(())
            raise

    def also_tells(self, answer: Answer) -> Iterator[tuple[Question, Answer]]:
        """See `Question.also_tells`: a listing shows its elements in full."""
        for body in answer.items if isinstance(answer, Listed) else ():
            found = element_id(body)
            if found is not None:
                yield Resource(found), without_dropped_fields(found, _element(found, body))


@dataclass(frozen=True, slots=True)
class GraphRows:
    """What Resource Graph finds: hints where to look, for its rows lag behind."""

    query: GraphQuery

    @property
    def key(self) -> str:
        """See `Question.key`: no write makes a hint stale."""
        return f"graph:{self.query.subscription}:{self.query.kusto}"

    async def ask(self, arm: Arm) -> Answer:
        """See `Question.ask`."""
        return Listed(tuple(dict(row) for row in await arm.query(self.query)))

    def also_tells(self, _: Answer) -> Iterator[tuple[Question, Answer]]:
        """See `Question.also_tells`: hints are no answers."""
        return iter(())


def _element(target: ResourceId, body: Body) -> Answer:
    """An element as a read of it would be answered."""
    if isinstance(body.get("properties") or {}, dict):
        return Present(body)
    return Unreadable(
        AzureProblem(
            reasons.UNEXPECTED_ANSWER,
            f"A listing shows {target.short} in a way that this version does not understand.",
            "Nothing is written on it. Look whether the resource is as documented, or report this.",
            Retry.SLOW,
            Severity.AZURE_ADMIN,
            target=target,
        )
    )


def element_id(body: Body) -> ResourceId | None:
    """The id of a listing's element; None where that is no id."""
    try:
        return resource_id(str(body["id"]))
    except (KeyError, TypeError, ValueError):
        return None


def without_dropped_fields(target: ResourceId, answer: Answer) -> Answer:
    """Without the lists that nothing asks for: a subnet names each of its thousands of addresses."""
    if isinstance(answer, Present):
        for path in type_info(target).dropped_fields:
            parent, _, last = path.rpartition(".")
            inside = get_path(answer.body, parent)
            if isinstance(inside, dict):
                inside.pop(last, None)
    return answer
