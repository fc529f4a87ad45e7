"""Conditions: a pure function of what a pass learned.

Every type is positive, set from the first visit on, and says in its message what a person should do next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.azure.problem import Retry
from secureml_reconcilers.engine.assessment import Blocked, Differs, Pending, Running
from secureml_reconcilers.engine.blocks import Check, Ensure, EnsureAbsent
from secureml_reconcilers.engine.evaluation import Busy, problems
from secureml_reconcilers.engine.status_limits import CONDITION, cut
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from secureml_reconcilers.api.condition_types import ConditionType
    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.assessment import Assessment
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.exposure import Exposure

CANNOT_TELL: Final = frozenset(
    {
        reasons.AZURE_UNREACHABLE,
        reasons.UNEXPECTED_ANSWER,
        reasons.AZURE_BUSY,
        reasons.THROTTLED,
        reasons.AUTHENTICATION_FAILED,
    }
)
"""Reasons under which the aspect is neither met nor unmet: its status is Unknown."""

_LAST_SEEN: Final = "Paused; as last seen: "

_URGENCY: Final = {reasons.EXPOSED: 1, reasons.OUT_OF_SYNC: 1, reasons.PROGRESSING: 2, reasons.WAITING: 2}
"""What somebody must act upon comes before what follows from it, and that before what passes by itself."""

_LISTED: Final = 3
"""So many things are named in a message; the findings hold all of them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before its transition time is known."""

    type: ConditionType
    status: str
    reason: Reason
    message: str

    @property
    def met(self) -> bool:
        """Whether the status is True."""
        return self.status == "True"


def conditions(
    evaluation: Evaluation,
    exposures: Sequence[Exposure] = (),
    *,
    enforce: bool,
    drifting: bool,
    settled_before: bool,
) -> list[Condition]:
    """All conditions of a custom resource.

    Args:
        evaluation: the pass.
        exposures: what answers the internet, and is not being closed.
        enforce: False in Observe mode.
        drifting: something that had been as declared is not any more.
        settled_before: the resource was Ready at this generation.
    """
    told: dict[str, ConditionType] = {}
    open_now = exposures if enforce else ()
    aspects = [_aspect(said, evaluation, open_now, told, enforce=enforce) for said in evaluation.composed]
    ready = _ready(aspects, open_now, enforce=enforce)
    found = problems(evaluation)
    stalled = next((problem for problem in found if problem.retry is Retry.NEVER), None)
    if enforce and _at_work(evaluation):
        stalled = None  # tools would stop waiting in the middle of a convergence; it is said when all else is done
    return [
        ready,
        _reconciling(ready, stalled, enforce=enforce),
        _stalled(stalled, others=bool(found)),
        _in_sync(evaluation, ready, enforce=enforce, drifting=drifting, settled_before=settled_before),
        _permitted(found),
        *aspects,
    ]


def with_times(
    fresh: Iterable[Condition], previous: Iterable[Mapping[str, Any]], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """Conditions as they stand in the status; the transition time changes only with the status."""
    before = {condition["type"]: condition for condition in previous}
    rendered = []
    for condition in fresh:
        old = before.get(condition.type, {})
        since = old.get("lastTransitionTime") if old.get("status") == condition.status else None
        rendered.append(
            {
                "type": condition.type,
                "status": condition.status,
                "reason": condition.reason,
                "message": cut(condition.message, CONDITION),
                "lastTransitionTime": since or stamp(now),
                "observedGeneration": generation,
            }
        )
    return rendered


def condition_of(status: Mapping[str, Any], kind: ConditionType) -> Mapping[str, Any]:
    """One condition of a status as it stands; empty when it was never set."""
    return next((c for c in status.get("conditions", ()) if c["type"] == kind), {})


def invalid(message: str) -> list[Condition]:
    """Conditions of a spec that cannot be read; the API server refuses nearly all of those before us."""
    return [
        Condition(condition_types.READY, "False", reasons.INVALID_SPEC, message),
        Condition(
            condition_types.RECONCILING,
            "False",
            reasons.INVALID_SPEC,
            "Nothing is done until the spec is corrected.",
        ),
        Condition(condition_types.STALLED, "True", reasons.INVALID_SPEC, message),
    ]


def paused(ready: Mapping[str, Any] | None) -> list[Condition]:
    """Conditions of a custom resource that is left alone.

    Args:
        ready: what stands in the status, of this generation; None when it was not looked at in this generation.
    """
    advice = "Remove the annotation secureml.dev/paused to go on"
    idle = Condition(
        condition_types.RECONCILING, "False", reasons.PAUSED, f"{advice}; drift is not repaired meanwhile."
    )
    unwatched = "Drift is neither looked for nor repaired since this resource was paused."
    in_sync = Condition(condition_types.IN_SYNC, "Unknown", reasons.PAUSED, unwatched)
    if ready is not None:
        return [_ready_as_last_seen(ready), idle, in_sync]
    message = f"Whether Azure is as this spec declares has not been looked at. {advice}."
    return [
        Condition(condition_types.READY, "Unknown", reasons.PAUSED, message),
        idle,
        Condition(
            condition_types.STALLED,
            "False",
            reasons.NOT_STALLED,
            "Nothing is known yet that needs a change of the spec.",
        ),
        in_sync,
    ]


def as_last_seen(condition: Mapping[str, Any]) -> dict[str, Any]:
    """What an aspect said to be so before the pause: nobody looks whether it still is."""
    if condition["status"] != "True":
        return dict(condition)
    return {**condition, "message": _last_seen(condition["message"])}


def _ready_as_last_seen(ready: Mapping[str, Any]) -> Condition:
    """What was known stays, without the promise of watching."""
    seen = "Azure was as declared." if ready["status"] == "True" else ready["message"]
    return Condition(condition_types.READY, ready["status"], ready["reason"], _last_seen(seen))


def _last_seen(message: str) -> str:
    """A message from before a pause, said to be that, once."""
    return f"{_LAST_SEEN}{message.removeprefix(_LAST_SEEN)}"


def _aspect(
    said: Composed,
    evaluation: Evaluation,
    exposures: Sequence[Exposure],
    told: dict[str, ConditionType],
    *,
    enforce: bool,
) -> Condition:
    """One aspect's condition; `told` holds each cause by the aspect that shows it, and is added to."""
    kind = said.aspect.condition
    exposed = [each for each in exposures if each.block in said.blocks]
    if exposed:
        return _exposed(kind, exposed, told)
    blocks = [(block, evaluation.assessments[block.key]) for block in said.blocks]
    blocked = [assessment.problem for _, assessment in blocks if isinstance(assessment, Blocked)]
    troubles = [*blocked, *said.problems]
    if troubles:
        return _from_problem(kind, troubles, told)
    differing = [block for block, assessment in blocks if isinstance(assessment, Differs)]
    if differing and not enforce:
        return Condition(kind, "False", reasons.OUT_OF_SYNC, f"Observe mode: would {_sentences(differing)}")
    failed = [evaluation.failed[block.key] for block, _ in blocks if block.key in evaluation.failed]
    if failed:
        cause = _from_problem(kind, failed, told)
        if cause.reason != reasons.WAITING:
            cause = replace(cause, message=f"{cause.message} It is being repeated.")
        return replace(cause, status="False")
    return _under_way(kind, blocks, evaluation) or Condition(
        kind, "True", said.aspect.met, said.aspect.met_message
    )


