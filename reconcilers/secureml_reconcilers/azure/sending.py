"""Sends requests through the pipelines of the management clients, within the budget, and counts them.

The pipeline is ours: no retries (the queue waits, never a worker) and no automatic provider registration (a
hidden write).
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import aiohttp
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.problem import AzureProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure.core.rest import AsyncHttpResponse

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.throttle import Requester, Throttle

_log = logging.getLogger(__name__)

_HEADERS: Final = {"Accept": "application/json", "User-Agent": "secureml-operator"}

GRAPH: Final = "graph"
"""The type by which queries are counted; Resource Graph has a quota of its own, which its 429 reports."""


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


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to send."""

    method: str
    url: str
    """A path with its query; or the whole URL, as Azure names it for operations and further pages."""

    type: str
    """The resource type in lower case, or `operation` or `graph`."""

    client: str
    """Which management client sends it."""

    body: Body | None = None
    headers: Mapping[str, str] | None = None

    @property
    def path(self) -> str:
        """Without the query, for messages."""
        return self.url.partition("?")[0]


class Sender:
    """Everybody's way to Azure."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        base_url: str,
        throttle: Throttle,
        on_request: Callable[[ArmRequest], None],
    ) -> None:
        """Use management clients that share one transport; see `connection.open_arm`."""
        self._clients = clients
        self._base_url = base_url
        self._host = _host_of(base_url)
        self._throttle = throttle
        self._on_request = on_request

    def leads_elsewhere(self, url: str) -> bool:
        """Whether a URL that an answer names is none of Resource Manager: our token must not go there."""
        return not url.startswith("/") and _host_of(url) != self._host

    async def send(self, ask: Ask, requester: Requester | None) -> AsyncHttpResponse:
        """Send one request, if the budget allows.

        Args:
            ask: what to send.
            requester: whose turn in the line for the budget it takes.

        Raises:
            AzureProblem: when the budget is spent, or when there is no token.
            AzureError: when no answer came.
        """
        if self.leads_elsewhere(ask.url):
            raise AzureProblem(
                reasons.UNEXPECTED_ANSWER, f"Azure goes on at another host: {ask.path}", "Nothing to do."
            )
        subscription = _subscription_in(ask.path)
        if ask.type != GRAPH:
            self._throttle.take(subscription, ask.method, requester)
        correlation = str(uuid.uuid4())
        ids = {"x-ms-correlation-request-id": correlation, "x-ms-client-request-id": correlation}
        url = f"{self._base_url}{ask.url}" if ask.url.startswith("/") else ask.url
        request = _Request(ask.method, url, json=ask.body, headers={**_HEADERS, **ids, **(ask.headers or {})})
        started = time.monotonic()
        status = 0
        try:
            response = await self._answer(ask.client, request)
            status = response.status_code
        finally:
            self._report(ArmRequest(ask.type, ask.method, status, time.monotonic() - started), ask, correlation)
        if ask.type != GRAPH:
            self._throttle.learn(subscription, ask.method, status, response.headers)
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

    def _report(self, request: ArmRequest, ask: Ask, correlation: str) -> None:
        self._on_request(request)
        level = logging.INFO if request.method in {"PUT", "PATCH", "DELETE"} else logging.DEBUG
        if not _log.isEnabledFor(level):
            return
        said = (request.method, ask.path, request.status or "no answer")
        seconds = round(request.seconds, 3)
        extra = {"arm_status": request.status, "arm_seconds": seconds, "arm_correlation_id": correlation}
        _log.log(level, "%s %s -> %s", *said, extra=extra)


class _Request(HttpRequest):
    """Made for one call and held by nobody else, so the clients need not copy it before they send it."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> _Request:
        return self


def _host_of(url: str) -> tuple[str, str | None, int] | None:
    """Scheme, host and port; None for what is no URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), parts.hostname, parts.port or 443
    except ValueError:
        return None


def _subscription_in(path: str) -> str:
    parts = path.lower().partition("/subscriptions/")[2]
    return parts.partition("/")[0]
