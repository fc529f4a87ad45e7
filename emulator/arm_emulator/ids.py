"""Azure resource ids: parsed once, compared without regard to case, shown as they were first written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RESOURCE_GROUPS = "Microsoft.Resources/resourceGroups"
SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_PROVIDERS = "providers"


@dataclass(frozen=True, slots=True)
class ResourceId:
    """One ARM id, of a subscription, a resource group, a resource, a child or an extension resource.

    Attributes:
        text: the id as written, with single slashes and no trailing one.
        key: `text` in lower case; two ids are the same resource exactly when their keys are equal.
        type: namespace and type names, such as `Microsoft.Network/virtualNetworks/subnets`; as written.
        name: the last name.
        names: the names below the namespace, parents first.
        subscription: the subscription's id in lower case; empty for tenant-level resources.
        group: the resource group's name as written; empty above a group.
        parent: key of what must exist first: the parent resource, the scope of an extension resource,
            the resource group, or the subscription. Empty for a tenant-level resource.
        scope: text of everything in front of the last `providers` segment; empty for a tenant-level id.
    """

    text: str
    key: str
    type: str
    name: str
    names: tuple[str, ...]
    subscription: str
    group: str
    parent: str
    scope: str

    @property
    def namespace(self) -> str:
        """The provider's namespace, such as `Microsoft.Network`."""
        return self.type.split("/", 1)[0]

    @property
    def type_key(self) -> str:
        """`type` in lower case, as the registry and Resource Graph know it."""
        return self.type.lower()

    @property
    def nested(self) -> bool:
        """Whether the resource is a child of another resource of its own provider."""
        return len(self.names) > 1

    @property
    def parent_text(self) -> str:
        """`parent` in the casing it was written in, for messages."""
        return self.text.rsplit("/", 2)[0] if self.nested else self.scope

    @property
    def relative(self) -> str:
        """Type and names interleaved as error messages show them: `Namespace/type/name/child/name`."""
        types = self.type.split("/")
        pairs = [part for pair in zip(types[1:], self.names, strict=True) for part in pair]
        return "/".join([types[0], *pairs])


def split(path: str) -> list[str]:
    """The segments of a path; doubled slashes, which real clients send, count once."""
    return [segment for segment in path.split("/") if segment]


def parse(text: str) -> ResourceId | None:
    """Read an ARM id; None when `text` is not one (a collection, an action, or something else)."""
    return parse_segments(split(text))


def parse_segments(segments: list[str]) -> ResourceId | None:
    """`parse` for a path that is already split."""
    lowered = [segment.lower() for segment in segments]
    subscription = lowered[1] if len(segments) > 1 and lowered[0] == "subscriptions" else ""
    in_group = len(segments) > 3 and bool(subscription) and lowered[2] == "resourcegroups"  # noqa: PLR2004
    group = segments[3] if in_group else ""
    if _PROVIDERS not in lowered:
        return _container(segments, subscription, group)
    # The last `providers` wins: in front of it stands the scope of an extension resource.
    at = len(lowered) - 1 - lowered[::-1].index(_PROVIDERS)
    tail = segments[at + 1 :]
    if len(tail) < 3 or len(tail) % 2 == 0:  # noqa: PLR2004
        return None
    scope = "/" + "/".join(segments[:at]) if at else ""
    text = "/" + "/".join(segments)
    names = tuple(tail[2::2])
    parent = scope if len(names) == 1 else text.rsplit("/", 2)[0]
    kind = "/".join([tail[0], *tail[1::2]])
    return ResourceId(text, text.lower(), kind, names[-1], names, subscription, group, parent.lower(), scope)


def _container(segments: list[str], subscription: str, group: str) -> ResourceId | None:
    text = "/" + "/".join(segments)
    key = text.lower()
    if group and len(segments) == 4:  # noqa: PLR2004
        scope = "/" + "/".join(segments[:2])
        return ResourceId(text, key, RESOURCE_GROUPS, group, (group,), subscription, group, scope.lower(), scope)
    if subscription and len(segments) == 2:  # noqa: PLR2004
        return ResourceId(text, key, SUBSCRIPTIONS, segments[1], (segments[1],), subscription, "", "", "")
    return None


def type_of_path(segments: Sequence[str]) -> str:
    """The type that a path speaks of, whether it is a resource, a collection, a view or an action.

    What has no provider in it, and the registration of one, is Resource Manager's own.

    >>> type_of_path(split("/subscriptions/s/resourceGroups/g/providers/N.N/as/a/bs"))
    'N.N/as/bs'
    >>> type_of_path(split("/subscriptions/s/providers/N.N/register"))
    'Microsoft.Resources/providers'
    """
    lowered = [segment.lower() for segment in segments]
    if _PROVIDERS not in lowered:
        return SUBSCRIPTIONS
    at = len(lowered) - 1 - lowered[::-1].index(_PROVIDERS)
    tail = segments[at + 1 :]
    if len(tail) < 2 or tail[1].lower() in {"register", "unregister"}:  # noqa: PLR2004 - a namespace alone
        return "Microsoft.Resources/providers"
    return "/".join([tail[0], *tail[1::2]])


def require(text: str) -> ResourceId:
    """Read an id that the caller knows to be one.

    Raises:
        ValueError: `text` is not the id of one resource.
    """
    found = parse(text)
    if found is None:
        raise ValueError(f"{text!r} is not the id of one Azure resource")
    return found


def same(left: object, right: object) -> bool:
    """Whether two texts name the same resource."""
    return (
        isinstance(left, str) and isinstance(right, str) and left.rstrip("/").lower() == right.rstrip("/").lower()
    )


@lru_cache(maxsize=65536)
def ancestors(key: str) -> tuple[str, ...]:
    """A lower-case id and every id above it, nearest first, down to the subscription.

    >>> ancestors("/subscriptions/s/resourcegroups/g/providers/n/t/a/c/b")[1:3]
    ('/subscriptions/s/resourcegroups/g/providers/n/t/a', '/subscriptions/s/resourcegroups/g')
    """
    found = []
    current = parse(key)
    while current is not None:
        found.append(current.key)
        current = parse(current.parent) if current.parent else None
    return tuple(found)
