"""What a review found in the knowledge, each as the story in which it went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import World, drive, new_engine, open_world
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes
from tests.integration.engine.test_sharing import settle_all

from arm_emulator import faults
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.driving import Driver


def public(world: World, kind: str, part: str = "") -> str:
    """Whether a service answers on the internet; an account that does not say so does."""
    return str(alice.shown(world, kind, part)["properties"].get("publicNetworkAccess") or "Enabled")


async def passes(driver: Driver, count: int) -> None:
    """So many passes, whether they have something to wait for or not."""
    for _ in range(count):
        outcome = await driver.step()
        wait = outcome.requeue_after.total_seconds() if outcome.requeue_after else 5
        driver.world.emulator.clock.advance(wait)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"access": "ServiceEndpoint"}, id="instead of private endpoints"),
        pytest.param({}, id="beside private endpoints"),
    ],
)
async def test_subnets_that_were_promised_a_rule_are_not_locked_out(world: World, parts: dict[str, Any]) -> None:
    """Account and vault were closed without any rule for the subnets, which the operator may not prepare here."""
    wish = {**parts, "allowedSubnetIDs": [landscape.subnet_id(world.subscription, "training")]}
    driver = drive(world, world.spec(storage=wish, keyVault=wish))
    await passes(driver, 40)
    assert [public(world, kind) for kind in (alice.STORAGE, alice.VAULT)] == ["Enabled", "Enabled"]
    reasons = {driver.condition(f"{each}Isolated")["reason"] for each in ("Storage", "KeyVault")}
    assert reasons == {"Exposed"}
    assert "subnets/write" in driver.condition("Permitted")["message"]
    assert driver.condition("RegistryIsolated")["status"] == "True"
    endpoints = [each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT)]
    assert bool([name for name in endpoints if "-vault-" in name or "-blob-" in name]) is not bool(parts)


async def test_two_wishes_for_one_account_do_not_fight(tmp_path: Path) -> None:
    """One closed it, the other opened it again for its addresses, for ever; now nobody opens anything."""
    async with open_world(tmp_path, ("fraud", "churn")) as world:
        account, engine = alice.one(world, alice.STORAGE, "stfraud"), new_engine(world)
        closes = drive(world, world.spec("fraud"), "fraud", engine)
        wish = {"allowedIPRanges": ["203.0.113.7"], "additionalAccounts": [{"accountID": account}]}
        lets_in = drive(world, world.spec("churn", storage=wish), "churn", engine)
        await closes.settle()
        await passes(lets_in, 40)
        assert public(world, alice.STORAGE, "stfraud") == "Disabled"
        assert lets_in.condition("StorageIsolated")["reason"] == "PublicAccessDisabled"
        start = last(world)
        for _ in range(2):
            await closes.resync()
            await passes(lets_in, 2)
        assert names(writes(world, start)) == []
        assert closes.condition("Ready")["status"] == "True"


async def of_the_platform_team(world: World, group: bool = True) -> str:  # noqa: FBT001, FBT002 - a switch
    """Somebody else's endpoint for the vault in the network, with its zone group; the id of its zone."""
    groups = f"/subscriptions/{world.subscription}/resourceGroups"
    zone = f"{groups}/network/providers/{alice.ZONE}/privatelink.vaultcore.azure.net"
    endpoint = f"{groups}/network/providers/{alice.ENDPOINT}/platform-vault"
    leads_to = {"privateLinkServiceId": alice.one(world, alice.VAULT), "groupIds": ["vault"]}
    properties = {
        "subnet": {"id": landscape.subnet_id(world.subscription)},
        "privateLinkServiceConnections": [{"name": "vault", "properties": leads_to}],
    }
    await alice.puts(world, zone, alice.ZONE, {"location": "global"})
    await alice.puts(world, endpoint, alice.ENDPOINT, {"location": "westeurope", "properties": properties})
    if group:
        configs = [{"name": "vault", "properties": {"privateDnsZoneId": zone}}]
        body = {"properties": {"privateDnsZoneConfigs": configs}}
        await alice.puts(world, f"{endpoint}/privateDnsZoneGroups/default", alice.GROUP, body)
    return zone


