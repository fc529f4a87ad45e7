"""Which custom resources declare the same thing outside Kubernetes: what one of them closes, others may need.

Reconcilers say what a resource declares (`Reconciler.shares`); here it is only compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_operator.two_way_index import TwoWayIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_operator.resource import Resource
    from secureml_reconcilers.engine.contract import Key, Reconciler


class SharingIndex:
    """Knows by name who declares what, and wakes the others when that changes. No I/O, no clock."""

    def __init__(self, reconcilers: Mapping[str, Reconciler], wake: Callable[[Key], None]) -> None:
        """Take the reconcilers by kind, and `wake`, called for each that shares something with what changed."""
        self._reconcilers = reconcilers
        self._wake = wake
        self._named: TwoWayIndex[str] = TwoWayIndex()

    def others(self, key: Key) -> tuple[Key, ...]:
        """Give the resources that declare something which this one declares, too."""
        found = (other for name in sorted(self._named.named_by(key)) for other in self._named.namers(name))
        return tuple(dict.fromkeys(other for other in found if other != key))

    def changed(self, old: Resource | None, new: Resource | None) -> None:
        """Take a change of the cache; None is a resource that does not exist."""
        resource = new or old
        if resource is None:
            return
        before = set(self.others(resource.key))
        named = self._named_by(new) if new is not None and not new.deleting else frozenset()
        if old is not None and new is not None and named == set(self._named.named_by(resource.key)):
            woken = before if old.generation != new.generation else set()
        else:
            self._named.put(resource.key, named)
            woken = before | set(self.others(resource.key))
        for other in sorted(woken, key=str):
            self._wake(other)

    def _named_by(self, resource: Resource) -> frozenset[str]:
        return self._reconcilers[resource.key.kind].shares(resource.key, resource.spec, resource.status)
