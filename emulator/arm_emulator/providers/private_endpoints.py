"""Private endpoints: approval on the target, the network interface, and what follows when either side changes.

Witnesses: recording Test_Networking_PrivateEndpoint_20250301_CRUD; wire examples section 6; conventions 19, 21.
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from arm_emulator import ids
from arm_emulator.errors import ArmError, bad_request, conflict
from arm_emulator.model import SUCCEEDED
from arm_emulator.providers import addresses, busy_accounts, endpoint_interfaces
from arm_emulator.providers.network import NetworkType, not_provisioned, put_style, reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arm_emulator.changes import Change
    from arm_emulator.hooks import Context, Member, Write
    from arm_emulator.model import JsonObject, Resource, WriteStyle

ENDPOINTS = "Microsoft.Network/privateEndpoints"
ZONE_GROUPS = f"{ENDPOINTS}/privateDnsZoneGroups"
CONNECTIONS = "/privateEndpointConnections"
AUTOMATIC, MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"
APPROVED = {"status": "Approved", "description": "Auto Approved", "actionsRequired": "None"}
PENDING = {"status": "Pending", "description": "Awaiting Approval", "actionsRequired": "None"}


class PrivateEndpoints(NetworkType):
    """A private endpoint: one connection to one group of one target, out of one subnet."""

    name = ENDPOINTS
    put: ClassVar[WriteStyle] = put_style(10)
    methods = frozenset({"GET", "HEAD", "PUT", "DELETE"})
    owned = ("resourceGuid", "networkInterfaces", "customDnsConfigs")
    defaults: ClassVar[Mapping[str, object]] = {
        AUTOMATIC: [],
        MANUAL: [],
        "customNetworkInterfaceName": "",
        "ipConfigurations": [],
        "ipVersionType": "IPv4",
        "customDnsConfigs": [],
    }

    def validate(self, write: Write) -> None:
        """Subnet, region, target, group, and what is fixed after creation."""
        subnet = _subnet(write)
        connection = _one_connection(write)
        if write.previous is not None:
            _check_fixed(write, write.previous, subnet, connection)
            return
        delegations = subnet.properties.get("delegations")
        if delegations:
            raise bad_request(
                "PrivateEndpointCreationNotAllowedAsSubnetIsDelegated",
                f"Private endpoint {write.id.text} cannot be created in the subnet {subnet.id.text} since it is "
                "delegated.",
            )
        target, _ = _target(write, connection)
        count = 1
        if target is not None:
            groups = connection.get("groupIds") or []
            members = members_of(write.ctx, target, groups)
            endpoint_interfaces.check_static(write, members, groups)
            count = max(1, len(members))
        addresses.allocate(write.ctx, subnet, endpoint_interfaces.static_addresses(write, count))

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Joining the subnet, and approving on a target of another subscription.

        There the request for approval at once is refused in the short name of the right (Azure/azure-sdk-for-go
        issue 14306, MicrosoftDocs/azure-docs issue 96892). In one subscription the right only decides between
        Approved and Pending. An update joins the zones of the endpoint's group once more
        (hashicorp/terraform-provider-azurerm issue 10556).
        """
        if not write.creating:
            for group in write.ctx.children(write.id, ZONE_GROUPS):
                for each in group.properties.get("privateDnsZoneConfigs") or ():
                    yield (
                        "Microsoft.Network/privateDnsZones/join/action",
                        str(each["properties"]["privateDnsZoneId"]),
                    )
            return
        yield (
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            str(reference(write.properties["subnet"])),
        )
        for each in write.properties.get(AUTOMATIC) or ():
            target = write.ctx.find((each.get("properties") or {}).get("privateLinkServiceId"))
            if target is None or target.id.subscription == write.id.subscription:
                continue
            if not write.ctx.allowed(write.call.caller, _approval(target), target.id.text):
                yield "PrivateEndpointConnectionsApproval/action", target.id.text

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """Connections as the server shows them, with the interface already named."""
        shown: dict[str, list[JsonObject]] = {AUTOMATIC: [], MANUAL: []}
        for kind in (AUTOMATIC, MANUAL):
            shown[kind] = [_connection(write, kind, each) for each in properties.get(kind) or ()]
        interfaces = properties.get("networkInterfaces") or [{"id": endpoint_interfaces.planned_id(write)}]
        names = properties.get("customDnsConfigs") or []
        properties = {**properties, "customDnsConfigs": names}
        return {**properties, **shown, "networkInterfaces": interfaces, "subnet": {"id": _subnet(write).id.text}}

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:
        """Make the interface when the endpoint is new."""
        if not write.creating:
            return
        target = ctx.find(target_id(resource))
        members = members_of(ctx, target, groups_of(resource)) if target else []
        endpoint_interfaces.make(ctx, write, resource, members, groups_of(resource))

    def completed(self, ctx: Context, resource: Resource) -> None:
        """The target hears of a new endpoint only now; host names appear once it is approved.

        Recorded of a storage account, which listed no connection four seconds after the answer to the PUT, and the
        operation was under way for another thirteen at least. Of other services nobody knows.
        """
        target = ctx.find(target_id(resource))
        if target is not None and connection_on_target(ctx, resource) is None and not _disconnected(resource):
            busy_accounts.check(ctx, resource, target)
            _make_connection(ctx, resource, target)
            resource = ctx.find(resource.id.text) or resource
        interface = endpoint_interfaces.interface_of(ctx, resource)
        if interface is not None:
            ctx.set_properties(interface, provisioningState=SUCCEEDED)
        refresh_names(ctx, resource)

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """The interface and the target's connection go with the endpoint."""
        interface = endpoint_interfaces.interface_of(ctx, resource)
        if interface is not None:
            ctx.remove(interface.id.text)
        connection = connection_on_target(ctx, resource)
        if connection is not None:
            ctx.remove(connection.id.text)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """The connections inside carry the endpoint's own tag."""
        properties = dict(resource.properties)
        for kind in (AUTOMATIC, MANUAL):
            properties[kind] = [{**each, "etag": resource.etag} for each in properties.get(kind) or ()]
        return {**resource.body, "properties": properties}


