"""The public names of services, and where public DNS leads with them.

Source: the article on private endpoint DNS: the public name becomes an alias (CNAME) of the name below
`privatelink` as soon as the service has an endpoint; the article on private endpoints of storage: that goes
service by service of an account, and holds for everybody, whoever owns the endpoint. A name below `privatelink` of
a service that has none does not exist.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arm_emulator.hooks import Context
    from arm_emulator.model import Resource

STORAGE = "Microsoft.Storage/storageAccounts"
REGISTRIES = "Microsoft.ContainerRegistry/registries"
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
SERVICES = (STORAGE, "Microsoft.KeyVault/vaults", REGISTRIES, WORKSPACES)
"""The types with public names of their own."""

SSH = "-22"
"""Stands behind an instance's name where SSH is meant."""

INSTANCE = re.compile(r"(?P<name>[^.]+)\.(?P<region>[^.]+)\.instances\.(azureml\.ms|ml\.azure\.ms)")
"""Names of a compute instance (reference data, section 3). They lead to the workspace's endpoint and stand in no
record of their own, so public DNS makes them an alias of the workspace's name."""

ONLINE = re.compile(r"(?P<name>[^.]+)\.(?P<region>[^.]+)\.inference\.ml\.azure\.com")
"""Name of a managed online endpoint (reference data, section 3)."""


@dataclass(frozen=True, slots=True)
class Published:
    """A public name of a service.

    Attributes:
        service: whose name it is.
        group: the private link group behind the name.
        member: `requiredMemberName` of the address that answers for it on an endpoint.
        fqdn: the public name; its first label may be `*`.
        private: the name below `privatelink` that it is an alias of once there is an endpoint.
    """

    service: Resource
    group: str
    member: str
    fqdn: str
    private: str


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """What public DNS says: an alias to go on with, or a service's public address; neither means NXDOMAIN."""

    alias: str = ""
    service: Resource | None = None


def groups_of(ctx: Context, service: Resource) -> Sequence[str]:
    """The groups whose names a service has, also where it takes no endpoints (storage v1, small registries)."""
    groups = ctx.type_of(service).private_link_groups(ctx, service)
    if groups:
        return groups
    if service.id.type_key == STORAGE.lower():
        return tuple(service.properties.get("primaryEndpoints") or ())
    return ("registry",) if service.id.type_key == REGISTRIES.lower() else ()


def published(ctx: Context, service: Resource, *groups: str) -> Iterator[Published]:
    """Every public name of a service, or those of some groups."""
    for group in groups or groups_of(ctx, service):
        for member in ctx.type_of(service).private_link_members(ctx, service, group):
            private = [f"{record}.{zone}" for zone, records in member.records.items() for record in records]
            for fqdn, name in zip(member.fqdns, private, strict=True):
                yield Published(service, group, member.name, fqdn.lower(), name.lower())


def has_endpoint(ctx: Context, service: Resource, group: str) -> bool:
    """Whether anybody has an approved endpoint for this group of the service."""
    for each in ctx.children(service, f"{service.id.type}/privateEndpointConnections"):
        state = each.properties.get("privateLinkServiceConnectionState") or {}
        groups = [str(name).lower() for name in each.properties.get("groupIds") or ()]
        if state.get("status") == "Approved" and group.lower() in groups:
            return True
    return False


def owner(ctx: Context, name: str) -> Published | None:
    """The service whose public name this is, a wildcard filled in with the label asked for."""
    return next((_filled(each, name) for each in _candidates(ctx, name) if _fits(each.fqdn, name)), None)


def ask(ctx: Context, name: str) -> PublicAnswer:
    """What public DNS answers to a name in lower case."""
    alias = _alias_of_instance(ctx, name) or _alias_of_online_endpoint(ctx, name)
    if alias:
        return PublicAnswer(alias)
    for each in _candidates(ctx, name):
        private = _fits(each.private, name)
        if not private and not _fits(each.fqdn, name):
            continue
        if has_endpoint(ctx, each.service, each.group):
            return PublicAnswer(service=each.service) if private else PublicAnswer(_filled(each, name).private)
        return PublicAnswer() if private else PublicAnswer(service=each.service)
    return PublicAnswer()


def public_address(service: Resource) -> str:
    """A public address for a service, invented but always the same."""
    return f"198.51.100.{zlib.crc32(service.id.key.encode()) % 254 + 1}"


def _candidates(ctx: Context, name: str) -> Iterator[Published]:
    for kind in SERVICES:
        for service in ctx.of_type(kind):
            mark = service.properties.get("workspaceId") or service.id.name
            if str(mark).lower() in name:
                yield from published(ctx, service)


def _fits(pattern: str, name: str) -> bool:
    if not pattern.startswith("*."):
        return pattern == name
    return name.endswith(pattern[1:]) and len(name) > len(pattern) - 1


def _filled(each: Published, name: str) -> Published:
    if not each.fqdn.startswith("*."):
        return each
    label = name.removesuffix(each.fqdn[1:])
    return Published(each.service, each.group, each.member, name, label + each.private[1:])


def _alias_of_instance(ctx: Context, name: str) -> str:
    found = INSTANCE.fullmatch(name)
    workspace = _workspace_with(ctx, "computes", found, SSH) if found else None
    if workspace is None:
        return ""
    return next(each.fqdn for each in published(ctx, workspace) if each.member == "default")


def _alias_of_online_endpoint(ctx: Context, name: str) -> str:
    found = ONLINE.fullmatch(name)
    workspace = _workspace_with(ctx, "onlineEndpoints", found) if found else None
    if found is None or workspace is None:
        return ""
    pattern = next(each.fqdn for each in published(ctx, workspace) if each.member == "inference")
    return found["name"] + pattern[1:]


def _workspace_with(ctx: Context, kind: str, found: re.Match[str], suffix: str = "") -> Resource | None:
    """The workspace in the region of a name that has the child of that name, with the suffix or without."""
    for each in ctx.of_type(f"{WORKSPACES}/{kind}"):
        workspace = ctx.store.get(each.id.parent)
        name = each.id.name.lower()
        if workspace is None or found["name"] not in {name, f"{name}{suffix}"}:
            continue
        if workspace.location.replace(" ", "").lower() == found["region"]:
            return workspace
    return None
