"""`secureml`, for whom time runs faster: run as a program, with the same arguments.

The engine leaves an operation alone for as long as Azure usually takes (45 s for an endpoint); that the emulator
is quicker it cannot know. So here the engine's clock runs `HASTE` times as fast as ours, and the shell waits as
much less. Nothing else differs from the real program.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from secureml_operator.cli import main
from secureml_reconcilers import runtime
from secureml_reconcilers.engine.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from secureml_reconcilers.engine.contract import Journal, Reconciler, ReconcileRequest, ReconcileResult

HASTE = 20.0
"""Far less than the emulator's: where a busy machine holds up a pass for a second, readings must not get old."""


class HastyClock(SystemClock):
    """The wall's clock as it is, and a monotonic one that runs."""

    def monotonic(self) -> timedelta:
        """See `Clock.monotonic`."""
        return timedelta(seconds=time.monotonic() * HASTE)


class HastyReconciler:
    """Is called again sooner than it asks for."""

    def __init__(self, real: Reconciler) -> None:
        """Wrap the real one."""
        self._real = real

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is as it is
        return getattr(self._real, name)

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """See `Reconciler.reconcile`."""
        result = await self._real.reconcile(request, journal)
        wait = result.requeue_after
        return result if wait is None else replace(result, requeue_after=wait / HASTE)


def hurry() -> None:
    """Let the operator of this process have hasty reconcilers."""
    real = runtime.open_reconcilers

    @asynccontextmanager
    async def open_reconcilers(**arguments: Any) -> AsyncIterator[dict[str, Any]]:  # noqa: ANN401 - passed on
        async with real(**arguments, clock=HastyClock()) as reconcilers:
            yield {kind: HastyReconciler(each) for kind, each in reconcilers.items()}

    runtime.open_reconcilers = open_reconcilers


if __name__ == "__main__":
    hurry()
    main()
