"""One short pass over one custom resource: observe, track operations, evaluate, act, report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.azure.scopes import EVERYWHERE
from secureml_reconcilers.engine import attribution, diagnosing, drift, intervals, unobserved
from secureml_reconcilers.engine.acting import act, due_actions, needs_fresh_evidence
from secureml_reconcilers.engine.assessment import entries_wanted
from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.engine.clock import SystemClock
from secureml_reconcilers.engine.conditions import condition_of
from secureml_reconcilers.engine.contract import ReconcileResult
from secureml_reconcilers.engine.diagnosis import with_faults
from secureml_reconcilers.engine.evaluation import evaluate
from secureml_reconcilers.engine.exposure import remembered_ways
from secureml_reconcilers.engine.history import PassHistory
from secureml_reconcilers.engine.inventory import Inventory, no_room
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.observing import Observer, budget_wait
from secureml_reconcilers.engine.operation_tracking import track_operations
from secureml_reconcilers.engine.passing import Pass
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.readings import Readings
from secureml_reconcilers.engine.recovering import is_lost, recovery
from secureml_reconcilers.engine.releasing import with_dropped_entries, with_release
from secureml_reconcilers.engine.reporting import defer, report
from secureml_reconcilers.engine.requeueing import note_small_errands
from secureml_reconcilers.engine.telling import metrics, take_pending_events
from secureml_reconcilers.engine.write_verification import verify_writes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.arm import Arm, ArmSource
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.contract import Event, Journal, Key, ReconcileRequest
    from secureml_reconcilers.engine.evaluation import Evaluation

TURNS: Final = 8
"""Act and look again so often within a pass, as long as something is done at once."""


class Declares(Protocol):
    """What a kind contributes: its compositions."""

    def declare(self, spec: Mapping[str, Any], owner: str, remembered: Remembered = ...) -> Composition:
        """What must be true while the custom resource exists.

        Args:
            spec: as the API server hands it on.
            owner: the custom resource, as `cluster/namespace/name`.
            remembered: what earlier passes left in its status.

        Raises:
            ValueError: when the spec cannot be understood; its text says which field and what to write.
        """

    def closes(self, spec: Mapping[str, Any]) -> frozenset[str]:
        """Keys of the services that a spec names and that are to be closed; nothing where it makes no sense."""

    def remove(self, spec: Mapping[str, Any], owner: str, remembered: Remembered) -> Composition:
        """What must be gone before the custom resource may go."""


@dataclass(slots=True)
class Memory:
    """What this process keeps of one custom resource between passes; losing it costs reads, or an event."""

    readings: Readings = field(default_factory=Readings)
    history: PassHistory = field(default_factory=PassHistory)


class Engine:
    """Makes compositions of one kind true. One instance serves all custom resources of the kind."""

    def __init__(self, kind: Declares, azure: ArmSource, ledger: Ledger | None = None, *, cluster: str) -> None:
        """Share `ledger` between the engines of one process: kinds touch the same networks.

        `cluster` tells the Kubernetes cluster from others that use the same resources in Azure.
        """
        self._cluster = cluster
        self._kind = kind
        self._azure = azure
        self._ledger = ledger or Ledger(SystemClock())
        self._memories: dict[Key, Memory] = {}
        self._crowded: set[str] = set()

    def forget(self, key: Key) -> None:
        """See `Reconciler.forget`."""
        self._memories.pop(key, None)
        self._ledger.properties.withdraw(self._owner(key))
        self._ledger.tidy()

    def references(self, key: Key, spec: Mapping[str, Any]) -> Mapping[str, Key]:  # noqa: ARG002 - the contract
        """See `Reconciler.references`: a workspace refers to no other custom resource."""
        return {}

    def shares(self, key: Key, spec: Mapping[str, Any], status: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG002 - the contract
        """See `Reconciler.shares`: the services that are to be closed."""
        return self._kind.closes(spec) | {each["id"].lower() for each in status.get("services", ())}

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """See `Reconciler.reconcile`."""
        now = self._ledger.clock.now()
        if request.paused and not request.deleting:
            return self._with_pending_events(request, unobserved.paused(request, now))
        try:
            composition = self._composition(request)
        except ValueError as error:
            return self._with_pending_events(request, unobserved.invalid(request, str(error), now))
        with self._azure.within(str(request.key), EVERYWHERE) as arm:
            this = self._begin(request, composition, arm)
            if self._comes_for_small_errands(this):
                return await self._run_small_errands(this)
            await self._turns(this, journal)
            if this.evaluation is None:
                return defer(this, intervals.deferral(this.throttled))
            if this.throttled is not None:  # an earlier turn evaluated, and may have written: the status tells it
                return replace(report(this, this.evaluation), requeue_after=intervals.deferral(this.throttled))
            this.events += await self._attributed(this)
            await diagnosing.advance(this)
            return report(this, this.evaluation)

    def _owner(self, key: Key) -> str:
        return f"{self._cluster}/{key.namespace}/{key.name}"

    def _composition(self, request: ReconcileRequest) -> Composition:
        owner = self._owner(request.key)
        inventory = Inventory.of(request.status)
        remembered = Remembered(
            tuple(target.text for target in inventory.ids()),
            inventory.resources(),
            inventory.adopted(),
            remembered_ways(request.status),
            others=tuple((self._owner(each.key), each.spec) for each in request.others),
            tags=frozenset((each["name"], each["value"]) for each in request.status.get("tags", ())),
        )
        if request.deleting:
            removal = self._kind.remove(request.spec, owner, remembered)
            if removal.aspects and is_lost(request.status):
                return recovery(self._kind.declare(request.spec, owner), request.spec)
            return with_release(removal, inventory, self._ledger)
        return with_dropped_entries(self._kind.declare(request.spec, owner, remembered), inventory)

    # -- begin ----------------------------------------------------------------------------------

    def _begin(self, request: ReconcileRequest, composition: Composition, arm: Arm) -> Pass:
        """A pass with what is known of the resource, aged: old readings are read again."""
        self._ledger.tidy_now_and_then()
        memory = self._memories.get(request.key)
        if memory is None:
            memory = self._memories[request.key] = Memory()
            self._ledger.restore(request.status.get("operations", ()), composition.owner)
        readings, history, began = memory.readings, memory.history, self._ledger.clock.monotonic()
        readings.wake()
        if (history.generation, history.asked_at) != (request.generation, request.asked_at):
            history.generation, history.asked_at = request.generation, request.asked_at
            history.pending_since.clear()
            readings.forget_all()
            history.author_due = history.diagnosis_due = None  # everything is looked at
            self._ledger.clear_failures(history.written, composition.owner)
        readings.forget_old(began)
        return Pass(
            request,
            composition,
            arm,
            self._ledger,
            readings,
            history,
            Inventory.of(request.status),
            began,
            self._ledger.number(),
            diagnosis=request.status.get("diagnosis", {}),
        )

    # -- observe, track, evaluate, act ------------------------------------------------------------

    async def _turns(self, this: Pass, journal: Journal) -> None:
        """Look and act until nothing is left to do at once, a few times at most."""
        observer = Observer(this.readings, this.ledger, this.arm, self._crowded)
        for _ in range(TURNS):
            this.forget_stale()
            await observer.read(Resource(record.id) for record in this.due_operations())
            this.composed = await observer.observe(this.composition)
            # Now it is known what is in the way, and that may be an operation that no block names.
            await observer.read(Resource(record.id) for record in this.due_operations())
            ended = await track_operations(this.targets(), this.readings, this.ledger, this.arm, this.order)
            if this.forget_stale() or ended:
                continue  # what shows the effect of what is over is read again
            this.throttled = budget_wait(this.readings)
            if this.throttled is not None:
                return
            this.evaluation = self._evaluate(this)
            self._note_drift(this, this.evaluation)
            actions = due_actions(this)
            if not actions:
                return
            if needs_fresh_evidence(this, actions):
                continue
            if not await act(this, actions, journal, observer):
                # A refusal may have freed what was to be done before something else if it could be.
                this.evaluation = self._evaluate(this)
                if not due_actions(this):
                    return
        this.unfinished = True

    def _evaluate(self, this: Pass) -> Evaluation:
        """Evaluate what the aspects say, once more when that makes a failure of something."""
        self._take_down_properties(this)
        evaluation = evaluate(this.composed, this.situation)
        return evaluate(this.composed, this.situation) if _note_findings(this, evaluation) else evaluation

    def _take_down_properties(self, this: Pass) -> None:
        """Who comes later, or is younger, does not write another value over what this one declares."""
        if this.composition.enforce and not this.request.deleting:
            blocks = [block for said in this.composed for block in said.blocks]
            this.ledger.properties.declare(this.owner, this.request.created, blocks)
            this.ledger.properties.declare_entries(this.owner, entries_wanted(blocks))
        else:
            this.ledger.properties.withdraw(this.owner)

    # -- drift ----------------------------------------------------------------------------------

    def _note_drift(self, this: Pass, evaluation: Evaluation) -> None:
        status, generation = this.request.status, this.request.generation
        this.drifted = this.drifted or this.history.drift_outstanding or drift.outstanding(status)
        if this.drifted or this.request.deleting or not drift.in_sync(status, generation):
            return
        if any(event.reason == reasons.DRIFT_DETECTED for event in this.history.pending_events):
            this.drifted = True  # the pass before was cut short, and this one goes on with the repair
            return
        for block, assessment in drift.drifted(evaluation):
            this.drifted = True
            traces = attribution.traces(block, assessment)
            if traces:
                found = attribution.UnattributedDrift(traces, this.began)
                this.history.awaiting_author[block.id.key] = found
            listed = block.id.key in this.ownership.inventory
            enforce = this.composition.enforce
            this.events.append(drift.detected(block, assessment, enforce=enforce, listed=listed))

    async def _attributed(self, this: Pass) -> list[Event]:
        cases, last = this.history.awaiting_author, this.ledger.last_attributed
        return await drift.attributed(cases, last, this.arm, this.ledger.clock)

    # -- small errands --------------------------------------------------------------------------

    def _comes_for_small_errands(self, this: Pass) -> bool:
        """Whether this pass comes for nothing but a name (of who did what is repaired already) or a diagnosis.

        Who comes sooner than was asked for comes for another reason, and everything is looked at; so it is after a
        pause, and after passes that failed.
        """
        history, request = this.history, this.request
        due = [each for each in (history.author_due, history.diagnosis_due) if each is not None]
        told = [condition_of(request.status, kind) for kind in (condition_types.READY, condition_types.IN_SYNC)]
        stands = all(each.get("status") == "True" and each.get("reason") != reasons.PAUSED for each in told)
        same = drift.in_sync(request.status, request.generation)
        if due and this.began >= min(due) and not request.deleting and stands and same:
            return True
        history.author_due = history.diagnosis_due = None
        return False

    async def _run_small_errands(self, this: Pass) -> ReconcileResult:
        """Ask the change log, which is minutes behind, or about a diagnosis: nothing else is due."""
        history, before = this.history, this.diagnosis
        author = history.author_due - this.began if history.author_due is not None else None
        if author is not None and author <= timedelta():
            this.events += await self._attributed(this)
            author = attribution.wait(history.awaiting_author, this.began)
        await diagnosing.advance(this)
        status = dict(this.request.status)
        diagnosis = diagnosing.wait(this, status["conditions"])
        waits = note_small_errands(history, this.began, author, diagnosis, alone=True)
        if this.diagnosis != before:
            findings = with_faults(status.get("findings", ()), this.diagnosis, before)
            status |= {"diagnosis": this.diagnosis, "findings": findings}
            status = {name: part for name, part in status.items() if name != "findings" or part}
        events = tuple(this.events)
        return ReconcileResult(status, events, intervals.next_pass(waits), metrics=metrics(events, 0))

    def _with_pending_events(self, request: ReconcileRequest, result: ReconcileResult) -> ReconcileResult:
        """The result of a pass that looks at nothing, with what the pass before had no time to tell."""
        memory = self._memories.get(request.key)
        events = []
        if memory is not None:
            events = take_pending_events(memory.history)
            memory.history.author_due = memory.history.diagnosis_due = None
        if not events:
            return result
        return replace(result, events=(*events, *result.events), metrics=metrics(events, 0))


def _note_findings(this: Pass, evaluation: Evaluation) -> bool:
    """Note in the ledger what an evaluation shows; whether something failed by that, and is to be judged anew."""
    failed = verify_writes(evaluation, this.readings, this.ledger, this.owner)
    homeless = this.inventory.without_room(evaluation.actions, this.owner) if this.composition.enforce else []
    for target in homeless:
        this.ledger.note_failure(target, this.owner, no_room(), ended=False)
    for target in evaluation.running():
        if this.ledger.running(target) is None:
            this.ledger.watch(target)  # somebody else's operation is waited for like one of ours
    return failed or bool(homeless)
