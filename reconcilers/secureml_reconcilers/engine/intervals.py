"""The one owner of all waiting times.

It answers: when to look at a running operation again, when to repeat what failed, when to look at a fact
that becomes true by itself. It leaves to others: the resync of what is in order (the shell), and the
budget per subscription (the throttle).
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.azure.problem import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from secureml_reconcilers.azure.catalogue import Durations
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.engine.clock import Moment

FIRST_LOOK: Final = timedelta(seconds=3)
"""After beginning an operation: one early read shows what fails at once, and what is done at once."""

SOONEST: Final = timedelta(seconds=1)
"""Until an operation is looked at that should have been looked at before: at once would be a loop without rest."""

LOOK: Final = timedelta(seconds=5)
"""Between looks at an operation that may be over any moment: one read per operation per five seconds."""

SECOND_LOOK: Final = timedelta(seconds=1)
"""After the look at which a long operation was expected to be over: most of the rest end right then, and the
reads saved before pay for it."""

LONG: Final = timedelta(seconds=20)
"""An operation that is expected to take longer than this was left alone long enough to have saved reads."""

SOON_LATE: Final = timedelta(seconds=3)
"""Where nearly all operations of a type have ended so soon after half of them, one look is made when they have:
a look at half-time would find half of them running, and those are looked at five seconds later."""

LATE_LOOK: Final = timedelta(seconds=15)
"""Between looks at an operation that takes longer than nearly all others."""

PENDING: Final = timedelta(seconds=10)
"""Until a fact is looked at again that becomes true by itself (a record, a link state)."""

PENDING_OFTEN: Final = timedelta(minutes=1)
"""So long a fact is looked at that often: records and links that come by themselves are there by then. What is
pending for longer mostly waits for a person, and nobody knows for how long."""

PENDING_RARELY: Final = timedelta(minutes=5)
"""The longest wait for such a fact, as for what somebody must change in Azure."""

PENDING_READ: Final = timedelta(seconds=20)
"""What was read longer ago than this is let go of between looks at such a fact. What it is about is read at every
look; what else it hangs on (an account that lists its connections) then shows within half a minute."""

SLACK: Final = timedelta(seconds=1.5)
"""What is due so shortly after something else is looked at together with it. Six links that were begun within a
second are seen at once then, and what leans on all of them is read once."""

AT_LEAST: Final = timedelta(milliseconds=50)
"""A pass that is due already comes back after so long: not in a loop without rest."""

DEFERRED: Final = timedelta(seconds=1)
"""At least so long a pass rests that met an empty budget: less finds hardly a token more, and costs a pass."""

DIAGNOSIS_LOOK: Final = timedelta(seconds=15)
"""Between two looks at a diagnosis of Azure's own, which takes 10 to 60 s and which nothing waits for."""

DIAGNOSIS_LONGEST: Final = timedelta(minutes=5)
"""A diagnosis that takes longer is given up: it changes nothing, and can be asked for again."""

DIAGNOSIS_REST: Final = timedelta(minutes=1)
"""After the first failure to diagnose that passes by itself; so much more after each further one."""

DIAGNOSIS_ATTEMPTS: Final = 5
"""So many failures in a row are told, and Azure is left alone: ten minutes outlast most outages."""

_BACKOFF: Final = {
    Retry.SOON: (timedelta(seconds=2), timedelta(minutes=1)),
    Retry.SLOW: (timedelta(seconds=15), timedelta(minutes=5)),
    Retry.NEVER: (timedelta(minutes=10), timedelta(minutes=30)),
}
"""First and longest wait. Slow begins at 15 s because the person who removes a lock is often watching."""

_JITTER: Final = 0.2
"""Spread, so that a thousand resources that failed together do not come back together."""


def next_look(since: Moment, now: Moment, durations: Durations) -> Moment:
    """When an operation of this type, begun at `since`, is worth reading after a look at `now`."""
    age = now - since
    if age < durations.expected < durations.late <= durations.expected + SOON_LATE:
        return since + durations.late
    if age < FIRST_LOOK and durations.expected < LONG:
        return since + FIRST_LOOK
    if age < durations.expected:
        return since + durations.expected
    if durations.expected >= LONG and age < durations.expected + SECOND_LOOK:
        return now + SECOND_LOOK
    return now + (LOOK if age < 2 * durations.late else LATE_LOOK)


def pending(since: Moment, now: Moment) -> timedelta:
    """When to look again at a fact that is pending since then: it is seen late by half of its time at most.

    By time and not by looks: passes come for other reasons, too.
    """
    age = now - since
    return PENDING if age < PENDING_OFTEN else min(age / 2, PENDING_RARELY)


def next_pass(waits: Collection[timedelta]) -> timedelta | None:
    """When to come again for all that is waited for: at the soonest, or with what is due shortly after that."""
    if not waits:
        return None
    soonest = min(waits)
    return max(AT_LEAST, *(wait for wait in waits if wait <= soonest + SLACK))


def deferral(wait: timedelta | None, chance: Callable[[], float] = random.random) -> timedelta:
    """How long a pass rests that met an empty budget.

    Args:
        wait: until its turn; None when it could not be told.
        chance: a number between 0 and 1: some that wait for the same thing come one after the other.
    """
    return max(wait or timedelta(), DEFERRED) + timedelta(seconds=chance())


def backoff(problem: AzureProblem, attempts: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to leave alone what failed.

    Args:
        problem: what went wrong; its `retry_after` wins when it is longer.
        attempts: how often it has failed in a row, from 1.
        chance: a number between 0 and 1.
    """
    first, longest = _BACKOFF[problem.retry]
    wait: timedelta = min(first * float(2 ** min(attempts - 1, 16)), longest)
    jittered = wait * (1 + _JITTER * (2 * chance() - 1))
    return max(jittered, problem.retry_after or timedelta())
