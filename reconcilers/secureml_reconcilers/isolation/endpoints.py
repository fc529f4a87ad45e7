"""Private endpoints: a NIC with a private address in the network for every service (GEN-SEPE-02, WS-PE-01)."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Claim, Ensure, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import is_marked, user_tag
from secureml_reconcilers.engine.values import Fragment, get_path
from secureml_reconcilers.engine.view import View, once, once_each
from secureml_reconcilers.isolation.prerequisites import prerequisites
from secureml_reconcilers.isolation.site import Site, Way, ways, where_named
from secureml_reconcilers.isolation.unsupported_fields import of_subnet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

_RESERVED: Final = 5
"""Addresses of every subnet that Azure keeps for itself (reference-data.md section 11)."""


_NOT_APPROVED: Final = {"rejected": "EndpointRejected", "timeout": "EndpointTimedOut"}
"""Reasons of connections that do not become approved by waiting; pending is what else a status may say."""

_HIDDEN: Final = frozenset({"Forbidden", "NotFound", "OtherTenant"})
"""Why an endpoint stays hidden from us: no right to read it, a subscription that we cannot see, or one of another
tenant, where the managed networks of data factories and of Databricks have theirs."""


@once_each
def endpoint(site: Site, azure: View, way: Way) -> Iterator[Block]:
    """An approved endpoint for one way: somebody's that serves already, or ours."""
    service = azure.require(way.target, "ServiceNotFound", where_named(site, azure, way.target))
    yield from of_subnet(site, azure)
    used = endpoint_used(site, azure, way)
    body = azure.get(used)
    if used != site.endpoint(way):
        in_use = _in_use(site) if is_marked(body or {}) else {}
        yield Ensure(used, in_use, "an endpoint of others serves this service in the network already", (way.rule,))
        yield from _kept_by_owner(way, used, body or {})
    elif body is None:
        yield from _new_endpoint(site, azure, way, service)
    elif _status(body) == "disconnected":
        # A disconnected endpoint never connects again: its connection was deleted on the service's side.
        yield EnsureAbsent(used, "its connection was removed; it is made anew", ("WS-PE-04",))
        yield _disconnected(way, used)  # an endpoint that is not ours to remove must not count as a way in
    elif not _serves(body, site, way):
        yield _leads_elsewhere(way, used)
    else:
        reason = "the service is reached on a private address"
        existing = Ensure(used, _in_use(site), reason, (way.rule,), create={})
        yield existing
        if azure.settled(used):
            yield from _approved(way, used, body, azure, existing)


def _leads_elsewhere(way: Way, used: ResourceId) -> Check:
    """Its target, group and subnet are fixed for life: not even adoption makes it ours."""
    return Check(
        f"{used.short} leads to {way.target.name}",
        holds=False,
        reason="NameTaken",
        message=f"{used.short} exists under our name and leads to another service, group or network.",
        advice="Delete it (az network private-endpoint delete); the operator then makes its own.",
        rules=(way.rule,),
        about=used,
    )


def _in_use(site: Site) -> Fragment:
    """Our name on the endpoint: another custom resource that uses it too must not remove it under us."""
    return {"tags": {user_tag(site.owner): site.owner}}


@once
def endpoint_used(site: Site, azure: View, way: Way) -> ResourceId:
    """The endpoint that serves a way: ours when it exists, else one of others in the network, else ours to be.

    Others' endpoints are found through the service's own list of connections, which is never behind.

    Raises:
        AzureProblem: when an endpoint of others cannot be told, and may be one that serves this way.
    """
    own = site.endpoint(way)
    if azure.get(own) is not None:
        return own
    shown = map(connection_endpoint, connections(azure.get(way.target) or {}))
    others = [other for other in shown if other is not None and other != own]
    azure.ask(*others)
    for other in others:
        if _serves(_of_others(site, azure, other), site, way):
            return other
    return own


