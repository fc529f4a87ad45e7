"""Documents by id, with the indexes that keep lookups from becoming scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arm_emulator.model import JsonObject, Resource

_NOTHING: dict[str, None] = {}


class Store:
    """All resources of all subscriptions.

    Keys are lower-case ids. Beside the documents it keeps, for each id, its direct children, the resources
    whose document mentions it, and the ids of every type, all in order of creation.
    """

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._by_type: dict[str, dict[str, None]] = {}
        self._mentions: dict[str, frozenset[str]] = {}
        self._referrers: dict[str, dict[str, None]] = {}
        self.versions: dict[str, int] = {}
        """How often resources of a type (lower case) changed; caches over a type compare it."""

    def __len__(self) -> int:
        return len(self._resources)

    def get(self, key: str) -> Resource | None:
        """The resource of a lower-case id."""
        return self._resources.get(key)

    def all(self) -> Iterable[Resource]:
        """Every resource, in order of creation."""
        return list(self._resources.values())

    def put(self, resource: Resource) -> None:
        """Insert or re-index a resource."""
        key = resource.id.key
        kind = resource.id.type_key
        if key not in self._resources:
            self._resources[key] = resource
            self._children.setdefault(resource.id.parent, {})[key] = None
            self._by_type.setdefault(kind, {})[key] = None
        self.versions[kind] = self.versions.get(kind, 0) + 1
        self._index(key, frozenset(mentioned(resource.body.get(part) for part in ("properties", "identity"))))

    def remove(self, key: str) -> None:
        """Forget a resource; its children stay until they are removed themselves."""
        resource = self._resources.pop(key)
        kind = resource.id.type_key
        self._by_type[kind].pop(key, None)
        self.versions[kind] = self.versions.get(kind, 0) + 1
        siblings = self._children.get(resource.id.parent, {})
        siblings.pop(key, None)
        if not siblings:
            self._children.pop(resource.id.parent, None)
        self._index(key, frozenset())

    def children(self, parent: str, kind: str = "") -> list[Resource]:
        """Resources directly below a lower-case id, all or of one lower-case type."""
        found = [self._resources[key] for key in self._children.get(parent, _NOTHING)]
        return [child for child in found if child.id.type_key == kind] if kind else found

    def below(self, parent: str) -> list[Resource]:
        """Direct children, as `children`, by a name that says why: they go when the parent goes."""
        return self.children(parent)

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Every resource of a lower-case type."""
        for key in list(self._by_type.get(kind, _NOTHING)):
            found = self._resources.get(key)
            if found is not None:
                yield found

    def referrers(self, key: str, kind: str = "") -> list[Resource]:
        """Resources that mention a lower-case id, all or of one lower-case type."""
        found = [self._resources[each] for each in self._referrers.get(key, _NOTHING)]
        return [each for each in found if each.id.type_key == kind] if kind else found

    def mentions(self, key: str) -> frozenset[str]:
        """Lower-case ids that a resource's document mentions."""
        return self._mentions.get(key, frozenset())

    def _index(self, key: str, now: frozenset[str]) -> None:
        before = self._mentions.pop(key, frozenset())
        for gone in before - now:
            referrers = self._referrers[gone]
            referrers.pop(key, None)
            if not referrers:
                del self._referrers[gone]
        for new in now - before:
            self._referrers.setdefault(new, {})[key] = None
        if now:
            self._mentions[key] = now


def mentioned(values: Iterable[object]) -> Iterator[str]:
    """Every text inside JSON values that looks like an ARM id, in lower case."""
    for value in values:
        if isinstance(value, str):
            if value.startswith("/subscriptions/"):
                yield value.lower()
        elif isinstance(value, dict):
            yield from mentioned(value.values())
            yield from mentioned(name for name in value if name.startswith("/"))
        elif isinstance(value, list):
            yield from mentioned(value)


def merge_patch(target: object, patch: object) -> object:
    """RFC 7396: objects merge, null removes, anything else replaces. The inputs stay as they are."""
    if not isinstance(patch, dict):
        return patch
    merged: JsonObject = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
