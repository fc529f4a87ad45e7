"""Drives the engine against the emulator over HTTPS on one virtual clock, so that nobody waits.

The emulator's clock stands still; it is advanced by exactly what the engine, or another administrator, waits. With
that, and with ids and identities that are always the same, two runs of one story are the same to the second.
Everything else is real: HTTPS, tokens, the SDK pipelines, the operator's least-privilege role.
"""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.never.watching import Watched

from arm_emulator.clock import Clock
from arm_emulator.config import from_json
from arm_emulator.emulator import Emulator
from secureml_reconcilers.azure.connection import open_arm
from secureml_reconcilers.azure.environment import AzureEnvironment
from secureml_reconcilers.engine.contract import (
    Declaration,
    Event,
    Key,
    ReconcileRequest,
    ReconcileResult,
    Status,
)
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.secure_workspace import SecureWorkspaces
from secureml_sandbox import landscape
from secureml_sandbox.arm_client import DEFAULT_PAUSE, Identity
from secureml_sandbox.arm_client import ArmClient as Admin
from secureml_sandbox.emulator import Emulator as Description

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from secureml_reconcilers.azure.client import ArmClient, ArmRequest

EPOCH = 1_800_000_000.0
"""When every world begins, so that two worlds in which the same is done are the same to the second."""

TENANT = "7a3c2f10-1f5e-4c1f-9a52-0d6f1c2b3a4d"
CLUSTER = "east"
SUBSCRIPTION = "0b1f6a52-9d3e-4a77-8c41-5e2d7f8a9b10"
"""Always the same, for the emulator draws the duration of an operation from the id that it works on."""

_OPERATOR = Identity(
    "3c9b7d52-0e41-4f6a-8b17-a5d2c4e6f801", "s3cret", "3c9b7d52-0e41-4f6a-8b17-a5d2c4e6f802", "secureml-operator"
)
_ALICE = Identity(
    "91f4e2a0-6b3d-4c58-9d7e-0c1b2a3d4e01", "s3cret", "91f4e2a0-6b3d-4c58-9d7e-0c1b2a3d4e02", "alice@contoso.com"
)


class Alice(Admin):
    """The other administrator's script: where it would wait for Azure, the clock jumps."""

    def __init__(self, emulator: Emulator) -> None:
        """Describe the connection."""
        super().__init__(emulator.base_url, TENANT, _ALICE, emulator.ca_path)
        self._clock = emulator.clock

    async def _pause(self, headers: Mapping[str, str]) -> None:
        self._clock.advance(float(headers.get("Retry-After", DEFAULT_PAUSE)))


