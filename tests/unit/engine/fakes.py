"""Stand-ins for what the engine is given: a clock, Azure, a journal, a kind; and one custom resource to drive."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.engine.building import NOW, START

from secureml_reconcilers.azure.arm import Accepted, NotFound, Present
from secureml_reconcilers.azure.catalogue import scope, type_info
from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.throttle import Requester
from secureml_reconcilers.engine.blocks import Aspect, Composition
from secureml_reconcilers.engine.contract import Key, ReconcileRequest
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Body, Reply
    from secureml_reconcilers.azure.graph_query import GraphQuery
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Blocks, Remembered
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.contract import Event, ReconcileResult, Status
    from secureml_reconcilers.engine.diagnosis import Diagnosable
    from secureml_reconcilers.engine.view import View

    Trouble = AzureProblem | Callable[[], AzureProblem | None]
    Hook = Callable[[str, ResourceId], Awaitable[None] | None]

US = "secureml-operator"
"""Who we are in the change log."""

CLUSTER = "east"
RESYNC = timedelta(minutes=30)
"""When the shell looks at what nobody asked to look at."""


class FakeClock:
    """Two clocks that go together until somebody sets the wall's."""

    def __init__(self) -> None:
        self.wall, self.moment = NOW, START

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self.wall

    def monotonic(self) -> Moment:
        """See `Clock.monotonic`."""
        return self.moment

    @property
    def passed(self) -> timedelta:
        """How long it really goes already."""
        return self.moment - START

    def advance(self, by: timedelta) -> None:
        """Time goes on."""
        self.wall += by
        self.moment += by

    def set_back(self, by: timedelta) -> None:
        """Somebody sets the wall's clock back; nothing else happens."""
        self.wall -= by


@dataclass(frozen=True)
class Write:
    """One that Azure took."""

    verb: str
    id: ResourceId
    body: Any
    at: Moment

    def __str__(self) -> str:
        return f"{self.verb} {self.id.short}"


@dataclass
class _Running:
    verb: str
    id: ResourceId
    until: Moment
    body: Any


