"""What is being written to Azure, as this process knows it: its own writes, and others' that it waits for.

One record per target, and one counter.

Custom resources share zones, links and networks. What one of them writes, the others see here: that an operation
runs on the target or beside it (OPS-04), how it failed, and which of their readings are older than it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from secureml_reconcilers.azure.catalogue import scope, type_info
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.blocks import write_key
from secureml_reconcilers.engine.clock import began
from secureml_reconcilers.engine.property_claims import PropertyClaims
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.timestamps import instant, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Verb
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Claim
    from secureml_reconcilers.engine.clock import Clock, Moment
    from secureml_reconcilers.engine.readings import Reading

_MARKS: Final = 2
"""So many writes to one target are remembered, each of another writer: hundreds share a zone."""

UNATTENDED: Final = timedelta(hours=1)
"""An operation is looked at every few seconds, and in the longest line for the budget every quarter of an hour:
what is overdue for a look by this long belonged to a custom resource that is gone."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A write that was refused, or an operation that failed."""

    problem: AzureProblem
    attempts: int
    """How often it has failed in a row."""

    not_before: Moment
    """Until then the target is left alone."""

    ended: bool
    """Azure had taken the write, and it failed or changed nothing; False: it was never taken."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What a write was to mend: looked for once it is over, for Azure may take a write and change nothing."""

    block_key: str
    kind: Literal["Create", "Update", "Delete"]
    differences: tuple[tuple[str, Any], ...]
    """Path and desired value of each."""


@dataclass(slots=True)
class Record:
    """The last write to one target that this process knows of."""

    id: ResourceId
    verb: Verb
    owner: str
    """The custom resource whose write it was; empty for an operation of somebody else."""

    phase: Literal["running", "verifying", "closed"]
    """running: Azure works on it; verifying: over, `write_verification` has yet to look; closed: done with."""

    since: datetime
    """When it began, for the status."""

    began: Moment
    look_at: Moment
    """When the target is worth reading again."""

    answered: int | None = 0
    """The number of its answer; None while that has not come: nothing that is read tells of it yet."""

    poll_url: str | None = None
    """Tells how it ended, as long as this process lives; nothing depends on it."""

    service: ResourceId | None = None
    """The service that works on it, too."""

    part: str = ""
    """The part of the target that was written, where several are written one by one."""

    repair: Repair | None = None
    invalidates: tuple[ResourceId, ...] = ()
    """Where its effect shows besides the target."""

    claim: Claim | None = None

    def to_status(self) -> dict[str, Any]:
        """How it stands in `.status.operations`."""
        return {"id": self.id.text, "verb": self.verb, "since": stamp(self.since)}


@dataclass(frozen=True, slots=True)
class _Mark:
    """That something was written."""

    number: int
    writer: str
    """Whose readings stay good all the same, for it knows what it wrote (of a collection that it added to, say);
    empty: nobody's."""

    at: Moment


