"""What this process remembers of one custom resource between passes. Losing it costs reads, nothing else."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.azure.arm import NotFound, Present, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine import intervals
from secureml_reconcilers.engine.view import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer, Body
    from secureml_reconcilers.engine.composing import Question
    from secureml_reconcilers.engine.contract import Event
    from secureml_reconcilers.engine.drift import Case
    from secureml_reconcilers.engine.view import Query
    from secureml_reconcilers.engine.write_verification import Attempt

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
class Failure:
    """A write that was refused, or an operation that failed."""

    problem: AzureProblem
    attempts: int
    not_before: datetime
    """Until then it is left alone."""

    ended: bool = False
    """Azure took the write, and its operation failed: a repetition may end the same way."""


@dataclass(frozen=True, slots=True)
class Written:
    """That something was written."""

    at: datetime
    by: str
    """The custom resource for which it was."""


@dataclass(slots=True)
class Memory:
    """Reads, failures and unattributed drift of one custom resource."""

    generation: int = -1
    answers: dict[str, Answer] = field(default_factory=dict)
    listings: dict[Listing, tuple[Body, ...] | AzureProblem] = field(default_factory=dict)
    rows: dict[Query, tuple[Mapping[str, Any], ...] | AzureProblem] = field(default_factory=dict)
    read_at: dict[str, datetime] = field(default_factory=dict)
    heeded: dict[str, Written] = field(default_factory=dict)
    """By resource key, the last write for another custom resource after which it was read again."""

    asked_at: datetime | None = None
    """When the oldest of the listings and rows was read."""

    in_line_since: datetime | None = None
    """Since when a pass waits for its turn at the subscription's budget; None when none does."""

    resting: bytes = b""
    """The answers between two passes, packed: parsed bodies take thirty times the room, and many hundred custom
    resources may be waiting for Azure at the same time."""

    put_off: dict[Question, tuple[AzureProblem, datetime]] = field(default_factory=dict)
    """What a service wants to be asked again later only, why, and when. It outlasts the readings."""

    attempts: dict[str, Attempt] = field(default_factory=dict)
    """By block key, the last write that Azure took, until it is known whether it has come to stay."""

    failures: dict[str, Failure] = field(default_factory=dict)
    unattributed: dict[str, Case] = field(default_factory=dict)
    """Drifted resources by key, whose author the change log did not show yet."""

    awaited: dict[str, datetime] = field(default_factory=dict)
    """By block key, since when a fact has been pending with nothing under way that could make it true."""

    advised: list[Mapping[str, Any]] = field(default_factory=list)
    """Findings that were told before something could not be told: they are no news when they are back."""

    untold: list[Event] = field(default_factory=list)
    """What led to writes and what was written, until a pass comes to its report: one that is cut short between two
    batches of writes has none."""

    troubles: int = 0
    """Passes in a row that ended with something unreadable or missing."""

    def forget_reads(self) -> None:
        """Start the next pass from nothing."""
        self.answers.clear()
        self.listings.clear()
        self.rows.clear()
        self.read_at.clear()
        self.heeded.clear()
        self.asked_at = None
        self.in_line_since = None
        self.resting = b""

    def rest(self) -> None:
        """Put the answers away until the next pass; what could not be read is forgotten."""
        self.forget_unreadable()
        kept = {key: a.body if isinstance(a, Present) else None for key, a in self.answers.items()}
        self.resting = zlib.compress(json.dumps(kept).encode(), level=1)
        self.answers.clear()

    def wake(self) -> None:
        """Take the answers out again."""
        if self.resting:
            kept = json.loads(zlib.decompress(self.resting))
            self.answers.update({key: NotFound() if body is None else Present(body) for key, body in kept.items()})
            self.resting = b""

    def forget_old_reads(self, now: datetime) -> None:
        """Keep what is fresh enough for a convergence that is under way; waiting in line makes nothing older."""
        if self.in_line_since is not None and now - self.in_line_since <= LONGEST_LINE:
            now = self.in_line_since
        if self.asked_at is None or now - self.asked_at > FRESH_FOR:
            self.listings.clear()
            self.rows.clear()
            self.asked_at = None
        for key in [key for key, read in self.read_at.items() if now - read > FRESH_FOR]:
            self.forget(key)

    def fresh_from(self, began: datetime) -> datetime:
        """Since when a reading counts as made just before: by this pass, or in its line for the budget.

        A pass that waits between two readings would otherwise begin anew each time, and never have them all.
        """
        return began if self.in_line_since is None else max(self.in_line_since, began - JUST_BEFORE)

    def problems(self) -> list[AzureProblem]:
        """Why what could not be read could not be read."""
        found = [answer.problem for answer in self.answers.values() if isinstance(answer, Unreadable)]
        asked = (*self.listings.values(), *self.rows.values())
        return [*found, *(answer for answer in asked if isinstance(answer, AzureProblem))]

    def forget_unreadable(self) -> None:
        """Ask again, next time, what could not be read."""
        for key in [key for key, answer in self.answers.items() if isinstance(answer, Unreadable)]:
            self.forget(key)
        self.listings = {q: a for q, a in self.listings.items() if not isinstance(a, AzureProblem)}
        self.rows = {q: a for q, a in self.rows.items() if not isinstance(a, AzureProblem)}

    def forget_uncached(self) -> None:
        """Let go of what is too large to keep; a pass that needs it reads it."""
        for key in [key for key in self.answers if type_info(resource_id(key)).uncached]:
            self.forget(key)

    def forget_read_before(self, began: datetime, keys: set[str]) -> bool:
        """Make unread what was read before a pass began; whether there was any."""
        old = [key for key in keys if key in self.read_at and self.read_at[key] < began]
        for key in old:
            self.forget(key)
        return bool(old)

    def forget(self, key: str) -> None:
        """Make one resource unread."""
        self.answers.pop(key, None)
        self.read_at.pop(key, None)

    def note_asked(self, now: datetime) -> None:
        """A listing or a graph query was answered."""
        self.asked_at = self.asked_at or now

    def note_problem(self, question: Question, problem: AzureProblem, now: datetime) -> None:
        """A question could not be answered; the service may have named a time to ask it again."""
        _bare(problem)
        if isinstance(question, ResourceId):
            self.answers[question.key] = Unreadable(problem)
        elif isinstance(question, Listing):
            self.listings[question] = problem
        else:
            self.rows[question] = problem
        if problem.retry_after is not None and not problem.throttled:
            self.put_off[question] = (problem, now + problem.retry_after)

    def check_due(self, question: Question, now: datetime) -> None:
        """Heed the time that a service named, also when a pass comes sooner for another reason.

        Raises:
            AzureProblem: what the service said, with the time that is left.
        """
        problem, until = self.put_off.pop(question, (None, now))
        if problem is not None and until > now:
            raise replace(problem, retry_after=until - now)

    def fail(self, target: ResourceId, problem: AzureProblem, now: datetime, *, ended: bool = False) -> None:
        """Note one more failure on a resource, and how long to leave it alone."""
        _bare(problem)
        before = self.failures.get(target.key)
        attempts = (before.attempts if before else 0) + 1
        self.failures[target.key] = Failure(problem, attempts, now + intervals.backoff(problem, attempts), ended)


def _bare(problem: AzureProblem) -> None:
    """Let go of where it was raised: a traceback holds on to its frames, and they to every block of the pass."""
    problem.__traceback__ = problem.__cause__ = problem.__context__ = None
