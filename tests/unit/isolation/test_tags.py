"""The tags of the spec on what the operator makes: given, kept, taken off, and never fought over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    ENDPOINT,
    ETAG,
    LINK,
    MARK,
    OWNER,
    SHARED_MARK,
    TARGETS,
    ZONE,
    endpoint_request,
    endpoint_sent_back,
    gone,
    put,
    spec,
    world,
    zone_request,
)
from tests.unit.isolation.telling import Advice, Case, Waits, Write, case, check, judge_all, told

from secureml_reconcilers.engine.blocks import Remembered, StatusField
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.engine.evaluation import Evaluation

COST: dict[str, Any] = {"tags": {"costCenter": "42"}}
GIVEN = {"costCenter": "42"}
BLOB = ENDPOINT["blob"]
OPEN_ACCOUNT = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")
ANOTHER = {**MARK, "secureml-owner": "team-b/churn"}


def tagged(tags: dict[str, str] = GIVEN) -> list[Change]:
    """Everything that the operator made carries these tags."""
    return [
        *(put(each, "tags", {**MARK, **tags}) for each in ENDPOINT.values()),
        *(put(each, "tags", {**SHARED_MARK, **tags}) for each in (*ZONE.values(), *LINK.values())),
    ]


def put_of(tags: dict[str, str]) -> dict[str, Any]:
    """The endpoint for blobs as it is sent back, with these tags."""
    return {**endpoint_sent_back(TARGETS["blob"]), "tags": tags}


ROWS = [
    case("what carries them is left alone", tagged(), [], met="OPS-02", **COST),
    case(
        "a new endpoint is born with them",
        [*tagged(), gone(BLOB)],
        [
            Write("Create", BLOB, {**endpoint_request(TARGETS["blob"]), "tags": {**MARK, **GIVEN}}),
            Waits("Create", BLOB.child("privateDnsZoneGroups", "default"), BLOB),
        ],
        **COST,
    ),
    case(
        "they are put back where somebody took them off, beside those of others",
        [*tagged(), put(BLOB, "tags", {**MARK, "team": "risk"})],
        [Write("Update", BLOB, put_of({**MARK, "team": "risk", **GIVEN}), ETAG)],
        violated="OPS-02",
        **COST,
    ),
    case(
        "a changed value on an endpoint that was made for this resource is put right, however it is spelled",
        [*tagged(), put(BLOB, "tags", {**MARK, "COSTCENTER": "7"})],
        [Write("Update", BLOB, put_of({**MARK, "COSTCENTER": "42"}), ETAG)],
        **COST,
    ),
    case(
        "on an endpoint that another resource made they are added",
        [*tagged(), put(BLOB, "tags", ANOTHER)],
        [Write("Update", BLOB, put_of({**ANOTHER, **GIVEN}), ETAG)],
        **COST,
    ),
    case(
        "and that one's value stays",
        [*tagged(), put(BLOB, "tags", {**ANOTHER, "costCenter": "7"})],
        [Advice("TagTaken", BLOB)],
        **COST,
    ),
    case(
        "one link and its zone get them without losing what they carry",
        [
            *tagged(),
            put(ZONE[BLOB_ZONE], "tags", {**SHARED_MARK, "team": "risk"}),
            put(LINK[BLOB_ZONE], "tags", SHARED_MARK),
        ],
        [
            Write("Update", ZONE[BLOB_ZONE], {"tags": {**SHARED_MARK, "team": "risk", **GIVEN}}, "1"),
            Write("Update", LINK[BLOB_ZONE], {"tags": {**SHARED_MARK, **GIVEN}}, '"1"'),
        ],
        **COST,
    ),
    case(
        "another value on a zone may be another resource's, and stays",
        [*tagged(), put(ZONE[BLOB_ZONE], "tags", {**SHARED_MARK, "costCenter": "7"})],
        [Advice("TagTaken", ZONE[BLOB_ZONE])],
        **COST,
    ),
    case(
        "a zone that others made gets none",
        [*tagged(), put(ZONE[BLOB_ZONE], "tags", {}), put(LINK[BLOB_ZONE], "tags", {})],
        [],
        **COST,
    ),
    case(
        "zones do not get a name that private DNS refuses, and endpoints do",
        tagged({"Cost Center": "42"})[: len(ENDPOINT)],
        [],
        tags={"Cost Center": "42"},
    ),
]


@pytest.mark.parametrize("row", ROWS)
def test_tags(row: Case) -> None:
    """Given at creation and kept; others' tags and values are never written over."""
    check(row)


