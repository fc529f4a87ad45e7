"""The one way by which a status reaches the API server, for announcements and for a pass's result alike."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from secureml_operator.cluster import ConflictError, UnclearError
from secureml_operator.kinds import API_VERSION
from secureml_operator.resource import wake_reason
from secureml_operator.status import lost, normalised, same

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_operator.cluster import Cluster
    from secureml_operator.live_reader import LiveReader
    from secureml_operator.resource import Resource
    from secureml_operator.store import Store
    from secureml_reconcilers.engine.contract import Status

logger = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often a write is tried again because somebody edited spec or metadata meanwhile. Each try reads the
present version first, so five in a row mean an editor that writes every few milliseconds."""


class StatusTakenError(Exception):
    """What this pass rests on was changed meanwhile: it must start over from what is there.

    Either somebody else wrote the status, or, before an announcement, a person changed what is asked for:
    paused it, let it only observe, corrected an id. What was to be written outside follows from what stood
    there before.
    """


class StatusNotKeptError(Exception):
    """The API server dropped fields of a status: the CRD installed is older than this operator."""


class PassStatus:
    """The status of one resource during one pass. It is the `Journal` that the reconciler gets."""

    def __init__(
        self, resource: Resource, *, cluster: Cluster, store: Store, reader: LiveReader, now: Callable[[], str]
    ) -> None:
        """See `StatusWriter.begin`."""
        self._resource = resource
        self._cluster = cluster
        self._store = store
        self._reader = reader
        self._now = now
        self._written: Status | None = None  # what this very pass wrote last
        self._lock = asyncio.Lock()  # a reconciler may announce from several tasks at once

    @property
    def resource(self) -> Resource:
        """The resource after the last write of this pass."""
        return self._resource

    async def announce(self, status: Status) -> None:
        """Persist `status`; return only when the API server has answered that it holds all of it.

        It writes even when the cache says that nothing changed: the cache may be wrong, and the write that
        follows in the outside world rests on this one. Nothing changed costs the API server no etcd write.

        Raises:
            StatusTakenError, StatusNotKeptError, ClusterError: see their own words.
        """
        async with self._lock:
            wanted = normalised(status, self._resource.status, self._now())
            if self._written is not None and same(wanted, self._written):
                return
            await self._apply(wanted, announced=True)
            missing = list(lost(wanted, self._resource.status))
            if missing:
                raise StatusNotKeptError(
                    f"the API server did not keep {', '.join(missing[:5])}: apply the CRDs of this version"
                )

    async def conclude(self, status: Status) -> bool:
        """Persist `status` unless the API server holds it already; say whether a write was made.

        Raises:
            StatusTakenError, ClusterError: see their own words.
        """
        async with self._lock:
            wanted = normalised(status, self._resource.status, self._now())
            if same(wanted, self._resource.status) or (self._written is not None and same(wanted, self._written)):
                return False
            await self._apply(wanted)
            missing = list(lost(wanted, self._resource.status))
            if missing:
                logger.warning("The CRD drops %s from the status: apply the CRDs of this version", missing[:5])
            return True

    async def _apply(self, wanted: Status, *, announced: bool = False) -> None:
        """Write on top of exactly the status this pass has read; retry only over foreign edits elsewhere.

        The uid keeps us from writing to a namesake, the resource version from undoing what another process
        of ours noted. Without the latter, a server-side apply with force always wins, stale or not.
        """
        for _ in range(ATTEMPTS):
            try:
                body = await self._cluster.apply_status(self._resource.key, self._request(wanted))
            except ConflictError:
                await self._rebase(announced=announced)
            except (UnclearError, asyncio.CancelledError):
                # It may have been written: the next pass must not build on what the cache says.
                self._store.mark_stale(self._resource.key)
                raise
            else:
                self._resource = self._reader.learn(self._resource, body)
                self._written = wanted
                return
        raise ConflictError(f"{self._resource.key} changed {ATTEMPTS} times while its status was being written")

    async def _rebase(self, *, announced: bool) -> None:
        present = await self._reader.read_again(self._resource)
        if not same(present.status, self._resource.status):
            raise StatusTakenError(f"the status of {self._resource.key} was written by somebody else meanwhile")
        changed = wake_reason(self._resource, present)
        if announced and changed:
            raise StatusTakenError(f"{self._resource.key} was changed meanwhile ({changed}): nothing is begun")
        self._resource = present

    def _request(self, wanted: Status) -> dict[str, Any]:
        key = self._resource.key
        return {
            "apiVersion": API_VERSION,
            "kind": key.kind,
            "metadata": {
                "name": key.name,
                "namespace": key.namespace,
                "uid": self._resource.uid,
                "resourceVersion": self._resource.version,
            },
            "status": wanted,
        }


class StatusWriter:
    """Opens the status of a resource for one pass after another."""

    def __init__(self, cluster: Cluster, store: Store, reader: LiveReader, now: Callable[[], str]) -> None:
        """Take `now`, which gives the present time as RFC 3339 in UTC."""
        self._cluster = cluster
        self._store = store
        self._reader = reader
        self.now = now
        """The present time, for what belongs to a status."""

    def begin(self, resource: Resource) -> PassStatus:
        """Open the status of `resource`, as the pass that begins has read it."""
        return PassStatus(resource, cluster=self._cluster, store=self._store, reader=self._reader, now=self.now)
