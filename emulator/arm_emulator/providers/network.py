"""What all Microsoft.Network types share: operation URLs, entity tags, references, contention, children."""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.hooks import READ_ONLY, ResourceType, Write
from arm_emulator.ids import require
from arm_emulator.model import FAILED, SUCCEEDED, TERMINAL, EtagStyle, WriteStyle
from arm_emulator.regions import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.hooks import Context
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject, Resource

STATUS_URL = "{subscription}/providers/Microsoft.Network/locations/{location}/operations/{operation}"
RESULT_URL = "{subscription}/providers/Microsoft.Network/locations/{location}/operationResults/{operation}"
POLL_PAUSE = 10
"""Seconds in `Retry-After` of a running poll, whatever the write's own answer said (recorded)."""
UNCOMPARED = frozenset({"etag", "tags", "systemData"})


def put_style(retry_after: int) -> WriteStyle:
    """201 or 200 with the body in state Updating and `Azure-AsyncOperation` (recorded)."""
    return WriteStyle(201, 200, status_url=STATUS_URL, retry_after=retry_after, poll_retry_after=POLL_PAUSE)


def delete_style(retry_after: int = 10) -> WriteStyle:
    """202 without a body, with both URLs (recorded)."""
    return WriteStyle(
        updated=202,
        body="none",
        status_url=STATUS_URL,
        result_url=RESULT_URL,
        retry_after=retry_after,
        poll_retry_after=POLL_PAUSE,
        running="Deleting",
    )