@dataclass(slots=True)
class Ledger:
    """Shared by the engines of one process."""

    clock: Clock
    records: dict[str, Record] = field(default_factory=dict)
    """By resource key."""

    failures: dict[tuple[str, str], Failure] = field(default_factory=dict)
    """By `write_key` and the custom resource that it concerns; under "" what concerns all: a failed operation."""

    claims: dict[str, Record] = field(default_factory=dict)
    """By a claim's name, the creation that is under way for it."""

    properties: PropertyClaims = field(default_factory=PropertyClaims)
    """Who declares which property of what nobody of them makes."""

    last_attributed: dict[str, datetime] = field(default_factory=dict)
    """By resource key, the date of the last change by others that `attribution` has named in an event."""

    accepted: dict[str, Moment] = field(default_factory=dict)
    """By `write_key`, when our last write was sent that Azure took: each part of a target has its own."""

    _count: int = 0
    _written: dict[str, dict[str, _Mark]] = field(default_factory=dict)
    """By key of a question and by the writer whose readings stay good, the last write that changes its answer."""

    _running_in: dict[str, dict[str, Record]] = field(default_factory=dict)
    """By scope (`catalogue.scope`: what Azure locks for one write), the records that run, by target."""

    _tidied: Moment = timedelta()

    # -- order ----------------------------------------------------------------------------------

    def number(self) -> int:
        """The next number: a read takes one when it is sent, a write when it is answered and when it is over."""
        self._count += 1
        return self._count

    def mark_written(self, targets: Iterable[ResourceId], writer: str = "") -> None:
        """Make stale what was read of these until now, save by the custom resource that knows what it wrote."""
        number = self.number()
        for target in targets:
            self._mark(target.key, number, writer)

    def is_written_since(self, key: str, order: int) -> bool:
        """Whether this target was written after a reading with that number, of its parent or a listing."""
        return any(mark.number > order for mark in self._written.get(key, {}).values())

    def is_stale(self, reading: Reading, owner: str) -> bool:
        """Whether something was written after a reading was asked for that must show in it."""
        question = reading.question
        # A write to one of these (subnets) changes the etags of its siblings and of their parent.
        keys = [question.key]
        if isinstance(question, Resource) and type_info(question.id).etag_of_parent:
            keys.append(question.id.collection_key)
        marks = (mark for key in keys for mark in self._written.get(key, {}).values())
        return any(mark.number > reading.order and mark.writer != owner for mark in marks)

    def _mark(self, key: str, number: int, writer: str = "") -> None:
        marks = self._written.setdefault(key, {})
        known = marks.get(writer)
        if known is None or number >= known.number:
            marks[writer] = _Mark(number, writer, self.clock.monotonic())
        if len(marks) > _MARKS:
            # Whoever asks is the writer of one of them at most: the other, the later of the rest, tells all.
            del marks[min(marks, key=lambda each: marks[each].number)]

    # -- operations -----------------------------------------------------------------------------

    def running(self, target: ResourceId) -> Record | None:
        """The write to this target that Azure works on."""
        record = self.records.get(target.key)
        return record if record is not None and record.phase == "running" else None

    def running_beside(self, target: ResourceId) -> Record | None:
        """A write that Azure works on and that keeps it from taking one to this target (OPS-04)."""
        others = self._running_in.get(scope(target), {}).values()
        return next((record for record in others if record.id != target), None)

    def running_for(self, service: ResourceId) -> Record | None:
        """A write that Azure works on and that a service works on, too."""
        running = (record for each in self._running_in.values() for record in each.values())
        return next((record for record in running if record.service == service), None)

    def _keep(self, record: Record) -> None:
        self.records[record.id.key] = record
        self._running_in.setdefault(scope(record.id), {})[record.id.key] = record

    def _close(self, record: Record) -> None:
        """Let others write beside its target, and have those who wait for what it makes look again."""
        beside = self._running_in.get(scope(record.id), {})
        if beside.get(record.id.key) is record:
            del beside[record.id.key]
        if not beside:
            self._running_in.pop(scope(record.id), None)
        claim = record.claim
        if claim is not None and self.claims.get(claim.name) is record:
            del self.claims[claim.name]
            self.mark_written([claim.shown_by], writer=record.owner)

    def send(self, target: ResourceId, verb: Verb, owner: str) -> Record:
        """Note that a write goes out; from here on nobody else writes to its target or beside it."""
        now = self.clock.monotonic()
        record = Record(
            target, verb, owner, "running", self.clock.now(), now, now + intervals.SOONEST, answered=None
        )
        self._keep(record)
        return record

    def claim(self, claim: Claim, record: Record) -> None:
        """Keep others from making something of another name for the same purpose until a write is over."""
        record.claim = claim
        self.claims[claim.name] = record

    def accept(self, record: Record, preconditions: Iterable[ResourceId], poll_url: str | None = None) -> int:
        """Note that Azure took a write and works on it; returns the write's number."""
        record.look_at = intervals.next_look(
            record.began, record.began, type_info(record.id).durations_of(record.verb)
        )
        record.poll_url = poll_url
        self.accepted[write_key(record.id, record.part)] = record.began
        number = record.answered = self.number()
        self._mark(record.id.key, number)
        self._mark(record.id.collection_key, number, record.owner)
        # What it writes over counts as written, too: another who looked at it before must look again.
        self.mark_written(preconditions, writer=record.owner)
        return number

    def withdraw(self, record: Record) -> None:
        """Azure refused a write: nothing runs, and nothing was changed."""
        self._close(record)
        if self.records.get(record.id.key) is record:
            del self.records[record.id.key]

    def end(self, record: Record, number: int | None = None) -> None:
        """Note that Azure is done with a write: everything in which it shows is stale, and others may write.

        Args:
            record: the write.
            number: that of the reading which shows the target as it is now; without one, all are stale.
        """
        self._mark(record.id.key, number or self.number())
        everybody = type_info(record.id).etag_of_parent  # the writer, too, must read its siblings again
        self._mark(record.id.collection_key, self.number(), "" if everybody else record.owner)
        self.mark_written(record.invalidates)
        if everybody and record.id.parent is not None:
            self.mark_written([record.id.parent])
        record.phase = "verifying" if record.repair is not None else "closed"
        self.failures.pop((write_key(record.id, record.part), ""), None)
        self._close(record)

    def fail(self, record: Record, problem: AzureProblem) -> None:
        """Note that the operation behind a write failed, for all who would write to its target.

        Nothing was changed but perhaps the target itself, so no other reading is stale.
        """
        record.phase, record.repair = "closed", None
        self.mark_written([record.id])
        self._close(record)
        self.note_failure(record.id, "", problem, ended=True, part=record.part)

    def watch(self, target: ResourceId) -> None:
        """Wait for somebody else's operation as for one of ours; nobody tells what it is: it counts as a PUT."""
        now = self.clock.monotonic()
        self._keep(Record(target, "PUT", "", "running", self.clock.now(), now, now + intervals.FIRST_LOOK))

    def wait_for_another(self, target: ResourceId) -> None:
        """Our creation was refused because somebody else's is under way, begun we do not know when."""
        self.watch(target)
        self.records[target.key].look_at = self.clock.monotonic() + intervals.PENDING

    def restore(self, entries: Iterable[Mapping[str, Any]], owner: str) -> None:
        """Take over, after a restart, the operations that a status lists: they are looked at at once."""
        now = self.clock.monotonic()
        for entry in entries:
            target, since = resource_id(entry["id"]), instant(entry["since"])
            if self.running(target) is None:
                verb = entry["verb"]
                self._keep(Record(target, verb, owner, "running", since, began(since, self.clock), now))

    def looked_at(self, record: Record) -> None:
        """Note a look at the target: the next one comes later."""
        durations = type_info(record.id).durations_of(record.verb)
        record.look_at = intervals.next_look(record.began, self.clock.monotonic(), durations)

    # -- failures and claims --------------------------------------------------------------------

    def failure(self, target: ResourceId, owner: str, part: str = "") -> Failure | None:
        """Why this custom resource leaves a target alone, or did: its own failure or that of all, the longer."""
        found = (self.failures.get((write_key(target, part), by)) for by in ("", owner))
        return max((each for each in found if each), key=lambda each: each.not_before, default=None)

    def note_failure(
        self, target: ResourceId, owner: str, problem: AzureProblem, *, ended: bool, part: str = ""
    ) -> None:
        """Note one more failure on a target, and how long to leave it alone.

        Args:
            target: what was written.
            owner: the custom resource that it concerns; empty for all of them.
            problem: what went wrong.
            ended: Azure had taken the write.
            part: which part of the target was written.
        """
        problem.__traceback__ = problem.__cause__ = problem.__context__ = None
        key = write_key(target, part), owner
        before = self.failures.get(key)
        attempts = (before.attempts if before else 0) + 1
        until = self.clock.monotonic() + intervals.backoff(problem, attempts)
        self.failures[key] = Failure(problem, attempts, until, ended)

    def clear_failures(self, keys: Iterable[str], owner: str) -> None:
        """Forget the failures on what is as declared, or is to be tried anew, by `write_key`."""
        for key in keys:
            self.failures.pop((key, owner), None)
            self.failures.pop((key, ""), None)

    def is_claimed_by_another(self, claim: Claim | None, target: ResourceId) -> bool:
        """Whether something of another name is being made for the same purpose."""
        rival = self.claims.get(claim.name) if claim is not None else None
        # Not for ever: where the rival's custom resource is gone, nobody looks at it and nobody ends the claim.
        return (
            rival is not None
            and rival.id != target
            and self.clock.monotonic() - rival.began <= type_info(rival.id).durations_of(rival.verb).lost
        )

    def tidy_now_and_then(self) -> None:
        """Tidy up if that was long ago: where no custom resource ever goes, nobody else does."""
        if self.clock.monotonic() - self._tidied >= UNATTENDED:
            self.tidy()

    def tidy(self) -> None:
        """Forget what nobody has looked at for long: it is over, or its custom resource is gone."""
        now = self._tidied = self.clock.monotonic()
        for record in [each for each in self.records.values() if now - each.look_at >= UNATTENDED]:
            self._close(record)
            del self.records[record.id.key]
        self.accepted = {key: at for key, at in self.accepted.items() if now - at < UNATTENDED}
        self.failures = {key: f for key, f in self.failures.items() if now - f.not_before < UNATTENDED}
        for key, marks in list(self._written.items()):
            self._written[key] = {writer: mark for writer, mark in marks.items() if now - mark.at < UNATTENDED}
            if not self._written[key]:
                del self._written[key]
