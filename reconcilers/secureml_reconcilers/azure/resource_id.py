"""ARM resource ids: parsed once, compared without regard to case, printed as they came."""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import Final

_PROVIDERS: Final = "providers"


class ResourceId:
    """The id of one ARM resource, a resource group or a subscription.

    Two ids are equal when they differ only in letter case, because Azure changes the casing of groups,
    namespaces and types between answers (wire-examples.md section 0).
    """

    # Tens of thousands of them are alive at 500 custom resources: each keeps two texts and computes the rest.
    __slots__ = ("_namespace_at", "key", "text", "type")

    def __init__(self, text: str) -> None:
        """Parse an id.

        Args:
            text: an id such as `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v`.

        Raises:
            ValueError: when the text is no ARM id; the message says what is wrong with it.
        """
        parts = [part for part in text.split("/") if part]
        if len(parts) < 2 or parts[0].lower() != "subscriptions":  # noqa: PLR2004 - a name and a value
            raise ValueError(f"{text!r} is no ARM id: it must begin with /subscriptions/<id>")
        self._namespace_at: Final = _namespace_at(text, parts)
        plain = "/" + "/".join(parts)
        self.text: Final = text if text == plain else plain
        lowered = plain.lower()
        self.key: Final = self.text if lowered == plain else lowered
        self.type: Final = intern("/".join(self._types).lower())
        """The full type in lower case, such as `microsoft.network/virtualnetworks/subnets`."""

    @property
    def _parts(self) -> list[str]:
        return self.text[1:].split("/")

    @property
    def _types(self) -> list[str]:
        """The namespace and the type names below it, as written."""
        at, parts = self._namespace_at, self._parts
        if not at:
            return ["Microsoft.Resources", "subscriptions" if len(parts) == 2 else "resourceGroups"]  # noqa: PLR2004
        return [parts[at], *parts[at + 1 :: 2]]

    @property
    def name(self) -> str:
        """The last name in the id."""
        return self.text.rpartition("/")[2]

    @property
    def names(self) -> tuple[str, ...]:
        """The names along the type path: virtual network and subnet, say."""
        at, parts = self._namespace_at, self._parts
        return tuple(parts[at + 2 :: 2]) if at else (parts[-1],)

    @property
    def subscription(self) -> str:
        """The subscription's GUID, as written."""
        return self._parts[1]

    @property
    def resource_group(self) -> str:
        """The resource group's name, or an empty string for a subscription-level id."""
        parts = self._parts
        return parts[3] if len(parts) > 3 and parts[2].lower() == "resourcegroups" else ""  # noqa: PLR2004

    @property
    def group(self) -> ResourceId:
        """The id of the resource group that holds this resource."""
        return resource_id("/" + "/".join(self._parts[:4]))

    @property
    def parent(self) -> ResourceId | None:
        """The resource this one is a child of; None for a top-level resource or a scope."""
        return _parent(self.text)

    @property
    def collection_key(self) -> str:
        """The key of the collection that lists it: its id without its name."""
        return self.key.rpartition("/")[0]

    def child(self, type_name: str, name: str) -> ResourceId:
        """The id of a child resource, such as `vnet.child("subnets", "endpoints")`."""
        return resource_id(f"{self.text}/{type_name}/{name}")

    def resource(self, full_type: str, name: str) -> ResourceId:
        """The id of a top-level resource below this scope, usually a resource group."""
        return resource_id(f"{self.text}/{_PROVIDERS}/{full_type}/{name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"ResourceId({self.text!r})"

    @property
    def in_group(self) -> str:
        """Name and resource group for messages: `hub in network`, where one name may stand in several groups."""
        return f"{self.name} in {self.resource_group}"

    @property
    def short(self) -> str:
        """Type and name for messages: `privateEndpoints/fraud-blob`, with the parents' names of a child."""
        return _short(self.text)


@lru_cache(maxsize=65536)
def resource_id(text: str) -> ResourceId:
    """Parse an id, remembering the result: compositions name the same ids on every pass.

    Raises:
        ValueError: when the text is no ARM id.
    """
    return ResourceId(text)


@lru_cache(maxsize=65536)
def _parent(text: str) -> ResourceId | None:
    found = resource_id(text)
    if not found._namespace_at or found.type.count("/") < 2:  # noqa: PLR2004, SLF001 - namespace/type/type
        return None
    return resource_id(text.rsplit("/", 2)[0])


@lru_cache(maxsize=65536)
def _short(text: str) -> str:
    found = resource_id(text)
    return "/".join(f"{kind}/{name}" for kind, name in zip(found._types[1:], found.names, strict=True))  # noqa: SLF001


def _namespace_at(text: str, parts: list[str]) -> int:
    """Where the provider's namespace stands; the last `providers` wins, so extension resources parse too.

    Returns:
        The place among the parts, or 0 for a subscription or a resource group.

    Raises:
        ValueError: when no namespace, or no pairs of type and name, come after it.
    """
    lowered = [part.lower() for part in parts]
    if _PROVIDERS not in lowered:
        return 0
    at = len(lowered) - lowered[::-1].index(_PROVIDERS)
    beyond = len(parts) - at
    if beyond < 3 or beyond % 2 == 0:  # noqa: PLR2004 - namespace, then type and name in pairs
        raise ValueError(f"{text!r} is no ARM id: after the last 'providers' come a namespace and type/name pairs")
    return at
