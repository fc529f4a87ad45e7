"""Azure as one pass knows it: four answers, never fewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from secureml_reconcilers.azure.arm import NotFound, Present, Unreadable
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from secureml_reconcilers.azure.arm import Answer, Body
    from secureml_reconcilers.azure.resource_id import ResourceId

S = TypeVar("S")
T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Listing:
    """A question about a collection: the children of one type below one resource."""

    parent: ResourceId
    kind: str

    @property
    def path(self) -> str:
        """The collection's path."""
        return f"{self.parent.text}/{self.kind}"

    @property
    def type(self) -> str:
        """The full type of the elements, lower case."""
        return f"{self.parent.type}/{self.kind}".lower()


@dataclass(frozen=True, slots=True)
class Query:
    """A question to Resource Graph: discovery only, for its rows lag behind."""

    subscription: str
    kusto: str


class Unread(Exception):  # noqa: N818 - not an error: it asks the engine to read and call again
    """An aspect touched what has not been read yet."""

    def __init__(self, *questions: ResourceId | Listing | Query) -> None:
        """Name what is missing."""
        super().__init__(", ".join(str(question) for question in questions))
        self.questions = questions


@dataclass(slots=True)
class View:
    """What is known of Azure, by id; asking for anything else raises `Unread`."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    listings: Mapping[Listing, tuple[Body, ...] | AzureProblem] = field(default_factory=dict)
    rows: Mapping[Query, tuple[Mapping[str, Any], ...] | AzureProblem] = field(default_factory=dict)
    memo: dict[Hashable, Any] = field(default_factory=dict)
    """What `once` and `once_each` have worked out on this view."""

    complete: bool = False
    """Nothing is unread: what is not there is absent. For tests and for audits of an exported landscape."""

    @staticmethod
    def of(*bodies: Body, rows: Iterable[Mapping[str, Any]] = ()) -> View:
        """A complete view of exactly these resources, for tests and exports."""
        answers: dict[str, Answer] = {resource_id(body["id"]).key: Present(body) for body in bodies}
        view = View(answers, complete=True)
        view.rows = _Everything(tuple(rows))
        return view

    def answer(self, target: ResourceId) -> Answer:
        """Present, absent or unreadable.

        Raises:
            Unread: when it has not been asked yet.
        """
        known = self._known(target)
        if known is None:
            raise Unread(target)
        return known

    def ask(self, *targets: ResourceId) -> None:
        """Have all of these read in one batch: for loops that would otherwise ask for one after the other.

        Raises:
            Unread: naming all of them that have not been asked yet.
        """
        missing = dict.fromkeys(target for target in targets if self._known(target) is None)
        if missing:
            raise Unread(*missing)

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

    def require(self, target: ResourceId, reason: str, advice: str) -> Body:
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
        """Whether it exists and no operation of the service runs on it."""
        answer = self.answer(target)
        return isinstance(answer, Present) and answer.provisioning_state == "succeeded"

    def children(self, parent: ResourceId, kind: str) -> tuple[Body, ...]:
        """Every child of one type.

        Raises:
            Unread: when the collection has not been asked yet.
            AzureProblem: when it cannot be read.
        """
        listing = Listing(parent, kind)
        if self.complete:
            prefix = f"{listing.path.lower()}/"
            found = (
                self.answers[key]
                for key in self.answers
                if key.startswith(prefix) and "/" not in key[len(prefix) :]
            )
            return tuple(answer.body for answer in found if isinstance(answer, Present))
        return _known(self.listings, listing)

    def graph(self, subscription: str, kusto: str) -> tuple[Mapping[str, Any], ...]:
        """Rows of a Resource Graph query: hints where to look, never a ground for a write.

        Raises:
            Unread: when it has not been asked yet.
            AzureProblem: when it cannot be answered.
        """
        return _known(self.rows, Query(subscription, kusto))

    def _known(self, target: ResourceId) -> Answer | None:
        known = self.answers.get(target.key)
        if known is not None:
            return known
        # A child of something absent is absent; asking would waste a request.
        gone = target.parent is not None and isinstance(self.answers.get(target.parent.key), NotFound)
        return NotFound() if gone or self.complete else None


def once(function: Callable[Concatenate[S, View, P], T]) -> Callable[Concatenate[S, View, P], T]:
    """Work a fact out once per view: many aspects ask for the endpoint of a way, and the answer is the same."""

    @wraps(function)
    def remembered(site: S, azure: View, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (function, id(site), args)
        if key not in azure.memo:
            azure.memo[key] = function(site, azure, *args, **kwargs)
        return cast("T", azure.memo[key])

    return remembered


def once_each(
    function: Callable[Concatenate[S, View, P], Iterator[T]],
) -> Callable[Concatenate[S, View, P], Iterator[T]]:
    """The same for a generator of blocks: every caller gets the blocks, one of them pays for the work."""

    @wraps(function)
    def remembered(site: S, azure: View, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        key = (function, id(site), args)
        if key not in azure.memo:
            azure.memo[key] = tuple(function(site, azure, *args, **kwargs))
        yield from azure.memo[key]

    return remembered


def _known(answers: Mapping[Any, Any], question: Listing | Query) -> tuple[Any, ...]:
    if question not in answers:
        raise Unread(question)
    found = answers[question]
    if isinstance(found, AzureProblem):
        raise found
    return tuple(found)


class _Everything(dict[Query, "tuple[Mapping[str, Any], ...] | AzureProblem"]):
    """Answers every query with the same rows: a test says what the graph shows, not how it was asked."""

    def __init__(self, rows: tuple[Mapping[str, Any], ...]) -> None:
        super().__init__()
        self._rows = rows

    def __contains__(self, question: object) -> bool:
        return True

    def __missing__(self, question: Query) -> tuple[Mapping[str, Any], ...]:
        return self._rows
