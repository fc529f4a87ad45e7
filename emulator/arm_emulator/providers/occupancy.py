"""Who has which address in which subnet, kept up to date by watching interfaces and load balancers change.

Without it every new endpoint would look through all interfaces of its subnet: with thousands of them, seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.changes import Change
    from arm_emulator.hooks import Context
    from arm_emulator.model import JsonObject

INTERFACES = "Microsoft.Network/networkInterfaces"
HOLDERS = {INTERFACES.lower(): "ipConfigurations", "microsoft.network/loadbalancers": "frontendIPConfigurations"}
"""Where the types that hold addresses say which, by lower-case type."""


@dataclass(slots=True)
class Occupancy:
    """One subnet's addresses.

    Attributes:
        configurations: interface configurations by lower-case id, in order of creation.
        used: their addresses.
        free_from: by prefix, an offset below which every address is known to be used.
    """

    configurations: dict[str, JsonObject] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    free_from: dict[str, int] = field(default_factory=dict)


_SUBNETS: WeakKeyDictionary[Context, dict[str, Occupancy]] = WeakKeyDictionary()


def of(ctx: Context, subnet: str) -> Occupancy:
    """The occupancy of a subnet, by its lower-case id."""
    return _SUBNETS.setdefault(ctx, {}).setdefault(subnet, Occupancy())


def observe(ctx: Context, change: Change) -> None:
    """Follow an interface or load balancer that appeared, changed or went."""
    member = HOLDERS.get(change.id.type_key)
    if member is None:
        return
    for subnet, configuration in _configurations(change.before, member):
        there = of(ctx, subnet)
        there.configurations.pop(str(configuration["id"]).lower(), None)
        there.used.discard(_address(configuration))
        there.free_from.clear()
    for subnet, configuration in _configurations(change.after, member):
        there = of(ctx, subnet)
        there.configurations[str(configuration["id"]).lower()] = configuration
        there.used.add(_address(configuration))


def _configurations(document: JsonObject | None, member: str) -> Iterator[tuple[str, JsonObject]]:
    for each in ((document or {}).get("properties") or {}).get(member) or ():
        subnet = ((each.get("properties") or {}).get("subnet") or {}).get("id")
        if subnet:
            yield str(subnet).rstrip("/").lower(), each


def _address(configuration: JsonObject) -> str:
    return str(configuration["properties"].get("privateIPAddress", ""))


TYPES = ()
OBSERVERS = (observe,)
