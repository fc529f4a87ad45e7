"""PUT and PATCH of a resource: the order of checks, the stored document, the operation behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arm_emulator import guards
from arm_emulator.durations import draw
from arm_emulator.errors import ArmError, gateway
from arm_emulator.etags import check_preconditions
from arm_emulator.hooks import Write
from arm_emulator.ids import ResourceId, require
from arm_emulator.model import FAILED, SYSTEM, Answer, Call, EtagStyle, JsonObject, Resource, WriteStyle
from arm_emulator.operations import Operation, cancel
from arm_emulator.regions import normal
from arm_emulator.store import merge_patch

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, ResourceType


def write(ctx: Context, call: Call, where: ResourceId) -> Answer:
    """Serve one PUT or PATCH.

    Raises:
        ArmError: whatever Resource Manager or the provider refuses.
    """
    guards.require_subscription(ctx, where)
    kind = ctx.registry.find(where.type_key)
    action = f"{kind.name or where.type}/write"
    ctx.authorization.require(call.caller, action, where.text)
    guards.require_registration(ctx, where)
    guards.require_parent(ctx, where)
    where = canonical(ctx, where, kind)
    previous = ctx.store.get(where.key)
    if previous is None and call.method == "PATCH":
        raise guards.not_found(where)
    guards.check_locks(ctx, where, "write")
    guards.check_identity(where, call, previous, located=kind.located, known=bool(kind.name))
    check_preconditions(call.headers, previous, kind.entity_tag(ctx, previous) if previous else "")
    request = _request(ctx, call, where, previous)
    guards.check_policy(ctx, where, request.body)
    if previous is not None and previous.state == "Deleting":
        raise deleting(where)
    kind.validate(request)
    ctx.authorization.require_linked(call.caller, action, where.text, list(kind.linked(request)))
    kind.contention(ctx, where)
    document = _document(request, kind)
    return _store(request, kind, document)


def canonical(ctx: Context, where: ResourceId, kind: ResourceType) -> ResourceId:
    """The id in the casing that will be shown: as stored, or the stored parent's and the type's own."""
    known = ctx.store.get(where.key)
    if known is not None:
        return known.id
    above = ctx.store.get(where.parent)
    types = (kind.name or where.type).split("/")
    if where.nested:
        base = above.id.text if above else where.text.rsplit("/", 2)[0]
        return require(f"{base}/{types[-1]}/{where.name}")
    if "/providers/" in where.key:
        base = above.id.text if above else where.scope
        return require(f"{base}/providers/{types[0]}/{types[1]}/{where.name}")
    if where.group:
        return require(f"/subscriptions/{where.subscription}/resourceGroups/{where.group}")
    return where


def deleting(where: ResourceId) -> ArmError:
    """The refusal of writes to a resource whose deletion is running."""
    return ArmError(
        409,
        "AnotherOperationInProgress",
        f"Another operation on this or dependent resource is in progress: '{where.text}' is being deleted.",
        retry_after=10,
    )


def _request(ctx: Context, call: Call, where: ResourceId, previous: Resource | None) -> Write:
    body = call.body
    if call.method == "PATCH" and previous is not None:
        merged = merge_patch(previous.body, {k: v for k, v in body.items() if k != "tags"})
        body = merged if isinstance(merged, dict) else {}
        if "tags" in call.body:  # tags are replaced as a whole
            body["tags"] = call.body["tags"]
    return Write(ctx, where, call, body, previous)


def _document(request: Write, kind: ResourceType) -> JsonObject:
    composed = kind.compose(request)
    if composed.get("tags", 0) is None:
        del composed["tags"]
    if composed.get("location"):
        composed["location"] = normal(composed["location"])
    name = kind.name or (request.previous.body["type"] if request.previous else request.id.type)
    return {"id": request.id.text, "name": request.id.name, "type": name, **composed}


def _with_state(document: JsonObject, kind: ResourceType, state: str) -> JsonObject:
    if not kind.final_state:
        return document
    return {**document, "properties": {**(document.get("properties") or {}), "provisioningState": state}}


def _store(request: Write, kind: ResourceType, document: JsonObject) -> Answer:
    ctx, call = request.ctx, request.call
    style = kind.style(request)
    final = _with_state(document, kind, kind.final_state)
    if not style.asynchronous(creating=request.creating):
        resource = ctx.commit(request.id, final, caller=call.caller, correlation_id=call.correlation_id)
        resource.operation = ""
        kind.accepted(ctx, request, resource)
        kind.completed(ctx, resource)
        return _answer(request, kind, style, None, resource)
    instant = kind.instant(request, document) and not call.fail_operation
    operation = _begin(request, kind, style, document, instant=instant)
    stored = ctx.store.get(request.id.key)
    if style.visible:
        shown = final if instant else _with_state(document, kind, _running(style, request))
        stored = ctx.commit(request.id, shown, caller=call.caller, correlation_id=call.correlation_id)
        kind.accepted(ctx, request, stored)
    if stored is not None:
        stored.operation = "" if instant else operation.id
    if instant:
        ctx.operations.settle(ctx.now)
    return _answer(request, kind, style, operation, stored, instant=instant)


def _running(style: WriteStyle, request: Write) -> str:
    return "Updating" if not request.creating and style.running == "Creating" else style.running


def _begin(
    request: Write, kind: ResourceType, style: WriteStyle, document: JsonObject, *, instant: bool
) -> Operation:
    ctx, call, where = request.ctx, request.call, request.id
    nth = request.previous.writes if request.previous else 0
    seconds = draw(ctx.config.seed, where.key, where.type_key, call.method, nth) * call.slow_operation

    def finish(operation: Operation) -> None:
        if not instant:
            _finish(request, kind, style, document, operation)

    def final() -> JsonObject | None:
        resource = ctx.store.get(where.key)
        return kind.show(ctx, resource, replace(call, method="GET")) if resource else None

    operation = Operation(
        id=ctx.guid(),
        verb=call.method,
        target=where,
        style=style,
        due=ctx.now + (0 if instant else seconds),
        finish=finish,
        final=final,
        started=ctx.now,
    )
    ctx.operations.begin(operation, call, region_of(ctx, where, document))
    return operation


def region_of(ctx: Context, where: ResourceId, document: JsonObject) -> str:
    """Region for operation URLs: the resource's, else the nearest one above that has one."""
    location = document.get("location")
    current: ResourceId | None = where
    while not location and current is not None:
        above = ctx.store.get(current.parent)
        location, current = (above.location, above.id) if above else ("", None)
    return str(location or "")


