"""Reasons that only events have."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.api.reasons.entry import Reason, Section, Who, entered


def _event(word: str, when: str, who: Who = Who.NOBODY, do: str = "") -> Reason:
    return entered(word, Section.EVENT, who, when, do)


CREATING: Final = _event("Creating", "Azure took a write that makes a resource; the message tells why.")
UPDATING: Final = _event("Updating", "Azure took a write that changes a resource; the message tells why.")
DELETING: Final = _event("Deleting", "Azure took the deletion of a resource; the message tells why.")
READY: Final = _event("Ready", "Ready has become True.")
DRIFT_DETECTED: Final = _event(
    "DriftDetected",
    "Something that had been as declared is found changed or gone; the message tells what and what is done.",
    Who.AUTHOR,
    "Nothing where it is repaired; in mode Observe, decide.",
)
DRIFT_ATTRIBUTED: Final = _event(
    "DriftAttributed",
    "Azure's change log shows who made a change that was found as drift.",
    Who.ADMINISTRATOR,
    "Talk to them, or change the spec if they are right.",
)
DRIFT_CORRECTED: Final = _event("DriftCorrected", "Azure is as declared again after drift.")
PLANNED: Final = _event(
    "Planned",
    "In mode Observe: `status.plan` holds a plan, or another one than before; the message counts its writes.",
    Who.AUTHOR,
    "Read it, and set `spec.mode` to Enforce when it is what you want.",
)
RESUMED: Final = _event("Resumed", "The annotation `secureml.dev/paused` is gone: Azure is looked at again.")
RELEASED: Final = _event(
    "Released",
    "The resource is being deleted and the operator is done with it; the message tells what stays in Azure.",
)
