"""Azure Resource Manager over the management clients' own pipelines.

Requests go through `send_request` of the generated clients and bodies stay plain JSON: a typed model drops
what its version does not know, and what is dropped on a read is erased by the next PUT. The pipeline is
ours: no retries (the queue waits, never a worker) and no automatic provider registration (a hidden write).
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

import aiohttp
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from secureml_reconcilers.azure.arm import ABSENT_CODES, TERMINAL, Accepted, Body, NotFound, Present, Verb
from secureml_reconcilers.azure.catalogue import CATALOGUE, GRAPH_API_VERSION, type_info
from secureml_reconcilers.azure.errors import classify, from_error
from secureml_reconcilers.azure.problem import AzureProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from azure.core.rest import AsyncHttpResponse

    from secureml_reconcilers.azure.graph_query import GraphQuery
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.azure.throttle import Throttle

_log = logging.getLogger(__name__)


_HEADERS: Final = {"Accept": "application/json", "User-Agent": "secureml-operator"}

_HANDLE_LOST: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Answers to an operation's handle that will not change: it expired, or may not be read with our role."""


@dataclass(frozen=True, slots=True)
class ArmRequest:
    """One request, for metrics."""

    type: str
    """The resource type in lower case, or `operation` or `graph`."""

    method: str
    status: int
    """The HTTP status; 0 when no answer came."""

    seconds: float

    @property
    def throttled(self) -> bool:
        """Azure asked us to slow down."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS


class _Request(HttpRequest):
    """Made for one call and held by nobody else, so the clients need not copy it before they send it."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> _Request:
        return self


