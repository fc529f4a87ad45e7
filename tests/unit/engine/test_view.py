"""Four answers, never fewer: unread, absent, unreadable, present; and what is worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    ENDPOINT,
    LINK,
    NETWORK,
    ZONE,
    ZONE_GROUP,
    known,
    problem,
    reading,
    shown,
)

from secureml_reconcilers.azure.arm import Listed, NotFound, Present, Unreadable
from secureml_reconcilers.azure.graph_query import GraphQuery
from secureml_reconcilers.azure.problem import AzureProblem, Retry, Severity
from secureml_reconcilers.engine.questions import GraphRows, Listing, Resource
from secureml_reconcilers.engine.readings import Reading
from secureml_reconcilers.engine.view import Unread, View, once, worked_out_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.azure.resource_id import ResourceId

SEEN = shown(ENDPOINT)
FORBIDDEN = problem("Forbidden")
GROUPS = Listing(ENDPOINT, "privateDnsZoneGroups")
LINKS = GraphQuery("s", "resources | where type =~ 'links'")

ANSWERS = [
    pytest.param({}, ENDPOINT, Unread, id="unread"),
    pytest.param({ENDPOINT: SEEN}, ENDPOINT, SEEN, id="present"),
    pytest.param({ENDPOINT: NotFound()}, ENDPOINT, NotFound(), id="absent"),
    pytest.param(
        {ENDPOINT: NotFound()}, ZONE_GROUP, NotFound(), id="a child of something absent is absent, unasked"
    ),
    pytest.param({ENDPOINT: SEEN}, ZONE_GROUP, Unread, id="a child of something present is unread"),
    pytest.param({ENDPOINT: Unreadable(FORBIDDEN)}, ZONE_GROUP, Unread, id="a child of something unreadable, too"),
    pytest.param(
        {ENDPOINT: NotFound(), ZONE_GROUP: shown(ZONE_GROUP)},
        ZONE_GROUP,
        shown(ZONE_GROUP),
        id="what was read of the child itself counts more",
    ),
]


def test_a_listing_that_was_cut_short_proves_nothing_absent() -> None:
    """What it does not show may be on a page that was not read."""
    whole, cut = Listing(ZONE, "virtualNetworkLinks"), Listing(ZONE, "virtualNetworkLinks", most=0)
    other = Listed((shown(ZONE.child("virtualNetworkLinks", "hub")).body,))
    assert View(known({whole: other})).answer(LINK) == NotFound()
    with pytest.raises(Unread):
        View(known({cut: other})).answer(LINK)


def test_an_outline_answers_only_who_asks_for_no_more() -> None:
    """A network of an earlier pass lacks its subnets: whoever counts addresses has it read again."""
    left = View({NETWORK.key: replace(reading(NETWORK, shown(NETWORK)), outlined=True)})
    assert left.outline(NETWORK) == shown(NETWORK).body
    with pytest.raises(Unread) as raised:
        left.get(NETWORK)
    assert raised.value.questions == (Resource(NETWORK),)
    assert View(known({NETWORK: shown(NETWORK)})).outline(NETWORK) == shown(NETWORK).body
    assert View(known({NETWORK: NotFound()})).outline(NETWORK) is None
    with pytest.raises(Unread):
        View().outline(NETWORK)


@pytest.mark.parametrize(("answers", "target", "expected"), ANSWERS)
def test_an_answer(answers: dict[ResourceId, Answer], target: ResourceId, expected: object) -> None:
    """Only what was read is known; asking for anything else raises."""
    view = View(known(answers))
    if expected is Unread:
        with pytest.raises(Unread) as raised:
            view.answer(target)
        assert raised.value.questions == (Resource(target),)
    else:
        assert view.answer(target) == expected


def test_getting_keeps_the_four_apart() -> None:
    """None says that Azure has none; what could not be told is raised."""
    view = View(known({ENDPOINT: SEEN, ZONE: NotFound(), ACCOUNT: Unreadable(FORBIDDEN)}))
    assert view.get(ENDPOINT) == SEEN.body
    assert view.get(ZONE) is None
    with pytest.raises(AzureProblem) as raised:
        view.get(ACCOUNT)
    assert raised.value is FORBIDDEN
    with pytest.raises(Unread):
        view.get(ENDPOINT.group.resource("Microsoft.KeyVault/vaults", "v"))


def test_many_can_be_asked_for_at_once() -> None:
    """All that are missing are named, each once; what is known, or gone with its parent, is not asked for."""
    view = View(known({ENDPOINT: NotFound()}))
    with pytest.raises(Unread) as raised:
        view.ask(ENDPOINT, ZONE_GROUP, ZONE, ACCOUNT, ZONE)
    assert raised.value.questions == (Resource(ZONE), Resource(ACCOUNT))
    view.ask(ENDPOINT, ZONE_GROUP)
    View(complete=True).ask(ZONE, ACCOUNT)


def test_what_is_required_and_absent_is_a_problem() -> None:
    """The reason and the advice are the caller's; waiting may help, for somebody may create it."""
    view = View(known({ENDPOINT: SEEN, ZONE: NotFound()}))
    assert view.require(ENDPOINT, "NoEndpoint", "Make it.") == SEEN.body
    with pytest.raises(AzureProblem) as raised:
        view.require(ZONE, "NoZone", "Make it.")
    found = raised.value
    assert (found.reason, found.advice, found.retry, found.severity, found.target) == (
        "NoZone",
        "Make it.",
        Retry.SLOW,
        Severity.USER,
        ZONE,
    )
    assert found.message == f"{ZONE.text} does not exist."


