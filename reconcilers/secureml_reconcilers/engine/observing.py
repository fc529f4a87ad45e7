"""Reading what a composition asks for, in parallel, and no more than once a pass. The first step of a pass."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from secureml_reconcilers.api import reasons
from secureml_reconcilers.azure.arm import Listed, NotFound, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.gather_all import gather_all
from secureml_reconcilers.engine.questions import Listing, Resource, element_id
from secureml_reconcilers.engine.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secureml_reconcilers.azure.arm import Answer, Arm
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.composing import Composed
    from secureml_reconcilers.engine.ledger import Ledger
    from secureml_reconcilers.engine.questions import Question
    from secureml_reconcilers.engine.readings import Readings

_WORTH_LISTING: Final = 2
"""From so many unread resources of one type in one group on, the group's listing is asked in their place."""

_CROWDED: Final = 100
"""A group whose listing shows more than this is not listed again: a hub's may hold thousands, and each costs time
and memory to read."""

_UNSAID: Final = timedelta(seconds=2)
"""How long to leave a budget alone that does not say how long."""


@dataclass(slots=True)
class Observer:
    """Reads for one pass."""

    readings: Readings
    ledger: Ledger
    arm: Arm
    crowded: set[str] = field(default_factory=set)
    """Keys of listings that show too much to be read again; kept from pass to pass by whoever makes this."""

    async def observe(self, composition: Composition) -> list[Composed]:
        """Compose, read what was missing, and compose again until nothing is missing.

        Raises:
            RuntimeError: when the composition asks for what was answered already; that is a bug in it.
        """
        answered: set[str] = set()
        # Readings are only added here, so what was worked out on fewer of them stays true.
        view = View(self.readings.known, is_written_since=self.ledger.is_written_since)
        while True:
            composed, questions = compose(composition, view)
            if not questions:
                return composed
            # How many rounds it takes depends on the landscape; only an answer that is not heeded never ends.
            again = answered.intersection(question.key for question in questions)
            if again:
                raise RuntimeError(f"the composition asks again for {', '.join(sorted(again))}")
            await self.read(questions)
            answered.update(question.key for question in questions)

    async def read(self, questions: Iterable[Question]) -> None:
        """Ask all of these at once; what could not be told is an answer of its own."""
        single, listed = self._grouped(questions)
        await gather_all(*map(self._read_one, single), *(self._read_group(*each) for each in listed))

    async def _read_one(self, question: Question) -> None:
        at, order = self.ledger.clock.monotonic(), self.ledger.number()
        self.readings.record(question, await self._answer(question), at, order)

    async def _answer(self, question: Question) -> Answer:
        try:
            self.readings.check_due(question, self.ledger.clock.monotonic())
            return await question.ask(self.arm)
        except AzureProblem as problem:
            return Unreadable(problem)

    async def _read_group(self, listing: Listing, wanted: list[Resource]) -> None:
        """Answer several questions with one listing of their resource group; with single reads where that fails.

        What the listing shows besides is not kept: a hub's group may hold hundreds of endpoints of others.
        """
        at, order = self.ledger.clock.monotonic(), self.ledger.number()
        answer = await self._answer(listing)
        if isinstance(answer, Listed) and len(answer.items) > _CROWDED:
            self.crowded.add(listing.key)
        if listing.key in self.crowded or _says_nothing(answer):
            await gather_all(*map(self._read_one, wanted))
            return
        missing = answer if isinstance(answer, Unreadable) else NotFound()
        found = {question.key: told for question, told in listing.also_tells(answer)}
        for question in wanted:
            self.readings.record(question, found.get(question.key, missing), at, order)

    def _grouped(
        self, questions: Iterable[Question]
    ) -> tuple[list[Question], list[tuple[Listing, list[Resource]]]]:
        """Questions to ask one by one, and those that a listing of their resource group answers together."""
        single: list[Question] = []
        groups: dict[str, list[Resource]] = defaultdict(list)
        for question in questions:
            if isinstance(question, Resource) and type_info(question.id).listed_by_group:
                groups[question.id.collection_key].append(question)
            else:
                single.append(question)
        listed = []
        for wanted in groups.values():
            first = wanted[0].id
            listing = Listing(first.group, _full_type(first), most=_CROWDED)
            if len(wanted) < _WORTH_LISTING or listing.key in self.crowded:
                single += wanted
            else:
                listed.append((listing, wanted))
        return single, listed


def _says_nothing(answer: Answer) -> bool:
    """Whether a listing tells nothing of single resources: a role may admit only these, or one is hidden."""
    if isinstance(answer, Unreadable):
        return answer.problem.reason == reasons.FORBIDDEN
    return isinstance(answer, Listed) and any(element_id(body) is None for body in answer.items)


def _full_type(target: ResourceId) -> str:
    """The type as the id spells it: collections are asked for in the same casing."""
    return "/".join(target.text.split("/")[-3:-1])


def budget_wait(readings: Readings) -> timedelta | None:
    """How long the subscription's budget wants to be left alone; None when nothing met its end.

    A service that is busy with one resource is no such end: all else is evaluated and put right meanwhile.
    """
    waits = [problem.retry_after or _UNSAID for problem in readings.problems() if problem.throttled]
    return max(waits, default=None)
