"""What answers the internet though it is declared closed: since when, and what keeps it from being closed.

A service that cannot be closed at once is never left open in silence (OPS-08): it is an error, and told again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from math import log2
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.azure.problem import Severity
from secureml_reconcilers.engine.assessment import Blocked, Holds
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.evaluation import Busy
from secureml_reconcilers.engine.status_limits import SERVICES, WAYS
from secureml_reconcilers.engine.timestamps import instant, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Block
    from secureml_reconcilers.engine.contract import Status
    from secureml_reconcilers.engine.evaluation import Evaluation

FIRST_REMINDER: Final = timedelta(minutes=10)
"""So long after something was first seen open it is said again; then after twice that, and so on."""

TOO_LONG: Final = timedelta(hours=1)
"""What is closed for the first time and still waits, for whatever takes its time, is told after so long."""

RARELY: Final = timedelta(days=1)
"""The longest time between two reminders."""


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """What is known of one service, as it stands in `status.services`."""

    id: str
    public_access: str
    """Closed, Open, or Restricted: its public address is on, and its firewall denies whom no rule names."""

    exposed_since: str = ""
    """When it was first seen open; empty for one that is not."""

    private_ways: tuple[str, ...] = ()
    """The private ways that worked when it was last seen closed: its clients have these, and no others."""

    def to_status(self) -> Status:
        """As it stands in the status."""
        shown: Status = {"id": self.id, "publicAccess": self.public_access}
        if self.exposed_since:
            shown["exposedSince"] = self.exposed_since
        if self.private_ways:
            shown["privateWays"] = list(self.private_ways)
        return shown


@dataclass(frozen=True, slots=True)
class Exposure:
    """One service that answers the internet and is not being closed at this moment."""

    block: Ensure
    since: str
    obstacle: AzureProblem | None
    """What keeps it from being closed; None where that only takes time."""

    gate: Block | Busy | None = field(default=None)
    """What closing it waits for."""

    @property
    def id(self) -> ResourceId:
        """The service."""
        return self.block.id

    @property
    def sentence(self) -> str:
        """That it is open, and when that was first seen."""
        assert self.block.closing is not None  # noqa: S101 - only blocks that close something are exposures
        return f"{self.block.closing.service} answers the internet, seen first at {self.since}"

    @property
    def cause(self) -> str:
        """What keeps it open; nobody is told to do nothing while it is."""
        if self.obstacle is None:
            return ""
        return self.obstacle.message if self.obstacle.severity is Severity.NOBODY else str(self.obstacle)

    @property
    def by_hand(self) -> str:
        """How a person closes it at once."""
        assert self.block.closing is not None  # noqa: S101 - as above
        return f"To close it at once, cutting off whoever has no private way: {self.block.closing.by_hand}."


def remembered_ways(status: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """By key of each service in a status, the private ways by which it was closed."""
    return {each["id"].lower(): frozenset(each.get("privateWays", ())) for each in status.get("services", ())}


def last_seen(before: Iterable[Mapping[str, Any]]) -> list[ServiceAccess]:
    """The services as a status has them: of a custom resource that goes, nobody looks at them any more."""
    return [_parsed(each) for each in before]


def services(evaluation: Evaluation, before: Iterable[Mapping[str, Any]], now: datetime) -> list[ServiceAccess]:
    """Every service that is to be closed, as this pass saw it; what it could not tell stays as it was.

    Args:
        evaluation: the pass.
        before: `status.services` as it stands.
        now: dates what is new.
    """
    known = {each.id.lower(): each for each in last_seen(before)}
    found = {
        block.id.key: _seen(block, evaluation, known.get(block.id.key), now)
        for block in _closing_blocks(evaluation)
    }
    if any(said.problems for said in evaluation.composed):
        found = {**known, **found}  # a part that could not say all may have named it
    return [each for each in found.values() if each is not None][:SERVICES]


def exposures(
    evaluation: Evaluation, seen: Iterable[ServiceAccess], before: Iterable[Mapping[str, Any]], now: datetime
) -> list[Exposure]:
    """What is open and stays so for now: refused, held back for good, or opened again and not to be closed yet.

    What is closed for the first time waits for its private ways, and that is no trouble while they are being made.

    Args:
        evaluation: the pass.
        seen: what `services` gave for it.
        before: `status.services` as it stood.
        now: the present.
    """
    since = {each.id.lower(): each.exposed_since for each in seen}
    was_closed = {each["id"].lower() for each in before if each.get("privateWays")}
    found = []
    for block in _closing_blocks(evaluation):
        gate, opened = evaluation.waiting.get(block.key), since.get(block.id.key)
        if not opened or not _is_open(block, evaluation):
            continue
        age = now - instant(opened)
        obstacle = _obstacle(block, evaluation, age)
        waits = gate is not None and not _is_beside(gate, block)
        if obstacle is not None or (waits and (block.id.key in was_closed or age >= TOO_LONG)):
            found.append(Exposure(block, opened, obstacle, gate))
    return found


def _obstacle(block: Ensure, evaluation: Evaluation, age: timedelta) -> AzureProblem | None:
    """What keeps a service open; what passes by itself counts when it does not pass."""
    assessment = evaluation.assessments[block.key]
    own = assessment.problem if isinstance(assessment, Blocked) else evaluation.failed.get(block.key)
    found = own or evaluation.obstacles.get(block.key)
    passes = found is not None and found.severity is Severity.NOBODY
    return None if passes and age < FIRST_REMINDER else found


def is_due_again(exposure: Exposure, last: datetime | None, now: datetime) -> bool:
    """Whether it is to be said again, since the pass before: at times that lie ever further apart.

    Args:
        exposure: what is open.
        last: when the pass before ended; None for the first of a process, which says nothing twice.
        now: the present.
    """
    since = instant(exposure.since)
    return last is not None and _reminders(now - since) > _reminders(last - since)


def _reminders(age: timedelta) -> int:
    """How often something of this age has been said again."""
    if age < FIRST_REMINDER:
        return 0
    if age < RARELY:
        return 1 + int(log2(age / FIRST_REMINDER))
    return 1 + int(log2(RARELY / FIRST_REMINDER)) + int(age / RARELY)


def _closing_blocks(evaluation: Evaluation) -> list[Ensure]:
    return [block for block in evaluation.blocks() if isinstance(block, Ensure) and block.closing is not None]


def _seen(
    block: Ensure, evaluation: Evaluation, known: ServiceAccess | None, now: datetime
) -> ServiceAccess | None:
    """A service as this pass saw it; as it was before where the pass could not tell."""
    assert block.closing is not None  # noqa: S101 - only such blocks come here
    declared = {way.name for way in block.closing.ways}
    ways = {name for name in (known.private_ways if known is not None else ()) if name in declared}
    if isinstance(evaluation.assessments[block.key], Holds) or _only_its_state_differs(block, evaluation):
        working = {way.name for way in block.closing.ways if _works(way.gates, evaluation)}
        # Half of the ways, of one that was closed by hand, would let it be closed without the others.
        ways |= working if ways or working == declared else set()
        # More than can be listed are not remembered: then closing again asks for every way.
        return ServiceAccess(block.id.text, "Closed", "", tuple(sorted(ways)) if len(ways) <= WAYS else ())
    if block.key not in evaluation.differing:
        return known
    remembered = tuple(sorted(ways))
    if not block.closing.exposed:
        return ServiceAccess(block.id.text, "Restricted", "", remembered)
    since = known.exposed_since if known is not None else ""
    return ServiceAccess(block.id.text, "Open", since or stamp(now), remembered)


def _only_its_state_differs(block: Ensure, evaluation: Evaluation) -> bool:
    """Whether it is closed, and the last write to it failed all the same."""
    found = evaluation.differing.get(block.key)
    return found is not None and {each.path for each in found.differences} == {"properties.provisioningState"}


def _works(gates: tuple[Block, ...], evaluation: Evaluation) -> bool:
    return all(gate.key in evaluation.passable for gate in gates)


def _is_open(block: Ensure, evaluation: Evaluation) -> bool:
    return block.closing is not None and block.closing.exposed and block.key in evaluation.differing


def _is_beside(gate: Block | Busy, block: Ensure) -> bool:
    """Whether what is waited for is Azure's work on the service itself, or another part of it: it is at hand."""
    return isinstance(gate, Busy) or (isinstance(gate, Ensure) and gate.id == block.id)


def _parsed(entry: Mapping[str, Any]) -> ServiceAccess:
    return ServiceAccess(
        entry["id"], entry["publicAccess"], entry.get("exposedSince", ""), tuple(entry.get("privateWays", ()))
    )
