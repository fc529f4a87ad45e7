"""What a spec declares, by its fields and the stand-in's store, without a line of the operator's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.hooks import Context

WORKSPACES: Final = "microsoft.machinelearningservices/workspaces"
STORAGE: Final = "microsoft.storage/storageaccounts"
VAULTS: Final = "microsoft.keyvault/vaults"
REGISTRIES: Final = "microsoft.containerregistry/registries"
SERVICES: Final = (WORKSPACES, STORAGE, VAULTS, REGISTRIES)

BY_SUBNET: Final = "ServiceEndpoint"


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that somebody is to reach: a group of a service, from a network or from one subnet of it."""

    service: str
    """Lower-case id."""

    group: str
    network: str
    """Lower-case id."""

    subnet: str = ""
    """Lower-case id; empty where any subnet will do."""

    def __str__(self) -> str:
        """In a sentence."""
        place = (self.subnet or self.network).rsplit("/", 1)[1]
        return f"{self.group} of {self.service.rsplit('/', 1)[1]} from {place}"


def networks(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The networks that a spec declares, that of the endpoints first."""
    named = spec["network"]
    own = named["endpointSubnetID"].lower().rsplit("/subnets/", 1)[0]
    return tuple(dict.fromkeys((own, *(each.lower() for each in named.get("clientNetworkIDs", ())))))


def services(ctx: Context, spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Every service that a spec wants closed and that is there."""
    return tuple(dict.fromkeys(service for service, _, _ in _parts(ctx, spec)))


def asked(ctx: Context, spec: Mapping[str, Any]) -> Iterator[Asked]:
    """Everything that is to be reached by a spec; nothing where its author vouches for the records."""
    if spec.get("dns", {}).get("confirmedRecords"):
        return
    for service, groups, subnets in _parts(ctx, spec):
        for group in groups:
            if subnets:
                places = [(subnet.rsplit("/subnets/", 1)[0], subnet) for subnet in subnets]
            else:
                places = [(network, "") for network in networks(spec)]
            yield from (Asked(service, group, network, subnet) for network, subnet in places)


def _parts(ctx: Context, spec: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Of each service its groups, and the subnets by which it is reached where that is not by endpoint."""
    workspace = ctx.find(spec["workspaceID"])
    if workspace is None:
        return
    storage, vault, registry = (spec.get(name, {}) for name in ("storage", "keyVault", "containerRegistry"))
    named = workspace.properties
    yield workspace.id.key, ("amlworkspace",), ()
    rows = [
        (named.get("storageAccount"), tuple(storage.get("subResources", ("blob", "file"))), storage, storage),
        (named.get("keyVault"), ("vault",), vault, vault),
        (named.get("containerRegistry") or registry.get("registryID"), ("registry",), {}, {}),
    ]
    rows += [
        (each["accountID"], tuple(each.get("subResources", ("blob",))), each, storage)
        for each in storage.get("additionalAccounts", ())
    ]
    for target, groups, mode, allowed in rows:
        found = ctx.find(target)
        if found is not None:
            subnets = allowed.get("allowedSubnetIDs", ()) if mode.get("access") == BY_SUBNET else ()
            yield found.id.key, groups, tuple(each.lower() for each in subnets)


def is_open(body: Mapping[str, Any]) -> bool:
    """Whether a service answers everybody on the internet."""
    properties = body.get("properties") or {}
    if str(properties.get("publicNetworkAccess") or "Enabled").lower() != "enabled":
        return False
    rules = properties.get("networkAcls") or properties.get("networkRuleSet") or {}
    return not properties.get("ipAllowlist") and str(rules.get("defaultAction") or "Allow").lower() == "allow"
