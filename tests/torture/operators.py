"""The operator's processes and the custom resources that they serve, as the shell does: one pass at a time."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.torture.azure import BASE, EPOCH, PASS, Azure, Pipeline

from secureml_reconcilers.azure.client import ArmClient
from secureml_reconcilers.azure.sending import Sender
from secureml_reconcilers.azure.throttle import Throttle
from secureml_reconcilers.engine.contract import Declaration, Key, ReconcileRequest
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from secureml_reconcilers.engine.contract import ReconcileResult, Status

CLUSTER: Final = "east"
RESYNC: Final = 1800.0
"""Seconds after which the shell looks at what nobody asked to look at."""

AGAIN: Final = 1.0
"""Seconds after which the shell starts a pass over that was overtaken by an edit."""


class EditedError(Exception):
    """A person changed what is asked for, so nothing may be written for what was asked before."""


@dataclass(eq=False)
class Pass:
    """One pass, for those who watch."""

    resource: CustomResource
    process: str
    life: int
    """Which life of the process it is."""

    began: float
    spec: dict[str, Any]
    deleting: bool
    looked: bool = False
    """It has read something of Azure."""


@dataclass(eq=False)
class CustomResource:
    """What the API server holds of one."""

    name: str
    spec: dict[str, Any]
    generation: int = 1
    status: Status = field(default_factory=lambda: {"observedGeneration": -1})
    paused: bool = False
    deleting: bool = False
    gone: bool = False
    """Its finalizer was taken off."""

    ready_since: float | None = None
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def owner(self) -> str:
        """See `Composition.owner`."""
        return f"{CLUSTER}/team-a/{self.name}"

    def edit(self, **changes: Any) -> None:  # noqa: ANN401 - sections of a spec
        """Somebody edits the spec."""
        self.spec = {**self.spec, **changes}
        self.generation += 1
        self.woken.set()

    def pause(self, *, paused: bool) -> None:
        """Somebody sets or takes the annotation."""
        self.paused = paused
        self.woken.set()

    def delete(self) -> None:
        """Somebody asks for deletion."""
        if not self.deleting:
            self.deleting = True
            self.generation += 1
            self.woken.set()

    def condition(self, kind: str) -> dict[str, Any]:
        """One condition; empty when there is none."""
        return next((each for each in self.status.get("conditions", ()) if each["type"] == kind), {})

    @property
    def ready(self) -> bool:
        """Its Ready condition is True."""
        return bool(self.condition("Ready").get("status") == "True")

    def request(self) -> ReconcileRequest:
        """What a pass begins with."""
        return ReconcileRequest(
            Key("SecureWorkspace", "team-a", self.name),
            f"uid-{self.name}",
            self.generation,
            deepcopy(self.spec),
            deepcopy(self.status),
            deleting=self.deleting,
            paused=self.paused,
        )


class ProcessClock:
    """The clocks of one process: its monotonic one begins anywhere."""

    def __init__(self, loop: asyncio.AbstractEventLoop, offset: float) -> None:
        """Tell the loop's time."""
        self._loop, self._offset = loop, offset

    def now(self) -> datetime:
        """See `engine.clock.Clock`."""
        return datetime.fromtimestamp(EPOCH + self._loop.time(), UTC)

    def monotonic(self) -> timedelta:
        """See `engine.clock.Clock`."""
        return timedelta(seconds=self._loop.time() + self._offset)


