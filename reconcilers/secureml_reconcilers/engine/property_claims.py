"""Which custom resource decides a property that two of them declare with different values: the older one.

Only of what neither of them makes, such as the settings of a workspace, and in this process only. What closes a
service is no matter of precedence: whoever declares it closed closes it. Nor are entries of lists: they stay as
long as anybody declares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.compare import equal_azure
from secureml_reconcilers.engine.values import AnyOf

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from secureml_reconcilers.engine.blocks import Block

_Place = tuple[str, str]
"""A resource's key, and the dotted path of a property in it."""


@dataclass(frozen=True, slots=True)
class PropertyClaim:
    """That a custom resource declares a property."""

    path: str
    value: Any
    created: str
    """When the custom resource was created, RFC 3339 in UTC."""

    owner: str
    """As `cluster/namespace/name`."""

    @property
    def rank(self) -> tuple[str, str]:
        """The lowest decides: the oldest, and of two of one second the one whose name comes first."""
        return self.created, self.owner


@dataclass(slots=True)
class PropertyClaims:
    """What all custom resources of the process declare of resources that are not theirs."""

    _claims: dict[_Place, dict[str, PropertyClaim]] = field(default_factory=dict)
    _places: dict[str, set[_Place]] = field(default_factory=dict)
    """By owner."""

    _entries: dict[str, Mapping[str, AbstractSet[Hashable]]] = field(default_factory=dict)
    """By owner and resource key."""

    def declare(self, owner: str, created: str, blocks: Iterable[Block]) -> None:
        """Take down what a custom resource declares now, in place of what it declared before."""
        self.withdraw(owner)
        for block in blocks:
            for path, value in _declared(block):
                place = _key(block), path
                self._claims.setdefault(place, {})[owner] = PropertyClaim(path, value, created, owner)
                self._places.setdefault(owner, set()).add(place)

    def withdraw(self, owner: str) -> None:
        """Forget what a custom resource declared: it goes, or only observes."""
        self._entries.pop(owner, None)
        for place in self._places.pop(owner, ()):
            claims = self._claims[place]
            del claims[owner]
            if not claims:
                del self._claims[place]

    def declare_entries(self, owner: str, wanted: Mapping[str, AbstractSet[Hashable]]) -> None:
        """Take down which entries of lists a custom resource that is declared asks for, by resource key."""
        if wanted:
            self._entries[owner] = wanted

    def others_let_in(self, owner: str, entry: Hashable, key: str) -> bool:
        """Whether another custom resource declares this entry of the resource with this key, too."""
        return any(entry in wanted.get(key, ()) for other, wanted in self._entries.items() if other != owner)

    def decided_by(self, block: Block, owner: str) -> PropertyClaim | None:
        """The claim of another custom resource that goes before a block of this one; None without such."""
        for path, value in _declared(block):
            claims = self._claims.get((_key(block), path), {})
            first = min(claims.values(), key=lambda claim: claim.rank, default=None)
            if first is not None and first.owner != owner and not _agree(first.value, value):
                return first
        return None


def _key(block: Block) -> str:
    return block.id.key if isinstance(block, Ensure) else ""


def _declared(block: Block) -> Iterator[tuple[str, Any]]:
    """The properties that have one value and only one owner; lists hold entries of many."""
    if isinstance(block, Ensure) and block.create is None and block.closing is None and not block.shared:
        yield from _leaves(block.fragment.get("properties") or {}, "properties")


def _leaves(fragment: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in fragment.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}.{name}")
        elif isinstance(value, str | bool | int | AnyOf):
            yield f"{path}.{name}", value


def _agree(first: Any, value: Any) -> bool:  # noqa: ANN401 - JSON, or what stands for several values
    """Whether what one declares leaves room for what the other does."""
    return any(equal_azure(one, other) for one in _choices(first) for other in _choices(value))


def _choices(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON, or what stands for several values
    return value.values if isinstance(value, AnyOf) else (value,)
