"""Another administrator changes Azure; the next resync finds it, says what and who, and puts it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes
from tests.integration.engine.oracle import result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.driving import Driver, World

    Change = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Drift:
    """One row: what she does, what the event quotes, what is written, and whether the change log names her."""

    change: Change
    quoted: str
    written: list[str]
    named: bool = True


def patched(kind: str, **properties: Any) -> Change:  # noqa: ANN401 - JSON
    """She changes some properties."""

    async def change(world: World) -> None:
        await alice.patches(world, kind, {"properties": properties})

    return change


def rules_replaced(kind: str, name: str, **rules: str) -> Change:
    """She replaces some members of a firewall, and leaves the others as they are."""

    async def change(world: World) -> None:
        present = alice.shown(world, kind)["properties"][name]
        await alice.patches(world, kind, {"properties": {name: {**present, **rules}}})

    return change


def deleted(kind: str, part: str) -> Change:
    """She deletes something of ours."""

    async def change(world: World) -> None:
        await alice.deletes(world, kind, part)

    return change


def disconnected(kind: str, part: str) -> Change:
    """She deletes the connection of an endpoint on its target."""

    async def change(world: World) -> None:
        await alice.judges(world, kind, part, None)

    return change


async def zone_forgotten(world: World) -> None:
    """She takes one of the workspace's two zones out of the zone group."""
    configs = alice.shown(world, alice.GROUP, "-amlworkspace-")["properties"]["privateDnsZoneConfigs"]
    kept = [each for each in configs if "notebooks" not in each["name"]]
    await alice.rewrites(world, alice.GROUP, "-amlworkspace-", {"privateDnsZoneConfigs": kept})


async def record_changed(world: World) -> None:
    """She lets the vault's name lead elsewhere."""
    await alice.rewrites(world, alice.RECORD, "vaultcore", {"aRecords": [{"ipv4Address": "10.99.0.1"}]})


async def registering(world: World) -> None:
    """She lets the machines of the network register themselves in a zone."""
    await alice.rewrites(world, alice.LINK, "azurecr.io", {"registrationEnabled": True})


async def zone_deleted(world: World) -> None:
    """She deletes a zone, for which its link must go first."""
    await alice.deletes(world, alice.LINK, "azurecr.io")
    await alice.deletes(world, alice.ZONE, "azurecr.io")


PUBLIC = "properties.publicNetworkAccess is 'Enabled' and should be 'Disabled'"
DENY = "defaultAction is 'Allow' and should be 'Deny'"
BYPASS = "should be 'AzureServices'"
ROWS = {
    "the workspace is opened": Drift(
        patched(alice.WORKSPACE, publicNetworkAccess="Enabled"), PUBLIC, ["PATCH workspaces/fraud"]
    ),
    "the account is opened": Drift(
        patched(alice.STORAGE, publicNetworkAccess="Enabled"), PUBLIC, ["PATCH storageaccounts/stfraud"]
    ),
    "the vault is opened": Drift(
        patched(alice.VAULT, publicNetworkAccess="Enabled"), PUBLIC, ["PATCH vaults/kv-fraud"]
    ),
    "the registry is opened": Drift(
        patched(alice.REGISTRY, publicNetworkAccess="Enabled"), PUBLIC, ["PATCH registries/crfraud"]
    ),
    "the account lets everybody in": Drift(
        rules_replaced(alice.STORAGE, "networkAcls", defaultAction="Allow"),
        DENY,
        ["PATCH storageaccounts/stfraud"],
    ),
    "the vault lets everybody in": Drift(
        rules_replaced(alice.VAULT, "networkAcls", defaultAction="Allow"), DENY, ["PATCH vaults/kv-fraud"]
    ),
    "the registry lets everybody in": Drift(
        rules_replaced(alice.REGISTRY, "networkRuleSet", defaultAction="Allow"),
        DENY,
        ["PATCH registries/crfraud"],
    ),
    "the account keeps trusted services out": Drift(
        rules_replaced(alice.STORAGE, "networkAcls", bypass="None"), BYPASS, ["PATCH storageaccounts/stfraud"]
    ),
    "the vault keeps trusted services out": Drift(
        rules_replaced(alice.VAULT, "networkAcls", bypass="None"), BYPASS, ["PATCH vaults/kv-fraud"]
    ),
    "the registry keeps trusted services out": Drift(
        patched(alice.REGISTRY, networkRuleBypassOptions="None"), BYPASS, ["PATCH registries/crfraud"]
    ),
    "a link is deleted": Drift(
        deleted(alice.LINK, "azurecr.io"), "it is gone", ["PUT virtualnetworklinks/ml-vnet"]
    ),
    "a link registers machines": Drift(
        registering,
        "registrationEnabled is True and should be False",
        ["PATCH virtualnetworklinks/ml-vnet"],
    ),
    "an endpoint is deleted": Drift(
        deleted(alice.ENDPOINT, "-blob-"),
        "it is gone",
        ["PUT privatednszonegroups/default", "PUT privateendpoints/stfraud-blob"],
    ),
    "a zone group is deleted": Drift(
        deleted(alice.GROUP, "-blob-"), "it is gone", ["PUT privatednszonegroups/default"]
    ),
    "a zone group forgets a zone": Drift(
        zone_forgotten, "privatelink.notebooks.azure.net", ["PUT privatednszonegroups/default"]
    ),
    "a record is deleted": Drift(
        deleted(alice.RECORD, "vaultcore"),
        "A/kv-fraud",
        ["PUT privatednszonegroups/default"],
    ),
    "a record leads elsewhere": Drift(record_changed, "is ['10.99.0.1']", ["PUT privatednszonegroups/default"]),
    "the account cuts an endpoint off": Drift(
        disconnected(alice.STORAGE, "-blob-"),
        "its connection was removed; it is made anew",
        [
            "DELETE privateendpoints/stfraud-blob",
            "PUT privatednszonegroups/default",
            "PUT privateendpoints/stfraud-blob",
        ],
        named=False,
    ),
    "a zone is deleted with its link": Drift(
        zone_deleted,
        "it is gone",
        [
            "PUT privatednszonegroups/default",
            "PUT privatednszones/privatelink.azurecr.io",
            "PUT virtualnetworklinks/ml-vnet",
        ],
    ),
}
"""Resource Graph's change log tells of zone groups and records on their endpoints and zones. It does not say whose
deletion of a connection disconnected an endpoint."""


