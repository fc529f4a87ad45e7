"""What the Kubernetes side and the Azure side say to each other, and nothing more.

The operator hands a `ReconcileRequest` to a `Reconciler` and receives a `ReconcileResult`. While a pass runs,
the reconciler announces through the `Journal` what it is about to do in Azure, so that a crash between
the announcement and the write loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from secureml_reconcilers.api.reasons.entry import Reason

Status = dict[str, Any]
"""The whole `.status` of a custom resource, as plain JSON values."""


@dataclass(frozen=True, slots=True)
class Key:
    """Names one custom resource, for queues, locks and logs."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A custom resource that another one's spec refers to, as the cache shows it when the pass begins.

    A pass follows by itself whenever `found`, `deleting`, `generation`, `ids`, or the status or reason of `ready`
    change, so nobody need poll for it; a new message alone wakes nobody.
    """

    named_by: str
    """Where the spec names it, such as `spec.workspaceRef`."""

    key: Key
    found: bool
    """It exists; False, which the API server was asked about, leaves everything below at its default."""

    deleting: bool = False
    generation: int = 0
    spec: Mapping[str, Any] = field(default_factory=dict)
    ready: Mapping[str, Any] = field(default_factory=dict)
    """Its Ready condition; empty when there is none, or only one of an earlier generation."""

    ids: Mapping[str, str] = field(default_factory=dict)
    """What it found or made in Azure, by name: its `status.azure`."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What another custom resource declares."""

    key: Key
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """One custom resource as the API server showed it last."""

    key: Key
    uid: str
    generation: int
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    """What we wrote last; empty (or only `observedGeneration: -1`) on the first visit."""

    deleting: bool = False
    paused: bool = False
    """The annotation `secureml.dev/paused` is present and does not say no."""

    references: tuple[Reference, ...] = ()
    """What its spec refers to, one for each field that names something."""

    others: tuple[Declaration, ...] = ()
    """What custom resources declare that share something with this one (`Reconciler.shares`)."""

    created: str = ""
    """`metadata.creationTimestamp`: of two that contradict each other, the older decides."""

    asked_at: str = ""
    """The annotation `secureml.dev/reconcile-at`: whoever changes it wants everything tried anew, now."""

    diagnose_at: str = ""
    """The annotation `secureml.dev/diagnose-at`: whoever changes it wants Azure to look for faults by itself."""


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes event, emitted on a transition only."""

    type: Literal["Normal", "Warning"]
    reason: Reason
    """For machines."""

    message: str
    """A sentence for the person who must act."""


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """What one pass learned and when it wants to be called again."""

    status: Status
    """The complete new status; the shell writes it only when it differs from the present one."""

    events: tuple[Event, ...] = ()
    requeue_after: timedelta | None = None
    """When to call again; None leaves it to the shell's resync."""

    released: bool = False
    """Deletion is complete in Azure (or nothing was to be deleted): the finalizer may go."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    """For metrics: how often `drift_detected` and `drift_corrected`, and how many `operations_running` now."""


class Journal(Protocol):
    """Where a pass writes down what it is about to do, before it does it."""

    async def announce(self, status: Status) -> None:
        """Persist this status now; returns only when the API server has it.

        Raises whatever the writer raises: the pass then ends without having written to Azure.
        """


class Reconciler(Protocol):
    """Brings Azure toward one custom resource's spec, one short pass at a time."""

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """Observe, compare and begin what is due; never waits for a long-running operation.

        Raises nothing for what Azure answers (that becomes conditions); an exception is a bug, which
        the shell logs, counts and retries with backoff. From the second in a row on it sets Ready, InSync and
        every condition that is True to Unknown, reason `ReconcileFailed`, and leaves the rest of the status.
        """

    def references(self, key: Key, spec: Mapping[str, Any]) -> Mapping[str, Key]:
        """Which other custom resources this spec refers to, by the field that names each; pure and cheap.

        A spec that cannot be understood refers to nothing: its pass says what is wrong with it. It is asked again
        when the spec changes and when a pass begins.
        """

    def shares(self, key: Key, spec: Mapping[str, Any], status: Mapping[str, Any]) -> frozenset[str]:
        """What this resource declares that others may declare as well, by any name that is the same for all.

        Pure and cheap, and never raises: it is asked at every change of the resource.
        """

    def forget(self, key: Key) -> None:
        """Drop what is remembered in this process about a resource that no longer exists."""