def target_id(endpoint: Resource) -> str:
    """Id of what an endpoint leads to; the alias of a private link service is returned as it is."""
    for kind in (AUTOMATIC, MANUAL):
        for each in endpoint.properties.get(kind) or ():
            return str(each["properties"].get("privateLinkServiceId", ""))
    return ""


def state_of(endpoint: Resource) -> JsonObject:
    """The connection state: status, description, actionsRequired."""
    for kind in (AUTOMATIC, MANUAL):
        for each in endpoint.properties.get(kind) or ():
            return dict(each["properties"].get("privateLinkServiceConnectionState") or {})
    return {}


def _disconnected(endpoint: Resource) -> bool:
    return state_of(endpoint).get("status") == "Disconnected"


def connection_on_target(ctx: Context, endpoint: Resource) -> Resource | None:
    """The connection object that the target shows for this endpoint."""
    for each in ctx.referrers(endpoint.id.key):
        if each.id.type_key.endswith(CONNECTIONS.lower()):
            return each
    return None


def addresses_by_member(ctx: Context, endpoint: Resource) -> list[tuple[Member, str]]:
    """The target's members, each with the address that the endpoint's interface has for it."""
    interface = endpoint_interfaces.interface_of(ctx, endpoint)
    target = ctx.find(target_id(endpoint))
    if interface is None or target is None:
        return []
    found = {}
    for each in interface.properties["ipConfigurations"]:
        link = each["properties"].get("privateLinkConnectionProperties") or {}
        found[link.get("requiredMemberName")] = each["properties"]["privateIPAddress"]
    members = members_of(ctx, target, groups_of(endpoint))
    return [(member, found[member.name]) for member in members if member.name in found]


