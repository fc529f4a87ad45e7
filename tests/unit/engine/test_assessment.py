"""What is said of a block, and which write is chosen: every branch, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import (
    ACCOUNT,
    CLOSED,
    ENDPOINT,
    MARK,
    NOBODYS,
    OWNER,
    SHARED_MARK,
    VAULT,
    ZONE,
    ZONE_GROUP,
    fact,
    pending,
    problem,
    shown,
    wants,
)

from secureml_reconcilers.azure import arm
from secureml_reconcilers.azure.catalogue import CATALOGUE, type_info
from secureml_reconcilers.azure.problem import Retry, Severity
from secureml_reconcilers.engine.assessment import (
    Action,
    Advised,
    Blocked,
    Differs,
    Holds,
    Ownership,
    Pending,
    Running,
    assess,
    choose,
)
from secureml_reconcilers.engine.blocks import CheckLevel, EnsureAbsent, StatusField
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.ownership_tags import is_marked
from secureml_reconcilers.engine.values import Entries

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Answer
    from secureml_reconcilers.engine.assessment import Assessment
    from secureml_reconcilers.engine.blocks import Block, Ensure

OPEN = {"publicNetworkAccess": "Enabled"}
SHUT = {"publicNetworkAccess": "disabled"}
MADE = Ownership(OWNER, frozenset({ENDPOINT.key, ZONE_GROUP.key}))
ADOPTS = Ownership(OWNER, adopt=True)
RECORD = Difference("A/fraud", ["10.0.0.4"], None)
ABSENT = arm.NotFound()
RUNS, RESTS = True, False
"""Whether this process knows of an operation on the resource."""

OURS = wants(ENDPOINT, fragment={}, create={"location": "westeurope"})
"""A resource of which we want existence alone."""


def plain(assessment: Assessment) -> object:
    """Problems have no equality, so a blocked verdict is compared by what it says."""
    if isinstance(assessment, Blocked):
        found = assessment.problem
        return ("Blocked", found.reason, found.retry, found.severity, found.target)
    return assessment


def blocked(
    reason: str, target: object, retry: Retry = Retry.SLOW, who: Severity = Severity.AZURE_ADMIN
) -> object:
    """A blocked verdict, as `plain` shows it."""
    return ("Blocked", reason, retry, who, target)


STATEMENTS = [
    pytest.param(StatusField("azure.location", "westeurope"), Holds(), id="something to show always holds"),
    pytest.param(fact(holds=True), Holds(), id="a fact that holds"),
    pytest.param(pending(), Pending(), id="a fact that becomes true by itself is waited for"),
    pytest.param(fact(level=CheckLevel.ADVISORY), Advised(), id="one that is only worth knowing stops nothing"),
    pytest.param(fact(), blocked("SkyGrey", ACCOUNT), id="one that somebody must change in Azure blocks"),
    pytest.param(
        fact(by_user=True, about=None),
        blocked("SkyGrey", None, Retry.NEVER, Severity.USER),
        id="one that only the spec can change stalls",
    ),
]


@pytest.mark.parametrize(("block", "expected"), STATEMENTS)
def test_facts_are_judged_by_themselves(block: Block, expected: object) -> None:
    """They look at no resource."""
    assert plain(assess(block, None, NOBODYS)) == expected


ENSURED = [
    pytest.param(
        wants(),
        arm.Unreadable(problem("Forbidden")),
        RESTS,
        NOBODYS,
        blocked("Forbidden", ACCOUNT),
        id="what may not be read is neither there nor absent",
    ),
    pytest.param(
        wants(),
        arm.Unreadable(problem("Forbidden")),
        RUNS,
        NOBODYS,
        blocked("Forbidden", ACCOUNT),
        id="not even while an operation runs",
    ),
    pytest.param(
        wants(), shown(ACCOUNT, properties=OPEN), RUNS, NOBODYS, Running(), id="our operation runs on it"
    ),
    pytest.param(wants(), ABSENT, RUNS, NOBODYS, Running(), id="our operation makes it"),
    pytest.param(
        wants(), None, RESTS, NOBODYS, blocked("NotFound", ACCOUNT), id="not ours to make, and not there"
    ),
    pytest.param(
        OURS,
        ABSENT,
        RESTS,
        NOBODYS,
        Differs("Create", (Difference("privateEndpoints/fraud-blob", "present", None),)),
        id="ours to make, and not there",
    ),
    pytest.param(
        wants(),
        shown(ACCOUNT, "ResolvingDNS", properties=OPEN),
        RESTS,
        NOBODYS,
        Running(),
        id="somebody's operation runs on it",
    ),
    pytest.param(
        wants(), shown(ACCOUNT, properties=SHUT), RESTS, NOBODYS, Holds(), id="as declared, in another casing"
    ),
    pytest.param(
        wants(), shown(ACCOUNT, None, properties=SHUT), RESTS, NOBODYS, Holds(), id="no state means succeeded"
    ),
    pytest.param(
        wants(),
        shown(ACCOUNT, properties=OPEN),
        RESTS,
        NOBODYS,
        Differs(
            "Update",
            (Difference("properties.publicNetworkAccess", "Disabled", "Enabled"),),
            shown(ACCOUNT, properties=OPEN).body,
        ),
        id="not as declared",
    ),
    pytest.param(
        wants(),
        shown(ACCOUNT),
        RESTS,
        NOBODYS,
        Differs(
            "Update",
            (Difference("properties.publicNetworkAccess", "Disabled", "Enabled"),),
            shown(ACCOUNT).body,
        ),
        id="a property that is not shown has the service's default",
    ),
    pytest.param(
        wants(),
        shown(ACCOUNT, "Failed", properties=SHUT),
        RESTS,
        NOBODYS,
        Holds(),
        id="a failure of what is not ours to make is somebody else's",
    ),
    pytest.param(OURS, shown(ENDPOINT, tags=MARK), RESTS, NOBODYS, Holds(), id="ours by its tag"),
    pytest.param(
        OURS,
        shown(ENDPOINT, tags={"managed-by": "SecureML-Operator"}),
        RESTS,
        NOBODYS,
        Holds(),
        id="in any casing",
    ),
    pytest.param(
        OURS,
        shown(ENDPOINT, tags=None),
        RESTS,
        MADE,
        blocked("NameTaken", ENDPOINT, who=Severity.USER),
        id="announced, and without our tag: somebody made it anew, or before us",
    ),
    pytest.param(
        OURS,
        shown(ENDPOINT),
        RESTS,
        NOBODYS,
        blocked("NameTaken", ENDPOINT, who=Severity.USER),
        id="of our name, and somebody else's",
    ),
    pytest.param(OURS, shown(ENDPOINT), RESTS, ADOPTS, Holds(), id="taken over where the spec says so"),
    pytest.param(
        wants(ZONE, fragment={}, create={}, shared=True),
        shown(ZONE),
        RESTS,
        NOBODYS,
        Holds(),
        id="what is shared may be anybody's",
    ),
    pytest.param(
        wants(ZONE_GROUP, fragment={}, create={}),
        shown(ZONE_GROUP),
        RESTS,
        NOBODYS,
        Holds(),
        id="what carries no tags belongs to its parent",
    ),
    pytest.param(
        wants(ENDPOINT, fragment={}),
        shown(ENDPOINT),
        RESTS,
        NOBODYS,
        Holds(),
        id="what is never ours to make needs no mark",
    ),
    pytest.param(
        OURS,
        shown(ENDPOINT, "Failed", tags=MARK),
        RESTS,
        NOBODYS,
        Differs(
            "Update",
            (Difference("properties.provisioningState", "Succeeded", "failed"),),
            shown(ENDPOINT, "Failed", tags=MARK).body,
        ),
        id="what we made and failed is written again",
    ),
    pytest.param(
        OURS,
        shown(ENDPOINT, "Canceled", tags=MARK),
        RESTS,
        NOBODYS,
        Differs(
            "Update",
            (Difference("properties.provisioningState", "Succeeded", "canceled"),),
            shown(ENDPOINT, "Canceled", tags=MARK).body,
        ),
        id="and so is what was canceled",
    ),
    pytest.param(
        wants(ZONE_GROUP, fragment={}, create={}, broken=(RECORD,)),
        shown(ZONE_GROUP),
        RESTS,
        NOBODYS,
        Differs("Update", (RECORD,), shown(ZONE_GROUP).body),
        id="damage seen elsewhere is repaired here",
    ),
]


@pytest.mark.parametrize(("block", "answer", "running", "ownership", "expected"), ENSURED)
def test_what_should_be(
    block: Block, answer: Answer | None, *, running: bool, ownership: Ownership, expected: object
) -> None:
    """Four answers, whose it is, and whether it is as declared."""
    assert plain(assess(block, answer, ownership, running=running)) == expected


UNKNOWN = [  # what the account shows                    what is said of it
    pytest.param({"publicNetworkAccess": "SecuredByPerimeter"}, "'SecuredByPerimeter'", id="a value of tomorrow"),
    pytest.param({"publicNetworkAccess": {"state": "Enabled"}}, "{'state': 'Enabled'}", id="another shape"),
]


@pytest.mark.parametrize(("properties", "shows"), UNKNOWN)
def test_what_is_not_understood_is_not_written_over(
    properties: dict[str, Any], shows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for a difference, and written over though it may be stricter than what we would write."""
    known = {"properties.publicNetworkAccess": frozenset({"enabled", "disabled"})}
    monkeypatch.setitem(CATALOGUE, ACCOUNT.type, replace(type_info(ACCOUNT), known_values=known))  # type: ignore[arg-type]
    assessment = assess(wants(), shown(ACCOUNT, properties=properties), NOBODYS)
    assert plain(assessment) == blocked("UnexpectedAnswer", ACCOUNT)
    assert isinstance(assessment, Blocked)
    assert assessment.problem.message == (
        "storageAccounts/frauddata shows a property in a way that this version does not understand:"
        f" properties.publicNetworkAccess is {shows}."
    )


