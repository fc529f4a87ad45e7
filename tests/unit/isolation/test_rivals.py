"""Endpoints of ours that were made for other custom resources: used like our own, and one of several for a way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import known
from tests.unit.isolation.asking import batches, resources_in
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    ENDPOINT,
    ETAG,
    GROUP,
    GROUP_OF,
    IN_USE,
    LINK,
    NETWORK_GROUP,
    OFFICE,
    OWNER,
    TARGETS,
    UNREACHABLE,
    ZONE,
    added,
    connection,
    endpoint,
    gone,
    put,
    record,
    sent_back,
    spec,
    unreadable,
    world,
    zone_group,
    zone_group_request,
)
from tests.unit.isolation.telling import (
    Advice,
    Case,
    Finding,
    Soon,
    Told,
    Waits,
    Works,
    Write,
    case,
    check,
    judge_all,
    told,
)

from secureml_reconcilers.azure.arm import Listed
from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.engine.ownership_tags import user_tag
from secureml_reconcilers.engine.questions import Listing
from secureml_reconcilers.isolation import rivals
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId

BLOB, BLOB_GROUP = ENDPOINT["blob"], GROUP_OF["blob"]
RIVAL = GROUP.resource("Microsoft.Network/privateEndpoints", BLOB.name)
"""Made for a custom resource with another group for its endpoints; its id is the lower one."""

RIVAL_GROUP = RIVAL.child("privateDnsZoneGroups", "default")
THEIR_MARK = {"managed-by": "secureml-operator", user_tag("team-b/churn"): "team-b/churn"}
OF_BOTH = {**THEIR_MARK, **IN_USE}
CONNECTIONS = "properties.privateEndpointConnections"
RECORD = ZONE[BLOB_ZONE].child("A", "frauddata")
THEIR_ADDRESS = "10.20.0.77"
LEADS_TO_RIVAL = added(record(ZONE[BLOB_ZONE], "frauddata", THEIR_ADDRESS))
RIVAL_WRITES = added(zone_group(RIVAL_GROUP, {ZONE[BLOB_ZONE]: {"frauddata": [THEIR_ADDRESS]}}))
LISTED = put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, each) for each in (BLOB, RIVAL, ENDPOINT["file"])])


def rival(tags: dict[str, str] = OF_BOTH, **parts: Any) -> tuple[Change, ...]:  # noqa: ANN401 - of `endpoint`
    """It serves the account's blobs, beside ours."""
    body = endpoint(TARGETS["blob"], RIVAL, tags=tags, **parts)
    body["properties"]["customDnsConfigs"] = [
        {"fqdn": "frauddata.blob.core.windows.net", "ipAddresses": [THEIR_ADDRESS]}
    ]
    return LISTED, added(body)


def tagged(endpoint_id: ResourceId, tags: dict[str, str]) -> Write:
    """Our name is put on one that others use."""
    body = endpoint(TARGETS["blob"], endpoint_id, tags=tags)
    sent = {
        name: value
        for name, value in body["properties"].items()
        if name not in {"provisioningState", "customDnsConfigs"}
    }
    return Write("Update", endpoint_id, {"location": "westeurope", "tags": tags, "properties": sent}, ETAG)


WRITTEN_AGAIN = Write(
    "Update",
    RIVAL_GROUP,
    {"properties": {"privateDnsZoneConfigs": sent_back(RIVAL_GROUP, ZONE[BLOB_ZONE])}},
    ETAG,
)

ALONE = [
    case(
        "one of theirs is used, and our name put on it",
        [*rival(THEIR_MARK), gone(BLOB), RIVAL_WRITES, LEADS_TO_RIVAL],
        [tagged(RIVAL, OF_BOTH)],
    ),
    case(
        "its zone group is made by whoever uses it: its maker may be gone",
        [*rival(), gone(BLOB, RECORD)],
        [Write("Create", RIVAL_GROUP, zone_group_request(ZONE[BLOB_ZONE]))],
        violated="DNS-02",
    ),
    case(
        "but not over a record of somebody else's",
        [*rival(), gone(BLOB), added(record(ZONE[BLOB_ZONE], "frauddata", "10.9.0.4"))],
        [
            Finding("DNSRecordTaken", RECORD, "DNS-09"),
            Waits("Create", RIVAL_GROUP, f"frauddata.{BLOB_ZONE} is free for {RIVAL.short}"),
        ],
    ),
    case(
        "nor before it is done",
        [*rival(state="Updating"), gone(BLOB, RECORD)],
        [Works(RIVAL), Soon(f"{RIVAL.short} and its zones are ready")],
    ),
    case(
        "nor before it is approved, which is ours to do",
        [*rival(status="Pending"), gone(BLOB, RECORD), added(connection(ACCOUNT, RIVAL, "Pending"))],
        [
            Write(
                "Update",
                ACCOUNT.child("privateEndpointConnections", f"{RIVAL.name}.c0ffee"),
                {"properties": connection(ACCOUNT, RIVAL)["properties"]},
            ),
            Soon(f"{RIVAL.short} is approved"),
            Waits("Create", RIVAL_GROUP, ACCOUNT.child("privateEndpointConnections", f"{RIVAL.name}.c0ffee")),
        ],
    ),
    case(
        "one that failed is written again",
        [*rival(state="Failed"), gone(BLOB, RECORD)],
        [tagged(RIVAL, OF_BOTH), Soon(f"{RIVAL.short} and its zones are ready")],
    ),
]

