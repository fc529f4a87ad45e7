"""Taking away what we made, and only that; nothing is ever opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.blocks import Block, Blocks, Ensure, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import is_marked, user_tag, users
from secureml_reconcilers.engine.values import Missing, get_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secureml_reconcilers.engine.view import View

_ENDPOINTS = "microsoft.network/privateendpoints"
_ZONES = "microsoft.network/privatednszones"


def endpoints_removed(owner: str, inventory: tuple[str, ...], azure: View) -> Blocks:
    """Endpoints that nobody else uses: zone groups first, for they take their records along.

    On one that another custom resource uses, only our name is taken off: whoever goes last removes it.
    """
    for target in _of_type(inventory, _ENDPOINTS):
        yield _endpoint(owner, target, inventory, azure)


def names_removed(owner: str, inventory: tuple[str, ...], azure: View) -> Blocks:
    """Links and zones that nobody else uses, once our endpoints are gone.

    A zone is shared by every workspace in the network: as long as it holds a record of anybody, it stays,
    and so does the link through which the network sees it (DNS-09).
    """
    endpoints = _of_type(inventory, _ENDPOINTS)
    azure.ask(*endpoints)
    bodies = [azure.get(target) or {} for target in endpoints]
    if any(is_marked(body) and users(body) <= {owner} for body in bodies):
        return
    links = _of_type(inventory, f"{_ZONES}/virtualnetworklinks")
    for zone in dict.fromkeys([*_of_type(inventory, _ZONES), *(link.parent for link in links if link.parent)]):
        yield _zone(zone, [link for link in links if link.parent == zone], azure)


def _endpoint(owner: str, target: ResourceId, inventory: tuple[str, ...], azure: View) -> Iterator[Block]:
    body = azure.get(target) or {}
    ours = is_marked(body)
    others = sorted(users(body) - {owner})
    if ours and others:
        reason = f"{' and '.join(others)} {'use' if others[1:] else 'uses'} it"
        yield Ensure(target, {"tags": {user_tag(owner): Missing()}}, reason)
        return
    groups = tuple(
        # Zone groups carry no mark: whose one is, and who needs its records, the endpoint tells.
        EnsureAbsent(
            group, "its endpoint is removed", evidence=(target,), invalidates=tuple(_of_type(inventory, _ZONES))
        )
        for group in _of_type(inventory, f"{_ENDPOINTS}/privatednszonegroups")
        if group.parent == target and ours
    )
    yield from groups
    yield EnsureAbsent(target, "the SecureWorkspace was deleted with deletionPolicy Delete", after=groups)


def _zone(zone: ResourceId, links: list[ResourceId], azure: View) -> Iterator[Block]:
    body = azure.get(zone)
    if body is None:
        return
    # One record set is the zone's own (start of authority); a zone that does not tell its number stays.
    if get_path(body, "properties.numberOfRecordSets") != 1:
        return
    gone = tuple(EnsureAbsent(link, "no record of the zone is left", evidence=(zone,)) for link in links)
    yield from gone
    # Not by their number, which counts those of ours that went since it was read.
    left = [resource_id(each["id"]) for each in azure.children(zone, "virtualNetworkLinks")]
    if all(link in links for link in left):
        yield EnsureAbsent(zone, "no record and no link of it is left", after=gone, shared=True)


def _of_type(inventory: tuple[str, ...], kind: str) -> list[ResourceId]:
    return [target for target in map(resource_id, inventory) if target.type == kind]
