"""DNS zone groups of private endpoints: they write the endpoint's records into private DNS zones.

Witness: recording Test_Networking_PrivateEndpoint_20250301_CRUD (time to live 10, recordSets on every config).
"""

# ruff: noqa: ARG002 - hooks name all they are given

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arm_emulator.errors import ArmError, bad_request, gateway
from arm_emulator.model import SUCCEEDED
from arm_emulator.providers.network import NetworkType, child_not_found, put_style
from arm_emulator.providers.private_endpoints import ZONE_GROUPS, addresses_by_member, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arm_emulator.hooks import Context, Write
    from arm_emulator.ids import ResourceId
    from arm_emulator.model import JsonObject, Resource, WriteStyle

ZONES = "Microsoft.Network/privateDnsZones"
TTL = 10
"""Seconds to live of a record that a zone group writes (recorded)."""
CONFIGS_MAX = 5
"""Most zones of one group (private endpoint limits)."""


class ZoneGroups(NetworkType):
    """The one zone group of a private endpoint."""

    name = ZONE_GROUPS
    put: ClassVar[WriteStyle] = put_style(10)
    methods = frozenset({"GET", "HEAD", "PUT", "DELETE"})
    located = False
    owned = ()

    def validate(self, write: Write) -> None:
        """One group per endpoint; every zone must exist."""
        groups = write.ctx.children(_endpoint(write), ZONE_GROUPS)
        others = [each for each in groups if each.id.key != write.id.key]
        if others:
            raise bad_request(
                "PrivateDnsZoneGroupAlreadyExists",
                f"Private endpoint {write.id.names[0]} already has the DNS zone group {others[0].id.name}; an "
                "endpoint has one.",
            )
        configs = write.properties.get("privateDnsZoneConfigs") or []
        if len(configs) > CONFIGS_MAX:
            raise bad_request("TooManyPrivateDnsZoneConfigs", f"A zone group has at most {CONFIGS_MAX} zones.")
        _refuse_duplicates(write, configs)
        for each in configs:
            zone = _zone_id(each)
            if write.ctx.find(zone) is None:
                raise gateway(
                    404,
                    "ResourceNotFound",
                    f"The private DNS zone '{zone}' of configuration '{each.get('name')}' was not found.",
                )

    def missing(self, ctx: Context, where: ResourceId) -> ArmError | None:
        """The network provider's 404."""
        return child_not_found(where)

    def linked(self, write: Write) -> Iterable[tuple[str, str]]:
        """Writing into a zone is a right on the zone."""
        for each in write.properties.get("privateDnsZoneConfigs") or ():
            yield f"{ZONES}/join/action", _zone_id(each)

    def normalise(self, write: Write, properties: JsonObject) -> JsonObject:
        """Each configuration shows the records it stands for."""
        endpoint = _endpoint(write)
        rows = [
            {
                "name": each.get("name"),
                "id": f"{write.id.text}/privateDnsZoneConfigs/{each.get('name')}",
                "type": f"{ZONE_GROUPS}/privateDnsZoneConfigs",
                "properties": {
                    "privateDnsZoneId": _zone_id(each),
                    "recordSets": list(_records(write.ctx, endpoint, _zone_id(each))),
                },
            }
            for each in properties.get("privateDnsZoneConfigs") or ()
        ]
        return {**properties, "privateDnsZoneConfigs": rows}

    def instant(self, write: Write, document: JsonObject) -> bool:
        """Never: a repeated PUT writes missing records again."""
        return False

    def accepted(self, ctx: Context, write: Write, resource: Resource) -> None:
        """Records of zones that the new body no longer names go at once."""
        if write.previous is None:
            return
        now = {_zone_id(each).lower() for each in resource.properties["privateDnsZoneConfigs"]}
        endpoint = _endpoint(write)
        for zone in ctx.of_type(ZONES):
            if zone.id.key not in now:
                _withdraw(ctx, endpoint, zone)

    def completed(self, ctx: Context, resource: Resource) -> None:
        """Write the records of an approved endpoint; also called when it is approved later."""
        endpoint = ctx.store.get(resource.id.parent)
        if endpoint is None:
            raise ArmError(409, "OperationCancelled", "The private endpoint was deleted.")
        configs = []
        for each in resource.properties["privateDnsZoneConfigs"]:
            zone = ctx.find(_zone_id(each))
            if zone is None:
                raise bad_request("InvalidResourceReference", f"Private DNS zone {_zone_id(each)} was not found.")
            records = list(_records(ctx, endpoint, zone.id.text))
            _withdraw_former(ctx, endpoint, zone, each["properties"]["recordSets"], records)
            for record in records:
                _write_record(ctx, endpoint, zone, record)
            configs.append({**each, "properties": {**each["properties"], "recordSets": records}})
        if configs != resource.properties["privateDnsZoneConfigs"]:
            ctx.set_properties(resource, privateDnsZoneConfigs=configs)

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """Take back the records it wrote, and only those."""
        endpoint = ctx.store.get(resource.id.parent)
        for each in resource.properties["privateDnsZoneConfigs"]:
            zone = ctx.find(_zone_id(each))
            if zone is not None and endpoint is not None:
                _withdraw(ctx, endpoint, zone)

    def render(self, ctx: Context, resource: Resource) -> JsonObject:
        """Configurations and records inside show the group's state and tag."""
        state = resource.state
        rows = []
        for each in resource.properties["privateDnsZoneConfigs"]:
            inner = each["properties"]
            records = [{**record, "provisioningState": state} for record in inner["recordSets"]]
            shown = {"provisioningState": state, **inner, "recordSets": records}
            rows.append({**each, "etag": resource.etag, "properties": shown})
        return {**resource.body, "properties": {**resource.properties, "privateDnsZoneConfigs": rows}}


