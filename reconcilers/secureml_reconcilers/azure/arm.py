"""What the engine asks of Azure, and the answers there can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from secureml_reconcilers.azure.graph_query import GraphQuery
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.azure.scopes import Scopes

Body = dict[str, Any]
"""A resource as ARM shows it."""

TERMINAL = frozenset({"succeeded", "failed", "canceled"})
"""Provisioning states that do not change by themselves; a missing state means Succeeded (ARM contract)."""


ABSENT_CODES = frozenset(
    {
        "ResourceNotFound",
        "NotFound",
        "ParentResourceNotFound",
        "ResourceGroupNotFound",
        "RoleAssignmentNotFound",
    }
)
"""The 404s that prove absence. SubscriptionNotFound, say, proves only that we cannot see it."""


@dataclass(frozen=True, slots=True)
class Present:
    """The resource exists."""

    body: Body

    @property
    def provisioning_state(self) -> str:
        """In lower case; `succeeded` when the service does not say."""
        properties = self.body.get("properties") or {}
        return str(properties.get("provisioningState") or "succeeded").lower()

    @property
    def is_terminal(self) -> bool:
        """No operation of the service is running on it; the last one may have failed."""
        return self.provisioning_state in TERMINAL


@dataclass(frozen=True, slots=True)
class NotFound:
    """The service says that there is no such resource: a 404 with an ARM error that means just that."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Could not tell: forbidden, throttled, broken."""

    problem: AzureProblem


@dataclass(frozen=True, slots=True)
class Listed:
    """What a listing or a query found."""

    items: tuple[Body, ...]


Answer = Present | NotFound | Unreadable | Listed
"""What can be answered; that something is unread is the lack of an answer."""

Verb = Literal["PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A write that Azure took."""

    body: Body | None
    """The resource as the answer showed it, when it did."""

    running: bool
    """A long-running operation goes on; the resource must be read again later."""

    poll_url: str | None = None
    """Where the operation's result can be read while we remember it; never needed, never stored."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How Azure answers a question on which it works for a while."""

    body: Body | None
    """The answer; None while Azure works on it."""

    handle: str = ""
    """Where the answer will be read; never stored, for whoever lost it asks anew."""

    wait: timedelta | None = None
    """When Azure asked to be asked again."""


class Arm(Protocol):
    """Azure Resource Manager, as the engine sees it."""

    async def read(self, target: ResourceId) -> Present | NotFound:
        """GET one resource.

        Raises:
            AzureProblem: for every answer that tells neither presence nor absence.
        """

    async def list_all(
        self, collection: str, type_name: str, most: int | None = None, only: str = ""
    ) -> list[Body]:
        """GET a whole collection, following every page.

        Args:
            collection: the path of the collection, such as `<endpoint id>/privateDnsZoneGroups`.
            type_name: the full type of its elements, for the API version.
            most: once more than so many were found, no further page is asked for.
            only: a `$filter` that the service documents for this collection.

        Raises:
            AzureProblem: when any page cannot be read.
        """

    async def write(
        self,
        verb: Verb,
        target: ResourceId,
        body: Body | None,
        *,
        if_match: str | None = None,
        create_only: bool = False,
    ) -> Accepted:
        """Begin one write; returns as soon as Azure took it.

        Args:
            verb: PUT, PATCH or DELETE.
            target: what to write.
            body: the request body; None for DELETE.
            if_match: an etag that must still be current.
            create_only: send `If-None-Match: *`, so that nothing existing is overwritten.

        Raises:
            AzureProblem: when Azure refused, or when the answer was lost (`outcome_unknown`).
        """

    async def operation_problem(
        self, poll_url: str, target: ResourceId
    ) -> AzureProblem | Literal["running", "unknown"] | None:
        """Ask how a long-running operation ended: a problem, or None for success.

        It may also be "running", or "unknown": the handle can be read no more, and the resource must tell.
        """

    async def post(self, target: ResourceId, action: str, body: Body) -> Reply:
        """Have a resource do something that changes nothing, such as look for its own faults; waits for nothing.

        Args:
            target: the resource.
            action: the last part of the path, as the provider spells it.
            body: of the request.

        Raises:
            AzureProblem: when Azure refused, or answered in no way that can be understood.
        """

    async def reply(self, handle: str, target: ResourceId) -> Reply:
        """Ask for the answer to a `post` that Azure took.

        Raises:
            AzureProblem: when it ended badly, or its handle can be read no more.
        """

    async def query(self, query: GraphQuery) -> list[Mapping[str, Any]]:
        """Ask Resource Graph, for discovery and attribution only: its rows lag behind.

        Raises:
            AzureProblem: when the query cannot be answered.
        """

    def is_us(self, changed_by: str) -> bool:
        """Whether the change log names the identity that we write with."""


class ArmSource(Protocol):
    """Gives each pass an `Arm` of its own."""

    def within(self, requester: str, scopes: Scopes) -> AbstractContextManager[Arm]:
        """An `Arm` for one pass over the custom resource `requester`, which lets nothing through outside `scopes`.

        What lies outside raises an `AzureProblem` with the reason OutsideScope.
        """
