"""Which provider serves which resource type; a type nobody registered is served generically."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class Named(Protocol):
    """Whatever serves a resource type."""

    name: str


KindT = TypeVar("KindT", bound=Named)


class Registry(Generic[KindT]):
    """Resource types by lower-case name.

    Args:
        types: the types that have behaviour of their own.
        generic: serves every other one.
    """

    def __init__(self, types: Iterable[KindT], generic: KindT) -> None:
        self._types = {each.name.lower(): each for each in types}
        self._generic = generic

    def find(self, kind: str) -> KindT:
        """The provider of a lower-case type name, or the generic one."""
        return self._types.get(kind, self._generic)

    def knows(self, kind: str) -> bool:
        """Whether a provider registered this lower-case type name."""
        return kind in self._types

    def types(self) -> Iterable[KindT]:
        """All registered types."""
        return self._types.values()
