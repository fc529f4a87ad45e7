"""The composition root: what it makes of the process's variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from secureml_reconcilers.engine.clock import SystemClock
from secureml_reconcilers.engine.contract import Key, ReconcileRequest, ReconcileResult
from secureml_reconcilers.runtime import Hurried


@dataclass
class Engine:
    """Asks to be called again as it is told."""

    wait: timedelta | None
    forgotten: list[Key] = field(default_factory=list)

    async def reconcile(self, *_: object) -> ReconcileResult:
        """See `Reconciler.reconcile`."""
        return ReconcileResult({}, (), self.wait)

    def references(self, *_: object) -> dict[str, Key]:
        """See `Reconciler.references`."""
        return {}

    def shares(self, *_: object) -> frozenset[str]:
        """See `Reconciler.shares`."""
        return frozenset()

    def forget(self, key: Key) -> None:
        """See `Reconciler.forget`."""
        self.forgotten.append(key)


@pytest.mark.parametrize(("wait", "hurried"), [(timedelta(seconds=40), timedelta(seconds=2)), (None, None)])
async def test_where_time_runs_fast_it_comes_again_sooner(
    wait: timedelta | None, hurried: timedelta | None
) -> None:
    """A sandbox took eighty seconds to converge: the operator slept while Azure's stand-in was long done."""
    engine: Any = Engine(wait)
    key = Key("SecureWorkspace", "team-a", "fraud")
    hasty = Hurried(engine, 20.0)
    result = await hasty.reconcile(ReconcileRequest(key, "uid", 1, {}, {}), None)  # type: ignore[arg-type]
    assert result.requeue_after == hurried
    hasty.forget(key)
    assert engine.forgotten == [key]


def test_a_clock_that_runs_fast() -> None:
    """Ages are counted in the cloud's seconds; the date is that of this machine."""
    plain, fast = SystemClock(), SystemClock(1000.0)
    assert fast.monotonic() > plain.monotonic() * 999
    assert abs(fast.now() - plain.now()) < timedelta(seconds=5)