def _finish(
    request: Write, kind: ResourceType, style: WriteStyle, document: JsonObject, operation: Operation
) -> None:
    ctx, call = request.ctx, request.call
    resource = ctx.store.get(request.id.key)
    if call.fail_operation:
        _fail(ctx, kind, style, resource)
        raise _scripted(call.fail_operation)
    if not style.visible:
        _refuse_if_orphaned(ctx, request)
        previous = resource.body if resource else None
        done = _with_state(document, kind, kind.final_state)
        resource = ctx.commit(request.id, done, caller=call.caller, correlation_id=call.correlation_id)
        try:
            kind.accepted(ctx, request, resource)
            kind.completed(ctx, resource)
        except ArmError:
            _undo(ctx, resource, previous)
            raise
        resource.operation = "" if resource.operation == operation.id else resource.operation
        return
    if resource is None:
        cancel(operation)
        return
    if resource.operation != operation.id:  # a newer write took over; it will settle the resource
        return
    resource.operation = ""
    try:
        kind.completed(ctx, resource)
    except ArmError:
        _fail(ctx, kind, style, resource)
        raise
    resource = ctx.store.get(request.id.key)
    if resource is not None:
        ctx.set_properties(resource, provisioningState=kind.final_state or None)


def _refuse_if_orphaned(ctx: Context, request: Write) -> None:
    try:
        guards.require_parent(ctx, request.id)
    except ArmError as error:
        raise ArmError(409, "OperationCancelled", error.message) from error


def _undo(ctx: Context, resource: Resource, previous: JsonObject | None) -> None:
    if previous is None:
        ctx.remove(resource.id.text)
    else:
        ctx.commit(resource.id, previous, caller=SYSTEM)


def _fail(ctx: Context, kind: ResourceType, style: WriteStyle, resource: Resource | None) -> None:
    if resource is None:
        return
    resource.operation = ""
    if style.visible:
        ctx.set_properties(resource, provisioningState=FAILED)
    kind.failed(ctx, resource)


def _scripted(fault: JsonObject) -> ArmError:
    code = str(fault.get("code", "InternalServerError"))
    message = str(fault.get("message", "An error occurred."))
    return ArmError(int(fault.get("status", 500)), code, message, details=fault.get("details", ()))


def _answer(  # noqa: PLR0913 - the parts of one answer
    request: Write,
    kind: ResourceType,
    style: WriteStyle,
    operation: Operation | None,
    resource: Resource | None,
    *,
    instant: bool = False,
) -> Answer:
    headers = {}
    if operation is not None:
        pause = None if instant else style.retry_after
        headers = operation.headers(request.call.base_url, pause)
        if style.body == "resource" and operation.status_path:
            headers["Azure-AsyncNotification"] = "Enabled"
    status = style.created if request.creating else style.updated
    body: JsonObject | None = {} if style.body == "empty" else None
    synchronous = operation is None
    if resource is not None and (style.body == "resource" or (synchronous and not request.creating)):
        body = kind.show(request.ctx, resource, request.call)
        # A network interface's PUT is synchronous and carries the tag in the body alone (recorded).
        if synchronous and resource.etag and kind.etag is not EtagStyle.WEAK:
            headers["ETag"] = kind.entity_tag(request.ctx, resource)
        headers.update(kind.headers(request, resource))
    return Answer(status, body, headers)


def not_allowed(method: str, where: ResourceId) -> ArmError:
    """The refusal of a verb that the type does not have."""
    return gateway(
        405,
        "MethodNotAllowed",
        f"The resource type '{where.type}' does not support the HTTP method '{method}'.",
    )
