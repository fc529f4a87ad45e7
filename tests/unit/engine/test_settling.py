"""Operations of two custom resources on what both share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.engine.building import ENDPOINT, NOW, shown

from secureml_reconcilers.engine.acting import Operations
from secureml_reconcilers.engine.memory import Memory
from secureml_reconcilers.engine.operations import Operation
from secureml_reconcilers.engine.settling import adopt_failures, settle


async def test_who_began_what_failed_heeds_it_though_another_saw_it_end() -> None:
    """The failure stood in the memory of who looked first; who had begun it wrote again at once, without pause."""
    operations, nothing_is_asked = Operations(), Any
    operations.running[ENDPOINT.key] = Operation.begun(ENDPOINT, "PUT", NOW)
    began, looks = Memory(), Memory()
    later = NOW + timedelta(minutes=5)
    looks.answers[ENDPOINT.key], looks.read_at[ENDPOINT.key] = shown(ENDPOINT, "Failed"), later
    await settle(operations, looks, nothing_is_asked, later, later)  # type: ignore[arg-type]
    assert operations.running == {}
    adopt_failures([ENDPOINT], operations.failed, began)
    assert began.failures == looks.failures
    assert began.failures[ENDPOINT.key].not_before > later
