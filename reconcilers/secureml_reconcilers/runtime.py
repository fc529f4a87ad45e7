"""The composition root of the Azure side: sign in, connect, and hand out one reconciler per kind."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from secureml_reconcilers.azure.connection import open_arm
from secureml_reconcilers.azure.environment import AzureEnvironment
from secureml_reconcilers.engine.clock import Clock, SystemClock
from secureml_reconcilers.engine.ledger import Ledger
from secureml_reconcilers.engine.reconciler import Engine
from secureml_reconcilers.isolation.clouds import cloud_of
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from secureml_reconcilers.azure.client import ArmRequest
    from secureml_reconcilers.engine.contract import Journal, Reconciler, ReconcileRequest, ReconcileResult


class Hurried:
    """Comes again sooner than the engine says, where time runs faster than here."""

    def __init__(self, engine: Engine, speed: float) -> None:
        self._engine, self._speed = engine, speed
        self.forget, self.references, self.shares = engine.forget, engine.references, engine.shares

    async def reconcile(self, request: ReconcileRequest, journal: Journal) -> ReconcileResult:
        """See `Reconciler.reconcile`."""
        result = await self._engine.reconcile(request, journal)
        wait = result.requeue_after
        return result if wait is None else replace(result, requeue_after=wait / self._speed)


@asynccontextmanager
async def open_reconcilers(
    on_request: Callable[[ArmRequest], None],
    cluster: str,
    clock: Clock | None = None,
    environment: AzureEnvironment | None = None,
) -> AsyncIterator[dict[str, Reconciler]]:
    """Connect to the Azure that the environment names.

    Args:
        on_request: called after every request to Azure, for metrics.
        cluster: what tells this Kubernetes cluster from others that use the same endpoints.
        clock: the time; that of this machine when not given.
        environment: where Azure is; read from the process's variables when not given.

    Yields:
        A reconciler for each kind that this version acts upon, by kind.

    Raises:
        ValueError: when the process's variables cannot be understood.
    """
    where = environment or AzureEnvironment.read(os.environ)
    async with open_arm(where, on_request) as arm:
        ledger = Ledger(clock or SystemClock(where.clock_speed))
        kind = SecureWorkspaces(cloud_of(where.resource_manager))
        workspaces = Engine(kind, arm, ledger, cluster=cluster)
        yield {"SecureWorkspace": workspaces if where.clock_speed == 1 else Hurried(workspaces, where.clock_speed)}
