"""Drives the engine against the emulator over HTTPS on one virtual clock, so that nobody waits.

The emulator's clock stands still; it is advanced by exactly what the engine asks to wait. Everything else is
real: HTTPS, tokens, the SDK pipelines, the operator's least-privilege role.
"""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from arm_emulator.clock import Clock
from arm_emulator.config import from_json
from arm_emulator.emulator import Emulator
from secureml_reconcilers.azure.connection import open_arm
from secureml_reconcilers.azure.environment import AzureEnvironment
from secureml_reconcilers.engine.contract import Event, Key, ReconcileRequest, ReconcileResult, Status
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.secure_workspace import SecureWorkspaces
from secureml_sandbox import landscape
from secureml_sandbox.arm_client import ArmClient as Admin
from secureml_sandbox.emulator import Emulator as Description

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from secureml_reconcilers.azure.client import ArmClient, ArmRequest

LOADING_SPEED = 5000.0
"""Virtual seconds per real second while a landscape is made."""

TENANT = "7a3c2f10-1f5e-4c1f-9a52-0d6f1c2b3a4d"
CLUSTER = "east"
SUBSCRIPTION = "0b1f6a52-9d3e-4a77-8c41-5e2d7f8a9b10"
"""Always the same, for the emulator draws the duration of an operation from the id that it works on."""


@dataclass
class World:
    """An Azure with an open landscape, the operator's connection to it, and another administrator's."""

    emulator: Emulator
    arm: ArmClient
    alice: Admin
    subscription: str
    requests: list[ArmRequest]
    environment: AzureEnvironment

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

    @asynccontextmanager
    async def moving(self) -> AsyncIterator[None]:
        """Let the clock run while the other administrator does something that takes time."""
        self.emulator.clock.set_speed(LOADING_SPEED)
        try:
            yield
        finally:
            self.emulator.clock.set_speed(0)


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
        outcome = await self.engine.reconcile(self.request, Journal(self))
        self.save(outcome.status)
        self.outcomes.append(outcome)
        return outcome

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
    return Driver(world, engine or new_engine(world), request)


@asynccontextmanager
async def open_world(
    folder: Path,
    workspaces: tuple[str, ...] = ("fraud",),
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[World]:
    """An emulator with an open landscape, and both sides signed in."""
    description = Description(folder, tenant=TENANT, subscription=SUBSCRIPTION)
    config = from_json({**description.configuration(), "throttle": {"enabled": False}, **settings})
    clock = Clock(LOADING_SPEED)
    random.seed(0)  # the spread of waiting times
    async with Emulator(config, clock=clock, directory=folder) as emulator:
        description.base_url = emulator.base_url
        requests: list[ArmRequest] = []
        variables = {**description.environment(), "SSL_CERT_FILE": str(emulator.ca_path)}
        environment = AzureEnvironment.read(variables)
        admin = Admin(emulator.base_url, description.tenant, description.second, emulator.ca_path, LOADING_SPEED)
        async with admin, open_arm(environment, requests.append, clock.now) as arm:
            items = landscape.landscape(description.subscription, description.tenant, workspaces)
            await landscape.load(admin, items)
            clock.set_speed(0)
            yield World(emulator, arm, admin, description.subscription, requests, environment)
