"""Azure as one pass knows it: four answers, never fewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from secureml_reconcilers.azure.arm import Listed, NotFound, Present, Unreadable
from secureml_reconcilers.azure.catalogue import CATALOGUE
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.questions import GraphRows, Listing, Resource, element_id
from secureml_reconcilers.engine.readings import Reading
from secureml_reconcilers.engine.values import get_path

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.azure.arm import Answer, Body
    from secureml_reconcilers.azure.graph_query import GraphQuery
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.questions import Question

S = TypeVar("S")
T = TypeVar("T")
P = ParamSpec("P")


class Unread(Exception):  # noqa: N818 - not an error: it asks the engine to read and call again
    """An aspect touched what has not been read yet."""

    def __init__(self, *questions: Question) -> None:
        """Name what is missing."""
        super().__init__(", ".join(str(question) for question in questions))
        self.questions = questions


@dataclass(slots=True)
class View:
    """What is known of Azure, by id; asking for anything else raises `Unread`."""

    known: Mapping[str, Reading] = field(default_factory=dict)
    """The latest readings, by the key of their question."""

    memo: dict[Hashable, Any] = field(default_factory=dict)
    """What `once` and `worked_out_once` have worked out on this view."""

    complete: bool = False
    """Nothing is unread: what is not there is absent. For tests and for audits of an exported landscape."""

    rows: tuple[Mapping[str, Any], ...] = ()
    """Of a complete view: what every query to Resource Graph finds."""

    is_written_since: Callable[[str, int], bool] = lambda _key, _order: False
    """Whether a resource was written after what has this number was read: what that tells of it is over."""

    last_read: str = ""
    """What a composition looked at last: named when it meets something that it does not understand."""

    @staticmethod
    def of(*bodies: Body, rows: Iterable[Mapping[str, Any]] = ()) -> View:
        """A complete view of exactly these resources, for tests and exports."""
        resources = [(Resource(resource_id(body["id"])), Present(body)) for body in bodies]
        known = {question.key: Reading(question, answer, timedelta(), 0) for question, answer in resources}
        return View(known, complete=True, rows=tuple(rows))

    def answer(self, target: ResourceId) -> Answer:
        """Present, absent or unreadable.

        Raises:
            Unread: when it has not been asked yet.
        """
        self.last_read = target.text
        known = self._answer(target)
        if known is None:
            raise Unread(Resource(target))
        return known

    def ask(self, *targets: ResourceId, outlines: Iterable[ResourceId] = ()) -> None:
        """Have all of these read in one batch: for loops that would otherwise ask for one after the other.

        Args:
            targets: resources of which everything counts.
            outlines: resources of which the outline is enough.

        Raises:
            Unread: naming all of them that have not been asked yet.
        """
        missing = dict.fromkeys(target for target in targets if self._answer(target) is None)
        missing |= dict.fromkeys(
            each for each in outlines if each.key not in self.known and self._answer(each) is None
        )
        if missing:
            raise Unread(*map(Resource, missing))

    def get(self, target: ResourceId) -> Body | None:
        """The resource, or None when Azure says that there is none.

        Raises:
            Unread: when it has not been asked yet.
            AzureProblem: when it cannot be read.
        """
        match self.answer(target):
            case Present(body):
                return body
            case Unreadable(problem):
                raise problem
            case _:
                return None

    def outline(self, target: ResourceId) -> Body | None:
        """The few properties that outlast a pass of a resource that is too large to keep; None when there is none.

        Raises:
            Unread: when it has not been asked yet.
            AzureProblem: when it cannot be read.
        """
        reading = self.known.get(target.key)
        if reading is not None and reading.outlined and isinstance(reading.answer, Present):
            self.last_read = target.text
            return reading.answer.body
        return self.get(target)

    def require(self, target: ResourceId, reason: Reason, advice: str) -> Body:
        """The resource, which must exist.

        Args:
            target: what to read.
            reason: the condition's reason when it is absent, such as `WorkspaceNotFound`.
            advice: what the reader should do then.

        Raises:
            Unread: when it has not been asked yet.
            AzureProblem: when it cannot be read or does not exist.
        """
        body = self.get(target)
        if body is None:
            message = f"{target.text} does not exist."
            raise AzureProblem(reason, message, advice, Retry.SLOW, Severity.USER, target=target)
        return body

    def settled(self, target: ResourceId) -> bool:
        """Whether it exists, and no operation of the service runs on it or failed."""
        answer = self.answer(target)
        return isinstance(answer, Present) and answer.provisioning_state == "succeeded"

    def children(self, parent: ResourceId, kind: str, most: int | None = None) -> tuple[Body, ...]:
        """Every child of one type.

        Args:
            parent: whose.
            kind: the type's last part.
            most: with more than so many the answer is of no use, and it has one more at least.

        Raises:
            Unread: when the collection has not been asked yet.
            AzureProblem: when it cannot be read.
        """
        listing = Listing(parent, kind, most)
        if not self.complete:
            return self._listed(listing)
        prefix = f"{listing.key}/"
        found = (self.known[key] for key in self.known if key.startswith(prefix) and "/" not in key[len(prefix) :])
        return tuple(each.answer.body for each in found if isinstance(each.answer, Present))

    def extensions(self, scope: ResourceId, kind: str, only: str) -> tuple[Body, ...]:
        """What hangs on a scope, on those above it and on those below it, as Azure lists it: role assignments.

        Args:
            scope: a resource group, say.
            kind: the full type.
            only: see `Listing.only`; a complete view knows no filter, so the caller looks himself.

        Raises:
            Unread: when it has not been asked yet.
            AzureProblem: when it cannot be read.
        """
        if not self.complete:
            return self._listed(Listing(scope, kind, only=only))
        found = (self.known[key] for key in self.known if f"/providers/{kind.lower()}/" in key)
        return tuple(each.answer.body for each in found if isinstance(each.answer, Present))

    def graph(self, query: GraphQuery) -> tuple[Mapping[str, Any], ...]:
        """Rows of a Resource Graph query: hints where to look, never a ground for a write.

        Raises:
            Unread: when it has not been asked yet.
            AzureProblem: when it cannot be answered.
        """
        return self.rows if self.complete else self._listed(GraphRows(query))

    def _listed(self, question: Question) -> tuple[Body, ...]:
        self.last_read = question.key
        reading = self.known.get(question.key)
        match reading.answer if reading is not None else None:
            case Listed(items):
                return items
            case Unreadable(problem):
                raise problem
            case _:
                raise Unread(question)

    def _answer(self, target: ResourceId) -> Answer | None:
        reading = self.known.get(target.key)
        if reading is not None:
            return None if reading.outlined else reading.answer
        return NotFound() if self.complete or self._must_be_absent(target) else None

    def _must_be_absent(self, target: ResourceId) -> bool:
        """Whether what was read of others leaves it no place: asking would waste a request."""
        parent = self.known.get(target.parent.key) if target.parent is not None else None
        if parent is not None and _has_no_place_for(target, parent.answer):
            return not self.is_written_since(target.key, parent.order)
        listing = self.known.get(target.collection_key)
        if listing is None or not isinstance(listing.answer, Listed) or _is_cut_short(listing):
            return False
        listed = {element_id(body) for body in listing.answer.items}
        unlisted = target not in listed and None not in listed
        return unlisted and not self.is_written_since(target.key, listing.order)


def _is_cut_short(reading: Reading) -> bool:
    """Whether a listing holds more than was asked for: what it does not show may be on a page that is unread."""
    most = getattr(reading.question, "most", None)
    return most is not None and isinstance(reading.answer, Listed) and len(reading.answer.items) > most


def _has_no_place_for(target: ResourceId, parent: Answer) -> bool:
    """Whether a parent is not there, or says itself that it has no child of this type."""
    if not isinstance(parent, Present):
        return isinstance(parent, NotFound)
    assert target.parent is not None  # noqa: S101 - the caller found its reading
    known = CATALOGUE.get(target.parent.type)
    path = known.child_counts.get(target.type.rpartition("/")[2]) if known is not None else None
    return path is not None and get_path(parent.body, path) == 0


def once(function: Callable[Concatenate[S, View, P], T]) -> Callable[Concatenate[S, View, P], T]:
    """Work a fact out once per view: many aspects ask for the endpoint of a target, and the answer is the same."""

    @wraps(function)
    def remembered(context: S, azure: View, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (function, id(context), args, tuple(sorted(kwargs.items())))
        return cast("T", _remembered(azure, key, lambda: function(context, azure, *args, **kwargs)))

    return remembered


def worked_out_once(
    function: Callable[Concatenate[S, View, P], Iterator[T]],
) -> Callable[Concatenate[S, View, P], Iterator[T]]:
    """The same for a generator of blocks: each caller gets all of them, and one of them pays for the work."""

    @wraps(function)
    def remembered(context: S, azure: View, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        key = (function, id(context), args, tuple(sorted(kwargs.items())))
        yield from _remembered(azure, key, lambda: tuple(function(context, azure, *args, **kwargs)))

    return remembered


def _remembered(azure: View, key: Hashable, work_out: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    """A result from the memo, or worked out now; what it looked at last counts as looked at now."""
    if key not in azure.memo:
        azure.memo[key] = (work_out(), azure.last_read)
    result, azure.last_read = azure.memo[key]
    return result
