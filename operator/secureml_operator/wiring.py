"""Where the reconcilers come from: the other side's composition root, if it has one for the kind."""

from __future__ import annotations

import importlib
import logging
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from secureml_operator.controller import Served
from secureml_operator.kinds import KINDS, SECURE_COMPUTE, SECURE_INFERENCE_CLUSTER, SECURE_WORKSPACE
from secureml_operator.not_implemented import NotImplementedReconciler
from secureml_operator.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from secureml_operator.telemetry.requests import Request
    from secureml_reconcilers.engine.contract import Reconciler

    OpenReconcilers = Callable[
        [Callable[[Request], None], str], AbstractAsyncContextManager[Mapping[str, Reconciler]]
    ]
    """Takes the hook for each request and the cluster's name; gives reconcilers by the name of their kind, while
    the block lasts."""

logger = logging.getLogger(__name__)

RUNTIME = "secureml_reconcilers.runtime"

UNDONE = {
    SECURE_WORKSPACE.name: "isolate workspaces",
    SECURE_COMPUTE.name: "isolate computes",
    SECURE_INFERENCE_CLUSTER.name: "isolate inference clusters",
}


@asynccontextmanager
async def open_reconcilers(
    on_request: Callable[[Request], None], cluster: str
) -> AsyncIterator[Mapping[str, Reconciler]]:
    """Open what the other side offers; nothing when it is not installed in this build.

    Raises:
        SettingsError: a variable of the environment cannot be understood.
        Exception: whatever opening raises, as missing credentials.
    """
    runtime = _runtime()
    if runtime is None:
        yield {}
        return
    try:
        environment = runtime.AzureEnvironment.read(os.environ)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    async with runtime.open_reconcilers(on_request, cluster, environment=environment) as reconcilers:
        yield reconcilers


def served(reconcilers: Mapping[str, Reconciler]) -> dict[str, Served]:
    """Say for every kind how it is served; a kind without a reconciler tells its owners so."""
    table: dict[str, Served] = {}
    for name in KINDS:
        if name in reconcilers:
            table[name] = Served(reconcilers[name])
        else:
            logger.warning("%s is not implemented: its resources will say so", name)
            table[name] = Served(NotImplementedReconciler(UNDONE[name]), needs_finalizer=False)
    return table


def _runtime() -> Any | None:  # noqa: ANN401  (a module that a later build brings)
    # Only that very module may be missing: a missing library inside it is a broken installation.
    try:
        return importlib.import_module(RUNTIME)
    except ModuleNotFoundError as missing:
        if missing.name != RUNTIME:
            raise
        return None
