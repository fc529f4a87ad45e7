"""Evaluating a composition: what is to be said of each block, and which writes are due.

The third step of a pass. Pure: it looks at readings and at the ledger, and changes neither.
`reconciler.py` calls it again after it has noted in the ledger what the first call showed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import Present
from secureml_reconcilers.azure.catalogue import scope
from secureml_reconcilers.azure.errors import BUSY_WITH_ANOTHER
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.assessment import (
    Advised,
    Assessment,
    Blocked,
    Differs,
    Holds,
    Pending,
    Running,
    assess,
    choose,
)
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent, write_key
from secureml_reconcilers.engine.compare import Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.assessment import Action, Ownership
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.ledger import Ledger, Record
    from secureml_reconcilers.engine.property_claims import PropertyClaim
    from secureml_reconcilers.engine.readings import Readings


@dataclass(frozen=True, slots=True)
class Busy:
    """Azure works on something, or is about to, that keeps it from taking another write beside it (OPS-04)."""

    target: ResourceId

    @property
    def key(self) -> str:
        """As a block's: names what is waited for."""
        return f"busy:{self.target.key}"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All blocks of a turn with their assessments, and the actions chosen; conditions and plan are made of it."""

    composed: tuple[Composed, ...]
    assessments: Mapping[str, Assessment]
    """By block key."""

    actions: tuple[Action, ...]
    """What may be written now."""

    waiting: Mapping[str, Block | Busy]
    """By block key: what this one waits for, another block or Azure's work beside its target."""

    ownership: Ownership
    """Whose composition it is, what that one made, and what it may take over."""

    failed: Mapping[str, AzureProblem] = field(default_factory=dict)
    """By block key: how the last operation failed, where it is to be repeated or is being repeated."""

    repeated: frozenset[str] = frozenset()
    """Keys of blocks whose write was refused or failed before, and is due again: they have not held since."""

    differing: Mapping[str, Differs] = field(default_factory=dict)
    """By block key: what differs from what is asked for, that included which is left alone for a while."""

    obstacles: Mapping[str, AzureProblem] = field(default_factory=dict)
    """By key of a block that closes something: what stands in its way, however many steps down."""

    passable: frozenset[str] = frozenset()
    """Keys of the blocks that keep nothing waiting, of those that closings wait for."""

    def blocks(self) -> list[Block]:
        """Every block once, in the order in which the aspects tell them."""
        return list({block.key: block for said in self.composed for block in said.blocks}.values())

    def writes(self) -> list[Ensure | EnsureAbsent]:
        """The blocks that would write something."""
        return [block for block in self.blocks() if isinstance(block, Ensure | EnsureAbsent)]

    def targets(self) -> list[ResourceId]:
        """Everything that blocks would write to."""
        return list(dict.fromkeys(block.id for block in self.writes()))

    def write_keys(self) -> frozenset[str]:
        """What would be written, as the ledger names it."""
        return frozenset(write_key(block.id, block.part) for block in self.writes())

    def running(self) -> list[ResourceId]:
        """What Azure works on."""
        return [block.id for block in self.writes() if isinstance(self.assessments[block.key], Running)]


@dataclass(frozen=True, slots=True)
class Situation:
    """What blocks are assessed by."""

    readings: Readings
    ledger: Ledger
    ownership: Ownership


def evaluate(composed: list[Composed], situation: Situation) -> Evaluation:
    """Assess every block, and choose the writes that are due and allowed by what comes before them.

    Raises:
        RuntimeError: when two different blocks go by one key, which is a bug in the composition.
    """
    every, assessor = _by_key(composed), _Assessor(situation)
    assessments = {block.key: assessor.assessment(block) for block in every.values()}
    waiting: dict[str, Block | Busy] = {}
    actions: dict[str, Action] = {}
    for block in every.values():
        assessment = assessments[block.key]
        if not isinstance(assessment, Differs) or not isinstance(block, Ensure | EnsureAbsent):
            continue
        gate = assessor.gate(block) or _busy(block, situation, actions)
        if gate is not None:
            waiting[block.key] = gate
        else:
            actions[scope(block.id)] = choose(block, assessment, situation.ownership)
    closing = [block for block in every.values() if isinstance(block, Ensure) and block.closing is not None]
    return Evaluation(
        tuple(composed),
        assessor.assessments,
        tuple(actions.values()),
        waiting,
        situation.ownership,
        _failed(every.values(), situation, assessments),
        frozenset(assessor.repeated),
        assessor.differing,
        {
            block.key: found
            for block in closing
            if (found := assessor.obstacle(block) or assessor.waits_for_another(block)) is not None
        },
        frozenset(
            gate.key
            for block in closing
            for way in (block.closing.ways if block.closing is not None else ())
            for gate in way.gates
            if assessor.lets_pass(gate)
        ),
    )


