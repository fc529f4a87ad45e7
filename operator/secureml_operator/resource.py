"""One custom resource as the API server showed it, cut down to what a pass needs."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secureml_operator.kinds import (
    DIAGNOSE_AT_ANNOTATION,
    FINALIZER,
    PAUSED_ANNOTATION,
    RECONCILE_AT_ANNOTATION,
    WAKING_ANNOTATIONS,
)
from secureml_reconcilers.engine.contract import Key, ReconcileRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.engine.contract import Declaration, Reference

Body = dict[str, Any]
"""An object as the API server sends it, as plain JSON values."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is kept of a custom resource; managed fields and labels are dropped (they are half its size)."""

    key: Key
    uid: str
    version: str
    """`metadata.resourceVersion`."""

    generation: int
    created: str
    """`metadata.creationTimestamp`, RFC 3339."""

    deleting: bool
    finalizers: tuple[str, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Only those that wake a pass."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_finalizer(self) -> bool:
        """Our finalizer is on it."""
        return FINALIZER in self.finalizers

    @property
    def paused(self) -> bool:
        """A person asked us to leave it alone; whatever is meant by it, only a plain no means no."""
        return self.annotations.get(PAUSED_ANNOTATION, "false").strip().lower() not in {"false", "no", "0"}

    def request(
        self, references: tuple[Reference, ...] = (), others: tuple[Declaration, ...] = ()
    ) -> ReconcileRequest:
        """Give what the reconciler sees; copies, so that a pass cannot edit the cache.

        `references` is what the spec refers to, as `ReferenceResolver.resolve` gives it; `others` share something
        with it.
        """
        return ReconcileRequest(
            key=self.key,
            uid=self.uid,
            generation=self.generation,
            spec=copy.deepcopy(dict(self.spec)),
            status=copy.deepcopy(dict(self.status)),
            deleting=self.deleting,
            paused=self.paused,
            references=references,
            others=others,
            created=self.created,
            asked_at=self.annotations.get(RECONCILE_AT_ANNOTATION, ""),
            diagnose_at=self.annotations.get(DIAGNOSE_AT_ANNOTATION, ""),
        )


def parse(kind: str, body: Mapping[str, Any]) -> Resource:
    """Cut an API object down to a `Resource`.

    `kind` is given because the items of a list carry none.
    """
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    return Resource(
        key=Key(kind, metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        created=metadata.get("creationTimestamp", ""),
        deleting=metadata.get("deletionTimestamp") is not None,
        finalizers=tuple(metadata.get("finalizers") or ()),
        annotations={name: annotations[name] for name in WAKING_ANNOTATIONS if name in annotations},
        spec=body.get("spec") or {},
        status=body.get("status") or {},
    )


def is_newer(version: str, than: str) -> bool:
    """Compare two resource versions of one kind.

    They are decimal numbers that only grow; Kubernetes has promised so since 1.35 (KEP-5504), and etcd
    has always made it so. A server that breaks this is better served by believing what came last.
    """
    if version.isdecimal() and than.isdecimal():
        return int(version) > int(than)
    return version != than


def wake_reason(old: Resource | None, new: Resource) -> str | None:
    """Say why `new` deserves a pass, or None when only its status, labels or managed fields differ.

    None is the answer to all writes of our own: a pass must never wake itself. That is why our finalizer
    wakes only when somebody took it off a living object. To count any change of it as news, unless the cache
    knew it from the answer to our patch, was the simpler way; but the watch is often faster than the answer.
    """
    if old is None:
        return "new"
    reasons = {
        "recreated": old.uid != new.uid,
        "generation": old.generation != new.generation,
        "deletion": old.deleting != new.deleting,
        "annotation": old.annotations != new.annotations,
        "finalizer": old.has_finalizer and not new.has_finalizer and not new.deleting,
    }
    return next((reason for reason, changed in reasons.items() if changed), None)
