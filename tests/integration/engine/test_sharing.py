"""Two workspaces in one network, two operators, and custom resources that come, change, rest and go."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import SUBSCRIPTION, Driver, World, drive, new_engine, open_world
from tests.integration.engine import alice
from tests.integration.engine.calls import calls, last, names, writes

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SERVICES = (alice.WORKSPACE, alice.STORAGE, alice.VAULT, alice.REGISTRY)
BOTH = ("fraud", "churn")


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[World]:
    """Two open workspaces beside one network."""
    async with open_world(tmp_path, BOTH) as opened:
        yield opened
        assert opened.emulator.world.log.unserved == {}


def opened(world: World) -> list[str]:
    """The services that still answer on the internet."""
    return [
        each.id.name
        for kind in SERVICES
        for each in world.emulator.ctx.of_type(kind)
        if each.properties.get("publicNetworkAccess") != "Disabled"
    ]


def created(world: World, *kinds: str) -> dict[str, int]:
    """How often each resource of these types was created."""
    lowered = {kind.lower() for kind in kinds}
    tallies = world.emulator.ctx.changes.tallies.items()
    return {key: tally.creates for key, tally in tallies if tally.creates and resource_id(key).type in lowered}


def remaining(world: World, *kinds: str) -> list[int]:
    """How many resources of each type there are."""
    return [len(list(world.emulator.ctx.of_type(kind))) for kind in kinds]


async def settle_all(world: World, *drivers: Driver, at_most: timedelta = timedelta(minutes=15)) -> None:
    """Passes of all at the same instants, until none waits for anything; each is woken when its time has come.

    Raises:
        TimeoutError: when there is still something to wait for after `at_most` of virtual time.
    """
    end = world.now() + at_most
    due = {id(driver): world.now() for driver in drivers}
    while due:
        now = min(due.values())
        world.emulator.clock.advance(max(0.0, (now - world.now()).total_seconds()))
        if world.now() > end:
            raise TimeoutError(str([driver.condition("Ready") for driver in drivers]))
        ready = [driver for driver in drivers if id(driver) in due and due[id(driver)] <= world.now()]
        outcomes = await asyncio.gather(*(driver.step() for driver in ready))
        for driver, outcome in zip(ready, outcomes, strict=True):
            if outcome.requeue_after is None or outcome.released:
                del due[id(driver)]
            else:
                due[id(driver)] = world.now() + outcome.requeue_after


def pair(world: World, *, engines: int, **spec: Any) -> list[Driver]:  # noqa: ANN401 - JSON
    """A custom resource for each workspace, with one engine for both or one for each."""
    first = new_engine(world)
    second = first if engines == 1 else new_engine(world)
    return [
        drive(world, world.spec(name, **spec), name, engine)
        for name, engine in zip(BOTH, (first, second), strict=True)
    ]


@pytest.mark.parametrize("engines", [pytest.param(1, id="one process"), pytest.param(2, id="two processes")])
async def test_zones_and_links_are_made_once_for_both(shared: World, engines: int) -> None:
    """Both converge at the same time, and whoever comes first makes what both use."""
    drivers = pair(shared, engines=engines)
    await settle_all(shared, *drivers)
    assert [driver.condition("Ready")["status"] for driver in drivers] == ["True", "True"]
    made = created(shared, alice.ZONE, alice.LINK, alice.ENDPOINT, alice.GROUP)
    assert (len(made), set(made.values())) == (6 + 6 + 10 + 10, {1})
    assert opened(shared) == []
    if engines == 1:
        assert Counter(call.written for call in writes(shared)).most_common(1)[0][1] == 1


async def test_two_clusters_may_hold_a_resource_of_one_name(shared: World) -> None:
    """As while a platform moves from one cluster to another: what the old one gives up, the new one keeps."""
    spec = shared.spec(deletionPolicy="Delete")
    old = drive(shared, spec, engine=new_engine(shared, "blue"))
    await old.settle()
    new = drive(shared, spec, engine=new_engine(shared, "green"))
    await new.settle()
    old.delete()
    await old.settle()
    assert old.outcomes[-1].released
    assert remaining(shared, alice.ENDPOINT, alice.ZONE, alice.LINK) == [5, 6, 6]
    assert "but for 22 resources that stay: events of the reason Kept say why" in old.events[-1].message
    assert len([event for event in old.events if event.reason == "Kept"]) == 22
    new.delete()
    await new.settle()
    assert remaining(shared, alice.ENDPOINT, alice.ZONE, alice.LINK) == [0, 0, 0]
    assert "What the operator made for it is gone" in new.events[-1].message


@pytest.mark.parametrize("at_once", [pytest.param(True, id="made by both"), pytest.param(False, id="made by one")])
@pytest.mark.parametrize("engines", [pytest.param(1, id="one process"), pytest.param(2, id="two processes")])
async def test_what_the_other_still_uses_stays_until_both_are_gone(
    shared: World,
    engines: int,
    at_once: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """The first to be deleted takes its endpoints along, the last the zones; nothing is opened again.

    That holds whoever made them: the second once found them made, did not list them, and left them behind.
    """
    first, second = pair(shared, engines=engines, deletionPolicy="Delete")
    if at_once:
        await settle_all(shared, first, second)
    await first.settle()
    await second.settle()
    first.delete()
    await settle_all(shared, first)
    assert first.outcomes[-1].released
    assert remaining(shared, alice.ENDPOINT, alice.ZONE, alice.LINK) == [5, 6, 6]
    await second.resync()
    assert second.condition("Ready")["status"] == "True"
    second.delete()
    await settle_all(shared, second)
    assert second.outcomes[-1].released
    assert remaining(shared, alice.ENDPOINT, alice.ZONE, alice.LINK) == [0, 0, 0]
    assert opened(shared) == []


async def test_deleted_at_the_same_time_they_leave_nothing(shared: World) -> None:
    """Neither waits for the other for ever."""
    drivers = pair(shared, engines=1, deletionPolicy="Delete")
    await settle_all(shared, *drivers)
    for driver in drivers:
        driver.delete()
    await settle_all(shared, *drivers)
    assert [driver.outcomes[-1].released for driver in drivers] == [True, True]
    assert remaining(shared, alice.ENDPOINT, alice.ZONE, alice.LINK) == [0, 0, 0]


async def test_retain_removes_nothing(world: World, ready: Driver) -> None:
    """The default: released at once, without a request."""
    start = last(world)
    ready.delete()
    outcome = await ready.step()
    assert outcome.released
    assert calls(world, start) == []
    assert opened(world) == []


async def test_deleting_keeps_what_others_made_and_use(world: World) -> None:
    """A record of somebody's in our zone keeps the zone and its link; somebody's endpoint is never touched."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.settle()
    zone = alice.one(world, alice.ZONE, "vaultcore")
    record = {"ttl": 300, "aRecords": [{"ipv4Address": "10.20.0.200"}]}
    await alice.creates(world, f"{zone}/A/theirs", alice.DNS, properties=record)
    driver.delete()
    outcome = await driver.settle()
    assert outcome.released
    assert [each.id.text for each in world.emulator.ctx.of_type(alice.ZONE)] == [zone]
    assert remaining(world, alice.LINK, alice.ENDPOINT) == [1, 0]
    assert "but for 2 resources that stay: events of the reason Kept say why" in driver.events[-1].message
    assert len([event for event in driver.events if event.reason == "Kept"]) == 2