SEVERAL = [
    case(
        "of two without zone groups the lowest id gets one",
        [*rival(), gone(BLOB_GROUP, RECORD)],
        [Write("Create", RIVAL_GROUP, zone_group_request(ZONE[BLOB_ZONE]))],
    ),
    case(
        "unless it failed",
        [*rival(state="Failed"), gone(BLOB_GROUP, RECORD)],
        [Write("Create", BLOB_GROUP, zone_group_request(ZONE[BLOB_ZONE]))],
    ),
    case("one that has a zone group is preferred to a lower id", rival(), []),
    case(
        "so is theirs to our own",
        [*rival(THEIR_MARK), gone(BLOB_GROUP), RIVAL_WRITES, LEADS_TO_RIVAL],
        [tagged(RIVAL, OF_BOTH)],
    ),
    case(
        "where both have one, names lead to one of them, and the other is kept for all who use the way",
        [*rival(THEIR_MARK), RIVAL_WRITES],
        [tagged(RIVAL, OF_BOTH), Advice("Kept", RIVAL, "DNS-09")],
    ),
    case(
        "whichever it is",
        [*rival(), RIVAL_WRITES, LEADS_TO_RIVAL],
        [Advice("Kept", BLOB, "DNS-09")],
    ),
    case(
        "where names lead to neither, the lowest id writes them again",
        [*rival(), RIVAL_WRITES, gone(RECORD)],
        [Advice("Kept", BLOB, "DNS-09"), WRITTEN_AGAIN],
    ),
    case("one that does not carry our tag is no rival", rival({}), []),
    case("nor one whose connection was removed", rival(status="Disconnected"), []),
    case("nor one in another network", rival(subnet_id=OFFICE.child("subnets", "endpoints")), []),
    case(
        "nor one that we may not read",
        [*rival(), gone(BLOB_GROUP, RECORD), unreadable(RIVAL)],
        [Write("Create", BLOB_GROUP, zone_group_request(ZONE[BLOB_ZONE]))],
    ),
    case(
        "one that Azure cannot show just now may be the one to use",
        [*rival(), unreadable(RIVAL, why=UNREACHABLE)],
        [Finding("AzureBusy")],
    ),
    case(
        "where ours has lost its tag, that is said, as ever",
        [*rival(), put(BLOB, "tags", IN_USE)],
        [Advice("NameTaken", BLOB, "ST-PE-01")],
    ),
    case(
        "ours that was disconnected goes first: its records would stand in the way",
        [*rival(), added(endpoint(TARGETS["blob"], status="Disconnected"))],
        [Write("Delete", BLOB), Finding("PrivateEndpointDisconnected", BLOB, "WS-PE-04")],
        inventory=[BLOB],
    ),
]


@pytest.mark.parametrize("row", ALONE)
def test_one_that_was_made_for_another_is_looked_after_by_whoever_uses_it(row: Case) -> None:
    """It was once taken for a stranger's, and a user told to ask its owner, who was the operator itself."""
    check(row)


@pytest.mark.parametrize("row", SEVERAL)
def test_of_several_all_choose_the_same(row: Case) -> None:
    """Each process once kept to its own: two endpoints wrote one record, and neither was ever Ready."""
    check(row)


def test_both_choose_the_same_whose_ever_name_it_is() -> None:
    """The other custom resource sees the same landscape, and has the other endpoint for its own."""
    elsewhere = {"endpoints": {"resourceGroupID": GROUP.text}}
    for changes in ([gone(BLOB_GROUP, RECORD)], [], [RIVAL_WRITES], [RIVAL_WRITES, LEADS_TO_RIVAL]):
        azure = world(*rival(), *changes)
        ours, theirs = (
            judge_all(SecureWorkspaces().declare(spec(**parts), OWNER), azure) for parts in ({}, elsewhere)
        )
        assert set(map(str, told(ours))) == set(map(str, told(theirs)))


OUR_GUID, THEIR_GUID = "0a0a", "1b1b"


def noted(guid: str, address: str) -> Change:
    """A record that leads there, with the note of an endpoint of our name."""
    shown = record(ZONE[BLOB_ZONE], "frauddata", address)
    creator = f"created by private endpoint {BLOB.name} with resource guid {guid}"
    shown["properties"]["metadata"] = {"creator": creator}
    return added(shown)


