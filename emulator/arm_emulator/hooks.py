"""What a provider may say about one resource type; every default is the plainest behaviour there is.

A provider module exports `TYPES`, a tuple of `ResourceType` instances, and, for paths that are not a
resource, `ROUTES`, a tuple of `Route`. It is listed in `providers/__init__.py`. Nothing else is needed.

The order in which the core calls the hooks for one PUT or PATCH:

1. `validate(write)`         refuse: raise `ArmError`
2. `linked(write)`           which rights on other resources the caller needs
3. `contention(ctx, id)`     refuse: another operation is running
4. `compose(write)`          the document to store
5. the core stores it in state `put.running` (or finished, when the style is synchronous or `instant` says so)
6. `accepted(ctx, write, resource)`   side effects that show at once
7. `completed(ctx, resource)`         when the operation's time has come; raising `ArmError` makes it Failed

and for a DELETE: `check_delete`, then on completion the resource and its children go, then `deleted`.
"""

# ruff: noqa: ARG002 - a hook names all it is given, whether the default needs it or not

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from arm_emulator.etags import next_etag
from arm_emulator.model import SUCCEEDED, Answer, Call, EtagStyle, JsonObject, Resource, WriteStyle

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from arm_emulator.changes import Change
    from arm_emulator.context import ContextOf
    from arm_emulator.errors import ArmError
    from arm_emulator.ids import ResourceId

SYNCHRONOUS = WriteStyle()
SYNCHRONOUS_DELETE = WriteStyle(updated=200, body="none")
READ_ONLY = frozenset({"id", "name", "type", "etag", "systemData"})
"""Members of a request's document that the server owns; what a client sends there is ignored."""

Context: TypeAlias = "ContextOf[ResourceType]"
"""The emulator's world, whose types are the ones below: what every hook is given."""

Observer: TypeAlias = "Callable[[Context, Change], None]"
"""Called after every applied change of any resource; for side effects across providers. A module lists its
observers in `OBSERVERS`."""

View: TypeAlias = "Callable[[Context, Resource, Call], Answer | JsonObject]"
"""A sub-path of a resource (GET) or an action on it (POST): a JSON object means status 200."""


