"""Aspects and their parts fail alone, and what all of them miss is asked for at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    OWNER,
    VAULT,
    ZONE,
    fact,
    known,
    problem,
    shown,
    wants,
)

from secureml_reconcilers.azure.arm import NotFound, Unreadable
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.blocks import Aspect, Composition
from secureml_reconcilers.engine.blocks import EnsureAbsent as Gone
from secureml_reconcilers.engine.composing import compose, flat
from secureml_reconcilers.engine.questions import GraphRows, Listing, Resource
from secureml_reconcilers.engine.view import Unread, View, once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from secureml_reconcilers.engine.blocks import Blocks
    from secureml_reconcilers.engine.composing import Composed

FIRST, SECOND, THIRD = fact("first"), fact("second"), fact("third")
FORBIDDEN = problem("Forbidden")
ANSWERS = {ENDPOINT: shown(ENDPOINT), ACCOUNT: Unreadable(FORBIDDEN), VAULT: NotFound()}
READ = View(known(ANSWERS))


def composed(view: View, *aspects: Callable[[View], Blocks]) -> tuple[list[Composed], list[object]]:
    """What these aspects say of a view."""
    named = tuple(Aspect(f"Aspect{number}", blocks) for number, blocks in enumerate(aspects))
    said, questions = compose(Composition(named, OWNER), view)
    return said, list(questions)


def replaced_whole(azure: View) -> Blocks:
    """An aspect that needs nothing."""
    del azure
    yield FIRST


def asks(azure: View) -> Blocks:
    """An aspect that touches what is unread, after it has said something."""
    yield FIRST
    azure.get(ZONE)
    yield SECOND


def fails(azure: View) -> Blocks:
    """An aspect that may not read what it needs."""
    yield FIRST
    azure.get(ACCOUNT)
    yield SECOND


def with_parts(azure: View) -> Blocks:
    """An aspect with parts, one of which fails and one of which asks."""
    yield FIRST
    yield fails(azure)
    yield asks(azure)
    yield iter([THIRD])


def test_aspects_fail_alone() -> None:
    """What one cannot tell stops no other."""
    said, questions = composed(READ, replaced_whole, fails, asks, replaced_whole)
    assert [each.blocks for each in said] == [(FIRST,), (FIRST,), (FIRST,), (FIRST,)]
    assert [each.problems for each in said] == [(), (FORBIDDEN,), (), ()]
    assert [each.aspect.condition for each in said] == ["Aspect0", "Aspect1", "Aspect2", "Aspect3"]
    assert questions == [Resource(ZONE)]


def test_parts_fail_alone() -> None:
    """Within one aspect, too: a missing vault does not hide the account."""
    said, questions = composed(READ, with_parts)
    assert said[0].blocks == (FIRST, FIRST, FIRST, THIRD)
    assert said[0].problems == (FORBIDDEN,)
    assert questions == [Resource(ZONE)]


def test_questions_of_all_aspects_are_asked_in_one_batch_each_once() -> None:
    """Reads are parallel, so everything that is missing should be known at once."""
    listing, query = Listing(ENDPOINT, "privateDnsZoneGroups"), GraphQuery(GROUP.subscription, "resources")

    def lists(azure: View) -> Blocks:
        yield FIRST
        azure.children(ENDPOINT, "privateDnsZoneGroups")

    def queries(azure: View) -> Blocks:
        yield FIRST
        azure.graph(query)

    def asks_for_two(azure: View) -> Blocks:
        del azure
        yield FIRST
        raise Unread(Resource(ZONE), Resource(VAULT))

    _, questions = composed(READ, asks, lists, queries, asks, asks_for_two)
    assert questions == [Resource(ZONE), listing, GraphRows(query), Resource(VAULT)]


def test_the_targets_of_blocks_are_asked_for_without_stopping() -> None:
    """A resource that is wanted must be read before it can be judged; the rest of the aspect goes on."""

    def targets(azure: View) -> Blocks:
        del azure
        yield wants(ZONE)
        yield Gone(GROUP.resource("Microsoft.Network/privateEndpoints", "old"), "it is not needed")
        yield wants(ENDPOINT)
        yield THIRD

    said, questions = composed(READ, targets)
    assert len(said[0].blocks) == 4
    old = GROUP.resource("Microsoft.Network/privateEndpoints", "old")
    assert questions == [Resource(ZONE), Resource(old)]


def test_a_child_of_something_absent_is_not_asked_for() -> None:
    """It cannot exist, so the request is saved."""

    def child(azure: View) -> Blocks:
        del azure
        yield wants(VAULT.child("privateEndpointConnections", "c"))

    _, questions = composed(READ, child)
    assert questions == []


def test_an_aspect_that_needs_nothing_says_nothing() -> None:
    """No blocks, no questions: it is met."""
    said, questions = composed(View(), lambda _: iter(()))
    assert (said[0].blocks, said[0].problems, questions) == ((), (), [])


RAISED = [
    pytest.param(KeyError("properties"), id="a property is missing"),
    pytest.param(ValueError("no id"), id="a text is not what it should be"),
    pytest.param(TypeError("None"), id="something else stands there"),
    pytest.param(AttributeError("get"), id="or something that has no such method"),
]


@pytest.mark.parametrize("error", RAISED)
def test_a_part_that_does_not_understand_an_answer_fails_alone(error: Exception) -> None:
    """It ended the whole pass, on every pass, and nothing was told or put right any more of all the rest."""

    def baffled(azure: View) -> Blocks:
        yield FIRST
        azure.get(ENDPOINT)
        raise error

    def around(azure: View) -> Blocks:
        yield baffled(azure)
        yield iter([THIRD])

    said, questions = composed(READ, around, asks)
    (found,) = said[0].problems
    assert (said[0].blocks, said[1].blocks, questions) == ((FIRST, THIRD), (FIRST,), [Resource(ZONE)])
    assert (found.reason, found.retry, found.severity) == ("UnexpectedAnswer", Retry.SLOW, Severity.AZURE_ADMIN)
    assert found.message == (
        f"Azure shows {ENDPOINT.text} in a way that this version does not understand ({type(error).__name__})."
    )


def test_what_was_not_understood_is_named_though_it_was_read_for_another_part() -> None:
    """The endpoint is worked out once and used by a second part, after another has looked at something else."""

    @once
    def endpoint(_: object, azure: View) -> Mapping[str, Any]:
        return azure.get(ENDPOINT) or {}

    site = object()

    def first(azure: View) -> Blocks:
        endpoint(site, azure)
        azure.get(VAULT)
        yield FIRST

    def second(azure: View) -> Blocks:
        yield fact("x", holds=endpoint(site, azure)["properties"]["notThere"])

    said, _ = composed(View(known(ANSWERS)), first, second)
    assert ENDPOINT.text in said[1].problems[0].message


def test_flat_yields_every_part_in_order_and_raises_what_they_raise() -> None:
    """For those who gather blocks of another aspect to wait for."""
    assert flat(iter([FIRST, iter([SECOND, iter([THIRD])])])) == (FIRST, SECOND, THIRD)
    with pytest.raises(AzureProblem):
        flat(fails(READ))
    with pytest.raises(Unread):
        flat(with_parts(View(known({**ANSWERS, ACCOUNT: shown(ACCOUNT)}))))
