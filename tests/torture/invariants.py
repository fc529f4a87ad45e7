"""What must hold at every moment, whatever happens: one function for each rule, all asked at the same places.

A race with a person that nobody could win is no violation: what somebody took away after a pass had begun, the
pass need not know. What was so when it began, or what its own process did, it must.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.torture import truth

from secureml_reconcilers.azure.catalogue import scope
from secureml_reconcilers.azure.resource_id import resource_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.torture.azure import Azure, Request
    from tests.torture.operators import CustomResource, Pass, Process

OLD: Final = 125.0
"""Seconds: what a convergence has read stays good for two minutes, and a pass takes a while."""

NAMED_BY_SPECS: Final = tuple(each.lower() for each in truth.SERVICES)
SOON: Final = 1.0
"""Seconds after which the engine looks at a write that has got no answer yet."""

TWO_ENDPOINTS: Final = "are made for one way"
UNANSWERED: Final = "was unanswered"

MARK: Final = ("managed-by", "secureml-operator")


class Watch:
    """Asks every rule where it applies and keeps what was broken."""

    def __init__(self, azure: Azure, resources: list[CustomResource], broken: Callable[[str, str], None]) -> None:
        """Watch this world; `broken` is told the rule's name and what happened."""
        self.azure, self.resources, self._broken = azure, resources, broken
        self.wrong_since: dict[tuple[str, str], float] = {}
        """By custom resource and what it is about: since when something that it declares is not so, in one way."""

        self.wrong_how: dict[tuple[str, str], str] = {}
        """In which way."""

        self.wrong_by: dict[tuple[str, str], str] = {}
        """Who made it so."""

        self.confused: set[str] = set()
        """What the engine has lost track of, because it took an unanswered write for one that is over."""

        self.making: list[Request] = []
        """Those of them that make something new."""

        self.on_its_way: list[Request] = []
        """Writes that were sent, and that Azure may still work on."""

        azure.on_send.append(self._sent)
        azure.before_write.append(self._arrives)
        azure.after_write.append(self._arrived)
        azure.on_change.append(self.look)

    def attend(self, process: Process) -> None:
        """Watch what a process reports, too."""
        process.on_status.append(self._reported)
        process.on_release.append(self._released)

    # -- where the rules are asked ------------------------------------------------------------------

    def look(self) -> None:
        """Note since when what is wrong is wrong."""
        for resource in self.resources:
            if resource.gone:
                continue
            wrong = truth.what_is_wrong(self.azure, resource.spec)
            for key in [key for key in self.wrong_since if key[0] == resource.name and key[1] not in wrong]:
                del self.wrong_since[key]
            for about, how in wrong.items():
                key = resource.name, about
                if key not in self.wrong_since or self.wrong_how[key] != how:
                    self.wrong_since[key], self.wrong_how[key] = self.azure.now, how
                    self.wrong_by[key] = self.azure.caused_by

    def _sent(self, request: Request) -> None:
        self._ask("OPS-04 one write at a time", one_write_at_a_time(self, request))
        self._ask("one endpoint for each way", one_endpoint_for_each_way(self, request))
        self.on_its_way.append(request)
        if self.azure.shown(request.target) is None:
            self.making.append(request)

    def _arrives(self, request: Request) -> None:
        self._ask("OPS-08 closed last", closed_last(self, request))
        self._ask("nothing is opened", nothing_is_opened(self, request))
        self._ask("only what is ours", only_what_is_ours(self, request))
        self._ask("what others use stays", what_others_use_stays(self, request))
        self._ask("announced before it is made", announced_before_it_is_made(self, request))

    def _arrived(self, _: Request) -> None:
        self.on_its_way = [
            each for each in self.on_its_way if each.answered is None or self.azure.is_running(each)
        ]
        self.making = [each for each in self.making if each in self.on_its_way]

    def _reported(self, resource: CustomResource, this: Pass) -> None:
        self._ask("Ready is true", ready_is_true(self, resource, this))

    def _released(self, resource: CustomResource) -> None:
        self._ask("released when nothing runs", released_when_nothing_runs(self, resource))

    def _ask(self, rule: str, found: Iterator[str]) -> None:
        for each in found:
            self._broken(rule, each)


# -- the rules ----------------------------------------------------------------------------------------