@dataclass(frozen=True, slots=True)
class Member:
    """One private IP address of a private endpoint, as the target's provider describes it.

    Attributes:
        name: `requiredMemberName` of the network interface's configuration.
        fqdns: public host names that resolve to the address.
        records: record names to write, per private DNS zone name.
    """

    name: str
    fqdns: tuple[str, ...]
    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Write:
    """One PUT or PATCH while a provider judges and composes it.

    Attributes:
        ctx: the emulator's world: store, clock, other types.
        id: id of the resource; the stored casing if it exists.
        call: the request, with `call.body` as it came.
        body: what to compose from. PUT: the request's body. PATCH: the request's body already merged into
            the previous document (RFC 7396; `tags` replaced whole), read-only members included.
        previous: the resource as it is, None on create.
        inside: the parent's write, when this child stands in its parent's body.
    """

    ctx: Context
    id: ResourceId
    call: Call
    body: JsonObject
    previous: Resource | None = None
    inside: Write | None = None

    @property
    def creating(self) -> bool:
        """Whether the resource does not exist yet."""
        return self.previous is None

    @property
    def patching(self) -> bool:
        """Whether the verb is PATCH."""
        return self.call.method == "PATCH"

    @property
    def properties(self) -> JsonObject:
        """`properties` of the body to compose from, empty when absent or null."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}

    def kept(self, name: str, default: object = None) -> Any:  # noqa: ANN401 - a JSON value
        """A property of the previous document, for read-only members that a PUT must not lose."""
        return self.previous.properties.get(name, default) if self.previous else default


@dataclass(frozen=True, slots=True)
class Route:
    """A path outside the resource tree, such as `.../locations/{l}/deletedVaults/{v}`.

    Attributes:
        method: HTTP method.
        pattern: matched (fullmatch, ignore case) against the path with single slashes; named groups reach
            the handler.
        handler: answers; raise `ArmError` to refuse.
        action: management action to authorize, on the subscription or resource group that the path names;
            empty for none.
    """

    method: str
    pattern: re.Pattern[str]
    handler: Callable[[Context, Call, Mapping[str, str]], Answer | JsonObject]
    action: str = ""


class ResourceType:
    """A resource type that is written and removed at once; providers override what differs.

    Class attributes:
        name: full type name in Azure's casing. Empty for the fallback that serves unknown types.
        put, patch, delete: how each verb answers. For `delete`, `updated` is the status for an existing
            resource.
        absent_delete: status of a DELETE of a resource that is not there.
        orphan_delete: the same for a child whose parent is not there either, while its group is.
        etag: entity tag style.
        located: whether PUT must carry a `location` (400 LocationRequired without).
        final_state: `provisioningState` stored once finished; empty for types that show none.
        graphed: whether Resource Graph has rows of this type. None: when it is no child or has a location.
        shares_etag: whether parent and children carry one entity tag, the parent's, that any write among
            them changes (recorded: two security rules of one group show the same tag).
        methods: what may be asked of one resource; anything else is 405.
    """

    name: str = ""
    put: ClassVar[WriteStyle] = SYNCHRONOUS
    patch: ClassVar[WriteStyle] = SYNCHRONOUS
    delete: ClassVar[WriteStyle] = SYNCHRONOUS_DELETE
    absent_delete: ClassVar[int] = 204
    orphan_delete: ClassVar[int] = 404
    etag: ClassVar[EtagStyle] = EtagStyle.ABSENT
    located: ClassVar[bool] = False
    final_state: ClassVar[str] = SUCCEEDED
    graphed: ClassVar[bool | None] = None
    shares_etag: ClassVar[bool] = False
    methods: frozenset[str] = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"})

    @property
    def views(self) -> Mapping[str, View]:
        """GET sub-paths that are not stored children, by lower-case segment: `privatelinkresources`."""
        return {}

    @property
    def actions(self) -> Mapping[str, View]:
        """POST actions by lower-case name; authorized as `<type>/<name>/action`."""
        return {}

    def validate(self, write: Write) -> None:
        """Refuse a bad write by raising `ArmError`. Called before anything changes."""

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Pairs of action and resource id that the caller must also be allowed; default none."""
        return ()

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """Refuse a write or deletion that collides with a running operation by raising `ArmError`."""

    def compose(self, write: Write) -> JsonObject:
        """The document to store, without id, name, type, etag and provisioningState, which the core sets.

        Default: the body without read-only members. PUT replaces; PATCH arrives merged already.
        """
        return {name: value for name, value in write.body.items() if name not in READ_ONLY}

    def instant(self, write: Write, document: JsonObject) -> bool:
        """Whether an asynchronous style finishes this write at once (async headers, final state)."""
        return False

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:
        """Side effects at the moment the write is accepted. Only for writes that are stored at once."""

    def completed(self, ctx: Context, resource: Resource) -> None:
        """Side effects when the operation ends; raise `ArmError` to let it end Failed."""

    def failed(self, ctx: Context, resource: Resource) -> None:
        """Side effects when the operation ended Failed."""

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refuse a deletion (in use, nested resources) by raising `ArmError`."""

    def deleting(self, ctx: Context, resource: Resource, call: Call) -> None:
        """Side effects at the moment a deletion is accepted; its query says how thorough it is."""

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """Side effects after the resource is gone from the store."""

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """What GET, lists, answers of writes and Resource Graph show. Must not change `resource.body`."""
        return resource.body

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """What the answer to one call shows: `render`, unless the verb or the API version matters."""
        return self.render(ctx, resource)

    def headers(self, write: Write, resource: Resource) -> Mapping[str, str]:
        """Further headers of the answer to a write that is shown at once."""
        return {}

    def style(self, write: Write) -> WriteStyle:
        """How this write is answered: `put` or `patch`, unless creation and update differ in kind."""
        return self.patch if write.patching else self.put

    def removal(self, resource: Resource) -> WriteStyle:
        """How a deletion of this resource is answered: `delete`."""
        return self.delete

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """The 404 of a resource that is not there, where the provider's differs from ARM's own."""
        return None

    def listing(self, ctx: Context, parent: str, call: Call) -> Iterable[Resource]:
        """The entries of this type's collection below `parent`, a lower-case id (group, resource, scope).

        Default: direct children; below a subscription, every such resource in it.
        """
        if parent.count("/") == 2 and parent.startswith("/subscriptions/"):  # noqa: PLR2004 - /subscriptions/id
            return [each for each in ctx.of_type(self.name) if each.id.subscription == parent.split("/")[2]]
        return ctx.store.children(parent, self.name.lower())

    def entity_tag(self, ctx: Context, resource: Resource) -> str:
        """The tag that conditional headers are compared with; the parent's where `shares_etag` is set."""
        parent = ctx.store.get(resource.id.parent) if self.shares_etag else None
        return parent.etag if parent else resource.etag

    def tagged(self, ctx: Context, document: JsonObject) -> tuple[str, JsonObject]:
        """A fresh entity tag and the document that shows it in this type's style."""
        value = next_etag(self.etag, ctx.guid())
        if self.etag is EtagStyle.ABSENT:
            return "", document
        return value or "", {**document, "etag": value}

    def usable(self, ctx: Context, target: Resource) -> bool:
        """Whether other resources may be joined to this one: an endpoint, a workspace."""
        return target.settled

    # Private link: what a type that can be the target of a private endpoint tells the network provider.

    def private_link_groups(self, ctx: Context, target: Resource) -> Sequence[str]:
        """Group ids an endpoint may ask for (`blob`, `vault`); empty when the type is no target."""
        return ()

    def private_link_members(self, ctx: Context, target: Resource, group: str) -> Sequence[Member]:
        """The addresses behind one group id, each with host names and DNS records; called once approved."""
        return ()

    def connections_changed(self, ctx: Context, target: Resource) -> None:
        """A private endpoint connection of this target was made, changed or removed."""
