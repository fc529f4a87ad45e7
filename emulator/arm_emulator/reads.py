"""GET and HEAD of resources, collections and views, and POST actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator import guards, ids
from arm_emulator.errors import ArmError, gateway
from arm_emulator.model import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.hooks import Context
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, Resource


class UnservedError(ArmError):
    """A request the emulator has no behaviour for; it is listed under `/emulator/unserved`."""


def read(ctx: Context, call: Call, where: ResourceId) -> Answer:
    """Serve GET or HEAD of one resource."""
    guards.require_subscription(ctx, where)
    resource = ctx.store.get(where.key)
    kind = ctx.registry.find(where.type_key)
    ctx.authorization.require(call.caller, f"{_shown(ctx, where, resource)}/read", where.text)
    if resource is None:
        guards.require_group(ctx, where)
        if call.method == "HEAD":
            return Answer(404)
        raise _missing(ctx, where)
    if call.method == "HEAD":
        return Answer(204)
    headers = {"ETag": kind.entity_tag(ctx, resource)} if resource.etag else {}
    return Answer(200, kind.show(ctx, resource, call), headers)


def _shown(ctx: Context, where: ResourceId, resource: Resource | None) -> str:
    if where.type == ids.RESOURCE_GROUPS:
        return "Microsoft.Resources/subscriptions/resourceGroups"
    if where.type == ids.SUBSCRIPTIONS:
        return "Microsoft.Resources/subscriptions"
    return ctx.registry.find(where.type_key).name or (resource.id.type if resource else where.type)


def _missing(ctx: Context, where: ResourceId) -> ArmError:
    parent = ids.parse(where.parent_text) if where.nested else None
    if parent is not None and ctx.store.get(parent.key) is None:
        return guards.not_found(parent)
    error = ctx.registry.find(where.type_key).missing(ctx, where)
    return error or guards.not_found(where)


def list_or_view(ctx: Context, call: Call, segments: list[str]) -> Answer:
    """Serve GET of a path that is not one resource: a collection, or a provider's view of a resource."""
    above, kind_name = _collection(segments)
    parent = ids.parse_segments(above) if above else None
    if parent is None or not kind_name:
        raise unserved(call)
    guards.require_subscription(ctx, parent)
    guards.require_group(ctx, parent)
    owner = ctx.store.get(parent.key)
    view = ctx.registry.find(parent.type_key).views.get(segments[-1].lower())
    if view is not None:
        kind = ctx.registry.find(parent.type_key)
        ctx.authorization.require(call.caller, f"{kind.name}/{segments[-1]}/read", parent.text)
        if owner is None:
            raise guards.not_found(parent)
        found = view(ctx, owner, call)
        return found if isinstance(found, Answer) else Answer(200, found)
    if "/providers/" in parent.key and owner is None:
        if not _heard_of(ctx, parent.type_key):  # `.../locations/westeurope`: not missing, but not served
            raise unserved(call)
        raise guards.not_found(parent)
    ctx.authorization.require(call.caller, f"{kind_name}/read", parent.text)
    kind = ctx.registry.find(kind_name.lower())
    # An extension (`.../providers/Contoso.Things/widgets`) is stored like any other; what stands directly below
    # a type that has a module may be a view, and an empty list would be a guess.
    nested = kind_name.count("/") > 1
    if nested and not _heard_of(ctx, kind_name.lower()) and ctx.registry.knows(parent.type_key):
        raise unserved(call)
    if kind.name:
        found_resources = kind.listing(ctx, parent.key, call)
    else:
        found_resources = _generic_listing(ctx, parent, kind_name.lower())
    return page(ctx, call, (kind.show(ctx, each, call) for each in found_resources))


def _heard_of(ctx: Context, kind: str) -> bool:
    return ctx.registry.knows(kind) or bool(ctx.store.versions.get(kind))


def _collection(segments: list[str]) -> tuple[list[str], str]:
    """Split a collection's path into its parent's segments and the full type name listed."""
    lowered = [each.lower() for each in segments]
    if "providers" not in lowered:
        return [], ""
    at = len(lowered) - 1 - lowered[::-1].index("providers")
    tail = segments[at + 1 :]
    if len(tail) < 2 or len(tail) % 2:  # noqa: PLR2004
        return [], ""
    kind_name = "/".join([tail[0], *tail[1::2]])
    return (segments[:at], kind_name) if len(tail) == 2 else (segments[:-1], kind_name)  # noqa: PLR2004


def _generic_listing(ctx: Context, parent: ResourceId, kind: str) -> Iterable[Resource]:
    if parent.type == ids.SUBSCRIPTIONS:
        return [each for each in ctx.of_type(kind) if each.id.subscription == parent.subscription]
    return ctx.store.children(parent.key, kind)


def page(ctx: Context, call: Call, rows: Iterable[object]) -> Answer:
    """One page of a list, with an absolute `nextLink` when more follow (`$top`, `$skiptoken`)."""
    everything = list(rows)
    start = int(call.query.get("$skiptoken") or 0)
    size = min(int(call.query.get("$top") or ctx.config.page_size), ctx.config.page_size)
    body: dict[str, object] = {"value": everything[start : start + size]}
    if start + size < len(everything):
        keep = "".join(f"&{name}={value}" for name, value in call.query.items() if name in {"$top", "$filter"})
        query = f"api-version={call.api_version}{keep}&$skiptoken={start + size}"
        body["nextLink"] = f"{call.base_url}{call.path}?{query}"
    return Answer(200, body)


def act(ctx: Context, call: Call, segments: list[str]) -> Answer:
    """Serve a POST action on a resource."""
    parent = ids.parse_segments(segments[:-1])
    name = segments[-1]
    if parent is None:
        raise unserved(call)
    guards.require_subscription(ctx, parent)
    kind = ctx.registry.find(parent.type_key)
    action = kind.actions.get(name.lower())
    ctx.authorization.require(call.caller, f"{kind.name or parent.type}/{name}/action", parent.text)
    guards.require_group(ctx, parent)
    resource = ctx.store.get(parent.key)
    if resource is None:
        raise guards.not_found(parent)
    if action is None:
        raise unserved(call)
    guards.check_locks(ctx, parent, "write")
    found = action(ctx, resource, call)
    return found if isinstance(found, Answer) else Answer(200, found)


def unserved(call: Call) -> UnservedError:
    """The 404 of a path the emulator does not know."""
    problem = gateway(
        404,
        "InvalidResourceType",
        f"The emulator does not serve {call.method} {call.path} (api-version '{call.api_version}').",
    )
    return UnservedError(problem.status, problem.code, problem.message, failure_cause="gateway")
