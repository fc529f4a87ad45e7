"""What one custom resource's passes have read of Azure. Losing it costs reads, nothing else."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.azure.arm import Listed, NotFound, Present, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.engine.values import outline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.clock import Moment
    from secureml_reconcilers.engine.questions import Question

FRESH_FOR: Final = timedelta(minutes=2)
"""While a convergence runs, what was read stays good this long, so that waiting for one operation does not
read thirty other resources every few seconds. Longer than the slowest usual stage, short against the
resync that finds what changed meanwhile."""

LONGEST_LINE: Final = timedelta(minutes=15)
"""A pass that waits for its turn at the subscription's budget keeps what it has read for so long: five hundred
workspaces need nearly ten minutes for one reading each, and who began anew at every turn would never end."""

JUST_BEFORE: Final = timedelta(seconds=60)
"""A closing or a deletion leans on readings of its own pass; one that must wait in line between them may lean on
those of the last minute. That is 1,500 readings at the budget's 25 a second, more than any of them needs."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of Azure."""

    question: Question
    answer: Answer
    at: Moment
    """When it was asked for."""

    order: int
    """The ledger's number at the moment when it was asked for: what was written later may not be in it."""

    outlined: bool = False
    """Only the outline of the resource is left of it; whoever asks for more has it read again."""


@dataclass(slots=True)
class Readings:
    """The latest answer to each question, by the question's key."""

    known: dict[str, Reading] = field(default_factory=dict)
    in_line_since: Moment | None = None
    """Since when a pass waits for its turn at the subscription's budget; None when none does."""

    postponed: dict[str, tuple[AzureProblem, Moment]] = field(default_factory=dict)
    """By key, why a service wants a question asked again only later, and when. It outlasts the readings."""

    _resting: bytes = b""
    """The answers between two passes, packed: parsed bodies take thirty times the room, and many hundred custom
    resources may be waiting for Azure at the same time."""

    def answer(self, key: str) -> Answer | None:
        """The answer to a question; None while it is unread."""
        reading = self.known.get(key)
        return reading.answer if reading is not None else None

    def record(self, question: Question, answer: Answer, at: Moment, order: int) -> None:
        """Keep an answer, and what it tells besides; of two answers the one that was asked for later stays."""
        self._keep(Reading(question, answer, at, order))
        for other, told in question.also_tells(answer):
            self._keep(Reading(other, told, at, order))
        if isinstance(answer, Unreadable):
            _release_frames(answer.problem)
            if answer.problem.retry_after is not None and not answer.problem.throttled:
                self.postponed[question.key] = (answer.problem, at + answer.problem.retry_after)

    def _keep(self, reading: Reading) -> None:
        known = self.known.get(reading.question.key)
        if known is None or known.order <= reading.order:
            self.known[reading.question.key] = reading

    def forget(self, keys: Iterable[str]) -> None:
        """Make these unread."""
        for key in keys:
            self.known.pop(key, None)

    def forget_where(self, condition: Callable[[Reading], bool]) -> bool:
        """Make unread what meets a condition; whether there was any."""
        found = [key for key, reading in self.known.items() if condition(reading)]
        self.forget(found)
        return bool(found)

    def forget_all(self) -> None:
        """Start the next pass from nothing."""
        self.known.clear()
        self.in_line_since = None
        self._resting = b""

    def forget_old(self, now: Moment) -> None:
        """Keep what is fresh enough for a convergence that is under way; waiting in line makes nothing older."""
        if self.in_line_since is not None and now - self.in_line_since > LONGEST_LINE:
            self.in_line_since = None  # what was read in it is too old; the next deferral begins another
        if self.in_line_since is not None:
            now = self.in_line_since
        self.forget_where(lambda reading: now - reading.at > FRESH_FOR)

    def problems(self) -> list[AzureProblem]:
        """Why what could not be read could not be read."""
        answers = (reading.answer for reading in self.known.values())
        return [answer.problem for answer in answers if isinstance(answer, Unreadable)]

    def check_due(self, question: Question, now: Moment) -> None:
        """Heed the time that a service named, also when a pass comes sooner for another reason.

        Raises:
            AzureProblem: what the service said, with the time that is left.
        """
        if question.key not in self.postponed:
            return
        problem, until = self.postponed.pop(question.key)
        if until > now:
            raise replace(problem, retry_after=until - now)

    def rest(self) -> None:
        """Pack the answers until the next pass; what could not be read, or is too large to keep, is let go of.

        Of what is too large its outline stays, where its type has one.
        """
        self.known.update({key: _outlined(reading) for key, reading in self.known.items()})
        self.forget_where(
            lambda reading: (
                isinstance(reading.answer, Unreadable) or (_is_uncached(reading.question) and not reading.outlined)
            )
        )
        packed = [_packed(reading.answer) for reading in self.known.values()]
        self._resting = zlib.compress(json.dumps(packed).encode(), level=1)
        for key, reading in self.known.items():
            self.known[key] = replace(reading, answer=_PACKED)

    def wake(self) -> None:
        """Unpack the answers."""
        if not self._resting:
            return
        packed = json.loads(zlib.decompress(self._resting))
        for (key, reading), parts in zip(list(self.known.items()), packed, strict=True):
            self.known[key] = replace(reading, answer=_unpacked(parts))
        self._resting = b""


_PACKED: Final = NotFound()
"""Stands in for every answer that is packed."""


def _packed(answer: Answer) -> list[Any]:
    match answer:
        case Present(body):
            return ["present", body]
        case Listed(items):
            return ["listed", items]
        case _:
            return ["not found", None]


def _unpacked(parts: list[Any]) -> Answer:
    kind, content = parts
    if kind == "present":
        return Present(content)
    if kind == "listed":
        return Listed(tuple(content))
    return NotFound()


def _is_uncached(question: Question) -> bool:
    return isinstance(question, Resource) and type_info(question.id).uncached


def _outlined(reading: Reading) -> Reading:
    """What outlasts a pass of a reading whose type is not kept: its outline, where it has one."""
    if not _is_uncached(reading.question) or not isinstance(reading.answer, Present):
        return reading
    assert isinstance(reading.question, Resource)  # noqa: S101 - nothing else is large
    paths = type_info(reading.question.id).outline
    return (
        replace(reading, answer=Present(outline(reading.answer.body, paths)), outlined=True) if paths else reading
    )


def _release_frames(problem: AzureProblem) -> None:
    """Let go of where it was raised: a traceback holds on to its frames, and they to every block of the pass."""
    problem.__traceback__ = problem.__cause__ = problem.__context__ = None
