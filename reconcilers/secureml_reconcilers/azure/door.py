"""The way through which everything goes that one pass asks of Azure.

Bodies stay plain JSON: a typed model drops what its version does not know, and what is dropped on a read is
erased by the next PUT.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from urllib.parse import quote

from secureml_reconcilers.azure.answers import (
    problem_in,
    reply_in,
    resource_in,
    rows_in,
    shown_in,
    understood,
)
from secureml_reconcilers.azure.arm import ABSENT_CODES, TERMINAL, Accepted, Body, NotFound, Present, Reply, Verb
from secureml_reconcilers.azure.catalogue import CATALOGUE, GRAPH_API_VERSION, type_info
from secureml_reconcilers.azure.errors import from_error
from secureml_reconcilers.azure.sending import GRAPH, Ask

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from azure.core.rest import AsyncHttpResponse

    from secureml_reconcilers.azure.graph_query import GraphQuery
    from secureml_reconcilers.azure.ml import MachineLearning
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.azure.scopes import Scopes
    from secureml_reconcilers.azure.sending import Sender
    from secureml_reconcilers.azure.throttle import Requester

_log = logging.getLogger(__name__)

_HANDLE_LOST: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Answers to an operation's handle that will not change: it expired, or may not be read with our role."""


class Door:
    """An `Arm` that asks for one requester, and lets nothing through outside of its scopes."""

    def __init__(
        self,
        sender: Sender,
        ourselves: Container[str],
        requester: Requester | None,
        scopes: Scopes,
        ml: MachineLearning | None = None,
    ) -> None:
        """Open a door; see `ArmClient.within`.

        Args:
            sender: sends the requests.
            ourselves: the names under which the change log knows us.
            requester: the pass whose turn in the line for the budget the requests take.
            scopes: where it may read and write.
            ml: the way through azure-ai-ml, where the connection has one.
        """
        self._sender = sender
        self._ourselves = ourselves
        self._requester = requester
        self._scopes = scopes
        self._ml = ml

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the pass: what its turn left over of the budget goes to the next in line."""
        if self._requester is not None:
            self._requester.over = True

    async def read(self, target: ResourceId) -> Present | NotFound:
        """See `Arm.read`."""
        self._scopes.admit(target.text)
        info = type_info(target)
        with understood("GET", target.text, target):
            url = f"{target.text}?api-version={info.api_version}"
            response = await self._send(Ask("GET", url, target.type, info.client))
            if response.status_code == HTTPStatus.OK:
                return Present(resource_in(response, target))
            problem = problem_in(response, target)
            if response.status_code == HTTPStatus.NOT_FOUND and problem.code in ABSENT_CODES:
                return NotFound()
            raise problem

    async def list_all(
        self, collection: str, type_name: str, most: int | None = None, only: str = ""
    ) -> list[Body]:
        """See `Arm.list_all`."""
        self._scopes.admit(collection)
        kind = type_name.lower()
        info = CATALOGUE[kind]
        chosen = f"&$filter={quote(only)}" if only else ""
        url: str | None = f"{collection}?api-version={info.api_version}{chosen}"
        found: list[Body] = []
        with understood("GET", collection):
            while url and (most is None or len(found) <= most):
                response = await self._send(Ask("GET", url, kind, info.client))
                if response.status_code != HTTPStatus.OK:
                    raise problem_in(response, None)
                rows, page = rows_in(response, "value")
                found += rows
                url = page.get("nextLink")
        return found

    async def write(
        self,
        verb: Verb,
        target: ResourceId,
        body: Body | None,
        *,
        if_match: str | None = None,
        create_only: bool = False,
    ) -> Accepted:
        """See `Arm.write`."""
        self._scopes.admit(target.text)
        info = type_info(target)
        headers = {"If-Match": if_match} if if_match else {}
        if create_only and info.create_only_header:
            headers["If-None-Match"] = "*"
        with understood(verb, target.text, target):
            url = f"{target.text}?api-version={info.api_version}"
            response = await self._send(Ask(verb, url, target.type, info.client, body, headers))
            if response.status_code not in {200, 201, 202, 204}:
                raise problem_in(response, target)
            shown = shown_in(response)
            poll_url = response.headers.get("Azure-AsyncOperation") or response.headers.get("Location")
            state = str(((shown or {}).get("properties") or {}).get("provisioningState") or "succeeded").lower()
            # A 200 in a terminal state is done even when it carries an operation header (tag-only updates).
            running = response.status_code == HTTPStatus.ACCEPTED or state not in TERMINAL
            return Accepted(shown, running, poll_url)

    async def operation_problem(
        self, poll_url: str, target: ResourceId
    ) -> AzureProblem | Literal["running", "unknown"] | None:
        """See `Arm.operation_problem`."""
        if self._sender.leads_elsewhere(poll_url):
            _log.warning("The operation of %s is not asked how it goes: its handle names another host", target)
            return "unknown"
        with understood("GET", f"the operation of {target}", target):
            response = await self._send(Ask("GET", poll_url, "operation", "resources"))
            if response.status_code in _HANDLE_LOST:
                return "unknown"
            shown = shown_in(response) or {}
            status = str(shown.get("status", "")).lower()
            if status in {"failed", "canceled"}:
                return from_error(shown.get("error") or {"message": f"The operation ended {status}."}, 0, target)
            if status == "succeeded" or (response.status_code in {200, 201, 204} and not status):
                return None
            return "running"

    async def post(self, target: ResourceId, action: str, body: Body) -> Reply:
        """See `Arm.post`."""
        self._scopes.admit(target.text)
        info = type_info(target)
        with understood("POST", f"{target.text}/{action}", target):
            url = f"{target.text}/{action}?api-version={info.api_version}"
            return reply_in(await self._send(Ask("POST", url, target.type, info.client, body)), target)

    async def reply(self, handle: str, target: ResourceId) -> Reply:
        """See `Arm.reply`."""
        self._scopes.admit(target.text)
        with understood("GET", f"the answer of {target}", target):
            response = await self._send(Ask("GET", handle, "operation", "resources"))
            return reply_in(response, target, handle)

    async def query(self, query: GraphQuery) -> list[Mapping[str, Any]]:
        """See `Arm.query`."""
        self._scopes.admit_query(query.subscription)
        options = {"resultFormat": "objectArray"}
        body: Body = {"subscriptions": [query.subscription], "query": query.kusto, "options": options}
        url = f"/providers/Microsoft.ResourceGraph/resources?api-version={GRAPH_API_VERSION}"
        rows: list[Mapping[str, Any]] = []
        with understood("POST", f"a query of subscription {query.subscription}"):
            while True:
                response = await self._send(Ask("POST", url, GRAPH, "resources", body))
                if response.status_code != HTTPStatus.OK:
                    # Its quota is its own: what asks nothing of it goes on.
                    raise replace(problem_in(response, None), throttled=False)
                found, page = rows_in(response, "data")
                rows += found
                token = page.get("$skipToken")
                if not token:
                    return rows
                body = {**body, "options": {**options, "$skipToken": token}}

    def is_us(self, changed_by: str) -> bool:
        """See `Arm.is_us`."""
        return changed_by in self._ourselves

    @property
    def ml(self) -> MachineLearning:
        """What goes through azure-ai-ml: for the same requester, and within the same scopes.

        Raises:
            LookupError: when the connection was made without it.
        """
        if self._ml is None:
            raise LookupError("this connection was made without azure-ai-ml")
        return self._ml.within(self._requester, self._scopes)

    async def _send(self, ask: Ask) -> AsyncHttpResponse:
        return await self._sender.send(ask, self._requester)