class NetworkType(ResourceType):
    """A network resource: weak tags, asynchronous PUT and DELETE, PATCH for tags only.

    Class attributes:
        owned: properties that only the server sets; a PUT keeps the stored value.
        defaults: properties that the server adds when the client left them out.
        links: property name to type of a single reference `{"id": …}` that must exist, be in the same
            region, and be joined with `<type>/join/action`.
        child_lists: property name to child type of the lists that a PUT replaces as a whole.
    """

    put: ClassVar[WriteStyle] = put_style(3)
    delete: ClassVar[WriteStyle] = delete_style()
    etag = EtagStyle.WEAK
    located = True
    owned: ClassVar[tuple[str, ...]] = ("resourceGuid",)
    defaults: ClassVar[Mapping[str, object]] = {}
    links: ClassVar[Mapping[str, str]] = {}
    child_lists: ClassVar[Mapping[str, str]] = {}

    def validate(self, write: Write) -> None:
        """References must exist; children that the body leaves out must be free to go."""
        for name in self.links:
            target = reference(write.properties.get(name))
            if target is not None:
                require_reference(write, target)
        if not write.patching:
            for kind, items in self._lists(write):
                self._validate_children(write, kind, items)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Joining another network resource is a right on that resource."""
        for name, kind in self.links.items():
            target = reference(write.properties.get(name))
            if target is not None and target.lower() != str(reference(write.kept(name))).lower():
                yield f"{kind}/join/action", target

    def compose(self, write: Write) -> JsonObject:
        """PUT: the body with server defaults and server-owned properties; PATCH: new tags only."""
        if write.patching and write.previous is not None:
            kept = {k: v for k, v in write.previous.body.items() if k not in READ_ONLY}
            return {**kept, "tags": write.call.body.get("tags", kept.get("tags"))}
        unsent = {*self.child_lists, "provisioningState"}
        sent = {k: v for k, v in write.properties.items() if k not in unsent and v is not None}
        properties = {**self.defaults, **sent}
        for name in self.owned:
            properties.pop(name, None)
            value = write.kept(name)
            if value is None and name == "resourceGuid":
                value = write.ctx.guid()
            if value is not None:
                properties[name] = value
        document = {k: v for k, v in write.body.items() if k not in READ_ONLY}
        return {**document, "properties": self.normalise(write, properties)}

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """What a type adds to the composed properties."""
        return properties

    def instant(self, write: Write, document: JsonObject) -> bool:
        """A PUT that changes nothing but tags is finished when it is answered (recorded).

        One after a failure does the work again, whatever it changes.
        """
        if write.previous is None or write.previous.state == FAILED:
            return False
        before = {k: v for k, v in write.previous.body.items() if k not in UNCOMPARED}
        before["properties"] = {k: v for k, v in write.previous.properties.items() if k != "provisioningState"}
        after = {k: v for k, v in document.items() if k not in UNCOMPARED}
        return before == after and write.previous.settled and not self._children_differ(write)

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:
        """Replace the child lists that the body carries, in the parent's own state."""
        if write.patching:
            return
        for kind, items in self._lists(write):
            self._replace_children(ctx, write, resource, kind, items)

    def completed(self, ctx: Context, resource: Resource) -> None:
        """Children that were written with their parent finish with it."""
        for kind in self.child_lists.values():
            for child in ctx.children(resource, kind):
                if child.state not in TERMINAL and not child.operation:
                    ctx.set_properties(child, provisioningState=SUCCEEDED)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The document with its children listed, and the family's one tag."""
        body = resource.body
        if self.shares_etag:
            body = {**body, "etag": self.entity_tag(ctx, resource)}
        if not self.child_lists:
            return body
        lists = {
            name: [ctx.type_of(child).render(ctx, child) for child in ctx.children(resource, kind)]
            for name, kind in self.child_lists.items()
        }
        return {**body, "properties": {**resource.properties, **lists}}

    def _lists(self, write: Write) -> Iterable[tuple[str, list[JsonObject]]]:
        # A list that the body leaves out counts as empty: the PUT removes what it does not name.
        for name, kind in self.child_lists.items():
            items = write.properties.get(name)
            yield kind, items if isinstance(items, list) else []

    def _validate_children(self, write: Write, kind: str, items: list[JsonObject]) -> None:
        ctx = write.ctx
        names = {str(item.get("name", "")).lower() for item in items}
        child_type = ctx.registry.find(kind.lower())
        for child in ctx.children(write.id, kind):
            if child.id.name.lower() not in names:
                child_type.check_delete(ctx, child)
        for item in items:
            child_type.validate(self.child_write(write, kind, item))

    def child_write(self, write: Write, kind: str, item: JsonObject) -> Write:
        """The write of one child that stands inside its parent's body."""
        where = require(f"{write.id.text}/{kind.rsplit('/', 1)[-1]}/{item.get('name', '')}")
        known = write.ctx.store.get(where.key)
        return Write(write.ctx, known.id if known else where, write.call, item, known, write)

    def _children_differ(self, write: Write) -> bool:
        for kind, items in self._lists(write):
            stored = write.ctx.children(write.id, kind)
            if len(stored) != len(items) or write.patching:
                return not write.patching
            child_type = write.ctx.registry.find(kind.lower())
            for item in items:
                child = self.child_write(write, kind, item)
                if child.previous is None or not child_type.instant(child, self._shown(child_type, child)):
                    return True
        return False

    def _shown(self, kind: ResourceType, child: Write) -> JsonObject:
        return {"id": child.id.text, "name": child.id.name, "type": kind.name, **kind.compose(child)}

    def _replace_children(
        self, ctx: Context, write: Write, parent: Resource, kind: str, items: list[JsonObject]
    ) -> None:
        names = {str(item.get("name", "")).lower() for item in items}
        caller, correlation = write.call.caller, write.call.correlation_id
        for child in ctx.children(parent, kind):
            if child.id.name.lower() not in names:
                ctx.remove(child.id.text, caller=caller, correlation_id=correlation)
        child_type = ctx.registry.find(kind.lower())
        for item in items:
            request = self.child_write(write, kind, item)
            document = self._shown(child_type, request)
            if request.previous is not None and child_type.instant(request, document):
                continue
            properties = {**document.get("properties", {}), "provisioningState": parent.state}
            stored = {**document, "properties": properties}
            ctx.commit(request.id, stored, caller=caller, correlation_id=correlation)


