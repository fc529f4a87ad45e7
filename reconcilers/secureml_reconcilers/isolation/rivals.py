"""Several endpoints of ours for one way: two processes share no claims, and a restart forgets them (DNS-09).

Which of them is used is told by what Azure shows alone, so that all processes say the same and come to rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Block, Check, CheckLevel, Ensure
from secureml_reconcilers.isolation.body_values import parsed_id, state_of
from secureml_reconcilers.isolation.records import addresses_of, records_written_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.values import Fragment
    from secureml_reconcilers.engine.view import View

_GROUPS: Final = "privateDnsZoneGroups"
_OUR_GROUP: Final = "default"


def our_group(endpoint: ResourceId) -> ResourceId:
    """The zone group that we give an endpoint; the portal's has this name, too."""
    return endpoint.child(_GROUPS, _OUR_GROUP)


def preferred(azure: View, ours: Iterable[ResourceId]) -> ResourceId:
    """The one that is used: one that names lead to, else one with a zone group, else the lowest id.

    None of that goes to and fro. Without a group, the lowest id gets one, unless it failed; whoever has a group
    alone keeps it. Where two have one, the names lead to whoever wrote last, once both are done, and nobody takes
    either away or writes into the other.
    """
    every = sorted(ours, key=lambda each: (_has_failed(azure, each), each.key))
    named = writing_names(azure, every)
    standing = {each: _names_leading_to(azure, each) for each in named} if named[1:] else {}
    return max(named or every[:1], key=lambda each: standing.get(each, 0))


def writing_names(azure: View, ours: Iterable[ResourceId]) -> list[ResourceId]:
    """Those that have a zone group, whoever gave it to them."""
    return [each for each in ours if _groups_of(azure, each)]


def also_named(azure: View, used: ResourceId, ours: Iterable[ResourceId], in_use: Fragment) -> Iterator[Block]:
    """Other endpoints of ours that wrote the names of the one in use, which may go with either zone group.

    All who use the way use them too, so that nobody is cut off: whoever goes last removes them.
    """
    for each in writing_names(azure, ours):
        if each != used:
            yield Ensure(each, in_use, "it wrote the names of an endpoint in use, too", ("DNS-09",))
            yield Check(
                f"{each.short} alone writes its names",
                holds=False,
                reason=reasons.KEPT,
                message=f"{each.short} in {each.resource_group} leads where {used.short} in {used.resource_group}"
                " leads, and both have written the same names: Azure may take the names away with either.",
                advice="Leave it until the last resource that uses them is deleted, or delete it while nobody is"
                " at work: names that go with it are written again.",
                rules=("DNS-09",),
                about=each,
                level=CheckLevel.ADVISORY,
            )


def _names_leading_to(azure: View, endpoint: ResourceId) -> int:
    """How many of the records that an endpoint's zone groups say they wrote lead where they say."""
    written = [record for group in _groups_of(azure, endpoint) for record in records_written_by(group)]
    told = {record.id: record.addresses for record in written if record.id is not None and record.complete}
    azure.ask(*told)
    return sum(addresses_of(azure, record) == addresses for record, addresses in told.items())


def _groups_of(azure: View, endpoint: ResourceId) -> list[Body]:
    """The zone groups of an endpoint. Ours is looked at itself: a list from before we made it does not show it."""
    ours = our_group(endpoint)
    listed = [body for body in azure.children(endpoint, _GROUPS) if parsed_id(body.get("id")) != ours]
    shown = azure.get(ours)
    return [*listed, shown] if shown is not None else listed


def _has_failed(azure: View, endpoint: ResourceId) -> bool:
    body: Body = azure.get(endpoint) or {}
    return state_of(body) in {"failed", "canceled"}
