"""Storage accounts answer only inside the network (ST-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Block, Blocks, Ensure
from secureml_reconcilers.engine.values import CsvMember, Fragment, get_path
from secureml_reconcilers.engine.view import View, once_each
from secureml_reconcilers.isolation.firewall_exceptions import lets_in, more_let_in, more_resources_let_in
from secureml_reconcilers.isolation.firewalls import (
    address_rules,
    must_answer,
    private_ways,
    public_access,
    reached_by,
)
from secureml_reconcilers.isolation.prerequisites import prerequisites
from secureml_reconcilers.isolation.site import Site, additional_accounts, default_account, ways_into, where_named
from secureml_reconcilers.isolation.unsupported_fields import of_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId


def storage_isolated(site: Site, azure: View) -> Blocks:
    """The default account and every additional one are closed (ST-SCOPE-01)."""
    yield _default_closed(site, azure)
    for account in additional_accounts(site):
        yield closed(site, azure, account)


def _default_closed(site: Site, azure: View) -> Iterator[Block]:
    yield from closed(site, azure, default_account(site, azure))


@once_each
def closed(site: Site, azure: View, account: ResourceId) -> Iterator[Block]:
    """Denied by default, trusted services kept, public access off once the private ways work.

    ST-DENY-01, ST-TRUST-01, ST-PUB-01, ST-IP-01, OPS-08.
    """
    body = azure.require(account, "StorageNotFound", where_named(site, azure, account))
    yield from prerequisites(account, body)
    unsupported_fields = tuple(of_account(site, azure, account))
    yield from unsupported_fields
    storage = site.spec.storage
    yield from reached_by(account, body, storage.allowed_ip_ranges, "spec.storage.allowedIPRanges")
    yield from more_let_in(account, body, "spec.storage", storage.allowed_ip_ranges, storage.allowed_subnet_ids)
    yield more_resources_let_in(account, body, site.workspace)
    yield Ensure(
        account,
        {"properties": _firewall(site, body)},
        must_answer("account", storage.allowed_ip_ranges),
        ("ST-DENY-01", "ST-TRUST-01", "ST-PUB-01", "ST-IP-01"),
        after=(*unsupported_fields, *private_ways(site, azure, tuple(ways_into(site, azure, account)))),
    )


def _firewall(site: Site, body: Body) -> Fragment:
    ranges = site.spec.storage.allowed_ip_ranges
    rules: Fragment = {"defaultAction": "Deny", **address_rules(ranges, action="Allow")}
    if not _lets_workspace_in(body, site.workspace):
        rules["bypass"] = CsvMember("AzureServices")
    return {**public_access(ranges), "networkAcls": rules}


def _lets_workspace_in(body: Body, workspace: ResourceId) -> bool:
    """A rule for exactly this workspace is narrower than trusting all of Azure, and enough (ST-RIR-01)."""
    rules = get_path(body, "properties.networkAcls.resourceAccessRules") or ()
    return any(lets_in(rule, workspace) for rule in rules)