class NetworkChild(NetworkType):
    """A network child that a parent's PUT carries in a list: no location, no PATCH, the family's tag."""

    located = False
    shares_etag = True
    owned: ClassVar[tuple[str, ...]] = ()
    methods = frozenset({"GET", "HEAD", "PUT", "DELETE"})

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """The network provider's own words: Resource Manager does not know what a network resource holds."""
        return child_not_found(where)


def child_not_found(where: ResourceId) -> ArmError:
    """404 NotFound of a child whose parent is there.

    Recorded by the tests of MSOpenTech/azure-xplat-cli for a subnet; Azure's later answers have an empty list of
    details.
    """
    return ArmError(404, "NotFound", f"Resource {where.text} not found.", failure_cause=None)


def reference(value: object) -> str | None:
    """The id inside `{"id": …}`, None when there is none."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def require_reference(write: Write, target: str) -> Resource:
    """A referenced resource that must exist in the same region and not be in the middle of an operation.

    Raises:
        ArmError: 400 InvalidResourceReference, or 429 RetryableError while it is still provisioned.
    """
    found = write.ctx.find(target)
    here = region(write.ctx, write.id, write.body)
    if found is None or (here and found.location and found.location != here):
        raise bad_request(
            "InvalidResourceReference",
            f"Resource {target} referenced by resource {write.id.text} was not found. Please make sure that "
            "the referenced resource exists, and that both resources are in the same region.",
        )
    if not found.settled:
        raise not_provisioned(found, write.id)
    return found


def region(ctx: Context, where: ResourceId, body: JsonObject) -> str:
    """The region of a network resource or of the one it is a child of."""
    own = normal(body.get("location"))
    parent = ctx.store.get(where.parent)
    return own or (parent.location if parent and where.nested else "")


def not_provisioned(dependency: Resource, user: ResourceId) -> ArmError:
    """429 without Retry-After, while a resource that is referred to has not settled (recorded)."""
    text = (
        f"Cannot proceed with operation because resource {dependency.id.text} used by resource {user.text} is not "
        f"in Succeeded state. Resource is in {dependency.state} state and the last operation that updated/is "
        f"updating the resource is {_operation_name(dependency.id)}."
    )
    details = [{"code": "ReferencedResourceNotProvisioned", "message": text}]
    return ArmError(429, "RetryableError", "A retryable error occurred.", details=details, failure_cause=None)


def _operation_name(where: ResourceId) -> str:
    """The service's name of a type's PUT: publicIPAddresses have PutPublicIpAddressOperation (recorded)."""
    plural = where.type.rsplit("/", 1)[-1]
    kind = plural.replace("IPAddresses", "IpAddress") if "IPAddresses" in plural else plural.removesuffix("s")
    return f"Put{kind[:1].upper()}{kind[1:]}Operation"


def busy(ctx: Context, running: Resource, seconds: int = 11) -> ArmError:
    """429 with Retry-After, when a sibling's operation is still running (recorded: 11 to 14 s)."""
    text = (
        f"Operation PutSubnetOperation ({running.operation or ctx.guid()}) was canceled and superseded by "
        f"another operation, or operation on {running.id.text} is in progress. It can be retried in {seconds} "
        "seconds."
    )
    details = [{"code": "RetryableErrorDueToAnotherOperation", "message": text}]
    return ArmError(429, "RetryableError", "A retryable error occurred.", details=details, retry_after=seconds)


def another_operation(running: Resource) -> ArmError:
    """409 while the resource or one of its parts is being changed; the message names the operation."""
    where = running.id
    operation = (
        f"/subscriptions/{where.subscription}/providers/Microsoft.Network/locations/"
        f"{running.location or 'global'}/operations/{running.operation}"
    )
    return ArmError(
        409,
        "AnotherOperationInProgress",
        f"Another operation on this or dependent resource is in progress. To retrieve status of the operation "
        f"use uri: {operation}",
    )
