"""A clock that is turned by hand, an API server in memory, and a reconciler that does as it is told."""

# ruff: noqa: D102, D103 - each does what the protocol it stands in for says

from __future__ import annotations

import copy
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from secureml_operator.cluster import ConflictError, ObjectGoneError, UnclearError
from secureml_operator.kinds import API_VERSION, KINDS, Kind
from secureml_reconcilers.engine.contract import Journal, Key, ReconcileRequest, ReconcileResult

Body = dict[str, Any]

KEY = Key("SecureWorkspace", "team-a", "fraud")

NOW = "2026-01-01T00:00:00Z"


class _Call:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """Stands still until it is advanced; then calls back in the order of time."""

    def __init__(self) -> None:
        self._now = 0.0
        self._calls: list[tuple[float, int, _Call]] = []
        self._sequence = itertools.count()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> _Call:
        call = _Call(callback)
        heapq.heappush(self._calls, (when, next(self._sequence), call))
        return call

    def advance(self, seconds: float) -> None:
        until = self._now + seconds
        while self._calls and self._calls[0][0] <= until:
            when, _, call = heapq.heappop(self._calls)
            self._now = max(self._now, when)
            if call.callback is not None:
                call.callback()
        self._now = until


@dataclass
class FakeCluster:
    """Keeps objects with versions and uids, merges applied status, and fails on demand.

    `before` and `after` are called with the name of each request, before it acts and before it answers:
    to change an object behind the caller's back, or to raise what a broken connection raises.
    """

    objects: dict[Key, Body] = field(default_factory=dict)
    events: dict[str, Body] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    pruned: tuple[str, ...] = ()
    """Status fields that the schema does not know."""
    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None
    _version: int = 100

    def create(self, key: Key = KEY, **spec: object) -> Body:
        self._version += 1
        self.objects[key] = {
            "apiVersion": API_VERSION,
            "kind": key.kind,
            "metadata": {
                "name": key.name,
                "namespace": key.namespace,
                "uid": f"uid-{self._version}",
                "resourceVersion": str(self._version),
                "generation": 1,
                "creationTimestamp": "2025-12-31T23:58:00Z",
            },
            "spec": spec,
            "status": {"observedGeneration": -1},
        }
        return self.body(key)

    def body(self, key: Key = KEY) -> Body:
        return copy.deepcopy(self.objects[key])

    def edit(self, key: Key = KEY, *, spec: Body | None = None, **metadata: object) -> Body:
        """Change an object as its owner would."""
        stored = self.objects[key]
        if spec is not None:
            stored["spec"] = spec
            stored["metadata"]["generation"] += 1
        stored["metadata"].update(metadata)
        return self._bump(key)

    def delete(self, key: Key = KEY) -> None:
        """Delete as `kubectl delete` does: at once, or when the last finalizer goes."""
        self.objects[key]["metadata"]["deletionTimestamp"] = NOW
        self._bump(key)
        self._collect(key)

    def of(self, name: str) -> int:
        """Count requests of a name."""
        return self.requests.count(name)

    async def read(self, key: Key) -> Body:
        self._begin("read")
        self._must_exist(key)
        return self._answer("read", key)

    async def apply_status(self, key: Key, body: Body) -> Body:
        self._begin("apply_status")
        self._must_exist(key)
        present = self.objects[key]["metadata"]
        for name in ("uid", "resourceVersion"):
            if body["metadata"][name] != present[name]:
                raise ConflictError(name)
        status = {name: value for name, value in body["status"].items() if name not in self.pruned}
        if status != self.objects[key]["status"]:
            self.objects[key]["status"] = copy.deepcopy(status)
            self._bump(key)
        return self._answer("apply_status", key)

    async def patch(self, key: Key, operations: Sequence[Body]) -> Body:
        self._begin("patch")
        self._must_exist(key)
        metadata = self.objects[key]["metadata"]
        for operation in operations:
            match operation:
                case {"op": "test", "value": version} if version != metadata["resourceVersion"]:
                    raise ConflictError("test")
                case {"op": "add", "path": "/metadata/finalizers", "value": value}:
                    metadata["finalizers"] = list(value)
                case {"op": "add", "path": "/metadata/finalizers/-", "value": value}:
                    metadata["finalizers"].append(value)
                case {"op": "remove", "path": path}:
                    del metadata["finalizers"][int(path.rsplit("/", 1)[1])]
        self._bump(key)
        answer = self._answer("patch", key)
        self._collect(key)
        return answer

    async def versions(self, kind: Kind, namespace: str | None) -> dict[Key, str]:
        self._begin("versions")
        return {
            key: body["metadata"]["resourceVersion"]
            for key, body in self.objects.items()
            if key.kind == kind.name and namespace in (None, key.namespace)
        }

    async def create_event(self, namespace: str, body: Body) -> None:
        self._begin("create_event")
        assert body["metadata"]["namespace"] == namespace
        self.events[body["metadata"]["name"]] = copy.deepcopy(body)

    async def patch_event(self, namespace: str, name: str, body: Body) -> None:
        self._begin("patch_event")
        if name not in self.events:
            raise ObjectGoneError(f"{namespace}/{name}")
        self.events[name].update(body)

    async def uid(self) -> str:
        self._begin("uid")
        return "0f5c6c1e-5b9c-4c57-9d0e-7b0a4cf0a001"

    async def served(self) -> set[str]:
        self._begin("served")
        return {kind.plural for kind in KINDS.values()}

    def _begin(self, name: str) -> None:
        self.requests.append(name)
        self.before(name)

    def _must_exist(self, key: Key) -> None:
        if key not in self.objects:
            raise ObjectGoneError(str(key))

    def _answer(self, name: str, key: Key) -> Body:
        answer = self.body(key)
        self.after(name)
        return answer

    def _bump(self, key: Key) -> Body:
        self._version += 1
        self.objects[key]["metadata"]["resourceVersion"] = str(self._version)
        return self.body(key)

    def _collect(self, key: Key) -> None:
        metadata = self.objects[key]["metadata"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            del self.objects[key]


def once(name: str, action: Callable[[], object]) -> Callable[[str], None]:
    """Act on the first request of that name only."""
    left = [name]

    def hook(request: str) -> None:
        if request in left:
            left.remove(request)
            action()

    return hook


def lose_answer() -> None:
    """Break the connection after the request was carried out."""
    raise UnclearError("connection reset")


Script = Callable[[ReconcileRequest, Journal], Awaitable[ReconcileResult]]


def condition(kind: str, status: str, **more: object) -> dict[str, object]:
    return {"type": kind, "status": status, "reason": "Because", "message": "It is so.", **more}


def ready(request: ReconcileRequest, **more: object) -> dict[str, Any]:
    """Give the status of a resource that is as it should be."""
    return {"observedGeneration": request.generation, "conditions": [condition("Ready", "True")], **more}


class FakeReconciler:
    """Records what it was given; answers Ready, or as its script says."""

    def __init__(self, script: Script | None = None) -> None:
        self.requests: list[ReconcileRequest] = []
        self.forgotten: list[Key] = []
        self.script = script

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        self.requests.append(request)
        if self.script is not None:
            return await self.script(request, journal)
        return ReconcileResult(status=ready(request), released=request.deleting)

    def references(self, key: Key, spec: Mapping[str, Any]) -> Mapping[str, Key]:
        """Read each field `…Ref`: a resource of the same namespace, a SecureWorkspace unless it says."""
        return {
            f"spec.{field}": Key(value.get("kind", "SecureWorkspace"), key.namespace, value["name"])
            for field, value in spec.items()
            if field.endswith("Ref")
        }

    def shares(self, key: Key, spec: Mapping[str, Any], status: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG002
        """What stands under `shares`."""
        return frozenset(spec.get("shares", ()))

    def forget(self, key: Key) -> None:
        self.forgotten.append(key)


def statuses(conditions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in conditions}
