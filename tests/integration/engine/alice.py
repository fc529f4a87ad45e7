"""What another administrator does, through the ordinary API, while the operator looks elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.driving import World

DNS: Final = "2024-06-01"
LOCKS: Final = "2020-05-01"

WORKSPACE: Final = "Microsoft.MachineLearningServices/workspaces"
STORAGE: Final = "Microsoft.Storage/storageAccounts"
VAULT: Final = "Microsoft.KeyVault/vaults"
REGISTRY: Final = "Microsoft.ContainerRegistry/registries"
NETWORK: Final = "Microsoft.Network/virtualNetworks"
ENDPOINT: Final = "Microsoft.Network/privateEndpoints"
GROUP: Final = f"{ENDPOINT}/privateDnsZoneGroups"
ZONE: Final = "Microsoft.Network/privateDnsZones"
LINK: Final = f"{ZONE}/virtualNetworkLinks"
RECORD: Final = f"{ZONE}/A"

_VERSIONS: Final[Mapping[str, str]] = {
    WORKSPACE: landscape.WORKSPACES,
    STORAGE: landscape.STORAGE,
    VAULT: landscape.VAULTS,
    REGISTRY: landscape.REGISTRIES,
    NETWORK: landscape.NETWORK,
    ENDPOINT: landscape.NETWORK,
    GROUP: landscape.NETWORK,
    ZONE: DNS,
    LINK: DNS,
    RECORD: DNS,
}


def one(world: World, kind: str, part: str = "") -> str:
    """The id of the one resource of a type whose id has that part.

    Raises:
        LookupError: there is none, or there are several.
    """
    found = [each.id.text for each in world.emulator.ctx.of_type(kind) if part.lower() in each.id.key]
    if len(found) != 1:
        raise LookupError(f"{len(found)} {kind} with {part!r}: {found}")
    return found[0]


def shown(world: World, kind: str, part: str = "") -> dict[str, Any]:
    """What the emulator holds of that one resource."""
    resource = world.emulator.ctx.find(one(world, kind, part))
    assert resource is not None
    return resource.body


async def patches(world: World, kind: str, body: Mapping[str, Any], part: str = "") -> None:
    """She changes some properties of one resource."""
    await world.alice.patch(one(world, kind, part), _VERSIONS[kind], dict(body))


async def puts(world: World, target: str, kind: str, body: Mapping[str, Any]) -> None:
    """She creates or replaces a resource."""
    await world.alice.put(target, _VERSIONS.get(kind, ""), dict(body))


async def rewrites(world: World, kind: str, part: str, properties: Mapping[str, Any]) -> None:
    """She reads one resource, replaces some of its properties and writes it back."""
    target = one(world, kind, part)
    body = await world.alice.get(target, _VERSIONS[kind])
    body["properties"] = {**body["properties"], **properties}
    await world.alice.put(target, _VERSIONS[kind], body)


async def tags(world: World, kind: str, names: Mapping[str, str], part: str = "") -> None:
    """She replaces all tags of one resource."""
    target = f"{one(world, kind, part)}/providers/Microsoft.Resources/tags/default"
    await world.alice.patch(target, "2021-04-01", {"operation": "Replace", "properties": {"tags": dict(names)}})


async def deletes(world: World, kind: str, part: str = "") -> None:
    """She deletes one resource."""
    await world.alice.delete(one(world, kind, part), _VERSIONS[kind])


async def locks(world: World, scope: str, level: str, name: str = "hands-off") -> None:
    """She locks a scope."""
    target = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    await world.alice.put(target, LOCKS, {"properties": {"level": level}})


async def unlocks(world: World, scope: str, name: str = "hands-off") -> None:
    """She takes the lock away."""
    await world.alice.delete(f"{scope}/providers/Microsoft.Authorization/locks/{name}", LOCKS)


async def judges(world: World, kind: str, part: str, status: str | None) -> None:
    """She approves, rejects or, with None, deletes the connection of an endpoint on its target."""
    connections = f"{kind}/privateEndpointConnections"
    target = one(world, connections, part)
    if status is None:
        await world.alice.delete(target, _VERSIONS[kind])
    else:
        state = {"privateLinkServiceConnectionState": {"status": status, "description": "by hand"}}
        await world.alice.put(target, _VERSIONS[kind], {"properties": state})


async def creates(world: World, target: str, api_version: str, **body: Any) -> None:  # noqa: ANN401 - JSON
    """She creates something."""
    await world.alice.put(target, api_version, body)


async def peers(world: World, name: str, other: str, **properties: Any) -> None:  # noqa: ANN401 - JSON
    """She makes one side of a peering between two networks of the landscape's network group."""
    here, there = (landscape.network_id(world.subscription).replace("ml-vnet", each) for each in (name, other))
    body = {"remoteVirtualNetwork": {"id": there}, "allowVirtualNetworkAccess": True, **properties}
    await creates(world, f"{here}/virtualNetworkPeerings/{other}", landscape.NETWORK, properties=body)


async def vanishes(world: World, target: str, api_version: str) -> None:
    """She deletes what she created."""
    await world.alice.delete(target, api_version)


def forbids(world: World, *actions: str) -> None:
    """She takes rights away from the operator's role; without actions she gives all of it back."""
    authorization = world.emulator.ctx.authorization
    operator = next(each for each in world.emulator.config.clients if each.display_name == "secureml-operator")
    authorization._grants[operator.object_id.lower()] = [
        replace(grant, not_actions=actions) for grant in operator.grants
    ]
    authorization._version = (-1, -1)