GONE, GROUP_GONE = EnsureAbsent(ENDPOINT, "it is removed"), EnsureAbsent(ZONE_GROUP, "it is removed")
REMOVED = [
    pytest.param(GONE, ABSENT, RESTS, MADE, Holds(), id="gone"),
    pytest.param(GONE, None, RESTS, MADE, Holds(), id="gone with its parent"),
    pytest.param(
        GONE,
        arm.Unreadable(problem("Forbidden")),
        RESTS,
        MADE,
        blocked("Forbidden", ENDPOINT),
        id="what may not be read is not taken for gone",
    ),
    pytest.param(
        GONE, shown(ENDPOINT, tags=MARK), RESTS, NOBODYS, Holds(), id="marked, and never announced: it stays"
    ),
    pytest.param(
        GONE, shown(ENDPOINT), RESTS, MADE, Holds(), id="announced, and its mark was taken away: it stays"
    ),
    pytest.param(
        GROUP_GONE,
        shown(ZONE_GROUP),
        RESTS,
        MADE,
        Differs("Delete", (), shown(ZONE_GROUP).body),
        id="what carries no tags needs the announcement alone",
    ),
    pytest.param(
        GONE,
        shown(ENDPOINT, tags=MARK),
        RESTS,
        MADE,
        Differs("Delete", (), shown(ENDPOINT, tags=MARK).body),
        id="with both proofs it goes",
    ),
    pytest.param(GONE, shown(ENDPOINT, "Deleting", tags=MARK), RESTS, MADE, Running(), id="it is going already"),
    pytest.param(
        GONE,
        shown(ENDPOINT, tags=MARK),
        RUNS,
        MADE,
        Running(),
        id="our removal runs",
    ),
]


