"""Reading what a composition asks for, in parallel, and no more than once a pass."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from secureml_reconcilers.azure.arm import ABSENT_CODES, Present, Unreadable
from secureml_reconcilers.azure.catalogue import type_info
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.gather_all import gather_all
from secureml_reconcilers.engine.values import get_path
from secureml_reconcilers.engine.view import Query, View

if TYPE_CHECKING:
    from datetime import datetime

    from secureml_reconcilers.azure.arm import Answer, Arm, Body
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.composing import Composed, Question
    from secureml_reconcilers.engine.memory import Memory
    from secureml_reconcilers.engine.view import Listing

_log = logging.getLogger(__name__)


async def observe(composition: Composition, memory: Memory, arm: Arm, now: datetime) -> list[Composed]:
    """Compose, read what was missing, and compose again until nothing is missing.

    Raises:
        RuntimeError: when the composition asks for what was answered already; that is a bug in it.
    """
    answered: set[Question] = set()
    while True:
        composed, questions = compose(composition, View(memory.answers, memory.listings, memory.rows))
        if not questions:
            return composed
        # How many rounds it takes depends on the landscape; only an answer that is not heeded never ends.
        again = answered.intersection(questions)
        if again:
            raise RuntimeError(f"the composition asks again for {', '.join(map(str, again))}")
        await gather_all(*(_answer(question, memory, arm, now) for question in questions))
        answered.update(questions)


async def read(target: ResourceId, arm: Arm) -> Answer:
    """One resource, with what could not be told as an answer of its own."""
    try:
        return _lightened(target, await arm.read(target))
    except AzureProblem as problem:
        return Unreadable(problem)


async def _answer(question: Question, memory: Memory, arm: Arm, now: datetime) -> None:
    try:
        memory.check_due(question, now)
        await _ask(question, memory, arm, now)
    except AzureProblem as problem:
        memory.note_problem(question, problem, now)
    if isinstance(question, ResourceId):
        memory.read_at[question.key] = now
    else:
        memory.note_asked(now)


async def _ask(question: Question, memory: Memory, arm: Arm, now: datetime) -> None:
    if isinstance(question, ResourceId):
        memory.answers[question.key] = _lightened(question, await arm.read(question))
    elif isinstance(question, Query):
        memory.rows[question] = tuple(await arm.query(question.subscription, question.kusto))
    else:
        listed = memory.listings[question] = await _listed(question, arm)
        for body in listed:
            # A listing shows its elements whole: reading them again would tell nothing new.
            key = resource_id(str(body["id"])).key
            memory.answers.setdefault(key, Present(body))
            memory.read_at.setdefault(key, now)


def _lightened(target: ResourceId, answer: Answer) -> Answer:
    """Without the lists that nothing asks for: a subnet names each of its thousands of addresses."""
    if isinstance(answer, Present):
        for path in type_info(target).dropped_fields:
            parent, _, last = path.rpartition(".")
            inside = get_path(answer.body, parent)
            if isinstance(inside, dict):
                inside.pop(last, None)
    return answer


async def _listed(listing: Listing, arm: Arm) -> tuple[Body, ...]:
    try:
        return tuple(await arm.list_all(listing.path, listing.type))
    except AzureProblem as problem:
        if problem.code in ABSENT_CODES:
            return ()  # the parent is gone, so it has no children
        raise
