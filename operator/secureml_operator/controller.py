"""One pass over one custom resource, from the cached object to its status, events and finalizer."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secureml_operator.cluster import ObjectGoneError
from secureml_operator.telemetry.context import bound
from secureml_reconcilers.engine.contract import Declaration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from secureml_operator.events import Events
    from secureml_operator.finalizers import Finalizers
    from secureml_operator.live_reader import LiveReader
    from secureml_operator.references import ReferenceResolver
    from secureml_operator.resource import Resource
    from secureml_operator.sharing import SharingIndex
    from secureml_operator.status_writer import StatusWriter
    from secureml_operator.store import Store
    from secureml_operator.telemetry.metrics import Metrics
    from secureml_reconcilers.engine.contract import Key, Reconciler, ReconcileResult

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """How one kind is served."""

    reconciler: Reconciler
    needs_finalizer: bool = True
    """Put our finalizer on every resource before its first pass: the reconciler leaves things behind that
    must be cleared away on deletion."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """What is to happen with the key after a pass."""

    resync: bool
    """Come back after the resync interval at the latest; False for what is gone or going."""

    after: timedelta | None = None
    """Come back sooner than that."""


DONE = Requeue(resync=False)


class Controller:
    """Runs passes; holds nothing that the API server does not hold, save which uids it has seen."""

    def __init__(  # noqa: PLR0913  (the collaborators of a pass; each is one thing it does)
        self,
        served: Mapping[str, Served],
        *,
        store: Store,
        reader: LiveReader,
        finalizers: Finalizers,
        references: ReferenceResolver,
        sharing: SharingIndex,
        statuses: StatusWriter,
        events: Events,
        metrics: Metrics,
    ) -> None:
        """Take how each kind is served, by its name."""
        self._served = served
        self._store = store
        self._reader = reader
        self._finalizers = finalizers
        self._references = references
        self._sharing = sharing
        self._statuses = statuses
        self._events = events
        self._metrics = metrics
        self._uids: dict[Key, str] = {}

    async def reconcile(self, key: Key) -> Requeue:
        """Run one pass.

        Raises:
            ClusterError, StatusTakenError, StatusNotKeptError: the pass did not end; repeat it.
            Exception: a bug in the reconciler.
        """
        resource = self._store.get(key)
        if resource is None:
            self._forget(key)
            return DONE
        with bound(generation=resource.generation):
            try:
                return await self._pass(resource)
            except ObjectGoneError:
                if self._store.gone(key, resource.uid):
                    self._forget(key)
                return DONE

    async def _pass(self, resource: Resource) -> Requeue:
        served = self._served[resource.key.kind]
        resource = await self._prepare(resource, served)
        if resource.deleting and not resource.has_finalizer:
            return DONE  # nothing of it is left with us: other finalizers keep it, or it is about to vanish
        before = resource.status
        journal = self._statuses.begin(resource)
        request = resource.request(await self._references.resolve(resource), self._others_of(resource.key))
        result = await served.reconciler.reconcile(request, journal)
        # Status before events and finalizer: what the reconciler calls a transition is one against the
        # status it was given, so a pass that fails here will tell of it again. What it did is kept.
        self._events.enqueue(resource, result.events)
        if await journal.conclude(result.status):
            logger.debug("Status written")
        await self._report(journal.resource, before, result)
        if resource.deleting and result.released:
            await self._finalizers.remove_finalizer(journal.resource)
            logger.info("Released")
            return DONE
        return Requeue(resync=True, after=result.requeue_after)

    async def _prepare(self, resource: Resource, served: Served) -> Resource:
        """Give the resource this pass may rest on: not stale, known to be this one, and with our finalizer."""
        key = resource.key
        if self._store.is_stale(key):
            resource = await self._reader.read_again(resource)
        if self._uids.setdefault(key, resource.uid) != resource.uid:
            # Deleted and created again between two passes: what the reconciler remembers is of the other.
            self._forget(key)
            self._uids[key] = resource.uid
        if served.needs_finalizer and not resource.has_finalizer and not resource.deleting and not resource.paused:
            resource = await self._finalizers.add_finalizer(resource)
        return resource

    def _others_of(self, key: Key) -> tuple[Declaration, ...]:
        """Give what those declare that share something with this resource."""
        found = (self._store.get(other) for other in self._sharing.others(key))
        return tuple(Declaration(each.key, copy.deepcopy(dict(each.spec))) for each in found if each is not None)

    async def _report(self, resource: Resource, before: Mapping[str, object], result: ReconcileResult) -> None:
        await self._events.flush(resource)
        self._metrics.record(resource.key, result.metrics)
        self._metrics.show(resource, before, resource.status)

    def _forget(self, key: Key) -> None:
        self._uids.pop(key, None)
        self._events.forget(key)
        self._metrics.gone(key)
        self._served[key.kind].reconciler.forget(key)