def _exposed(kind: ConditionType, exposed: list[Exposure], told: dict[str, ConditionType]) -> Condition:
    """What answers the internet, what keeps it open, and how to close it at once."""
    sentences = [f"{each.sentence}{_why_open(kind, each, told)} {each.by_hand}" for each in exposed[:_LISTED]]
    more = f" {len(exposed) - _LISTED} more are open: see status.services." if len(exposed) > _LISTED else ""
    return Condition(kind, "False", reasons.EXPOSED, " ".join(sentences) + more)


def _why_open(kind: ConditionType, exposure: Exposure, told: dict[str, ConditionType]) -> str:
    """The end of a sentence that says that something is open; a cause that another aspect shows stands there."""
    cause = str(exposure.obstacle) if exposure.obstacle is not None else ""
    if cause and told.setdefault(cause, kind) != kind:
        return f" and is closed once {told[cause]} is met, which tells what is in the way."
    if cause:
        return f" and is not closed: {exposure.cause}"
    return f" and is closed again as soon as {_in_order(exposure.gate)}." if exposure.gate is not None else "."


def _under_way(
    kind: ConditionType, blocks: list[tuple[Block, Assessment]], evaluation: Evaluation
) -> Condition | None:
    """What will be in order without anybody's help; None when all of it is."""
    working = [
        block
        for block, assessment in blocks
        if isinstance(assessment, Running)
        or (isinstance(assessment, Differs) and block.key not in evaluation.waiting)
    ]
    if working:
        return Condition(
            kind, "False", reasons.PROGRESSING, f"Azure is working on {_names(working)}; it goes on by itself."
        )
    waiting = [block for block, _ in blocks if block.key in evaluation.waiting]
    if waiting:
        gate = evaluation.waiting[waiting[0].key]
        those = [block for block in waiting if evaluation.waiting[block.key].key == gate.key]
        verb = "waits" if len(those) == 1 else "wait"
        return Condition(kind, "False", reasons.WAITING, f"{_names(those)} {verb} until {_in_order(gate)}.")
    pending = [block for block, assessment in blocks if isinstance(assessment, Pending)]
    if pending:
        message = (
            pending[0].message
            if isinstance(pending[0], Check)
            else f"{_name(pending[0])} was written, and may take a while to have effect."
        )
        return Condition(kind, "False", reasons.WAITING, f"{message} It is looked at again by itself.".strip())
    return None


