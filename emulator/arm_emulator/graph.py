"""Resource Graph: rows of the store, a lagging index, and the answer's formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.model import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from arm_emulator.context import Context
    from arm_emulator.model import Call


class ResourceGraph:
    """TBD."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def query(self, call: Call, note: Callable[[str], None]) -> Answer:
        """TBD."""
        return Answer(400)
