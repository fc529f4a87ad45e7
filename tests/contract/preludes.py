"""What must have happened before a cassette begins, and the seeds under which operations end in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .cassettes import Interaction
    from .replay import Player

Prelude: TypeAlias = "Callable[[Player, tuple[Interaction, ...]], Awaitable[None]]"

LONG = 600
"""Virtual seconds after which any deletion of a resource group has ended."""


async def delete_the_vault(player: Player, recorded: tuple[Interaction, ...]) -> None:
    """The vault recording begins after an earlier run left its vault soft-deleted."""
    group = recorded[0]
    vault = next(each for each in recorded if each.method == "PUT" and "/vaults/" in each.url)
    fresh = {**vault.request, "properties": {**vault.request["properties"], "createMode": "default"}}
    for method, interaction, body in (
        ("PUT", group, group.request),
        ("PUT", vault, fresh),
        ("DELETE", vault, None),
        ("DELETE", group, None),
    ):
        answer = await player.send(method, player.local(interaction.url), body)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {interaction.url}: {answer.status} {answer.body}")
    player.emulator.clock.advance(LONG)


async def make_the_cluster(player: Player, recorded: tuple[Interaction, ...]) -> None:
    """The cluster recording begins with a cluster of an earlier run, to which a policy had given its add-on."""
    group = recorded[0]
    cluster = next(each for each in recorded if each.method == "PUT" and "/managedClusters/" in each.url)
    addons = {"azurepolicy": {"enabled": True}}
    earlier = {
        **cluster.request,
        "sku": {"name": "Base", "tier": "Standard"},
        "properties": {**cluster.request["properties"], "addonProfiles": addons},
    }
    for interaction, body in ((group, group.request), (cluster, earlier)):
        answer = await player.send("PUT", player.local(interaction.url), body)
        if answer.status >= 400:
            raise RuntimeError(f"PUT {interaction.url}: {answer.status} {answer.body}")
    player.emulator.clock.advance(LONG)


PRELUDES: dict[str, Prelude] = {
    "Test_KeyVault_Vault_20230701_CRUD": delete_the_vault,
    "Test_AKS_ManagedCluster_20240901_CRUD": make_the_cluster,
}

SEEDS: dict[str, str] = {}
"""Durations are drawn from measured ranges; a recording shows one draw, so some need a seed that gives the
same order of endings."""