def _is_repaired(evaluation: Evaluation) -> bool:
    """Whether something of what differs is being written, or all of it is under way."""
    if not evaluation.differing:
        return _at_work(evaluation)
    assessments = ((key, evaluation.assessments.get(key)) for key in evaluation.differing)
    return any(isinstance(each, Differs) and key not in evaluation.waiting for key, each in assessments)


def _at_work(evaluation: Evaluation) -> bool:
    """Whether Azure works on something, or will at once."""
    return any(
        isinstance(assessment, Running) or (isinstance(assessment, Differs) and key not in evaluation.waiting)
        for key, assessment in evaluation.assessments.items()
    )


def _from_problem(kind: ConditionType, troubles: list[AzureProblem], told: dict[str, ConditionType]) -> Condition:
    """The first cause that no aspect before shows; an aspect without one of its own waits for the other."""
    causes = {str(problem): problem for problem in troubles}
    shown = next((cause for cause in causes if cause not in told), None)
    if shown is None:
        cause, problem = next(iter(causes.items()))
        message = f"Waits until {told[cause]} is met, which tells the cause."
        return Condition(kind, _status_with(problem), reasons.WAITING, message)
    told[shown] = kind
    more = f" ({len(causes) - 1} more in status.findings)" if len(causes) > 1 else ""
    return Condition(kind, _status_with(causes[shown]), causes[shown].reason, f"{shown}{more}")


def _status_with(problem: AzureProblem) -> str:
    """The status of an aspect that has this trouble: what cannot be told is neither met nor unmet."""
    return "Unknown" if problem.reason in CANNOT_TELL else "False"


def _ready(aspects: list[Condition], exposures: Sequence[Exposure], *, enforce: bool) -> Condition:
    unmet = [aspect for aspect in aspects if not aspect.met]
    if not unmet:
        drift = (
            "drift is watched for and repaired"
            if enforce
            else "drift is watched for, and mode Observe repairs nothing"
        )
        return Condition(condition_types.READY, "True", reasons.AS_DECLARED, f"Azure is as declared; {drift}.")
    first = min(unmet, key=lambda aspect: _URGENCY.get(aspect.reason, 0))
    done = f"{len(aspects) - len(unmet)} of {len(aspects)} aspects are met."
    if exposures:
        names = ", ".join(dict.fromkeys(each.id.short for each in exposures))
        shown = f"Open to the internet: {names}. {done} {first.type}: {first.message}"
        return Condition(condition_types.READY, "False", reasons.EXPOSED, shown)
    return Condition(
        condition_types.READY,
        "Unknown" if all(aspect.status == "Unknown" for aspect in unmet) else "False",
        first.reason,
        f"{done} {first.type}: {first.message}",
    )


def _reconciling(ready: Condition, stalled: AzureProblem | None, *, enforce: bool) -> Condition:
    if ready.met:
        return Condition(
            condition_types.RECONCILING,
            "False",
            reasons.IDLE,
            "All is as declared; Azure and the spec are watched for changes.",
        )
    if stalled is not None:
        return Condition(
            condition_types.RECONCILING, "False", reasons.STALLED, "Waiting for a change of this resource."
        )
    if not enforce:
        return Condition(
            condition_types.RECONCILING, "False", reasons.OBSERVING, "Mode Observe only plans: see status.plan."
        )
    return Condition(condition_types.RECONCILING, "True", ready.reason, ready.message)


