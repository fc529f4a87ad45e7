"""Taking away what we made, and only that; nothing is ever opened again.

Two proofs for each removal: it stands in the inventory, and it carries the operator's tag. Zones and their links
are shared, and there the tag alone is proof once no record is left. Of everything else in the inventory it is said
why it is kept, so that nobody comes upon it in Azure by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.catalogue import CATALOGUE, type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Block, Blocks, Check, CheckLevel, Ensure, EnsureAbsent
from secureml_reconcilers.engine.ownership_tags import MANAGED_BY, OPERATOR, USER, is_marked, user_tag, users
from secureml_reconcilers.engine.values import Missing
from secureml_reconcilers.isolation.body_values import count_in, endpoints_listed, parsed_id, text_in
from secureml_reconcilers.isolation.endpoint_connections import groups_behind
from secureml_reconcilers.isolation.roles import ASSIGNMENTS, is_made_by_us
from secureml_reconcilers.isolation.zones import has_no_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.view import View

_ENDPOINTS: Final = "microsoft.network/privateendpoints"
_GROUPS: Final = f"{_ENDPOINTS}/privatednszonegroups"
_ASSIGNMENTS: Final = ASSIGNMENTS.lower()
_ZONES: Final = "microsoft.network/privatednszones"
_LINKS: Final = "virtualNetworkLinks"

_LAST: Final = 1_000
"""A rank above all others: what removal does not know is spoken of at the end."""


@dataclass(frozen=True)
class Removal:
    """What is to go, and for whom."""

    owner: str
    """The custom resource that made or used it, as `cluster/namespace/name`."""

    entries: tuple[str, ...]
    """The ids that are to go, as the inventory holds them."""

    reason: str
    """Why endpoints go, in words for plan and event; what hangs on them goes because of that."""

    zone_names: Mapping[str, tuple[str, ...]]
    """In which zones the names of each private link group live."""

    after: tuple[Block, ...] = ()
    """What must hold before anything goes."""

    adopted: frozenset[str] = frozenset()
    """Keys of what others made and the spec handed over: it stays, without our name on it."""

    in_use: frozenset[ResourceId] = frozenset()
    """What is still declared, and stays though all that is listed below it goes."""

    @cached_property
    def targets(self) -> tuple[ResourceId, ...]:
        """What is to go, each once, from the lowest rank of the catalogue to the highest."""
        found = dict.fromkeys(target for text in self.entries if (target := parsed_id(text)) is not None)
        return tuple(sorted(found, key=_rank))

    @cached_property
    def children(self) -> Mapping[ResourceId, tuple[ResourceId, ...]]:
        """What is to go and can be looked at, by the resource that it belongs to."""
        found: dict[ResourceId, tuple[ResourceId, ...]] = {}
        for target in self.targets:
            if target.parent is not None and target.type in CATALOGUE:
                found[target.parent] = (*found.get(target.parent, ()), target)
        return found

    @cached_property
    def zones(self) -> tuple[ResourceId, ...]:
        """The zones that are to go, or that links to go belong to."""
        named = (target if target.type == _ZONES else target.parent for target in self.targets if _is_name(target))
        return tuple(dict.fromkeys(zone for zone in named if zone is not None))


def endpoints_removed(removal: Removal, azure: View) -> Blocks:
    """Endpoints that nobody else uses: zone groups first, for they take their records along.

    On one that another custom resource uses, only our name is taken off: whoever goes last removes it.
    """
    for text in removal.entries:
        if parsed_id(text) is None:
            yield iter((_kept(None, text, "it is no ARM id, so it cannot be looked at"),))
    for target in removal.targets:
        if not _is_name(target):
            yield _removed(removal, target, azure)


def names_removed(removal: Removal, azure: View) -> Blocks:
    """Links and zones that nobody else uses, once our endpoints are gone.

    A zone is shared by every workspace in the network: as long as it holds a record of anybody, it stays,
    and so does the link through which the network sees it (DNS-09).
    """
    names = [target for target in removal.targets if _is_name(target)]
    endpoints = [target for target in removal.targets if target.type in {_ENDPOINTS, _GROUPS}]
    azure.ask(*endpoints)
    if any(_goes(removal, target, azure) for target in endpoints):
        # Not looked at before: how many records a zone holds is another thing once ours are gone.
        yield iter([_waits_for_endpoints(target) for target in names])
        return
    parents = dict.fromkeys(name.parent for name in names if name.parent is not None)
    azure.ask(*(name for name in names if name.type in CATALOGUE), *parents)
    for target in names:
        yield _removed(removal, target, azure)
    for zone in parents:
        if zone not in names and zone not in removal.in_use and _goes(removal, zone, azure):
            # One that was made for another custom resource goes with the last link, whosever that is.
            yield _leaving_with_all(removal, zone, azure)


def _removed(removal: Removal, target: ResourceId, azure: View) -> Iterator[Block]:
    """What becomes of one entry of the inventory: it goes, our name is taken off it, or it is kept and said so."""
    if target.type not in CATALOGUE:
        yield _kept(target, target.short, "this version of the operator does not know its type")
        return
    body = azure.get(target)
    if body is None:
        yield EnsureAbsent(target, "it is gone, or was never made")
        return
    others = sorted(users(body) - {removal.owner})
    adopted = target.key in removal.adopted and not is_marked(body)
    if removal.owner in users(body) and ((others and is_marked(body)) or adopted):
        used = f"{_used_by(others)} it" if others else "it is not the operator's, and is used no more"
        yield Ensure(target, {"tags": {user_tag(removal.owner): Missing()}}, used, after=removal.after)
        return
    why = _why_kept(removal, target, body, azure)
    if why:
        yield _kept(target, target.short, why)
    else:
        yield from _leaving_with_all(removal, target, azure)


def _leaving_with_all(removal: Removal, target: ResourceId, azure: View) -> Iterator[EnsureAbsent]:
    """The removal of something, and of what must go before it and does not stand in the inventory."""
    leaving = _leaving(removal, target, azure)
    first = (gate for gate in leaving.after if isinstance(gate, EnsureAbsent))
    yield from (gate for gate in first if gate.id not in removal.targets)
    yield leaving


def _leaving(removal: Removal, target: ResourceId, azure: View) -> EnsureAbsent:
    """The removal of something, after that of what belongs to it."""
    children = _below(removal, target, azure)
    azure.ask(*children)
    # What is gone stays among them, so that the inventory knows it for ours until this is gone as well.
    first = tuple(
        _leaving(removal, child, azure)
        for child in children
        if azure.get(child) is None or _goes(removal, child, azure)
    )
    return EnsureAbsent(
        target,
        _REASONS.get(target.type, removal.reason),
        after=(*removal.after, *first),
        shared=_is_name(target),
        # Zone groups carry no tag, and links no users: who needs their records, endpoint and zone tell.
        evidence=(target.parent,) if target.parent is not None else (),
        # Records go with them: how many a zone holds is counted anew.
        invalidates=() if _is_name(target) else removal.zones,
    )


def _below(removal: Removal, target: ResourceId, azure: View) -> tuple[ResourceId, ...]:
    """What goes before something: what is to go of all that belongs to it, and every link of ours to a zone.

    Whoever used a link alone leaves it, as long as the zone holds records of others: the last one takes it along.
    """
    listed = removal.children.get(target, ())
    if target.type != _ZONES:
        return listed
    shown = [link for link in azure.children(target, _LINKS) if is_marked(link)]
    ours = [link for body in shown if (link := parsed_id(body.get("id"))) is not None]
    return tuple(dict.fromkeys((*listed, *ours)))


def _goes(removal: Removal, target: ResourceId, azure: View) -> bool:
    """Whether something exists, is ours, and nobody else needs it."""
    body = azure.get(target)
    return body is not None and not _why_kept(removal, target, body, azure)


def _why_kept(removal: Removal, target: ResourceId, body: Body, azure: View) -> str:
    """Why something stays, as a clause for people; empty for what may go."""
    return _never_goes(target, body) or _RULES[target.type](removal, target, body, azure)


def _never_goes(target: ResourceId, body: Body) -> str:
    """Why something stays, whoever uses it: its type, or that the second proof is lost.

    Types without tags go by the tag of their parent.
    """
    if target.type not in _RULES:
        return "the operator removes nothing of its type"
    if not type_info(target).tags or is_marked(body):
        return ""
    return f"it no longer carries the operator's tag {MANAGED_BY}={OPERATOR}, so somebody else may have made it"


def _assignment_is_of_others(_removal: Removal, _target: ResourceId, body: Body, _azure: View) -> str:
    """A role assignment carries no tag: its name, derived from what it says, is the second proof (OPS-07)."""
    return "" if is_made_by_us(body) else "its name does not tell that the operator made it"


def _endpoint_is_used(removal: Removal, _target: ResourceId, body: Body, _azure: View) -> str:
    others = sorted(users(body) - {removal.owner})
    return f"{_used_by(others)} it" if others else ""


def _endpoint_stays(removal: Removal, target: ResourceId, _body: Body, azure: View) -> str:
    """A zone group goes with its endpoint and never before: whoever uses that needs the names.

    One that adoption gave to an endpoint of others goes alone: the endpoint had no names before.
    """
    parent = target.parent
    if parent is None or parent not in removal.targets:
        return "its endpoint stays, for it is in use or nothing that was made for this resource"
    endpoint = azure.get(parent)
    if endpoint is not None and parent.key in removal.adopted and not is_marked(endpoint):
        if target.key in removal.adopted:
            return "it was there before its endpoint was adopted"
        return _endpoint_is_used(removal, parent, endpoint, azure)
    why = _why_kept(removal, parent, endpoint, azure) if endpoint is not None else ""
    return f"its endpoint stays: {why}" if why else ""


def _link_is_needed(removal: Removal, target: ResourceId, body: Body, azure: View) -> str:
    """As long as anybody's record is in a zone, networks resolve it through their links (DNS-09).

    One without records may get some any moment, or somebody has taken them out: the endpoints tell.
    """
    zone = azure.get(target.parent) if target.parent is not None else None
    if target.parent is None or zone is None:
        return ""
    if not has_no_record(zone):
        return _records(zone)
    return _names_are_in_use(removal, target.parent, azure) or _network_needs_it(removal, target, body, azure)


def _network_needs_it(removal: Removal, link: ResourceId, body: Body, azure: View) -> str:
    """Whether an endpoint of ours whose names belong in the zone stays in the network that a link leads to.

    Where that cannot be told, a link that only others made or used stays.
    """
    network = parsed_id(text_in(body, "properties.virtualNetwork.id"))
    if network is None or link.parent is None:
        return "it does not say to which network it leads"
    try:
        others = [each for each in endpoints_listed(azure.get(network)) if each not in removal.targets]
        azure.ask(*others)
        needs = [each for each in others if _writes_into(removal, azure.get(each), link.parent)]
    except AzureProblem:
        return "" if link in removal.targets else f"whether endpoints in {network.name} need it cannot be told"
    return f"{needs[0].short} is in {network.name}, and its names belong in the zone" if needs else ""


def _writes_into(removal: Removal, endpoint: Body | None, zone: ResourceId) -> bool:
    """Whether an endpoint is ours, and its names live in a zone of this name."""
    names = {name for group in groups_behind(endpoint) for name in removal.zone_names.get(group, ())}
    return is_marked(endpoint) and zone.name.lower() in names


def _names_are_in_use(removal: Removal, zone: ResourceId, azure: View) -> str:
    """Whether others use an endpoint of ours whose names belong in a zone, though somebody has taken them out."""
    for target in removal.targets:
        body = azure.get(target) if target.type == _ENDPOINTS else None
        others = sorted(users(body) - {removal.owner})
        if others and _writes_into(removal, body, zone):
            return f"{_used_by(others)} {target.short}, whose names belong in the zone"
    return ""


def _zone_is_used(removal: Removal, target: ResourceId, body: Body, azure: View) -> str:
    """One that holds records stays, and so does one with another link: Azure would refuse to delete it, for ever.

    Links are listed, not counted, and one of ours that is gone is none though the list still shows it: both were
    read before it went.
    """
    if not has_no_record(body):
        return _records(body)
    in_use = _names_are_in_use(removal, target, azure)
    if in_use:
        return in_use
    links = _below(removal, target, azure)
    azure.ask(*links)
    ours = [link for link in links if azure.get(link) is None or _goes(removal, link, azure)]
    shown = (parsed_id(link.get("id")) for link in azure.children(target, _LINKS))
    left = [link.name if link is not None else "one that is not shown" for link in shown if link not in ours]
    return f"it has links of others ({', '.join(left)})" if left else ""


_RULES: Final[Mapping[str, Callable[[Removal, ResourceId, Body, View], str]]] = {
    _ASSIGNMENTS: _assignment_is_of_others,
    _GROUPS: _endpoint_stays,
    _ENDPOINTS: _endpoint_is_used,
    f"{_ZONES}/virtualnetworklinks": _link_is_needed,
    _ZONES: _zone_is_used,
}
"""Why a type that the operator removes may have to stay, besides having lost its tag."""

_REASONS: Final = {
    _ASSIGNMENTS: "the role was assigned for this resource",
    _GROUPS: "its endpoint is removed, or is adopted no more",
    f"{_ZONES}/virtualnetworklinks": "no record of the zone is left",
    _ZONES: "no record and no link of it is left",
}
"""Why something goes that hangs on something else, in words for plan and event."""


def _records(zone: Body) -> str:
    number = count_in(zone, "properties.numberOfRecordSets")
    if number is None:
        return "its zone does not say how many records it holds"
    others = f"{number - 1} record set{'' if number == 2 else 's'}"  # noqa: PLR2004 - one is the zone's own
    return f"the zone holds {others} besides its own, which others may need"


def _kept(target: ResourceId | None, shown: str, why: str) -> Check:
    """Something that stays behind is told of, with the reason, and once."""
    return Check(
        f"{shown} is removed",
        holds=False,
        reason=reasons.KEPT,
        message=f"{shown} is kept: {why}.",
        advice="Delete it yourself once nobody needs it (az resource delete --ids <id>), or leave it. Who uses an"
        f" endpoint is told by its tags {USER}…: take off that of a resource that is gone (az tag update).",
        about=target,
        level=CheckLevel.ADVISORY,
    )


def _waits_for_endpoints(target: ResourceId) -> Check:
    return Check(
        f"{target.short} is no longer needed by our endpoints",
        holds=False,
        reason=reasons.WAITING,
        message=f"{target.short} is looked at once our endpoints are gone, and their records with them.",
        about=target,
        level=CheckLevel.WAITING,
    )


def _is_name(target: ResourceId) -> bool:
    """Whether it belongs to private DNS: zones, and what is in them."""
    return target.type.startswith(_ZONES)


def _rank(target: ResourceId) -> int:
    known = CATALOGUE.get(target.type)
    return _LAST if known is None or known.removal_rank is None else known.removal_rank


def _used_by(names: list[str]) -> str:
    """Tags are all that tells: a custom resource that went with Retain left them there."""
    return f"its tags tell that {' and '.join(names)} {'use' if names[1:] else 'uses'}"
