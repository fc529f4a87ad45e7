"""What a composition asks of Azure, batch by batch, answered out of a landscape of dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.resource_id import ResourceId, resource_id
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.view import Listing, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unit.isolation.bodies import Body

    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.composing import Question

ENDLESS = 200
"""More batches than any composition takes."""


def batches(composition: Composition, azure: View) -> list[list[Question]]:
    """The batches of questions until nothing is asked any more; a real pass reads each at once."""
    known = View()
    known.answers, known.listings, known.rows = {}, {}, {}
    asked: list[list[Question]] = []
    while len(asked) < ENDLESS:
        _, questions = compose(composition, View(known.answers, known.listings, known.rows))
        if not questions:
            return asked
        asked.append(questions)
        for question in questions:
            if isinstance(question, ResourceId):
                known.answers[question.key] = azure.answers.get(question.key, NotFound())
            elif isinstance(question, Listing):
                known.listings[question] = azure.children(question.parent, question.kind)
            else:
                known.rows[question] = azure.graph(question.subscription, question.kusto)
    raise AssertionError("it asks without end")


def resources_in(questions: Iterable[Question]) -> list[ResourceId]:
    """The resources that are asked for, without listings and queries."""
    return [question for question in questions if isinstance(question, ResourceId)]


def is_query(question: Question) -> bool:
    """Whether it is one to Resource Graph."""
    return not isinstance(question, ResourceId | Listing)


def listings_in(questions: Iterable[Question]) -> list[tuple[ResourceId, str]]:
    """The collections that are asked for: parent and type of the children."""
    return [(question.parent, question.kind) for question in questions if isinstance(question, Listing)]


def view_of(*bodies: Body) -> View:
    """A view of which only these have been read."""
    return View({resource_id(body["id"]).key: Present(body) for body in bodies})
