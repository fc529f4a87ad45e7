"""What is open is closed, or shouted about: never left open in silence, and nothing said that was not seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import SUBSCRIPTION, Driver, World, drive
from tests.integration.engine import alice

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/strict"
MISTYPED = landscape.network_id(SUBSCRIPTION).replace("ml-vnet", "cleints")
EVERY = {alice.WORKSPACE, alice.STORAGE, alice.VAULT, alice.REGISTRY}


async def denies_endpoints(world: World) -> None:
    """A policy comes that lets nobody make private endpoints."""
    rule = {"type": alice.ENDPOINT.lower()}
    properties = {"displayName": "No endpoints", "emulatorDeny": rule}
    await alice.creates(world, POLICY, "2022-06-01", properties=properties)


async def opens(world: World, *kinds: str) -> None:
    """She opens services to the internet."""
    for kind in kinds:
        path = "networkRuleSet" if kind == alice.REGISTRY else "networkAcls"
        body: dict[str, Any] = {"publicNetworkAccess": "Enabled"}
        if kind != alice.WORKSPACE:
            body[path] = {**alice.shown(world, kind)["properties"].get(path, {}), "defaultAction": "Allow"}
        await alice.patches(world, kind, {"properties": body})


def is_open(world: World, kind: str) -> bool:
    """Whether everybody on the internet reaches it."""
    return bool(alice.shown(world, kind)["properties"].get("publicNetworkAccess", "Enabled") != "Disabled")


def access(driver: Driver) -> dict[str, str]:
    """What the status says of each service, by its type."""
    kinds = {kind.lower(): kind for kind in EVERY}
    found = driver.status.get("services", ())
    return {kinds[resource_id(each["id"]).type]: each["publicAccess"] for each in found}


async def look_for(driver: Driver, time: timedelta) -> None:
    """Passes as often as they ask for, for so long."""
    end = driver.world.monotonic() + time
    while driver.world.monotonic() < end:
        outcome = await driver.step()
        wait = outcome.requeue_after or timedelta(minutes=30)
        driver.world.emulator.clock.advance(wait.total_seconds())


# -- what was closed is closed again, whatever a later edit waits for ---------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"network": {"clientNetworkIDs": [MISTYPED]}}, id="a network that does not exist"),
        pytest.param({"storage": {"subResources": ["blob", "file", "queue"]}}, id="an endpoint that is refused"),
    ],
)
async def test_what_was_closed_is_closed_again_whatever_else_is_not_ready(
    world: World, edit: Mapping[str, Any]
) -> None:
    """The first version left all of them open for ever, and said that nobody need do anything."""
    driver = drive(world, world.spec())
    await driver.settle()
    await denies_endpoints(world)
    spec = world.spec()
    driver.edit({**spec, **{name: {**spec.get(name, {}), **part} for name, part in edit.items()}})
    await look_for(driver, timedelta(minutes=2))
    assert driver.condition("Ready")["status"] == "False"
    assert set(access(driver).values()) == {"Closed"}
    await opens(world, *EVERY)
    await look_for(driver, timedelta(minutes=40))
    assert {kind for kind in EVERY if is_open(world, kind)} == set()
    assert set(access(driver).values()) == {"Closed"}
    assert [each for each in driver.status["findings"] if "answers the internet" in each["message"]] == []


# -- what cannot be closed is shouted about ----------------------------------------------------------


async def test_what_cannot_be_closed_again_is_told_and_told_again(ready: Driver, world: World) -> None:
    """The blob endpoint is gone and may not be made anew: whoever reads blobs has the public way alone."""
    await denies_endpoints(world)
    await alice.deletes(world, alice.ENDPOINT, "-blob-")
    await opens(world, alice.STORAGE, alice.VAULT)
    opened = world.now()
    before = len(ready.outcomes)
    await look_for(ready, timedelta(hours=3))
    assert (is_open(world, alice.STORAGE), is_open(world, alice.VAULT)) == (True, False)
    assert access(ready)[alice.STORAGE] == "Open"

    told = ready.condition("StorageIsolated")
    assert (told["status"], told["reason"]) == ("False", "Exposed")
    account = alice.one(world, alice.STORAGE).rsplit("/", 1)[1]
    for words in (f"The account {account} answers the internet, seen first at", "az storage account update"):
        assert words in told["message"]
    assert ready.condition("PrivateLinkReady")["reason"] == "DeniedByPolicy"
    assert (ready.condition("Ready")["reason"], ready.condition("InSync")["status"]) == ("Exposed", "False")
    (finding,) = [each for each in ready.status["findings"] if "answers the internet" in each["message"]]
    assert (finding["severity"], finding["resource"]) == ("Error", alice.one(world, alice.STORAGE))
    (service,) = [each for each in ready.status["services"] if each["publicAccess"] == "Open"]
    assert service["exposedSince"][:13] == opened.isoformat()[:13]

    events = [event for outcome in ready.outcomes[before:] for event in outcome.events]
    exposed = [event for event in events if event.reason == "Exposed"]
    assert all(event.type == "Warning" for event in exposed)
    # At once, and then after 10, 20, 40, 80 and 160 minutes.
    assert 5 <= len(exposed) <= 7
    for event in events:
        for untrue in ("put right", "do nothing", "is being repaired"):
            assert untrue not in event.message, event

    await alice.vanishes(world, POLICY, "2022-06-01")
    await ready.settle(timedelta(hours=1))
    assert not is_open(world, alice.STORAGE)
    assert ready.condition("Ready")["status"] == "True"
    assert set(access(ready).values()) == {"Closed"}


async def test_a_mistake_on_the_way_in_is_an_error_for_each_service_that_stays_open(world: World) -> None:
    """Nothing is closed before every network resolves the names, and it is said what is open meanwhile."""
    driver = drive(world, world.spec(network={**world.spec()["network"], "clientNetworkIDs": [MISTYPED]}))
    await look_for(driver, timedelta(minutes=10))
    assert {kind for kind in EVERY if is_open(world, kind)} == EVERY
    errors = [each for each in driver.status["findings"] if "answers the internet" in each["message"]]
    assert sorted(each["severity"] for each in errors) == ["Error"] * 4
    for kind in ("StorageIsolated", "KeyVaultIsolated", "RegistryIsolated", "PublicAccessClosed"):
        assert driver.condition(kind)["reason"] == "Exposed"
    assert driver.condition("Ready")["reason"] == "Exposed"


async def test_a_first_convergence_that_goes_well_shouts_nothing(world: World) -> None:
    """What is open while its endpoints are being made is on its way."""
    driver = drive(world, world.spec())
    await driver.settle()
    assert [event for event in driver.events if event.reason == "Exposed"] == []
    assert set(access(driver)) == EVERY
    assert driver.status["services"][0]["privateWays"] != []


# -- the narrowest write closes ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [alice.STORAGE, alice.VAULT])
async def test_a_rule_that_azure_refuses_to_repeat_keeps_nothing_open(world: World, kind: str) -> None:
    """F5: a subnet rule is left from before its subnet lost the service endpoint."""
    service = "Microsoft.Storage" if kind == alice.STORAGE else "Microsoft.KeyVault"
    subnet = landscape.subnet_id(SUBSCRIPTION, "training")
    before = {"addressPrefix": "10.20.4.0/22"}
    await alice.creates(
        world, subnet, landscape.NETWORK, properties={**before, "serviceEndpoints": [{"service": service}]}
    )
    rules = {"defaultAction": "Allow", "virtualNetworkRules": [{"id": subnet}]}
    await alice.patches(world, kind, {"properties": {"networkAcls": rules}})
    await alice.creates(world, subnet, landscape.NETWORK, properties=before)
    driver = drive(world, world.spec())
    await look_for(driver, timedelta(minutes=10))
    assert not is_open(world, kind)
    target = alice.one(world, kind).lower()
    log = world.emulator.world.log.select(caller="secureml-operator")
    sent = [each.body for each in log if each.method == "PATCH" and each.path.lower().startswith(target)]
    assert sent[0] == {"properties": {"publicNetworkAccess": "Disabled"}}
    (finding,) = [each for each in driver.status["findings"] if each.get("resource", "").lower() == target]
    assert "network-rule remove" in finding["advice"]
    assert driver.condition("Ready")["status"] == "True"
    assert [event for event in driver.events if event.reason == "DriftDetected"] == []


# -- whose a way is, and that it is one, are two questions -------------------------------------------


async def test_lost_tags_are_no_reason_to_leave_anything_open(ready: Driver, world: World) -> None:
    """Somebody replaces all tags of all endpoints, and opens everything: it is closed, and tagged again."""
    endpoints = [each.id.text for each in world.emulator.ctx.of_type(alice.ENDPOINT)]
    for each in endpoints:
        tags = f"{each}/providers/Microsoft.Resources/tags/default"
        body = {"operation": "Replace", "properties": {"tags": {"costCenter": "42"}}}
        await world.alice.patch(tags, "2021-04-01", body)
    await opens(world, *EVERY)
    await look_for(ready, timedelta(minutes=35))
    assert {kind for kind in EVERY if is_open(world, kind)} == set()
    assert ready.condition("Ready")["status"] == "True"
    found = list(world.emulator.ctx.of_type(alice.ENDPOINT))
    assert sorted(each.id.text for each in found) == sorted(endpoints)
    assert {each.body["tags"].get("managed-by") for each in found} == {"secureml-operator"}
    assert {each.body["tags"].get("costCenter") for each in found} == {"42"}


async def test_ways_that_nothing_says_are_ours_let_services_be_closed(ready: Driver, world: World) -> None:
    """The status was lost, and the tags too: the endpoints are used as they are, and what is open is closed."""
    for each in world.emulator.ctx.of_type(alice.ENDPOINT):
        tags = f"{each.id.text}/providers/Microsoft.Resources/tags/default"
        await world.alice.patch(tags, "2021-04-01", {"operation": "Replace", "properties": {"tags": {}}})
    await opens(world, *EVERY)
    ready.save({"observedGeneration": -1})
    ready.restart()
    await look_for(ready, timedelta(minutes=10))
    assert {kind for kind in EVERY if is_open(world, kind)} == set()
    assert {
        each.body.get("tags", {}).get("managed-by") for each in world.emulator.ctx.of_type(alice.ENDPOINT)
    } == {None}
    assert [each["rule"] for each in ready.status["findings"]].count("ST-PE-01") == 1