def refresh_names(ctx: Context, endpoint: Resource) -> None:
    """Set `customDnsConfigs` from the target's members while the connection is approved."""
    if state_of(endpoint).get("status") != "Approved":
        return
    rows = [
        {"fqdn": fqdn, "ipAddresses": [address]}
        for member, address in addresses_by_member(ctx, endpoint)
        for fqdn in member.fqdns
    ]
    if rows != endpoint.properties.get("customDnsConfigs"):
        ctx.set_properties(endpoint, customDnsConfigs=rows)


def observe(ctx: Context, change: Change) -> None:
    """Reflect what a target's owner does to a connection on the endpoint."""
    if not change.id.type_key.endswith(CONNECTIONS.lower()) or change.type == "Create":
        return
    document = change.after or change.before or {}
    endpoint = ctx.find(reference(document.get("properties", {}).get("privateEndpoint")))
    if endpoint is None:
        return
    if change.type == "Delete":
        state = {
            "status": "Disconnected",
            "description": "Connection removed by its owner",
            "actionsRequired": "None",
        }
    else:
        sent = document["properties"].get("privateLinkServiceConnectionState") or {}
        state = {"actionsRequired": "None", **{k: v for k, v in sent.items() if k != "actionRequired"}}
    if state == state_of(endpoint):
        return
    lists = {
        kind: [
            {**each, "properties": {**each["properties"], "privateLinkServiceConnectionState": state}}
            for each in endpoint.properties.get(kind) or ()
        ]
        for kind in (AUTOMATIC, MANUAL)
    }
    endpoint = ctx.set_properties(endpoint, **lists)
    refresh_names(ctx, endpoint)
    for group in ctx.children(endpoint, ZONE_GROUPS):
        ctx.type_of(group).completed(ctx, group)


def _subnet(write: Write) -> Resource:
    target = reference(write.properties.get("subnet"))
    if target is None:
        raise bad_request("InvalidRequestFormat", "Cannot parse the request: properties.subnet.id is missing.")
    subnet = write.ctx.find(target)
    if subnet is None:
        raise _missing(write, target)
    parent = write.ctx.store.get(subnet.id.parent)
    here = str(write.body.get("location", "")).replace(" ", "").lower()
    if parent is not None and here and parent.location != here:
        raise _missing(write, target)
    if write.creating and not subnet.settled:
        raise not_provisioned(subnet, write.id)
    return subnet


def _missing(write: Write, target: str) -> ArmError:
    return bad_request(
        "InvalidResourceReference",
        f"Resource {target} referenced by resource {write.id.text} was not found. Please make sure that the "
        "referenced resource exists, and that both resources are in the same region.",
    )


def _one_connection(write: Write) -> JsonObject:
    rows = [each for kind in (AUTOMATIC, MANUAL) for each in write.properties.get(kind) or ()]
    if len(rows) != 1:
        raise bad_request(
            "PrivateEndpointMustHaveExactlyOneConnection",
            f"Private endpoint {write.id.text} must have exactly one private link service connection.",
        )
    return dict(rows[0].get("properties") or {})


def _target(write: Write, connection: JsonObject) -> tuple[Resource | None, Sequence[str]]:
    wanted = str(connection.get("privateLinkServiceId") or "")
    where = ids.parse(wanted) if wanted.startswith("/") else None
    if where is None:
        if re.fullmatch(r"[\w.-]+\.azure\.privatelinkservice", wanted):
            return None, ()
        raise bad_request("InvalidPrivateLinkServiceId", f"Private link service id {wanted} is invalid.")
    target = write.ctx.find(wanted)
    if target is None:
        raise _missing(write, wanted)
    groups = write.ctx.type_of(target).private_link_groups(write.ctx, target)
    asked = connection.get("groupIds") or []
    if not groups and write.ctx.registry.knows(target.id.type_key):
        raise bad_request(
            "InvalidPrivateLinkServiceId",
            f"Resource {wanted} of type {target.id.type} does not support private endpoints.",
        )
    if len(asked) > 1 and groups:
        raise bad_request(
            "OnlyOneGroupIdPermitted",
            f"Private link service connection {_place(write)} has the following group Ids: {', '.join(asked)}. "
            f"Only one group Id is permitted when connecting to a first-party resource ({target.id.text}).",
        )
    unknown = [each for each in asked if groups and str(each).lower() not in {g.lower() for g in groups}]
    if unknown or (groups and not asked):
        raise bad_request(
            "GroupIdInvalid",
            f"Group id {', '.join(unknown) or '(none)'} is not valid for {wanted}. Valid group ids: "
            f"{', '.join(groups)}.",
        )
    if not write.ctx.type_of(target).usable(write.ctx, target):
        if target.id.namespace == "Microsoft.Storage":
            raise conflict(
                "StorageAccountIsNotProvisioned", f"The storage account {target.id.name} is not provisioned."
            )
        raise not_provisioned(target, write.id)
    return target, groups