def _refuse_duplicates(write: Write, configs: list[JsonObject]) -> None:
    """Refuse two configurations of one name, or two zones of one name, wherever they are.

    Field report F4 and hashicorp/terraform-provider-azurerm issue 28966: what is wrong stands in the details.
    There the configurations were called like their zones; that it holds under other names is unverified, but the
    portal is said to refuse them too.
    """
    zones = [_zone_id(each).rstrip("/").rsplit("/", 1)[-1] for each in configs]
    for values in ([str(each.get("name")) for each in configs], zones):
        lowered = [each.lower() for each in values]
        twice = next((each for at, each in enumerate(values) if each.lower() in lowered[:at]), None)
        if twice is not None:
            text = f"Resource {write.id.text} has two child resources with the same name ({twice})."
            details = [{"code": "DuplicateResourceName", "message": text}]
            raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request.", details=details)


def _endpoint(write: Write) -> Resource:
    found = write.ctx.store.get(write.id.parent)
    if found is None:
        raise ArmError(404, "ParentResourceNotFound", f"The private endpoint '{write.id.parent}' was not found.")
    return found


def _zone_id(config: JsonObject) -> str:
    return str((config.get("properties") or {}).get("privateDnsZoneId") or "")


def _records(ctx: Context, endpoint: Resource, zone_id: str) -> Iterator[JsonObject]:
    if state_of(endpoint).get("status") != "Approved":
        return
    zone = zone_id.rstrip("/").rsplit("/", 1)[-1]
    for member, address in addresses_by_member(ctx, endpoint):
        for name, records in member.records.items():
            if name.lower() != zone.lower():
                continue
            for record in records:
                yield {
                    "recordType": "A",
                    "recordSetName": record,
                    "fqdn": f"{record}.{zone}",
                    "ttl": TTL,
                    "provisioningState": SUCCEEDED,
                    "ipAddresses": [address],
                }


def _creator(endpoint: Resource) -> str:
    """The note on a record: it has no resource group (activity log in microsoft/AzureTRE issue 3767)."""
    return (
        f"created by private endpoint {endpoint.id.name} with resource guid {endpoint.properties['resourceGuid']}"
    )


def _write_record(ctx: Context, endpoint: Resource, zone: Resource, record: JsonObject) -> None:
    where = f"{zone.id.text}/A/{record['recordSetName']}"
    properties = {
        "metadata": {"creator": _creator(endpoint)},
        "fqdn": f"{record['fqdn']}.",
        "ttl": TTL,
        "aRecords": [{"ipv4Address": each} for each in record["ipAddresses"]],
        "isAutoRegistered": False,
    }
    present = ctx.find(where)
    if present is None or present.properties != properties:
        ctx.apply(where, {"properties": properties})


def _withdraw_former(
    ctx: Context, endpoint: Resource, zone: Resource, before: list[JsonObject], now: list[JsonObject]
) -> None:
    """Take back records of members that an approved endpoint no longer has: a registry's replica that went."""
    names = {record["recordSetName"] for record in now}
    for record in before if now else ():
        found = ctx.find(f"{zone.id.text}/A/{record['recordSetName']}")
        if found is None or record["recordSetName"] in names:
            continue
        if str((found.properties.get("metadata") or {}).get("creator", "")).lower() == _creator(endpoint).lower():
            ctx.remove(found.id.text)


def _withdraw(ctx: Context, endpoint: Resource, zone: Resource) -> None:
    mark = _creator(endpoint).lower()
    for record in ctx.children(zone, f"{ZONES}/A"):
        creator = str((record.properties.get("metadata") or {}).get("creator", ""))
        if creator.lower() == mark:
            ctx.remove(record.id.text)


TYPES = (ZoneGroups(),)
