"""What every target of a private endpoint shares: its connections and its list of private link resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError
from arm_emulator.hooks import SYNCHRONOUS_DELETE, ResourceType

if TYPE_CHECKING:
    from arm_emulator.hooks import Context, Write
    from arm_emulator.model import Call, JsonObject, Resource, WriteStyle

CONNECTIONS = "privateEndpointConnections"

STATUSES = frozenset({"Pending", "Approved", "Rejected", "Disconnected"})
"""Words of a connection's status (reference data, section 2)."""


class ConnectionType(ResourceType):
    """A private endpoint connection as the target's owner sees and judges it.

    The network provider makes it when an endpoint is created; the owner approves or rejects it with PUT and
    may delete it, which leaves the endpoint Disconnected. Subclasses set `name` and the wording of the
    third member of the state, which Storage alone spells `actionRequired`.
    """

    delete: ClassVar[WriteStyle] = SYNCHRONOUS_DELETE
    actions_member: ClassVar[str] = "actionsRequired"

    def validate(self, write: Write) -> None:
        """Refuse what is no judgement on an existing connection.

        Raises:
            ArmError: 404 for an unknown connection, 400 for an unknown status.
        """
        if write.previous is None:
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The private endpoint connection '{write.id.name}' does not exist; endpoints make them.",
            )
        status = _wanted(write).get("status")
        if status not in STATUSES:
            raise ArmError(
                400,
                "InvalidValuesForRequestParameters",
                f"The status {status!r} of a connection is none of {', '.join(sorted(STATUSES))}.",
            )

    def compose(self, write: Write) -> JsonObject:
        """Only the state is the owner's to write; which endpoint it belongs to stays."""
        if write.previous is None:  # validate refused this before
            return {}
        state = {"description": "", "actionsRequired": "None", **_wanted(write)}
        return {
            **_document(write.previous),
            "properties": {**write.previous.properties, "privateLinkServiceConnectionState": state},
        }

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:  # noqa: ARG002
        """Tell the target's provider that the connection changed."""
        _changed(ctx, resource)

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """Tell the target's provider that the connection is gone."""
        _changed(ctx, resource)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:  # noqa: ARG002
        """Without the group ids, which no target shows, and with the state in this provider's spelling."""
        shown = {name: value for name, value in resource.properties.items() if name != "groupIds"}
        state = dict(shown.get("privateLinkServiceConnectionState") or {})
        actions = state.pop("actionsRequired", None) or state.pop("actionRequired", None) or "None"
        shown["privateLinkServiceConnectionState"] = {**state, self.actions_member: actions}
        return {**resource.body, "properties": shown}


def _wanted(write: Write) -> JsonObject:
    found = write.properties.get("privateLinkServiceConnectionState")
    return dict(found) if isinstance(found, dict) else {}


def _document(resource: Resource) -> JsonObject:
    return {k: v for k, v in resource.body.items() if k not in {"id", "name", "type", "etag"}}


def _changed(ctx: Context, connection: Resource) -> None:
    target = ctx.find(connection.id.parent)
    if target is not None:
        ctx.type_of(target).connections_changed(ctx, target)


def connections(ctx: Context, target: Resource) -> list[JsonObject]:
    """The target's connections, rendered, for the member of the same name in its own document."""
    return [ctx.type_of(child).render(ctx, child) for child in children(ctx, target)]


def children(ctx: Context, target: Resource) -> list[Resource]:
    """The target's connections as stored."""
    return ctx.children(target, f"{target.id.type}/{CONNECTIONS}")


def approved(ctx: Context, target: Resource) -> int:
    """How many approved connections the target has."""
    return sum(
        (child.properties.get("privateLinkServiceConnectionState") or {}).get("status") == "Approved"
        for child in children(ctx, target)
    )


def private_link_resources(ctx: Context, target: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    """The `privateLinkResources` listing: one entry per group id, with members and zone names."""
    kind = ctx.type_of(target)
    value = []
    for group in kind.private_link_groups(ctx, target):
        members = kind.private_link_members(ctx, target, group)
        zones = sorted({zone for member in members for zone in member.records})
        value.append(
            {
                "id": f"{target.id.text}/privateLinkResources/{group}",
                "name": group,
                "type": f"{kind.name}/privateLinkResources",
                "properties": {
                    "groupId": group,
                    "requiredMembers": [member.name for member in members],
                    "requiredZoneNames": zones,
                },
            }
        )
    return {"value": value}