def _of_others(site: Site, azure: View, other: ResourceId) -> Body:
    """An endpoint of others; empty when it is gone, or hidden from us for good and in another network.

    One that Azure cannot show just now, or that is hidden from us in our own network, may serve already: a
    second one would fight with it over one record.
    """
    try:
        return azure.get(other) or {}
    except AzureProblem as problem:
        if problem.reason not in _HIDDEN or other in _endpoints_in(site, azure):
            raise
        return {}


def _endpoints_in(site: Site, azure: View) -> set[ResourceId]:
    """Every endpoint that the network's subnets list, whoever may read it."""
    subnets = get_path(azure.get(site.network), "properties.subnets") or ()
    return {
        resource_id(each["id"])
        for subnet in subnets
        for each in get_path(subnet, "properties.privateEndpoints") or ()
    }


def connections(target: Body) -> list[Body]:
    """The private endpoint connections that a service shows in its own body."""
    return list(get_path(target, "properties.privateEndpointConnections") or ())


def connection_endpoint(connection: Body) -> ResourceId | None:
    """The endpoint at the other end of a connection."""
    found = get_path(connection, "properties.privateEndpoint.id")
    return resource_id(found) if found else None


def _new_endpoint(site: Site, azure: View, way: Way, service: Body) -> Iterator[Block]:
    network = azure.require(
        site.network, "NetworkNotFound", "Create the network, or name an existing subnet in a new resource."
    )
    connection = {
        "name": way.target.name,
        "properties": {"privateLinkServiceId": way.target.text, "groupIds": [way.group]},
    }
    possible = (*prerequisites(way.target, service), *_subnet_fits(site, azure, network))
    yield from possible
    yield Ensure(
        site.endpoint(way),
        _in_use(site),
        f"{way.target.name} is reached on a private address ({way.group})",
        (way.rule, "WS-PE-05"),
        create={
            "location": network["location"],  # the network's region, whatever the service's (WS-PE-05)
            "properties": {"subnet": {"id": site.subnet.text}, "privateLinkServiceConnections": [connection]},
        },
        after=possible,
        # Another custom resource may put its endpoints elsewhere, and be about to make one for this way as well.
        claim=Claim(f"{way.target.key} {way.group} {site.network.key}", way.target),
    )


def _subnet_fits(site: Site, azure: View, network: Body) -> Iterator[Check]:
    """The subnet exists, belongs to nobody else, and has room for every endpoint that is missing."""
    subnets = get_path(network, "properties.subnets") or ()
    subnet = next((s for s in subnets if resource_id(s["id"]) == site.subnet), None)
    if subnet is None:
        raise AzureProblem(
            "SubnetNotFound",
            f"The network {site.network.name} has no subnet {site.subnet.name}.",
            "Create the subnet, or make a resource with another spec.network.endpointSubnetID.",
            Retry.SLOW,
            Severity.USER,
            target=site.network,
        )
    delegations = get_path(subnet, "properties.delegations") or ()
    yield Check(
        f"subnet {site.subnet.name} is not delegated",
        not delegations,
        "SubnetDelegated",
        f"Subnet {site.subnet.name} is delegated to another service, which refuses private endpoints.",
        "Name a subnet without delegations in spec.network.endpointSubnetID (in a new resource).",
        ("ACI-CONF-01",),
        site.network,
    )
    needed = sum(way.addresses for way in ways(site, azure) if not is_served(site, azure, way))
    free = free_addresses(subnet)
    yield Check(
        f"subnet {site.subnet.name} has room",
        free >= needed,
        "SubnetFull",
        f"Subnet {site.subnet.name} has {free} free addresses and {needed} are needed.",
        "Widen it, or name another in spec.network.endpointSubnetID (in a new resource).",
        ("WS-PE-01",),
        site.network,
    )


def is_served(site: Site, azure: View, way: Way) -> bool:
    """Whether a way has its endpoint already; one that cannot be told is taken to need its addresses still.

    The others must not fail with it: room for one more than needed is a small price.
    """
    try:
        return azure.get(endpoint_used(site, azure, way)) is not None
    except AzureProblem:
        return False


