"""The small HTTP server for probes and metrics."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from secureml_operator.watchdog import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from prometheus_client import CollectorRegistry

    from secureml_operator.queue import Snapshot
    from secureml_operator.watchdog import Watchdog
    from secureml_operator.worker import Workers

logger = logging.getLogger(__name__)

LONGEST_STANDSTILL = timedelta(minutes=10)
"""Keys are ready and no worker has taken or finished one for so long: twice the longest pass allowed, so
that a queue which is long but moves (a start with a thousand resources) is never mistaken for a hang."""

UNAVAILABLE = 503


class AddressError(Exception):
    """The health address cannot be bound: it is taken, or not of this machine."""


@dataclass(frozen=True, slots=True)
class Liveness:
    """Tells a process that should be restarted from one that merely has nothing to do."""

    workers: Workers
    snapshot: Callable[[], Snapshot]
    watchdog: Watchdog

    def faults(self) -> dict[str, str]:
        """Give what is wrong, by name; empty when the process is alive."""
        found: dict[str, str] = {}
        if not self.workers.alive():
            found["workers"] = "a worker has ended"
        standstill = timedelta(seconds=self.snapshot().idle_with_work)
        if standstill > LONGEST_STANDSTILL:
            found["queue"] = f"keys are ready and none has moved for {standstill}"
        overdue = self.watchdog.overdue()
        if overdue > PATIENCE:
            found["watch"] = f"the watch has not shown a known change for {overdue}"
        return found


@dataclass(slots=True)
class Readiness:
    """What must have happened before this process does its work; each part is set once it has."""

    served: bool = False
    """The API server serves all our kinds."""

    reconcilers: bool = False
    """The reconcilers are open and signed in."""

    watching: bool = False
    """kopf has started."""

    synced: Callable[[], bool] = bool
    """The cache has once held everything there is."""

    stopping: bool = False

    def faults(self) -> dict[str, str]:
        """Give what is missing, by name; empty when the process is ready."""
        parts = {
            "crds": (
                self.served,
                "not all custom resource definitions are served: apply those of this version",
            ),
            "reconcilers": (self.reconcilers, "not open yet"),
            "kopf": (self.watching, "not started yet"),
            "cache": (self.synced(), "not complete yet"),
            "lifecycle": (not self.stopping, "stopping"),
        }
        return {name: text for name, (fine, text) in parts.items() if not fine}


@asynccontextmanager
async def serve(
    host: str | None,
    port: int,
    registry: CollectorRegistry,
    *,
    liveness: Callable[[], Mapping[str, str]],
    readiness: Callable[[], Mapping[str, str]],
) -> AsyncIterator[int]:
    """Answer /healthz, /readyz and /metrics for as long as the block lasts; gives the port.

    Raises:
        AddressError: the address cannot be bound.
    """
    app = web.Application()
    app.add_routes(_routes(registry, liveness, readiness))
    # No access log: probes come every few seconds. Signals are the composition root's.
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise AddressError(f"cannot serve on {host or '*'}:{port}: {error.strerror or error}") from error
        bound: int = runner.addresses[0][1]
        logger.info("Serving /healthz, /readyz and /metrics on %s:%d", host or "*", bound)
        yield bound
    finally:
        await runner.cleanup()


def _routes(
    registry: CollectorRegistry,
    liveness: Callable[[], Mapping[str, str]],
    readiness: Callable[[], Mapping[str, str]],
) -> list[web.RouteDef]:
    async def healthz(_: web.Request) -> web.Response:
        return _answer(liveness())

    async def readyz(_: web.Request) -> web.Response:
        return _answer(readiness())

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]


def _answer(faults: Mapping[str, str]) -> web.Response:
    if not faults:
        return web.Response(text="ok\n")
    return web.Response(status=UNAVAILABLE, text="".join(f"{name}: {text}\n" for name, text in faults.items()))
