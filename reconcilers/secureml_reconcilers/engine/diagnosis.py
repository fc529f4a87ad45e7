"""What Azure finds wrong when it is asked to look by itself: in the status, among the findings, as events.

Pure functions. `status.diagnosis` is all that is kept of a diagnosis; the findings are made of it on every pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.engine.contract import Event
from secureml_reconcilers.engine.status_limits import ASKED, FAULTS, FINDINGS, SHORT, TEXT, WORD, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.contract import ReconcileRequest, Status

_WORST_FIRST: Final = ("Error", "Warning", "", "Information")

_MENDED: Final = (
    "Once it is mended, have Azure look again with the annotation secureml.dev/diagnose-at (any new value); until"
    " then this is what it found last."
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in Azure's words."""

    category: str
    code: str
    level: str
    message: str

    def to_status(self) -> dict[str, str]:
        """As it stands in the status; what Azure does not say is left out."""
        told = {
            "category": cut(self.category, WORD),
            "code": cut(self.code, WORD),
            "level": cut(self.level, WORD),
            "message": cut(self.message, SHORT),
        }
        return {name: text for name, text in told.items() if text or name == "category"}


@dataclass(frozen=True, slots=True)
class Diagnosable:
    """How a resource is asked to look for its own faults, which changes nothing."""

    id: ResourceId
    action: str
    body: Body
    read: Callable[[Body], tuple[Fault, ...]]
    """Takes the answer; fails for none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a diagnosis is asked for; it stands in the status with the answer, which settles it."""

    at: str
    """The annotation."""

    ready_generation: int
    """The latest generation that was Ready; 0 for none."""


@dataclass(slots=True)
class Diagnosing:
    """A diagnosis that is due or under way; losing it costs a second one."""

    asked: Asked
    since: Moment
    look_at: Moment
    handle: str = ""
    """Where Azure will answer; empty when it is to be asked."""

    attempts: int = 0


def asked(request: ReconcileRequest, status: Status, *, enforce: bool) -> Asked | None:
    """What a diagnosis is due for; None when the last one settled it.

    Args:
        request: the custom resource.
        status: its conditions and its last diagnosis, as they are now.
        enforce: False in Observe mode, where only a person asks.
    """
    last = status.get("diagnosis", {})
    known = Asked(last.get("askedAt", ""), last.get("readyGeneration", 0))
    ready = next(
        (each for each in status.get("conditions", ()) if each["type"] == condition_types.READY), {"status": ""}
    )
    is_ready = ready["status"] == "True" and ready.get("observedGeneration") == request.generation
    wanted = Asked(
        cut(request.diagnose_at, ASKED), request.generation if is_ready and enforce else known.ready_generation
    )
    by_a_person = bool(wanted.at) and wanted.at != known.at
    return wanted if by_a_person or wanted.ready_generation != known.ready_generation else None


def answered(about: ResourceId, wanted: Asked, at: str, found: Sequence[Fault]) -> dict[str, Any]:
    """`status.diagnosis` when Azure has answered."""
    worst = sorted(dict.fromkeys(found), key=_urgency)[:FAULTS]
    return _diagnosis(about, wanted, at, "faults", [each.to_status() for each in worst])


def refused(about: ResourceId, wanted: Asked, at: str, problem: AzureProblem) -> dict[str, Any]:
    """`status.diagnosis` when Azure has not: that is told once, and not tried again unasked."""
    advice = f"{problem.advice} Then have Azure asked again with the annotation secureml.dev/diagnose-at."
    why = {
        "reason": problem.reason,
        "message": cut(f"Azure did not diagnose {about.short}: {problem.message}", TEXT),
        "advice": cut(advice.strip(), TEXT),
    }
    return _diagnosis(about, wanted, at, "refusal", why)


def findings_of(diagnosis: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a diagnosis adds to the findings; none of it is an error, for the conditions tell what must hold."""
    about = diagnosis.get("resource", "")
    refusal = diagnosis.get("refusal")
    found = [_finding(each, about) for each in diagnosis.get("faults", ())]
    if refusal:
        told = {"rule": refusal["reason"], "severity": "Warning", "resource": about, "message": refusal["message"]}
        found.append({**told, "advice": refusal["advice"]})
    return found


def with_faults(
    findings: Sequence[Mapping[str, Any]], diagnosis: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> list[Mapping[str, Any]]:
    """Findings with what a diagnosis adds.

    Args:
        findings: the others, worst first.
        diagnosis: `status.diagnosis`.
        before: the one whose findings are among them already; they go.
    """
    gone = findings_of(before or {})
    return [*(each for each in findings if each not in gone), *findings_of(diagnosis)][:FINDINGS]


def news(diagnosis: Mapping[str, Any], before: Mapping[str, Any]) -> list[Event]:
    """Events for what was not found the last time; what is only information is no event."""
    known, subject = findings_of(before), (diagnosis.get("refusal") or {}).get("reason")
    return [
        Event("Warning", subject or reasons.DIAGNOSED_BY_AZURE, cut(f"{each['message']} {each['advice']}", SHORT))
        for each in findings_of(diagnosis)
        if each not in known and each["severity"] == "Warning"
    ]


def _diagnosis(about: ResourceId, wanted: Asked, at: str, name: str, told: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    status = {"at": at, "resource": about.text, name: told, "askedAt": wanted.at}
    if wanted.ready_generation:
        status["readyGeneration"] = wanted.ready_generation
    return {key: value for key, value in status.items() if value}


def _urgency(fault: Fault) -> int:
    return _WORST_FIRST.index(fault.level) if fault.level in _WORST_FIRST else 1


def _finding(fault: Mapping[str, str], about: str) -> dict[str, Any]:
    word = " ".join(filter(None, (fault.get("level", ""), fault.get("code", ""))))
    message = f"Azure's own diagnosis, {fault['category']}: {word}: {fault.get('message', '')}"
    return {
        "rule": reasons.DIAGNOSED_BY_AZURE,
        "severity": "Info" if fault.get("level") == "Information" else "Warning",
        "resource": about,
        "message": cut(message.strip(" :"), TEXT),
        "advice": _MENDED,
    }
