"""Who is behind a change of the stand-in's store, its own side effects included."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.changes import Change
    from arm_emulator.hooks import Context


@dataclass(slots=True)
class Causes:
    """Whether the operator is behind a change; to be told of every one, in order."""

    ctx: Context
    operator: str
    """Its client id."""

    _writers: dict[str, str] = field(default_factory=dict)
    """By lower-case id, the client that last wrote to it."""

    _last: str = ""
    _last_in: float = 0.0
    """The moment of the operation in whose course that was, 0 where it was a request."""

    def is_operators(self, change: Change) -> bool:
        """Whether the operator made it, or began the operation that it comes from."""
        if change.caller.kind != "System":
            self._last = self._writers[change.id.key] = change.caller.client_id
            self._last_in = self.ctx.operations.moment
            return self._last == self.operator
        return self._behind() == self.operator

    def _behind(self) -> str:
        """Who is behind a side effect: of the operation that ends at this moment, or of the last request."""
        moment = self.ctx.operations.moment
        if moment == self._last_in:  # a deletion names who asked for it at each thing that goes
            return self._last
        ending = [each.target.key for each in self.ctx.operations.all() if each.due == moment]
        return next((self._writers[key] for key in ending if key in self._writers), "")
