"""Who is named for drift: only the author of a change that explains what was found."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import ACCOUNT, ENDPOINT, NOW, ZONE, ZONE_GROUP, wants
from tests.unit.engine.fakes import US, FakeArm, FakeClock

from secureml_reconcilers.engine.assessment import Differs
from secureml_reconcilers.engine.attribution import authors, traces
from secureml_reconcilers.engine.blocks import EnsureAbsent
from secureml_reconcilers.engine.compare import Difference
from secureml_reconcilers.engine.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.attribution import Trace

ALICE = "alice@contoso.com"
RECORD = ZONE.child("A", "frauddata")
OTHER = ZONE.child("A", "salesdata")
OPENED = traces(wants(), Differs("Update", (Difference("properties.publicNetworkAccess", "Disabled", "Enabled"),)))
GONE = traces(wants(), Differs("Create", (Difference(ACCOUNT.short, "present", None),)))
GROUP_GONE = traces(wants(ZONE_GROUP, create={}), Differs("Create", ()))
UNDONE = traces(EnsureAbsent(ENDPOINT, "its connection was removed"), Differs("Delete", ()))
FORGOT = traces(
    wants(ZONE_GROUP), Differs("Update", (Difference("properties.privateDnsZoneConfigs[x]", "present", None),))
)


def record_is(found: list[str] | None) -> tuple[Trace, ...]:
    """What drift of a record leads to: its zone group is written again."""
    broken = Difference(RECORD.short, ["10.0.0.4"], found)
    block = wants(ZONE_GROUP, fragment={}, create={}, broken=(broken,), invalidates=(RECORD, OTHER))
    return traces(block, Differs("Update", (broken,)))


def row(
    target: ResourceId, verb: str, about: ResourceId, **changes: tuple[str | None, str | None]
) -> dict[str, Any]:
    """One of the change log: of the resource itself, or of the parent that shows it."""
    kind = {"delete": "Delete", "create": "Create"}.get(verb, "Update") if target == about else "Update"
    written = verb if verb == "delete" else "write"
    return {
        "targetResourceId": target.text.upper(),
        "changeType": kind,
        "changeAttributes": {
            "timestamp": stamp(NOW - timedelta(minutes=1)),
            "changedBy": ALICE,
            "clientType": "Azure Portal",
            "operation": f"{about.type}/{written}",
        },
        "changes": {path: {"previousValue": old, "newValue": new} for path, (old, new) in changes.items()},
    }


def log(*rows: Mapping[str, Any]) -> FakeArm:
    """A change log of these rows."""
    return FakeArm(FakeClock(), rows=[{"properties": each} for each in rows])


ACCESS = {"properties.PublicNetworkAccess": ("Disabled", "Enabled")}
MOVED = {"properties.A[3].properties.aRecords[0].ipv4Address": ("10.0.0.4", "10.99.0.1")}
DELETED = {"properties.A[3].name": ("frauddata", None), "properties.A[3].id": (RECORD.text, None)}
CONFIG = ".properties.privateDnsZoneConfigs[1].id"
ROWS = [  # what was found           a row of the log                                             names her
    pytest.param(OPENED, row(ACCOUNT, "write", ACCOUNT, **ACCESS), True, id="she changed what differs"),
    pytest.param(
        OPENED, row(ACCOUNT, "write", ACCOUNT, **{"tags.team": (None, "x")}), False, id="or something else"
    ),
    pytest.param(OPENED, row(ACCOUNT, "write", ACCOUNT), False, id="or nobody knows what"),
    pytest.param(OPENED, row(ACCOUNT, "delete", ACCOUNT), False, id="what is open was not deleted"),
    pytest.param(GONE, row(ACCOUNT, "delete", ACCOUNT), True, id="she deleted it"),
    pytest.param(GONE, row(ACCOUNT, "write", ACCOUNT, **ACCESS), False, id="who changed it did not delete it"),
    pytest.param(
        UNDONE, row(ENDPOINT, "write", ENDPOINT, **ACCESS), False, id="who changed it did not disconnect it"
    ),
    pytest.param(record_is(["10.99.0.1"]), row(ZONE, "write", RECORD, **MOVED), True, id="a record led away"),
    pytest.param(
        record_is(["10.99.0.1"]), row(RECORD, "write", RECORD, **MOVED), True, id="told of the record itself"
    ),
    pytest.param(
        record_is(["10.99.0.2"]), row(ZONE, "write", RECORD, **MOVED), False, id="now it leads elsewhere"
    ),
    pytest.param(
        record_is(["10.99.0.1"]),
        row(
            ZONE,
            "write",
            OTHER,
            **{"properties.A[3].properties.aRecords[0].ipv4Address": ("10.0.0.5", "10.99.0.1")},
        ),
        False,
        id="another record that was led to the same address",
    ),
    pytest.param(record_is(None), row(ZONE, "delete", RECORD, **DELETED), True, id="a record deleted"),
    pytest.param(
        record_is(None),
        row(ZONE, "delete", OTHER, **{"properties.A[3].name": ("salesdata", None)}),
        False,
        id="another record deleted",
    ),
    pytest.param(
        record_is(None), row(RECORD, "delete", RECORD), True, id="the deletion told of the record itself"
    ),
    pytest.param(
        record_is(None),
        row(ZONE, "write", ZONE, **{"tags.team": (None, "x")}),
        False,
        id="the zone was only tagged",
    ),
    pytest.param(
        GROUP_GONE,
        row(ENDPOINT, "delete", ZONE_GROUP, **{"properties.privateDnsZoneGroups[0].id": (ZONE_GROUP.text, None)}),
        True,
        id="a zone group deleted",
    ),
    pytest.param(
        FORGOT,
        row(
            ENDPOINT,
            "write",
            ZONE_GROUP,
            **{
                f"properties.privateDnsZoneGroups[0]{CONFIG}": (f"{ZONE_GROUP.text}/privateDnsZoneConfigs/x", None)
            },
        ),
        True,
        id="a zone group that forgot a zone",
    ),
    pytest.param(
        FORGOT,
        row(
            ENDPOINT,
            "write",
            ENDPOINT.child("privateDnsZoneGroups", "theirs"),
            **{
                f"properties.privateDnsZoneGroups[1]{CONFIG}": (
                    f"{ENDPOINT.text}/privateDnsZoneGroups/theirs/x",
                    None,
                )
            },
        ),
        False,
        id="another zone group",
    ),
]


@pytest.mark.parametrize(("found", "told", "named"), ROWS)
async def test_only_who_did_it_is_named(found: tuple[Trace, ...], told: dict[str, Any], named: bool) -> None:  # noqa: FBT001
    """A child without a row of its own is told on its parent, beside all that others did there."""
    arm = log(told)
    known = await authors({"case": found}, arm, NOW)  # type: ignore[arg-type]
    assert [author.name for author in known.values()] == [ALICE] * named
    (asked,) = arm.queries
    assert all(trace.target.text in asked.kusto for trace in found)


@pytest.mark.parametrize("who", [US, "System", "Unknown", ""])
async def test_nobody_is_named_where_nobody_is_to_blame(who: str) -> None:
    """Neither the operator itself nor Azure's side effects."""
    told = row(ACCOUNT, "write", ACCOUNT, **ACCESS)
    told["changeAttributes"]["changedBy"] = who
    assert await authors({"case": OPENED}, log(told), NOW) == {}  # type: ignore[arg-type]
