"""Drift: what had been as declared and is not any more, and who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.engine import attribution
from secureml_reconcilers.engine.assessment import Differs
from secureml_reconcilers.engine.blocks import Ensure, EnsureAbsent
from secureml_reconcilers.engine.conditions import condition_of
from secureml_reconcilers.engine.contract import Event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Arm
    from secureml_reconcilers.engine.attribution import UnattributedDrift
    from secureml_reconcilers.engine.clock import Clock
    from secureml_reconcilers.engine.evaluation import Evaluation


def in_sync(status: Mapping[str, Any], generation: int) -> bool:
    """Whether everything had been as declared at this generation, and no drift was found since.

    Unknown follows only upon True: something could not be told, or somebody's operation was running. Only a
    pause makes it Unknown whatever it was; Ready then still tells.
    """
    condition = condition_of(status, condition_types.IN_SYNC)
    if (
        condition.get("reason") == reasons.PAUSED
        and condition_of(status, condition_types.READY).get("status") != "True"
    ):
        return False
    return condition.get("status") in {"True", "Unknown"} and condition.get("observedGeneration") == generation


def outstanding(status: Mapping[str, Any]) -> bool:
    """Whether drift was found before and is not repaired yet."""
    return condition_of(status, condition_types.IN_SYNC).get("reason") == reasons.DRIFTED


def drifted(evaluation: Evaluation) -> list[tuple[Ensure | EnsureAbsent, Differs]]:
    """What is not as declared; a child whose parent is gone, or must go, goes without saying.

    What was refused before, and is written again, has not been as declared in between.
    """
    found = [
        (block, assessment)
        for block in evaluation.blocks()
        if isinstance(block, Ensure | EnsureAbsent)
        and isinstance(assessment := evaluation.assessments[block.key], Differs)
        and block.key not in evaluation.repeated
    ]
    gone = {block.id for block, assessment in found if assessment.kind != "Update"}
    return [(block, assessment) for block, assessment in found if block.id.parent not in gone]


def detected(block: Ensure | EnsureAbsent, assessment: Differs, *, enforce: bool, listed: bool) -> Event:
    """The event that tells what was found and what is declared; that it was repaired is told when it was seen.

    Args:
        block: what is declared.
        assessment: what was found.
        enforce: False in Observe mode.
        listed: the inventory lists it, so it was there.
    """
    if assessment.kind == "Delete":
        return Event("Warning", reasons.DRIFT_DETECTED, f"{block.id.short}: {block.reason}.")
    what = "; ".join(map(str, assessment.differences[:3]))
    if assessment.kind == "Create":
        what = "it is gone" if listed else "it is not there"
    observed = "" if enforce else " Mode Observe writes nothing."
    return Event(
        "Warning", reasons.DRIFT_DETECTED, f"{block.id.short}: {what}. Declared: {block.reason}.{observed}"
    )


async def attributed(
    cases: dict[str, UnattributedDrift], last: dict[str, datetime], arm: Arm, clock: Clock
) -> list[Event]:
    """Say who did it, as soon as the change log shows it.

    Args:
        cases: drift whose author is open; what is told or too old is taken out.
        last: by resource key, the last change that was laid at somebody's door. It is never laid there twice:
            drift that another of our own writes caused must not be blamed on who came before.
        arm: asked for the change log.
        clock: the log dates its rows by the wall's; patience ends by the other.
    """
    if not cases:
        return []
    now = clock.now()
    known = await attribution.authors({key: case.traces for key, case in cases.items()}, arm, now)
    events = []
    for key, case in list(cases.items()):
        author = known.get(key)
        if author is not None and (key not in last or author.when > last[key]):
            last[key] = author.when
            del cases[key]
            events.append(Event("Warning", reasons.DRIFT_ATTRIBUTED, f"{author}{_ago(author.when, now)}."))
        elif clock.monotonic() - case.found > attribution.PATIENCE:
            del cases[key]
    return events


def _ago(when: datetime, now: datetime) -> str:
    seconds = round((now - when).total_seconds())
    return f" {seconds} s ago" if seconds >= 0 else ""