@dataclass
class FakeArm:
    """Azure: bodies by id, writes that take as long as a test says, and everything that may go wrong with them."""

    clock: FakeClock
    bodies: dict[str, Body] = field(default_factory=dict)
    """By resource key."""

    takes: dict[str, timedelta] = field(default_factory=dict)
    """By resource key or type, how long a write runs; what is not named is done at once."""

    handles: bool = True
    """An operation can be asked how it stands."""

    undoes: set[str] = field(default_factory=set)
    """Keys of what somebody changes back before anybody looks: writes are taken and change nothing."""

    hidden: set[str] = field(default_factory=set)
    """Keys of what answers 404 though it is there."""

    unreadable: dict[str, Trouble] = field(default_factory=dict)
    """By resource or collection key."""

    refuses: dict[str, Trouble] = field(default_factory=dict)
    """By resource key, or by `key#property`: why a write is not taken."""

    fails: dict[str, AzureProblem] = field(default_factory=dict)
    """By resource key: how an operation ends that was taken."""

    one_at_a_time: bool = False
    """A second write within what Azure locks is answered 429, as networks do."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    """What Resource Graph and the change log show."""

    before: Hook | None = None
    """Called with the verb and the target before a request is looked at; may raise."""

    after: Hook | None = None
    """Called when the answer is on its way."""

    may_write: bool = True

    replies: list[Reply | AzureProblem] = field(default_factory=list)
    """What is said to questions on which Azure works and to looks at them, one after the other."""

    asked: list[tuple[str, Moment]] = field(default_factory=list)
    """Those questions, and the handles of the looks."""

    reads: list[tuple[str, Moment]] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    queries: list[GraphQuery] = field(default_factory=list)
    polls: list[ResourceId] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    requester: Requester | None = None
    """Whose pass runs."""

    turned_away: list[str] = field(default_factory=list)
    """Writes that were answered 412 or 429."""

    _running: list[_Running] = field(default_factory=list)
    _etags: int = 0

    # -- for tests ------------------------------------------------------------------------------

    @property
    def requests(self) -> int:
        """How many there were, of all sorts."""
        others = len(self.lists) + len(self.queries) + len(self.polls) + len(self.asked)
        return len(self.reads) + len(self.writes) + others

    def put(self, *answers: Present) -> FakeArm:
        """These are there."""
        for each in answers:
            self.bodies[each.body["id"].lower()] = deepcopy(each.body)
        return self

    def set(self, target: ResourceId, **properties: Any) -> None:  # noqa: ANN401 - JSON
        """Somebody changes properties of a resource."""
        self.bodies[target.key]["properties"].update(properties)

    def get(self, target: ResourceId, name: str) -> Any:  # noqa: ANN401 - JSON
        """One property of a resource as it is."""
        return self.bodies[target.key]["properties"].get(name)

    def written(self) -> list[str]:
        """Every write, as verb and name."""
        return [str(write) for write in self.writes]

    def written_at(self, target: ResourceId) -> list[Moment]:
        """When a resource was written."""
        return [write.at for write in self.writes if write.id == target]

    def reads_of(self, target: ResourceId) -> int:
        """How often a resource was read."""
        return sum(key == target.key for key, _ in self.reads)

    # -- what the engine asks -------------------------------------------------------------------

    @contextmanager
    def within(self, requester: str, _: object) -> Iterator[FakeArm]:
        """See `Azure.within`: one door for all, with a turn for each pass."""
        self.requester = Requester(requester)
        try:
            yield self
        finally:
            self.requester.over = True

    async def read(self, target: ResourceId) -> Present | NotFound:
        """See `Arm.read`."""
        await self._call(self.before, "GET", target)
        self.reads.append((target.key, self.clock.monotonic()))
        self._go_on()
        _raise(self.unreadable.get(target.key))
        body = deepcopy(self.bodies.get(target.key))
        there = body is not None and target.key not in self.hidden and not self._is_hidden(target)
        await self._call(self.after, "GET", target)
        return Present(body) if there and body is not None else NotFound()

    async def list_all(self, collection: str, _: str, most: int | None = None, only: str = "") -> list[Body]:  # noqa: ARG002 - one page
        """See `Arm.list_all`."""
        await asyncio.sleep(0)
        self.lists.append(collection)
        self._go_on()
        _raise(self.unreadable.get(collection.lower()))
        prefix = f"{collection.lower()}/"
        return [
            deepcopy(body)
            for key, body in self.bodies.items()
            if key.startswith(prefix) and "/" not in key[len(prefix) :] and key not in self.hidden
        ]

    async def write(
        self,
        verb: str,
        target: ResourceId,
        body: Any,  # noqa: ANN401 - JSON
        *,
        if_match: str | None = None,
        create_only: bool = False,
    ) -> Accepted:
        """See `Arm.write`."""
        assert self.may_write, f"{verb} {target.short}"
        await self._call(self.before, verb, target)
        self._go_on()
        for key in (target.key, *_properties_of(target, body)):
            _raise(self.refuses.get(key))
        self._check(verb, target, if_match, create_only=create_only)
        self.writes.append(Write(verb, target, deepcopy(body), self.clock.monotonic()))
        wait = self.takes.get(target.key, self.takes.get(target.type))
        if wait is None:
            self._apply(verb, target, body, "Succeeded")
        else:
            self._running.append(_Running(verb, target, self.clock.monotonic() + wait, deepcopy(body)))
            self._show_running(verb, target, body)
        await self._call(self.after, verb, target)
        return Accepted(None, running=wait is not None, poll_url=target.text if wait and self.handles else None)

    async def operation_problem(self, poll_url: str, target: ResourceId) -> AzureProblem | str | None:
        """See `Arm.operation_problem`."""
        await asyncio.sleep(0)
        assert poll_url == target.text
        self.polls.append(target)
        self._go_on()
        if any(each.id == target for each in self._running):
            return "running"
        return self.fails.get(target.key)

    async def post(self, target: ResourceId, action: str, _: Body) -> Reply:
        """See `Arm.post`."""
        return await self.reply(f"{target.short}/{action}", target)

    async def reply(self, handle: str, _: ResourceId) -> Reply:
        """See `Arm.reply`."""
        await asyncio.sleep(0)
        self.asked.append((handle, self.clock.monotonic()))
        said = self.replies.pop(0)
        if isinstance(said, AzureProblem):
            raise said
        return said

    async def query(self, query: GraphQuery) -> list[Mapping[str, Any]]:
        """See `Arm.query`."""
        await asyncio.sleep(0)
        self.queries.append(query)
        return self.rows

    def is_us(self, changed_by: str) -> bool:
        """See `Arm.is_us`."""
        return changed_by == US

    # -- how it works ---------------------------------------------------------------------------

    async def _call(self, hook: Hook | None, verb: str, target: ResourceId) -> None:
        await asyncio.sleep(0)
        waiting = hook(verb, target) if hook is not None else None
        if waiting is not None:
            await waiting

    def _check(self, verb: str, target: ResourceId, if_match: str | None, *, create_only: bool) -> None:
        if self.one_at_a_time and any(scope(each.id) == scope(target) for each in self._running):
            self.turned_away.append(f"429 {verb} {target.short}")
            raise _answers(429, "AnotherOperationInProgress")
        body = self.bodies.get(target.key)
        stale = if_match is not None and (body is None or body.get("etag") != if_match)
        repeated = create_only and type_info(target).create_only_header and self._is_made(target)
        if stale or repeated:
            self.turned_away.append(f"412 {verb} {target.short}")
            raise _answers(412, "PreconditionFailed")

    def _is_made(self, target: ResourceId) -> bool:
        return target.key in self.bodies or any(each.id == target for each in self._running)

    def _is_hidden(self, target: ResourceId) -> bool:
        return type_info(target).hidden_while_created and target.key not in self.bodies

    def _show_running(self, verb: str, target: ResourceId, body: Any) -> None:  # noqa: ANN401 - JSON
        known = type_info(target)
        there = target.key in self.bodies
        if (known.stale_while_updating and there) or (known.hidden_while_created and not there):
            return
        if verb == "DELETE":
            self.set(target, provisioningState="Deleting")
        else:
            self._apply(verb, target, body, "Updating")

    def _go_on(self) -> None:
        """End what is over by now."""
        now = self.clock.monotonic()
        over = [each for each in self._running if each.until <= now]
        self._running = [each for each in self._running if each.until > now]
        for each in over:
            self._apply(each.verb, each.id, each.body, "Failed" if each.id.key in self.fails else "Succeeded")

    def _apply(self, verb: str, target: ResourceId, body: Any, state: str) -> None:  # noqa: ANN401 - JSON
        if target.key in self.undoes:
            return
        body = _without_undone(target, body, self.undoes)
        if verb == "DELETE":
            for key in [key for key in self.bodies if f"{key}/".startswith(f"{target.key}/")]:
                del self.bodies[key]
        else:
            old = self.bodies.get(target.key, {})
            new = patched(old, body) if verb == "PATCH" else {**deepcopy(body)}
            new = {"id": target.text, "name": target.name, **new}
            new["properties"] = {**(new.get("properties") or {}), "provisioningState": state}
            self.bodies[target.key] = new
        self._change_etags(target)

    def _change_etags(self, target: ResourceId) -> None:
        """A write to a subnet changes the etags of its siblings and of the network."""
        self._etags += 1
        family = [target.key]
        if type_info(target).etag_of_parent and target.parent is not None:
            prefix = f"{target.collection_key}/"
            family += [target.parent.key, *(key for key in self.bodies if key.startswith(prefix))]
        for key in family:
            if key in self.bodies and type_info(target).etags:
                self.bodies[key]["etag"] = f"W/{self._etags}"


def _properties_of(target: ResourceId, body: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """What a write sends, as `key#property`."""
    yield from (f"{target.key}#{name}" for name in ((body or {}).get("properties") or {}))


def _without_undone(target: ResourceId, body: Any, undone: set[str]) -> Any:  # noqa: ANN401 - JSON
    """What is left of a write when somebody undoes some of its properties."""
    if not any(each in undone for each in _properties_of(target, body)):
        return body
    kept = {name: value for name, value in body["properties"].items() if f"{target.key}#{name}" not in undone}
    return {**body, "properties": kept}


def _raise(trouble: Trouble | None) -> None:
    problem = trouble() if callable(trouble) else trouble
    if problem is not None:
        raise problem


def _answers(status: int, code: str) -> AzureProblem:
    said = json.dumps({"error": {"code": code, "message": "Another one was quicker."}})
    return classify(status, {"x-ms-failure-cause": "service"}, said)


def patched(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch, applied."""
    new = deepcopy(dict(old))
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, dict) and isinstance(new.get(name), dict):
            new[name] = patched(new[name], value)
        else:
            new[name] = deepcopy(value)
    return new


