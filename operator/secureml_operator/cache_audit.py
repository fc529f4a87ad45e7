"""Compares the cache with a list from time to time: finds ghosts, and what a hung watch has not shown.

kopf's watch misses deletions that happen while it has to list anew (HTTP 410); nothing tells a handler.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from secureml_operator.cluster import ClusterError, ObjectGoneError
from secureml_operator.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from secureml_operator.cluster import Cluster
    from secureml_operator.kinds import Kind
    from secureml_operator.live_reader import LiveReader
    from secureml_operator.queue import DelayQueue
    from secureml_operator.store import Store
    from secureml_operator.watchdog import Watchdog
    from secureml_reconcilers.engine.contract import Key

logger = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=10)
"""Three metadata-only lists from the API server's memory: some 0.6 KB per resource every ten minutes."""

AFTER_RELIST = timedelta(seconds=10)
"""A relist comes as one event per object; by then all of them have come."""

RECHECK = timedelta(seconds=30)
"""The interval while the watch is behind: what is expected of an object that has vanished is dropped in time."""

WHILE_STARTING = timedelta(seconds=1)
"""How often it is asked whether the first list is complete; only until it is."""


class CacheAudit:
    """Runs for as long as the operator does."""

    def __init__(  # noqa: PLR0913  (what it compares, and whom it tells)
        self,
        *,
        cluster: Cluster,
        store: Store,
        queue: DelayQueue[Key],
        reader: LiveReader,
        watchdog: Watchdog,
        namespaces: Sequence[str],
        uniform: Callable[[float, float], float],
    ) -> None:
        """Take the namespaces served (none means all) and the source of jitter."""
        self._cluster = cluster
        self._store = store
        self._queue = queue
        self._reader = reader
        self._watchdog = watchdog
        self._scopes: Sequence[str | None] = namespaces or (None,)
        self._uniform = uniform
        self._requested = asyncio.Event()
        self.synced = False
        """The cache has once held everything that the API server listed."""

    def request(self) -> None:
        """Ask for an audit before the next regular one."""
        self._requested.set()

    async def run(self) -> None:
        """Compare for ever; an audit that fails is logged and repeated."""
        while True:
            try:
                await self.compare()
            except ClusterError as error:
                logger.warning("Could not compare the cache with the API server: %s", error)
            await self._rest()

    async def compare(self) -> None:
        """Compare once.

        Raises:
            ClusterError: a list could not be had; nothing was dropped for want of it.
        """
        for kind in KINDS.values():
            before = {key for key in self._store if key.kind == kind.name}
            listed = await self._list(kind)
            self._watchdog.keep_only(kind.name, {*listed, *self._store})
            for key, version in listed.items():
                self._watchdog.expect(key, version)
            for key in before - listed.keys():
                await self._verify(key)
        self.synced = self.synced or self._watchdog.caught_up()

    async def _list(self, kind: Kind) -> dict[Key, str]:
        listed: dict[Key, str] = {}
        for namespace in self._scopes:
            listed.update(await self._cluster.versions(kind, namespace))
        return listed

    async def _verify(self, key: Key) -> None:
        """Drop a suspect only when the API server itself says 404: the list may lag behind."""
        resource = self._store.get(key)
        if resource is None:
            return
        try:
            await self._reader.read_again(resource)
        except ObjectGoneError:
            logger.info("%s vanished without an event", key)
            if self._store.gone(key, resource.uid):
                self._watchdog.gone(key, resource.version)
            self._queue.add(key)

    async def _rest(self) -> None:
        if not self.synced:
            await asyncio.sleep(WHILE_STARTING.total_seconds())
            return
        try:
            interval = INTERVAL if self._watchdog.caught_up() else RECHECK
            async with asyncio.timeout((interval * self._uniform(0.9, 1.1)).total_seconds()):
                await self._requested.wait()
                await asyncio.sleep(AFTER_RELIST.total_seconds())
        except TimeoutError:
            pass
        self._requested.clear()
