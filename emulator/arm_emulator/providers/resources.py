"""Subscriptions, resource groups and resource providers.

Witness: the resource group calls at both ends of every recording; wire examples section 13.
"""

# ruff: noqa: ARG001 - hooks name all they are given

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator import ids, reads
from arm_emulator.errors import gateway
from arm_emulator.guards import require_subscription
from arm_emulator.hooks import READ_ONLY, ResourceType, Route
from arm_emulator.model import Answer, WriteStyle
from arm_emulator.providers import offerings
from arm_emulator.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import Call, JsonObject, Resource

_SUBSCRIPTION = r"/subscriptions/(?P<subscription>[^/]+)"
_GROUP = rf"{_SUBSCRIPTION}/resourceGroups/(?P<group>[^/]+)"
GROUP_NAME = re.compile(r"[\w().-]{1,90}")
OFFERED = (
    "Microsoft.Authorization",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.MachineLearningServices",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.ResourceGraph",
    "Microsoft.Resources",
    "Microsoft.Storage",
)
"""Provider namespaces listed for a subscription besides those of registered types."""


class ResourceGroups(ResourceType):
    """Resource groups: made at once, deleted with everything inside."""

    name = ids.RESOURCE_GROUPS
    located = True
    absent_delete = 404
    graphed = False
    delete: ClassVar[WriteStyle] = WriteStyle(
        updated=202,
        body="none",
        result_url="{subscription}/operationresults/{operation}",
        retry_after=15,
        running="Deleting",
    )

    def validate(self, write: Write) -> None:
        """The name has 1 to 90 word characters, dots, hyphens or brackets and does not end with a dot."""
        if not GROUP_NAME.fullmatch(write.id.name) or write.id.name.endswith("."):
            raise gateway(
                400,
                "InvalidResourceGroupName",
                f"The provided resource group name '{write.id.name}' is invalid.",
            )

    def compose(self, write: Write) -> JsonObject:
        """Location, tags and who manages it; a group has no properties of its own."""
        return {k: v for k, v in write.body.items() if k not in {*READ_ONLY, "properties"}}


class Subscriptions(ResourceType):
    """Subscriptions exist from the start and are only read."""

    name = ids.SUBSCRIPTIONS
    final_state = ""
    graphed = False
    methods = frozenset({"GET", "HEAD"})


def _list_subscriptions(ctx: Context, call: Call, match: Mapping[str, str]) -> Answer:
    return reads.page(ctx, call, (each.body for each in ctx.of_type(ids.SUBSCRIPTIONS)))


def _list_groups(ctx: Context, call: Call, match: Mapping[str, str]) -> Answer:
    subscription = f"/subscriptions/{match['subscription'].lower()}"
    _known(ctx, match)
    action = "Microsoft.Resources/subscriptions/resourceGroups/read"
    rows = [
        each.body
        for each in ctx.store.children(subscription, ids.RESOURCE_GROUPS.lower())
        if ctx.allowed(call.caller, action, each.id.text)
    ]
    return reads.page(ctx, call, rows)


def _list_resources(ctx: Context, call: Call, match: Mapping[str, str]) -> Answer:
    _known(ctx, match)
    group = match.get("group", "").lower()
    kind = re.fullmatch(r"resourceType eq '([^']+)'", call.query.get("$filter", "").strip(), re.IGNORECASE)
    rows = [
        _brief(each)
        for each in ctx.store.all()
        if each.id.subscription == match["subscription"].lower()
        and each.location
        and "/providers/" in each.id.key
        and (not group or each.id.group.lower() == group)
        and (kind is None or each.id.type_key == kind.group(1).lower())
    ]
    return reads.page(ctx, call, rows)


def _brief(resource: Resource) -> JsonObject:
    members = ("id", "name", "type", "kind", "location", "tags", "sku", "identity", "managedBy")
    return {each: resource.body[each] for each in members if each in resource.body}


def _known(ctx: Context, match: Mapping[str, str]) -> None:
    where = ids.parse(f"/subscriptions/{match['subscription']}")
    if where is not None:
        require_subscription(ctx, where)


def _namespaces(ctx: Context) -> list[str]:
    return sorted({*OFFERED, *(each.name.split("/")[0] for each in ctx.registry.types())})


def _provider(ctx: Context, subscription: str, namespace: str) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": ctx.registration(subscription, namespace),
        "resourceTypes": offerings.resource_types(ctx.registry, namespace),
    }


def _list_providers(ctx: Context, call: Call, match: Mapping[str, str]) -> Answer:
    _known(ctx, match)
    return reads.page(ctx, call, (_provider(ctx, match["subscription"], each) for each in _namespaces(ctx)))


def _get_provider(ctx: Context, call: Call, match: Mapping[str, str]) -> JsonObject:
    _known(ctx, match)
    for each in _namespaces(ctx):
        if each.lower() == match["namespace"].lower():
            return _provider(ctx, match["subscription"], each)
    raise gateway(404, "InvalidResourceNamespace", f"The resource namespace '{match['namespace']}' is invalid.")


def _register(ctx: Context, call: Call, match: Mapping[str, str]) -> JsonObject:
    found = _get_provider(ctx, call, match)
    ctx.set_registration(match["subscription"], match["namespace"], registered=True)
    return {**found, "registrationState": "Registering"}


def _unregister(ctx: Context, call: Call, match: Mapping[str, str]) -> JsonObject:
    _get_provider(ctx, call, match)
    ctx.set_registration(match["subscription"], match["namespace"], registered=False)
    return _get_provider(ctx, call, match)


def _locations(ctx: Context, call: Call, match: Mapping[str, str]) -> JsonObject:
    return {"value": [offerings.location(match["subscription"], each) for each in REGIONS]}


def _route(method: str, pattern: str, handler: object, action: str = "") -> Route:
    return Route(method, re.compile(pattern, re.IGNORECASE), handler, action)  # type: ignore[arg-type]


_READ = "Microsoft.Resources/subscriptions/resources/read"
ROUTES = (
    _route("GET", "/subscriptions", _list_subscriptions),
    _route("GET", f"{_SUBSCRIPTION}/resourceGroups", _list_groups),
    _route("GET", f"{_SUBSCRIPTION}/resources", _list_resources, _READ),
    _route(
        "GET",
        f"{_GROUP}/resources",
        _list_resources,
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    ),
    _route("GET", f"{_SUBSCRIPTION}/locations", _locations),
    _route(
        "GET", f"{_SUBSCRIPTION}/providers", _list_providers, "Microsoft.Resources/subscriptions/providers/read"
    ),
    _route("GET", rf"{_SUBSCRIPTION}/providers/(?P<namespace>[^/]+)", _get_provider),
    _route("POST", rf"{_SUBSCRIPTION}/providers/(?P<namespace>[^/]+)/register", _register),
    _route("POST", rf"{_SUBSCRIPTION}/providers/(?P<namespace>[^/]+)/unregister", _unregister),
)
TYPES = (ResourceGroups(), Subscriptions())
