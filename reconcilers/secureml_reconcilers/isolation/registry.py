"""The workspace's container registry answers only inside the network (ACR-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.engine.view import View, once_each
from secureml_reconcilers.isolation.firewall_exceptions import more_let_in
from secureml_reconcilers.isolation.firewalls import (
    address_rules,
    must_answer,
    private_ways,
    public_access,
    reached_by,
)
from secureml_reconcilers.isolation.prerequisites import is_private, prerequisites
from secureml_reconcilers.isolation.site import Site, Way, registry, workspace
from secureml_reconcilers.isolation.unsupported_fields import of_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.resource_id import ResourceId


@once_each
def registry_isolated(site: Site, azure: View) -> Iterator[Block]:
    """Denied by default, trusted services kept, public access off once the private way works.

    ACR-SKU-01, ACR-LIMIT-01, ACR-TRUST-01, ACR-PNA-01, OPS-08.
    """
    found = registry(site, azure)
    unsupported_fields = tuple(of_registry(site, azure))
    yield from unsupported_fields
    if found is None:
        yield _none_yet(site)
        return
    body = azure.require(found, "RegistryNotFound", "The workspace names it; restore it, or name another there.")
    premium = tuple(prerequisites(found, body))
    yield from premium
    ranges = site.spec.container_registry.allowed_ip_ranges
    yield from reached_by(found, body, ranges, "spec.containerRegistry.allowedIPRanges")
    yield from more_let_in(found, body, "spec.containerRegistry", ranges)
    yield Ensure(
        found,
        {
            "properties": {
                **public_access(ranges),
                "networkRuleSet": {"defaultAction": "Deny", **address_rules(ranges, action="Allow")},
                "networkRuleBypassOptions": "AzureServices",
            }
        },
        must_answer("registry", ranges),
        ("ACR-LIMIT-01", "ACR-TRUST-01", "ACR-PNA-01"),
        after=(*premium, *unsupported_fields, *private_ways(site, azure, (Way(found, "registry"),))),
    )
    yield _build_compute(site, azure, found)


def _none_yet(site: Site) -> Check:
    return Check(
        "the workspace has a registry",
        holds=False,
        reason="NoRegistryYet",
        message="The workspace has no container registry yet; Azure ML makes one when it first needs it.",
        advice="Nothing to do: it is isolated as soon as it exists.",
        rules=("ACR-EXIST-01",),
        about=site.workspace,
        level=CheckLevel.ADVISORY,
    )


def _build_compute(site: Site, azure: View, found: ResourceId) -> Check:
    """A registry that is private cannot build images itself (ACR-BUILD-01)."""
    unable = f"{found.short} will not be able to once it is private"
    if is_private(azure.get(found) or {}):
        unable = f"{found.short}, which is private, cannot"
    return Check(
        "images are built by a cluster",
        bool(get_path(workspace(site, azure), "properties.imageBuildCompute")),
        "NoBuildCompute",
        f"The workspace names no cluster that builds images, and {unable}.",
        "Set the workspace's image build compute to a CPU cluster in the network"
        " (az ml workspace update --image-build-compute <cluster>).",
        ("ACR-BUILD-02",),
        site.workspace,
        CheckLevel.ADVISORY,
    )