class Process:
    """One operator process, which may die and come back."""

    def __init__(self, name: str, azure: Azure, chance: random.Random, note: Callable[[str, str], None]) -> None:
        """Start it; it serves nobody yet."""
        self.name, self.azure, self._chance, self._note = name, azure, chance, note
        self.resources: list[CustomResource] = []
        self.bugs: list[str] = []
        self.on_status: list[Callable[[CustomResource, Pass], None]] = []
        self.on_release: list[Callable[[CustomResource], None]] = []
        self.passes = 0
        self.life = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._begin_life()

    def _begin_life(self) -> None:
        self.life += 1
        loop = asyncio.get_running_loop()
        clock = ProcessClock(loop, self._chance.uniform(100, 10**6))
        pipeline = Pipeline(self.azure)
        clients = dict.fromkeys(("network", "registry", "resources"), pipeline)
        sender = Sender(clients, BASE, Throttle(loop.time), lambda _: None)
        arm = ArmClient(sender, {self.azure.operator_id})
        self.engine = Engine(SecureWorkspaces(), arm, Ledger(clock), cluster=CLUSTER)

    def serve(self, resource: CustomResource) -> None:
        """Take on a custom resource."""
        if resource not in self.resources:
            self.resources.append(resource)
        task = asyncio.get_running_loop().create_task(self._serve(resource))
        self._tasks.append(task)

    def stop(self) -> None:
        """The process dies; what it has sent is on its way."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    def start(self) -> None:
        """Another one comes, which knows nothing but what stands in the statuses."""
        self._begin_life()
        for resource in self.resources:
            if not resource.gone:
                self.serve(resource)

    async def _serve(self, resource: CustomResource) -> None:
        while not resource.gone:
            resource.woken.clear()
            wait = await self._look(resource)
            if not resource.gone:
                try:
                    async with asyncio.timeout(wait):
                        await resource.woken.wait()
                except TimeoutError:
                    pass

    def _others_of(self, resource: CustomResource) -> tuple[Declaration, ...]:
        """What the shell tells of those that share something with this one."""
        mine = self._shares(resource)
        others = (each for each in self.resources if each is not resource and not each.gone and not each.deleting)
        return tuple(
            Declaration(Key("SecureWorkspace", "team-a", each.name), deepcopy(each.spec))
            for each in others
            if mine & self._shares(each)
        )

    def _shares(self, resource: CustomResource) -> frozenset[str]:
        key = Key("SecureWorkspace", "team-a", resource.name)
        return self.engine.shares(key, resource.spec, resource.status)

    async def _look(self, resource: CustomResource) -> float:
        """One pass; tells the seconds until the next."""
        self.passes += 1
        request = replace(resource.request(), others=self._others_of(resource))
        this = Pass(resource, self.name, self.life, self.azure.now, deepcopy(resource.spec), resource.deleting)
        PASS.set(this)
        try:
            result = await self.engine.reconcile(request, _Journal(self, this, request))
        except EditedError:
            return AGAIN
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is one
            self.bugs.append(f"{resource.name}: {bug!r}")
            return AGAIN * 10
        await asyncio.sleep(self._chance.uniform(0.005, 0.3))
        return self._conclude(this, request, result)

    def _conclude(self, this: Pass, request: ReconcileRequest, result: ReconcileResult) -> float:
        resource = this.resource
        self.save(resource, result.status)
        for each in self.on_status:
            each(resource, this)
        if request.deleting and result.released:
            for each_released in self.on_release:
                each_released(resource)
            resource.gone = True
            self.engine.forget(request.key)
            self._note(self.name, f"releases {resource.name}")
            return 0.0
        return result.requeue_after.total_seconds() if result.requeue_after is not None else RESYNC

    def save(self, resource: CustomResource, status: Status) -> None:
        """Write a status to the API server, and tell of a transition."""
        before = resource.condition("Ready")
        resource.status = deepcopy(status)
        after = resource.condition("Ready")
        if [before.get(name) for name in ("status", "reason")] != [
            after.get(name) for name in ("status", "reason")
        ]:
            self._note(resource.name, f"Ready is {after.get('status')}: {after.get('reason')}")
        if not resource.ready:
            resource.ready_since = None
        elif resource.ready_since is None:
            resource.ready_since = self.azure.now


class _Journal:
    """See `contract.Journal`; a write takes a while there and back."""

    def __init__(self, process: Process, this: Pass, request: ReconcileRequest) -> None:
        self._process, self._this, self._request = process, this, request

    async def announce(self, status: Status) -> None:
        """Keep a status, unless a person was quicker.

        Raises:
            EditedError: what was asked for has changed.
        """
        resource, chance = self._this.resource, self._process._chance
        await asyncio.sleep(chance.uniform(0.005, 0.5))
        asked = (self._request.generation, self._request.paused, self._request.deleting)
        if (resource.generation, resource.paused, resource.deleting) != asked:
            raise EditedError
        self._process.save(resource, status)
        await asyncio.sleep(chance.uniform(0.005, 0.5))
