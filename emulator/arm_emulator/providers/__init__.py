"""One module per Azure system: validation, server defaults and side effects of its resource types.

A module exports `TYPES` and, where it serves paths outside the resource tree, `ROUTES`. Anything not
registered here is still stored and served generically.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from arm_emulator.generic import GenericType
from arm_emulator.registry import Registry

if TYPE_CHECKING:
    from arm_emulator.hooks import Observer, ResourceType, Route

MODULES = (
    "agent_pools",
    "authorization",
    "available_endpoints",
    "cluster_extensions",
    "containerregistry",
    "identities",
    "keyvault",
    "load_balancers",
    "machinelearning",
    "managedclusters",
    "occupancy",
    "peerings",
    "private_dns",
    "private_endpoints",
    "resources",
    "routing",
    "security_groups",
    "storage",
    "tags",
    "virtual_networks",
    "virtualmachines",
    "zone_groups",
)
"""The provider modules, in no particular order; a new module needs only its name here."""


@dataclass(frozen=True, slots=True)
class Providers:
    """What the modules export, joined.

    Attributes:
        registry: every resource type.
        routes: the paths outside the resource tree, in order of registration.
        observers: called after every applied change.
    """

    registry: Registry[ResourceType]
    routes: tuple[Route, ...]
    observers: tuple[Observer, ...]


def load() -> Providers:
    """Everything that the listed modules export."""
    types: list[ResourceType] = []
    generic: ResourceType = GenericType()
    routes: list[Route] = []
    observers: list[Observer] = []
    for name in MODULES:
        module = import_module(f"{__name__}.{name}")
        types.extend(module.TYPES)
        routes.extend(getattr(module, "ROUTES", ()))
        observers.extend(getattr(module, "OBSERVERS", ()))
    return Providers(Registry(types, generic), tuple(routes), tuple(observers))