def _after(earlier: dict[str, str], *changes: Change, **parts: Any) -> Evaluation:  # noqa: ANN401 - JSON
    """What is made of a landscape by a resource whose earlier spec gave these tags."""
    remembered = Remembered(tags=frozenset(earlier.items()))
    composition = SecureWorkspaces().declare(spec(**parts), OWNER, remembered)
    return judge_all(composition, world(*changes))


def _known(evaluation: Evaluation) -> list[Any]:
    """The tags that the status keeps."""
    blocks = evaluation.blocks()
    return [each.value for each in blocks if isinstance(each, StatusField) and each.path == "tags"]


def test_a_dropped_tag_is_taken_off_our_endpoints() -> None:
    """With the value that we gave it; zones are shared, and whoever else wants it there cannot be seen."""
    seen = _after(GIVEN, *tagged({}), put(BLOB, "tags", {**MARK, **GIVEN}), put(LINK[BLOB_ZONE], "tags", GIVEN))
    assert told(seen) == (Write("Update", BLOB, put_of(MARK), ETAG),)
    assert _known(seen) == [{"name": "costCenter", "value": "42"}]


def test_a_dropped_tag_that_is_gone_is_forgotten() -> None:
    """The status remembers it no longer than it stands somewhere."""
    assert _known(_after(GIVEN)) == []


@pytest.mark.parametrize(
    "tags",
    [pytest.param({**MARK, "costCenter": "7"}, id="changed"), pytest.param({**ANOTHER, **GIVEN}, id="another's")],
)
def test_what_is_not_as_we_gave_it_is_left(tags: dict[str, str]) -> None:
    """A value that somebody changed is theirs, and so is all that another resource's endpoint carries."""
    assert told(_after(GIVEN, put(BLOB, "tags", tags))) == ()


def test_a_changed_value_follows_on_zones_as_well() -> None:
    """What stands there is what this very resource gave."""
    new = {"costCenter": "43"}
    seen = _after(GIVEN, *tagged(new), put(ZONE[BLOB_ZONE], "tags", {**SHARED_MARK, **GIVEN}), tags=new)
    assert told(seen) == (Write("Update", ZONE[BLOB_ZONE], {"tags": {**SHARED_MARK, **new}}, "1"),)
    assert _known(seen) == [{"name": "costCenter", "value": "43"}, {"name": "costCenter", "value": "42"}]


def test_new_zones_and_links_are_born_with_them() -> None:
    """What is made later is made like the rest."""
    seen = _after({}, *tagged(), gone(ZONE[BLOB_ZONE], LINK[BLOB_ZONE]), **COST)
    made = [each for each in told(seen) if isinstance(each, Write | Waits) and each.kind == "Create"]
    assert Write("Create", ZONE[BLOB_ZONE], {**zone_request(), "tags": {**SHARED_MARK, **GIVEN}}) in made
    linked = next(each for each in seen.writes() if each.id == LINK[BLOB_ZONE])
    assert linked.create == {"location": "global", "tags": GIVEN}  # type: ignore[union-attr]


def test_a_lost_tag_keeps_nothing_open() -> None:
    """What closes the account does not wait for its endpoint's tags."""
    seen = _after({}, *tagged(), put(BLOB, "tags", MARK), OPEN_ACCOUNT, **COST)
    kinds = [type(each).__name__ for each in told(seen)]
    assert kinds == ["Write", "Write"]
