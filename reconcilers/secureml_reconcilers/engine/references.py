"""What a composition says of the custom resources that its spec refers to: there, and ready, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secureml_reconcilers.engine.blocks import Check
from secureml_reconcilers.engine.status_limits import SHORT, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from secureml_reconcilers.engine.contract import Reference

NOT_FOUND: Final = "ReferenceNotFound"
"""The spec names a custom resource that does not exist. Who wrote the spec acts: creates it, or corrects the
name."""

NOT_READY: Final = "ReferenceNotReady"
"""The custom resource that the spec names is there and not ready: its Ready condition says why, it was not looked
at yet in its present generation, or it is being deleted. Who is responsible for that resource acts, if anybody."""


def reference_checks(references: Iterable[Reference]) -> Iterator[Check]:
    """Yield one check per reference, which holds when the resource referred to exists and is ready.

    Its key depends on the field and the resource only, so other blocks may name it in `after`. It blocks, so that
    the condition shows its reason, and it never stalls: both resources may come with one manifest, and tools
    that wait should not give up between the two. It need not be polled, for the operator calls again when what is
    referred to changes.

    Args:
        references: what the spec refers to, as `ReconcileRequest.references` has it.
    """
    for reference in references:
        reason, message, advice = _trouble(reference)
        yield Check(
            name=f"{_subject(reference)} is ready",
            holds=not reason,
            reason=reason,
            message=message,
            advice=advice,
        )


def _trouble(reference: Reference) -> tuple[str, str, str]:
    """Give reason, message and advice; the reason is empty when all is well."""
    key, subject, ready = reference.key, _subject(reference), reference.ready
    if not reference.found:
        field = reference.named_by
        message = f"{field} names {key.kind} {key.name}, which does not exist in namespace {key.namespace}."
        correct = f"correct {field} (in a new resource if the field cannot be changed)"
        return NOT_FOUND, message, f"Create it, or {correct}. This resource goes on by itself."
    if reference.deleting:
        return (
            NOT_READY,
            f"{subject} is being deleted.",
            "Delete this resource too, or create that one again when it is gone.",
        )
    if not ready:
        return (
            NOT_READY,
            f"{subject} was not looked at yet at its generation {reference.generation}.",
            "Nothing to do: this resource goes on by itself once that one is ready.",
        )
    if ready.get("status") == "True":
        return "", "", ""
    return (
        NOT_READY,
        cut(f"{subject} is not ready{_quoted(ready.get('reason'), ready.get('message'))}", SHORT),
        "Help that resource first: this one goes on by itself once it is ready.",
    )


def _subject(reference: Reference) -> str:
    return f"{reference.key.kind} {reference.key.name}, which {reference.named_by} names,"


def _quoted(reason: str | None, message: str | None) -> str:
    """Give the end of the sentence, in the words of the Ready condition as far as it has any."""
    named = f" ({reason})" if reason else ""
    return f"{named}: {message}" if message else f"{named}."
