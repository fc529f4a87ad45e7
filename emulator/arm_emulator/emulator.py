"""One running emulator: its parts put together, its server, its timer."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from aiohttp import web

from arm_emulator import providers
from arm_emulator.authorization import Authorization
from arm_emulator.changes import ChangeLog
from arm_emulator.clock import Clock
from arm_emulator.config import Config, default_clients
from arm_emulator.context import ContextOf
from arm_emulator.control import Control
from arm_emulator.entra import Entra
from arm_emulator.faults import Faults
from arm_emulator.graph import ResourceGraph
from arm_emulator.ids import require
from arm_emulator.model import SYSTEM
from arm_emulator.operations import Operations
from arm_emulator.requestlog import RequestLog
from arm_emulator.server import Server
from arm_emulator.store import Store
from arm_emulator.throttling import Throttles
from arm_emulator.tls import server_context
from arm_emulator.world import World

if TYPE_CHECKING:
    from types import TracebackType

    from arm_emulator.hooks import Context


class Emulator:
    """An emulator on a local port.

        async with Emulator(Config(), clock=Clock(0)) as emulator:
            emulator.base_url, emulator.ca_path, emulator.clock.advance(60)

    Args:
        config: the setup; without clients in it, an operator and an administrator exist.
        clock: virtual time; by default one of the configured speed.
        directory: where `ca.pem` goes; a temporary directory by default.
        port: TCP port on loopback, 0 for a free one.
        host: address to listen on.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        clock: Clock | None = None,
        directory: Path | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        chosen = config or Config()
        self.config = chosen if chosen.clients else _with_default_clients(chosen)
        self.clock = clock or Clock(self.config.clock_speed)
        self.world, self._server = self._build()
        self.base_url = ""
        self._directory = directory
        self._port = port
        self._host = host
        self._stack = contextlib.AsyncExitStack()

    @property
    def ctx(self) -> Context:
        """The store and everything around it, for an in-process test's own look."""
        return self.world.ctx

    @property
    def ca_path(self) -> Path:
        """The CA that clients must trust."""
        if self._directory is None:
            raise RuntimeError("the emulator was not started")
        return self._directory / "ca.pem"

    def token(self, client_id: str, audience: str = "https://management.azure.com/") -> str:
        """An access token for a configured client, without the way over HTTP.

        Raises:
            LookupError: nobody has this client id.
        """
        for client in self.world.entra.clients():
            if client.client_id.lower() == client_id.lower():
                return self.world.entra.issue(client, audience)
        raise LookupError(f"no client has the id {client_id}")

    def reset(self) -> None:
        """Start over: empty store, logs and faults; the clock, the port and the CA stay."""
        self.world, self._server = self._build()
        self.clock.poke()

    async def __aenter__(self) -> Self:
        if self._directory is None:
            self._directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="arm-emulator-")))
        tls = server_context(self._directory)

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self._server.handle(request)

        runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self._host, self._port, ssl_context=tls)
        await site.start()
        self._port = runner.addresses[0][1]
        self.base_url = f"https://localhost:{self._port}"
        ticker = asyncio.create_task(self._tick())
        self._stack.push_async_callback(_stop, ticker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _tick(self) -> None:
        while True:
            operations = self.world.ctx.operations
            operations.on_schedule = self.clock.poke
            operations.settle(self.clock.now())
            await self.clock.sleep_until(operations.next_due(), interruptible=True)

    def _build(self) -> tuple[World, Server]:
        config, clock, store = self.config, self.clock, Store()
        operations = Operations()
        changes = ChangeLog(lambda: operations.moment or clock.now())
        loaded = providers.load()
        ctx = ContextOf(
            config=config,
            clock=clock,
            store=store,
            registry=loaded.registry,
            observers=loaded.observers,
            operations=operations,
            authorization=Authorization(config, store, clock.now),
            changes=changes,
        )
        graph = ResourceGraph(ctx)
        entra, log, faults = Entra(config), RequestLog(config.request_log), Faults()
        control = Control(lambda: self.world, self.reset)
        server = Server(
            ctx=ctx,
            routes=loaded.routes,
            entra=entra,
            log=log,
            faults=faults,
            throttles=Throttles(config.throttle, clock.now),
            graph=lambda call: graph.query(call, log.note_unserved),
            control=control,
        )
        for subscription in config.subscriptions:
            _seed(ctx, subscription)
        changes.tallies.clear()
        changes.records.clear()
        return World(ctx, entra, log, faults), server


def _seed(ctx: Context, subscription: str) -> None:
    where = require(f"/subscriptions/{subscription.lower()}")
    document = {
        "id": where.text,
        "subscriptionId": where.name,
        "tenantId": ctx.config.tenant,
        "displayName": f"Emulated subscription {where.name[:8]}",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }
    ctx.commit(where, document, caller=SYSTEM)


def _with_default_clients(config: Config) -> Config:
    return replace(config, clients=default_clients())


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
