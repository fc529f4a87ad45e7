"""Peerings of virtual networks: both sides must point at each other, and their ranges must not overlap.

Witnesses: wire examples section 3; the article on virtual network peering. Codes and words of the refusals:
Azure/ResourceModules issue 731 and microsoft/AzureTRE issue 1927 (ranges of a network already peered),
hashicorp/terraform-provider-azurerm issue 14051 (a side that is Disconnected); VnetAddressSpacesOverlap stands in
the code lists of several clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request
from arm_emulator.providers import addresses
from arm_emulator.providers.network import NetworkChild, not_provisioned, put_style, reference
from arm_emulator.providers.virtual_networks import NETWORKS, PEERINGS, refuse_parallel, spaces_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject, Resource, WriteStyle

MORE = "For more information please refer to https://aka.ms/VnetPeeringInfo"


class Peerings(NetworkChild):
    """A peering: Initiated until the other side points back, then Connected on both.

    When one side goes, the other is Disconnected. That side must be written or made again before the first one can
    come back.
    """

    name = PEERINGS
    put: ClassVar[WriteStyle] = put_style(10)

    def validate(self, write: Write) -> None:
        """The remote network must exist, be settled (400 ReferencedResourceNotProvisioned, recorded) and fit.

        Raises:
            ArmError: 400.
        """
        remote = reference(write.properties.get("remoteVirtualNetwork")) or ""
        found = write.ctx.find(remote)
        if found is None:
            raise bad_request(
                "InvalidResourceReference",
                f"Resource {remote} referenced by resource {write.id.text} was not found. Please make sure that "
                "the referenced resource exists, and that both resources are in the same region.",
            )
        if not found.settled:
            details = not_provisioned(found, write.id).details[0]
            raise ArmError(400, "ReferencedResourceNotProvisioned", details["message"])
        _refuse_disconnected(write)
        _refuse_overlap(write, found)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Peering is a right on the remote network."""
        remote = reference(write.properties.get("remoteVirtualNetwork"))
        if remote:
            yield f"{NETWORKS}/peer/action", remote

    def contention(self, ctx: Context, where: ResourceId) -> None:
        """As for subnets."""
        refuse_parallel(ctx, where)

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """State and synchronisation level."""
        state = "Connected" if _mirror(write.ctx, write.id.parent, properties) else "Initiated"
        return {**properties, "peeringState": state, "peeringSyncLevel": "FullyInSync"}

    def completed(self, ctx: Context, resource: Resource) -> None:
        """Both sides become Connected together."""
        other = _mirror(ctx, resource.id.parent, resource.properties)
        if other is not None:
            ctx.set_properties(other, peeringState="Connected")

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """The other side falls back to Disconnected."""
        other = _mirror(ctx, resource.id.parent, resource.properties)
        if other is not None:
            ctx.set_properties(other, peeringState="Disconnected")


def _mirror(ctx: Context, here: str, properties: JsonObject) -> Resource | None:
    """The peering that points back, by the key of the network on this side."""
    for each in ctx.store.children(_remote(properties), PEERINGS.lower()):
        if _remote(each.properties) == here:
            return each
    return None


def _remote(properties: JsonObject) -> str:
    return str(reference(properties.get("remoteVirtualNetwork")) or "").rstrip("/").lower()


def _refuse_disconnected(write: Write) -> None:
    """A new side is not taken while the other still hangs in the air; a write of its own brings that one back."""
    other = _mirror(write.ctx, write.id.parent, write.properties)
    if other is None or other.properties.get("peeringState") != "Disconnected":
        return
    raise bad_request(
        "RemotePeeringIsDisconnected",
        f"Cannot create or update peering {write.id.text} because remote peering {other.id.text} referencing "
        f"parent virtual network {write.id.parent_text} is in Disconnected state. Update or re-create the remote "
        "peering to get it back to Initiated state. Peering gets Disconnected when remote vnet or remote peering "
        "is deleted and re-created.",
    )


def _refuse_overlap(write: Write, remote: Resource) -> None:
    here = write.ctx.store.get(write.id.parent)
    body = write.inside.properties if write.inside else (here.properties if here else {})
    ours, both = spaces_of(body), f"Virtual networks {write.id.parent_text} and {remote.id.text}"
    start = f"Cannot create or update peering {write.id.text}. {both} cannot be peered because"
    shared = _overlaps(ours, spaces_of(remote.properties))
    if shared:
        raise bad_request(
            "VnetAddressSpacesOverlap",
            f"{start} their address spaces overlap. Overlapping address prefixes: {', '.join(shared)}. {MORE}",
        )
    for other in _peers(write.ctx, remote):
        shared = _overlaps(ours, spaces_of(other.properties)) if other.id.key != write.id.parent else []
        if shared:
            raise bad_request(
                "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
                f"{start} address space of the first virtual network overlaps with address space of virtual "
                f"network {other.id.text} already peered with the second virtual network. Overlapping address "
                f"prefixes: {', '.join(shared)}. {MORE}",
            )


def _peers(ctx: Context, network: Resource) -> Iterable[Resource]:
    found = (ctx.store.get(_remote(each.properties)) for each in ctx.children(network, PEERINGS))
    return (each for each in found if each is not None)


def _overlaps(ours: list[str], theirs: list[str]) -> list[str]:
    """The prefixes of the first list that overlap with one of the second."""
    others = addresses.networks(theirs)
    return [each for each in ours if any(addresses.networks([each])[0].overlaps(other) for other in others)]


TYPES = (Peerings(),)
