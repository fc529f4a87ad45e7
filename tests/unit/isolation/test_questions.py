"""What is asked of Azure, and in which order: no more than is needed, and together whatever can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import known
from tests.unit.isolation.asking import batches, is_query, listings_in, resources_in, view_of
from tests.unit.isolation.bodies import (
    BLOB_ZONE,
    ENDPOINT,
    GROUP_OF,
    LINK,
    NETWORK,
    OFFICE,
    OWNER,
    SUBNET,
    TARGETS,
    ZONE,
    added,
    gone,
    plan,
    spec,
    world,
    zone,
)

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.azure.arm import Listed
from secureml_reconcilers.engine.questions import Listing
from secureml_reconcilers.engine.view import Unread, View
from secureml_reconcilers.isolation.clouds import PUBLIC
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext
from secureml_reconcilers.isolation.zone_groups import zone_group
from secureml_reconcilers.isolation.zones import Zone, link_shown, zone_used
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.composing import Question


def asked_for(*changes: Change) -> list[list[Question]]:
    """What the smallest spec asks for in a landscape."""
    return batches(SecureWorkspaces().declare(spec(), OWNER), world(*changes))


def batch_of(asked: list[list[Question]], target: ResourceId) -> int:
    """In which batch a resource is asked for."""
    return next(number for number, batch in enumerate(asked) if target in resources_in(batch))


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
    questions = [target for batch in asked_for(NOTHING_MADE) for target in resources_in(batch)]
    assert [each for each in questions if each in set(LINK.values())] == []
    assert sum(each in set(ZONE.values()) for each in questions) == len(ZONE)


@pytest.mark.parametrize("changes", [[], [gone(ENDPOINT["blob"])]], ids=["every endpoint", "one missing"])
def test_the_network_is_asked_for_once_and_with_the_zones(changes: list[Change]) -> None:
    """Whom it asks for names decides whether the zones count; its subnets matter only where one is missing."""
    asked = asked_for(*changes)
    assert [target for batch in asked for target in resources_in(batch)].count(NETWORK) == 1
    assert batch_of(asked, NETWORK) == batch_of(asked, ZONE[BLOB_ZONE])


def test_links_are_asked_for_after_their_zones() -> None:
    """And all of them together."""
    asked = asked_for()
    assert {batch_of(asked, each) for each in LINK.values()} == {batch_of(asked, ZONE[BLOB_ZONE]) + 1}


def test_a_link_of_a_zone_that_counts_none_is_taken_for_absent() -> None:
    """What is still to be asked then is whether the network sees another zone of the name."""
    known = view_of(zone(ZONE[BLOB_ZONE], records=1, links=0))
    with pytest.raises(Unread) as unread:
        zone_used(plan(), known, BLOB_ZONE, NETWORK)
    assert [is_query(each) for each in unread.value.questions] == [True]


def test_a_link_that_was_read_counts_more_than_the_number_of_its_zone() -> None:
    """The zone may have been read before its link was made."""
    azure = world(added(zone(ZONE[BLOB_ZONE], records=1, links=0)))
    assert link_shown(azure, LINK[BLOB_ZONE]) is not None
    assert zone_used(plan(), azure, BLOB_ZONE, NETWORK) == Zone(ZONE[BLOB_ZONE], LINK[BLOB_ZONE], ours=True)


def test_links_to_networks_of_clients_are_not_asked_for_where_the_zone_counts_none() -> None:
    """Sixty-four networks of clients, and a zone that was just made."""
    wide = plan(network={"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]})
    known = view_of(zone(ZONE[BLOB_ZONE], records=1, links=0))
    with pytest.raises(Unread) as unread:
        zone_used(wide, known, BLOB_ZONE, OFFICE)
    assert resources_in(unread.value.questions) == []


def test_a_zone_group_that_the_listing_does_not_show_does_not_exist() -> None:
    """Nothing asks for it once its endpoint's groups are listed; its records are looked at all the same."""
    asked = asked_for(gone(GROUP_OF["blob"]))
    listing = (ENDPOINT["blob"], "privateDnsZoneGroups")
    listed = next(n for n, batch in enumerate(asked) if listing in listings_in(batch))
    assert all(GROUP_OF["blob"] not in resources_in(batch) for batch in asked)
    assert batch_of(asked, ZONE[BLOB_ZONE].child("A", "frauddata")) > listed


def test_a_zone_group_that_was_written_since_the_list_is_asked_for() -> None:
    """Taken for absent, it had written no record that had to be there before its service was closed (OPS-08)."""
    answers = {Listing(ENDPOINT["blob"], "privateDnsZoneGroups"): Listed(())}
    known_now = {key: each for key, each in world().known.items() if key != GROUP_OF["blob"].key}
    view = View({**known_now, **known(answers)}, is_written_since=lambda key, _: key == GROUP_OF["blob"].key)
    context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec()), PUBLIC, OWNER)
    with pytest.raises(Unread) as unread:
        list(zone_group(context, view, TARGETS["blob"]))
    assert resources_in(unread.value.questions) == [GROUP_OF["blob"]]
