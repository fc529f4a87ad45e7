"""The emulator's world as providers see it: look things up, cause side effects, ask the time."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from arm_emulator import ids
from arm_emulator.model import SYSTEM, Caller, JsonObject, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arm_emulator.authorization import Authorization
    from arm_emulator.changes import Change, ChangeLog
    from arm_emulator.clock import Clock
    from arm_emulator.config import Config
    from arm_emulator.ids import ResourceId
    from arm_emulator.operations import Operations
    from arm_emulator.registry import Registry
    from arm_emulator.store import Store


class Kind(Protocol):
    """What the context itself asks of a resource type; everything else is between the type and the core."""

    name: str
    shares_etag: ClassVar[bool]

    def tagged(self, ctx: Any, document: JsonObject) -> tuple[str, JsonObject]:  # noqa: ANN401
        """A fresh entity tag and the document that shows it."""

    def deleted(self, ctx: Any, resource: Resource) -> None:  # noqa: ANN401
        """Side effects after the resource is gone from the store."""


KindT = TypeVar("KindT", bound=Kind)


class ContextOf(Generic[KindT]):
    """Everything a provider may touch. One per emulator.

    It is told the class of resource types (`hooks.Context` is the one with `hooks.ResourceType`), because the
    hooks of a type are given a context: it could not import them without a circle.

    Writes made through `apply` and `remove` take effect at once, carry the caller `System` in the change
    log unless told otherwise, and skip authorization, locks and validation.
    """

    def __init__(  # noqa: PLR0913 - it is the sum of the parts
        self,
        *,
        config: Config,
        clock: Clock,
        store: Store,
        registry: Registry[KindT],
        observers: Iterable[Callable[[Any, Change], None]] = (),
        operations: Operations,
        authorization: Authorization,
        changes: ChangeLog,
    ) -> None:
        self.config = config
        self.clock = clock
        self.store = store
        self.registry = registry
        self.operations = operations
        self.authorization = authorization
        self.changes = changes
        self._guids = 0
        self._unregistered = {
            (subscription.lower(), namespace.lower())
            for subscription in config.subscriptions
            for namespace in config.unregistered
        }
        for observer in observers:
            changes.listeners.append(partial(observer, self))

    @property
    def now(self) -> float:
        """Virtual time, seconds since the epoch."""
        return self.operations.moment or self.clock.now()

    @property
    def now_text(self) -> str:
        """Virtual time as ARM prints it: `2026-11-21T08:15:30.1234567Z`."""
        return self.clock.text(self.now)

    def find(self, resource_id: object) -> Resource | None:
        """The resource of that id (any casing), or None; anything but a text is None too."""
        return self.store.get(resource_id.rstrip("/").lower()) if isinstance(resource_id, str) else None

    def children(self, parent: Resource | ResourceId, kind: str = "") -> list[Resource]:
        """Direct children in order of creation, all or those of the type name `kind`."""
        key = parent.key if isinstance(parent, ids.ResourceId) else parent.id.key
        return self.store.children(key, kind.lower())

    def referrers(self, resource_id: str, kind: str = "") -> list[Resource]:
        """Resources whose document names this id anywhere, all or those of the type name `kind`."""
        return self.store.referrers(resource_id.lower(), kind.lower())

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Every resource of a type, in order of creation."""
        return self.store.of_type(kind.lower())

    def type_of(self, resource: Resource | ResourceId) -> KindT:
        """The provider of a resource."""
        where = resource if isinstance(resource, ids.ResourceId) else resource.id
        return self.registry.find(where.type_key)

    def allowed(self, caller: Caller, action: str, scope: str) -> bool:
        """Whether the caller's roles permit a management action on that scope."""
        return self.authorization.allowed(caller, action, scope)

    def guid(self, *parts: object) -> str:
        """A guid: the same for the same parts and seed; a fresh one, still reproducible, without parts."""
        if not parts:
            self._guids += 1
            parts = ("fresh", self._guids)
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(map(str, (self.config.seed, *parts)))))

    def registration(self, subscription: str, namespace: str) -> str:
        """`Registered` or `NotRegistered`, of a resource provider in a subscription."""
        missing = (subscription.lower(), namespace.lower()) in self._unregistered
        return "NotRegistered" if missing else "Registered"

    def set_registration(self, subscription: str, namespace: str, *, registered: bool) -> None:
        """Register a resource provider in a subscription, or take that back; takes effect at once."""
        change = self._unregistered.discard if registered else self._unregistered.add
        change((subscription.lower(), namespace.lower()))

    def apply(
        self, resource_id: str, body: JsonObject, *, caller: Caller = SYSTEM, operation: str = ""
    ) -> Resource:
        """Create or replace a resource as a side effect; the id, name and type members are filled in.

        Args:
            resource_id: full id.
            body: document; `location`, `tags`, `properties` and whatever the type shows.
            caller: whom the change log names.
            operation: the change log's operation name; `<type>/write` when empty.
        """
        where = ids.require(resource_id)
        previous = self.store.get(where.key)
        if previous is not None:
            where = previous.id
        kind = self.registry.find(where.type_key)
        document = {"id": where.text, "name": where.name, "type": kind.name or where.type, **body}
        return self.commit(where, document, caller=caller, operation=operation)

    def set_properties(self, resource: Resource, **properties: object) -> Resource:
        """Replace some properties of a resource as a side effect; a value of None removes the property."""
        kept = {name: value for name, value in resource.properties.items() if name not in properties}
        merged = {**kept, **{name: value for name, value in properties.items() if value is not None}}
        return self.commit(resource.id, {**resource.body, "properties": merged}, caller=SYSTEM)

    def commit(
        self,
        where: ResourceId,
        document: JsonObject,
        *,
        caller: Caller,
        operation: str = "",
        correlation_id: str = "",
    ) -> Resource:
        """Put a whole document into the store with a new entity tag and a change record."""
        previous = self.store.get(where.key)
        before = previous.body if previous else None
        kind = self.registry.find(where.type_key)
        resource = previous or Resource(where, document, created=self.now)
        resource.etag, shown = kind.tagged(self, document)
        resource.body = shown
        resource.modified = self.now
        resource.writes += 1
        self.store.put(resource)
        self._retag_parent(resource, kind)
        self.changes.record(
            where, before, shown, caller=caller, operation=operation, correlation_id=correlation_id
        )
        return resource

    def remove(self, resource_id: str, *, caller: Caller = SYSTEM, correlation_id: str = "") -> None:
        """Delete a resource and everything below it, children first, with their providers' side effects."""
        resource = self.find(resource_id)
        if resource is None:
            return
        for child in self.store.below(resource.id.key):
            self.remove(child.id.text, caller=caller, correlation_id=correlation_id)
        if self.store.get(resource.id.key) is None:  # a child's side effects may have removed it
            return
        self.store.remove(resource.id.key)
        self._retag_parent(resource, self.type_of(resource))
        self.changes.record(resource.id, resource.body, None, caller=caller, correlation_id=correlation_id)
        self.type_of(resource).deleted(self, resource)

    def _retag_parent(self, child: Resource, kind: KindT) -> None:
        parent = self.store.get(child.id.parent) if kind.shares_etag else None
        if parent is not None:
            parent.etag, parent.body = self.type_of(parent).tagged(self, parent.body)