def free_addresses(subnet: Body) -> int:
    """Addresses left in a subnet, after those that Azure keeps."""
    properties = subnet["properties"]
    prefixes = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    size = sum(ip_network(prefix).num_addresses - _RESERVED for prefix in prefixes if ":" not in prefix)
    return max(0, size - len(properties.get("ipConfigurations") or ()))


def _approved(way: Way, used: ResourceId, body: Body, azure: View, existing: Ensure) -> Iterator[Block]:
    """Our endpoint's connection is approved (WS-PE-04): by the service at once, by us, or by its owner."""
    status = _status(body)
    if status == "pending":
        ours = (c for c in connections(azure.get(way.target) or {}) if connection_endpoint(c) == used)
        connection = next(ours, None)
        if connection is not None:
            yield Ensure(
                resource_id(connection["id"]),
                {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}},
                "the connection was requested by us and waits for approval",
                ("WS-PE-04",),
                after=(existing,),
            )
    yield Check(
        f"{used.short} is approved",
        status == "approved",
        _NOT_APPROVED.get(status, "EndpointPending"),
        f"The connection of {used.short} to {way.target.short} is {status}.",
        "Nothing to do: it is being approved."
        if status == "pending"
        else f"Approve it on {way.target.name} (az network private-endpoint-connection approve), or delete the"
        " endpoint to have it requested anew.",
        ("WS-PE-04",),
        used,
        CheckLevel.PENDING if status == "pending" else CheckLevel.BLOCKING,
    )


def is_approved(body: Body | None) -> bool:
    """Whether an endpoint's connection is approved; one that is not there has none."""
    return body is not None and _status(body) == "approved"


def _disconnected(way: Way, used: ResourceId) -> Check:
    return Check(
        f"{used.short} is connected",
        holds=False,
        reason="EndpointDisconnected",
        message=f"The connection of {used.short} was removed on {way.target.short}, and it never comes back.",
        advice="Nothing to do where the operator made the endpoint, for it makes it anew; else delete it.",
        rules=("WS-PE-04",),
        about=used,
    )


def _kept_by_owner(way: Way, used: ResourceId, body: Body) -> Iterator[Block]:
    """What only its owner can do for an endpoint that we use: nothing is closed behind one that is broken."""
    state = Present(body).provisioning_state
    yield Check(
        f"{used.short} is provisioned",
        state not in {"failed", "canceled"},
        "EndpointFailed",
        f"The last operation on {used.short}, made by somebody else, ended as {state}.",
        "Ask its owner to write it again (az network private-endpoint update), or to delete it: then the operator"
        " makes its own.",
        (way.rule,),
        used,
    )
    status = _status(body)
    yield Check(
        f"{used.short} is approved",
        status == "approved",
        _NOT_APPROVED.get(status, "EndpointPending"),
        f"The connection of {used.short}, made by somebody else, is {status}.",
        "Ask its owner to have it approved, or to delete it: then the operator makes its own.",
        ("WS-PE-04",),
        used,
    )


def _status(endpoint_body: Body) -> str:
    """The connection's status in lower case; descriptions vary and say nothing."""
    properties = endpoint_body.get("properties") or {}
    for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in properties.get(kind) or ():
            return str(
                get_path(connection, "properties.privateLinkServiceConnectionState.status") or "pending"
            ).lower()
    return "pending"


def _serves(body: Body, site: Site, way: Way) -> bool:
    """Whether somebody's endpoint leads to this group of this service, in our network."""
    subnet = get_path(body, "properties.subnet.id")
    if not subnet or resource_id(subnet).parent != site.network:
        return False
    properties = body["properties"]
    for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in properties.get(kind) or ():
            groups = [str(group).lower() for group in get_path(connection, "properties.groupIds") or ()]
            if (
                resource_id(get_path(connection, "properties.privateLinkServiceId")) == way.target
                and way.group in groups
            ):
                return _status(body) != "disconnected"
    return False
