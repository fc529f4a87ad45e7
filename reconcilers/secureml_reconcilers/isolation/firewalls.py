"""What storage accounts, vaults and registries have in common: closed once every private way in works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.engine.values import AnyOf, Entries, get_path
from secureml_reconcilers.engine.view import View, once_each
from secureml_reconcilers.isolation.dns import names_of
from secureml_reconcilers.isolation.endpoints import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.values import Fragment
    from secureml_reconcilers.isolation.site import Site, Way

CLOSED: Final = AnyOf(("Disabled", "SecuredByPerimeter"))
"""Public access is off; a network security perimeter is stricter still and is left as it is."""


@once_each
def private_ways(site: Site, azure: View, ways: tuple[Way, ...]) -> Iterator[Block]:
    """Everything that must hold before a service may be closed: approved endpoints, links, records (OPS-08)."""
    for way in ways:
        yield from endpoint(site, azure, way)
        yield from names_of(site, azure, way)


def public_access(ranges: tuple[str, ...]) -> Fragment:
    """Off; left as it is where the spec lets address ranges in, for we open nothing."""
    return {} if ranges else {"publicNetworkAccess": CLOSED}


def must_answer(service: str, ranges: tuple[str, ...]) -> str:
    """Why a firewall is written, whichever part of it differs."""
    who = "only to the network and to addresses of the spec" if ranges else "inside the network only"
    return f"the {service} must answer {who}"


def reached_by(target: ResourceId, body: Body, ranges: tuple[str, ...], field: str) -> Iterator[Check]:
    """Address rules have no effect where public access is off, and only a person switches that on."""
    if not ranges:
        return
    shown = str(get_path(body, "properties.publicNetworkAccess") or "Enabled")
    yield Check(
        f"{target.short} answers the addresses of {field}",
        shown.lower() != "disabled",
        "PublicAccessOff",
        f"Public access to {target.short} is off, so {field} has no effect.",
        "Switch it on yourself (everybody else is denied, and the operator never opens anything), or remove the"
        " ranges.",
        about=target,
    )


def address_rules(ranges: tuple[str, ...], **extra: str) -> dict[str, Any]:
    """The firewall's address list with our ranges in it; nothing when there are none."""
    if not ranges:
        return {}
    return {"ipRules": Entries("value", tuple({"value": text, **extra} for text in ranges))}
