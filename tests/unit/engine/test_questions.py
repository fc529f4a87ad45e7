"""What can be asked of Azure: how it is put, what its answer is called, and what else it tells."""

from __future__ import annotations

import pytest
from tests.unit.engine.building import ENDPOINT, GROUP, LINK, ZONE_GROUP, problem, shown
from tests.unit.engine.fakes import FakeArm, FakeClock

from secureml_reconcilers.azure.arm import Listed, NotFound, Present
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.questions import GraphRows, Listing, Resource, element_id

GROUPS = Listing(ENDPOINT, "privateDnsZoneGroups")
ENDPOINTS = Listing(GROUP, "Microsoft.Network/privateEndpoints")


def test_a_question_is_the_same_in_any_casing() -> None:
    """Azure answers ids with the casing that it likes, and one answer is enough."""
    shouting = resource_id(ENDPOINT.text.upper())
    assert Resource(shouting) == Resource(ENDPOINT)
    assert Resource(shouting).key == Resource(ENDPOINT).key == ENDPOINT.key
    assert Listing(shouting, "privateDnsZoneGroups").key == GROUPS.key == ZONE_GROUP.collection_key


def test_a_listing_of_a_group_is_found_by_its_elements() -> None:
    """What is written to an element makes it stale under that key."""
    assert ENDPOINTS.key == ENDPOINT.collection_key
    assert ENDPOINTS.type == "microsoft.network/privateendpoints"


async def test_a_resource_is_read() -> None:
    """It is there, or it is not."""
    arm = FakeArm(FakeClock()).put(shown(ENDPOINT))
    assert await Resource(ENDPOINT).ask(arm) == shown(ENDPOINT)  # type: ignore[arg-type]
    assert await Resource(LINK).ask(arm) == NotFound()  # type: ignore[arg-type]


async def test_a_listing_tells_of_its_elements() -> None:
    """And of nothing that lies deeper, nor of what has no id."""
    arm = FakeArm(FakeClock()).put(shown(ENDPOINT), shown(ZONE_GROUP), shown(ZONE_GROUP.child("configs", "a")))
    answer = await GROUPS.ask(arm)  # type: ignore[arg-type]
    assert answer == Listed((shown(ZONE_GROUP).body,))
    assert list(GROUPS.also_tells(Listed((*answer.items, {"id": 7})))) == [
        (Resource(ZONE_GROUP), Present(shown(ZONE_GROUP).body))
    ]


async def test_a_listing_that_is_refused_is_no_empty_one() -> None:
    """Only what is gone has no children."""
    arm = FakeArm(FakeClock(), unreadable={GROUPS.key: problem("Forbidden", code="AuthorizationFailed")})
    with pytest.raises(AzureProblem):
        await GROUPS.ask(arm)  # type: ignore[arg-type]


QUOTED = [  # a resource group's name     as it stands in the query
    pytest.param("ml", "'ml'", id="a plain name"),
    pytest.param("alice's", "'alice\\'s'", id="an apostrophe ends no text"),
    pytest.param("a\\' or 1 == 1 //", "'a\\\\\\' or 1 == 1 //'", id="nor does one that brings its own backslash"),
]


@pytest.mark.parametrize(("name", "literal"), QUOTED)
async def test_a_value_in_a_query_stays_a_value(name: str, literal: str) -> None:
    """A name with `'` in it ended the text, and all discovery in that subscription failed as a bad query."""
    query = GraphQuery("s", "resources | where g in~ ({names}) | project id", (("names", (name,)),))
    arm = FakeArm(FakeClock(), rows=[{"id": "x"}])
    assert await GraphRows(query).ask(arm) == Listed(({"id": "x"},))  # type: ignore[arg-type]
    (asked,) = arm.queries
    assert asked.kusto == f"resources | where g in~ ({literal}) | project id"


def test_the_same_query_of_another_subscription_is_another_question() -> None:
    """Its rows are other ones."""
    assert GraphRows(GraphQuery("s", "resources")).key != GraphRows(GraphQuery("t", "resources")).key


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": 7}, {"id": "no id"}, "a text"])
def test_an_element_without_an_id_is_none(body: object) -> None:
    """What a service lists is not known in full."""
    assert element_id(body) is None  # type: ignore[arg-type]