def _busy(block: Ensure | EnsureAbsent, situation: Situation, actions: dict[str, Action]) -> Busy | None:
    """What writes in the same scope: an operation that runs, or an action of this turn chosen before."""
    beside = situation.ledger.running_beside(block.id)
    if beside is not None:
        return Busy(beside.id)
    first = actions.get(scope(block.id)) or _crowding(block, situation, actions)
    return Busy(first.id) if first is not None else None


def _crowding(
    block: Ensure | EnsureAbsent, situation: Situation, actions: dict[str, Action]
) -> Record | Action | None:
    """What a service works on that was too busy for this one the last time: they are written one by one then."""
    if block.service is None:
        return None
    failure = situation.ledger.failure(block.id, situation.ownership.owner, block.part)
    if failure is None or failure.problem.code not in BUSY_WITH_ANOTHER:
        return None
    beside = (each for each in actions.values() if each.block.service == block.service)
    return situation.ledger.running_for(block.service) or next(beside, None)


def _failed(
    blocks: Iterable[Block], situation: Situation, assessments: dict[str, Assessment]
) -> dict[str, AzureProblem]:
    """How the last operation failed on what is written again, by block key."""
    failed = {}
    for block in blocks:
        if isinstance(block, Ensure | EnsureAbsent) and isinstance(assessments[block.key], Differs | Running):
            failure = situation.ledger.failure(block.id, situation.ownership.owner, block.part)
            if failure is not None and failure.ended:
                failed[block.key] = failure.problem
    return failed


def must_be_fresh(action: Action) -> set[str]:
    """Keys of everything that must have been read in the very pass in which the action is taken.

    What takes something away asks for all its evidence: closing a way into what is not ours, and deleting.
    Making something on old evidence does no harm, for it is refused, or found superfluous; what writes over
    others' work instead names what it must look at.
    """
    # `create` None: not ours to make. Such a thing is only ever closed, or has our name taken off it.
    closes = isinstance(action.block, Ensure) and action.block.create is None
    preconditions = {target.key for target in action.block.preconditions}
    if action.kind != "Delete" and not closes:
        return preconditions
    return preconditions | {key for block in (action.block, *action.block.after) for key in _evidence(block)}


def _evidence(block: Block) -> Iterator[str]:
    target = block.id if isinstance(block, Ensure | EnsureAbsent) else block.about
    if target is not None:
        yield target.key
    yield from (other.key for other in block.evidence)


def _by_key(composed: list[Composed]) -> dict[str, Block]:
    """Every block once.

    Raises:
        RuntimeError: when two different blocks go by one key; a gate would then look at the wrong one.
    """
    every: dict[str, Block] = {}
    for said in composed:
        for block in said.blocks:
            if every.setdefault(block.key, block) != block:
                raise RuntimeError(f"two different blocks are called {block.key}: a bug in the composition")
    return every


