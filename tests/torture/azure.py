"""Azure within the process: the stand-in's own handlers behind requests that take a while, or get lost.

Between the engine and the handlers is everything that is real in production but HTTPS and the sign-in: doors,
budget, table of errors. When a request arrives and when its answer does is drawn from a seed.
"""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from azure.core.exceptions import ServiceResponseError
from multidict import CIMultiDict

from arm_emulator import ids, reads, refusals
from arm_emulator.clock import Clock
from arm_emulator.config import from_json
from arm_emulator.emulator import Emulator
from arm_emulator.errors import ArmError
from arm_emulator.model import Answer, Call, Caller
from arm_emulator.providers import private_endpoints
from secureml_sandbox import landscape
from secureml_sandbox.emulator import Emulator as Description

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.torture.operators import Pass

    from arm_emulator.changes import Change
    from arm_emulator.config import Client
    from arm_emulator.hooks import Context

TENANT: Final = "7a3c2f10-1f5e-4c1f-9a52-0d6f1c2b3a4d"
SUBSCRIPTION: Final = "0b1f6a52-9d3e-4a77-8c41-5e2d7f8a9b10"
BASE: Final = "https://localhost"
EPOCH: Final = 1_800_000_000.0
WRITES: Final = frozenset({"PUT", "PATCH", "DELETE"})

PASS: ContextVar[Pass | None] = ContextVar("torture_pass", default=None)
"""In whose pass a request is sent; asyncio hands it to all tasks that a pass starts."""


@dataclass(frozen=True)
class Weather:
    """How bad it is: chances for each request."""

    slow: float = 0.05
    """It takes some seconds to arrive, or its answer does."""

    refused: float = 0.0
    """Azure answers 429 or 500 and does nothing."""

    lost: float = 0.0
    """The connection breaks, before the request arrived or after."""

    fails: float = 0.0
    """A write is taken, and its operation fails."""


@dataclass(frozen=True)
class Version:
    """How a resource was from one moment on."""

    at: float
    body: dict[str, Any] | None
    by: str
    """Who made it so: a process, `alice`, or nobody (what Azure does by itself)."""


@dataclass(eq=False)
class Request:
    """One request of the operator on its way."""

    method: str
    target: str
    """Lower-case path."""

    body: Any
    sent: float
    by: Pass | None
    guarded: bool = False
    """With If-Match: Azure refuses it when the resource has changed or is gone."""

    arrived: float | None = None
    status: int = 0
    """What Azure says; 0 while it has not arrived, or if it never does."""

    answered: float | None = None
    """When somebody got the answer, or would have; None while it is on its way."""

    lost: bool = False
    """Nobody got the answer."""

    operation: str = ""
    """The id of the operation that it began."""


