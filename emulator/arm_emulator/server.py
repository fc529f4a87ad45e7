"""The path of one request through the emulator: every stage, in order, in `Server.stages`."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from arm_emulator import deletes, guards, ids, metadata, reads, refusals, writes
from arm_emulator.entra import TokenError
from arm_emulator.errors import ArmError, gateway
from arm_emulator.model import Answer, Call, Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arm_emulator.control import Control
    from arm_emulator.entra import Entra
    from arm_emulator.faults import Faults
    from arm_emulator.hooks import Context, Route
    from arm_emulator.model import JsonObject
    from arm_emulator.requestlog import Entry, RequestLog
    from arm_emulator.throttling import Throttles

_LOGGER = logging.getLogger(__name__)
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z][a-z0-9.-]*)?", re.IGNORECASE)
_WRITES = frozenset({"PUT", "PATCH", "POST"})
_GRAPH = "/providers/microsoft.resourcegraph/resources"


class _CutError(Exception):
    """A fault that closes the connection without an answer."""


class Exchange:
    """One request on its way: what the stages learn and pass on."""

    __slots__ = ("answer", "call", "entry", "extra", "fault", "form", "request", "subscription")

    def __init__(self, request: web.BaseRequest, call: Call, entry: Entry, form: dict[str, str]) -> None:
        self.request = request
        self.call = call
        self.entry = entry
        self.form = form
        self.extra: dict[str, str] = {}
        self.fault: JsonObject | None = None
        self.subscription = ""


class Server:
    """Serves requests against one context.

    Args:
        ctx: the world.
        routes: paths outside the resource tree, in order.
        entra: identity platform.
        log: request log.
        faults: scripted faults.
        throttles: request limits.
        graph: answers a Resource Graph query: `(call) -> Answer`.
        control: the `/emulator` endpoints.
    """

    def __init__(  # noqa: PLR0913 - the parts it joins
        self,
        *,
        ctx: Context,
        routes: Sequence[Route],
        entra: Entra,
        log: RequestLog,
        faults: Faults,
        throttles: Throttles,
        graph: Callable[[Call], Answer],
        control: Control,
    ) -> None:
        self._ctx, self._routes, self._entra, self._log = ctx, routes, entra, log
        self._faults, self._throttles, self._graph, self._control = faults, throttles, graph, control
        self.stages = (
            self._inject,
            self._authenticate,
            self._refuse,
            self._check_api_version,
            self._throttle,
        )
        """What every ARM request passes, in this order, before it is routed, authorized and handled."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one request; the only entry from the web server."""
        started = time.perf_counter()
        raw = await request.read()
        call = _call(request)
        self._ctx.operations.settle(self._ctx.clock.now())
        if call.path.startswith("/emulator/"):
            return _response(self._control.serve(call, raw, request.remote or ""))
        entry = self._log.open(call.method, request.raw_path, self._ctx.clock.now())
        entry.correlation_id = call.correlation_id
        form = dict(parse_qsl(raw.decode("utf-8", "replace"))) if _is_form(call) else {}
        exchange = Exchange(request, call, entry, form)
        try:
            answer = await self._serve(exchange, raw)
        except _CutError:
            entry.seconds = time.perf_counter() - started
            return _cut(request)
        entry.status = answer.status
        if answer.body and answer.status >= 400:  # noqa: PLR2004 - what is no success
            error = answer.body.get("error", answer.body)  # Entra ID's is a text
            entry.error = str(error.get("code", "")) if isinstance(error, dict) else ""
        response = _response(answer, _common(call, entry, exchange.extra))
        entry.seconds = time.perf_counter() - started
        return response

    async def _serve(self, exchange: Exchange, raw: bytes) -> Answer:
        call = exchange.call
        try:
            anonymous = self._anonymous(exchange)
            if anonymous is not None:
                return anonymous
            self._identify(exchange)
            for stage in self.stages:
                answer = stage(exchange)
                if answer is not None:
                    return answer
            await self._wait(exchange)
            if call.method in _WRITES:
                call.body = _json(raw)
                exchange.entry.body = call.body
            answer = self._route(call)
        except reads.UnservedError as problem:
            self._log.note_unserved(f"{call.method} {call.path} {call.api_version}".strip())
            return Answer(problem.status, problem.envelope(), problem.headers())
        except ArmError as problem:
            return Answer(problem.status, problem.envelope(), problem.headers())
        except _CutError:
            raise
        except Exception as problem:  # the emulator's own mistake must be seen, not look like Azure's
            _LOGGER.exception("%s %s", call.method, call.path)
            self._log.note_unserved(f"{call.method} {call.path}: {problem!r}")
            mistake = ArmError(500, "EmulatorError", f"The emulator failed: {problem!r}")
            return Answer(500, mistake.envelope(), mistake.headers())
        if exchange.fault and exchange.fault.get("lose_answer"):
            raise _CutError
        return answer

    def _anonymous(self, exchange: Exchange) -> Answer | None:
        call = exchange.call
        if call.path.lower().rstrip("/") == "/metadata/endpoints":
            body = metadata.endpoints(call.base_url, self._ctx.config.tenant, call.api_version)
            return Answer(200, raw=json.dumps(body), headers={"Content-Type": "application/json"})
        answer = self._entra.serve(call, exchange.form)
        if answer is None or self._faults_hit(exchange) is None:
            return answer
        return self._inject(exchange) or answer

    def _identify(self, exchange: Exchange) -> None:
        # The log and the faults want to know the caller before authentication is enforced.
        try:
            exchange.call.caller = self._entra.authenticate(exchange.call.headers.get("authorization", ""))
            exchange.entry.caller = exchange.call.caller
        except TokenError:
            exchange.entry.caller = None
        self._faults_hit(exchange)

    def _faults_hit(self, exchange: Exchange) -> JsonObject | None:
        url = exchange.request.raw_path
        if self._faults.rules:
            exchange.fault = self._faults.pick(exchange.call.method, url, exchange.entry.caller)
        if exchange.fault:
            exchange.entry.fault = next(iter(exchange.fault))
        return exchange.fault

    def _inject(self, exchange: Exchange) -> Answer | None:
        fault = exchange.fault
        if not fault:
            return None
        if fault.get("drop"):
            raise _CutError
        exchange.call.fail_operation = fault.get("fail_operation")
        exchange.call.slow_operation = float(fault.get("slow_operation") or 1.0)
        if not fault.get("status"):
            return None
        headers = {str(k): str(v) for k, v in (fault.get("headers") or {}).items()}
        if fault.get("body") is not None:
            if fault.get("retry_after") is not None:
                headers["Retry-After"] = str(fault["retry_after"])
            return Answer(int(fault["status"]), None, {"Content-Type": "text/html", **headers}, fault["body"])
        problem = ArmError(
            int(fault["status"]),
            str(fault.get("code", "InternalServerError")),
            str(fault.get("message", "An injected fault.")),
            details=fault.get("details", ()),
            retry_after=fault.get("retry_after"),
            headers=headers,
        )
        return Answer(problem.status, problem.envelope(), problem.headers())

    def _authenticate(self, exchange: Exchange) -> Answer | None:
        if exchange.entry.caller is not None:
            return None
        call = exchange.call
        try:
            self._entra.authenticate(call.headers.get("authorization", ""))
        except TokenError as problem:
            challenge = (
                f'Bearer authorization_uri="{call.base_url}/{self._ctx.config.tenant}", '
                f'error="invalid_token", error_description="{problem}"'
            )
            error = ArmError(
                401, problem.code, str(problem), headers={"WWW-Authenticate": challenge}, failure_cause="gateway"
            )
            return Answer(401, error.envelope(), error.headers())
        return None

    def _refuse(self, exchange: Exchange) -> Answer | None:
        refusals.check(exchange.call)
        return None

    def _check_api_version(self, exchange: Exchange) -> Answer | None:
        version = exchange.call.api_version
        if not version:
            raise gateway(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if not _API_VERSION.fullmatch(version):
            raise gateway(
                400,
                "InvalidApiVersionParameter",
                f"The api-version '{version}' is invalid. The supported versions have the form "
                "'yyyy-mm-dd' with an optional suffix such as '-preview'.",
            )
        return None

    def _throttle(self, exchange: Exchange) -> Answer | None:
        call = exchange.call
        lowered = call.path.lower()
        if lowered == _GRAPH:
            exchange.extra.update(self._throttles.take_query(call.caller.object_id))
            return None
        subscription = lowered.split("/")[2] if lowered.startswith("/subscriptions/") else ""
        exchange.extra.update(self._throttles.take(call.caller.object_id, subscription, call.method))
        return None

    async def _wait(self, exchange: Exchange) -> None:
        if exchange.fault and exchange.fault.get("delay"):
            clock = self._ctx.clock
            await clock.sleep_until(clock.now() + float(exchange.fault["delay"]))
            self._ctx.operations.settle(clock.now())

    def _route(self, call: Call) -> Answer:
        ctx = self._ctx
        lowered = call.path.lower()
        if call.method == "GET":
            polled = ctx.operations.poll(call.path, call.query, call.base_url, ctx.now)
            if polled is not None:
                return polled
        if lowered == _GRAPH and call.method == "POST":
            return self._graph(call)
        guards.check_version(ctx, call, ids.split(call.path))
        for route in self._routes:
            match = route.pattern.fullmatch(call.path) if route.method == call.method else None
            if match is not None:
                self._authorize_route(call, route.action)
                found = route.handler(ctx, call, match.groupdict())
                return found if isinstance(found, Answer) else Answer(200, found)
        return self._resource(call)

    def _authorize_route(self, call: Call, action: str) -> None:
        if not action:
            return
        segments = ids.split(call.path)
        depth = 4 if len(segments) > 3 and segments[2].lower() == "resourcegroups" else 2  # noqa: PLR2004
        self._ctx.authorization.require(call.caller, action, "/" + "/".join(segments[:depth]))

    def _resource(self, call: Call) -> Answer:
        segments = ids.split(call.path)
        where = ids.parse_segments(segments)
        if where is None:
            if call.method == "GET":
                return reads.list_or_view(self._ctx, call, segments)
            if call.method == "POST" and segments:
                return reads.act(self._ctx, call, segments)
            raise reads.unserved(call)
        if call.method not in self._ctx.registry.find(where.type_key).methods or call.method == "POST":
            raise writes.not_allowed(call.method, where)
        if call.method in {"GET", "HEAD"}:
            return reads.read(self._ctx, call, where)
        if call.method in {"PUT", "PATCH"}:
            return writes.write(self._ctx, call, where)
        if call.method == "DELETE":
            return deletes.delete(self._ctx, call, where)
        raise writes.not_allowed(call.method, where)


def _call(request: web.BaseRequest) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    path, _, query_text = request.raw_path.partition("?")
    query = {name.lower(): value for name, value in parse_qsl(query_text, keep_blank_values=True)}
    correlation = headers.get("x-ms-correlation-request-id") or _guid()
    return Call(
        method=request.method,
        path="/" + "/".join(ids.split(unquote(path))),
        query=query,
        headers=headers,
        body={},
        caller=Caller("", ""),
        api_version=query.get("api-version", ""),
        correlation_id=correlation,
        base_url=f"https://{headers.get('host', 'localhost')}",
    )


def _guid() -> str:
    return str(uuid.uuid4())


def _is_form(call: Call) -> bool:
    return call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _json(raw: bytes) -> JsonObject:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as problem:
        raise gateway(
            400,
            "InvalidRequestContent",
            f"The request content was invalid and could not be deserialized: '{problem}'.",
        ) from problem
    if not isinstance(body, dict):
        raise gateway(400, "InvalidRequestContent", "The request content must be a JSON object.")
    return body


def _common(call: Call, entry: Entry, extra: dict[str, str]) -> dict[str, str]:
    headers = {
        "x-ms-request-id": _guid(),
        "x-ms-correlation-request-id": call.correlation_id,
        "x-ms-routing-request-id": f"EMULATOR:{entry.sequence}",
        "Cache-Control": "no-cache",
        **extra,
    }
    echoed = call.headers.get("x-ms-client-request-id")
    if echoed and call.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = echoed
    return headers


def _response(answer: Answer, common: dict[str, str] | None = None) -> web.Response:
    headers = {**(common or {}), **answer.headers}
    if answer.raw is not None:
        return web.Response(status=answer.status, text=answer.raw, headers=headers)
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    body = json.dumps(answer.body, separators=(",", ":")).encode()
    headers["Content-Type"] = "application/json; charset=utf-8"
    return web.Response(status=answer.status, body=body, headers=headers)


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
