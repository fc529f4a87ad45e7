"""From a judged pass to the status and the events. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.azure.problem import AzureProblem, Severity
from secureml_reconcilers.engine.assessment import Advised, Blocked, Running
from secureml_reconcilers.engine.blocks import Check, CheckLevel, StatusField
from secureml_reconcilers.engine.conditions import condition_of
from secureml_reconcilers.engine.contract import Event
from secureml_reconcilers.engine.diagnosis import with_faults
from secureml_reconcilers.engine.planning import planned
from secureml_reconcilers.engine.status_limits import (
    FACTS,
    FINDINGS,
    OPERATIONS,
    SHORT,
    TEXT,
    cut,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.evaluation import Evaluation
    from secureml_reconcilers.engine.exposure import Exposure, ServiceAccess
    from secureml_reconcilers.engine.ledger import Record

_PASSING: Final = frozenset(
    {reasons.PROGRESSING, reasons.WAITING, reasons.OUT_OF_SYNC, reasons.THROTTLED, reasons.AZURE_BUSY}
)
"""Nobody need act upon these reasons, so no event warns of them: one 503 is no news."""


@dataclass(frozen=True, slots=True)
class Report:
    """The parts of a status that change from pass to pass."""

    generation: int
    conditions: list[dict[str, Any]]
    services: list[ServiceAccess]
    exposures: list[Exposure]
    inventory: list[dict[str, Any]]
    operations: Iterable[Record]
    diagnosis: Mapping[str, Any] = field(default_factory=dict)

    def status(self, evaluation: Evaluation, *, plan: bool) -> Status:
        """The whole status; lists that are empty are left out, but for a plan: there, empty says nothing to do."""
        status: Status = {"observedGeneration": self.generation, "conditions": self.conditions}
        parts: dict[str, Any] = {
            "findings": with_faults(findings(evaluation, self.exposures if not plan else ()), self.diagnosis),
            "services": [each.to_status() for each in self.services],
            "inventory": self.inventory,
            "operations": [o.to_status() for o in sorted(self.operations, key=lambda o: o.id.key)][:OPERATIONS],
            "diagnosis": dict(self.diagnosis),
            **status_fields(evaluation),
        }
        status.update({name: part for name, part in parts.items() if part})
        if self.services:
            status["exposedServices"] = sum(each.public_access == "Open" for each in self.services)
        if plan:
            status["plan"] = planned(evaluation)
        return status


def findings(evaluation: Evaluation, exposures: Sequence[Exposure] = ()) -> list[dict[str, Any]]:
    """Everything unsatisfied that a person should know, bounded: what is open, what blocks, and the rest."""
    found, open_now = [_exposed(each) for each in exposures], [each.block for each in exposures]
    for said in evaluation.composed:
        found += [_finding("", _severity(problem), problem) for problem in said.problems]
        for block in said.blocks:
            assessment = evaluation.assessments[block.key]
            if isinstance(assessment, Blocked) and block not in open_now:
                found.append(_finding(_rule(block), _severity(assessment.problem), assessment.problem))
            elif block.key in evaluation.failed:
                found.append(_finding(_rule(block), "Warning", evaluation.failed[block.key]))
            elif isinstance(assessment, Advised):
                found.append(_advised(block, assessment))
    unique = {tuple(sorted(entry.items())): entry for entry in found}
    return sorted(unique.values(), key=lambda entry: entry["severity"] != "Error")[:FINDINGS]


def status_fields(evaluation: Evaluation) -> dict[str, Any]:
    """Discovered ids and records, by their place in the status; a dotted path nests, a repeated one lists."""
    status: dict[str, Any] = {}
    for block in evaluation.blocks():
        if not isinstance(block, StatusField):
            continue
        head, _, tail = block.path.partition(".")
        if tail:
            status.setdefault(head, {})[tail] = block.value
        else:
            status.setdefault(head, []).append(block.value)
    return {name: part[:FACTS] if isinstance(part, list) else part for name, part in status.items()}


def transitions(
    previous: Iterable[Mapping[str, Any]], fresh: Iterable[Mapping[str, Any]], *, drifted: bool = False
) -> list[Event]:
    """Events for what changed between two lists of conditions.

    Args:
        previous: as they stood in the status.
        fresh: as they will.
        drifted: drift was found in between; it may be found and repaired in one pass.
    """
    previous, fresh = list(previous), list(fresh)
    before = {condition["type"]: condition for condition in previous}
    events = pauses(previous, fresh)
    for condition in fresh:
        kind, old = condition["type"], before.get(condition["type"], {})
        if kind == condition_types.READY and condition["status"] == "True" and not _was_ready(before):
            events.append(Event("Normal", reasons.READY, condition["message"]))
        elif (
            kind == condition_types.IN_SYNC
            and condition["status"] == "True"
            and (drifted or old.get("reason") == reasons.DRIFTED)
        ):
            events.append(Event("Normal", reasons.DRIFT_CORRECTED, "Azure is as declared again."))
        elif _new_trouble(kind, condition, old):
            events.append(Event("Warning", condition["reason"], cut(condition["message"], SHORT)))
    return list(dict.fromkeys(events))  # one cause may show in many conditions


def pauses(previous: Iterable[Mapping[str, Any]], fresh: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Events for the beginning and the end of a pause."""
    was, now = (condition_of({"conditions": every}, condition_types.RECONCILING) for every in (previous, fresh))
    if (was.get("reason") == reasons.PAUSED) == (now.get("reason") == reasons.PAUSED):
        return []
    if now.get("reason") == reasons.PAUSED:
        return [Event("Normal", reasons.PAUSED, now["message"])]
    return [Event("Normal", reasons.RESUMED, "The pause is over: Azure is looked at again.")]


