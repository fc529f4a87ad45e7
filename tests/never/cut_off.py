"""Never cut off: what the operator writes takes no declared network the last way to a service.

After every change of the stand-in's store that the operator made, or that an operation of its ended in, the
stand-in's resolver is asked about everything that somebody is to reach: did it work before, and does it still?
What a person does is not judged; it is looked at to know what worked before the operator's next write.

* A service that a resource declares is asked from the networks that this resource declares, by the groups that it
  declares. Every other service is asked by all of its groups, from every network that anybody has declared: names
  that turn private concern it as well.
* What does not work between two steps of one operation, or of operations that end in the same moment, is no
  answer that anybody got.
* A service that somebody opened is closed again by the ways that its clients had when it was closed; who came to
  it only because it was open has lost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.never import declared
from tests.never.declared import Asked

from arm_emulator.resolver import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from arm_emulator.changes import Change
    from arm_emulator.hooks import Context
    from arm_emulator.model import Resource

NETWORK: Final = "microsoft.network/"
MATTERS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        declared.SERVICES,
        ("properties.publicNetworkAccess", "properties.networkAcls", "properties.networkRuleSet",
         "properties.ipAllowlist", "properties.dataEndpointEnabled"),
    ),
    **{f"{each}/privateendpointconnections": ("properties.privateLinkServiceConnectionState",)
       for each in declared.SERVICES},
    f"{NETWORK}privateendpoints": (),
    f"{NETWORK}networkinterfaces": ("properties.ipConfigurations",),
    f"{NETWORK}virtualnetworks": ("properties.dhcpOptions", "properties.addressSpace"),
    f"{NETWORK}virtualnetworks/subnets": ("properties.serviceEndpoints",),
    f"{NETWORK}virtualnetworks/virtualnetworkpeerings": ("properties.",),
    f"{NETWORK}privatednszones": (),
    f"{NETWORK}privatednszones/virtualnetworklinks": ("properties.virtualNetworkLinkState",
                                                      "properties.resolutionPolicy"),
    f"{NETWORK}privatednszones/a": ("properties.",),
    f"{NETWORK}privatednszones/cname": ("properties.",),
}  # fmt: skip
"""By type, the properties on which it depends who reaches what; that one comes or goes always counts."""

CONNECTIONS: Final = "/privateendpointconnections"
GAP: Final = 300.0
"""Seconds from the approval of an endpoint to its records. Azure has no way to make both at once: a network whose
link, of somebody else, does not fall back has no answer meanwhile, which is told before."""

_ALWAYS_MADE_FIRST: Final = (f"{NETWORK}privateendpoints", f"{NETWORK}networkinterfaces")
"""Nothing leads to these when they come, so nobody need be asked."""


@dataclass(slots=True)
class Living:
    """One custom resource, as far as it matters here."""

    spec: Mapping[str, Any]
    deleting: bool = False


@dataclass(slots=True)
class Clients:
    """Everybody who is to reach something, and who was cut off."""

    ctx: Context
    resources: Callable[[], Iterable[Living]]
    acts: Callable[[Change], bool]
    """Whether the operator made a change, or began the operation that it comes from."""

    broken: list[str] = field(default_factory=list)
    _reached: dict[Asked, bool] = field(default_factory=dict)
    _when_closed: dict[str, frozenset[Asked]] = field(default_factory=dict)
    """By service that was closed and is open: what was reached when it was last closed."""

    _suspects: dict[Asked, tuple[float, str]] = field(default_factory=dict)
    _named: set[str] = field(default_factory=set)
    """Every service that a resource has ever declared."""

    def watch(self) -> None:
        """Be told of every change from now on."""
        self.ctx.changes.listeners.append(self._changed)

    def look(self) -> None:
        """Take what is so now for what was so before; what has been lost since the last change is lost."""
        now = {each: self._works(each) for each in self._everything()}
        self._confirm(self.ctx.now, {each for each, works in now.items() if not works})
        self._reached = now

    # -- what changes -------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        self._note_opening(change)
        if not self._reached or not _matters(change):
            return
        ours = self.acts(change)
        self._confirm(change.moment, set(self._suspects))
        now = {each: self._works(each) for each in self._reached}
        for each, works in now.items():
            if works:
                self._suspects.pop(each, None)
            elif ours and self._reached[each] and self._is_meant(each, change):
                until = change.moment + (GAP if change.id.type_key.endswith(CONNECTIONS) else 0.0)
                self._suspects[each] = until, _told(change)
        self._reached = now

    def _confirm(self, moment: float, lost: set[Asked]) -> None:
        """What was lost in an earlier moment, and is lost still, was lost."""
        for each in [one for one, (until, _) in self._suspects.items() if until < moment]:
            _, by = self._suspects.pop(each)
            if each in lost:
                self.broken.append(f"cut off: {each}, by {by}: {self._why(each)}")

    def _note_opening(self, change: Change) -> None:
        if change.id.type_key not in declared.SERVICES or change.before is None or change.after is None:
            return
        if declared.is_open(change.after) and not declared.is_open(change.before):
            self._when_closed[change.id.key] = frozenset(each for each, works in self._reached.items() if works)

    # -- who is asked ---------------------------------------------------------------------------------

    def _everything(self) -> list[Asked]:
        living = list(self.resources())
        self._named |= {name for each in living for name in declared.services(self.ctx, each.spec)}
        found = {one: None for each in living if not each.deleting for one in declared.asked(self.ctx, each.spec)}
        known = list(dict.fromkeys(name for each in living for name in declared.networks(each.spec)))
        found |= dict.fromkeys(self._undeclared(known))
        return [each for each in found if self.ctx.find(each.subnet or each.network) is not None]

    def _undeclared(self, networks: list[str]) -> Iterator[Asked]:
        for service in self._services():
            if service.id.key not in self._named:
                for group in self.ctx.type_of(service).private_link_groups(self.ctx, service):
                    yield from (Asked(service.id.key, group, network) for network in networks)

    def _services(self) -> Iterator[Resource]:
        for kind in declared.SERVICES:
            yield from self.ctx.of_type(kind)

    def _is_meant(self, asked: Asked, change: Change) -> bool:
        """Whether somebody has a right to what was lost."""
        closes = change.id.key == asked.service
        had = self._when_closed.get(asked.service)
        return not closes or had is None or asked in had

    def _works(self, asked: Asked) -> bool:
        if self.ctx.find(asked.service) is None or self.ctx.find(asked.subnet or asked.network) is None:
            return False
        return reach(self.ctx, asked.service, asked.group, asked.network, asked.subnet).works

    def _why(self, asked: Asked) -> str:
        if self.ctx.find(asked.service) is None:
            return "it is gone"
        return reach(self.ctx, asked.service, asked.group, asked.network, asked.subnet).why


def _matters(change: Change) -> bool:
    paths = MATTERS.get(change.id.type_key)
    if paths is None or (change.type == "Create" and change.id.type_key in _ALWAYS_MADE_FIRST):
        return False
    return change.type != "Update" or any(path.startswith(paths) for path in change.properties)


def _told(change: Change) -> str:
    changed = ", ".join(f"{path}: {new!r}" for path, (_, new) in list(change.properties.items())[:3])
    return f"{change.type} of {'/'.join(change.id.key.split('/')[-3:])} ({changed}) at {change.moment:.0f}"
