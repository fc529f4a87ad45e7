"""The longest chain of dependent operations: what no operator could be faster than.

A link waits for its zone, a zone group for its endpoint and its zones, a service is closed when its ways in
work, and the workspace is closed last (OPS-08). Operations that depend on nothing run beside each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STAGES: Final = {
    "microsoft.network/privatednszones": (),
    "microsoft.network/privateendpoints": (),
    "microsoft.network/privatednszones/virtualnetworklinks": ("microsoft.network/privatednszones",),
    "microsoft.network/privateendpoints/privatednszonegroups": (
        "microsoft.network/privatednszones",
        "microsoft.network/privateendpoints",
    ),
    "microsoft.machinelearningservices/workspaces": (
        "microsoft.network/privatednszones/virtualnetworklinks",
        "microsoft.network/privateendpoints/privatednszonegroups",
    ),
}
"""Type of an operation's target to the types that it waits for."""

_OWN_PARENT: Final = "microsoft.network/privatednszones/virtualnetworklinks"
"""Waits for its own zone only, not for every zone."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the chain."""

    name: str
    seconds: float
    """Virtual seconds from its acceptance to its end."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Operations that had to follow one another."""

    steps: tuple[Step, ...] = ()

    @property
    def seconds(self) -> float:
        """Virtual seconds of the whole chain."""
        return sum(step.seconds for step in self.steps)

    def __str__(self) -> str:
        return " → ".join(f"{step.name} {step.seconds:.1f} s" for step in self.steps) + f" = {self.seconds:.1f} s"


def longest_chain(operations: Iterable[Mapping[str, Any]]) -> Chain:
    """Compute the longest chain of a convergence.

    Args:
        operations: as `GET /emulator/operations` lists them: id, verb, began, ends.
    """
    by_type: dict[str, list[tuple[str, Step]]] = {kind: [] for kind in _STAGES}
    for operation in operations:
        kind = _type_of(operation["id"])
        if kind in by_type and operation["verb"] != "DELETE":
            name = f"{operation['verb']} {kind.rsplit('/', 1)[1]}/{operation['id'].rsplit('/', 1)[1]}"
            by_type[kind].append((operation["id"].lower(), Step(name, operation["ends"] - operation["began"])))
    best: dict[str, Chain] = {}
    for kind, waits_for in _STAGES.items():
        for key, step in by_type[kind]:
            before = [chain for other, chain in best.items() if _comes_before(other, key, kind, waits_for)]
            longest = max(before, key=lambda chain: chain.seconds, default=Chain())
            best[key] = Chain((*longest.steps, step))
    return max(best.values(), key=lambda chain: chain.seconds, default=Chain())


def _comes_before(other: str, key: str, kind: str, waits_for: tuple[str, ...]) -> bool:
    if _type_of(other) not in waits_for:
        return False
    return kind != _OWN_PARENT or key.startswith(f"{other}/")


def _type_of(resource_id: str) -> str:
    parts = resource_id.lower().rsplit("/providers/", 1)[-1].split("/")
    return "/".join([parts[0], *parts[1::2]])
