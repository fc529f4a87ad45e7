"""What every reason tells, and the table in which all of them stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NewType

Reason = NewType("Reason", str)
"""One CamelCase word for machines. Only the tables of this package make one, so mypy refuses any other text."""


class Who(Enum):
    """Who must act."""

    NOBODY = "nobody"
    """It passes by itself, or it is as it should be."""

    ADMINISTRATOR = "the Azure administrator"
    """Somebody with rights in Azure: the resource's owner there, or who keeps roles, locks, policies, quotas."""

    AUTHOR = "the author of the resource"
    """Who wrote the custom resource."""

    RUNNER = "whoever runs the operator"
    """Who installs it, signs it in and keeps its log."""


class Section(Enum):
    """Where a reason stands; the value is the heading of its table on the page."""

    STATE = "Reasons of conditions when nothing is wrong"
    """Of a condition; a pause is told by an event, too."""

    PROBLEM = "Reasons of what stands in the way"
    """Of a condition, and of the Warning event when it begins. What has no rule stands under its reason in
    `status.findings`."""

    ADVICE = "Reasons of advice"
    """Of a Warning event when it is new in `status.findings`; no condition shows it."""

    EVENT = "Reasons of events"
    """Of an event only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One reason, for people."""

    reason: Reason
    section: Section
    who: Who
    when: str
    """True when: a whole sentence."""

    do: str
    """What that person does; empty where nobody need do anything."""


REASONS: Final[dict[Reason, Entry]] = {}
"""Every reason, in the order in which they are written down."""


def entered(word: str, section: Section, who: Who, when: str, do: str) -> Reason:
    """Enter a reason into the table.

    Raises:
        ValueError: when the word stands there already: its second meaning would hide the first.
    """
    reason = Reason(word)
    if reason in REASONS:
        raise ValueError(f"the reason {word} has two entries")
    REASONS[reason] = Entry(reason, section, who, when, do)
    return reason