def advised(before: Iterable[Mapping[str, Any]], evaluation: Evaluation) -> list[Event]:
    """Events for advice that is news: a Ready resource has no condition that would show it.

    Args:
        before: the findings as they stood in the status, and those of `still_known`.
        evaluation: the pass.
    """
    # What finds no room among the findings would be news on every pass.
    known = list(before)
    new = [entry for entry in findings(evaluation) if entry not in known]
    found = []
    for block in evaluation.blocks():
        assessment = evaluation.assessments[block.key]
        if isinstance(assessment, Advised) and (entry := _advised(block, assessment)) in new:
            told = assessment.problem or block
            assert isinstance(told, AzureProblem | Check)  # noqa: S101 - only these two are advice
            text = cut(f"{entry['message']} {entry.get('advice', '')}".strip(), SHORT)
            found.append(Event("Warning", told.reason, text))
    return found


def still_known(before: Iterable[Mapping[str, Any]], evaluation: Evaluation) -> list[Mapping[str, Any]]:
    """Those of the findings told before that may be back: this pass could not tell, or Azure is at work.

    Args:
        before: the findings as they stood in the status, and what this function gave for the pass before.
        evaluation: the pass.
    """
    hidden = any(said.problems for said in evaluation.composed)
    if not hidden and not any(isinstance(assessment, Running) for assessment in evaluation.assessments.values()):
        return []
    known: list[Mapping[str, Any]] = []
    for entry in before:
        if entry not in known:
            known.append(entry)
    return known[: 2 * FINDINGS]  # the latest come first; a long trouble does not fill the memory


def leaving(
    changed: list[Event], left: int, services: Iterable[Mapping[str, Any]], *, released: bool, removed: bool
) -> list[Event]:
    """Events of a custom resource that goes: no word of being ready, one of what is left.

    Args:
        changed: the events of its conditions.
        left: how many of the resources that its inventory lists are still there.
        services: `status.services`, as they were last seen.
        released: nothing is left to wait for.
        removed: what it made was removed; otherwise it stays.
    """
    kept = [event for event in changed if event.type == "Warning"]
    if released:
        text = f"{_removed(left) if removed else _retained(left)} {_public_access(services)}"
        kept.append(Event("Normal", reasons.RELEASED, cut(text, SHORT)))
    return kept


def _removed(left: int) -> str:
    if not left:
        return "What the operator made for it is gone."
    stay = f"{left} resources that stay" if left > 1 else "1 resource that stays"
    return f"What it made or used is gone but for {stay}: events of the reason {reasons.KEPT} say why."


