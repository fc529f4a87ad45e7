"""Deleting a SecureWorkspace: what we made goes, what others use stays, nothing is opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import known
from tests.unit.isolation.asking import batches, resources_in
from tests.unit.isolation.bodies import (
    BLOB_ZONE,
    ENDPOINT,
    ETAG,
    FILE_ZONE,
    GROUP_OF,
    IN_USE,
    LINK,
    MARK,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    OWNER,
    TARGETS,
    ZONE,
    added,
    drop,
    endpoint,
    gone,
    link,
    network,
    plan,
    put,
    spec,
    unreadable,
    world,
    zone,
)
from tests.unit.isolation.telling import Advice, Finding, Shows, Soon, Told, Waits, Works, Write, judge_all, told

from secureml_reconcilers.azure.arm import Listed, NotFound
from secureml_reconcilers.engine.assessment import Differs
from secureml_reconcilers.engine.blocks import Check, Remembered
from secureml_reconcilers.engine.evaluation import must_be_fresh
from secureml_reconcilers.engine.ownership_tags import user_tag
from secureml_reconcilers.engine.questions import Listing
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.blocks import Composition

BLOB, BLOB_GROUP, BLOB_LINK, THE_ZONE = ENDPOINT["blob"], GROUP_OF["blob"], LINK[BLOB_ZONE], ZONE[BLOB_ZONE]
EVERYTHING = (BLOB, BLOB_GROUP, THE_ZONE, BLOB_LINK)
ENDPOINT_GONE = gone(BLOB)
NO_RECORD = added(zone(THE_ZONE, records=1))
THEIR_LINK = link(THE_ZONE.child("virtualNetworkLinks", "theirs"), OFFICE, tags={})
OFFICE_LINK = plan().link(THE_ZONE, OFFICE)
THEIR_USE = {user_tag("team-b/churn"): "team-b/churn"}
UNUSED = {name: value for name, value in MARK.items() if name not in IN_USE}
SENT_BACK = {
    "location": "westeurope",
    "properties": {
        name: value
        for name, value in endpoint(TARGETS["blob"])["properties"].items()
        if name not in {"provisioningState", "customDnsConfigs"}
    },
}


OFFICE_BLOB = NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", "office-blob")
TWO_LINKS = added(zone(THE_ZONE, records=1, links=2), link(OFFICE_LINK, OFFICE))


def living_in(where: ResourceId, shown: Body) -> Change:
    """A network lists an endpoint."""
    home = where.child("subnets", "endpoints")
    inside = {"id": home.text, "properties": {"privateEndpoints": [{"id": shown["id"]}]}}
    return added(network(where, inside), shown)


def kept(*targets: ResourceId) -> tuple[Told, ...]:
    """These stay behind, and somebody is told."""
    return tuple(Advice("Kept", target) for target in targets)


NAMES_WAIT = tuple(Soon(f"{each.short} is no longer needed by our endpoints") for each in (BLOB_LINK, THE_ZONE))


def removal(inventory: Iterable[ResourceId]) -> Composition:
    """What deleting the custom resource takes."""
    return SecureWorkspaces().remove(
        spec(deletionPolicy="Delete"), OWNER, Remembered(tuple(each.text for each in inventory))
    )


def removed(
    changes: Iterable[Change], inventory: Iterable[ResourceId] = EVERYTHING, policy: str = "Delete"
) -> tuple[Told, ...]:
    """What deleting the custom resource does in a landscape."""
    made = tuple(inventory)
    composition = SecureWorkspaces().remove(
        spec(deletionPolicy=policy), OWNER, Remembered(tuple(each.text for each in made))
    )
    return told(judge_all(composition, world(*changes), made))


CASES = [
    pytest.param(
        [],
        EVERYTHING,
        (Write("Delete", BLOB_GROUP), Waits("Delete", BLOB, BLOB_GROUP), *NAMES_WAIT),
        id="zone groups go first, for they take their records along",
    ),
    pytest.param([gone(BLOB_GROUP)], EVERYTHING, (Write("Delete", BLOB), *NAMES_WAIT), id="then their endpoints"),
    pytest.param(
        [put(BLOB_GROUP, "properties.provisioningState", "Deleting")],
        EVERYTHING,
        (Works(BLOB_GROUP), Waits("Delete", BLOB, BLOB_GROUP), *NAMES_WAIT),
        id="a removal that runs is waited for",
    ),
    pytest.param(
        [ENDPOINT_GONE, NO_RECORD],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), Waits("Delete", THE_ZONE, BLOB_LINK)),
        id="a zone without records loses our link, and then goes",
    ),
    pytest.param(
        [ENDPOINT_GONE],
        EVERYTHING,
        kept(BLOB_LINK, THE_ZONE),
        id="a zone that holds a record of anybody stays, and so does the link through which it is seen (DNS-09)",
    ),
    pytest.param(
        [ENDPOINT_GONE, added(zone(THE_ZONE, records=1, links=2), THEIR_LINK)],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), *kept(THE_ZONE)),
        id="a zone with somebody else's link stays without ours",
    ),
    pytest.param(
        [ENDPOINT_GONE, gone(BLOB_LINK), added(zone(THE_ZONE, records=1, links=1), THEIR_LINK)],
        EVERYTHING,
        kept(THE_ZONE),
        id="so does one that has only theirs left: Azure would refuse to delete it, for ever",
    ),
    pytest.param(
        [ENDPOINT_GONE, added(zone(THE_ZONE, records=1, links=2), link(OFFICE_LINK, OFFICE))],
        EVERYTHING,
        (
            Write("Delete", BLOB_LINK),
            Write("Delete", OFFICE_LINK),
            Waits("Delete", THE_ZONE, BLOB_LINK),
        ),
        id="links of ours that only others used go along: these left them while the zone held our records",
    ),
    pytest.param(
        [ENDPOINT_GONE, TWO_LINKS, living_in(OFFICE, endpoint(TARGETS["blob"], OFFICE_BLOB))],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), *kept(THE_ZONE)),
        id="but not one to a network with an endpoint of ours that has not written its names yet, or lost them",
    ),
    pytest.param(
        [ENDPOINT_GONE, NO_RECORD, living_in(NETWORK, endpoint(TARGETS["blob"], OFFICE_BLOB))],
        EVERYTHING,
        kept(BLOB_LINK, THE_ZONE),
        id="whosever link it is",
    ),
    pytest.param(
        [ENDPOINT_GONE, TWO_LINKS, living_in(OFFICE, endpoint(TARGETS["vault"], OFFICE_BLOB))],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), Write("Delete", OFFICE_LINK), Waits("Delete", THE_ZONE, BLOB_LINK)),
        id="an endpoint whose names live elsewhere needs none",
    ),
    pytest.param(
        [ENDPOINT_GONE, TWO_LINKS, living_in(OFFICE, endpoint(TARGETS["blob"], OFFICE_BLOB, tags={}))],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), Write("Delete", OFFICE_LINK), Waits("Delete", THE_ZONE, BLOB_LINK)),
        id="nor does one of others: the link is ours, and was not made for it",
    ),
    pytest.param(
        [ENDPOINT_GONE, TWO_LINKS, unreadable(OFFICE)],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), *kept(THE_ZONE)),
        id="where that cannot be told, a link that only others used stays",
    ),
    pytest.param(
        [ENDPOINT_GONE, NO_RECORD, unreadable(NETWORK)],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), Waits("Delete", THE_ZONE, BLOB_LINK)),
        id="and one of our own goes",
    ),
    pytest.param(
        [ENDPOINT_GONE, added(zone(THE_ZONE, links=2), link(OFFICE_LINK, OFFICE))],
        EVERYTHING,
        kept(BLOB_LINK, THE_ZONE),
        id="but not while the zone holds a record of anybody",
    ),
    pytest.param(
        [
            ENDPOINT_GONE,
            added(zone(THE_ZONE, records=1, links=3), link(OFFICE_LINK, OFFICE), THEIR_LINK),
        ],
        EVERYTHING,
        (Write("Delete", BLOB_LINK), *kept(THE_ZONE)),
        id="nor where a link of somebody else's keeps the zone",
    ),
    pytest.param(
        [ENDPOINT_GONE, gone(BLOB_LINK), added(zone(THE_ZONE, records=1, links=1))],
        EVERYTHING,
        (Write("Delete", THE_ZONE),),
        id="a zone that still counts the link of ours that went since it was read goes",
    ),
    pytest.param(
        [ENDPOINT_GONE, NO_RECORD, put(THE_ZONE, "tags", {})],
        (BLOB, BLOB_GROUP, BLOB_LINK),
        (Write("Delete", BLOB_LINK),),
        id="a zone that the operator did not make stays without our link",
    ),
    pytest.param(
        [ENDPOINT_GONE, NO_RECORD],
        (BLOB, BLOB_GROUP, BLOB_LINK),
        (Write("Delete", BLOB_LINK), Waits("Delete", THE_ZONE, BLOB_LINK)),
        id="a zone that was made for another custom resource goes with the last link",
    ),
    pytest.param(
        [ENDPOINT_GONE, added(zone(THE_ZONE, records=1, links=0)), gone(BLOB_LINK)],
        EVERYTHING,
        (Write("Delete", THE_ZONE),),
        id="a zone whose link is gone already goes",
    ),
    pytest.param([ENDPOINT_GONE, gone(THE_ZONE)], EVERYTHING, (), id="what is gone needs no removal"),
    pytest.param(
        [put(BLOB, "tags", {}), gone(BLOB_GROUP)],
        EVERYTHING,
        kept(BLOB, BLOB_LINK, THE_ZONE),
        id="an endpoint from which somebody took our mark stays",
    ),
    pytest.param(
        [put(BLOB, "tags", {})],
        EVERYTHING,
        kept(BLOB_GROUP, BLOB, BLOB_LINK, THE_ZONE),
        id="so does its zone group, for somebody may have made both anew under our names",
    ),
    pytest.param(
        [put(BLOB, "tags", {}), NO_RECORD],
        EVERYTHING,
        (*kept(BLOB_GROUP, BLOB), Write("Delete", BLOB_LINK), Waits("Delete", THE_ZONE, BLOB_LINK)),
        id="and links and zones that hold no record need not wait for it",
    ),
    pytest.param(
        [put(BLOB, "tags", {**MARK, **THEIR_USE})],
        EVERYTHING,
        (
            *kept(BLOB_GROUP),
            Write("Update", BLOB, {**SENT_BACK, "tags": {**UNUSED, **THEIR_USE}}, ETAG),
            *kept(BLOB_LINK, THE_ZONE),
        ),
        id="an endpoint that another custom resource uses loses our name, and the tag: it has room for 50",
    ),
    pytest.param(
        [put(BLOB, "tags", {**UNUSED, **THEIR_USE}), gone(BLOB_GROUP), NO_RECORD],
        EVERYTHING,
        kept(BLOB, BLOB_LINK, THE_ZONE),
        id="its zone is kept for its names, though somebody has taken them out",
    ),
    pytest.param(
        [put(BLOB, "tags", {**UNUSED, **THEIR_USE}), gone(BLOB_GROUP), added(zone(ZONE[FILE_ZONE], records=1))],
        (BLOB, ZONE[FILE_ZONE], LINK[FILE_ZONE]),
        (*kept(BLOB), Write("Delete", LINK[FILE_ZONE]), Waits("Delete", ZONE[FILE_ZONE], LINK[FILE_ZONE])),
        id="but not the zones of other names",
    ),
    pytest.param(
        [put(BLOB, "tags", {**UNUSED, **THEIR_USE})],
        EVERYTHING,
        kept(BLOB_GROUP, BLOB, BLOB_LINK, THE_ZONE),
        id="then nothing of it is ours any more",
    ),
    pytest.param(
        [put(BLOB, "tags", {**IN_USE, **THEIR_USE})],
        EVERYTHING,
        kept(BLOB_GROUP, BLOB, BLOB_LINK, THE_ZONE),
        id="not even our name is taken off an endpoint that does not carry our mark",
    ),
    pytest.param([], (), (), id="without an inventory nothing is removed, whatever carries our mark"),
    pytest.param(
        [unreadable(BLOB)],
        EVERYTHING,
        (Finding("Forbidden"),),
        id="what may not be read is neither removed nor taken for gone",
    ),
    pytest.param(
        [unreadable(BLOB)],
        (BLOB, BLOB_GROUP, ENDPOINT["file"], GROUP_OF["file"]),
        (
            Finding("Forbidden"),
            Write("Delete", GROUP_OF["file"]),
            Waits("Delete", ENDPOINT["file"], GROUP_OF["file"]),
        ),
        id="one endpoint that may not be read keeps no other",
    ),
    pytest.param(
        [ENDPOINT_GONE, unreadable(THE_ZONE)],
        EVERYTHING,
        (Finding("Forbidden"),),
        id="a zone that may not be read is kept, and said",
    ),
]


def test_a_zone_group_goes_upon_a_fresh_look_at_who_uses_its_endpoint() -> None:
    """Another custom resource may have come to use the endpoint since: its names would be gone."""
    composition = SecureWorkspaces().remove(
        spec(deletionPolicy="Delete"), OWNER, Remembered(tuple(each.text for each in EVERYTHING))
    )
    evaluation = judge_all(composition, world(), EVERYTHING)
    assert [(action.id, must_be_fresh(action)) for action in evaluation.actions] == [
        (BLOB_GROUP, {BLOB_GROUP.key, BLOB.key})
    ]


def test_who_keeps_an_endpoint_is_named() -> None:
    """Whoever deletes with Delete and finds something left wants to know for whom."""
    more = {**THEIR_USE, user_tag("team-c/risk"): "team-c/risk"}
    composition = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, Remembered((BLOB.text,)))
    evaluation = judge_all(composition, world(put(BLOB, "tags", {**MARK, **more})), [BLOB])
    assert [action.block.reason for action in evaluation.actions] == [
        "its tags tell that team-b/churn and team-c/risk use it"
    ]


RULES = [
    pytest.param(
        [ENDPOINT_GONE, NO_RECORD],
        True,
        Shows(met=("DNS-09",)),
        id="nobody's record is at stake: link and zone go",
    ),
    pytest.param(
        [ENDPOINT_GONE],
        False,
        Shows(violated=("DNS-09",)),
        id="somebody's record is at stake: link and zone stay",
    ),
]


@pytest.mark.parametrize(("changes", "goes", "_shows"), RULES)
def test_a_zone_with_many_users(changes: list[Change], goes: bool, _shows: Shows) -> None:  # noqa: FBT001
    """Not before the last record is gone (DNS-09)."""
    said = removed(changes)
    assert any(isinstance(value, Write | Waits) for value in said) is goes
    assert (said == kept(BLOB_LINK, THE_ZONE)) is not goes


UNKNOWN = NETWORK_GROUP.resource("Microsoft.Network/natGateways", "nat")
RECORD = THE_ZONE.child("A", "frauddata")
WHY = [
    pytest.param(
        [put(BLOB, "tags", {**UNUSED, **THEIR_USE})],
        BLOB,
        "its tags tell that team-b/churn uses it",
        id="an endpoint that somebody else uses",
    ),
    pytest.param(
        [put(BLOB, "tags", {**UNUSED, **THEIR_USE})],
        BLOB_GROUP,
        "its endpoint stays: its tags tell that team-b/churn uses it",
        id="its zone group, for they need the names",
    ),
    pytest.param(
        [put(BLOB, "tags", {})],
        BLOB,
        "it no longer carries the operator's tag managed-by=secureml-operator, so somebody else may have made it",
        id="an endpoint without our tag",
    ),
    pytest.param(
        [ENDPOINT_GONE],
        BLOB_LINK,
        "the zone holds 1 record set besides its own, which others may need",
        id="the link of a zone with records",
    ),
    pytest.param(
        [put(BLOB, "tags", {**UNUSED, **THEIR_USE}), gone(BLOB_GROUP), NO_RECORD],
        THE_ZONE,
        f"its tags tell that team-b/churn uses {BLOB.short}, whose names belong in the zone",
        id="the zone of names that are in use and were taken out",
    ),
    pytest.param(
        [ENDPOINT_GONE, drop(THE_ZONE, "properties.numberOfRecordSets")],
        THE_ZONE,
        "its zone does not say how many records it holds",
        id="a zone that does not say whether it is empty",
    ),
    pytest.param(
        [ENDPOINT_GONE, added(zone(THE_ZONE, records=1, links=2), THEIR_LINK)],
        THE_ZONE,
        "it has links of others (theirs)",
        id="a zone with somebody else's link",
    ),
    pytest.param(
        [ENDPOINT_GONE], RECORD, "the operator removes nothing of its type", id="a type that is never removed"
    ),
    pytest.param(
        [], UNKNOWN, "this version of the operator does not know its type", id="a type of a later version"
    ),
]


@pytest.mark.parametrize(("changes", "target", "why"), WHY)
def test_what_is_kept_is_said_with_the_reason(changes: list[Change], target: ResourceId, why: str) -> None:
    """Whoever finds it in Azure a year later can look up why it is still there."""
    evaluation = judge_all(removal((*EVERYTHING, target)), world(*changes), EVERYTHING)
    said = [block for block in evaluation.blocks() if isinstance(block, Check) and block.about == target]
    assert [(block.reason, block.message) for block in said] == [("Kept", f"{target.short} is kept: {why}.")]


def test_what_is_no_id_is_said_too() -> None:
    """A status can be edited by hand."""
    composition = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, Remembered(("nonsense",)))
    said = [block for block in judge_all(composition, world()).blocks() if isinstance(block, Check)]
    assert [block.message for block in said] == ["nonsense is kept: it is no ARM id, so it cannot be looked at."]


@pytest.mark.parametrize("changes", [pytest.param(row.values[0], id=str(row.id)) for row in CASES])
def test_every_entry_of_the_inventory_is_spoken_of(changes: list[Change]) -> None:
    """It goes, our tag is taken off it, or it is said why it stays; what may not be read is a problem."""
    azure = world(*changes)
    inventory = (*EVERYTHING, UNKNOWN, RECORD)
    evaluation = judge_all(removal(inventory), azure, inventory)
    spoken_of = {getattr(block, "id", None) or getattr(block, "about", None) for block in evaluation.blocks()}
    # Of what hangs on something that cannot be read, that is the word.
    unread = {problem.target for said in evaluation.composed for problem in said.problems}
    assert unread or set(inventory) - spoken_of == set()


def test_a_zone_goes_though_an_older_list_still_shows_our_link() -> None:
    """The list was read before the link went, and six zones stayed behind for ever."""
    azure = world(ENDPOINT_GONE, NO_RECORD, gone(BLOB_LINK))
    azure.complete = False
    old = {Listing(THE_ZONE, "virtualNetworkLinks"): Listed(({"id": BLOB_LINK.text},))}
    azure.known = {**azure.known, **known({**old, **dict.fromkeys((BLOB, BLOB_GROUP, BLOB_LINK), NotFound())})}
    evaluation = judge_all(removal(EVERYTHING), azure, EVERYTHING)
    assert [(action.kind, action.id) for action in evaluation.actions] == [("Delete", THE_ZONE)]


def test_zones_and_links_are_not_looked_at_before_our_endpoints_are_gone() -> None:
    """What a zone said of its records before ours went kept it for ever: the resource was released with it."""
    asked = batches(removal(EVERYTHING), world())
    targets = {target for batch in asked for target in resources_in(batch)}
    assert {THE_ZONE, BLOB_LINK} & targets == set()


def test_what_is_gone_or_was_never_made_is_nothing_to_tell_of() -> None:
    """A crash between the announcement and the write leaves such an entry."""
    assert removed([gone(*EVERYTHING)]) == ()


@pytest.mark.parametrize(("changes", "inventory", "expected"), CASES)
def test_delete(changes: list[Change], inventory: tuple[ResourceId, ...], expected: tuple[Told, ...]) -> None:
    """Two proofs for each removal: we announced to make it, or its last link, and it carries our mark."""
    assert removed(changes, inventory) == expected


def test_retain_touches_nothing() -> None:
    """The default: everything stays as it is."""
    assert removed([], EVERYTHING, policy="Retain") == ()


def test_observing_deletes_nothing() -> None:
    """What was made before the mode became Observe stays, for Observe writes nothing at all."""
    made = tuple(each.text for each in EVERYTHING)
    composition = SecureWorkspaces().remove(spec(deletionPolicy="Delete", mode="Observe"), OWNER, Remembered(made))
    assert told(judge_all(composition, world(), EVERYTHING)) == ()


def test_nothing_is_opened_again() -> None:
    """Services that were closed stay closed: but for the tag on an endpoint, removal only ever deletes."""
    for row in CASES:
        changes, inventory, _ = row.values
        written = [value for value in removed(changes, inventory) if isinstance(value, Write | Waits)]  # type: ignore[arg-type]
        assert {value.kind for value in written if value.id.type != BLOB.type} <= {"Delete"}


def test_our_name_goes_from_what_was_adopted_and_nothing_else() -> None:
    """Adoption put it there; the endpoint is somebody else's, and stays."""
    named = {"costCenter": "42", **IN_USE}
    remembered = Remembered((BLOB.text,), adopted=frozenset({BLOB.key}))
    composition = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, remembered)
    (taken_off,) = told(judge_all(composition, world(put(BLOB, "tags", named)), (BLOB,)))
    assert isinstance(taken_off, Write)
    assert (taken_off.kind, taken_off.id, (taken_off.body or {})["tags"]) == ("Update", BLOB, {"costCenter": "42"})
    assert told(judge_all(composition, world(put(BLOB, "tags", {"costCenter": "42"})), (BLOB,))) == kept(BLOB)


@pytest.mark.parametrize(
    ("tags", "adopted", "goes"),
    [
        pytest.param(IN_USE, {BLOB}, {BLOB_GROUP}, id="the zone group that we gave to an endpoint of others"),
        pytest.param(IN_USE, {BLOB, BLOB_GROUP}, set(), id="not one that the endpoint had"),
        pytest.param({**IN_USE, **THEIR_USE}, {BLOB}, set(), id="nor one that another resource uses"),
    ],
)
def test_what_adoption_added_goes_again_and_only_that(
    tags: dict[str, str], adopted: set[ResourceId], goes: set[ResourceId]
) -> None:
    """The endpoint itself stays, as it was before."""
    remembered = Remembered((BLOB.text, BLOB_GROUP.text), adopted=frozenset(each.key for each in adopted))
    composition = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, remembered)
    made = tuple(each for each in (BLOB, BLOB_GROUP) if each not in adopted)
    found = judge_all(composition, world(put(BLOB, "tags", tags)), made)
    differs = {key: each.kind for key, each in found.assessments.items() if isinstance(each, Differs)}
    assert {block.id for block in found.writes() if differs.get(block.key) == "Delete"} == goes
