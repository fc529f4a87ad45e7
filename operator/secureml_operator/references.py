"""Which resources refer to which: an index from the one referred to, to its dependents, and what a pass is told.

The watch handler ignores our own status writes, or a pass would wake itself. Dependents must learn of them
all the same, so the index is fed by the cache, which takes both what the watch shows and what our writes answer.
Only a change wakes: resources that refer to each other come to rest when neither changes any more.
"""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any

from secureml_operator.cluster import ObjectGoneError
from secureml_operator.resource import parse
from secureml_operator.status import condition
from secureml_operator.two_way_index import TwoWayIndex
from secureml_reconcilers.api import condition_types
from secureml_reconcilers.engine.contract import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_operator.cluster import Cluster
    from secureml_operator.resource import Resource
    from secureml_operator.store import Store
    from secureml_reconcilers.engine.contract import Key, Reconciler

logger = logging.getLogger(__name__)


class ReferenceIndex:
    """Knows the dependents of every resource, and wakes them when it changes. No I/O, no clock."""

    def __init__(self, reconcilers: Mapping[str, Reconciler], wake: Callable[[Key], None]) -> None:
        """Take the reconcilers by kind, which say what a spec refers to, and `wake`, called per dependent."""
        self._reconcilers = reconcilers
        self._wake = wake
        self._referents: TwoWayIndex[Key] = TwoWayIndex()

    def dependents(self, key: Key) -> tuple[Key, ...]:
        """Give the resources whose spec refers to this one, itself excluded."""
        return tuple(dependent for dependent in self._referents.namers(key) if dependent != key)

    def changed(self, old: Resource | None, new: Resource | None) -> None:
        """Take a change of the cache; None is a resource that does not exist.

        Called from the watch, whose events come once: it never raises.
        """
        if new is not None:
            if old is None or (old.uid, old.generation) != (new.uid, new.generation):
                self._referents.put(new.key, self._referents_of(new))
            key = new.key
        elif old is not None:
            self._referents.put(old.key, ())
            key = old.key
        else:
            return
        if _visible(old) != _visible(new):
            for dependent in self.dependents(key):
                logger.debug("%s wakes %s, which refers to it", key, dependent)
                self._wake(dependent)

    def _referents_of(self, resource: Resource) -> tuple[Key, ...]:
        try:
            named = self._reconcilers[resource.key.kind].references(resource.key, resource.spec)
        except Exception:
            # The pass asks the same question, fails of it and says so on the resource.
            logger.exception("What %s refers to cannot be told", resource.key)
            return ()
        return tuple(named.values())


class ReferenceResolver:
    """Says what a pass is told of the resources that its spec refers to."""

    def __init__(self, reconcilers: Mapping[str, Reconciler], store: Store, cluster: Cluster) -> None:
        """Take the reconcilers by kind, which say what a spec refers to."""
        self._reconcilers = reconcilers
        self._store = store
        self._cluster = cluster

    async def resolve(self, resource: Resource) -> tuple[Reference, ...]:
        """Give one reference for each field of the spec that names something.

        Raises:
            RefusedError, UnclearError: it cannot be told whether one that is not cached exists.
            Exception: a bug in the reconciler's `references`.
        """
        named = self._reconcilers[resource.key.kind].references(resource.key, resource.spec)
        return tuple([_reference(field, key, await self._find(key)) for field, key in named.items()])

    async def _find(self, key: Key) -> Resource | None:
        """Look into the cache, and ask the API server before saying that something does not exist.

        Each kind has a watch of its own. After a start, or when both come with one manifest, the dependent may
        be shown first: it would be told of as broken for a moment.
        """
        known = self._store.get(key)
        if known is not None:
            return known
        try:
            # Not taken into the cache: if it vanishes before the watch shows it, nothing would take it out.
            return parse(key.kind, await self._cluster.read(key))
        except ObjectGoneError:
            return None


def _reference(named_by: str, key: Key, found: Resource | None) -> Reference:
    """Copy what a reconciler may see, so that a pass cannot edit the cache."""
    if found is None:
        return Reference(named_by, key, found=False)
    return Reference(
        named_by,
        key,
        found=True,
        deleting=found.deleting,
        generation=found.generation,
        spec=copy.deepcopy(dict(found.spec)),
        ready=dict(_ready(found)),
        ids=_ids(found),
    )


def _visible(resource: Resource | None) -> tuple[Any, ...] | None:
    """Give what of a resource concerns its dependents: when this differs, they are woken.

    A message is left out: it may count what is done, and each step would cost every dependent a pass.
    """
    if resource is None:
        return None
    ready = _ready(resource)
    return (
        resource.uid,
        resource.deleting,
        resource.generation,
        ready.get("status"),
        ready.get("reason"),
        _ids(resource),
    )


def _ready(resource: Resource) -> Mapping[str, Any]:
    """Give the Ready condition, or nothing when it is of an earlier generation."""
    ready = condition(resource.status, condition_types.READY)
    return ready if ready.get("observedGeneration") == resource.generation else {}


def _ids(resource: Resource) -> dict[str, str]:
    shown = resource.status.get("azure") or {}
    return {name: value for name, value in shown.items() if isinstance(value, str)}
