"""The building blocks that aspects yield, and the aspects and compositions that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from secureml_reconcilers.api import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.api.condition_types import ConditionType
    from secureml_reconcilers.api.reasons.entry import Reason
    from secureml_reconcilers.azure.problem import AzureProblem
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.compare import Difference
    from secureml_reconcilers.engine.diagnosis import Diagnosable
    from secureml_reconcilers.engine.values import Fragment
    from secureml_reconcilers.engine.view import View


class CheckLevel(Enum):
    """How a fact that does not hold is taken."""

    BLOCKING = "Error"
    """The aspect is not met; somebody must act."""

    PENDING = "Pending"
    """It becomes true by itself; look again soon."""

    WAITING = "Waiting"
    """It becomes true when an operation ends that is looked at anyway; there is nothing else to look at."""

    ADVISORY = "Warning"
    """Worth knowing; the aspect is met all the same."""


class _Shape:
    """What is asked of any block, and the answer of one that has nothing to say to it."""

    __slots__ = ()

    rules: tuple[str, ...] = ()
    after: tuple[Block, ...] = ()
    after_if_possible: tuple[Block, ...] = ()
    about: ResourceId | None = None
    evidence: tuple[ResourceId, ...] = ()
    invalidates: tuple[ResourceId, ...] = ()
    preconditions: tuple[ResourceId, ...] = ()
    part: str = ""
    service: ResourceId | None = None


def write_key(target: ResourceId, part: str = "") -> str:
    """Names what is written: a resource, or the part of it that is written by itself."""
    return f"{target.key}#{part}" if part else target.key


@dataclass(frozen=True, slots=True)
class Way:
    """A private way into a service: one of its sub-resources, as clients in one network reach it."""

    name: str
    """The same on every pass: it is remembered in the status."""

    gates: tuple[Block, ...]
    """What must hold before anybody can go it."""

    owner: str = ""
    """Another custom resource that declares it; empty for one of this resource's own."""


@dataclass(frozen=True, slots=True)
class Closing:
    """That a block closes a service to the internet."""

    service: str
    """What a sentence calls it, such as `The account frauddata`."""

    exposed: bool
    """It answers everybody on the internet as it is now."""

    ways: tuple[Way, ...]
    """Every private way that is declared."""

    by_hand: str
    """The command that closes it."""

    closed_before: bool = False
    """It has been seen closed, with private ways that worked."""

    others: tuple[Way, ...] = ()
    """The private ways that other custom resources declare into the same service."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What only one resource may be made for, whatever its name: a way into a service, say."""

    name: str
    """The same for all who would make one."""

    shown_by: ResourceId
    """The resource that shows whether there is one already."""


@dataclass(frozen=True, slots=True)
class Ensure(_Shape):
    """This resource exists and contains this fragment."""

    id: ResourceId
    fragment: Fragment
    """Only the properties we own; empty when existence is all we want."""

    reason: str
    """One sentence: why it must be so."""

    rules: tuple[str, ...] = ()
    create: Mapping[str, Any] | None = None
    """The rest of the body when we make it; None for what is never ours to make."""

    after: tuple[Block, ...] = ()
    """What must hold before this may be written: make before break."""

    after_if_possible: tuple[Block, ...] = ()
    """What is done before this if it can be done at all; what is blocked is not waited for."""

    shared: bool = False
    """Several custom resources use it, and whoever comes first makes it (zones and links)."""

    claim: Claim | None = None
    """What it is made for, where others may be about to make another one for the same."""

    evidence: tuple[ResourceId, ...] = ()
    """What else was read to say so: read again before something that leans on this is closed or deleted."""

    broken: tuple[Difference, ...] = ()
    """Damage seen elsewhere that writing this resource again repairs (records of a zone group)."""

    invalidates: tuple[ResourceId, ...] = ()
    """Where that damage was seen: what was read there is out of date once this resource is written."""

    preconditions: tuple[ResourceId, ...] = ()
    """What is read just before this is written: Azure would write over what another put there meanwhile."""

    closing: Closing | None = None
    """That this closes a service, and by which ways its clients reach it then."""

    service: ResourceId | None = None
    """The service that works on this write, too, and may refuse it while it is busy with another such."""

    ours: bool = False
    """More than its tag says that we made it (its name, what it leads to, the inventory): it is tagged again."""

    optional: bool = False
    """The aspect is met without it: where Azure refuses it, that is advice."""

    part: str = ""
    """Names this part of the resource, where several are written one by one: each is refused, and waits, by
    itself. Empty where there is one only."""

    takes_effect: timedelta = timedelta()
    """So long after our write it may have no effect yet, as Azure documents: what leans on it waits that long, in
    this process; a restart forgets when it was written."""

    proven_by_name: bool = False
    """Its name is derived from what it is, so that who has it was made by us: its type carries no tags."""

    @property
    def key(self) -> str:
        """Names the block within a pass."""
        return write_key(self.id, self.part)


