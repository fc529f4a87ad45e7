"""The workspace's vault answers only inside the network (KV-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Block, Ensure
from secureml_reconcilers.engine.values import CsvMember
from secureml_reconcilers.engine.view import View, once_each
from secureml_reconcilers.isolation.firewall_exceptions import more_let_in
from secureml_reconcilers.isolation.firewalls import (
    address_rules,
    must_answer,
    private_ways,
    public_access,
    reached_by,
)
from secureml_reconcilers.isolation.site import Site, key_vault, ways_into_vault
from secureml_reconcilers.isolation.unsupported_fields import of_vault

if TYPE_CHECKING:
    from collections.abc import Iterator


@once_each
def key_vault_isolated(site: Site, azure: View) -> Iterator[Block]:
    """Denied by default, trusted services kept, public access off once the private way works.

    KV-NET-01, KV-BYP-01, KV-PNA-01, OPS-08.
    """
    vault = key_vault(site, azure)
    body = azure.require(
        vault, "KeyVaultNotFound", "The workspace keeps its secrets in it; recover it if it was deleted."
    )
    unsupported_fields = tuple(of_vault(site))
    yield from unsupported_fields
    ranges = site.spec.key_vault.allowed_ip_ranges
    yield from reached_by(vault, body, ranges, "spec.keyVault.allowedIPRanges")
    yield from more_let_in(vault, body, "spec.keyVault", ranges, site.spec.key_vault.allowed_subnet_ids)
    yield Ensure(
        vault,
        {
            "properties": {
                **public_access(ranges),
                "networkAcls": {
                    "defaultAction": "Deny",
                    "bypass": CsvMember("AzureServices"),
                    **address_rules(ranges),
                },
            }
        },
        must_answer("vault", ranges),
        ("KV-NET-01", "KV-BYP-01", "KV-PNA-01"),
        after=(*unsupported_fields, *private_ways(site, azure, ways_into_vault(site, vault))),
    )
