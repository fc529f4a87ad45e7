"""Where DNS is somebody else's: the records that its keeper must make, and has confirmed (DNS-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, StatusField
from secureml_reconcilers.engine.view import View, worked_out_once
from secureml_reconcilers.isolation.body_values import is_settled, list_in, region_in
from secureml_reconcilers.isolation.endpoints import endpoint, endpoint_used
from secureml_reconcilers.isolation.records import endpoint_tells_names, names_of_endpoint, records_written_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
    from secureml_reconcilers.isolation.workspace_context import WorkspaceContext


@worked_out_once
def records_to_make(context: WorkspaceContext, azure: View, target: PrivateLinkTarget) -> Iterator[Block]:
    """The table for a DNS server of one's own, and whether its keeper has confirmed it (DNS-01).

    The operator cannot look into that server, and closing on trust in records that nobody knew of yet would
    cut everybody off (OPS-08). The addresses are confirmed with the names: a new endpoint has new ones.
    """
    used = endpoint_used(context.plan, azure, target)
    if azure.get(used) is None or not is_settled(azure, used):
        # An answer that is not known yet must not look like one with nothing in it: gates are made of these.
        yield from endpoint(context, azure, target)
        return
    records = _names_told(azure, used)
    confirmed = {each.name.lower(): sorted(each.addresses) for each in context.spec.dns.confirmed_records}
    missing = [
        _unconfirmed(name, addresses, confirmed.get(name.lower()))
        for name, addresses in records.items()
        if confirmed.get(name.lower()) != addresses
    ]
    yield endpoint_tells_names(used, records, "DNS-01")
    yield Check(
        f"the records of {used.short} are confirmed",
        not missing,
        reasons.DNS_RECORDS_NOT_CONFIRMED,
        f"DNS is yours: the records in status.dnsRecords must exist, and the operator cannot check them. Not"
        f" confirmed for {target.resource.name}: {', '.join(missing)}.",
        "Make or correct the records, then copy them from status.dnsRecords to spec.dns.confirmedRecords; the"
        " service is closed when all of its records stand there.",
        ("DNS-01",),
        used,
        by_user=True,
    )
    table = {**records, **_names_of_instances(context, azure, target, records)}
    for name, addresses in table.items():
        yield StatusField("dnsRecords", {"name": name, "addresses": addresses})


def _names_of_instances(
    context: WorkspaceContext, azure: View, target: PrivateLinkTarget, records: dict[str, list[str]]
) -> dict[str, list[str]]:
    """What compute instances are called, which leads to the workspace's endpoint and which that does not tell.

    No closing waits for them: who has no instance needs none, and one of several workspaces that share a server
    has a record for each instance instead.
    """
    region = region_in(azure.get(target.resource))
    if target.group != "amlworkspace" or not region:
        return {}
    suffix = f".{context.plan.cloud.zones[target.group][0].removeprefix('privatelink.')}"
    leads = (found for name, found in records.items() if name.endswith(suffix) and not name.startswith("*"))
    addresses = next(leads, [])
    return {f"*.{region}.{zone}": addresses for zone in context.plan.cloud.instances if addresses}


def _unconfirmed(name: str, addresses: list[str], confirmed: list[str] | None) -> str:
    """A name that is not confirmed; with other addresses than its endpoint has, both stand beside it."""
    if not confirmed:
        return name
    return f"{name} (confirmed at {', '.join(confirmed)}; the endpoint has {', '.join(addresses)})"


def _names_told(azure: View, used: ResourceId) -> dict[str, list[str]]:
    """Names and addresses of an endpoint; one with a zone group of others may tell them there only."""
    told = list_in(azure.get(used), "properties.customDnsConfigs")
    groups = () if told else azure.children(used, "privateDnsZoneGroups")
    written = {each.fqdn: each.addresses for group in groups for each in records_written_by(group)}
    return written or names_of_endpoint(azure, used)
