"""DELETE of a resource or a resource group, with everything below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator import guards
from arm_emulator.durations import draw
from arm_emulator.errors import ArmError
from arm_emulator.etags import check_preconditions
from arm_emulator.ids import RESOURCE_GROUPS, ResourceId, require
from arm_emulator.model import FAILED, SUCCEEDED, Answer, Call, JsonObject, Resource
from arm_emulator.operations import Operation
from arm_emulator.writes import region_of

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, ResourceType


def delete(ctx: Context, call: Call, where: ResourceId) -> Answer:
    """Serve one DELETE.

    Raises:
        ArmError: whatever Resource Manager or the provider refuses.
    """
    guards.require_subscription(ctx, where)
    kind = ctx.registry.find(where.type_key)
    ctx.authorization.require(call.caller, f"{kind.name or where.type}/delete", where.text)
    resource = ctx.store.get(where.key)
    if resource is None:
        return _absent(ctx, where, kind)
    if resource.state == "Deleting" and resource.operation:
        return _again(ctx, call, kind, resource)
    guards.check_locks(ctx, where, "delete")
    check_preconditions(call.headers, resource, kind.entity_tag(ctx, resource))
    if where.type != RESOURCE_GROUPS:
        kind.contention(ctx, resource.id)
    kind.check_delete(ctx, resource)
    kind.deleting(ctx, resource, call)
    shown = kind.show(ctx, resource, call)
    style = kind.removal(resource)
    if not style.asynchronous(creating=False):
        ctx.remove(where.text, caller=call.caller, correlation_id=call.correlation_id)
        return Answer(style.updated, shown if style.body == "resource" else None)
    operation = _begin(ctx, call, kind, resource)
    body = kind.show(ctx, resource, call) if style.body == "resource" else None
    return Answer(style.updated, body, _headers(operation, call))


def _absent(ctx: Context, where: ResourceId, kind: ResourceType) -> Answer:
    parent = ctx.store.get(where.parent)
    if where.nested and parent is None:
        guards.require_group(ctx, where)
        if kind.orphan_delete != 404:  # noqa: PLR2004
            return Answer(kind.orphan_delete)
        return Answer(404, guards.not_found(_parent(where)).envelope(), {"x-ms-failure-cause": "gateway"})
    guards.require_group(ctx, where)
    if kind.absent_delete == 404:  # noqa: PLR2004
        raise guards.not_found(where)
    return Answer(kind.absent_delete)


def _parent(where: ResourceId) -> ResourceId:
    return require(where.parent_text)


def _again(ctx: Context, call: Call, kind: ResourceType, resource: Resource) -> Answer:
    operation = ctx.operations.get(resource.operation)
    headers = _headers(operation, call) if operation else {}
    return Answer(kind.removal(resource).updated, None, headers)


def _headers(operation: Operation, call: Call) -> dict[str, str]:
    return operation.headers(call.base_url, operation.style.retry_after)


def _begin(ctx: Context, call: Call, kind: ResourceType, resource: Resource) -> Operation:
    where = resource.id
    seconds = draw(ctx.config.seed, where.key, where.type_key, "DELETE", resource.writes) * call.slow_operation
    before = resource.state

    def finish(operation: Operation) -> None:
        _finish(ctx, call, operation, kind, before)

    operation = Operation(
        id=ctx.guid(),
        verb="DELETE",
        target=where,
        style=kind.removal(resource),
        due=ctx.now + seconds,
        finish=finish,
        started=ctx.now,
    )
    ctx.operations.begin(operation, call, region_of(ctx, where, resource.body))
    if kind.final_state:
        ctx.set_properties(resource, provisioningState="Deleting")
    resource.operation = operation.id
    return operation


def _finish(ctx: Context, call: Call, operation: Operation, kind: ResourceType, before: str) -> None:
    resource = ctx.store.get(operation.target.key)
    if resource is None:
        return
    try:
        if call.fail_operation:
            _raise_scripted(call.fail_operation)
        if operation.target.type == RESOURCE_GROUPS:
            empty_group(ctx, resource, call)
        else:
            # What was free when the deletion began may be in use by now.
            kind.check_delete(ctx, resource)
    except ArmError:
        resource.operation = ""
        failed = FAILED if call.fail_operation else before
        ctx.set_properties(resource, provisioningState=failed if kind.final_state else None)
        raise
    ctx.remove(resource.id.text, caller=call.caller, correlation_id=call.correlation_id)


def _raise_scripted(fault: JsonObject) -> None:
    raise ArmError(500, str(fault.get("code", "InternalServerError")), str(fault.get("message", "")))


def empty_group(ctx: Context, group: Resource, call: Call) -> None:
    """Delete what a resource group holds, users before what they use.

    Raises:
        ArmError: 409, when something outside the group still uses a resource inside.
    """
    remaining = ctx.store.children(group.id.key)
    problem: ArmError | None = None
    while remaining:
        left = []
        for resource in remaining:
            if ctx.store.get(resource.id.key) is None:
                continue
            try:
                _empty(ctx, resource, call)
            except ArmError as error:
                problem = error
                left.append(resource)
        if len(left) == len(remaining) and problem is not None:
            raise ArmError(
                409,
                "ResourceGroupDeletionBlocked",
                f"Deletion of resource group '{group.id.name}' failed as resources with identifiers "
                f"'{', '.join(each.id.relative for each in left)}' could not be deleted. The provisioning "
                "state of the resource group will be rolled back.",
                details=[problem.body()],
            )
        remaining = left
    group.operation = ""
    if group.state not in {SUCCEEDED, "Deleting"}:
        ctx.set_properties(group, provisioningState=SUCCEEDED)


def _empty(ctx: Context, resource: Resource, call: Call) -> None:
    for child in ctx.store.children(resource.id.key):
        _empty(ctx, child, call)
    ctx.type_of(resource).check_delete(ctx, resource)
    ctx.remove(resource.id.text, caller=call.caller, correlation_id=call.correlation_id)
