"""What a service must be to have private endpoints at all (ST-KIND-01, ACR-SKU-01), and whether it is private."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, Ensure
from secureml_reconcilers.isolation.body_values import text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.api import SecureWorkspaceSpec
    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId


_GROUPS: Final = {
    "blobstorage": frozenset({"blob", "web"}),
    "blockblobstorage": frozenset({"blob", "dfs", "web"}),
    "filestorage": frozenset({"file"}),
}
"""By kind in lower case, the private link groups of accounts that do not have all of them (Microsoft's overview of
storage accounts)."""


def none(_spec: SecureWorkspaceSpec, _resource: ResourceId, _body: Body) -> Iterator[Block]:
    """Every such service can have private endpoints."""
    yield from ()


def second_generation(_spec: SecureWorkspaceSpec, account: ResourceId, body: Body) -> Iterator[Block]:
    """Private endpoints need a general purpose v2 account, or one of the newer kinds (ST-KIND-01)."""
    yield Check(
        f"{account.short} can have private endpoints",
        text_in(body, "kind").lower() != "storage",
        reasons.STORAGE_KIND_UNSUPPORTED,
        f"{account.short} is a general purpose v1 account, which cannot have private endpoints.",
        "Upgrade it to v2 (az storage account update --set kind=StorageV2 --access-tier Hot).",
        ("ST-KIND-01",),
        account,
    )


def sub_resource_exists(account: ResourceId, body: Body, group: str) -> Iterator[Check]:
    """Newer kinds of account hold one sort of data each, and have endpoints for no other (ST-KIND-01)."""
    kind = text_in(body, "kind")
    groups = _GROUPS.get(kind.lower())
    if groups is None:
        return
    yield Check(
        f"{account.short} has a sub-resource {group}",
        group in groups,
        reasons.STORAGE_KIND_UNSUPPORTED,
        f"{account.short} is of kind {kind}, which has no {group}, only {' and '.join(sorted(groups))}.",
        f"Take {group} out of the subResources of the account.",
        ("ST-KIND-01", "ST-PE-04"),
        account,
        by_user=True,
    )


def premium(spec: SecureWorkspaceSpec, registry: ResourceId, body: Body) -> Iterator[Block]:
    """Network rules and private endpoints need the Premium SKU; it costs more, so it is asked for (ACR-SKU-01)."""
    if spec.container_registry.upgrade_to_premium:
        reason = "only a Premium registry can be private, and the spec allows the upgrade"
        yield Ensure(registry, {"sku": {"name": "Premium"}}, reason, ("ACR-SKU-01",), part="sku")
        return
    yield Check(
        f"{registry.short} is Premium",
        is_premium(body),
        reasons.REGISTRY_NOT_PREMIUM,
        f"{registry.short} has SKU {text_in(body, 'sku.name') or None}, which has neither private endpoints nor"
        " network rules.",
        f"Set spec.containerRegistry.upgradeToPremium, or upgrade it (az acr update --name {registry.name} --sku"
        " Premium); it then costs more.",
        ("ACR-SKU-01",),
        registry,
    )


def is_premium(body: Body) -> bool:
    """Whether a registry has the SKU that network rules need."""
    return text_in(body, "sku.name").lower() == "premium"


def is_private(body: Body) -> bool:
    """Whether a registry shuts out its own build tasks: public access is off, or it denies by default."""
    access = text_in(body, "properties.publicNetworkAccess", "Enabled").lower()
    action = text_in(body, "properties.networkRuleSet.defaultAction", "Allow").lower()
    return access != "enabled" or action == "deny"