def closed_last(watch: Watch, request: Request) -> Iterator[str]:
    """OPS-08: no service is closed while a private way into it is not approved, linked and resolving.

    One that was closed before is closed again by the ways that its clients had then.
    """
    before, this = watch.azure.shown(request.target), request.by
    if before is None or this is None or not closes(request.body) or truth.closed(before):
        return
    ways = [way for way in truth.ways(watch.azure, this.spec) if way.service == request.target]
    known = {way: truth.remembered_networks(way, this.resource.status) for way in ways}
    for way in ways:
        networks = known[way] if any(known.values()) else way.networks
        missing = truth.what_is_missing(watch.azure, way, networks) if networks else ""
        if not missing:
            continue
        about = (this.resource.name, f"{way.service} {way.group}")
        since = watch.wrong_since.get(about, 0.0)
        itself = watch.wrong_by.get(about) == this.process
        if since < (request.sent if itself else this.began):
            yield f"{request.target.rsplit('/', 1)[1]} is closed, and since {since:.1f} {missing}"


def closes(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a write takes the public way away."""
    return bool(isinstance(body, dict) and (body.get("properties") or {}).get("publicNetworkAccess") == "Disabled")


def nothing_is_opened(watch: Watch, request: Request) -> Iterator[str]:  # noqa: ARG001 - as the others
    """Public access is never opened again by us."""
    if (
        isinstance(request.body, dict)
        and (request.body.get("properties") or {}).get("publicNetworkAccess") == "Enabled"
    ):
        yield f"{request.target} is opened"


def only_what_is_ours(watch: Watch, request: Request) -> Iterator[str]:
    """Nothing without our mark is changed or deleted, save the services that the spec names."""
    azure, target = watch.azure, request.target
    if azure.shown(target) is None or request.by is None or _type(target) in NAMED_BY_SPECS:
        return
    marked = target.split("/privatednszonegroups/")[0]  # groups carry no tags: their endpoint does
    if "/privateendpointconnections/" in marked:
        return
    if "/privateendpoints/" in marked and marked in _made_for(request.by.resource):
        return  # its tag was lost, and its name and the inventory say whose it is
    bodies = [each for each in azure.versions(marked, request.by.began) if each is not None]
    if bodies and not any(is_marked(each) for each in bodies):
        yield f"{request.method} {target}, which does not carry our mark"


def _made_for(resource: CustomResource) -> set[str]:
    """What its status lists as made for it."""
    entries = resource.status.get("inventory", ())
    return {each["id"].lower() for each in entries if each["kind"] == "Resource"}


def is_marked(body: dict[str, Any]) -> bool:
    """Whether a resource carries our tag."""
    return bool((body.get("tags") or {}).get(MARK[0]) == MARK[1])


def what_others_use_stays(watch: Watch, request: Request) -> Iterator[str]:
    """What a custom resource that is Ready uses is not deleted for another one."""
    azure, this = watch.azure, request.by
    if request.method != "DELETE" or azure.shown(request.target) is None or this is None:
        return
    for other in watch.resources:
        ready = other.ready_since is not None and other.ready_since < this.began
        if other is this.resource or other.gone or other.deleting or not ready or other.spec["mode"] != "Enforce":
            continue
        if truth.uses(azure, other.spec, request.target) and not _is_disowned(watch, request, other):
            yield f"{request.target} is deleted for {this.resource.name}, and {other.name} uses it"


def _is_disowned(watch: Watch, request: Request, other: CustomResource) -> bool:
    """Whether somebody had taken off the tag that says who uses an endpoint: nobody can know then."""
    endpoint = request.target.split("/privatednszonegroups/")[0]
    if "/privateendpoints/" not in endpoint or request.by is None:
        return False
    first = next(watch.azure.versions(endpoint, request.by.began))
    tags = (first.get("tags") or {}) if first is not None else {}
    users = {value for name, value in tags.items() if name.startswith("secureml-user-")}
    return first is not None and other.owner not in users


def announced_before_it_is_made(watch: Watch, request: Request) -> Iterator[str]:
    """The inventory in the status names everything before it is made."""
    if request.method != "PUT" or watch.azure.shown(request.target) is not None or request.by is None:
        return
    if request.guarded:
        return  # it changes what was there, and makes nothing
    named = {entry["id"].lower() for entry in request.by.resource.status.get("inventory", ())}
    if request.target not in named:
        yield f"{request.target} is made, and no status names it"


def one_write_at_a_time(watch: Watch, request: Request) -> Iterator[str]:
    """OPS-04: one process sends no second write to what Azure locks while it knows that one runs."""
    watch._arrived(request)
    locked = scope(resource_id(request.target))
    for other in watch.on_its_way:
        if other.by is None or request.by is None:
            continue
        same = (other.by.process, other.by.life) == (request.by.process, request.by.life)
        refused = other.answered is not None and other.status >= 400
        if other.lost and watch.azure.shown(other.target) is None:
            continue  # nobody was told that it runs, and nothing shows it
        if same and not refused and scope(resource_id(other.target)) == locked:
            if (other.answered or watch.azure.now) - other.sent > SOON:
                watch.confused.add(locked)
            how = f"{UNANSWERED} when it was looked at" if locked in watch.confused else "runs"
            yield f"{request.method} {request.target} while {other.method} {other.target} {how}"


def one_endpoint_for_each_way(watch: Watch, request: Request) -> Iterator[str]:
    """One process makes no second endpoint for a way while it makes one, whatever their names."""
    watch._arrived(request)
    way = _way_of(request)
    for other in watch.making if way and watch.azure.shown(request.target) is None else ():
        if other.by is None or request.by is None or other.target == request.target or _way_of(other) != way:
            continue
        same = (other.by.process, other.by.life) == (request.by.process, request.by.life)
        if same and not (other.answered is not None and other.status >= 400):
            yield f"{request.target} and {other.target} {TWO_ENDPOINTS}"


def _way_of(request: Request) -> tuple[str, ...]:
    """Service, group and network of an endpoint that a write makes; empty for any other write."""
    if request.method != "PUT" or _type(request.target) != truth.ENDPOINTS.lower():
        return ()
    properties = request.body["properties"]
    (connection,) = properties["privateLinkServiceConnections"]
    asked, network = connection["properties"], properties["subnet"]["id"].rsplit("/subnets/", 1)[0]
    return tuple(part.lower() for part in (asked["privateLinkServiceId"], *asked["groupIds"], network))


def ready_is_true(watch: Watch, resource: CustomResource, this: Pass) -> Iterator[str]:
    """No pass says Ready of what has been otherwise for longer than any evidence may be old."""
    if not resource.ready or this.deleting or resource.paused or this.spec != resource.spec:
        return
    if not this.looked:
        return  # it has only asked the log who it was, and says no more than the pass before
    for (name, about), since in watch.wrong_since.items():
        if name == resource.name and since < this.began - OLD:
            text = truth.what_is_wrong(watch.azure, resource.spec).get(about, about)
            yield f"{name} is Ready, and since {since:.1f} {text}"


def released_when_nothing_runs(watch: Watch, resource: CustomResource) -> Iterator[str]:
    """A custom resource is let go only when Azure works on nothing that was made for it."""
    if resource.spec.get("deletionPolicy") != "Delete" or resource.spec["mode"] == "Observe":
        return
    named = {entry["id"].lower() for entry in resource.status.get("inventory", ())}
    for request in watch.on_its_way:
        running = request.answered is None or watch.azure.is_running(request)
        if running and request.target in named and request.by is not None and request.by.resource is resource:
            yield f"{resource.name} is released while {request.method} {request.target} runs"


# -- at the end ---------------------------------------------------------------------------------------


def all_is_as_declared(watch: Watch) -> Iterator[str]:
    """When nobody disturbs any more, every living resource is Ready, and rightly so."""
    for resource in watch.resources:
        if resource.gone:
            continue
        if resource.deleting:
            yield f"{resource.name} is still being deleted: {resource.status.get('conditions')}"
            continue
        wrong = truth.what_is_wrong(watch.azure, resource.spec)
        yield from (f"{resource.name}: {text}" for text in wrong.values())
        if not resource.ready:
            yield f"{resource.name} is not Ready: {resource.condition('Ready')}"


def nothing_is_left(watch: Watch, tampered: set[str], kept: set[str]) -> Iterator[str]:
    """What only deleted resources used is gone, save what was to be kept or was tampered with.

    Zones and links stay as long as the zone holds anybody's record (DNS-09).
    """
    living = [each for each in watch.resources if not each.gone]
    for kind in (truth.ENDPOINTS, truth.GROUPS, truth.LINKS, truth.ZONES):
        for found in watch.azure.ctx.of_type(kind):
            key = found.id.key
            used = any(truth.concerns(watch.azure, each.spec, key) for each in living)
            zone = watch.azure.ctx.find(key.split("/virtualnetworklinks/", maxsplit=1)[0])
            serves = (
                kind in {truth.ZONES, truth.LINKS}
                and zone is not None
                and watch.azure.ctx.children(zone, truth.RECORDS)
            )
            if not used and not serves and key not in kept and not any(key.startswith(each) for each in tampered):
                yield f"{key} is left over"


def _type(target: str) -> str:
    parts = target.rsplit("/providers/", 1)[-1].split("/")
    return "/".join([parts[0], *parts[1::2]])
