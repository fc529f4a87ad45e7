"""Computes that the workspace's first private endpoint leaves outside, told before it is made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.asking import batches, listings_in
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    FORBIDDEN,
    GROUP_OF,
    NETWORK,
    OFFICE,
    OWNER,
    TARGETS,
    WORKSPACE,
    ZONE,
    added,
    body,
    connection,
    endpoint_request,
    gone,
    link,
    plan,
    put,
    spec,
    world,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check, judge_all

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.azure.arm import Unreadable
from secureml_reconcilers.azure.problem import AzureProblem
from secureml_reconcilers.engine.blocks import Check, CheckLevel
from secureml_reconcilers.engine.questions import Listing
from secureml_reconcilers.engine.readings import Reading
from secureml_reconcilers.engine.view import View
from secureml_reconcilers.isolation.clouds import PUBLIC
from secureml_reconcilers.isolation.stranded_computes import stranded_computes
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Body

    from secureml_reconcilers.azure.resource_id import ResourceId

CONNECTIONS = "properties.privateEndpointConnections"
FIRST = (gone(ENDPOINT["amlworkspace"]), put(WORKSPACE, CONNECTIONS, []))
"""The workspace has no endpoint yet."""

MAKE = (
    Write("Create", ENDPOINT["amlworkspace"], endpoint_request(TARGETS["amlworkspace"])),
    Waits("Create", GROUP_OF["amlworkspace"], ENDPOINT["amlworkspace"]),
)
STRANDED = Advice("ComputesStranded", WORKSPACE, "WS-PE-07")
NONE_OUTSIDE = "no compute of fraud is outside of the declared networks"
MANAGED = {"isolationMode": "AllowInternetOutbound", "status": {"status": "Active"}}
HOLD: dict[str, Any] = {"endpoints": {"strandedComputes": "Hold"}}


def compute(name: str, network: ResourceId | None, kind: str = "AmlCompute", **properties: Any) -> Body:  # noqa: ANN401
    """A compute in the first subnet of a network, or in none."""
    inner = {"subnet": {"id": network.child("subnets", "training").text} if network is not None else None}
    shown = {"computeType": kind, "provisioningState": "Succeeded", "properties": inner, **properties}
    return body(WORKSPACE.child("computes", name), properties=shown)


CASES = [
    case("a workspace without computes gets its endpoint", FIRST, MAKE, met="WS-PE-07 GEN-TOPO-04"),
    case(
        "a cluster and an instance in the network are nothing to tell of",
        [*FIRST, added(compute("nightly", NETWORK), compute("alice", NETWORK, "ComputeInstance"))],
        MAKE,
        met="WS-PE-07 GEN-TOPO-04",
    ),
    case(
        "nor is a cluster in a network of clients",
        [
            *FIRST,
            added(compute("nightly", OFFICE)),
            added(*(link(plan().link(each, OFFICE), OFFICE) for each in ZONE.values())),
        ],
        MAKE,
        met="WS-PE-07",
        network={
            "endpointSubnetID": NETWORK.child("subnets", "endpoints").text,
            "clientNetworkIDs": [OFFICE.text],
        },
    ),
    case(
        "a cluster without a subnet is told of before the endpoint is made (F9)",
        [*FIRST, added(compute("nightly", None))],
        [STRANDED, *MAKE],
        violated="WS-PE-07 GEN-TOPO-04",
    ),
    case(
        "and an instance in another network",
        [*FIRST, added(compute("alice", OFFICE, "ComputeInstance"))],
        [STRANDED, *MAKE],
        violated="WS-PE-07",
    ),
    case(
        "what is attached stands where its owner put it",
        [*FIRST, added(compute("prod", None, "Kubernetes"))],
        MAKE,
    ),
    case(
        "what is being deleted is not lost any more",
        [*FIRST, added(compute("nightly", None, provisioningState="Deleting"))],
        MAKE,
    ),
    case(
        "in a managed network computes have no subnet of theirs",
        [
            *FIRST,
            put(WORKSPACE, "properties.managedNetwork", MANAGED),
            added(compute("nightly", None)),
        ],
        [Advice("ManagedNetworkEnabled", WORKSPACE, "WS-MNET-01"), *MAKE],
    ),
    case(
        "where the workspace has an approved endpoint in another network, computes outside are lost already",
        [
            gone(ENDPOINT["amlworkspace"]),
            put(WORKSPACE, CONNECTIONS, [connection(WORKSPACE, OFFICE.child("x", "theirs"))]),
            added(compute("nightly", None)),
        ],
        MAKE,
    ),
    case(
        "one that waits for approval strands nobody yet",
        [
            gone(ENDPOINT["amlworkspace"]),
            put(WORKSPACE, CONNECTIONS, [connection(WORKSPACE, OFFICE.child("x", "theirs"), "Pending")]),
            added(compute("nightly", None)),
        ],
        [STRANDED, *MAKE],
    ),
    case(
        "with Hold the endpoint waits for the person who moves the cluster",
        [*FIRST, added(compute("nightly", None))],
        [
            Finding("ComputesStranded", WORKSPACE, "WS-PE-07"),
            Waits("Create", ENDPOINT["amlworkspace"], NONE_OUTSIDE),
            Waits("Create", GROUP_OF["amlworkspace"], NONE_OUTSIDE),
        ],
        violated="WS-PE-07",
        **HOLD,
    ),
    case(
        "and nothing is closed meanwhile, for no other endpoint is made either",
        [
            *FIRST,
            gone(ENDPOINT["blob"]),
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            added(compute("nightly", None)),
        ],
        [
            Finding("ComputesStranded", WORKSPACE, "WS-PE-07"),
            Waits("Create", ENDPOINT["amlworkspace"], NONE_OUTSIDE),
            Waits("Create", ENDPOINT["blob"], NONE_OUTSIDE),
            Waits("Create", GROUP_OF["amlworkspace"], NONE_OUTSIDE),
            Waits("Create", GROUP_OF["blob"], NONE_OUTSIDE),
            Waits("Update", ACCOUNT, NONE_OUTSIDE),
        ],
        **HOLD,
    ),
    case("with Hold and nothing outside it is made", FIRST, MAKE, met="WS-PE-07", **HOLD),
]


@pytest.mark.parametrize("row", CASES)
def test_computes_outside(row: Case) -> None:
    """Named when the workspace is to get its first endpoint, and only then."""
    check(row)


def asked(*changes: Any, **parts: Any) -> list[tuple[ResourceId, str]]:  # noqa: ANN401
    """The collections that are asked for."""
    composition = SecureWorkspaces().declare(spec(**parts), OWNER)
    return [each for batch in batches(composition, world(*changes)) for each in listings_in(batch)]


def test_computes_are_listed_before_the_first_endpoint_only() -> None:
    """A resync of a workspace that is private costs no request for it."""
    assert (WORKSPACE, "computes") in asked(*FIRST)
    assert (WORKSPACE, "computes") not in asked()


def test_the_message_names_each_with_its_place_and_not_too_many() -> None:
    """Who reads it must find them; a status has bounds."""
    many = [compute(f"c{number:02}", None) for number in range(11)]
    evaluation = judge_all(
        SecureWorkspaces().declare(spec(), OWNER), world(*FIRST, added(*many, compute("alice", OFFICE)))
    )
    message = next(
        block.message
        for block in evaluation.blocks()
        if isinstance(block, Check) and block.reason == "ComputesStranded"
    )
    assert "alice (cluster in office-vnet), c00 (cluster without a subnet)," in message
    assert message.endswith("c08 (cluster without a subnet) and 2 more.")


def said(**parts: Any) -> list[Check]:  # noqa: ANN401 - parts of the spec
    """What is said where the computes cannot be listed."""
    context = WorkspaceContext.of(SecureWorkspaceSpec.parse(spec(**parts)), PUBLIC, OWNER)
    listing, first = Listing(WORKSPACE, "computes"), world(*FIRST)
    known = {**first.known, listing.key: Reading(listing, Unreadable(FORBIDDEN), timedelta(), 0)}
    return list(stranded_computes(context, View(known)))


def test_computes_that_cannot_be_listed_are_not_taken_for_none() -> None:
    """It is said that nobody knows, and the endpoint is made: the spec did not ask to wait."""
    (block,) = said()
    assert (block.holds, block.level) == (False, CheckLevel.ADVISORY)
    assert block.message.endswith("Its computes cannot be listed (Forbidden).")


def test_with_hold_nothing_is_made_while_nobody_knows() -> None:
    """The right that is missing is told as any other."""
    with pytest.raises(AzureProblem, match=FORBIDDEN.message):
        said(**HOLD)
