"""What a composition says of the custom resources that its spec refers to: there, and ready, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.api import reasons
from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.engine.status_limits import SHORT, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.engine.contract import Reference


def reference_checks(references: Iterable[Reference]) -> Iterator[Check]:
    """Yield one check per reference, which holds when the resource referred to exists and is ready (GEN-TOPO-02).

    Its key depends on the field and the resource only, so other blocks may name it in `after`. It blocks, so that
    the condition shows its reason, and it never stalls: both resources may come with one manifest, and tools
    that wait should not give up between the two. It need not be polled, for the operator calls again when what is
    referred to changes.

    Args:
        references: what the spec refers to, as `ReconcileRequest.references` has it.
    """
    for reference in references:
        trouble = _trouble(reference)
        reason, message, advice = trouble or (reasons.REFERENCE_NOT_READY, "", "")
        yield Check(
            name=f"{_subject(reference)} is ready",
            holds=trouble is None,
            reason=reason,
            message=message,
            advice=advice,
        )


def _trouble(reference: Reference) -> tuple[Reason, str, str] | None:
    """Give reason, message and advice; None when all is well."""
    key, subject, ready = reference.key, _subject(reference), reference.ready
    if not reference.found:
        field = reference.named_by
        message = f"{field} names {key.kind} {key.name}, which does not exist in namespace {key.namespace}."
        correct = f"correct {field} (in a new resource if the field cannot be changed)"
        advice = f"Create it, or {correct}. This resource goes on by itself."
        return reasons.REFERENCE_NOT_FOUND, message, advice
    if ready.get("status") == "True" and not reference.deleting:
        return None
    if reference.deleting:
        message = f"{subject} is being deleted."
        advice = "Delete this resource too, or create that one again when it is gone."
    elif not ready:
        message = f"{subject} was not looked at yet at its generation {reference.generation}."
        advice = "This resource goes on by itself once that one is ready."
    else:
        message = cut(f"{subject} is not ready{_quoted(ready.get('reason'), ready.get('message'))}", SHORT)
        advice = "Help that resource first: this one goes on by itself once it is ready."
    return reasons.REFERENCE_NOT_READY, message, advice


def _subject(reference: Reference) -> str:
    return f"{reference.key.kind} {reference.key.name}, which {reference.named_by} names,"


def _quoted(reason: str | None, message: str | None) -> str:
    """Give the end of the sentence, in the words of the Ready condition as far as it has any."""
    named = f" ({reason})" if reason else ""
    return f"{named}: {message}" if message else f"{named}."