@pytest.mark.parametrize(
    ("landscape", "guid", "free"),
    [
        pytest.param(
            [gone(BLOB_GROUP), unreadable(RIVAL)], THEIR_GUID, False, id="theirs, before we have written"
        ),
        pytest.param([unreadable(RIVAL)], THEIR_GUID, False, id="theirs, and written over ours"),
        pytest.param([gone(BLOB_GROUP), unreadable(RIVAL)], OUR_GUID, True, id="ours of old"),
        pytest.param([put(RIVAL, "tags", {})], THEIR_GUID, False, id="theirs, which has lost its tag"),
        pytest.param([gone(RIVAL), put(ACCOUNT, CONNECTIONS, [])], THEIR_GUID, True, id="of one that is gone"),
    ],
)
def test_a_name_on_a_record_proves_nothing_where_another_has_it_too(
    landscape: list[Change], guid: str, *, free: bool
) -> None:
    """Endpoints for one way have one name, in two groups: each side wrote over the record of the other."""
    ours = put(BLOB, "properties.resourceGuid", OUR_GUID)
    azure = world(*rival(), ours, noted(guid, THEIR_ADDRESS), *landscape)
    said = told(judge_all(SecureWorkspaces().declare(spec(), OWNER), azure))
    assert (BLOB_GROUP in [each.id for each in said if isinstance(each, Write)]) is free
    assert (Finding("DNSRecordTaken") in [Finding(getattr(each, "reason", "")) for each in said]) is not free


STRANGERS = NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", "strangers")


@pytest.mark.parametrize("shown", [(STRANGERS, RIVAL), (RIVAL, STRANGERS)], ids=["theirs first", "ours first"])
def test_one_of_ours_is_used_wherever_the_service_lists_it(shown: tuple[ResourceId, ...]) -> None:
    """Which of them is used hung on the order of Azure's list, and two custom resources leaned on two."""
    listed = put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, each) for each in (*shown, ENDPOINT["file"])])
    strangers = added(endpoint(TARGETS["blob"], STRANGERS, tags={}))
    azure = world(*rival(THEIR_MARK), gone(BLOB), strangers, listed, RIVAL_WRITES, LEADS_TO_RIVAL)
    said = told(judge_all(SecureWorkspaces().declare(spec(), OWNER), azure))
    assert [each for each in said if isinstance(each, Write)] == [tagged(RIVAL, OF_BOTH)]


def test_no_closing_waits_for_our_name_on_one_that_nobody_uses() -> None:
    """Where that write was refused, the account stayed open for ever though its private way worked."""
    opened = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")
    azure = world(*rival(THEIR_MARK), RIVAL_WRITES, opened)
    said = told(judge_all(SecureWorkspaces().declare(spec(), OWNER), azure))
    written = [each.id for each in said if isinstance(each, Write)]
    assert written == [RIVAL, ACCOUNT]


def leftovers(*changes: Change) -> list[Told]:
    """What becomes of our endpoint and its group in a landscape with a rival."""
    composition = SecureWorkspaces().declare(
        spec(deletionPolicy="Delete"), OWNER, Remembered(tuple(each.text for each in (BLOB, BLOB_GROUP, RIVAL)))
    )
    said = told(judge_all(composition, world(*rival(), *changes), (BLOB, BLOB_GROUP, RIVAL)))
    return [each for each in said if getattr(each, "id", None) in {BLOB, BLOB_GROUP, RIVAL, RIVAL_GROUP}]


def test_the_one_that_is_not_used_is_a_leftover() -> None:
    """It has no names, so nobody is cut off; and it goes after all that is declared works."""
    assert leftovers(gone(BLOB_GROUP), RIVAL_WRITES, LEADS_TO_RIVAL) == [Write("Delete", BLOB)]
    waits = leftovers(gone(BLOB_GROUP, LINK[BLOB_ZONE]), RIVAL_WRITES, LEADS_TO_RIVAL)
    assert waits == [Waits("Delete", BLOB, LINK[BLOB_ZONE])]


def test_one_that_wrote_the_same_names_is_no_leftover() -> None:
    """Azure has been seen to take a record along that leads to another endpoint by then."""
    assert leftovers(RIVAL_WRITES, LEADS_TO_RIVAL) == []


def test_a_list_from_before_we_gave_ours_its_group_does_not_count() -> None:
    """The list stays good for whoever added to it: two processes each took the other's for the one with names."""
    azure = world(*rival(), LEADS_TO_RIVAL, RIVAL_WRITES)
    azure.complete = False
    groups = {RIVAL: (zone_group(RIVAL_GROUP, {}),), BLOB: ()}
    old = {Listing(each, "privateDnsZoneGroups"): Listed(bodies) for each, bodies in groups.items()}
    azure.known = {**azure.known, **known(old)}
    assert rivals.writing_names(azure, (BLOB, RIVAL)) == [BLOB, RIVAL]


def test_endpoints_of_other_names_are_not_read_beside_our_own() -> None:
    """A data lake has many, and each would be a request on every look."""
    theirs = NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", "data-team")
    azure = world(put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, each) for each in (theirs, BLOB)]))
    asked = [
        target
        for batch in batches(SecureWorkspaces().declare(spec(), OWNER), azure)
        for target in resources_in(batch)
    ]
    assert theirs not in asked
    assert sum(target == BLOB for target in asked) == 1
