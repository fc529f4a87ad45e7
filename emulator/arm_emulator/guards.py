"""What Resource Manager itself refuses before a provider is asked: locks, policy, locations, parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator import api_versions, ids
from arm_emulator.errors import ArmError, gateway
from arm_emulator.ids import ResourceId, ancestors
from arm_emulator.regions import available, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.hooks import Context
    from arm_emulator.model import Call, JsonObject, Resource

LOCKS = "microsoft.authorization/locks"
POLICIES = "microsoft.authorization/policyassignments"


def require_subscription(ctx: Context, where: ResourceId) -> None:
    """Refuse ids of subscriptions that do not exist (404 SubscriptionNotFound)."""
    if where.subscription and ctx.store.get(f"/subscriptions/{where.subscription}") is None:
        raise gateway(404, "SubscriptionNotFound", f"The subscription '{where.subscription}' could not be found.")


def require_group(ctx: Context, where: ResourceId) -> None:
    """Refuse ids inside a resource group that does not exist (404 ResourceGroupNotFound)."""
    if where.group and where.type != ids.RESOURCE_GROUPS and ctx.store.get(group_key(where)) is None:
        raise gateway(404, "ResourceGroupNotFound", f"Resource group '{where.group}' could not be found.")


def require_registration(ctx: Context, where: ResourceId) -> None:
    """Refuse writes to types of a provider that the subscription has not registered."""
    if where.subscription and ctx.registration(where.subscription, where.namespace) != "Registered":
        raise gateway(
            409,
            "MissingSubscriptionRegistration",
            f"The subscription is not registered to use namespace '{where.namespace}'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions.",
        )


def group_key(where: ResourceId) -> str:
    """Lower-case id of the resource group that an id lies in."""
    return f"/subscriptions/{where.subscription}/resourcegroups/{where.group.lower()}"


def not_found(where: ResourceId) -> ArmError:
    """ARM's own 404 for a resource, in its words."""
    if where.type == ids.RESOURCE_GROUPS:
        return gateway(404, "ResourceGroupNotFound", f"Resource group '{where.name}' could not be found.")
    place = f" under resource group '{where.group}'" if where.group else ""
    return gateway(
        404,
        "ResourceNotFound",
        f"The Resource '{where.relative}'{place} was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def require_parent(ctx: Context, where: ResourceId) -> None:
    """Refuse a write below something that does not exist, or into a group that is being deleted."""
    if where.type != ids.RESOURCE_GROUPS:
        require_group(ctx, where)
    if where.group:
        group = ctx.store.get(group_key(where))
        if group is not None and group.state == "Deleting":
            raise gateway(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{where.group}' is in deprovisioning state and cannot perform this "
                "operation.",
            )
    parent = ids.parse(where.parent_text) if where.parent else None
    if parent is None or ctx.store.get(parent.key) is not None:
        return
    if where.nested:
        raise gateway(
            404,
            "ParentResourceNotFound",
            "Failed to perform 'write' on resource(s) of type "
            f"'{'/'.join(where.type.split('/')[1:])}', because the parent resource "
            f"'{parent.text}' could not be found.",
        )
    raise not_found(parent)


def check_locks(ctx: Context, where: ResourceId, verb: str) -> None:
    """Refuse what a lock on the resource, above it or, for deletions, below it forbids.

    Args:
        ctx: the emulator's world.
        where: the resource.
        verb: `write` or `delete`.

    Raises:
        ArmError: 409 ScopeLocked.
    """
    if where.type_key == LOCKS or not ctx.store.versions.get(LOCKS):
        return
    levels = ("CanNotDelete", "ReadOnly") if verb == "delete" else ("ReadOnly",)
    above = set(ancestors(where.key))
    locked = []
    for lock in ctx.of_type(LOCKS):
        scope = lock.id.scope.lower()
        inside = scope in above or (verb == "delete" and scope.startswith(where.key + "/"))
        if inside and lock.properties.get("level") in levels:
            locked.append(lock.id.scope)
    if locked:
        raise gateway(
            409,
            "ScopeLocked",
            f"The scope '{where.text}' cannot perform {verb} operation because following scope(s) are "
            f"locked: '{','.join(locked)}'. Please remove the lock and try again.",
        )


def check_policy(ctx: Context, where: ResourceId, document: JsonObject) -> None:
    """Refuse what a policy assignment with `properties.emulatorDeny` denies (the emulator's own device).

    Raises:
        ArmError: 403 RequestDisallowedByPolicy.
    """
    above = {*ancestors(where.key)}
    for assignment in ctx.of_type(POLICIES):
        rule = assignment.properties.get("emulatorDeny")
        if assignment.id.scope.lower() not in above or not isinstance(rule, dict):
            continue
        if str(rule.get("type", "")).lower() == where.type_key and _matches(document, rule):
            raise _disallowed(where, assignment)


def _matches(document: JsonObject, rule: JsonObject) -> bool:
    if "field" not in rule:
        return True
    value: object = document
    for part in str(rule["field"]).split("."):
        value = value.get(part) if isinstance(value, dict) else None
    wanted = rule.get("value")
    return str(value).lower() == str(wanted).lower() if wanted is not None else value is None


def _disallowed(where: ResourceId, assignment: Resource) -> ArmError:
    name = str(assignment.properties.get("displayName") or assignment.id.name)
    definition = str(assignment.properties.get("policyDefinitionId") or "")
    return ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{where.name}' was disallowed by policy. Policy identifiers: "
        f'\'[{{"policyAssignment":{{"name":"{name}","id":"{assignment.id.text}"}},'
        f'"policyDefinition":{{"id":"{definition}"}}}}]\'.',
        target=where.name,
        additional_info=[
            {
                "type": "PolicyViolation",
                "info": {
                    "policyAssignmentId": assignment.id.text,
                    "policyAssignmentName": assignment.id.name,
                    "policyAssignmentDisplayName": name,
                    "policyDefinitionId": definition,
                    "policyDefinitionEffect": "deny",
                },
            }
        ],
        failure_cause="gateway",
    )