@pytest.mark.parametrize(
    ("answer", "settled"),
    [
        pytest.param(shown(ENDPOINT), True, id="succeeded"),
        pytest.param(shown(ENDPOINT, None), True, id="no state means succeeded"),
        pytest.param(shown(ENDPOINT, "SUCCEEDED"), True, id="in any casing"),
        pytest.param(shown(ENDPOINT, "Updating"), False, id="an operation runs"),
        pytest.param(shown(ENDPOINT, "Failed"), False, id="a failure is nothing to build on"),
        pytest.param(NotFound(), False, id="absent"),
        pytest.param(Unreadable(FORBIDDEN), False, id="unreadable, and no reason to raise"),
    ],
)
def test_settled(answer: Answer, settled: bool) -> None:  # noqa: FBT001 - a column
    """Fit to build upon: there, and done."""
    assert View(known({ENDPOINT: answer})).settled(ENDPOINT) is settled


def test_collections_and_queries_have_answers_of_their_own() -> None:
    """Unread, unreadable, or what was found."""
    body = shown(ZONE_GROUP).body
    row = {"id": LINK.text}
    view = View(known({GROUPS: Listed((body,)), GraphRows(LINKS): Listed((row,))}))
    assert view.children(ENDPOINT, "privateDnsZoneGroups") == (body,)
    assert view.graph(LINKS) == (row,)
    with pytest.raises(Unread) as raised:
        view.children(ACCOUNT, "privateEndpointConnections")
    assert raised.value.questions == (Listing(ACCOUNT, "privateEndpointConnections"),)
    with pytest.raises(Unread):
        view.graph(replace(LINKS, subscription="another"))
    broken = View(known({GROUPS: Unreadable(FORBIDDEN), GraphRows(LINKS): Unreadable(FORBIDDEN)}))
    with pytest.raises(AzureProblem):
        broken.children(ENDPOINT, "privateDnsZoneGroups")
    with pytest.raises(AzureProblem):
        broken.graph(LINKS)


def test_a_listing_names_its_path_and_type() -> None:
    """The type chooses the API version."""
    assert (GROUPS.path, GROUPS.type) == (
        f"{ENDPOINT.text}/privateDnsZoneGroups",
        "microsoft.network/privateendpoints/privatednszonegroups",
    )


def test_a_complete_view_asks_for_nothing() -> None:
    """For tests and exported landscapes: what is not there is absent."""
    deeper = {"id": f"{ZONE_GROUP.text}/privateDnsZoneConfigs/a"}
    view = View.of(SEEN.body, shown(ZONE_GROUP).body, deeper, rows=[{"id": LINK.text}])
    assert view.get(ENDPOINT) == SEEN.body
    assert view.get(ZONE) is None
    assert view.children(ENDPOINT, "PRIVATEDNSZONEGROUPS") == (shown(ZONE_GROUP).body,)
    assert view.children(ZONE, "virtualNetworkLinks") == ()
    assert view.graph(GraphQuery("anything", "any question")) == ({"id": LINK.text},)


