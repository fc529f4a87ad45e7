"""Which provider serves which resource type; a type nobody registered is served generically."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.providers.base import ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.providers.base import Observer, Route


class Registry:
    """Resource types by lower-case name, and the paths outside the resource tree."""

    def __init__(
        self, types: Iterable[ResourceType] = (), routes: Iterable[Route] = (), observers: Iterable[Observer] = ()
    ) -> None:
        self._types = {each.name.lower(): each for each in types}
        self._routes = tuple(routes)
        self.observers = tuple(observers)
        self._generic = ResourceType()

    def find(self, kind: str) -> ResourceType:
        """The provider of a lower-case type name, or the generic one."""
        return self._types.get(kind, self._generic)

    def knows(self, kind: str) -> bool:
        """Whether a provider registered this lower-case type name."""
        return kind in self._types

    def types(self) -> Iterable[ResourceType]:
        """All registered types."""
        return self._types.values()

    def routes(self) -> Iterable[Route]:
        """All paths outside the resource tree, in order of registration."""
        return self._routes