def _place(write: Write) -> str:
    """Id of the connection that the request asks for."""
    for kind in (AUTOMATIC, MANUAL):
        for each in write.properties.get(kind) or ():
            return f"{write.id.text}/{kind}/{each.get('name') or write.id.name}"
    return write.id.text


def members_of(ctx: Context, target: Resource, groups: Sequence[str]) -> list[Member]:
    """The members of some groups of a target."""
    kind = ctx.type_of(target)
    return [member for group in groups for member in kind.private_link_members(ctx, target, group)]


def groups_of(endpoint: Resource) -> list[str]:
    """The group ids of an endpoint's connection."""
    for kind in (AUTOMATIC, MANUAL):
        for each in endpoint.properties.get(kind) or ():
            return list(each["properties"].get("groupIds") or ())
    return []


def _connection(write: Write, kind: str, item: JsonObject) -> JsonObject:
    name = str(item.get("name") or write.id.name)
    sent = dict(item.get("properties") or {})
    where = f"{write.id.text}/{kind}/{name}"
    state = state_of(write.previous) if write.previous else _first_state(write, kind, sent)
    if kind == MANUAL and "requestMessage" in sent and write.creating:
        state = {**state, "description": state["description"]}
    sent.pop("privateLinkServiceConnectionState", None)
    return {
        "name": name,
        "id": where,
        "type": f"{ENDPOINTS}/{kind}",
        "properties": {
            "provisioningState": SUCCEEDED,
            **sent,
            "privateLinkServiceConnectionState": state,
        },
    }


def _first_state(write: Write, kind: str, connection: JsonObject) -> JsonObject:
    target = write.ctx.find(connection.get("privateLinkServiceId"))
    if kind == MANUAL or target is None:
        return dict(PENDING)
    return dict(APPROVED if write.ctx.allowed(write.call.caller, _approval(target), target.id.text) else PENDING)


def _approval(target: Resource) -> str:
    return f"{target.id.type}/privateEndpointConnectionsApproval/action"


def _check_fixed(write: Write, previous: Resource, subnet: Resource, connection: JsonObject) -> None:
    old_subnet = reference(previous.properties.get("subnet"))
    same_target = ids.same(connection.get("privateLinkServiceId"), target_id(previous))
    asked = [str(each).lower() for each in connection.get("groupIds") or ()]
    same_groups = asked == [each.lower() for each in groups_of(previous)]
    if not ids.same(old_subnet, subnet.id.text) or not same_target or not same_groups:
        raise bad_request(
            "PropertyChangeNotAllowed",
            f"Subnet, target and group ids of private endpoint {write.id.text} cannot be changed after creation.",
        )


def _make_connection(ctx: Context, endpoint: Resource, target: Resource) -> None:
    groups = groups_of(endpoint)
    ctx.apply(
        f"{target.id.text}{CONNECTIONS}/{endpoint.id.name}.{ctx.guid()}",
        {
            "properties": {
                "privateEndpoint": {"id": endpoint.id.text},
                "groupIds": groups,
                "privateLinkServiceConnectionState": state_of(endpoint),
                "provisioningState": SUCCEEDED,
            }
        },
    )
    ctx.type_of(target).connections_changed(ctx, target)


TYPES = (PrivateEndpoints(),)
OBSERVERS = (observe,)
