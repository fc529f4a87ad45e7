"""Zone groups, which write an endpoint's records into its zones (DNS-02, DNS-05, DNS-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure, StatusField
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.body_values import (
    is_settled,
    parsed_id,
    state_of,
)
from secureml_reconcilers.isolation.endpoint_connections import is_approved
from secureml_reconcilers.isolation.endpoints import (
    endpoint,
    endpoint_used,
    has_namesake,
    is_of_others,
    way_claim,
)
from secureml_reconcilers.isolation.records import (
    Record,
    addresses_of,
    endpoint_tells_names,
    is_free,
    missing_records,
    names_of_endpoint,
    records_to_come,
    records_written_by,
    seen_empty,
)
from secureml_reconcilers.isolation.rivals import our_group
from secureml_reconcilers.isolation.zone_configs import configs, zones_in
from secureml_reconcilers.isolation.zone_moves import left_by_all
from secureml_reconcilers.isolation.zones import Zone, home_zone, is_linked, zone_made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext


@worked_out_once
def zone_group(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> Iterator[Block]:
    """The endpoint writes its records into its zones: one group, all zones at once (DNS-02, DNS-05)."""
    plan = context.plan
    used = endpoint_used(plan, azure, target)
    zones = [home_zone(plan, azure, name) for name in plan.zone_names(target)]
    if is_of_others(plan, azure, target, used):
        yield from _group_of_others(azure, used, zones)
        return
    group = our_group(used)
    if azure.get(used) is not None and not _writable(azure, used, zones):
        # The group is asked for when it can be written, not on every look at what it waits for.
        yield Check(
            f"{used.short} and its zones are ready",
            holds=False,
            reason=reasons.WAITING,
            message="",
            about=group,
            level=CheckLevel.WAITING,
        )
        return
    if _has_group_of_others(azure, used):
        # An endpoint has one group only, and a policy of the landing zone was quicker (DNS-05).
        yield from _group_of_others(azure, used, zones)
        return
    shown = azure.get(group)  # not asked for where the list does not show it, unless it was written since
    yield from _our_group(context, azure, target, shown, zones)
    if shown is not None and is_settled(azure, group):
        for zone in zones:
            yield from _written(used, zone, (shown,), group)


@worked_out_once
def old_zones_left(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> Iterator[Check]:
    """No declared network looks for the names in a zone that our group leaves for another (DNS-04)."""
    plan = context.plan
    used = endpoint_used(plan, azure, target)
    zones = [home_zone(plan, azure, name) for name in plan.zone_names(target)]
    ours = not is_of_others(plan, azure, target, used) and azure.get(used) is not None
    if ours and _writable(azure, used, zones) and not _has_group_of_others(azure, used):
        yield from left_by_all(plan, azure, zones, azure.get(our_group(used)))


def records_free(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, zone: Zone
) -> tuple[Check, ...]:
    """No record of somebody else's stands where an endpoint would write the names of a target (DNS-09).

    For a zone into which it does not write yet.
    """
    used = endpoint_used(context.plan, azure, target)
    if azure.get(used) is None:
        return ()
    coming = records_to_come(azure, names_of_endpoint(azure, used), [zone])
    azure.ask(*(_ids_of(coming)))
    namesake = has_namesake(context.plan, azure, target, used)
    return tuple(is_free(azure, used, record, first=True, namesake=namesake) for record in coming)


def has_written(context: WorkspaceContext, azure: View, target: PrivateLinkTarget, zone: Zone) -> bool:
    """Whether a zone group of the endpoint that serves a target says that it wrote its records into a zone."""
    used = endpoint_used(context.plan, azure, target)
    if azure.get(used) is None:
        return False
    return bool(_records_in(zone, tuple(_groups(azure, used).values())))


def _writable(azure: View, endpoint_id: ResourceId, zones: list[Zone]) -> bool:
    """The endpoint is done, and every zone exists: its link proves it, or the zone itself."""
    if not is_settled(azure, endpoint_id):
        return False
    return all(is_linked(azure, zone) or is_settled(azure, zone.id) for zone in zones)


def _groups(azure: View, used: ResourceId) -> dict[ResourceId, Body]:
    """The zone groups of an endpoint by id, whosever they are."""
    bodies = azure.children(used, "privateDnsZoneGroups")
    return {found: body for body in bodies if (found := parsed_id(body.get("id"))) is not None}


def _our_group(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, shown: Body | None, zones: list[Zone]
) -> Iterator[Block]:
    used = endpoint_used(context.plan, azure, target)
    group = our_group(used)
    settled = shown is not None and is_settled(azure, group)
    new = _new_zones(shown, zones)
    names = names_of_endpoint(azure, used) if new and azure.get(used) is not None else {}
    coming = records_to_come(azure, names, new)
    # Records are read when they are about to count: before they are written, and with the links done.
    linked = all(is_linked(azure, zone) for zone in zones)
    written = list(records_written_by(shown)) if linked and settled else []
    azure.ask(*(_ids_of([*coming, *written])))
    told = (endpoint_tells_names(used, names, "DNS-09"),) if new and is_approved(azure.get(used)) else ()
    namesake = has_namesake(context.plan, azure, target, used)
    untouched = tuple(is_free(azure, used, record, first=True, namesake=namesake) for record in coming)
    kept = tuple(is_free(azure, used, record, first=False, namesake=namesake) for record in written)
    before = (*told, *untouched, *kept, *old_zones_left(context, azure, target))
    yield from before
    missing = dict(missing_records(azure, written, kept))
    yield Ensure(
        group,
        {"properties": {"privateDnsZoneConfigs": configs(zones, shown)}},
        f"the names of {target.resource.name} lead to its private address ({target.group})",
        ("DNS-02", "DNS-05"),
        create={},
        # The zones must exist; their links may still be under way, and usually are.
        after=(
            *endpoint(context, azure, target),
            *(made for zone in zones for made in zone_made(context.plan, azure, zone)),
            *before,
        ),
        # Another custom resource may use another endpoint for this way, and not know of ours yet.
        claim=way_claim(context.plan, target),
        evidence=_ids_of(list(records_written_by(shown))),
        broken=tuple(missing.values()),
        invalidates=(*missing, *_ids_of(coming)),
        preconditions=(*missing, *_ids_of(coming), *(z.id for z in new if seen_empty(azure, z))),
    )


def _ids_of(records: list[Record]) -> tuple[ResourceId, ...]:
    """The ids of those that can be looked up."""
    return tuple(record.id for record in records if record.id is not None)


def _new_zones(shown: Body | None, zones: list[Zone]) -> list[Zone]:
    """The zones into which the group has not written yet, as far as is known, and will when it is written."""
    if shown is None or state_of(shown) in {"failed", "canceled"}:
        return zones
    named = zones_in(shown)
    return [zone for zone in zones if zone.id.key not in named]


def _has_group_of_others(azure: View, used: ResourceId) -> bool:
    """Whether somebody else gave our endpoint its zone group."""
    if azure.get(used) is None:
        return False
    return any(group != our_group(used) for group in _groups(azure, used))


def _group_of_others(azure: View, used: ResourceId, zones: list[Zone]) -> Iterator[Block]:
    """A zone group of others must write into the zones that the network sees; we do not change it."""
    groups = azure.children(used, "privateDnsZoneGroups")
    keys = {key for group in groups for key in zones_in(group)}
    for zone in zones:
        yield Check(
            f"{used.short} writes into {zone.id.name}",
            zone.id.key in keys,
            reasons.ZONE_GROUP_INCOMPLETE,
            f"The zone group of {used.short}, made by somebody else, writes no names into {zone.id.text}.",
            "Ask its owner to add that zone to it, or to delete it: the operator then makes its own.",
            ("DNS-02",),
            used,
        )
        if zone.id.key in keys:
            yield from _records_of_others(azure, used, zone, groups)


def _written(used: ResourceId, zone: Zone, groups: tuple[Body, ...], about: ResourceId) -> Iterator[Block]:
    """Zone groups, whosever they are, have written the endpoint's records into this zone (DNS-03).

    One that Azure shows without name or address cannot be confirmed, so they have not.
    """
    records = _records_in(zone, groups)
    yield Check(
        f"records of {used.short} in {zone.id.name} are written",
        bool(records) and all(record.complete for record in records),
        reasons.WAITING,
        f"The zone group of {used.short} has not written its records into {zone.id.text} yet.",
        rules=("DNS-03",),
        about=about,
        level=CheckLevel.PENDING,
    )
    for record in records:
        yield StatusField("dnsRecords", {"name": record.fqdn, "zone": zone.id.name, "addresses": record.addresses})


def _records_of_others(azure: View, used: ResourceId, zone: Zone, groups: tuple[Body, ...]) -> Iterator[Block]:
    """What their zone group says it wrote must be in the zone; only they can write it again (DNS-03)."""
    yield from _written(used, zone, groups, used)
    records = [record for record in _records_in(zone, groups) if record.id is not None]
    azure.ask(*_ids_of(records))
    for record in records:
        if record.id is None:
            continue
        found = addresses_of(azure, record.id)
        yield Check(
            f"{record.fqdn} leads to {used.short}",
            found == record.addresses,
            reasons.DNS_RECORD_MISMATCH,
            f"{record.fqdn} leads to {', '.join(found) or 'no address'}, and {used.short} answers at"
            f" {', '.join(record.addresses)}.",
            "Ask the endpoint's owner to write its zone group anew, or to delete the endpoint: the operator then"
            " makes its own.",
            ("DNS-03",),
            record.id,
        )


def _records_in(zone: Zone, groups: tuple[Body, ...]) -> list[Record]:
    return [record for group in groups for record in records_written_by(group) if record.zone == zone.id]
