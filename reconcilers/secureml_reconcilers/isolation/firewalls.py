"""What storage accounts, vaults and registries have in common: closed once every private way in works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.engine.values import AnyOf, Entries
from secureml_reconcilers.engine.view import View, once_each
from secureml_reconcilers.isolation.dns import names_of
from secureml_reconcilers.isolation.endpoints import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.isolation.site import Site, Way

CLOSED: Final = AnyOf(("Disabled", "SecuredByPerimeter"))
"""Public access is off; a network security perimeter is stricter still and is left as it is."""


@once_each
def private_ways(site: Site, azure: View, ways: tuple[Way, ...]) -> Iterator[Block]:
    """Everything that must hold before a service may be closed: approved endpoints, links, records (OPS-08)."""
    for way in ways:
        yield from endpoint(site, azure, way)
        yield from names_of(site, azure, way)


def public_access(ranges: tuple[str, ...]) -> AnyOf:
    """Off; on (and denied to everybody else) only where the spec lets address ranges in."""
    return AnyOf(("Enabled", "SecuredByPerimeter")) if ranges else CLOSED


def address_rules(ranges: tuple[str, ...], **extra: str) -> dict[str, Any]:
    """The firewall's address list with our ranges in it; nothing when there are none."""
    if not ranges:
        return {}
    return {"ipRules": Entries("value", tuple({"value": text, **extra} for text in ranges))}