def _stalled(problem: AzureProblem | None, *, others: bool) -> Condition:
    """Whether only a change of the spec helps; of other troubles, which may end without one, it says no more."""
    if problem is None:
        message = (
            "What the other conditions name is tried again by itself, once it is put right here or in Azure."
            if others
            else "Nothing here needs a change of the spec."
        )
        return Condition(condition_types.STALLED, "False", reasons.NOT_STALLED, message)
    return Condition(condition_types.STALLED, "True", problem.reason, str(problem))


def _in_sync(
    evaluation: Evaluation, ready: Condition, *, enforce: bool, drifting: bool, settled_before: bool
) -> Condition:
    if ready.met:
        return Condition(condition_types.IN_SYNC, "True", reasons.IN_SYNC, "No drift is outstanding.")
    if drifting:
        drifted = [
            str(difference)
            for assessment in evaluation.differing.values()
            for difference in assessment.differences
        ]
        doing = "Being repaired" if _is_repaired(evaluation) else "Not repaired yet, and other conditions tell why"
        if not enforce:
            doing = "Mode Observe repairs nothing"
        return Condition(
            condition_types.IN_SYNC,
            "False",
            reasons.DRIFTED,
            f"{doing}: {'; '.join(drifted[:_LISTED])}".rstrip(": "),
        )
    if settled_before or (not enforce and ready.status == "Unknown"):
        return Condition(
            condition_types.IN_SYNC,
            "Unknown",
            ready.reason,
            "Whether Azure has drifted could not be told this time.",
        )
    if not enforce:
        return Condition(
            condition_types.IN_SYNC,
            "False",
            reasons.OUT_OF_SYNC,
            "Not as declared: status.plan lists what would be done."
            if evaluation.differing
            else "Not as declared, and status.findings tell what is in the way: Enforce would write nothing now.",
        )
    return Condition(
        condition_types.IN_SYNC, "False", reasons.CONVERGING, "The first convergence is not done yet."
    )


def _permitted(found: list[AzureProblem]) -> Condition:
    """The rights that are missing, to join networks and subnets too (RBAC-VNET-01, RBAC-SNET-01, RBAC-ROLE-01)."""
    refused = [problem for problem in found if problem.reason == reasons.FORBIDDEN]
    if not refused and any(problem.reason == reasons.AUTHENTICATION_FAILED for problem in found):
        return Condition(
            condition_types.PERMITTED,
            "Unknown",
            reasons.AUTHENTICATION_FAILED,
            "Without a sign-in it cannot be told.",
        )
    if not refused:
        return Condition(
            condition_types.PERMITTED, "True", reasons.PERMITTED, "The operator's roles have been enough so far."
        )
    actions = sorted({_missing_right(problem) for problem in refused if problem.permission})
    wanted = f"Grant: {'; '.join(actions)}. " if actions else ""
    return Condition(condition_types.PERMITTED, "False", reasons.FORBIDDEN, f"{wanted}{refused[0]}")


def _missing_right(problem: AzureProblem) -> str:
    """The action that is missing, and where, if Azure says so: one may have it elsewhere."""
    return (
        f"{problem.permission} on {problem.permission_scope}" if problem.permission_scope else problem.permission
    )


def _names(blocks: list[Block]) -> str:
    more = f" and {len(blocks) - _LISTED} more" if len(blocks) > _LISTED else ""
    return ", ".join(_name(block) for block in blocks[:_LISTED]) + more


def _name(block: Block) -> str:
    if isinstance(block, Check):
        return block.name
    if isinstance(block, Ensure | EnsureAbsent):
        return f"{block.id.short} ({block.part})" if block.part else block.id.short
    return block.key


def _in_order(gate: Block | Busy) -> str:
    """What a write waits for, in words: a fact is named by what is true when it holds."""
    if isinstance(gate, Busy):
        return f"Azure is done with {gate.target.short}, for it takes one write at a time there"
    return _name(gate) if isinstance(gate, Check) else f"{_name(gate)} is in order"


def _sentences(blocks: list[Block]) -> str:
    more = f" (and {len(blocks) - _LISTED} more in status.plan)" if len(blocks) > _LISTED else ""
    return "; ".join(f"write {_name(block)}" for block in blocks[:_LISTED]) + more
