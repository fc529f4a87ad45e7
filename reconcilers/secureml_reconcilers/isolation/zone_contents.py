"""What a zone answers already, looked at before a network is linked to it, for a link brings all of it (DNS-09).

Whoever is linked follows every record of the zone, those of services that nobody declared included. The public
way into each of them ends with the link, so its private one must work first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.isolation.body_values import objects_in, parsed_id, text_in
from secureml_reconcilers.isolation.endpoints import endpoint_used, has_namesake
from secureml_reconcilers.isolation.networks import Reach, reach_of
from secureml_reconcilers.isolation.records import is_noted, names_of_endpoint
from secureml_reconcilers.isolation.workspace_context import private_link_targets
from secureml_reconcilers.isolation.zones import has_no_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext

MOST: Final = 1_000
"""Records of one zone that are looked at. It takes ten requests; a hub's zone with more is for people to judge."""

_QUOTED: Final = 3
"""Records that a message names; of the others it tells how many there are."""

_LINK_IT: Final = "link the network yourself (az network private-dns link vnet create)"


def has_records(azure: View, zone: ResourceId) -> bool:
    """Whether a zone exists and may hold a record besides its own start of authority."""
    body = azure.get(zone)
    return body is not None and not has_no_record(body)


def answers_usable(
    context: WorkspaceContext, azure: View, zone: ResourceId, network: ResourceId
) -> Iterator[Check]:
    """A network that is about to be linked can use every address that the zone would answer it (DNS-09).

    One that holds no record yet is not looked into: what is written there later is looked at before it is written.
    """
    if not has_records(azure, zone):
        return
    listed = azure.children(zone, "A", most=MOST)
    yield _few_enough(zone, network, len(listed))
    if len(listed) > MOST:
        return
    answers = {record: each for each in listed if (record := parsed_id(each.get("id"))) is not None}
    declared = {record: _whose(context, azure, zone, record) for record in answers}
    taken = [
        _told(zone, answers[record])
        for record, target in declared.items()
        if target is not None and _leads_elsewhere(context, azure, target, record, answers[record])
    ]
    yield _none_taken(zone, network, taken)
    foreign = [answers[record] for record, target in declared.items() if target is None]
    yield from _reached(azure, zone, network, foreign)


def _reached(azure: View, zone: ResourceId, network: ResourceId, records: list[Body]) -> Iterator[Check]:
    """The addresses of services that nobody declared lie where the network can send to."""
    reach = {
        address: reach_of(azure, network, address)
        for address in sorted({each for record in records for each in _addresses(record)})
    }
    unreachable = [each for each in records if any(reach[a] is Reach.NO for a in _addresses(each))]
    yield Check(
        f"{network.in_group} reaches what {zone.name} answers",
        not unreachable,
        reasons.DNS_RECORD_UNREACHABLE,
        f"{_some([_told(zone, each) for each in unreachable])}, where {network.name} cannot send to: it is not"
        f" linked to {zone.text}, for its clients would lose what they reach publicly now.",
        f"Peer {network.name} in both directions with the network of that address (az network vnet peering"
        " create), or delete the record when nobody needs it, or name another resource group in"
        f" spec.dns.zoneResourceGroupID, where this network gets zones of its own. If none of its clients uses"
        f" that service, {_LINK_IT}.",
        ("DNS-09", "DNS-03"),
        zone,
    )
    untold = [each for each in records if any(reach[a] is Reach.UNTOLD for a in _addresses(each))]
    if untold and not unreachable:
        yield Check(
            f"{network.in_group} is shown to reach what {zone.name} answers",
            holds=False,
            reason=reasons.PATH_NOT_TOLD,
            message=f"{_some([_told(zone, each) for each in untold])}. Whether {network.name} reaches that through"
            " its hub cannot be told, and once it is linked its clients go there.",
            advice="Look whether the hub forwards to it (az network nic show-effective-route-table), or give the"
            " network zones of its own (spec.dns.zoneResourceGroupID).",
            rules=("DNS-09",),
            about=zone,
            level=CheckLevel.ADVISORY,
        )


def _few_enough(zone: ResourceId, network: ResourceId, count: int) -> Check:
    return Check(
        f"{zone.name} can be looked through for {network.in_group}",
        count <= MOST,
        reasons.DNS_RECORDS_NOT_TOLD,
        f"{zone.text} holds more than {MOST} records, too many to look through: whether {network.name} reaches all"
        " that it would be answered cannot be told, so it is not linked.",
        f"Where that is known to be so, {_LINK_IT}; otherwise name another resource group in"
        " spec.dns.zoneResourceGroupID, where this network gets zones of its own.",
        ("DNS-09",),
        zone,
    )


def _none_taken(zone: ResourceId, network: ResourceId, taken: list[str]) -> Check:
    return Check(
        f"{zone.name} leads {network.in_group} to no endpoint of others",
        not taken,
        reasons.DNS_RECORD_TAKEN,
        f"{_some(taken)}, which is not the endpoint that this resource uses: {network.name} is not linked to"
        f" {zone.text}, for its clients would be sent there.",
        "Delete the record when nobody needs it. Otherwise let this network use the endpoint that it leads to (a"
        " new resource with that endpoint's subnet, and this network among its clientNetworkIDs), or name another"
        " resource group in spec.dns.zoneResourceGroupID, where this network gets a zone of its own.",
        ("DNS-09",),
        zone,
    )


def _whose(
    context: WorkspaceContext, azure: View, zone: ResourceId, record: ResourceId
) -> PrivateLinkTarget | None:
    """The declared target whose name a record is; None for one of services that this resource does not declare."""
    for target in private_link_targets(context, azure):
        names = (name.lower() for name in context.plan.zone_names(target))
        if zone.name.lower() in names and _is_name_of(azure, target, record.name.lower()):
            return target
    return None


def _is_name_of(azure: View, target: PrivateLinkTarget, name: str) -> bool:
    """Names of a workspace carry its guid; all others begin with the name of the service."""
    if target.group == "amlworkspace":
        guid = text_in(azure.get(target.resource), "properties.workspaceId").lower()
        return bool(guid) and guid in name
    own = target.resource.name.lower()
    return name == own or name.startswith(f"{own}.")


def _leads_elsewhere(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, record: ResourceId, shown: Body
) -> bool:
    """Whether a record of a declared service leads to another endpoint than the one that serves it here."""
    used = endpoint_used(context.plan, azure, target)
    told = names_of_endpoint(azure, used) if azure.get(used) is not None else {}
    ours = {address for addresses in told.values() for address in addresses}
    if set(_addresses(shown)) <= ours:
        return False
    return not is_noted(azure, used, record, by_guid=has_namesake(context.plan, azure, target, used))


def _addresses(record: Body) -> list[str]:
    return sorted(text_in(each, "ipv4Address") for each in objects_in(record, "properties.aRecords"))


def _told(zone: ResourceId, record: Body) -> str:
    """A record and where it leads, and who wrote it where Azure notes that."""
    creator = text_in(record, "properties.metadata.creator")
    by = f" ({creator})" if creator else ""
    return f"{text_in(record, 'name')}.{zone.name} leads to {', '.join(_addresses(record)) or 'no address'}{by}"


def _some(told: list[str]) -> str:
    more = len(told) - _QUOTED
    return "; ".join(told[:_QUOTED]) + (f"; and {more} more" if more > 0 else "")
