"""What an emulator was asked to change, asked of another one: the same Azure, without the run that led there."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.integration.engine.calls import WRITES

from arm_emulator.errors import ArmError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.emulator import Emulator
    from arm_emulator.model import Answer, Call


@dataclass(frozen=True)
class Asked:
    """One request that may change something."""

    moment: float
    """Virtual seconds."""

    call: Call


def recorded(emulator: Emulator) -> list[Asked]:
    """Everything that an emulator is asked to change from now on; the list grows with it."""
    asked: list[Asked] = []
    serve = emulator._server._route

    def record(call: Call) -> Answer:
        if call.method in WRITES or call.path.endswith("/diagnose"):  # an operation, and takes an id of its own
            asked.append(Asked(emulator.clock.now(), _copy(call)))
        return serve(call)

    emulator._server._route = record
    return asked


def replay(emulator: Emulator, asked: Iterable[Asked], until: float) -> None:
    """Ask an empty emulator of the same setup, each request at its time; then let the time come that `until` says.

    What was refused is refused again.
    """
    clock, operations = emulator.clock, emulator.ctx.operations
    for each in asked:
        clock.advance(each.moment - clock.now())
        operations.settle(each.moment)
        with suppress(ArmError):
            emulator._server._route(_copy(each.call))
    clock.advance(until - clock.now())
    operations.settle(until)


def _copy(call: Call) -> Call:
    return replace(call, body=deepcopy(call.body))  # a stored document may share parts of it
