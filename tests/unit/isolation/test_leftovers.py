"""A spec that asks for less than before: what was made for the rest goes, or is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    ENDPOINT,
    FILE_ZONE,
    GROUP,
    GROUP_OF,
    LINK,
    MARK,
    NETWORK,
    OFFICE,
    OWNER,
    SUBNET,
    TARGETS,
    VAULT,
    WORKSPACE,
    ZONE,
    added,
    connection,
    endpoint,
    gone,
    link,
    plan,
    put,
    record,
    spec,
    unreadable,
    world,
    zone,
    zone_group,
)
from tests.unit.isolation.telling import Advice, Finding, Soon, Told, Waits, Works, Write, judge_all, told

from secureml_reconcilers.engine.assessment import Advised, Differs, Holds
from secureml_reconcilers.engine.blocks import Check, Remembered
from secureml_reconcilers.engine.evaluation import must_be_fresh
from secureml_reconcilers.engine.ownership_tags import user_tag
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.engine.evaluation import Evaluation

FILE, FILE_GROUP = ENDPOINT["file"], GROUP_OF["file"]
FILE_DNS = (LINK[FILE_ZONE], ZONE[FILE_ZONE])
OFFICE_LINK = plan().link(ZONE[BLOB_ZONE], OFFICE)
MADE = (*ENDPOINT.values(), *GROUP_OF.values(), *LINK.values(), *ZONE.values())
"""Everything that was made for the smallest spec."""

BLOBS_ONLY: dict[str, Any] = {"storage": {"subResources": ["blob"]}}
THEIR_USE = {user_tag("team-b/churn"): "team-b/churn"}
FILE_NAMES_WAIT = tuple(Soon(f"{each.short} is no longer needed by our endpoints") for each in FILE_DNS)
FILE_ZONE_EMPTY = added(zone(ZONE[FILE_ZONE], records=1))


def judged(
    changes: Iterable[Change],
    inventory: Iterable[ResourceId] = MADE,
    policy: str = "Delete",
    **parts: Any,  # noqa: ANN401 - JSON
) -> Evaluation:
    """What a pass makes of a landscape, with this inventory and these parts of a spec."""
    made = tuple(inventory)
    declared = spec(deletionPolicy=policy, **parts)
    composition = SecureWorkspaces().declare(declared, OWNER, Remembered(tuple(each.text for each in made)))
    return judge_all(composition, world(*changes), made)


def undeclared(*targets: ResourceId) -> tuple[Told, ...]:
    """These are left, and it is said."""
    return tuple(Advice("NoLongerDeclared", target) for target in targets)


def kept(*targets: ResourceId) -> tuple[Told, ...]:
    """These would go, and somebody may need them."""
    return tuple(Advice("Kept", target) for target in targets)


DELETE = [
    pytest.param(
        [],
        BLOBS_ONLY,
        (
            Write("Delete", FILE_GROUP),
            Waits("Delete", FILE, FILE_GROUP),
            *FILE_NAMES_WAIT,
        ),
        id="a sub-resource was taken out: its names go, then its endpoint",
    ),
    pytest.param(
        [gone(FILE), FILE_ZONE_EMPTY],
        BLOBS_ONLY,
        (Write("Delete", LINK[FILE_ZONE]), Waits("Delete", ZONE[FILE_ZONE], LINK[FILE_ZONE])),
        id="then its link and its zone",
    ),
    pytest.param(
        [gone(FILE)],
        BLOBS_ONLY,
        kept(*FILE_DNS),
        id="a zone that holds records of others stays, with the link through which it is seen",
    ),
    pytest.param([gone(FILE, *FILE_DNS)], BLOBS_ONLY, (), id="then nothing is left"),
    pytest.param(
        [put(FILE, "tags", {**MARK, **THEIR_USE})],
        BLOBS_ONLY,
        (
            *kept(FILE_GROUP),
            Write("Update", FILE),
            *kept(*FILE_DNS),
        ),
        id="an endpoint that another custom resource uses loses our name only",
    ),
    pytest.param(
        [put(FILE, "tags", {})],
        BLOBS_ONLY,
        kept(FILE_GROUP, FILE, *FILE_DNS),
        id="what lost our tag stays, and it is said",
    ),
    pytest.param(
        [put(FILE_GROUP, "properties.provisioningState", "Deleting")],
        BLOBS_ONLY,
        (
            Works(FILE_GROUP),
            Waits("Delete", FILE, FILE_GROUP),
            *FILE_NAMES_WAIT,
        ),
        id="a removal that runs is waited for",
    ),
    pytest.param(
        [gone(ENDPOINT["blob"])],
        BLOBS_ONLY,
        (
            Write("Create", ENDPOINT["blob"]),
            Waits("Create", GROUP_OF["blob"], ENDPOINT["blob"]),
            Waits("Delete", FILE_GROUP, ENDPOINT["blob"]),
            Waits("Delete", FILE, ENDPOINT["blob"]),
            *FILE_NAMES_WAIT,
        ),
        id="nothing goes before what is declared works",
    ),
    pytest.param(
        [unreadable(VAULT)],
        BLOBS_ONLY,
        (Finding("Forbidden"),),
        id="nothing goes while an aspect cannot be told: what it would name looks like a leftover",
    ),
    pytest.param([], {}, (), id="what the spec asks for is no leftover"),
]

RETAIN = [
    pytest.param(
        [], "Retain", {}, undeclared(FILE, FILE_GROUP, *FILE_DNS), id="with Retain every leftover is told of"
    ),
    pytest.param([gone(FILE, *FILE_DNS)], "Retain", {}, (), id="what is gone is nothing to tell of"),
    pytest.param(
        [],
        "Delete",
        {"mode": "Observe"},
        undeclared(FILE, FILE_GROUP, *FILE_DNS),
        id="Observe removes nothing, whatever the policy",
    ),
]


def without_bodies(said: Iterable[Told]) -> tuple[Told, ...]:
    """What is written is told elsewhere."""
    return tuple(Write(value.kind, value.id) if isinstance(value, Write) else value for value in said)


@pytest.mark.parametrize(("changes", "parts", "expected"), DELETE)
def test_with_delete(changes: list[Change], parts: dict[str, Any], expected: tuple[Told, ...]) -> None:
    """By the rules of a deletion: ours, nobody else's, in order, and a zone only when it is empty."""
    assert without_bodies(told(judged(changes, **parts))) == expected