@dataclass
class World:
    """An Azure with an open landscape, the operator's connection to it, and another administrator's."""

    emulator: Emulator
    arm: ArmClient
    alice: Admin
    subscription: str
    requests: list[ArmRequest]
    environment: AzureEnvironment

    watched: Watched
    """Nobody is cut off, and nothing is left open in silence, in any test."""

    drivers: list[Driver] = field(default_factory=list)
    """The custom resources that were created."""

    set_back: timedelta = field(default_factory=timedelta)
    """By how much the operator's clock is behind, as when somebody sets it."""

    def now(self) -> datetime:
        """The virtual present; see `engine.clock.Clock`."""
        return datetime.fromtimestamp(self.emulator.clock.now(), UTC) - self.set_back

    def monotonic(self) -> timedelta:
        """See `engine.clock.Clock`: nobody sets this one."""
        return timedelta(seconds=self.emulator.clock.now())

    def log(self) -> list[dict[str, Any]]:
        """Every request that the emulator saw."""
        return [entry.shown() for entry in self.emulator.world.log.select()]

    def spec(self, workspace: str = "fraud", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """The smallest spec for a workspace of the landscape, and what a test adds."""
        return {
            "workspaceID": landscape.workspace_id(self.subscription, workspace),
            "network": {"endpointSubnetID": landscape.subnet_id(self.subscription)},
            **more,
        }

    async def furnish(self, workspaces: tuple[str, ...] = ("fraud",)) -> None:
        """Make an open landscape, one resource after the other: then the times of it are always the same."""
        for item in landscape.landscape(SUBSCRIPTION, TENANT, workspaces):
            await self.alice.put(item.id, item.api_version, item.body)


class Journal:
    """Keeps announced statuses where the API server would."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def announce(self, status: Status) -> None:
        """See `contract.Journal`."""
        self._driver.announced.append(status)
        self._driver.save(status)


@dataclass
class Driver:
    """One custom resource and the engine that serves it."""

    world: World
    engine: Engine
    request: ReconcileRequest
    outcomes: list[ReconcileResult] = field(default_factory=list)
    announced: list[Status] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Be watched."""
        self.world.watched.take_on(self)

    @property
    def status(self) -> Status:
        """What the API server holds."""
        return dict(self.request.status)

    @property
    def events(self) -> list[Event]:
        """All events so far."""
        return [event for outcome in self.outcomes for event in outcome.events]

    def condition(self, kind: str) -> dict[str, Any]:
        """One condition of the status; empty when it is not there."""
        return next((c for c in self.status.get("conditions", ()) if c["type"] == kind), {})

    def save(self, status: Status) -> None:
        """Write a status to the API server."""
        self.request = replace(self.request, status=status)

    async def step(self) -> ReconcileResult:
        """One pass, and its status written."""
        self.world.watched.begins(self)
        request = replace(self.request, others=self._others())
        outcome = await self.engine.reconcile(request, Journal(self))
        self.save(outcome.status)
        self.outcomes.append(outcome)
        self.world.watched.ends(self, outcome)
        return outcome

    def _others(self) -> tuple[Declaration, ...]:
        """What the shell tells of those that share something with this one."""
        mine, key = self._shares(), self.request.key
        others = (each for each in self.world.drivers if each.request.key != key and not each.request.deleting)
        return tuple(Declaration(each.request.key, each.request.spec) for each in others if mine & each._shares())

    def _shares(self) -> frozenset[str]:
        return self.engine.shares(self.request.key, self.request.spec, self.request.status)

    async def settle(self, at_most: timedelta = timedelta(minutes=15)) -> ReconcileResult:
        """Passes until nothing is left to wait for; the clock jumps by what each pass asks for.

        Raises:
            TimeoutError: when there is still something to wait for after `at_most` of virtual time.
        """
        end = self.world.monotonic() + at_most
        outcome = await self.step()
        while outcome.requeue_after is not None and not outcome.released:
            self.world.emulator.clock.advance(outcome.requeue_after.total_seconds())
            if self.world.monotonic() > end:
                raise TimeoutError(f"still waiting: {self.status.get('conditions')}")
            outcome = await self.step()
        return outcome

    async def resync(self) -> ReconcileResult:
        """What the shell does every half hour: one more pass, and what follows from it."""
        self.world.emulator.clock.advance(1800)
        return await self.settle()

    def edit(self, spec: dict[str, Any]) -> None:
        """Change the spec, as an author would."""
        self.request = replace(self.request, spec=spec, generation=self.request.generation + 1)

    def delete(self) -> None:
        """Ask for deletion."""
        self.request = replace(self.request, deleting=True, generation=self.request.generation + 1)

    def restart(self) -> None:
        """Lose everything that only the process knew."""
        self.engine = new_engine(self.world)


def new_engine(world: World, cluster: str = CLUSTER) -> Engine:
    """An engine that knows nothing yet."""
    return Engine(SecureWorkspaces(), world.arm, Ledger(world), cluster=cluster)


def drive(world: World, spec: dict[str, Any], name: str = "fraud", engine: Engine | None = None) -> Driver:
    """A custom resource that was just created."""
    request = ReconcileRequest(
        Key("SecureWorkspace", "team-a", name), f"uid-{name}", 1, spec, {"observedGeneration": -1}
    )
    driver = Driver(world, engine or new_engine(world), request)
    world.drivers.append(driver)
    return driver


@asynccontextmanager
async def open_world(
    folder: Path,
    workspaces: tuple[str, ...] = ("fraud",),
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[World]:
    """An emulator with an open landscape, and both sides signed in."""
    async with open_empty_world(folder, **settings) as world:
        await world.furnish(workspaces)
        yield world


@asynccontextmanager
async def open_empty_world(folder: Path, **settings: Any) -> AsyncIterator[World]:  # noqa: ANN401 - JSON
    """An emulator with nothing in it, and both sides signed in."""
    description = Description(folder, tenant=TENANT, subscription=SUBSCRIPTION, operator=_OPERATOR, second=_ALICE)
    config = from_json({**description.configuration(), "throttle": {"enabled": False}, **settings})
    random.seed(0)  # the spread of waiting times
    async with Emulator(config, clock=Clock(0, start=EPOCH), directory=folder) as emulator:
        description.base_url = emulator.base_url
        requests: list[ArmRequest] = []
        variables = {**description.environment(), "SSL_CERT_FILE": str(emulator.ca_path)}
        environment = AzureEnvironment.read(variables)
        clock = emulator.clock
        async with Alice(emulator) as alice, open_arm(environment, requests.append, clock.now) as arm:
            watched = Watched(emulator.ctx, _OPERATOR.client_id)
            yield World(emulator, arm, alice, SUBSCRIPTION, requests, environment, watched)
            watched.conclude()