async def test_deleting_in_the_midst_of_a_convergence_leaves_nothing(world: World) -> None:
    """What is still being made is waited for, and then removed."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    for _ in range(3):
        outcome = await driver.step()
        world.emulator.clock.advance((outcome.requeue_after or timedelta()).total_seconds())
    assert len(writes(world)) >= 11
    driver.delete()
    outcome = await driver.settle()
    assert outcome.released
    assert remaining(world, alice.ENDPOINT, alice.GROUP, alice.ZONE, alice.LINK) == [0] * 4


async def test_observe_mode_writes_nothing_and_lists_a_plan(world: World) -> None:
    """The plan has everything that Enforce would write, in its order; then it does just that."""
    driver = drive(world, world.spec(mode="Observe"))
    await driver.settle()
    assert names(writes(world)) == []
    assert Counter(entry["verb"] for entry in driver.status["plan"]) == {"Create": 22, "Update": 7}
    assert driver.status["plan"][-1]["id"].endswith("/workspaces/fraud")
    order = [resource_id(entry["id"]).type.rpartition("/")[2] for entry in driver.status["plan"]]
    for first, then in (("privatednszones", "virtualnetworklinks"), ("privateendpoints", "privatednszonegroups")):
        assert max(at for at, kind in enumerate(order) if kind == first) < order.index(then)
    told = [event.message for event in driver.events if event.reason == "Planned"]
    assert told == ["Enforce would Create 22, Update 7: see status.plan."]
    assert driver.condition("Ready")["reason"] == "OutOfSync"
    assert driver.condition("Reconciling")["status"] == "False"
    assert "inventory" not in driver.status
    driver.edit(world.spec())
    await driver.settle()
    assert {call.target for call in writes(world)} == {
        entry["id"].lower() for outcome in driver.outcomes[:1] for entry in outcome.status["plan"]
    }
    assert "plan" not in driver.status


async def test_paused_it_does_nothing(world: World, ready: Driver) -> None:
    """Not even a reading, and it promises nothing; unpaused it finds what happened meanwhile."""
    await alice.patches(world, alice.VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    start, said = last(world), len(ready.events)
    ready.request = replace(ready.request, paused=True)
    outcome = await ready.step()
    assert calls(world, start) == []
    assert (outcome.requeue_after, ready.condition("Reconciling")["reason"]) == (None, "Paused")
    assert (ready.condition("Ready")["status"], ready.condition("InSync")["status"]) == ("True", "Unknown")
    ready.request = replace(ready.request, paused=False)
    await ready.settle()
    assert opened(world) == []
    assert (ready.condition("Reconciling")["reason"], ready.condition("InSync")["status"]) == ("Idle", "True")
    told = [event.reason for event in ready.events[said:]]
    assert told[:2] == ["Paused", "DriftDetected"]
    assert (told.count("Resumed"), told.count("DriftCorrected")) == (1, 1)


async def test_what_a_pause_interrupted_is_no_drift(world: World) -> None:
    """A convergence that goes on after a pause has not drifted: it was never done."""
    driver = drive(world, world.spec())
    await driver.step()
    driver.request = replace(driver.request, paused=True)
    await driver.step()
    world.emulator.clock.advance(1800)
    driver.request = replace(driver.request, paused=False)
    await driver.settle()
    told = [event.reason for event in driver.events]
    assert (told.count("DriftDetected"), told.count("DriftCorrected"), told.count("Ready")) == (0, 0, 1)


async def test_a_spec_that_changes_in_flight_is_followed_at_once(world: World) -> None:
    """A third sub-resource is asked for while the first two are being made: one convergence, no write twice."""
    driver = drive(world, world.spec())
    outcome = await driver.step()
    driver.edit(world.spec(storage={"subResources": ["blob", "file", "queue"]}))
    world.emulator.clock.advance((outcome.requeue_after or timedelta()).total_seconds())
    await driver.settle()
    assert driver.condition("Ready") | {"lastTransitionTime": ""} == driver.condition("Ready") | {
        "lastTransitionTime": "",
        "status": "True",
        "observedGeneration": 2,
    }
    assert remaining(world, alice.ENDPOINT) == [6]
    assert set(Counter(call.written for call in writes(world)).values()) == {1}


async def test_a_spec_that_makes_no_sense_is_stalled_and_harmless(world: World, ready: Driver) -> None:
    """The text says which field; nothing is asked of Azure, what was made is kept, and a correction is enough."""
    start, good = last(world), ready.request.spec
    ready.edit({**good, "workspaceID": "/subscriptions/none/of/this"})
    outcome = await ready.step()
    assert calls(world, start) == []
    assert ready.condition("Ready")["reason"] == "InvalidSpec"
    assert ready.condition("Stalled")["status"] == "True"
    assert "workspaceID" in ready.condition("Ready")["message"]
    assert outcome.requeue_after is None
    assert len(ready.status["inventory"]) == 22
    ready.edit(dict(good))
    await ready.settle()
    assert ready.condition("Ready")["status"] == "True"
    assert names(writes(world, start)) == []


async def test_an_invalid_spec_can_be_deleted(world: World, ready: Driver) -> None:
    """Removal goes by what was made, not by the spec."""
    ready.edit({**ready.request.spec, "workspaceID": "nonsense", "deletionPolicy": "Delete"})
    await ready.step()
    ready.delete()
    outcome = await ready.settle()
    assert outcome.released
    assert remaining(world, alice.ENDPOINT, alice.ZONE, alice.LINK) == [0, 0, 0]


async def test_an_endpoint_that_two_use_stays_until_the_last_of_them_goes(tmp_path: Path) -> None:
    """The second lists the first one's account: deleting the first must not cut the second off."""
    async with open_world(tmp_path, ("fraud", "churn")) as world:
        engine = new_engine(world)
        first = drive(world, world.spec("fraud", deletionPolicy="Delete"), "fraud", engine)
        await first.settle()
        account = first.status["azure"]["storageAccountID"]
        extra = {"additionalAccounts": [{"accountID": account, "subResources": ["blob", "file"]}]}
        second = drive(world, world.spec("churn", storage=extra, deletionPolicy="Delete"), "churn", engine)
        await second.settle()
        world.emulator.clock.advance(600)

        first.delete()
        assert (await first.settle()).released
        assert len(endpoints_to(world, account)) == 2
        assert (await second.resync()).status["conditions"][0]["status"] == "True"

        second.delete()
        assert (await second.settle()).released
        assert endpoints_to(world, account) == []


