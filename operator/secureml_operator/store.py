"""The cache of custom resources: the newest of what the watch showed and what our own writes answered.

This is the core of crash safety on this side. A watch runs behind; a pass that built on it could lose
the `inventory` and `operations` that the pass before wrote a moment ago. So answers of our writes enter
here too, and by resource version the newest wins, whichever way it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_operator.resource import Resource, is_newer, wake_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secureml_reconcilers.engine.contract import Key


class Store:
    """Every custom resource known, by key. No I/O, no clock."""

    def __init__(self, on_change: Callable[[Resource | None, Resource | None], None]) -> None:
        """Take `on_change`, called after each change with the old and the new state; None is no such resource."""
        self._on_change = on_change
        self._resources: dict[Key, Resource] = {}
        self._stale: set[Key] = set()

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[Key]:
        return iter(tuple(self._resources))

    def get(self, key: Key) -> Resource | None:
        """Give the newest state known, or None for a resource that does not exist."""
        return self._resources.get(key)

    def seen(self, resource: Resource) -> str | None:
        """Take a state that the watch showed; say why it deserves a pass, or None."""
        old = self._resources.get(resource.key)
        # Older than what we have, of this object or of a namesake before it: the watch is behind.
        if old is not None and not is_newer(resource.version, old.version):
            return None
        return self._replace(old, resource)

    def wrote(self, resource: Resource) -> str | None:
        """Take the answer of a write or a read of our own; say why it deserves another pass, or None.

        A resource that is not known stays unknown: the answer to our last write may arrive after the
        watch has reported the deletion, and would come back as a ghost.
        """
        old = self._resources.get(resource.key)
        if old is None or old.uid != resource.uid or not is_newer(resource.version, old.version):
            return None
        return self._replace(old, resource)

    def gone(self, key: Key, uid: str) -> bool:
        """Drop a resource that no longer exists; False when another of that name has taken its place."""
        known = self._resources.get(key)
        if known is not None and known.uid != uid:
            return False
        self._resources.pop(key, None)
        self._stale.discard(key)
        if known is not None:
            self._on_change(known, None)
        return True

    def mark_stale(self, key: Key) -> None:
        """Note that a write's answer was lost: the next pass must read before it builds on this."""
        if key in self._resources:
            self._stale.add(key)

    def is_stale(self, key: Key) -> bool:
        """Say whether the API server may hold something newer of our own making."""
        return key in self._stale

    def clear_stale(self, key: Key) -> None:
        """Note that the API server was asked, and its answer taken."""
        self._stale.discard(key)

    def _replace(self, old: Resource | None, new: Resource) -> str | None:
        self._resources[new.key] = new
        self._on_change(old, new)
        return wake_reason(old, new)
