"""What an endpoint leads to and how its connection stands, as endpoints and services show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.isolation.body_values import list_in, objects_in, parsed_id, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.network_plan import NetworkPlan, PrivateLinkTarget

CONNECTIONS: Final = (
    "properties.privateLinkServiceConnections",
    "properties.manualPrivateLinkServiceConnections",
)
"""Where an endpoint shows what it leads to: approved by the service at once, or by hand."""


def connections(service: Body | None) -> list[Body]:
    """The private endpoint connections that a service shows in its own body.

    Raises:
        AzureProblem: reason UnexpectedAnswer, when it shows something else than a list.
    """
    return objects_in(service, "properties.privateEndpointConnections")


def connection_endpoint(connection: Body) -> ResourceId | None:
    """The endpoint at the other end of a connection; None where Azure does not show it by an id."""
    return parsed_id(text_in(connection, "properties.privateEndpoint.id"))


def leads_to(endpoint_body: Body | None) -> Iterator[Body]:
    """What an endpoint shows of each service that it leads to."""
    for path in CONNECTIONS:
        yield from objects_in(endpoint_body, path)


def _groups_in(connection: Body) -> list[str]:
    return [str(group).lower() for group in list_in(connection, "properties.groupIds")]


def services_behind(endpoint_body: Body | None) -> set[ResourceId]:
    """The services that an endpoint leads to, as far as it names them by ids."""
    named = (parsed_id(text_in(each, "properties.privateLinkServiceId")) for each in leads_to(endpoint_body))
    return {service for service in named if service is not None}


def groups_behind(endpoint_body: Body | None) -> set[str]:
    """The private link groups that an endpoint leads to, in lower case."""
    return {group for each in leads_to(endpoint_body) for group in _groups_in(each)}


def connection_status(endpoint_body: Body | None) -> str:
    """The status of an endpoint's connection in lower case; descriptions vary and say nothing."""
    for connection in leads_to(endpoint_body):
        return text_in(connection, "properties.privateLinkServiceConnectionState.status", "Pending").lower()
    return "pending"


def is_approved(body: Body | None) -> bool:
    """Whether an endpoint's connection is approved; one that is not there has none."""
    return body is not None and connection_status(body) == "approved"


def serves(body: Body, plan: NetworkPlan, target: PrivateLinkTarget) -> bool:
    """Whether somebody's endpoint leads to this group of this service, in our network (GEN-VNET-02)."""
    subnet = parsed_id(text_in(body, "properties.subnet.id"))
    if subnet is None or subnet.parent != plan.network:
        return False
    leads = any(
        parsed_id(text_in(connection, "properties.privateLinkServiceId")) == target.resource
        and target.group in _groups_in(connection)
        for connection in leads_to(body)
    )
    return leads and connection_status(body) != "disconnected"
