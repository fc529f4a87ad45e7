"""Whether a client in a virtual network reaches a service by its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.resolver import firewalls, networks, public_names
from arm_emulator.resolver.names import Resolution, resolve

if TYPE_CHECKING:
    from arm_emulator.hooks import Context
    from arm_emulator.model import Resource
    from arm_emulator.resolver.public_names import Published

ANY_LABEL = "any"
"""Stands for the first label of a wildcard name."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where one name of a service leads, and whether the service answers there.

    Attributes:
        resolution: the answer to the name.
        works: whether the service answers.
        endpoint: id of the private endpoint that the name leads to, empty for the public address.
        subnets: ids of the network's subnets from which it works.
        why: how it came about, in words.
    """

    resolution: Resolution
    works: bool
    endpoint: str = ""
    subnets: tuple[str, ...] = ()
    why: str = ""

    @property
    def private(self) -> bool:
        """Whether the name leads to a private address, working or not."""
        return self.resolution.private


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a service is reached by all names of one of its groups.

    Attributes:
        works: whether every name works, from one subnet of the network at least.
        private: whether every name leads to a private address, working or not.
        subnets: ids of the subnets from which all names work.
        ways: one for each name.
        why: what does not work, or how it does, in words.
    """

    works: bool
    private: bool
    subnets: tuple[str, ...]
    ways: tuple[Way, ...]
    why: str


def reach(ctx: Context, service: str, group: str, network: str, subnet: str = "") -> Reach:
    """Whether a client in a network reaches one group of a service.

    Args:
        ctx: the emulator's world.
        service: id of the storage account, vault, registry or workspace.
        group: its private link group (`blob`, `vault`, `registry`, `amlworkspace`).
        network: id of the network in which the client is.
        subnet: id of its subnet; without one, any subnet of the network will do.

    Raises:
        ValueError: service, group, network or subnet do not exist.
    """
    target = ctx.find(service)
    if target is None or target.id.type.lower() not in {each.lower() for each in public_names.SERVICES}:
        raise ValueError(f"there is no service {service!r} whose names are known")
    here = networks.find(ctx, network)
    subnets = firewalls.subnets_of(ctx, here, subnet)
    ways = tuple(_way(ctx, each, here, subnets) for each in names_of(ctx, target, group))
    shared = [each.id.text for each in subnets if all(way.works and each.id.text in way.subnets for way in ways)]
    broken = [each for each in ways if not each.works]
    works = not broken and bool(shared or not subnets)
    why = "; ".join(dict.fromkeys(each.why for each in broken or ways))
    return Reach(works, all(each.private for each in ways), tuple(shared), ways, why)


def names_of(ctx: Context, service: Resource, group: str) -> list[Published]:
    """The names that a client of a group uses; those of data endpoints where a registry has any.

    Raises:
        ValueError: the service has no such group.
    """
    known = {each.lower(): each for each in public_names.groups_of(ctx, service)}
    if group.lower() not in known:
        raise ValueError(f"{service.id.name} has no group {group!r}, but {', '.join(known.values())}")
    found = list(public_names.published(ctx, service, known[group.lower()]))
    registry = service.id.type_key == public_names.REGISTRIES.lower()
    if registry and not service.properties.get("dataEndpointEnabled"):
        found = [each for each in found if each.member == "registry"]
    return found


def _way(ctx: Context, published: Published, here: Resource, subnets: list[Resource]) -> Way:
    name = published.fqdn.replace("*", ANY_LABEL, 1)
    found = resolve(ctx, name, here.id.text)
    if found.code != "NOERROR":
        return Way(found, works=False, why=f"{name} does not resolve: {found.why}")
    if found.service and found.service.lower() != published.service.id.key:
        return Way(found, works=False, why=f"{found.why}, which is that of {found.service}")
    if found.service:
        open_to, why = firewalls.let_in(published.service, subnets)
        return Way(
            found, bool(open_to or not subnets), "", tuple(each.id.text for each in open_to), f"{found.why}; {why}"
        )
    endpoint, problem = "", ""
    for address in found.addresses:
        endpoint, problem = _behind(ctx, published, here, address)
        if problem:  # clients take any of the addresses, so each must work
            break
    everywhere = () if problem else tuple(each.id.text for each in subnets)
    return Way(found, not problem, endpoint, everywhere, f"{found.why}; {problem or f'{endpoint} answers there'}")


def _behind(ctx: Context, published: Published, here: Resource, address: str) -> tuple[str, str]:
    """The endpoint that a private address leads to, and what keeps the service from answering there."""
    place = networks.network_of_address(ctx, here, address)
    if place is None:
        return "", _unreachable(ctx, here, address)
    holder = networks.holder(ctx, place, address)
    if holder is None:
        return "", f"nobody has the address {address} in {place.id.name}"
    endpoint = ctx.find((holder.interface.properties.get("privateEndpoint") or {}).get("id"))
    if endpoint is None:
        return "", f"{address} is the address of {holder.interface.id.name}, which is no private endpoint"
    return endpoint.id.text, _judge(ctx, published, endpoint, holder.member)


def _unreachable(ctx: Context, here: Resource, address: str) -> str:
    for each in networks.networks_with(ctx, address):
        if networks.holder(ctx, each, address) is not None:
            return (
                f"{address} lies in {each.id.name}, out of reach of {here.id.name}: "
                f"{networks.peering_problem(ctx, here, each)}"
            )
    return f"{address} lies in no network that {here.id.name} reaches"


def _judge(ctx: Context, published: Published, endpoint: Resource, member: str) -> str:
    """What keeps the service from answering at an endpoint, by its connection on the service."""
    name = endpoint.id.name
    for each in ctx.referrers(endpoint.id.key, f"{published.service.id.type}/privateEndpointConnections"):
        if each.id.parent != published.service.id.key:
            continue
        status = (each.properties.get("privateLinkServiceConnectionState") or {}).get("status")
        if status != "Approved":
            return f"the connection of {name} to {published.service.id.name} is {status}"
        if member != published.member:
            return f"the address of {name} answers for {member}, not for {published.member}"
        return ""
    return f"{name} has no connection to {published.service.id.name}"
