"""What people do while the operator works: drawn from a seed, and undone later where nobody else can."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.torture import truth
from tests.torture.azure import SUBSCRIPTION
from tests.torture.invariants import MARK, is_marked

from secureml_sandbox import landscape

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.torture.azure import Azure
    from tests.torture.operators import CustomResource, Process

DNS: Final = "2024-06-01"
HUB: Final = landscape.network_id(SUBSCRIPTION).replace("ml-vnet", "hub-vnet")
VERSIONS: Final = dict(
    zip(
        truth.SERVICES,
        (landscape.WORKSPACES, landscape.STORAGE, landscape.VAULTS, landscape.REGISTRIES),
        strict=True,
    )
)


@dataclass
class People:
    """Everybody who disturbs."""

    azure: Azure
    chance: random.Random
    resources: list[CustomResource]
    processes: list[Process]
    note: Callable[[str, str], None]
    untagged: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    """By connection, the API version of its service."""

    dead: list[Process] = field(default_factory=list)
    tampered: set[str] = field(default_factory=set)
    """Keys of what lost its tag or was made by hand: the operator may leave it behind."""

    gentle: bool = False
    """They delete no custom resource and take off no tag."""

    def disturb(self) -> None:
        """Do something."""
        deeds = (
            (self.opens_a_service, 3),
            (self.deletes_something, 5),
            (self.takes_off_a_tag, 0 if self.gentle else 1),
            (self.rejects_a_connection, 2),
            (self.puts_right_what_was_rejected, 1),
            (self.edits_a_spec, 4),
            (self.pauses_or_resumes, 2),
            (self.kills_or_starts_a_process, 3),
            (self.deletes_a_resource, 0 if self.gentle else 1),
        )
        (deed,) = self.chance.choices([each for each, _ in deeds], [weight for _, weight in deeds])
        deed()

    # -- in Azure -----------------------------------------------------------------------------------

    def opens_a_service(self) -> None:
        """In the portal, to try something."""
        kind = self.chance.choice(truth.SERVICES)
        found = self.chance.choice(list(self.azure.ctx.of_type(kind)))
        body = {"properties": {"publicNetworkAccess": "Enabled"}}
        self._do("PATCH", found.id.text, VERSIONS[kind], body)

    def deletes_something(self) -> None:
        """A link, record, group or endpoint."""
        kind, version = self.chance.choice(
            (
                (truth.LINKS, DNS),
                (truth.RECORDS, DNS),
                (truth.GROUPS, landscape.NETWORK),
                (truth.ENDPOINTS, landscape.NETWORK),
            )
        )
        found = list(self.azure.ctx.of_type(kind))
        if found:
            self._do("DELETE", self.chance.choice(found).id.text, version)

    def takes_off_a_tag(self) -> None:
        """Our mark, or the name of a user, from an endpoint or a zone; it is put back in the end."""
        kind, version = self.chance.choice(((truth.ENDPOINTS, landscape.NETWORK), (truth.ZONES, DNS)))
        found = [each for each in self.azure.ctx.of_type(kind) if is_marked(each.body)]
        if not found:
            return
        one = self.chance.choice(found)
        tags = dict(one.body["tags"])
        users = [name for name in tags if name.startswith("secureml-user-")]
        name = self.chance.choice([MARK[0], *users])
        left = {each: value for each, value in tags.items() if each != name}
        if self._write_tags(one.id.text, version, left, f"takes off {name}"):
            self.tampered.add(one.id.key)
            if name == MARK[0]:
                self.untagged[one.id.text] = {"version": version, "tags": {MARK[0]: MARK[1]}}

    def _write_tags(self, target: str, version: str, tags: dict[str, str], why: str) -> bool:
        body = self.azure.shown(target)
        assert body is not None
        properties = {
            name: value
            for name, value in body["properties"].items()
            if name not in {"provisioningState", "networkInterfaces", "customDnsConfigs", "resourceGuid"}
        }
        writable = {name: body[name] for name in ("location",) if name in body}
        return self._do("PUT", target, version, {**writable, "tags": tags, "properties": properties}, why)

    def rejects_a_connection(self) -> None:
        """Or deletes it, on the side of the service."""
        kind = self.chance.choice(truth.SERVICES)
        service = self.chance.choice(list(self.azure.ctx.of_type(kind)))
        found = truth.connections(self.azure, service.id.key)
        if not found:
            return
        one = self.chance.choice(found)
        if self.chance.random() < 0.3:
            self._do("DELETE", one.id.text, VERSIONS[kind])
        elif self._judge(one.id.text, VERSIONS[kind], "Rejected"):
            self.rejected[one.id.text] = VERSIONS[kind]

    def puts_right_what_was_rejected(self) -> None:
        """She approves everything that she has rejected."""
        for connection, version in self.rejected.items():
            if self.azure.shown(connection) is not None:
                self._judge(connection, version, "Approved")
        self.rejected.clear()

    def _judge(self, connection: str, version: str, status: str) -> bool:
        state = {"privateLinkServiceConnectionState": {"status": status, "description": "by hand"}}
        return self._do("PUT", connection, version, {"properties": state}, status)

    def _do(self, method: str, target: str, version: str, body: Any = None, why: str = "") -> bool:  # noqa: ANN401
        answer = self.azure.administer(method, target, version, body)
        self.note("alice", f"{method} {_short(target)} {why or body or ''} -> {answer.status}")
        return answer.status < 300

    # -- in Kubernetes ------------------------------------------------------------------------------

    def edits_a_spec(self) -> None:
        """Mode, sub-resources or networks."""
        alive = [each for each in self.resources if not each.deleting]
        if not alive:
            return
        resource = self.chance.choice(alive)
        network = resource.spec["network"]
        changes: list[dict[str, Any]] = [
            {"mode": "Observe" if resource.spec["mode"] == "Enforce" else "Enforce"},
            {"storage": {"subResources": self.chance.choice((["blob", "file"], ["blob", "file", "queue"]))}},
            {"network": {**network, "clientNetworkIDs": [] if network.get("clientNetworkIDs") else [HUB]}},
            {"deletionPolicy": self.chance.choice(("Retain", "Delete"))},
        ]
        change = self.chance.choice(changes)
        resource.edit(**change)
        self.note("author", f"edits {resource.name}: {change}")

    def pauses_or_resumes(self) -> None:
        """By annotation."""
        resource = self.chance.choice(self.resources)
        resource.pause(paused=not resource.paused)
        self.note("author", f"{'pauses' if resource.paused else 'resumes'} {resource.name}")

    def kills_or_starts_a_process(self) -> None:
        """A process that is gone comes back after a while, or at once."""
        if self.dead:
            self.starts_processes()
            return
        process = self.chance.choice(self.processes)
        process.stop()
        self.note(process.name, "dies")
        self.dead.append(process)
        if self.chance.random() < 0.5:
            self.starts_processes()

    def starts_processes(self) -> None:
        """Everyone is back."""
        for process in self.dead:
            process.start()
            self.note(process.name, "starts")
        self.dead.clear()

    def deletes_a_resource(self) -> None:
        """For good."""
        alive = [each for each in self.resources if not each.deleting]
        if alive:
            resource = self.chance.choice(alive)
            resource.delete()
            self.note("author", f"deletes {resource.name} ({resource.spec['deletionPolicy']})")

    # -- in the end ---------------------------------------------------------------------------------

    def leave(self) -> None:
        """Put right what nobody else can, and disturb no more."""
        self.starts_processes()
        self.puts_right_what_was_rejected()
        for target, lost in self.untagged.items():
            shown = self.azure.shown(target)
            if shown is not None:
                tags = {**(shown.get("tags") or {}), **lost["tags"]}
                self._write_tags(target, lost["version"], tags, "puts our tag back")
        for resource in self.resources:
            if resource.paused:
                resource.pause(paused=False)
            if resource.spec["mode"] != "Enforce" and not resource.deleting:
                resource.edit(mode="Enforce")
        self.note("everybody", "leaves it alone")


def _short(target: str) -> str:
    return "/".join(target.split("/")[-2:])