def endpoints_to(world: World, account: str) -> list[str]:
    """Names of the private endpoints that lead to an account."""
    name = account.rsplit("/", 1)[1]
    found = world.emulator.ctx.store.of_type("microsoft.network/privateendpoints")
    return [each.id.name for each in found if each.id.name.startswith(f"{name}-")]


async def test_two_that_write_one_account_at_once_keep_each_others_rules(shared: World) -> None:
    """Each allows an address range on the account of both; an account has no etag that would tell.

    Both once read, and then both wrote the whole list: the first rule was lost.
    """
    account = alice.one(shared, alice.STORAGE, "stfraud")
    engine = new_engine(shared)
    also = {"additionalAccounts": [{"accountID": account, "subResources": ["blob", "file"]}]}

    def specs(*ranges: str) -> list[dict[str, Any]]:
        return [
            shared.spec("fraud", storage={"allowedIPRanges": ["20.0.0.1", *ranges[:1]]}),
            shared.spec("churn", storage={**also, "allowedIPRanges": ["20.0.0.1", *ranges[1:]]}),
        ]

    first, second = (drive(shared, spec, spec["workspaceID"][-5:], engine) for spec in specs())
    await first.settle()
    await second.settle()
    start = last(shared)
    for driver, spec in zip((first, second), specs("20.1.1.1", "20.2.2.2"), strict=True):
        driver.edit(spec)
    await settle_all(shared, first, second)
    rules = alice.shown(shared, alice.STORAGE, "stfraud")["properties"]["networkAcls"]["ipRules"]
    assert sorted(rule["value"] for rule in rules) == ["20.0.0.1", "20.1.1.1", "20.2.2.2"]
    assert [call.target for call in writes(shared, start)].count(account.lower()) == 2


