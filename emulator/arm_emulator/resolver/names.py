"""Ask a name as seen from a virtual network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.resolver import networks, public_names, zones

if TYPE_CHECKING:
    from arm_emulator.hooks import Context
    from arm_emulator.model import Resource

AZURE = "168.63.129.16"
"""Azure's own resolver: it sees the zones that are linked to the network from which it is asked."""

LONGEST_CHAIN = 16
"""Aliases that are followed before a chain counts as endless."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer to a name, as a client in a network gets it.

    Attributes:
        name: the name asked for, in lower case.
        network: id of the network from which it was asked.
        code: `NOERROR`, `NXDOMAIN` (there is no such name), `NODATA` (it has no address), or `SERVFAIL` (no DNS
            server answers).
        addresses: what the name leads to; empty unless the code is `NOERROR`.
        private: whether a private DNS zone gave the addresses.
        aliases: the names that the answer led over, the last one being that which has the addresses.
        zone: id of the private zone that had the last word, empty when public DNS had.
        service: id of the service whose public address it is, empty otherwise.
        server: the DNS server that answered.
        steps: how it came about, in words.
    """

    name: str
    network: str
    code: str
    addresses: tuple[str, ...] = ()
    private: bool = False
    aliases: tuple[str, ...] = ()
    zone: str = ""
    service: str = ""
    server: str = ""
    steps: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """The steps as one text."""
        return "; ".join(self.steps)


@dataclass(slots=True)
class _Answer:
    """An answer that is being put together."""

    code: str = ""
    addresses: tuple[str, ...] = ()
    zone: str = ""
    service: str = ""
    aliases: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def resolve(ctx: Context, name: str, network: str) -> Resolution:
    """What a client in a virtual network gets for a name.

    Its DNS servers are asked in their order; one that cannot be reached is passed over, and the first answer
    counts.

    Args:
        ctx: the emulator's world.
        name: a host name.
        network: id of the network.

    Raises:
        ValueError: there is no such network.
    """
    here = networks.find(ctx, network)
    asked, answer = name.rstrip(".").lower(), _Answer()
    used = ""
    for server in _servers(here):
        reached, place = _resolver_at(ctx, here, server, answer.steps)
        if reached:
            used = server
            _ask(ctx, asked, place, answer)
            break
    if not used:
        answer.code = "SERVFAIL"
    return Resolution(
        name=asked,
        network=here.id.text,
        code=answer.code,
        addresses=answer.addresses,
        private=bool(answer.addresses and answer.zone),
        aliases=tuple(answer.aliases),
        zone=answer.zone,
        service=answer.service,
        server=used,
        steps=tuple(answer.steps),
    )


def _servers(network: Resource) -> list[str]:
    options = network.properties.get("dhcpOptions") or {}
    return [str(each) for each in options.get("dnsServers") or ()] or [AZURE]


def _resolver_at(ctx: Context, here: Resource, server: str, steps: list[str]) -> tuple[bool, Resource | None]:
    """Whether a DNS server can be asked, and the network whose zones it sees; None knows public names only.

    A server with an address in a network, a machine or a DNS Private Resolver, forwards to Azure's resolver of
    that network: what the custom DNS articles tell everybody to set up.
    """
    if server == AZURE:
        steps.append(f"{here.id.name} asks Azure's resolver")
        return True, here
    if not _is_address(server):
        steps.append(f"the DNS server {server!r} of {here.id.name} is no address")
        return False, None
    place = networks.network_of_address(ctx, here, server)
    if place is not None:
        steps.append(f"{here.id.name} asks the DNS server {server} in {place.id.name}, which sees its zones")
        return True, place
    elsewhere = networks.networks_with(ctx, server)
    if elsewhere:
        problem = networks.peering_problem(ctx, here, elsewhere[0])
        steps.append(f"the DNS server {server} in {elsewhere[0].id.name} cannot be reached: {problem}")
        return False, None
    steps.append(f"{here.id.name} asks the DNS server {server}, which knows public names only")
    return True, None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _ask(ctx: Context, name: str, place: Resource | None, answer: _Answer) -> None:
    """Follow a name, alias by alias, each of them asked of the linked zones first."""
    for _ in range(LONGEST_CHAIN):
        found = zones.zone_for(ctx, place, name) if place is not None else None
        alias = _in_zone(ctx, name, *found, answer) if found else _publicly(ctx, name, answer)
        if not alias:
            return
        answer.aliases.append(alias)
        name = alias
    answer.code = "SERVFAIL"
    answer.steps.append(f"the aliases have no end: {name}")


def _in_zone(ctx: Context, name: str, zone: Resource, link: Resource, answer: _Answer) -> str:
    """Ask a linked zone; answers the alias to go on with."""
    answer.zone = zone.id.text
    records = zones.look_up(ctx, zone, name)
    if records is None:
        if zones.falls_back(zone, link):
            answer.steps.append(f"the zone {zone.id.text} lacks {name}, and its link {link.id.name} falls back")
            return _publicly(ctx, name, answer)
        answer.code = "NXDOMAIN"
        answer.steps.append(f"the zone {zone.id.text} is linked and lacks {name}: there is no such name")
        return ""
    if "A" in records:
        answer.code, answer.addresses = "NOERROR", zones.addresses(records["A"])
        answer.steps.append(f"the zone {zone.id.text} leads {name} to {', '.join(answer.addresses)}")
        return ""
    if "CNAME" in records:
        alias = zones.canonical_name(records["CNAME"])
        answer.steps.append(f"the zone {zone.id.text} makes {name} an alias of {alias}")
        return alias
    answer.code = "NODATA"
    answer.steps.append(f"the zone {zone.id.text} has {name}, but no address of it")
    return ""


def _publicly(ctx: Context, name: str, answer: _Answer) -> str:
    """Ask public DNS; answers the alias to go on with."""
    answer.zone = ""
    found = public_names.ask(ctx, name)
    if found.alias:
        answer.steps.append(f"public DNS makes {name} an alias of {found.alias}")
        return found.alias
    if found.service is None:
        answer.code = "NXDOMAIN"
        answer.steps.append(f"public DNS does not know {name}")
        return ""
    answer.code, answer.service = "NOERROR", found.service.id.text
    answer.addresses = (public_names.public_address(found.service),)
    answer.steps.append(f"public DNS leads {name} to the public address {answer.addresses[0]}")
    return ""