@dataclass(eq=False)
class Site:
    """Something to work facts out for."""

    calls: list[str] = field(default_factory=list)


@once
def fact(site: Site, azure: View, name: str) -> str | None:
    """A fact that reads."""
    site.calls.append(name)
    return None if azure.get(ENDPOINT) is None else name


@worked_out_once
def blocks(site: Site, azure: View, name: str) -> Iterator[str]:
    """Blocks that read."""
    site.calls.append(name)
    yield f"{name} before"
    azure.get(ENDPOINT)
    yield f"{name} after"


def test_a_fact_is_worked_out_once_per_view_and_argument() -> None:
    """Many aspects ask, one pays; another view or argument is another fact."""
    site, view = Site(), View(known({ENDPOINT: SEEN}))
    assert [fact(site, view, "a"), fact(site, view, "a"), fact(site, view, "b")] == ["a", "a", "b"]
    assert site.calls == ["a", "b"]
    fact(site, View(known({ENDPOINT: SEEN})), "a")
    fact(Site(), view, "a")
    assert site.calls == ["a", "b", "a"]


@pytest.mark.parametrize("work_out", [fact, blocks], ids=["a fact", "blocks"])
def test_arguments_by_name_are_arguments(work_out: Callable[..., object]) -> None:
    """A fact of `b` was answered with that of `a` where the name was given by name."""
    site, view = Site(), View(known({ENDPOINT: SEEN}))
    found = [work_out(site, view, name=name) for name in ("a", "b", "a")]
    told = [list(each) if isinstance(each, Iterator) else each for each in found]
    assert told[0] == told[2] != told[1]
    assert site.calls == ["a", "b"]


def test_none_is_a_fact_too() -> None:
    """It is not worked out again because it was None."""
    site, view = Site(), View(known({ENDPOINT: NotFound()}))
    assert [fact(site, view, "a"), fact(site, view, "a")] == [None, None]
    assert site.calls == ["a"]


def test_what_was_unread_is_worked_out_when_it_is_read() -> None:
    """A raise is no result; the next caller tries again."""
    site, view = Site(), View()
    for _ in range(2):
        with pytest.raises(Unread):
            fact(site, view, "a")
    view.known = known({ENDPOINT: SEEN})
    assert fact(site, view, "a") == "a"
    assert site.calls == ["a", "a", "a"]


def test_blocks_are_worked_out_once_and_yielded_to_everybody() -> None:
    """Two aspects get the same blocks."""
    site, view = Site(), View(known({ENDPOINT: SEEN}))
    assert list(blocks(site, view, "a")) == list(blocks(site, view, "a")) == ["a before", "a after"]
    assert site.calls == ["a"]


def test_a_question_does_not_swallow_what_comes_before_it() -> None:
    """A generator that asks raises before it has yielded, and yields all once it is answered."""
    site, view = Site(), View()
    with pytest.raises(Unread):
        list(blocks(site, view, "a"))
    view.known = known({ENDPOINT: Present({"id": ENDPOINT.text})})
    assert list(blocks(site, view, "a")) == ["a before", "a after"]


@pytest.mark.parametrize(
    ("written", "absent"),
    [
        pytest.param(4, True, id="it was written before the listing was read"),
        pytest.param(6, False, id="it was written since: the listing tells of it no more"),
    ],
)
def test_a_listing_tells_of_absence_only_while_nothing_was_written_since(*, written: int, absent: bool) -> None:
    """Our own zone group was made anew, over and over: an older listing still said that it is gone."""
    listing = Listing(ENDPOINT, "privateDnsZoneGroups")
    view = View(
        {listing.key: Reading(listing, Listed(()), timedelta(), 5)},
        is_written_since=lambda key, order: key == ZONE_GROUP.key and written > order,
    )
    if absent:
        assert view.answer(ZONE_GROUP) == NotFound()
    else:
        with pytest.raises(Unread):
            view.answer(ZONE_GROUP)