def disturbed(world: World, **rule: object) -> None:
    """The operator's requests of one kind fail."""
    world.emulator.world.faults.rules.append(faults.parse({"caller": "secureml-operator", **rule}))


async def test_one_bad_answer_makes_no_second_endpoint(world: World) -> None:
    """A 503 for somebody's endpoint once counted as "there is none", and a second one stayed for good."""
    await of_the_platform_team(world)
    disturbed(world, method=["GET"], path="privateEndpoints/platform-vault\\?", status=503, times=4)
    driver = drive(world, world.spec())
    await driver.settle()
    assert [each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT) if "vault" in each.id.key] == [
        "platform-vault"
    ]
    assert driver.condition("Ready")["status"] == "True"


@pytest.mark.parametrize("engines", [pytest.param(1, id="one process"), pytest.param(2, id="two processes")])
async def test_two_subnets_of_one_network_share_one_endpoint(tmp_path: Path, engines: int) -> None:
    """Applied at once, two custom resources with different subnets made two endpoints for one account."""
    async with open_world(tmp_path, ("fraud", "churn")) as world:
        first = new_engine(world)
        second = first if engines == 1 else new_engine(world)
        wish = {"additionalAccounts": [{"accountID": alice.one(world, alice.STORAGE, "stfraud")}]}
        elsewhere = {"endpointSubnetID": landscape.subnet_id(world.subscription, "training")}
        both = (
            drive(world, world.spec("fraud"), "fraud", first),
            drive(world, world.spec("churn", storage=wish) | {"network": elsewhere}, "churn", second),
        )
        await settle_all(world, *both)
        assert [driver.condition("Ready")["status"] for driver in both] == ["True", "True"]
        endpoints = [each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT)]
        assert len([name for name in endpoints if name.startswith("stfraud") and "-blob-" in name]) == 1
        start = last(world)
        for driver in both:
            await driver.resync()
        assert names(writes(world, start)) == []


async def test_what_is_deleted_while_it_observes_stays(ready: Driver, world: World) -> None:
    """With deletionPolicy Delete, endpoints were removed by a resource that was said to write nothing."""
    ready.edit(world.spec(mode="Observe", deletionPolicy="Delete"))
    ready.delete()
    start = last(world)
    outcome = await ready.settle()
    assert outcome.released
    assert names(writes(world, start)) == []


async def test_a_record_that_somebody_deleted_behind_an_endpoint_of_others_counts(world: World) -> None:
    """The vault was closed, although no name led to the endpoint that serves it."""
    await of_the_platform_team(world)
    await alice.deletes(world, alice.RECORD, "vaultcore")
    driver = drive(world, world.spec())
    await passes(driver, 40)
    assert public(world, alice.VAULT) == "Enabled"
    assert driver.condition("NamesResolved")["reason"] == "DNSRecordMismatch"
    assert "vaultcore" in str(driver.status["dnsRecords"])


async def test_where_dns_is_yours_nothing_closes_before_you_say_so(world: World) -> None:
    """Everything was closed in the convergence that made the endpoints: nobody could know the records."""
    driver = drive(world, world.spec(dns={"mode": "None"}))
    await passes(driver, 40)
    kinds = (alice.STORAGE, alice.VAULT, alice.REGISTRY, alice.WORKSPACE)
    assert [public(world, kind) for kind in kinds] == ["Enabled"] * 4
    assert driver.condition("NamesResolved")["reason"] == "DNSRecordsNotConfirmed"
    driver.edit(world.spec(dns={"mode": "None", "confirmedRecords": driver.status["dnsRecords"]}))
    await driver.settle()
    assert [public(world, kind) for kind in kinds] == ["Disabled"] * 4
    assert driver.condition("NamesResolved")["reason"] == "ConfirmedByUser"
