"""Private DNS zones, virtual network links and record sets.

Witness: recording Test_Networking_PrivateDnsZone_20240601_CRUD; wire examples section 7.
"""

from __future__ import annotations

import base64
import ipaddress
from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request, conflict, gateway
from arm_emulator.hooks import READ_ONLY, SYNCHRONOUS_DELETE, ResourceType
from arm_emulator.model import EtagStyle, WriteStyle
from arm_emulator.providers.network import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.hooks import Context, View, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import Call, JsonObject, Resource

ZONES = "Microsoft.Network/privateDnsZones"
LINKS = f"{ZONES}/virtualNetworkLinks"
STATUS_URL = "{group}/providers/Microsoft.Network/privateDnsOperationStatuses/{operation}"
RESULT_URL = "{group}/providers/Microsoft.Network/privateDnsOperationResults/{operation}"
RECORD_MEMBERS = {
    "A": "aRecords",
    "AAAA": "aaaaRecords",
    "CNAME": "cnameRecord",
    "MX": "mxRecords",
    "PTR": "ptrRecords",
    "SOA": "soaRecord",
    "SRV": "srvRecords",
    "TXT": "txtRecords",
}
INTERNAL_ID_SINCE = "2020-06-01"
RESOLUTION_POLICY_SINCE = "2024-06-01"
"""First version with `resolutionPolicy` on links (article on the fall-back to the internet)."""
RESOLUTION_POLICIES = frozenset({"Default", "NxDomainRedirect"})
PRIVATE_LINK = "privatelink."
"""How the zones begin for whose links the policy means something."""
MOST_RECORD_SETS, MOST_LINKS, MOST_REGISTRATIONS = 25_000, 1_000, 100


def _style(body: str, running: str = "Updating") -> WriteStyle:
    return WriteStyle(
        created=202,
        updated=202,
        body=body,
        status_url=STATUS_URL,
        result_url=RESULT_URL,
        retry_after=30,
        poll_status=202,
        visible=False,
        running=running,
    )


WRITE, DELETE = _style("empty"), _style("none", "Deleting")
"""202 with `{}` and both URLs; polls answer 202 until done (recorded). The write shows when it is done."""


class Zones(ResourceType):
    """A private DNS zone."""

    name = ZONES
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WRITE
    delete: ClassVar[WriteStyle] = DELETE
    etag = EtagStyle.BARE
    located = True

    @property
    def views(self) -> Mapping[str, View]:
        """Both listings of all record sets."""
        return {"all": _all_records, "recordsets": _all_records}

    def validate(self, write: Write) -> None:
        """Its name is a domain name."""
        labels = write.id.name.split(".")
        if len(labels) < 2 or not all(labels):  # noqa: PLR2004
            raise bad_request("BadRequest", f"The private DNS zone name '{write.id.name}' is not a domain name.")

    def compose(self, write: Write) -> JsonObject:
        """Only tags are the client's."""
        document = {k: v for k, v in write.body.items() if k not in READ_ONLY}
        marker = write.kept("internalId") or base64.b64encode(f"zone;{write.ctx.guid()};0".encode()).decode()
        return {**document, "location": "global", "properties": {"internalId": marker}}

    def completed(self, ctx: Context, resource: Resource) -> None:
        """A new zone has its start of authority."""
        if ctx.find(f"{resource.id.text}/SOA/@") is None:
            record = {
                "email": "azureprivatedns-host.microsoft.com",
                "expireTime": 2419200,
                "host": "azureprivatedns.net",
                "minimumTtl": 10,
                "refreshTime": 3600,
                "retryTime": 300,
                "serialNumber": 1,
            }
            properties = {
                "fqdn": f"{resource.id.name}.",
                "ttl": 3600,
                "soaRecord": record,
                "isAutoRegistered": False,
            }
            ctx.apply(f"{resource.id.text}/SOA/@", {"properties": properties})

    def check_delete(self, ctx: Context, resource: Resource) -> None:
        """Refused while links exist (recorded)."""
        links = ctx.children(resource, LINKS)
        if links:
            named = "', '".join(each.id.relative for each in links)
            raise gateway(
                409,
                "CannotDeleteResource",
                "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
                f"'{named}'. Please delete all nested resources before deleting this resource.",
            )

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Adds the counters."""
        children = ctx.children(resource)
        links = [each for each in children if each.id.type_key == LINKS.lower()]
        registering = sum(1 for each in links if each.properties.get("registrationEnabled"))
        counters = {
            "maxNumberOfRecordSets": MOST_RECORD_SETS,
            "maxNumberOfVirtualNetworkLinks": MOST_LINKS,
            "maxNumberOfVirtualNetworkLinksWithRegistration": MOST_REGISTRATIONS,
            "numberOfRecordSets": sum(1 for each in children if each.id.type.rsplit("/", 1)[-1] in RECORD_MEMBERS),
            "numberOfVirtualNetworkLinks": len(links),
            "numberOfVirtualNetworkLinksWithRegistration": registering,
        }
        return {**resource.body, "properties": {**counters, **resource.properties}}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Old versions do not show the internal id (recorded with 2018-09-01)."""
        document = self.render(ctx, resource)
        if call.api_version >= INTERNAL_ID_SINCE:
            return document
        shown = {name: value for name, value in document["properties"].items() if name != "internalId"}
        return {**document, "properties": shown}


