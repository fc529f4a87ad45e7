"""What a service is: whether it can have private endpoints at all (ST-KIND-01, ACR-SKU-01), or is private."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.engine.values import get_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId


def prerequisites(target: ResourceId, body: Body) -> Iterator[Check]:
    """The facts that stand in the way of a private endpoint; none for most services."""
    if target.type == "microsoft.storage/storageaccounts":
        yield _second_generation(target, body)
    elif target.type == "microsoft.containerregistry/registries":
        yield _premium(target, body)


def _second_generation(account: ResourceId, body: Body) -> Check:
    return Check(
        f"{account.short} can have private endpoints",
        str(body.get("kind", "")).lower() != "storage",
        "StorageTooOld",
        f"{account.short} is a general purpose v1 account, which cannot have private endpoints.",
        "Upgrade it to v2 (az storage account update --set kind=StorageV2 --access-tier Hot).",
        ("ST-KIND-01",),
        account,
    )


def is_premium(body: Body) -> bool:
    """Whether a registry has the SKU that network rules need."""
    return str(get_path(body, "sku.name") or "").lower() == "premium"


def is_private(body: Body) -> bool:
    """Whether a registry shuts out its own build tasks: public access is off, or it denies by default."""
    shown = str(get_path(body, "properties.publicNetworkAccess") or "Enabled").lower()
    action = str(get_path(body, "properties.networkRuleSet.defaultAction") or "Allow").lower()
    return shown != "enabled" or action == "deny"


def _premium(found: ResourceId, body: Body) -> Check:
    """Network rules and private endpoints need the Premium SKU; it costs more, so it is asked for."""
    return Check(
        f"{found.short} is Premium",
        is_premium(body),
        "RegistryNotPremium",
        f"{found.short} has SKU {get_path(body, 'sku.name')}, which has neither private endpoints nor network"
        " rules.",
        f"Upgrade it (az acr update --name {found.name} --sku Premium); it then costs more.",
        ("ACR-SKU-01",),
        found,
    )