@dataclass(frozen=True, slots=True)
class EnsureAbsent(_Shape):
    """This resource must not exist; only one that we made is ever deleted."""

    id: ResourceId
    reason: str
    rules: tuple[str, ...] = ()
    after: tuple[Block, ...] = ()
    shared: bool = False
    """Several custom resources use it, and whoever goes last removes it: our tag on it is proof enough."""

    evidence: tuple[ResourceId, ...] = ()
    """What else was read to say that it may go."""

    invalidates: tuple[ResourceId, ...] = ()
    """Where its going shows: what was read there is out of date once it is gone."""

    @property
    def key(self) -> str:
        """Names the block within a pass."""
        return f"absent:{self.id.key}"


@dataclass(frozen=True, slots=True)
class Check(_Shape):
    """A fact that we may only report."""

    name: str
    """What is checked, unique for what it is about."""

    holds: bool
    reason: Reason
    """Of the condition when it does not hold. What only pends shows Waiting, so that is its reason."""

    message: str
    """What is wrong, for the person who must act."""

    advice: str = ""
    rules: tuple[str, ...] = ()
    about: ResourceId | None = None
    level: CheckLevel = CheckLevel.BLOCKING
    by_user: bool = False
    """Only a change of the custom resource helps (Stalled); otherwise somebody acts in Azure."""

    evidence: tuple[ResourceId, ...] = ()
    """What was read to say so, besides `about`."""

    problem: AzureProblem | None = None
    """Why it cannot be told, where something raised: told as it is."""

    @classmethod
    def untold(cls, name: str, problem: AzureProblem, about: ResourceId | None = None) -> Check:
        """A fact that cannot be told: what waits for it waits, and the problem is told as it is."""
        return cls(name, holds=False, reason=problem.reason, message=problem.message, about=about, problem=problem)

    @property
    def key(self) -> str:
        """Names the block within a pass: two resources of one name in different groups are two facts."""
        return f"check:{self.name}:{self.about.key if self.about else ''}"


@dataclass(frozen=True, slots=True)
class StatusField(_Shape):
    """Something worth showing in the status: a discovered id, a DNS record."""

    path: str
    """Where it stands in the status, such as `azure.keyVaultID` or `dnsRecords`."""

    value: Any

    @property
    def key(self) -> str:
        """Names the block within a pass."""
        return f"fact:{self.path}:{self.value}"


Block = Ensure | EnsureAbsent | Check | StatusField
Blocks = Iterator["Block | Blocks"]
"""What an aspect yields: blocks, and parts (generators of their own) that fail without stopping the rest."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One condition of a custom resource, and the function that says what it takes."""

    condition: ConditionType
    """Positive polarity."""

    blocks: Callable[[View], Blocks]
    """Pure: a generator over the view; raises what the view raises."""

    met: Reason = reasons.AS_DECLARED
    """The condition's reason when everything holds."""

    met_message: str = "Everything is as declared."


@dataclass(frozen=True)
class Remembered:
    """What is known of a custom resource beside its spec."""

    inventory: tuple[str, ...] = ()
    """Ids of what was made for it, was adopted, or is the operator's and used by it, for earlier specs too."""

    made: frozenset[str] = frozenset()
    """Keys of those that the operator made."""

    adopted: frozenset[str] = frozenset()
    """Keys of those that somebody else made, and the spec handed over."""

    closed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By key of each service, the private ways that worked when it was last seen closed."""

    others: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Owner and spec of each custom resource that declares one of the same services."""

    tags: frozenset[tuple[str, str]] = frozenset()
    """Name and value of the tags that the spec asked for, and of earlier ones that may still be somewhere."""


NOTHING_REMEMBERED: Final = Remembered()
"""Of a custom resource on its first visit, or whose status was lost."""


@dataclass(frozen=True, slots=True)
class Composition:
    """All aspects of one custom resource, in the order in which the article tells them."""

    aspects: tuple[Aspect, ...]
    owner: str
    """Who made what we make: written as a tag on it."""

    adopt: bool = False
    """Take over resources of the right name that do not carry our mark."""

    enforce: bool = True
    """False plans only."""

    diagnosable: Diagnosable | None = None
    """What Azure can be asked to look for faults of, by itself."""