def check_region(where: ResourceId, location: str, *, known: bool) -> None:
    """Refuse a location that the type is not offered in.

    Raises:
        ArmError: 400 LocationNotAvailableForResourceGroup (cloud-barista/cb-spider issue 527) or
            LocationNotAvailableForResourceType (Azure/azure-rest-api-specs pull request 8577).
    """
    offered = available(where.type, known=known)
    if location in offered:
        return
    listed = ",".join(offered)
    if where.type == ids.RESOURCE_GROUPS:
        raise gateway(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{location}' is not available for resource group. List of available regions "
            f"is '{listed}'.",
        )
    raise gateway(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{where.type}'. List of available "
        f"regions for the resource type is '{listed}'.",
    )


def check_version(ctx: Context, call: Call, segments: Sequence[str]) -> None:
    """Refuse an API version that the type a path speaks of does not have (`api_versions.check`).

    Args:
        ctx: the emulator's world.
        call: the request; a location in its body counts as the resource's.
        segments: its path.
    """
    kind = ids.type_of_path(segments)
    known = ctx.registry.knows(kind.lower())
    where = ids.parse_segments(list(segments)) or ids.parse_segments(list(segments[:-1]))
    location = normal(call.body.get("location")) or (_region_of(ctx, where) if where else "")
    api_versions.check(kind, call.api_version, location=location, regions=available(kind, known=known))


def _region_of(ctx: Context, where: ResourceId) -> str:
    """The region of a resource or of the nearest one above it in its own provider; empty without one."""
    resource = ctx.store.get(where.key)
    if "/providers/" not in where.key or (resource is not None and resource.location):
        return resource.location if resource and "/providers/" in where.key else ""
    above = ids.parse(where.parent_text) if where.nested else None
    return _region_of(ctx, above) if above else ""


def check_identity(
    where: ResourceId, call: Call, previous: Resource | None, *, located: bool, known: bool
) -> None:
    """Refuse a body that names another resource, has no location or one that is none, or moves the resource.

    Args:
        where: the resource.
        call: the request.
        previous: the resource as it is.
        located: whether the type must have a location.
        known: whether the type has a module.

    Raises:
        ArmError: 400 for a bad body, 409 InvalidResourceLocation for a move.
    """
    body = call.body
    for member, expected in (("name", where.name), ("type", where.type)):
        sent = body.get(member)
        if isinstance(sent, str) and sent.lower() not in {expected.lower(), "/".join(where.names).lower()}:
            raise gateway(
                400,
                "InvalidRequestContent",
                f"The request content was invalid: '{member}' is '{sent}' and the URL says '{expected}'.",
            )
    location = normal(body.get("location"))
    if location:
        check_region(where, location, known=known)
    if located and not location and call.method == "PUT":
        raise gateway(400, "LocationRequired", "The location property is required for this definition.")
    if previous is not None and location and previous.location and location != normal(previous.location):
        raise gateway(
            409,
            "InvalidResourceLocation",
            f"The resource '{where.name}' already exists in location '{previous.location}' in resource group "
            f"'{where.group}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
        )