async def things_of_others(world: World) -> None:
    """What was never ours, beside and inside of what we manage."""
    rule = {"value": "203.0.113.7", "action": "Allow"}
    await alice.patches(world, alice.STORAGE, {"tags": {"team": "fraud", "costCenter": "4711"}})
    await alice.patches(
        world, alice.STORAGE, {"properties": {"networkAcls": {"defaultAction": "Deny", "ipRules": [rule]}}}
    )
    acls = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "203.0.113.7/32"}]}
    await alice.patches(world, alice.VAULT, {"properties": {"networkAcls": acls}})
    rules = {"defaultAction": "Deny", "ipRules": [rule]}
    await alice.patches(world, alice.REGISTRY, {"properties": {"networkRuleSet": rules}})
    await alice.patches(world, alice.LINK, {"tags": {"team": "network"}}, "vaultcore")
    network = alice.one(world, alice.NETWORK)
    group = network.split("/providers/")[0] + "/providers/Microsoft.Network/networkSecurityGroups/training"
    await alice.puts(world, group, alice.NETWORK, {"location": "westeurope", "properties": {}})


@pytest.mark.parametrize("drift", [pytest.param(row, id=name) for name, row in ROWS.items()])
async def test_drift_is_found_told_and_repaired(world: World, ready: Driver, drift: Drift) -> None:
    """Found at the next resync, by the fewest writes, and what belongs to others is as it was."""
    await things_of_others(world)
    await ready.resync()
    before, start, said = result(world).resources, last(world), len(ready.events)
    await drift.change(world)
    world.emulator.clock.advance(60)

    outcome = await ready.step()
    detected = [event.message for event in outcome.events if event.reason == "DriftDetected"]
    assert [drift.quoted in message for message in detected] == [True]

    await ready.settle()
    assert ready.condition("Ready")["status"] == "True"
    told = [event.reason for event in ready.events[said:]]
    assert (told.count("DriftDetected"), told.count("DriftCorrected")) == (1, 1)
    for figure in ("drift_detected", "drift_corrected"):
        assert sum(outcome.metrics[figure] for outcome in ready.outcomes) == 1, figure
    assert names(writes(world, start)) == drift.written
    changed = {key: value for key, value in result(world).resources.items() if before.get(key) != value}
    assert (changed, [key for key in before if key not in result(world).resources]) == ({}, [])

    named = [event.message for event in ready.events[said:] if event.reason == "DriftAttributed"]
    assert ["alice@contoso.com" in message for message in named] == [True] * drift.named


async def test_drift_is_not_repaired_in_observe_mode(world: World, ready: Driver) -> None:
    """It is found and told, and the plan says what would be written."""
    ready.edit({**ready.request.spec, "mode": "Observe"})
    await ready.settle()
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    start = last(world)
    world.emulator.clock.advance(1800)
    outcome = await ready.step()
    assert names(writes(world, start)) == []
    told = [event.message for event in outcome.events if event.reason == "DriftDetected"]
    assert len(told) == 1
    assert "Mode Observe writes nothing" in told[0]
    assert [entry["verb"] for entry in ready.status["plan"]] == ["Update"]
    assert ready.condition("KeyVaultIsolated")["reason"] == "OutOfSync"


async def test_our_own_writes_are_nobodys_drift(world: World, ready: Driver) -> None:
    """A changed spec is written, and no event says that somebody has drifted."""
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})  # as she is told
    ready.edit({**ready.request.spec, "keyVault": {"allowedIPRanges": ["203.0.113.9"]}})
    said = len(ready.events)
    await ready.settle()
    assert ready.condition("Ready")["status"] == "True"
    assert {event.reason for event in ready.events[said:]} == {"Updating"}