async def test_a_rule_that_another_declares_as_well_stays(shared: World) -> None:
    """Whoever made it drops it from the spec; the other's clients still come from there."""
    account = alice.one(shared, alice.STORAGE, "stfraud")
    engine = new_engine(shared)
    also = {"additionalAccounts": [{"accountID": account, "subResources": ["blob", "file"]}]}
    both = {"allowedIPRanges": ["20.0.0.1", "20.1.1.1"]}
    first = drive(shared, shared.spec("fraud", storage=both), "fraud", engine)
    second = drive(
        shared, shared.spec("churn", storage={**also, "allowedIPRanges": ["20.1.1.1"]}), "churn", engine
    )
    await first.settle()
    await settle_all(shared, first, second)
    start = last(shared)
    first.edit(shared.spec("fraud", storage={"allowedIPRanges": ["20.0.0.1"]}))
    await settle_all(shared, first, second)
    rules = alice.shown(shared, alice.STORAGE, "stfraud")["properties"]["networkAcls"]["ipRules"]
    assert sorted(rule["value"] for rule in rules) == ["20.0.0.1", "20.1.1.1"]
    assert [call.method for call in writes(shared, start)] == []


async def test_two_that_put_endpoints_into_different_groups_make_one_for_each_way(world: World) -> None:
    """Two custom resources name one workspace, and another resource group for its endpoints.

    Their names differ, so each once made its own at the same instant; two endpoints for one service fight over
    one record. Whoever comes second now looks at the service again and uses what the first has made.
    """
    engine = new_engine(world)
    elsewhere = {"resourceGroupID": f"/subscriptions/{world.subscription}/resourceGroups/ml"}
    drivers = [
        drive(world, world.spec(), "fraud", engine),
        drive(world, world.spec(endpoints=elsewhere), "again", engine),
    ]
    await settle_all(world, *drivers)
    assert [driver.condition("Ready")["status"] for driver in drivers] == ["True", "True"]
    assert remaining(world, alice.ENDPOINT, alice.GROUP) == [5, 5]
    endpoints = list(world.emulator.ctx.of_type(alice.ENDPOINT))
    users = [[name for name in each.body["tags"] if name.startswith("secureml-user-")] for each in endpoints]
    assert [len(each) for each in users] == [2] * 5
    assert opened(world) == []
    for driver in drivers:
        assert len(driver.announced) < 12, "who waits for the other announces nothing"
        await driver.resync()
        assert driver.condition("Ready")["status"] == "True"


