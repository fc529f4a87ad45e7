"""Private names, whoever keeps them: every service's name leads to its private address (DNS-01 to DNS-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.isolation.manual_dns import records_to_make
from secureml_reconcilers.isolation.site import Site, Way, ways
from secureml_reconcilers.isolation.zone_groups import zone_group
from secureml_reconcilers.isolation.zones import zone_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.engine.blocks import Block, Blocks
    from secureml_reconcilers.engine.view import View


def names_resolve(site: Site, azure: View) -> Blocks:
    """Inside the network every service's name leads to its private address (DNS-03)."""
    if site.spec.dns.mode == "None":
        for way in ways(site, azure):
            yield records_to_make(site, azure, way)
        return
    for name in _zone_names(site, azure):
        yield zone_blocks(site, azure, name)
    for way in ways(site, azure):
        yield zone_group(site, azure, way)


def names_of(site: Site, azure: View, way: Way) -> Iterator[Block]:
    """What it takes until one way's names resolve; where DNS is somebody else's job, that they say so."""
    if site.spec.dns.mode == "None":
        yield from records_to_make(site, azure, way)
        return
    for name in site.zones(way):
        yield from zone_blocks(site, azure, name)
    yield from zone_group(site, azure, way)


def _zone_names(site: Site, azure: View) -> list[str]:
    """Every zone once, in the order in which the ways ask for it."""
    return list(dict.fromkeys(name for way in ways(site, azure) for name in site.zones(way)))
