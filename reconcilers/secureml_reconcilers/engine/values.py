"""What a fragment may say beyond plain values: entries of a list, one of several values, a word, no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Fragment = dict[str, Any]
"""The properties we own of one resource: nested dictionaries with plain values or the classes below."""


@dataclass(frozen=True, slots=True)
class Entries:
    """These entries are in that list; everybody else's entries stay.

    Two entries are the same when the value at `by` is equal without regard to case.
    """

    by: str
    """Path of the identifying value inside an entry, such as `id` or `properties.privateDnsZoneId`; empty where
    the entries are texts."""

    items: tuple[Mapping[str, Any] | str, ...]

    dropped: tuple[str, ...] = ()
    """Identities of entries that we added once and that must go again."""

    lasting: bool = False
    """What we add stays: others may lean on it by the time that the spec drops it, and nobody can tell."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these values; the first is written when none of them is there."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CsvMember:
    """This word is in a comma-separated list of words, such as a storage firewall's `bypass`."""

    word: str


@dataclass(frozen=True, slots=True)
class Unordered:
    """These values in any order, and no others: ports, address prefixes."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """This key is not there: left out where the whole resource is written, null in a merge patch."""


Path = tuple[str, ...]
"""Keys from the outside in; a key may hold dots (`relayserver.enabled`)."""


def get_path(body: Mapping[str, Any] | None, path: str | Path) -> Any:  # noqa: ANN401 - JSON
    """The value at a path, or None when any step of it is missing; a text is taken apart at its dots."""
    value: Any = body
    for step in path.split(".") if isinstance(path, str) else path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def outline(body: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The id of a body and its values at these dotted paths, in their places."""
    found: dict[str, Any] = {"id": body.get("id")}
    for path in paths:
        value = get_path(body, path)
        if value is not None:
            *steps, last = path.split(".")
            inside = found
            for step in steps:
                inside = inside.setdefault(step, {})
            inside[last] = value
    return found


def identity(entry: Any, by: str) -> Any:  # noqa: ANN401 - JSON
    """What an entry of a list is known by: the value at a path in it, or the entry itself where that is empty."""
    return get_path(entry, by) if by and isinstance(entry, dict) else None if by else entry
