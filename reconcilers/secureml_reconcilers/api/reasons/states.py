"""Reasons of conditions that are as they should be, or on their way."""

from __future__ import annotations

from typing import Final

from secureml_reconcilers.api.reasons.entry import Reason, Section, Who, entered


def _state(word: str, when: str, who: Who = Who.NOBODY, do: str = "") -> Reason:
    return entered(word, Section.STATE, who, when, do)


# of Ready, Reconciling, Stalled, InSync, Permitted
AS_DECLARED: Final = _state("AsDeclared", "Every aspect is met: Azure is as the spec declares.")
IDLE: Final = _state("Idle", "All is as declared, so nothing is done until Azure or the spec changes.")
IN_SYNC: Final = _state("InSync", "No drift is outstanding.")
PERMITTED: Final = _state("Permitted", "Azure has refused the operator no right in this pass.")
NOT_STALLED: Final = _state("NotStalled", "Nothing is known that needs a change of the spec.")
PAUSED: Final = _state(
    "Paused",
    "The annotation `secureml.dev/paused` is set: Azure is not looked at. An event tells when it begins.",
    Who.AUTHOR,
    "Remove the annotation to go on.",
)
OBSERVING: Final = _state(
    "Observing",
    "`spec.mode` is Observe and Azure is not as declared: `status.plan` lists what would be done.",
    Who.AUTHOR,
    "Set `spec.mode` to Enforce to have it done.",
)
STALLED: Final = _state(
    "Stalled",
    "Nothing is done, because only a change of the spec helps; the condition Stalled tells which.",
    Who.AUTHOR,
    "Do what the condition Stalled says.",
)
CONVERGING: Final = _state("Converging", "Azure has not been as this generation of the spec declares yet.")
DRIFTED: Final = _state(
    "Drifted",
    "What had been as declared is not any more. It is repaired, unless `spec.mode` is Observe.",
)

# of aspects that are not met
PROGRESSING: Final = _state("Progressing", "Azure works on something, or is about to be told to.")
WAITING: Final = _state(
    "Waiting",
    "Something comes first that takes its time or is told by another condition; the message names it.",
)
OUT_OF_SYNC: Final = _state(
    "OutOfSync",
    "`spec.mode` is Observe, and something differs that Enforce would write.",
    Who.AUTHOR,
    "Read `status.plan`; set `spec.mode` to Enforce to have it done.",
)

# of aspects that are met
FOUND: Final = _state("Found", "The workspace exists.")
APPROVED: Final = _state("Approved", "Every service has an approved private endpoint in the network.")
RESOLVED: Final = _state("Resolved", "The names of all services lead to private addresses in every network.")
CONFIRMED_BY_USER: Final = _state(
    "ConfirmedByUser",
    "`spec.dns.mode` is None, and the author has confirmed the records, which the operator cannot check.",
)
CLOSED: Final = _state("Closed", "The service answers inside the network only.")
CLOSED_EXCEPT_ALLOWED_RANGES: Final = _state(
    "ClosedExceptAllowedRanges",
    "The service answers the network, and the addresses that the spec lets in.",
)
REMOVED: Final = _state("Removed", "What is to go is gone; what stays is named in `status.findings`.")
ENDED: Final = _state("Ended", "Azure works on nothing that was made for the resource, which is being deleted.")
RECOVERED: Final = _state(
    "Recovered",
    "What was made for the resource is known again, though its status had been lost.",
)
