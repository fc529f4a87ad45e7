"""What one process knows of all custom resources does not grow for ever."""

from __future__ import annotations

import gc
from datetime import timedelta

from tests.unit.engine.building import ACCOUNT, ENDPOINT, NOW

from secureml_reconcilers.engine.acting import UNATTENDED, Operations, Written
from secureml_reconcilers.engine.operations import Operation


async def test_a_lock_lives_as_long_as_somebody_holds_it() -> None:
    """All who come meanwhile get the same one."""
    operations = Operations()
    async with operations.lock(ACCOUNT):
        assert operations.lock(ACCOUNT).locked()
        assert not operations.lock(ENDPOINT).locked()
    gc.collect()
    assert len(operations.locks) == 0


def test_what_nobody_looks_at_is_forgotten() -> None:
    """A custom resource is deleted while its endpoint is being made, and leaves it behind."""
    left, watched = Operation.begun(ENDPOINT, "PUT", NOW), Operation.begun(ACCOUNT, "PATCH", NOW + UNATTENDED)
    operations = Operations(
        running={each.id.key: each for each in (left, watched)},
        written={ENDPOINT.key: Written(NOW, "team-a/fraud")},
    )
    operations.tidy(left.look_at + UNATTENDED - timedelta(seconds=1))
    assert set(operations.running) == {ENDPOINT.key, ACCOUNT.key}
    operations.tidy(left.look_at + UNATTENDED)
    assert (set(operations.running), operations.written) == ({ACCOUNT.key}, {})
