"""Tags of any scope as a resource of their own, and the tag names that a subscription knows.

Witness: Microsoft's OpenAPI document of Microsoft.Resources, operations `Tags_*`; there is no recording.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from arm_emulator import guards, ids, reads
from arm_emulator.errors import conflict, gateway
from arm_emulator.hooks import ResourceType, Route
from arm_emulator.model import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject, Resource

TAGS = "Microsoft.Resources/tags"
NAMES = "Microsoft.Resources/tagNames"
VALUES = f"{NAMES}/tagValues"


class PredefinedTags(ResourceType):
    """Tag names and values made ahead of use; served under paths of their own only."""

    final_state: ClassVar[str] = ""
    graphed: ClassVar[bool | None] = False
    methods = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name


# The tags of one scope.


def _scope(ctx: Context, call: Call, found: Mapping[str, str], verb: str) -> Resource:
    where = ids.parse(found["scope"])
    if where is None:
        raise reads.unserved(call)
    guards.require_subscription(ctx, where)
    ctx.authorization.require(call.caller, f"{TAGS}/{verb}", where.text)
    guards.require_group(ctx, where)
    resource = ctx.store.get(where.key)
    if resource is None:
        raise guards.not_found(where)
    if verb != "read":
        guards.check_locks(ctx, where, "write")
    return resource


def _tags(resource: Resource) -> dict[str, Any]:
    return dict(resource.body.get("tags") or {})


def _wrapped(resource: Resource) -> JsonObject:
    return {
        "id": f"{resource.id.text}/providers/{TAGS}/default",
        "name": "default",
        "type": TAGS,
        "properties": {"tags": _tags(resource)},
    }


def _get(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:
    return _wrapped(_scope(ctx, call, found, "read"))


def _put(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:
    return _write(ctx, call, _scope(ctx, call, found, "write"), _sent(call))


def _patch(ctx: Context, call: Call, found: Mapping[str, str]) -> JsonObject:
    resource = _scope(ctx, call, found, "write")
    operation = str(call.body.get("operation", "")).lower()
    changed = _sent(call)
    if operation == "replace":
        return _write(ctx, call, resource, changed)
    lowered = {name.lower(): value for name, value in changed.items()}
    if operation == "merge":
        others = {name: value for name, value in _tags(resource).items() if name.lower() not in lowered}
        return _write(ctx, call, resource, {**others, **changed})
    if operation == "delete":
        return _write(ctx, call, resource, _without(_tags(resource), lowered))
    raise gateway(
        400, "InvalidRequestContent", f"The tags operation '{operation}' is no Replace, Merge or Delete."
    )


def _without(tags: dict[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """What stays when names, or pairs of name and value, are deleted."""
    return {
        name: value
        for name, value in tags.items()
        if name.lower() not in named or named[name.lower()] not in {None, "", value}
    }


def _delete(ctx: Context, call: Call, found: Mapping[str, str]) -> Answer:
    _write(ctx, call, _scope(ctx, call, found, "delete"), {})
    return Answer(200)


def _sent(call: Call) -> dict[str, Any]:
    tags = (call.body.get("properties") or {}).get("tags")
    if not isinstance(tags, dict):
        raise gateway(400, "InvalidRequestContent", "The request content has no properties.tags.")
    return tags


def _write(ctx: Context, call: Call, resource: Resource, tags: dict[str, Any]) -> JsonObject:
    document = {**resource.body, "tags": tags}
    ctx.commit(
        resource.id,
        document,
        caller=call.caller,
        operation=f"{TAGS}/write",
        correlation_id=call.correlation_id,
    )
    return _wrapped(resource)


# The names a subscription knows: those in use, and those made ahead.


def _known(ctx: Context, found: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """How many resources carry each value of each tag name of a subscription, unused ones with none."""
    subscription = found["subscription"].lower()
    guards.require_subscription(ctx, ids.require(f"/subscriptions/{subscription}"))
    counts: dict[str, dict[str, int]] = {}
    for each in ctx.store.all():
        if each.id.subscription != subscription:
            continue
        if each.id.type == NAMES:
            counts.setdefault(each.id.name, {})
        elif each.id.type == VALUES:
            counts.setdefault(each.id.names[0], {}).setdefault(each.id.name, 0)
        for name, value in _tags(each).items():
            values = counts.setdefault(name, {})
            values[str(value)] = values.get(str(value), 0) + 1
    return counts


def _count(value: int) -> JsonObject:
    return {"type": "Total", "value": value}


def _details(root: str, name: str, values: Mapping[str, int]) -> JsonObject:
    return {
        "id": f"{root}/{name}",
        "tagName": name,
        "count": _count(sum(values.values())),
        "values": [_value(f"{root}/{name}", value, number) for value, number in values.items()],
    }


def _value(root: str, value: str, number: int) -> JsonObject:
    return {"id": f"{root}/tagValues/{value}", "tagValue": value, "count": _count(number)}


def _root(found: Mapping[str, str]) -> str:
    return f"/subscriptions/{found['subscription']}/tagNames"


def _stored(found: Mapping[str, str]) -> str:
    base = f"/subscriptions/{found['subscription']}/providers/{NAMES}/{found['name']}"
    return f"{base}/tagValues/{found['value']}" if "value" in found else base


def _list_names(ctx: Context, call: Call, found: Mapping[str, str]) -> Answer:
    rows = (_details(_root(found), name, values) for name, values in _known(ctx, found).items())
    return reads.page(ctx, call, rows)


def _put_name(ctx: Context, call: Call, found: Mapping[str, str]) -> Answer:
    status = _make(ctx, call, found)
    name = found["name"]
    return Answer(status, _details(_root(found), name, _known(ctx, found)[name]))


def _put_value(ctx: Context, call: Call, found: Mapping[str, str]) -> Answer:
    name, value = found["name"], found["value"]
    _known(ctx, found)
    if ctx.find(_stored({"subscription": found["subscription"], "name": name})) is None:
        raise gateway(404, "TagNotFound", f"The tag name '{name}' does not exist.")
    status = _make(ctx, call, found)
    return Answer(status, _value(f"{_root(found)}/{name}", value, _known(ctx, found)[name][value]))


def _make(ctx: Context, call: Call, found: Mapping[str, str]) -> int:
    _known(ctx, found)
    if ctx.find(_stored(found)) is not None:
        return 200
    ctx.apply(_stored(found), {}, caller=call.caller)
    return 201


def _delete_known(ctx: Context, call: Call, found: Mapping[str, str]) -> Answer:
    values = _known(ctx, found).get(found["name"], {})
    resource = ctx.find(_stored(found))
    if resource is None:
        return Answer(204)
    used = values.get(found["value"], 0) if "value" in found else len(values)
    if used:
        raise conflict("Conflict", f"The tag '{resource.id.name}' is in use, or has values.")
    ctx.remove(resource.id.text, caller=call.caller, correlation_id=call.correlation_id)
    return Answer(200)


def _route(method: str, pattern: str, handler: object, action: str = "") -> Route:
    return Route(method, re.compile(pattern, re.IGNORECASE), handler, action)  # type: ignore[arg-type]


_AT = r"(?P<scope>/.+)/providers/Microsoft\.Resources/tags/default"
_NAMES = r"/subscriptions/(?P<subscription>[^/]+)/tagNames"
_NAME = _NAMES + r"/(?P<name>[^/]+)"
_VALUE = _NAME + r"/tagValues/(?P<value>[^/]+)"
_ACTION = "Microsoft.Resources/subscriptions/tagNames"

TYPES = (PredefinedTags(NAMES), PredefinedTags(VALUES))
ROUTES = (
    _route("GET", _AT, _get),
    _route("PUT", _AT, _put),
    _route("PATCH", _AT, _patch),
    _route("DELETE", _AT, _delete),
    _route("GET", _NAMES, _list_names, f"{_ACTION}/read"),
    _route("PUT", _NAME, _put_name, f"{_ACTION}/write"),
    _route("DELETE", _NAME, _delete_known, f"{_ACTION}/delete"),
    _route("PUT", _VALUE, _put_value, f"{_ACTION}/tagValues/write"),
    _route("DELETE", _VALUE, _delete_known, f"{_ACTION}/tagValues/delete"),
)