# -- F6: a service that several resources declare ----------------------------------------------------


@pytest.fixture
async def registry_of_both(tmp_path: Path) -> AsyncIterator[tuple[World, Driver, Driver]]:
    """Two workspaces in two networks use one registry, and nobody may make endpoints in the second network."""
    async with open_world(tmp_path, ("fraud", "churn")) as world:
        second = landscape.network_id(SUBSCRIPTION).replace("ml-vnet", "churn-vnet")
        properties = {
            "addressSpace": {"addressPrefixes": ["10.40.0.0/16"]},
            "subnets": [{"name": "endpoints", "properties": {"addressPrefix": "10.40.0.0/24"}}],
        }
        await alice.creates(world, second, landscape.NETWORK, location="westeurope", properties=properties)
        registry = alice.one(world, alice.REGISTRY, "crfraud")
        churn = world.emulator.ctx.find(landscape.workspace_id(SUBSCRIPTION, "churn"))
        assert churn is not None
        world.emulator.ctx.set_properties(churn, containerRegistry=registry)
        await alice.creates(
            world,
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/strict",
            "2025-03-01",
            properties={
                "displayName": "No endpoints to registries",
                "emulatorDeny": {
                    "type": alice.ENDPOINT.lower(),
                    "field": "properties.subnet.id",
                    "value": f"{second}/subnets/endpoints",
                },
            },
        )
        engine = new_engine(world)
        dns = {"zoneResourceGroupID": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"}
        first = drive(world, world.spec("fraud"), "fraud", engine)
        network = {"endpointSubnetID": f"{second}/subnets/endpoints"}
        other = drive(world, world.spec("churn", network=network, dns=dns), "churn", engine)
        yield world, first, other


async def run_for(time: timedelta, *drivers: Driver) -> None:
    """Both go on side by side, a pass of each every ten seconds."""
    end = drivers[0].world.monotonic() + time
    while drivers[0].world.monotonic() < end:
        for each in drivers:
            await each.step()
        drivers[0].world.emulator.clock.advance(10)


async def test_a_shared_service_stays_open_until_every_declared_network_has_its_way(
    registry_of_both: tuple[World, Driver, Driver],
) -> None:
    """The first closed it, was Ready, and the second's network lost its registry."""
    world, first, other = registry_of_both
    await run_for(timedelta(minutes=15), first, other)
    shown = alice.shown(world, alice.REGISTRY, "crfraud")["properties"]
    assert shown.get("publicNetworkAccess", "Enabled") == "Enabled"
    told = first.condition("RegistryIsolated")
    assert (told["status"], told["reason"]) == ("False", "Exposed")
    assert "team-a/churn" in told["message"]
    assert other.condition("RegistryIsolated")["reason"] == "Exposed"
    for kind in ("KeyVaultIsolated", "StorageIsolated"):
        assert first.condition(kind)["status"] == "True"


async def test_a_shared_service_is_closed_all_the_same_where_the_spec_says_so(
    registry_of_both: tuple[World, Driver, Driver],
) -> None:
    """Whoever writes it down knows who is cut off."""
    world, first, other = registry_of_both
    world.watched.excused.add(alice.one(world, alice.REGISTRY, "crfraud").rsplit("/", 1)[1])
    first.edit({**first.request.spec, "sharedServices": "Close"})
    await run_for(timedelta(minutes=5), first, other)
    shown = alice.shown(world, alice.REGISTRY, "crfraud")["properties"]
    assert shown["publicNetworkAccess"] == "Disabled"
    assert first.condition("Ready")["status"] == "True"