class TakenError(Exception):
    """Somebody changed the custom resource meanwhile."""


@dataclass
class Journal:
    """Keeps what is announced."""

    takes: int = 10**6
    """So many announcements, and then the pass is cut short."""

    announced: list[Status] = field(default_factory=list)
    check: Callable[[Status], None] | None = None
    """Called with each announcement."""

    async def announce(self, status: Status) -> None:
        """See `Journal.announce`.

        Raises:
            TakenError: it takes no more.
        """
        if len(self.announced) >= self.takes:
            raise TakenError
        self.announced.append(deepcopy(status))
        if self.check is not None:
            self.check(status)


@dataclass
class Kind:
    """A kind with one aspect, whose blocks a function tells."""

    blocks: Callable[[View], Blocks] | None = None
    condition: str = "Known"
    by_spec: Callable[[Mapping[str, Any]], Callable[[View], Blocks]] | None = None
    """Instead of `blocks`, for a kind whose blocks depend on the spec."""

    parts: Mapping[str, Callable[[View], Blocks]] = field(default_factory=dict)
    """More aspects, by condition."""

    by_inventory: Callable[[tuple[str, ...]], Callable[[View], Blocks]] | None = None
    """What must be gone, of what the inventory lists; without it, what the other fields say."""

    enforce: bool = True

    diagnosable: Diagnosable | None = None

    def declare(self, spec: Mapping[str, Any], owner: str, _: Remembered | None = None) -> Composition:
        """See `Declares.declare`; a spec with something `wrong` in it cannot be understood."""
        if "wrong" in spec:
            raise ValueError(spec["wrong"])
        blocks = self.by_spec(spec) if self.by_spec is not None else self.blocks
        first = {self.condition: blocks} if blocks is not None else {}
        aspects = tuple(Aspect(name, each) for name, each in {**first, **self.parts}.items())
        return Composition(aspects, owner, enforce=self.enforce, diagnosable=self.diagnosable)

    def closes(self, spec: Mapping[str, Any]) -> frozenset[str]:
        """See `Declares.closes`."""
        return frozenset(spec.get("closes", ()))

    def remove(self, spec: Mapping[str, Any], owner: str, remembered: Remembered) -> Composition:
        """See `Declares.remove`."""
        if self.by_inventory is None:
            return self.declare(spec, owner)
        return Composition((Aspect(self.condition, self.by_inventory(remembered.inventory)),), owner)


