"""From an open workspace to an isolated one: in which order, at which price, and then silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import Driver, World, drive
from tests.integration.engine import alice
from tests.integration.engine.calls import calls, last, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.changes import Change
    from secureml_reconcilers.engine.contract import Status

MANAGED = 26
"""Workspace, account, vault, registry; five endpoints with their zone groups; six zones with their links."""

FIREWALLS = 3
"""Written apart from what closes: those of account, vault and registry."""

GROUPS = {
    alice.WORKSPACE: ["amlworkspace"],
    alice.STORAGE: ["blob", "file"],
    alice.VAULT: ["vault"],
    alice.REGISTRY: ["registry"],
}
ZONES = {"amlworkspace": 2}


@dataclass
class Diary(Driver):
    """Notes after which request of the emulator's log each status was written."""

    entries: list[tuple[int, Status]] = field(default_factory=list)

    def save(self, status: Status) -> None:
        """Write and note."""
        self.entries.append((last(self.world), status))
        super().save(status)

    def announced_before(self, sequence: int) -> Status:
        """The status that stood on the API server when a request arrived."""
        return [status for after, status in self.entries if after < sequence][-1]


@pytest.fixture
async def converged(world: World) -> Diary:
    """A custom resource that has just become Ready, with everything noted on the way."""
    plain = drive(world, world.spec())
    driver = Diary(world, plain.engine, plain.request)
    await driver.settle()
    return driver


async def test_applied_it_becomes_ready(converged: Diary) -> None:
    """Every condition is met, the records are listed, and what is found is advice, told when it was news."""
    statuses = {each["type"]: each["status"] for each in converged.status["conditions"]}
    expected = dict.fromkeys(statuses, "True") | {"Reconciling": "False", "Stalled": "False"}
    assert statuses == expected
    assert len(converged.status["inventory"]) == MANAGED - 4
    assert len(converged.status["dnsRecords"]) == 9
    assert [each["rule"] for each in converged.status["findings"]] == ["ACR-BUILD-02", "DiagnosedByAzure"]
    assert "operations" not in converged.status
    warned = [(event.reason, event.message) for event in converged.events if event.type == "Warning"]
    assert [reason for reason, _ in warned] == ["NoImageBuildCompute", "DiagnosedByAzure"]
    converged.restart()
    said = len(converged.events)
    await converged.resync()
    assert converged.events[said:] == []


async def test_nothing_is_closed_before_its_private_ways_work(world: World) -> None:
    """OPS-08: approved endpoints, links, records; seen at the very moment at which each service closes."""
    closed: dict[str, list[str]] = {}

    def observe(change: Change) -> None:
        properties = (change.after or {}).get("properties", {})
        if change.id.type in GROUPS and properties.get("publicNetworkAccess") == "Disabled":
            closed.setdefault(change.id.type, list(_missing_ways(world, change.id.type)))

    world.emulator.ctx.changes.listeners.append(observe)
    await drive(world, world.spec()).settle()
    assert closed == {kind: [] for kind in GROUPS}


def _missing_ways(world: World, kind: str) -> Iterator[str]:
    """What a client inside the network would miss if the service closed now."""
    ctx = world.emulator.ctx
    for group in GROUPS[kind]:
        endpoint = alice.shown(world, alice.ENDPOINT, f"-{group}-")
        connection = endpoint["properties"]["privateLinkServiceConnections"][0]["properties"]
        if connection["privateLinkServiceConnectionState"]["status"] != "Approved":
            yield f"{group}: not approved"
        configs = alice.shown(world, alice.GROUP, f"-{group}-")["properties"]["privateDnsZoneConfigs"]
        if len(configs) != ZONES.get(group, 1):
            yield f"{group}: {len(configs)} zones"
        for config in (each["properties"] for each in configs):
            zone = config["privateDnsZoneId"]
            links = [each for each in ctx.of_type(alice.LINK) if each.id.key.startswith(f"{zone.lower()}/")]
            if [each.properties["virtualNetworkLinkState"] for each in links] != ["Completed"]:
                yield f"{zone}: not linked"
            for record in config["recordSets"]:
                held = ctx.find(f"{zone}/A/{record['recordSetName']}")
                found = [each["ipv4Address"] for each in held.properties["aRecords"]] if held else []
                if not found or found != record["ipAddresses"]:
                    yield f"{record['fqdn']}: leads to {found}"


