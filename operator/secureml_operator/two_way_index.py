"""Which resources name what, to be asked from both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.engine.contract import Key

T = TypeVar("T")


@dataclass(slots=True)
class TwoWayIndex(Generic[T]):
    """What each resource names, and who names it; keeps nothing of what is named by nobody."""

    _named: dict[Key, tuple[T, ...]] = field(default_factory=dict)
    _namers: dict[T, dict[Key, None]] = field(default_factory=dict)
    """Ordered, so that runs are alike."""

    def named_by(self, key: Key) -> tuple[T, ...]:
        """Give what a resource names, each once."""
        return self._named.get(key, ())

    def namers(self, name: T) -> tuple[Key, ...]:
        """Give the resources that name this, in the order in which they came."""
        return tuple(self._namers.get(name, ()))

    def put(self, key: Key, names: Iterable[T]) -> None:
        """Take down what a resource names now, in place of what it named before."""
        for name in self._named.pop(key, ()):
            known = self._namers[name]
            del known[key]
            if not known:
                del self._namers[name]
        present = tuple(dict.fromkeys(names))
        if present:
            self._named[key] = present
        for name in present:
            self._namers.setdefault(name, {})[key] = None
