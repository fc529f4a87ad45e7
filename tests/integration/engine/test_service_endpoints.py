"""Subnets let in by service endpoint: prepared, let in, then everybody else is denied; and taken out again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import Driver, drive
from tests.integration.engine import alice, azure_roles
from tests.integration.engine.calls import last, names, writes

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from tests.integration.driving import World

    from arm_emulator.changes import Change

KINDS = {"storage": alice.STORAGE, "keyVault": alice.VAULT}


def training(world: World) -> str:
    """The subnet of computes."""
    return landscape.subnet_id(world.subscription, "training")


def by_rule(world: World, *sections: str) -> dict[str, Any]:
    """A spec in which these services are reached by service endpoint."""
    return {each: {"access": "ServiceEndpoint", "allowedSubnetIDs": [training(world)]} for each in sections}


def let_in(world: World, kind: str) -> list[str]:
    """The names of the subnets that a firewall lets in."""
    rules = alice.shown(world, kind)["properties"].get("networkAcls", {}).get("virtualNetworkRules") or []
    return [each["id"].rpartition("/")[2] for each in rules]


def denies(world: World, kind: str) -> tuple[str, str]:
    """Whether its public address is on, and what its firewall does with whom no rule names."""
    properties = alice.shown(world, kind)["properties"]
    return properties.get("publicNetworkAccess", "Enabled"), properties["networkAcls"]["defaultAction"]


def endpoints_of(world: World) -> list[str]:
    """The service endpoints of the subnet."""
    subnet = world.emulator.ctx.find(training(world))
    assert subnet is not None
    return [each["service"] for each in subnet.properties.get("serviceEndpoints") or ()]


@pytest.fixture
async def by_subnet(world: World) -> Driver:
    """Account and vault are reached by service endpoint, converged."""
    await azure_roles.give(world, "azure-role-subnets.json")
    driver = drive(world, world.spec(**by_rule(world, "storage", "keyVault")))
    await driver.settle(at_most=timedelta(minutes=40))
    assert driver.condition("Ready")["status"] == "True"
    return driver


async def test_the_subnet_comes_first_and_the_denial_last(world: World) -> None:
    """Seen at each moment at which a firewall denies: the subnet is ready, and has its rule."""
    await azure_roles.give(world, "azure-role-subnets.json")
    seen: dict[str, tuple[list[str], list[str]]] = {}
    when: dict[str, float] = {}

    def observe(change: Change) -> None:
        properties = (change.after or {}).get("properties", {})
        if change.id.key == training(world).lower() and "Microsoft.KeyVault" in endpoints_of(world):
            when.setdefault("prepared", world.emulator.clock.now())
        if (properties.get("networkAcls") or {}).get("defaultAction") == "Deny":
            seen.setdefault(change.id.type, (endpoints_of(world), let_in(world, change.id.type)))
            when.setdefault(change.id.type, world.emulator.clock.now())

    world.emulator.ctx.changes.listeners.append(observe)
    driver = drive(world, world.spec(**by_rule(world, "storage", "keyVault")))
    await driver.settle(at_most=timedelta(minutes=40))
    assert driver.condition("Ready")["status"] == "True"
    for kind in (alice.STORAGE, alice.VAULT):
        present, rules = seen[kind]
        assert rules == ["training"]
        assert denies(world, kind) == ("Enabled", "Deny"), "its public address stays, or no rule would work"
        assert {"Microsoft.Storage", "Microsoft.KeyVault"} & set(present)
    assert when[alice.VAULT] - when["prepared"] >= 900, "a vault takes a quarter of an hour to heed the subnet"
    groups = [each.id.name for each in world.emulator.ctx.of_type(alice.ENDPOINT)]
    assert not [name for name in groups if "-blob-" in name or "-vault-" in name]


@pytest.mark.parametrize("kind", [alice.STORAGE, alice.VAULT], ids=["account", "vault"])
async def test_a_rule_that_is_taken_away_is_put_back(world: World, by_subnet: Driver, kind: str) -> None:
    """By one request, and what somebody else let in stays."""
    acls = alice.shown(world, kind)["properties"]["networkAcls"]
    theirs = {"value": "198.51.100.9"}
    await alice.patches(
        world, kind, {"properties": {"networkAcls": {**acls, "virtualNetworkRules": [], "ipRules": [theirs]}}}
    )
    before = last(world)
    await by_subnet.resync()
    assert [call.method for call in writes(world, before)] == ["PATCH"]
    assert let_in(world, kind) == ["training"]
    rules = alice.shown(world, kind)["properties"]["networkAcls"]["ipRules"]
    assert [each["value"].removesuffix("/32") for each in rules] == ["198.51.100.9"]


async def test_a_service_endpoint_that_is_taken_away_is_put_back(world: World, by_subnet: Driver) -> None:
    """The whole subnet is written, and nothing else of it changes."""
    subnet = world.emulator.ctx.find(training(world))
    assert subnet is not None
    kept = dict(subnet.properties)
    await world.alice.put(training(world), landscape.NETWORK, {"properties": {**kept, "serviceEndpoints": []}})
    before = last(world)
    await by_subnet.resync()
    assert set(names(writes(world, before))) == {"PUT subnets/training"}
    assert sorted(endpoints_of(world)) == ["Microsoft.KeyVault", "Microsoft.Storage"]
    assert by_subnet.condition("Ready")["status"] == "True"


async def test_back_to_private_endpoints(world: World, by_subnet: Driver) -> None:
    """The private way works first; then rule and public access go. The subnet keeps its service endpoint."""
    by_subnet.edit(world.spec())
    await by_subnet.settle(at_most=timedelta(minutes=40))
    assert by_subnet.condition("Ready")["status"] == "True"
    for kind in (alice.STORAGE, alice.VAULT):
        assert (let_in(world, kind), denies(world, kind)[0]) == ([], "Disabled")
    assert sorted(endpoints_of(world)) == ["Microsoft.KeyVault", "Microsoft.Storage"]
    assert "Entry" not in {each["kind"] for each in by_subnet.status["inventory"]}


async def test_without_the_right_to_write_subnets_it_is_an_error(world: World) -> None:
    """What is missing is told, the two services say that they are open, and everything else is closed."""
    driver = drive(world, world.spec(**by_rule(world, "storage")))
    for _ in range(60):
        await driver.step()
        if driver.condition("PublicAccessClosed").get("status") == "True":
            break
        world.emulator.clock.advance(15)
    assert driver.condition("PublicAccessClosed")["status"] == "True"
    assert driver.condition("StorageIsolated")["reason"] == "Exposed"
    assert "Microsoft.Network/virtualNetworks/subnets/write" in driver.condition("Permitted")["message"]