class _Response:
    """As much of an HTTP response as the door looks at."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = CIMultiDict(answer.headers)
        self.content = b"" if answer.body is None else json.dumps(answer.body).encode()


@dataclass
class Azure:
    """One world, and everybody's way to it."""

    chance: random.Random
    folder: Path
    weather: Weather = field(default_factory=Weather)
    history: dict[str, list[Version]] = field(default_factory=dict)
    """By resource key, everything that a resource has been; the last is what it is."""

    before_write: list[Callable[[Request], None]] = field(default_factory=list)
    """Called when a write of the operator arrives, before Azure looks at it."""

    after_write: list[Callable[[Request], None]] = field(default_factory=list)
    on_send: list[Callable[[Request], None]] = field(default_factory=list)
    on_change: list[Callable[[], None]] = field(default_factory=list)
    """Called at once when anything has changed, whoever did it."""

    delay_of: Callable[[Request], float] | None = None
    """In a schedule that somebody wrote: the seconds until a request arrives. Nothing is drawn then."""

    slow_operations: float = 0.0
    """In such a schedule: how many times longer than usual an operation takes; 0 draws it."""

    listed_at_once: bool = False
    """Services list the connections of endpoints that are not done yet: nobody knows of each whether it does."""

    groups_take_any_record: bool = False
    """With a zone group go the records of its names, whoever wrote them last, as people report of Azure."""

    writes: list[Request] = field(default_factory=list)
    reads: int = 0
    last_disturbed: float = 0.0

    def __post_init__(self) -> None:
        """Build the stand-in without its server."""
        self._loop = asyncio.get_running_loop()
        description = Description(self.folder, tenant=TENANT, subscription=SUBSCRIPTION)
        config = from_json({**description.configuration(), "throttle": {"enabled": False}})
        self._emulator = Emulator(config, clock=Clock(1.0, start=EPOCH, real=self._loop.time))
        self._server = self._emulator._server
        self._callers = {each.display_name: _caller(each) for each in config.clients}
        self.operator_id = next(each for each in config.clients if "operator" in each.display_name).client_id
        self._writer = ""
        self.caused_by = ""
        """Who made the last change, or began the operation that ended in it."""

        self._last_writer: dict[str, str] = {}
        """By lower-case id, who last wrote to a resource."""

        self._dirty = False
        self.ctx.changes.listeners.append(self._changed)
        self.ctx.operations.on_schedule = self._plan

    @property
    def ctx(self) -> Context:
        """The stand-in's store and all around it."""
        return self._emulator.ctx

    @property
    def now(self) -> float:
        """Virtual seconds since the beginning."""
        return self._loop.time()

    # -- what happens by itself -------------------------------------------------------------------

    def _plan(self) -> None:
        due = self.ctx.operations.next_due()
        if due is not None:
            self._loop.call_later(max(0.0, due - self.ctx.clock.now()) + 1e-6, self._settle)

    def _settle(self) -> None:
        self.ctx.operations.settle(self.ctx.clock.now())
        self._tell()
        self._plan()

    def _changed(self, change: Change) -> None:
        by = self._last_writer.get(change.id.key, self._writer) if change.caller.kind != "System" else ""
        self.caused_by = by or self._last_writer.get(change.id.key, "")
        body = deepcopy(change.after)
        self.history.setdefault(change.id.key, []).append(Version(self.now, body, by))
        self._dirty = True
        if self.groups_take_any_record and change.type == "Delete" and "/privatednszonegroups/" in change.id.key:
            self._take_records(change.before or {})

    def _take_records(self, group: dict[str, Any]) -> None:
        for config in group["properties"]["privateDnsZoneConfigs"]:
            zone = config["properties"]["privateDnsZoneId"]
            for record in config["properties"].get("recordSets") or ():
                self.ctx.remove(f"{zone}/A/{record['recordSetName']}")

    def _tell(self) -> None:
        if self._dirty:
            self._dirty = False
            for each in self.on_change:
                each()

    def versions(self, key: str, since: float) -> Iterator[dict[str, Any] | None]:
        """What a resource was at that moment, and all that it has been from then on."""
        every = self.history.get(key, [])
        before = [each for each in every if each.at <= since]
        yield before[-1].body if before else None
        yield from (each.body for each in every if each.at > since)

    def shown(self, target: str) -> dict[str, Any] | None:
        """What the store holds."""
        found = self.ctx.find(target)
        return found.body if found is not None else None

    # -- requests ---------------------------------------------------------------------------------

    def serve(self, who: str, method: str, url: str, body: Any = None, **extra: Any) -> Answer:  # noqa: ANN401
        """Answer one request at once.

        Raises:
            AssertionError: the stand-in does not know how.
        """
        headers = {name.lower(): value for name, value in extra.pop("headers", {}).items()}
        path, _, query = url.partition("?")
        call = Call(
            method=method,
            path="/" + "/".join(ids.split(unquote(path))),
            query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
            headers=headers,
            body=deepcopy(body) or {},
            caller=self._callers[who],
            api_version=dict(parse_qsl(query)).get("api-version", ""),
            correlation_id=f"c{len(self.writes)}",
            base_url=BASE,
            **extra,
        )
        self.ctx.operations.settle(self.ctx.clock.now())
        try:
            refusals.check(call)
            return self._server._route(call)
        except reads.UnservedError as problem:
            raise AssertionError(f"the stand-in does not serve {method} {url}") from problem
        except ArmError as problem:
            return Answer(problem.status, problem.envelope(), problem.headers())
        finally:
            self._tell()

    def administer(self, method: str, target: str, version: str, body: Any = None) -> Answer:  # noqa: ANN401
        """Do something as the other administrator, at once."""
        self._writer = self._last_writer[target.lower()] = "alice"
        self.last_disturbed = self.now
        return self.serve("alice@contoso.com", method, f"{target}?api-version={version}", body)

    async def send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> _Response:  # noqa: ANN401
        """Carry one request of the operator there and its answer back.

        Whoever waits may be gone when it arrives: it arrives all the same.
        """
        parts = urlsplit(url)
        request = Request(
            method, unquote(parts.path).lower(), body, self.now, PASS.get(), guarded="If-Match" in headers
        )
        if request.by is not None and method == "GET":
            request.by.looked = True
        if method in WRITES:
            for each in self.on_send:
                each(request)
            self.writes.append(request)
        answer: asyncio.Future[_Response] = self._loop.create_future()
        there, back = self._delays(request)
        lost = self.chance.random() < self.weather.lost
        arrives = not (lost and self.chance.random() < 0.5)

        def arrive() -> None:
            if not arrives:
                self._loop.call_later(back, self._deliver, answer, request, None)
                return
            found = self._arrived(request, f"{parts.path}?{parts.query}", headers)
            self._loop.call_later(back, self._deliver, answer, request, None if lost else found)

        self._loop.call_later(there, arrive)
        return await answer

    def _deliver(self, answer: asyncio.Future[_Response], request: Request, found: Answer | None) -> None:
        request.answered, request.lost = self.now, found is None
        if answer.done():
            return  # whoever waited is gone
        if found is None:
            answer.set_exception(ServiceResponseError("the connection was closed"))
        else:
            answer.set_result(_Response(found))

    def _arrived(self, request: Request, url: str, headers: dict[str, str]) -> Answer:
        request.arrived = self.now
        if request.method not in WRITES:
            self.reads += 1
        if self.chance.random() < self.weather.refused:
            return self._refusal()
        extra: dict[str, Any] = {}
        if request.method in WRITES:
            self.ctx.operations.settle(self.ctx.clock.now())
            self._tell()
            self._writer = request.by.process if request.by is not None else "?"
            self._last_writer[request.target] = self._writer
            for each in self.before_write:
                each(request)
            extra["slow_operation"] = self.slow_operations or self.chance.choice((0.3, 1.0, 1.0, 1.0, 3.0))
            if self.chance.random() < self.weather.fails:
                extra["fail_operation"] = {"code": "InternalServerError", "message": "An error occurred."}
        known = len(self.ctx.operations.all()) if request.method in WRITES else 0
        found = self.serve("secureml-operator", request.method, url, request.body, headers=headers, **extra)
        request.status = found.status
        if request.method in WRITES:
            begun = self.ctx.operations.all()[known:]
            request.operation = begun[0].id if begun else ""
            self._list_at_once(request)
            for each in self.after_write:
                each(request)
        return found

    def _list_at_once(self, request: Request) -> None:
        endpoint = self.ctx.find(request.target)
        if not self.listed_at_once or request.status != 201 or endpoint is None:
            return
        if endpoint.id.type == private_endpoints.ENDPOINTS:
            service = self.ctx.find(private_endpoints.target_id(endpoint))
            if service is not None and private_endpoints.connection_on_target(self.ctx, endpoint) is None:
                private_endpoints._make_connection(self.ctx, endpoint, service)
                self._tell()

    def _refusal(self) -> Answer:
        code, status, wait = self.chance.choice(
            (("TooManyRequests", 429, 7), ("InternalServerError", 500, None), ("ServiceUnavailable", 503, None))
        )
        problem = ArmError(status, code, "Not now.", retry_after=wait)
        return Answer(status, problem.envelope(), problem.headers())

    def _delays(self, request: Request) -> tuple[float, float]:
        return (self._delay(), self._delay()) if self.delay_of is None else (self.delay_of(request), 0.05)

    def _delay(self) -> float:
        kind = self.chance.random()
        if kind < self.weather.slow:
            return self.chance.uniform(2, 20)
        return self.chance.uniform(0.01, 0.1) if kind < 0.7 else self.chance.uniform(0.1, 1.5)

    def is_running(self, request: Request) -> bool:
        """Whether Azure works on what a write began; a later write to the same resource takes over, or its end."""
        found = self.ctx.operations.get(request.operation) if request.operation else None
        resource = self.ctx.find(request.target)
        taken_over = resource is not None and resource.operation != request.operation
        since = request.arrived or request.sent
        taken_over |= any(each.body is None and each.at >= since for each in self.history.get(request.target, ()))
        return found is not None and found.state == "InProgress" and not taken_over


