"""The composition root and the life of the process, from first connection to clean exit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import kopf
from prometheus_client import CollectorRegistry, disable_created_metrics

from secureml_operator import handlers, health, kopf_settings, wiring
from secureml_operator.assembly import assemble
from secureml_operator.cluster import ClusterError, NoClusterError, RefusedError
from secureml_operator.kinds import KINDS
from secureml_operator.kube import connect
from secureml_operator.telemetry.requests import RequestMetrics

if TYPE_CHECKING:
    from collections.abc import Collection

    from secureml_operator.assembly import OperatorParts
    from secureml_operator.kube import KubeCluster
    from secureml_operator.settings import Settings
    from secureml_operator.wiring import OpenReconcilers

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

WAIT_FOR_API = timedelta(seconds=3)
"""How often an API server is asked that does not answer yet, or does not serve our kinds yet."""

UID_DIGITS = 8
"""So much of a uid tells the clusters of a company apart, and still fits a tag that people read."""


async def run(
    settings: Settings,
    *,
    open_reconcilers: OpenReconcilers = wiring.open_reconcilers,
    kubeconfig: str | None = None,
    stop: asyncio.Event | None = None,
) -> int:
    """Run the operator until it is told to stop; give the exit status.

    Args:
        settings: what a person has set.
        open_reconcilers: where the reconcilers come from; tests bring their own.
        kubeconfig: a file, instead of the pod's account, KUBECONFIG or `~/.kube/config`.
        stop: what a signal sets, for callers who want to set it themselves.

    Raises:
        NoClusterError: there is no API server to talk to, or it does not tell which it is.
        AddressError: the health address cannot be bound.
        Exception: whatever opening the reconcilers raises.
    """
    stop = stop or asyncio.Event()
    _on_signal(stop)
    async with AsyncExitStack() as stack:
        process = await _start(settings, open_reconcilers, kubeconfig, stack, stop)
        if process is None:
            return 0
        return await process.live(settings, stop)


async def _start(
    settings: Settings,
    open_reconcilers: OpenReconcilers,
    kubeconfig: str | None,
    stack: AsyncExitStack,
    stop: asyncio.Event,
) -> _Process | None:
    """Open everything in order; None when we were told to stop before the kinds were served."""
    # A `_created` series beside every counter would double a scrape for nothing.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    readiness = health.Readiness()
    cluster = await stack.enter_async_context(connect(kubeconfig))
    probes, alive = await _serve_probes(settings, registry, readiness, stack)
    name = settings.cluster_name or await _cluster_name(cluster, stop)
    if not name:
        return None
    reconcilers = await stack.enter_async_context(open_reconcilers(RequestMetrics(registry), name))
    parts = assemble(
        settings,
        cluster=cluster,
        served=wiring.served(reconcilers),
        registry=registry,
        clock=asyncio.get_running_loop(),
    )
    readiness.reconcilers = True
    readiness.synced = lambda: parts.cache_audit.synced
    parts.workers.start(settings.workers)
    alive.append(health.Liveness(parts.workers, parts.queue.snapshot, parts.watchdog))
    if not await _kinds_served(cluster, stop):
        await parts.workers.stop(timedelta(0))
        return None
    readiness.served = True
    return _Process(parts, cluster, readiness, probes)


async def _serve_probes(
    settings: Settings, registry: CollectorRegistry, readiness: health.Readiness, stack: AsyncExitStack
) -> tuple[AsyncExitStack, list[health.Liveness]]:
    """Answer probes from the first moment: who waits for the API server is alive, and not ready.

    Returns:
        What closes them, and a place for what they ask once it runs.
    """
    alive: list[health.Liveness] = []
    probes = await stack.enter_async_context(AsyncExitStack())
    await probes.enter_async_context(
        health.serve(
            settings.health_host,
            settings.health_port,
            registry,
            liveness=lambda: alive[0].faults() if alive else {},
            readiness=readiness.faults,
        )
    )
    return probes, alive


async def _cluster_name(cluster: KubeCluster, stop: asyncio.Event) -> str:
    """Name the cluster after itself: two clusters may hold a resource of one name, and use one endpoint.

    Gives an empty text when we were told to stop meanwhile.

    Raises:
        NoClusterError: we may not read what tells clusters apart.
    """
    while not stop.is_set():
        try:
            return (await cluster.uid())[:UID_DIGITS]
        except RefusedError as refused:
            raise NoClusterError(
                f"the cluster does not tell what it is ({refused}): grant get on the namespace kube-system, or"
                " name the cluster with --cluster-name"
            ) from refused
        except ClusterError as error:
            logger.warning("The API server cannot be asked for its name: %s", error)
        await _pause(WAIT_FOR_API, stop)
    return ""


async def _pause(time: timedelta, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(time.total_seconds()):
            await stop.wait()


async def _kinds_served(cluster: KubeCluster, stop: asyncio.Event) -> bool:
    """Wait until the API server serves our kinds; False when we were told to stop meanwhile.

    kopf would find them by itself, but only with the right to watch every CRD of the cluster.
    """
    wanted = {kind.plural for kind in KINDS.values()}
    told = False
    while not stop.is_set():
        try:
            missing = wanted - await cluster.served()
        except ClusterError as error:
            logger.warning("The API server cannot be asked what it serves: %s", error)
        else:
            if not missing:
                return True
            if not told:
                logger.warning("Waiting for custom resource definitions: %s", ", ".join(sorted(missing)))
                told = True
        await _pause(WAIT_FOR_API, stop)
    return False


class _Process:
    """The running part: kopf beside the cache audit, until a signal or until kopf gives up."""

    def __init__(
        self, parts: OperatorParts, cluster: KubeCluster, readiness: health.Readiness, probes: AsyncExitStack
    ) -> None:
        self._parts = parts
        self._cluster = cluster
        self._readiness = readiness
        self._probes = probes
        self._stop_kopf = asyncio.Event()
        self._kopf_ready = asyncio.Event()

    async def live(self, settings: Settings, stop: asyncio.Event) -> int:
        audit = asyncio.create_task(self._parts.cache_audit.run(), name="secureml cache audit")
        stopped = asyncio.create_task(stop.wait(), name="secureml stop")
        watching = await self._watch(settings, stop)
        ready = asyncio.create_task(self._note_ready(), name="secureml ready")
        try:
            await asyncio.wait({watching, stopped, audit}, return_when=asyncio.FIRST_COMPLETED)
            return await self._wind_down(settings, watching, told=stop.is_set())
        finally:
            for task in (audit, stopped, ready):
                task.cancel()
            await asyncio.gather(audit, stopped, ready, return_exceptions=True)

    async def _watch(self, settings: Settings, stop: asyncio.Event) -> asyncio.Task[None]:
        """Start kopf; everything that runs before it is none of its business when it cleans up."""
        ours: Collection[asyncio.Task[object]] = asyncio.all_tasks()
        registry = kopf.OperatorRegistry()
        handlers.register(registry, self._parts.watch_handler, self._cluster)
        tasks = await kopf.spawn_tasks(
            registry=registry,
            settings=kopf_settings.build(),
            standalone=True,
            clusterwide=not settings.namespaces,
            namespaces=settings.namespaces,
            stop_flag=self._stop_kopf,
            ready_flag=self._kopf_ready,
        )
        # kopf has just taken the signals; it would stop the watch first and leave the workers running.
        _on_signal(stop)
        return asyncio.create_task(kopf.run_tasks(tasks, ignored=ours), name="secureml watch")

    async def _note_ready(self) -> None:
        await self._kopf_ready.wait()
        self._readiness.watching = True
        logger.info("Watching %s", ", ".join(KINDS))

    async def _wind_down(self, settings: Settings, watching: asyncio.Task[None], *, told: bool) -> int:
        """Stop in the order in which nothing is lost: no new passes, passes in flight, probes, the watch."""
        self._readiness.stopping = True
        logger.info("Stopping: passes in flight have %.0f s", settings.drain.total_seconds())
        await self._parts.workers.stop(settings.drain)
        # Before kopf: it waits five seconds for every task younger than itself, as open connections are.
        await self._probes.aclose()
        self._stop_kopf.set()
        try:
            await watching
        except Exception:
            logger.exception("The watch failed")
            return 1
        if not told:
            logger.error("The watch or the cache audit ended by itself")
            return 1
        logger.info("Stopped")
        return 0


def _on_signal(stop: asyncio.Event) -> None:
    """Stop on the first signal; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        stop.set()
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, told)