async def test_the_workspace_is_closed_last(world: World, converged: Diary) -> None:
    """Its public access is the last write of all."""
    assert converged.condition("Ready")["status"] == "True"
    assert [call.name for call in writes(world)][-1] == "PATCH workspaces/fraud"


async def test_each_resource_is_written_once(world: World, converged: Diary) -> None:
    """One write makes it what it should be; account, vault and registry are closed first, then their firewalls."""
    assert converged.condition("Ready")["status"] == "True"
    assert set(Counter(call.written for call in writes(world)).values()) == {1}
    assert len(writes(world)) == MANAGED + FIREWALLS


async def test_each_write_follows_a_reading_of_its_target(world: World, converged: Diary) -> None:
    """The clock stands still during a pass, so a reading of the same instant is one of the same pass.

    A listing of the target's collection is such a reading.
    """
    assert converged.condition("Ready")["status"] == "True"
    everything = calls(world)
    unread = [
        write.name
        for write in writes(world)
        if not any(
            call.method == "GET" and call.target in _shown_by(write.target) and call.time == write.time
            for call in everything
            if call.sequence < write.sequence
        )
    ]
    assert unread == []


def _shown_by(target: str) -> tuple[str, ...]:
    """The target and what lists it, and the same of its parent: an absent one has none, others count them."""
    collection = target.rpartition("/")[0]
    parent = collection.rpartition("/")[0]
    return target, collection, parent, parent.rpartition("/")[0]


async def test_each_write_is_announced_first(world: World, converged: Diary) -> None:
    """When a write arrives, the API server already holds it as an operation, and what it makes as ours."""
    for write in writes(world):
        status = converged.announced_before(write.sequence)
        operations = {each["id"].lower(): each["verb"] for each in status["operations"]}
        assert operations[write.target] == write.method
        if write.method == "PUT":
            assert write.target in {each["id"].lower() for each in status["inventory"]}


async def test_convergence_is_cheap(world: World, converged: Diary) -> None:
    """At most six requests per managed resource, Resource Graph included, with operations of real length."""
    assert converged.condition("Ready")["status"] == "True"
    assert len(calls(world)) <= 6 * MANAGED


async def test_an_operation_is_looked_at_once_and_then_every_five_seconds(world: World, converged: Diary) -> None:
    """Between a write and the reading that shows it done: one early look, one per five seconds."""
    assert converged.condition("Ready")["status"] == "True"
    every = world.emulator.ctx.operations._by_id.values()
    ends = {each.target.key: each for each in every if each.verb != "POST"}
    for write in writes(world):
        operation = ends.get(write.target)
        if operation is None:
            continue  # done at once
        looks = [
            call
            for call in calls(world, write.sequence)
            if call.method == "GET" and call.target == write.target and call.time < operation.due
        ]
        assert len(looks) <= 1 + (operation.due - operation.started) // 5, write.name


async def test_converged_it_is_silent(world: World, converged: Diary) -> None:
    """A day of resyncs: no write, no resource read twice in one, no status written, no event."""
    before, said = converged.status, len(converged.events)
    for _ in range(48):
        start = last(world)
        outcome = await converged.resync()
        asked = calls(world, start)
        assert [call.name for call in asked if call.method != "GET"] == []
        assert max(Counter(call.target for call in asked).values()) == 1
        assert outcome.requeue_after is None
    assert converged.status == before
    assert len(converged.events) == said


async def test_a_restart_of_a_converged_operator_is_silent(world: World, converged: Diary) -> None:
    """A new process reads once and finds everything as declared."""
    before, start = converged.status, last(world)
    converged.restart()
    await converged.settle()
    assert [call.name for call in calls(world, start) if call.method != "GET"] == []
    assert converged.status == before


async def test_events_tell_the_steps_and_the_end(converged: Diary) -> None:
    """One event per write, in order, and one that says Ready; what there is to be advised of, and no trouble."""
    told: dict[Any, int] = Counter((event.type, event.reason) for event in converged.events)
    assert told == {
        ("Normal", "Creating"): 22,
        ("Normal", "Updating"): 4 + FIREWALLS,
        ("Normal", "Ready"): 1,
        ("Warning", "NoImageBuildCompute"): 1,
        ("Warning", "DiagnosedByAzure"): 1,
    }