@dataclass(slots=True)
class _Assessor:
    """Assesses each block of a turn once, those included that only others wait for."""

    situation: Situation
    assessments: dict[str, Assessment] = field(default_factory=dict)
    differing: dict[str, Differs] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    def assessment(self, block: Block) -> Assessment:
        """What is to be said of a block; what differs is Blocked by a remembered failure until its time is up."""
        known = self.assessments.get(block.key)
        if known is not None:
            return known
        if isinstance(block, Ensure | EnsureAbsent):
            assessment = self._of_write(block)
        else:
            assessment = assess(block, None, self.situation.ownership)
        self.assessments[block.key] = assessment
        return assessment

    def _of_write(self, block: Ensure | EnsureAbsent) -> Assessment:
        readings, ledger, ownership = self.situation.readings, self.situation.ledger, self.situation.ownership
        answer = readings.answer(block.id.key)
        assessment = assess(block, answer, ownership, running=ledger.running(block.id) is not None)
        failure = ledger.failure(block.id, ownership.owner, block.part)
        closed = isinstance(block, Ensure) and block.closing is not None and block.closing.closed_before
        if isinstance(assessment, Holds) and (failure is not None or closed):
            assessment = _left_failed(block, answer)
        if isinstance(assessment, Holds) and isinstance(block, Ensure):
            assessment = _in_effect(block, self.situation)
        if not isinstance(assessment, Differs):
            return assessment
        decided = ledger.properties.decided_by(block, ownership.owner)
        if decided is not None:
            return Blocked(_decided_by_another(block, decided))
        self.differing[block.key] = assessment
        if failure is None:
            return assessment
        if ledger.clock.monotonic() >= failure.not_before:
            self.repeated.add(block.key)
            return assessment
        optional = isinstance(block, Ensure) and block.optional
        return Advised(failure.problem) if optional else Blocked(failure.problem)

    def gate(self, block: Ensure | EnsureAbsent) -> Block | None:
        """The first block that must be in order before this one is written, or that comes before it."""
        closed = (gate for gate in block.after if not self.lets_pass(gate))
        coming = (gate for gate in block.after_if_possible if self._is_coming(gate))
        return next(closed, None) or next(coming, None)

    def lets_pass(self, gate: Block) -> bool:
        """Whether what waits for this block may go on: it holds, or is only worth knowing."""
        return isinstance(self.assessment(gate), Holds | Advised)

    def obstacle(self, block: Block, *, repeated: bool = True) -> AzureProblem | None:
        """What a block waits for that is blocked, however many steps down: nobody knows when it comes, or whether.

        What Azure works on waits for nothing any more.

        Args:
            block: what waits.
            repeated: what failed before stands in the way while it is tried again, too.
        """
        theirs = _gates_of_others(block)
        for gate in block.after:
            if gate.key in theirs:
                continue  # whoever declares it is told; who waits for it is told for whom
            assessment = self.assessment(gate)
            if isinstance(assessment, Blocked):
                return assessment.problem
            again = repeated and isinstance(assessment, Differs | Running)
            failed = self._failed_before(gate) if again else None
            if failed is not None:
                return failed
            if not isinstance(assessment, Holds | Advised | Running):
                found = self.obstacle(gate, repeated=repeated) or self.waits_for_another(gate)
                if found is not None:
                    return found
        return None

    def waits_for_another(self, block: Block) -> AzureProblem | None:
        """Whose private way into a service a closing waits for, where another custom resource declares it (F6)."""
        if not isinstance(block, Ensure) or block.closing is None:
            return None
        waited_for = {gate.key for gate in block.after}
        for way in block.closing.others:
            if any(gate.key in waited_for and not self.lets_pass(gate) for gate in way.gates):
                return AzureProblem(
                    reasons.WAITS_FOR_ANOTHER,
                    f"{way.owner} declares it as well, and its private way ({way.name}) does not work yet.",
                    f"See the conditions of {way.owner}, or set spec.sharedServices to Close to close it all the"
                    " same.",
                    target=block.id,
                )
        return None

    def _failed_before(self, gate: Block) -> AzureProblem | None:
        """How the last write of what is written again ended, or was refused."""
        if not isinstance(gate, Ensure | EnsureAbsent):
            return None
        failure = self.situation.ledger.failure(gate.id, self.situation.ownership.owner, gate.part)
        return failure.problem if failure is not None else None

    def _is_coming(self, block: Block) -> bool:
        """Not in order yet, but on its way."""
        assessment = self.assessment(block)
        if isinstance(assessment, Holds | Advised | Blocked):
            return False
        if isinstance(assessment, Running):
            return True
        return self.obstacle(block, repeated=False) is None and self.waits_for_another(block) is None


def _decided_by_another(block: Block, claim: PropertyClaim) -> AzureProblem:
    assert isinstance(block, Ensure)  # noqa: S101 - only these declare properties
    return AzureProblem(
        reasons.DECIDED_BY_ANOTHER,
        f"{claim.path} of {block.id.short} is {claim.value!r} for {claim.owner} (cluster, namespace and name),"
        " which is older and decides: what this resource declares of it is not written.",
        "Give the property one value in both, take it out of one of them, or delete one of them.",
        Retry.SLOW,
        Severity.USER,
        target=block.id,
    )


def _in_effect(block: Ensure, situation: Situation) -> Assessment:
    """What we wrote a moment ago shows, and may have no effect yet."""
    sent = situation.ledger.accepted.get(write_key(block.id, block.part))
    if sent is None:
        return Holds()
    until = sent + block.takes_effect
    return Pending(worth_a_look=False, until=until) if until > situation.ledger.clock.monotonic() else Holds()


def _gates_of_others(block: Block) -> set[str]:
    """Keys of what only other custom resources ask for before a service is closed."""
    closing = block.closing if isinstance(block, Ensure) else None
    if closing is None or not closing.others:
        return set()
    own = {gate.key for way in closing.ways for gate in way.gates}
    return {gate.key for way in closing.others for gate in way.gates} - own


def _left_failed(block: Block, answer: Answer | None) -> Assessment:
    """What shows all that was asked for, though our last write failed, differs if its state still says so.

    So does what was closed before, whoever's write failed: a process that died may have known that it was ours.
    Only for what is not ours to make (`assess` sees to the rest), and not where existence is all we want.
    """
    if not isinstance(answer, Present) or answer.provisioning_state not in {"failed", "canceled"}:
        return Holds()
    if not isinstance(block, Ensure) or not block.fragment:
        return Holds()
    state = Difference("properties.provisioningState", "Succeeded", answer.provisioning_state)
    return Differs("Update", (state,), answer.body)


def problems(evaluation: Evaluation) -> list[AzureProblem]:
    """Everything that went wrong in a turn, of aspects and of blocks."""
    found = [problem for said in evaluation.composed for problem in said.problems]
    found += [
        assessment.problem for assessment in evaluation.assessments.values() if isinstance(assessment, Blocked)
    ]
    return found
