"""The replaceable parts of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.entra import Entra
    from arm_emulator.faults import Faults
    from arm_emulator.hooks import Context
    from arm_emulator.requestlog import RequestLog


@dataclass(slots=True)
class World:
    """What a reset makes anew: the store and everything around it, the clients, the log, the faults."""

    ctx: Context
    entra: Entra
    log: RequestLog
    faults: Faults
