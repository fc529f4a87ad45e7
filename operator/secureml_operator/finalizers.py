"""Our own finalizer: put on before the first write outside Kubernetes, taken off after the last.

JSON patches guarded by the resource version rather than server-side apply: apply on the object itself
could create it anew after a deletion, and cannot take off a finalizer that a restored backup put on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from secureml_operator.cluster import ConflictError, ObjectGoneError, UnclearError
from secureml_operator.kinds import FINALIZER

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_operator.cluster import Cluster
    from secureml_operator.live_reader import LiveReader
    from secureml_operator.resource import Resource
    from secureml_operator.store import Store

ATTEMPTS = 5
"""As many as for a status write: each reads again first."""


class Finalizers:
    """Puts our finalizer on resources and takes it off."""

    def __init__(self, cluster: Cluster, store: Store, reader: LiveReader) -> None:
        self._cluster = cluster
        self._store = store
        self._reader = reader

    async def add_finalizer(self, resource: Resource) -> Resource:
        """Give the resource with our finalizer on it, or as it is when its deletion has begun meanwhile.

        Raises:
            ObjectGoneError, ConflictError, RefusedError, UnclearError: it was not put on, or we cannot know.
        """
        return await self._patch(resource, _adding)

    async def remove_finalizer(self, resource: Resource) -> None:
        """Take our finalizer off; an object that is gone already is released.

        Raises:
            ConflictError, RefusedError, UnclearError: it was not taken off, or we cannot know.
        """
        try:
            await self._patch(resource, _removing)
        except ObjectGoneError:
            return

    async def _patch(self, resource: Resource, operations: Callable[[Resource], list[dict[str, Any]]]) -> Resource:
        for _ in range(ATTEMPTS):
            wanted = operations(resource)
            if not wanted:
                return resource
            guard = {"op": "test", "path": "/metadata/resourceVersion", "value": resource.version}
            try:
                body = await self._cluster.patch(resource.key, [guard, *wanted])
            except ConflictError:
                resource = await self._reader.read_again(resource)
            except (UnclearError, asyncio.CancelledError):
                self._store.mark_stale(resource.key)
                raise
            else:
                return self._reader.learn(resource, body)
        raise ConflictError(f"{resource.key} changed {ATTEMPTS} times while its finalizer was being changed")


def _adding(resource: Resource) -> list[dict[str, Any]]:
    # The API server refuses new finalizers once deletion has begun.
    if resource.has_finalizer or resource.deleting:
        return []
    if resource.finalizers:
        return [{"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER}]
    return [{"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]}]


def _removing(resource: Resource) -> list[dict[str, Any]]:
    if not resource.has_finalizer:
        return []
    return [{"op": "remove", "path": f"/metadata/finalizers/{resource.finalizers.index(FINALIZER)}"}]
