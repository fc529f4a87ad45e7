"""What a composition asks of Azure, batch by batch, answered out of a landscape of dictionaries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.engine.building import known

from secureml_reconcilers.azure.arm import Listed, NotFound, Present
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.questions import GraphRows, Listing, Resource
from secureml_reconcilers.engine.readings import Readings
from secureml_reconcilers.engine.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unit.isolation.bodies import Body

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.questions import Question

ENDLESS = 200
"""More batches than any composition takes."""


def batches(composition: Composition, azure: View) -> list[list[Question]]:
    """The batches of questions until nothing is asked any more; a real pass reads each at once."""
    found = Readings()
    asked: list[list[Question]] = []
    while len(asked) < ENDLESS:
        _, questions = compose(composition, View(found.known))
        if not questions:
            return asked
        asked.append(questions)
        for question in questions:
            found.record(question, _answer(question, azure), timedelta(), len(asked))
    raise AssertionError("it asks without end")


def _answer(question: Question, azure: View) -> Answer:
    """What the landscape says; an element of a listing is asked for by itself when it is wanted."""
    if isinstance(question, Resource):
        reading = azure.known.get(question.key)
        return reading.answer if reading is not None else NotFound()
    if isinstance(question, Listing):
        return Listed(azure.children(question.parent, question.kind))
    return Listed(tuple(map(dict, azure.rows)))


def resources_in(questions: Iterable[Question]) -> list[ResourceId]:
    """The resources that are asked for, without listings and queries."""
    return [question.id for question in questions if isinstance(question, Resource)]


def is_query(question: Question) -> bool:
    """Whether it is one to Resource Graph."""
    return isinstance(question, GraphRows)


def listings_in(questions: Iterable[Question]) -> list[tuple[ResourceId, str]]:
    """The collections that are asked for: parent and type of the children."""
    return [(question.parent, question.kind) for question in questions if isinstance(question, Listing)]


def view_of(*bodies: Body) -> View:
    """A view of which only these have been read."""
    return View(known({resource_id(body["id"]): Present(body) for body in bodies}))