@pytest.mark.parametrize(("changes", "policy", "parts", "expected"), RETAIN)
def test_nothing_goes_that_is_to_be_retained(
    changes: list[Change], policy: str, parts: dict[str, Any], expected: tuple[Told, ...]
) -> None:
    """Never silent: whoever took something out of the spec learns that it is still there."""
    said = told(judged(changes, policy=policy, **BLOBS_ONLY, **parts))
    assert sorted(said, key=str) == sorted(expected, key=str)


def test_a_network_of_clients_that_was_taken_out_keeps_its_link_while_the_zone_holds_records() -> None:
    """Links carry no users: whether another custom resource needs it, nobody can tell (DNS-09)."""
    changes = [added(link(OFFICE_LINK, OFFICE))]
    assert told(judged(changes, [*MADE, OFFICE_LINK])) == kept(OFFICE_LINK)
    assert told(judged(changes, [*MADE, OFFICE_LINK], "Retain")) == undeclared(OFFICE_LINK)
    office = {"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]}
    links = [link(plan().link(each, OFFICE), OFFICE) for each in ZONE.values()]
    assert told(judged([added(*links)], [*MADE, OFFICE_LINK], network=office)) == ()


def test_an_endpoint_that_serves_under_another_name_is_no_leftover() -> None:
    """The spec puts endpoints into another resource group now: the old ones serve, and names lean on them."""
    changes = [put(ACCOUNT, "properties.privateEndpointConnections", [connection(ACCOUNT, ENDPOINT["blob"])])]
    said = told(judged(changes, [ENDPOINT["blob"], GROUP_OF["blob"]], endpoints={"resourceGroupID": GROUP.text}))
    assert [value for value in said if getattr(value, "id", None) in {ENDPOINT["blob"], GROUP_OF["blob"]}] == []
    assert [value for value in said if isinstance(value, Advice)] == []


def test_the_zone_group_of_an_endpoint_in_use_stays_where_dns_became_somebody_elses() -> None:
    """Clients may still ask our zones; records are withdrawn when their endpoint goes, and not before."""
    said = told(judged([], policy="Delete", dns={"mode": "None"}))
    assert [value for value in said if getattr(value, "id", None) in set(GROUP_OF.values())] == []


def test_a_zone_that_is_declared_stays_though_the_link_of_a_former_client_goes() -> None:
    """It is empty for a moment, before our zone group has written into it."""
    changes = [
        gone(GROUP_OF["blob"], LINK[BLOB_ZONE], ZONE[BLOB_ZONE]),
        added(zone(ZONE[BLOB_ZONE], records=1, links=1), link(OFFICE_LINK, OFFICE)),
    ]
    evaluation = judged(changes, [OFFICE_LINK])
    assert ZONE[BLOB_ZONE] not in {action.id for action in evaluation.actions if action.kind == "Delete"}
    assert Waits("Delete", OFFICE_LINK, LINK[BLOB_ZONE]) in told(evaluation)


def test_what_goes_leans_on_fresh_readings_of_who_needs_it() -> None:
    """The endpoint tells who uses its names; and everything that must work first is read again."""
    fresh = [must_be_fresh(action) for action in judged([], **BLOBS_ONLY).actions if action.id == FILE_GROUP]
    assert [{FILE.key, FILE_GROUP.key, ENDPOINT["blob"].key, ACCOUNT.key} <= keys for keys in fresh] == [True]


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_a_registry_that_the_workspace_no_longer_names_keeps_its_endpoint(policy: str) -> None:
    """Nobody changed the spec: it may be named again on the next look, and must not lose its way in meanwhile."""
    evaluation = judged([put(WORKSPACE, "properties.containerRegistry", None)], policy=policy)
    assert evaluation.actions == ()
    told_of = [
        value for value in told(evaluation) if value in undeclared(ENDPOINT["registry"], GROUP_OF["registry"])
    ]
    assert len(told_of) == 2
    messages = {block.message for block in evaluation.blocks() if isinstance(block, Check) and not block.holds}
    assert (
        f"{ENDPOINT['registry'].short} was made or used earlier, and the workspace names no registry now."
        in messages
    )


def test_the_condition_is_there_from_the_start_or_when_something_was_made() -> None:
    """Seen: "2 of 7 aspects are met", then "2 of 8". Whoever only looks needs no condition about leftovers."""
    looks = spec(mode="Observe")
    for asked, remembered, there in (
        (spec(), Remembered(), True),
        (looks, Remembered(), False),
        (looks, Remembered((FILE.text,)), True),
    ):
        aspects = SecureWorkspaces().declare(asked, OWNER, remembered).aspects
        assert (aspects[-1].condition == "LeftoversRemoved") is there


def test_an_inventory_of_what_is_declared_changes_nothing() -> None:
    """The engine hands on the inventory on every pass."""
    with_it, without = judged([]), judged([], ())
    assert told(with_it) == told(without) == ()
    assert all(not isinstance(said, Differs | Advised) for said in with_it.assessments.values())
    assert all(isinstance(said, Holds) for said in with_it.assessments.values())


def test_an_endpoint_that_is_made_anew_is_no_leftover() -> None:
    """It is removed because its connection was, and by its own aspect."""
    said = told(judged([added(endpoint(TARGETS["blob"], status="Disconnected"))]))
    assert [value for value in said if isinstance(value, Advice)] == []
    assert Write("Delete", ENDPOINT["blob"]) in said


def test_a_former_zone_is_left_alone_where_a_group_of_ours_still_writes_into_it() -> None:
    """The network sees the hub's zone now; ours holds records still, so it stays and is told of."""
    hub = GROUP.resource("Microsoft.Network/privateDnsZones", BLOB_ZONE)
    changes = [
        added(
            zone(hub, tags={}),
            link(plan().link(hub, NETWORK), tags={}),
            zone_group(GROUP_OF["blob"], {hub: {"frauddata": ["10.20.0.7"]}}),
            record(hub, "frauddata", "10.20.0.7"),
        )
    ]
    said = told(judged(changes, dns={"zoneIDs": [hub.text]}))
    assert said == kept(LINK[BLOB_ZONE], ZONE[BLOB_ZONE])
