"""Stands in for kinds whose work is not written yet, and says so where their owners look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secureml_reconcilers.api import condition_types, reasons
from secureml_reconcilers.engine.contract import Event, ReconcileResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.api.condition_types import ConditionType
    from secureml_reconcilers.engine.contract import Journal, Key, ReconcileRequest, Status


class NotImplementedReconciler:
    """Reports Ready=False and does nothing; needs no finalizer, so that deletion is free."""

    def __init__(self, undone: str) -> None:
        """Take what is not done, as the end of a sentence: "isolate computes"."""
        self._undone = undone

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:  # noqa: ARG002  (the contract)
        """Give the same status every time; releases a finalizer that another version may have left."""
        message = (
            f"This version of the operator does not {self._undone} yet: nothing was read or changed outside "
            "Kubernetes. Keep the resource for a later version, or delete it, which is safe."
        )
        told = any(
            condition.get("type") == condition_types.READY and condition.get("reason") == reasons.NOT_IMPLEMENTED
            for condition in request.status.get("conditions") or ()
        )
        return ReconcileResult(
            status=_status(request.generation, message),
            events=() if told or request.deleting else (Event("Warning", reasons.NOT_IMPLEMENTED, message),),
            released=True,
        )

    def references(self, key: Key, spec: Mapping[str, Any]) -> Mapping[str, Key]:  # noqa: ARG002  (the contract)
        """Look at nothing, so refer to nothing: to be woken would change nothing of what it says."""
        return {}

    def shares(self, key: Key, spec: Mapping[str, Any], status: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG002  (the contract)
        """Do nothing that could concern anybody."""
        return frozenset()

    def forget(self, key: Key) -> None:
        """Remember nothing, so forget nothing."""


def _status(generation: int, message: str) -> Status:
    def _condition(kind: ConditionType, status: str) -> dict[str, object]:
        return {
            "type": kind,
            "status": status,
            "reason": reasons.NOT_IMPLEMENTED,
            "message": message,
            "observedGeneration": generation,
        }

    # Stalled: under kstatus the tools that wait should stop waiting, for only a new version helps.
    return {
        "observedGeneration": generation,
        "conditions": [
            _condition(condition_types.READY, "False"),
            _condition(condition_types.RECONCILING, "False"),
            _condition(condition_types.STALLED, "True"),
        ],
    }
