"""Reads past the watch: the present state of one object, from the API server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secureml_operator.cluster import ObjectGoneError
from secureml_operator.resource import Resource, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_operator.cluster import Cluster
    from secureml_operator.store import Store
    from secureml_operator.watchdog import Watchdog
    from secureml_reconcilers.engine.contract import Key


class LiveReader:
    """Reads a resource from the API server itself and lets the cache learn of it."""

    def __init__(self, cluster: Cluster, store: Store, watchdog: Watchdog, wake: Callable[[Key], None]) -> None:
        """Take `wake`, called when an answer shows a change that deserves another pass."""
        self._cluster = cluster
        self._store = store
        self._watchdog = watchdog
        self._wake = wake

    async def read_again(self, resource: Resource) -> Resource:
        """Give the present state of the very object (same uid).

        Raises:
            ObjectGoneError: it is gone, or another has taken its name.
            RefusedError, UnclearError: see their own words.
        """
        present = self.learn(resource, await self._cluster.read(resource.key))
        self._store.clear_stale(resource.key)
        return present

    def learn(self, resource: Resource, body: Mapping[str, Any]) -> Resource:
        """Take an answer of the API server into the cache.

        Raises:
            ObjectGoneError: the answer is about another object of the same name.
        """
        present = parse(resource.key.kind, body)
        self._watchdog.expect(present.key, present.version)
        if present.uid != resource.uid:
            self._store.seen(present)
            self._wake(present.key)
            raise ObjectGoneError(f"{resource.key} of uid {resource.uid} was replaced by {present.uid}")
        if self._store.wrote(present) is not None:
            self._wake(present.key)
        return present