class Links(ResourceType):
    """A virtual network link of a zone."""

    name = LINKS
    put: ClassVar[WriteStyle] = WRITE
    patch: ClassVar[WriteStyle] = WRITE
    delete: ClassVar[WriteStyle] = DELETE
    etag = EtagStyle.HEX
    located = True

    def validate(self, write: Write) -> None:
        """The network must exist and not be linked to this zone already."""
        network = reference(write.properties.get("virtualNetwork"))
        if network is None or write.ctx.find(network) is None:
            raise bad_request(
                "InvalidResourceReference",
                f"The virtual network '{network}' of link '{write.id.text}' was not found.",
            )
        if write.previous is not None and network.lower() != _network(write.previous):
            raise bad_request("BadRequest", "The virtual network of a link cannot be changed.")
        policy = write.properties.get("resolutionPolicy")
        if write.call.api_version >= RESOLUTION_POLICY_SINCE and policy not in {None, *RESOLUTION_POLICIES}:
            raise bad_request(
                "BadRequest", f"The resolution policy '{policy}' is neither Default nor NxDomainRedirect."
            )
        _refuse_second(write.ctx, write.id.parent, write.id.key, network.lower())

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Linking is a right on the network."""
        network = reference(write.properties.get("virtualNetwork"))
        if network and write.creating:
            yield "Microsoft.Network/virtualNetworks/join/action", network

    def compose(self, write: Write) -> JsonObject:
        """Server members: the link state."""
        document = {k: v for k, v in write.body.items() if k not in READ_ONLY}
        sent = {k: v for k, v in write.properties.items() if k not in {"provisioningState", "resolutionPolicy"}}
        shown = {"registrationEnabled": False, **sent, **_policy(write), "virtualNetworkLinkState": "Completed"}
        return {**document, "location": "global", "properties": shown}

    def show(self, ctx: Context, resource: Resource, call: Call) -> JsonObject:
        """Old versions do not know the resolution policy."""
        document = self.render(ctx, resource)
        if call.api_version >= RESOLUTION_POLICY_SINCE:
            return document
        shown = {name: value for name, value in document["properties"].items() if name != "resolutionPolicy"}
        return {**document, "properties": shown}

    def completed(self, ctx: Context, resource: Resource) -> None:
        """A network resolves a name in one zone only, and registers its machines in one only.

        A second zone of the name, and a second zone to register in, let the operation fail.
        """
        network = _network(resource)
        _refuse_second_registration(ctx, resource, network)
        _refuse_second(ctx, resource.id.parent, resource.id.key, network)
        zone = resource.id.names[0].lower()
        for other in ctx.referrers(network, LINKS):
            if other.id.key != resource.id.key and other.id.names[0].lower() == zone:
                raise bad_request(
                    "BadRequest",
                    "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried "
                    f"to link virtual network with '{resource.id.names[0]}' and '{other.id.names[0]}' zones.",
                )


class RecordSets(ResourceType):
    """Record sets of one record type: written and removed at once."""

    delete: ClassVar[WriteStyle] = SYNCHRONOUS_DELETE
    etag = EtagStyle.BARE
    final_state = ""

    def __init__(self, record_type: str) -> None:
        self.record_type = record_type
        if record_type == "SOA":  # it comes and goes with its zone
            self.methods = frozenset({"GET", "HEAD", "PUT", "PATCH"})
        self.name = f"{ZONES}/{record_type}"

    def validate(self, write: Write) -> None:
        """Addresses must be some, and no records of another type; a record set may be empty."""
        member = RECORD_MEMBERS[self.record_type]
        if write.creating and self.record_type == "SOA":
            raise bad_request("BadRequest", "The SOA record set of a zone is made with the zone.")
        foreign = [each for each in RECORD_MEMBERS.values() if each != member and each in write.properties]
        if foreign:
            raise bad_request("BadRequest", f"A record set of type {self.record_type} has no '{foreign[0]}'.")
        for each in write.properties.get(member) or () if self.record_type == "A" else ():
            try:
                ipaddress.IPv4Address(each.get("ipv4Address", ""))
            except ValueError as problem:
                raise bad_request("BadRequest", f"The value '{problem}' is not an IPv4 address.") from problem

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:  # noqa: ARG002
        """The record service's 404, without an envelope (Azure/azure-cli issue 27374)."""
        text = (
            f"The resource record '{where.name}' does not exist in resource group '{where.group}' of subscription "
            f"'{where.subscription}'."
        )
        return ArmError(404, "NotFound", text, failure_cause=None, enveloped=False)

    def compose(self, write: Write) -> JsonObject:
        """Server members: the full name, and an empty list where no records were sent: clients append to it."""
        zone = write.id.names[0]
        full = f"{zone}." if write.id.name == "@" else f"{write.id.name}.{zone}."
        member = RECORD_MEMBERS[self.record_type]
        empty: JsonObject = {member: []} if member.endswith("s") else {}
        properties = {"ttl": 3600, **empty, **write.properties, "fqdn": full, "isAutoRegistered": False}
        return {"properties": properties}