def _public_access(services: Iterable[Mapping[str, Any]]) -> str:
    """What becomes of public access, which nobody opens again, and nobody closes any more."""
    seen = {each["id"].rsplit("/", 1)[-1]: each["publicAccess"] for each in services}
    left_open = [name for name, access in seen.items() if access == "Open"]
    if left_open:
        return f"Public access is left as it was last seen, open to the internet: {', '.join(left_open)}."
    closed = bool(seen) and set(seen.values()) == {"Closed"}
    return "Public access stays closed." if closed else "Public access is left as it is."


def _retained(left: int) -> str:
    resources = "1 resource" if left == 1 else f"{left} resources"
    return (
        f"Azure is left as it is: what the operator made for it, or shares between several, stays ({resources})."
    )


def begun(actions: Iterable[Action]) -> list[Event]:
    """One event per write that Azure took: the steps that `kubectl describe` tells."""
    names = {"Create": reasons.CREATING, "Update": reasons.UPDATING, "Delete": reasons.DELETING}
    return [Event("Normal", names[action.kind], cut(action.sentence, SHORT)) for action in actions]


def _was_ready(before: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether it had been ready; that it could not be told for a moment changes nothing."""
    ready, in_sync = (before.get(kind, {}) for kind in (condition_types.READY, condition_types.IN_SYNC))
    if ready.get("status") == "True":
        return True
    untold = ready.get("status") == in_sync.get("status") == "Unknown"
    return untold and in_sync["reason"] != reasons.PAUSED  # without a pause, the second follows only upon True


def _new_trouble(kind: str, condition: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    summary = {
        condition_types.READY,
        condition_types.IN_SYNC,
        condition_types.RECONCILING,
        condition_types.STALLED,
        condition_types.PERMITTED,
    }
    return (
        kind not in summary
        and condition["status"] != "True"
        and condition["reason"] not in _PASSING
        and condition["reason"] != old.get("reason")
    )


def _severity(problem: AzureProblem) -> str:
    """What passes by itself is no error."""
    return "Warning" if problem.severity is Severity.NOBODY else "Error"


def _finding(rule: str, severity: str, problem: AzureProblem) -> dict[str, Any]:
    entry = {"rule": rule or problem.reason, "severity": severity, "message": cut(problem.message, TEXT)}
    if problem.advice:
        entry["advice"] = cut(problem.advice, TEXT)
    if problem.target is not None:
        entry["resource"] = problem.target.text
    return entry


def _exposed(exposure: Exposure) -> dict[str, Any]:
    """That a service answers the internet, since when, what is in the way, and how to close it at once."""
    why = f" and is not closed: {exposure.cause}" if exposure.cause else ", and its closing waits."
    return {
        "rule": _rule(exposure.block),
        "severity": "Error",
        "message": cut(f"{exposure.sentence}{why}", TEXT),
        "advice": cut(exposure.by_hand, TEXT),
        "resource": exposure.id.text,
    }


def still_exposed(exposure: Exposure) -> Event:
    """That something still answers the internet: one event is soon forgotten."""
    told = _exposed(exposure)
    return Event("Warning", reasons.EXPOSED, cut(f"{told['message']} {told['advice']}", SHORT))


def _advised(block: Block, assessment: Advised) -> dict[str, Any]:
    """What is worth knowing: a fact, or why something could not be written that need not be."""
    if assessment.problem is not None:
        return _finding(_rule(block), CheckLevel.ADVISORY.value, assessment.problem)
    assert isinstance(block, Check)  # noqa: S101 - a fact tells itself
    return _advice(block)


def _advice(block: Check) -> dict[str, Any]:
    entry = {"rule": _rule(block), "severity": CheckLevel.ADVISORY.value, "message": cut(block.message, TEXT)}
    if block.advice:
        entry["advice"] = cut(block.advice, TEXT)
    if block.about is not None:
        entry["resource"] = block.about.text
    return entry


def _rule(block: Block) -> str:
    return block.rules[0] if block.rules else ""