class ArmClient:
    """The engine's `Arm`, over HTTPS."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        base_url: str,
        throttle: Throttle,
        on_request: Callable[[ArmRequest], None],
        ourselves: Container[str],
    ) -> None:
        """Wrap management clients that share one transport; see `connection.open_arm`."""
        self._ourselves = ourselves
        self._clients = clients
        self._base_url = base_url
        self._throttle = throttle
        self._on_request = on_request

    async def read(self, target: ResourceId) -> Present | NotFound:
        """See `Arm.read`."""
        response = await self._send("GET", target.text, type_info(target).api_version, target)
        if response.status_code == HTTPStatus.OK:
            return Present(_object(response, target))
        problem = _problem(response, target)
        if response.status_code == HTTPStatus.NOT_FOUND and problem.code in ABSENT_CODES:
            return NotFound()
        raise problem

    async def list_all(self, collection: str, type_name: str) -> list[Body]:
        """See `Arm.list_all`."""
        version = CATALOGUE[type_name.lower()].api_version
        url: str | None = f"{collection}?api-version={version}"
        found: list[Body] = []
        while url:
            response = await self._send_url("GET", url, type_name.lower(), CATALOGUE[type_name.lower()].client)
            if response.status_code != HTTPStatus.OK:
                raise _problem(response, None)
            page = _object(response, None)
            found += page.get("value", [])
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
        headers = {"If-Match": if_match} if if_match else {}
        if create_only and type_info(target).create_only_header:
            headers["If-None-Match"] = "*"
        response = await self._send(
            verb, target.text, type_info(target).api_version, target, body=body, headers=headers
        )
        if response.status_code not in {200, 201, 202, 204}:
            raise _problem(response, target)
        shown = _shown(response)
        poll_url = response.headers.get("Azure-AsyncOperation") or response.headers.get("Location")
        state = str(((shown or {}).get("properties") or {}).get("provisioningState") or "succeeded").lower()
        # A 200 whose body is settled is done even when it carries an operation header (tag-only updates).
        running = response.status_code == HTTPStatus.ACCEPTED or state not in TERMINAL
        return Accepted(shown, running, poll_url)

    def is_us(self, changed_by: str) -> bool:
        """See `Arm.is_us`."""
        return changed_by in self._ourselves

    async def operation_problem(
        self, poll_url: str, target: ResourceId
    ) -> AzureProblem | Literal["running", "unknown"] | None:
        """See `Arm.operation_problem`."""
        response = await self._send_url("GET", poll_url, "operation", "resources")
        if response.status_code in _HANDLE_LOST:
            return "unknown"
        shown = _shown(response) or {}
        status = str(shown.get("status", "")).lower()
        if status in {"failed", "canceled"}:
            return from_error(shown.get("error") or {"message": f"The operation ended {status}."}, 0, target)
        if status == "succeeded" or (response.status_code in {200, 201, 204} and not status):
            return None
        return "running"

    async def query(self, query: GraphQuery) -> list[Mapping[str, Any]]:
        """See `Arm.query`."""
        subscription = query.subscription
        body: Body = {
            "subscriptions": [subscription],
            "query": query.kusto,
            "options": {"resultFormat": "objectArray"},
        }
        rows: list[Mapping[str, Any]] = []
        url = f"/providers/Microsoft.ResourceGraph/resources?api-version={GRAPH_API_VERSION}"
        while True:
            response = await self._send_url(
                "POST", url, "graph", "resources", subscription=subscription, body=body
            )
            if response.status_code != HTTPStatus.OK:
                # Its quota is its own: what asks nothing of it goes on.
                raise replace(_problem(response, None), throttled=False)
            page = _object(response, None)
            rows += page.get("data", [])
            token = page.get("$skipToken")
            if not token:
                return rows
            body = {**body, "options": {**body["options"], "$skipToken": token}}

    async def _send(  # noqa: PLR0913 - one request has this many parts
        self,
        method: str,
        path: str,
        version: str,
        target: ResourceId,
        *,
        body: Body | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncHttpResponse:
        return await self._send_url(
            method,
            f"{path}?api-version={version}",
            target.type,
            type_info(target).client,
            subscription=target.subscription,
            body=body,
            headers=headers,
        )

    async def _send_url(  # noqa: PLR0913
        self,
        method: str,
        url: str,
        type_name: str,
        client: str,
        *,
        subscription: str = "",
        body: Body | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncHttpResponse:
        subscription = subscription or _subscription_in(url)
        if type_name != "graph":  # Resource Graph has a quota of its own, which its 429 reports
            self._throttle.take(subscription, method)
        absolute = url if url.startswith("https://") else f"{self._base_url}{url}"
        correlation = str(uuid.uuid4())
        ids = {"x-ms-correlation-request-id": correlation, "x-ms-client-request-id": correlation}
        request = _Request(method, absolute, json=body, headers={**_HEADERS, **ids, **(headers or {})})
        started = time.monotonic()
        status = 0
        try:
            response = await self._answer(client, request)
            status = response.status_code
        except AzureError as error:
            raise _unanswered(error, method, url) from error
        finally:
            self._report(ArmRequest(type_name, method, status, time.monotonic() - started), url, correlation)
        if type_name != "graph":
            self._throttle.learn(subscription, method, status, response.headers)
        return response

    async def _answer(self, client: str, request: HttpRequest) -> AsyncHttpResponse:
        """Send; a read on a kept connection that the other side had closed meanwhile is sent once more."""
        try:
            return await self._clients[client].send_request(request)  # type: ignore[no-any-return]
        except AzureError as error:
            closed = isinstance(error.inner_exception, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
            refused = isinstance(error.inner_exception, aiohttp.ClientConnectorError)
            if request.method != "GET" or not closed or refused:
                raise
            return await self._clients[client].send_request(request)  # type: ignore[no-any-return]

    def _report(self, request: ArmRequest, url: str, correlation: str) -> None:
        self._on_request(request)
        level = logging.INFO if request.method in {"PUT", "PATCH", "DELETE"} else logging.DEBUG
        if not _log.isEnabledFor(level):
            return
        _log.log(
            level,
            "%s %s -> %s",
            request.method,
            url.split("?", 1)[0],
            request.status or "no answer",
            extra={
                "arm_status": request.status,
                "arm_seconds": round(request.seconds, 3),
                "arm_correlation_id": correlation,
            },
        )


def _subscription_in(url: str) -> str:
    path = url.split("?", 1)[0].lower()
    return path.split("/subscriptions/", 1)[1].split("/", 1)[0] if "/subscriptions/" in path else ""


def _unanswered(error: AzureError, method: str, url: str) -> AzureProblem:
    """No answer came. A request that was never sent has a known outcome; a lost answer has not."""
    return AzureProblem(
        "AzureUnreachable",
        f"{method} {url.split('?', 1)[0]} got no answer: {error.message or type(error).__name__}",
        "Nothing to do if it passes: it is read again before anything is repeated.",
        # A refused connection sent nothing; azure-core files a connection cut later under the same class.
        outcome_unknown=method != "GET" and not isinstance(error.inner_exception, aiohttp.ClientConnectorError),
    )


def _problem(response: AsyncHttpResponse, target: ResourceId | None) -> AzureProblem:
    return classify(response.status_code, dict(response.headers), response.content, target)


def _object(response: AsyncHttpResponse, target: ResourceId | None) -> Body:
    """The answer's JSON object.

    Raises:
        AzureProblem: when the body is anything else; a body we cannot parse is no answer.
    """
    shown = _shown(response)
    if shown is None:
        raise AzureProblem(
            "UnreadableAnswer",
            "Azure answered 200 with a body that is no JSON object.",
            "Nothing to do.",
            target=target,
        )
    return shown


def _shown(response: AsyncHttpResponse) -> Body | None:
    try:
        parsed = json.loads(response.content)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and parsed else None