@pytest.mark.parametrize(("block", "answer", "running", "ownership", "expected"), REMOVED)
def test_what_should_not_be(
    block: Block, answer: Answer | None, *, running: bool, ownership: Ownership, expected: object
) -> None:
    """Two proofs before anything is deleted."""
    assert plain(assess(block, answer, ownership, running=running)) == expected


def test_a_problem_that_names_a_resource_keeps_it() -> None:
    """What could not be read may stand in the way of something else."""
    assessment = assess(wants(), arm.Unreadable(problem(target=VAULT)), NOBODYS)
    assert plain(assessment) == blocked("Broken", VAULT)


ACLS = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [{"value": "198.51.100.1"}]}
STORED = shown(ACCOUNT, etag=None, tags={"theirs": "1"}, properties={**OPEN, "networkAcls": ACLS}).body
WALLED = wants(
    fragment={"properties": {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny"}}}
)
CONFIGS = Entries("properties.privateDnsZoneId", ({"name": "b", "properties": {"privateDnsZoneId": "/z/b"}},))
THEIR_CONFIG = {"name": "a", "properties": {"privateDnsZoneId": "/z/a", "recordSets": [{"fqdn": "x"}]}}
GROUPED = shown(ZONE_GROUP, etag='W/"7"', properties={"privateDnsZoneConfigs": [THEIR_CONFIG]}).body
LINKED = shown(ZONE, etag="3", properties={"registrationEnabled": True}).body


def update(block: Ensure, observed: dict[str, Any]) -> Differs:
    """The verdict on a resource that is not as declared."""
    assessment = assess(block, arm.Present(observed), NOBODYS)
    assert isinstance(assessment, Differs)
    return assessment


CHOSEN = [
    pytest.param(
        GONE,
        Differs("Delete", ()),
        ("Delete", "DELETE", None, None),
        id="a removal sends no body",
    ),
    pytest.param(
        OURS,
        Differs("Create", ()),
        ("Create", "PUT", {"location": "westeurope", "tags": MARK}, None),
        id="what is made carries our mark and its owner's name",
    ),
    pytest.param(
        wants(ZONE, fragment={}, create={"location": "global", "tags": {"a": "b"}}, shared=True),
        Differs("Create", ()),
        ("Create", "PUT", {"location": "global", "tags": {"a": "b", **SHARED_MARK}}, None),
        id="what is shared names no owner, and keeps its tags",
    ),
    pytest.param(
        wants(ZONE_GROUP, fragment={"properties": {"privateDnsZoneConfigs": CONFIGS}}, create={}),
        Differs("Create", ()),
        ("Create", "PUT", {"properties": {"privateDnsZoneConfigs": list(CONFIGS.items)}}, None),
        id="what takes no tags gets none",
    ),
    pytest.param(
        WALLED,
        update(WALLED, STORED),
        (
            "Update",
            "PATCH",
            {"properties": {"publicNetworkAccess": "Disabled", "networkAcls": {**ACLS, "defaultAction": "Deny"}}},
            None,
        ),
        id="a patch holds what differs, and whole what is replaced as a whole",
    ),
    pytest.param(
        wants(ZONE, fragment={"properties": {"registrationEnabled": False}}),
        update(wants(ZONE, fragment={"properties": {"registrationEnabled": False}}), LINKED),
        ("Update", "PATCH", {"properties": {"registrationEnabled": False}}, "3"),
        id="a patch of a type with etags sends the one that was read",
    ),
    pytest.param(
        wants(ZONE_GROUP, fragment={"properties": {"privateDnsZoneConfigs": CONFIGS}}, create={}),
        update(wants(ZONE_GROUP, fragment={"properties": {"privateDnsZoneConfigs": CONFIGS}}, create={}), GROUPED),
        (
            "Update",
            "PUT",
            {
                "properties": {
                    "privateDnsZoneConfigs": [
                        {"name": "a", "properties": {"privateDnsZoneId": "/z/a"}},
                        *CONFIGS.items,
                    ]
                }
            },
            'W/"7"',
        ),
        id="a put sends back what was read, others' entries included, without what is the service's",
    ),
    pytest.param(
        wants(ZONE, fragment={}, broken=(RECORD,)),
        update(wants(ZONE, fragment={}, broken=(RECORD,)), LINKED),
        ("Update", "PUT", {"properties": {"registrationEnabled": True, "provisioningState": "Succeeded"}}, "3"),
        id="damage seen elsewhere takes a put even where a patch would do, for it has nothing to change",
    ),
]


@pytest.mark.parametrize(("block", "assessment", "expected"), CHOSEN)
def test_the_narrowest_write(
    block: Ensure | EnsureAbsent, assessment: Differs, expected: tuple[object, ...]
) -> None:
    """Nothing unowned is changed, and nothing that changed meanwhile is overwritten."""
    action = choose(block, assessment, NOBODYS)
    assert (action.kind, action.verb, action.body, action.if_match) == expected
    assert action.id == block.id


def test_an_action_is_a_sentence() -> None:
    """The same words in plan, log and event; no more than five differences."""
    few = Action("Update", wants(), "PATCH", CLOSED, None, (Difference("a.b", "On", "Off"),))
    many = Action("Update", wants(), "PATCH", CLOSED, None, tuple(Difference(f"p{n}", n, None) for n in range(9)))
    assert Action("Delete", GONE, "DELETE", None).sentence == "Delete privateEndpoints/fraud-blob: it is removed"
    assert few.sentence == (
        "Update storageAccounts/frauddata: it answers the internet (a.b is 'Off' and should be 'On')"
    )
    assert many.sentence.count(" is not set and should be ") == 5


@pytest.mark.parametrize(
    ("tags", "marked"),
    [
        pytest.param({"managed-by": "secureml-operator"}, True, id="our tag"),
        pytest.param({"managed-by": "terraform"}, False, id="another tool's"),
        pytest.param({}, False, id="no tag"),
        pytest.param(None, False, id="tags are null"),
    ],
)
def test_the_mark(tags: dict[str, str] | None, marked: bool) -> None:  # noqa: FBT001 - a column
    """A resource that carries no tag is nobody's that we know of."""
    assert is_marked({"tags": tags}) is marked