class Pipeline:
    """Stands where the operator has a management client."""

    def __init__(self, azure: Azure) -> None:
        """Send to this world."""
        self._azure = azure

    async def send_request(self, request: Any) -> _Response:  # noqa: ANN401 - an HttpRequest
        """See `azure.core`: send one request."""
        body = json.loads(request.content) if request.content else None
        return await self._azure.send(request.method, request.url, body, dict(request.headers))


def _caller(client: Client) -> Caller:
    kind = "User" if client.user_principal_name else "Application"
    return Caller(client.client_id, client.object_id, client.display_name, client.user_principal_name, kind)


async def furnish(azure: Azure, workspaces: tuple[str, ...]) -> None:
    """Make an open landscape, and a hub network from which clients come, peered in both directions."""
    own = landscape.network_id(SUBSCRIPTION)
    hub = own.replace("ml-vnet", "hub-vnet")
    space = {"addressSpace": {"addressPrefixes": ["10.90.0.0/16"]}}
    items = landscape.landscape(SUBSCRIPTION, TENANT, workspaces)
    items.append(landscape.Item(hub, landscape.NETWORK, {"location": "westeurope", "properties": space}))
    for here, there in ((own, hub), (hub, own)):
        side = f"{here}/virtualNetworkPeerings/{there.rsplit('/', 1)[1]}"
        properties = {"remoteVirtualNetwork": {"id": there}, "allowVirtualNetworkAccess": True}
        items.append(landscape.Item(side, landscape.NETWORK, {"properties": properties}))
    for item in items:
        answer = azure.administer("PUT", item.id, item.api_version, item.body)
        if answer.status >= 400:
            raise AssertionError(f"{item.id}: {answer.body}")
        await asyncio.sleep(300)