class Run:
    """One custom resource, driven through passes in virtual time."""

    def __init__(  # noqa: PLR0913 - each is one thing that a test may vary
        self,
        kind: Kind,
        arm: FakeArm,
        *,
        name: str = "fraud",
        ledger: Ledger | None = None,
        engine: Engine | None = None,
        spec: Mapping[str, Any] | None = None,
        status: Status | None = None,
        deleting: bool = False,
    ) -> None:
        self.kind, self.arm, self.clock = kind, arm, arm.clock
        self.owner = f"{CLUSTER}/team-a/{name}"
        key = Key("K", "team-a", name)
        self.request = ReconcileRequest(key, "u", 1, spec or {}, status or {}, deleting=deleting)
        self.results: list[ReconcileResult] = []
        self.journal = Journal()
        self.restart(ledger, engine)

    def restart(self, ledger: Ledger | None = None, engine: Engine | None = None) -> None:
        """A process that remembers nothing; the status stands."""
        self.ledger = ledger or Ledger(self.clock)
        self.engine = engine or Engine(self.kind, self.arm, self.ledger, cluster=CLUSTER)  # type: ignore[arg-type]

    async def look(self, journal: Journal | None = None) -> ReconcileResult:
        """One pass, now."""
        result = await self.engine.reconcile(self.request, journal or self.journal)
        self.request = replace(self.request, status=result.status)
        self.results.append(result)
        return result

    async def step(self) -> ReconcileResult:
        """One pass; then time goes on by what it asks for, or to the resync."""
        result = await self.look()
        self.clock.advance(result.requeue_after or RESYNC)
        return result

    async def settle(self, within: timedelta = timedelta(hours=1)) -> ReconcileResult:
        """Passes until none asks for another one."""
        await self.look()
        return await self.go_on(within)

    async def go_on(self, within: timedelta = timedelta(hours=1)) -> ReconcileResult:
        """The passes that the last one asks for, directly or not."""
        end = self.clock.monotonic() + within
        while (wait := self.results[-1].requeue_after) is not None:
            self.clock.advance(wait)
            assert self.clock.monotonic() < end, self.request.status["conditions"]
            await self.look()
        return self.results[-1]

    async def run_for(self, time: timedelta) -> None:
        """Passes for so long, the resync included."""
        end = self.clock.monotonic() + time
        while self.clock.monotonic() < end:
            await self.step()

    def edit(self, **changes: Any) -> None:  # noqa: ANN401 - columns
        """Somebody changes the custom resource."""
        self.request = replace(self.request, **changes)

    def condition(self, kind: str) -> dict[str, Any]:
        """One condition as it stands."""
        return next(each for each in self.request.status["conditions"] if each["type"] == kind)

    def events(self, kind: str | None = None) -> list[Event]:
        """Every event so far, or those of one type."""
        every = [event for result in self.results for event in result.events]
        return [event for event in every if kind in {None, event.type}]