def _policy(write: Write) -> JsonObject:
    """The policy as it is shown: an ordinary zone has none (recorded), a version that does not know it leaves it.

    That a zone below `privatelink` shows `Default` unasked is unverified.
    """
    if write.call.api_version >= RESOLUTION_POLICY_SINCE:
        chosen = write.properties.get("resolutionPolicy")
    else:
        chosen = write.kept("resolutionPolicy")
    if chosen is None and write.id.names[0].lower().startswith(PRIVATE_LINK):
        chosen = "Default"
    return {} if chosen is None else {"resolutionPolicy": chosen}


def _network(link: Resource) -> str:
    return str(reference(link.properties.get("virtualNetwork"))).lower()


def _refuse_second(ctx: Context, zone: str, own: str, network: str) -> None:
    for other in ctx.store.children(zone, LINKS.lower()):
        if other.id.key != own and _network(other) == network:
            raise conflict(
                "Conflict",
                f"The virtual network '{network}' is already linked to the zone by '{other.id.name}'.",
            )


def _refuse_second_registration(ctx: Context, link: Resource, network: str) -> None:
    """Refuse a second zone with auto-registration (Azure/terraform-azurerm-caf-enterprise-scale issue 157)."""
    if not link.properties.get("registrationEnabled"):
        return
    for other in ctx.referrers(network, LINKS):
        if other.id.parent != link.id.parent and other.properties.get("registrationEnabled"):
            raise conflict(
                "Conflict",
                "A virtual network can only be linked to 1 Private DNS zone(s) with auto-registration enabled; "
                f'conflicting Private DNS zone is "{other.id.names[0]}".',
            )


def _all_records(ctx: Context, zone: Resource, call: Call) -> JsonObject:  # noqa: ARG001
    rows = [each for each in ctx.children(zone) if each.id.type_key != LINKS.lower()]
    return {"value": [each.body for each in rows]}


TYPES = (Zones(), Links(), *(RecordSets(each) for each in RECORD_MEMBERS))
