"""What the operator asked of Azure, out of the emulator's request log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.driving import World

WRITES = ("PUT", "PATCH", "DELETE")
_DIGEST = re.compile(r"-?[0-9a-f]{6}(?=-|$)")


@dataclass(frozen=True)
class Call:
    """One request."""

    sequence: int
    method: str
    target: str
    """Lower-case id."""

    time: float
    """Virtual seconds."""

    status: int
    sent: tuple[str, ...] = ()
    """The properties that a PATCH sends: a service is written part by part."""

    @property
    def written(self) -> tuple[str, tuple[str, ...]]:
        """What is written: a resource, or some properties of it."""
        return self.target, self.sent

    @property
    def name(self) -> str:
        """Verb, type and name, as a plan would say it."""
        *_, kind, name = self.target.split("/")
        return f"{self.method} {kind}/{name}"


def last(world: World) -> int:
    """The sequence number of the latest request of anybody."""
    return max((entry.sequence for entry in world.emulator.world.log.entries), default=0)


def calls(world: World, since: int = 0) -> list[Call]:
    """The operator's requests to Resource Manager, in order."""
    return [
        Call(
            each.sequence,
            each.method,
            each.path.partition("?")[0].lower(),
            each.virtual,
            each.status,
            tuple(sorted((each.body or {}).get("properties", ()))) if each.method == "PATCH" else (),
        )
        for each in world.emulator.world.log.select(since=since, caller="secureml-operator")
    ]


def writes(world: World, since: int = 0) -> list[Call]:
    """Those that change something."""
    return [call for call in calls(world, since) if call.method in WRITES]


def names(found: list[Call]) -> list[str]:
    """Their names, sorted, without the six characters that tell services and networks apart."""
    return sorted(_DIGEST.sub("", call.name) for call in found)
