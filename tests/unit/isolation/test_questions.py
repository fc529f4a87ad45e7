"""What is asked of Azure, and in which order: no more than is needed, and together whatever can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.bodies import (
    BLOB_ZONE,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    OFFICE,
    OWNER,
    SUBNET,
    ZONE,
    added,
    gone,
    plan,
    spec,
    world,
    zone,
)

from secureml_reconcilers.azure.arm import NotFound, Present
from secureml_reconcilers.azure.resource_id import ResourceId
from secureml_reconcilers.engine.composing import compose
from secureml_reconcilers.engine.view import Listing, Query, Unread, View
from secureml_reconcilers.isolation.zones import Zone, link_shown, zone_used
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.engine.blocks import Composition
    from secureml_reconcilers.engine.composing import Question


def batches(composition: Composition, azure: View) -> list[list[Question]]:
    """The batches of questions until nothing is asked any more."""
    known = View()
    known.answers, known.listings, known.rows = {}, {}, {}
    asked: list[list[Question]] = []
    while True:
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


def asked_for(*changes: Change) -> list[list[Question]]:
    """What the smallest spec asks for in a landscape."""
    return batches(SecureWorkspaces().declare(spec(), OWNER), world(*changes))


def batch_of(asked: list[list[Question]], target: Question) -> int:
    """In which batch something is asked for."""
    return next(number for number, batch in enumerate(asked) if target in batch)


NOTHING_MADE = gone(*ENDPOINT.values(), *LINK.values(), *ZONE.values())


@pytest.mark.parametrize("changes", [[], [NOTHING_MADE]], ids=["everything made", "nothing made"])
def test_endpoints_are_asked_for_together_and_so_are_zones(changes: list[Change]) -> None:
    """The engine answers many ids of one type and group by one listing, when they come in one batch."""
    asked = asked_for(*changes)
    assert len({batch_of(asked, each) for each in ENDPOINT.values()}) == 1
    assert len({batch_of(asked, each) for each in ZONE.values()}) == 1
    assert batch_of(asked, ZONE[BLOB_ZONE]) == batch_of(asked, ENDPOINT["blob"])


def test_zones_that_do_not_exist_have_no_links_to_ask_for() -> None:
    """Each link was asked for before its zone: twelve requests for six zones that were not there."""
    questions = [question for batch in asked_for(NOTHING_MADE) for question in batch]
    assert [each for each in questions if each in set(LINK.values())] == []
    assert sum(each in set(ZONE.values()) for each in questions) == len(ZONE)


def test_links_are_asked_for_after_their_zones() -> None:
    """And all of them together."""
    asked = asked_for()
    assert {batch_of(asked, each) for each in LINK.values()} == {batch_of(asked, ZONE[BLOB_ZONE]) + 1}


def test_a_link_of_a_zone_that_counts_none_is_taken_for_absent() -> None:
    """What is still to be asked then is whether the network sees another zone of the name."""
    known = View({ZONE[BLOB_ZONE].key: Present(zone(ZONE[BLOB_ZONE], records=1, links=0))})
    with pytest.raises(Unread) as unread:
        zone_used(plan(), known, BLOB_ZONE, NETWORK)
    assert [type(each) for each in unread.value.questions] == [Query]


def test_a_link_that_was_read_counts_more_than_the_number_of_its_zone() -> None:
    """The zone may have been read before its link was made."""
    azure = world(added(zone(ZONE[BLOB_ZONE], records=1, links=0)))
    assert link_shown(azure, LINK[BLOB_ZONE]) is not None
    assert zone_used(plan(), azure, BLOB_ZONE, NETWORK) == Zone(ZONE[BLOB_ZONE], LINK[BLOB_ZONE], ours=True)


def test_links_to_networks_of_clients_are_not_asked_for_where_the_zone_counts_none() -> None:
    """Sixty-four networks of clients, and a zone that was just made."""
    wide = plan(network={"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]})
    known = View({ZONE[BLOB_ZONE].key: Present(zone(ZONE[BLOB_ZONE], records=1, links=0))})
    with pytest.raises(Unread) as unread:
        zone_used(wide, known, BLOB_ZONE, OFFICE)
    assert [each for each in unread.value.questions if isinstance(each, ResourceId)] == []


def test_a_zone_group_that_the_listing_does_not_show_does_not_exist() -> None:
    """Its creation is what asks for it still, and not the look at whether it is there."""
    asked = asked_for(gone(GROUP_OF["blob"]))
    listing = Listing(ENDPOINT["blob"], "privateDnsZoneGroups")
    assert batch_of(asked, listing) < batch_of(asked, GROUP_OF["blob"])
    blob_record = ZONE[BLOB_ZONE].child("A", "frauddata")
    # With the group known to be absent, its records are looked at before it is itself.
    assert batch_of(asked, blob_record) <= batch_of(asked, GROUP_OF["blob"])
