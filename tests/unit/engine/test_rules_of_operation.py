"""What the rules of operation ask of every write: who must act is told, and a parent keeps its children."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.building import NETWORK, VAULT, shown, wants
from tests.unit.engine.fakes import FakeArm, FakeClock, Kind, Run
from tests.unit.engine.test_failures import OPEN, closed

from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.engine.assessment import Differs, Ownership, assess, choose

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Present
    from secureml_reconcilers.engine.assessment import Action
    from secureml_reconcilers.engine.blocks import Ensure

SLOWLY = timedelta(seconds=12)
"""The soonest repetition of what somebody must act upon."""

JOIN = "does not have authorization to perform action 'Microsoft.Network/virtualNetworks/{}join/action' over scope"

REFUSALS = [
    pytest.param(409, "ScopeLocked", "A lock.", ("Locked", "Remove the lock"), id="a lock"),
    pytest.param(
        403, "RequestDisallowedByPolicy", "A policy.", ("DeniedByPolicy", "exempt this resource"), id="a policy"
    ),
    pytest.param(
        409,
        "PrivateEndpointAlreadyExists",
        "It rests.",
        ("NameReserved", "20 minutes"),
        id="a name that rests",
    ),
    pytest.param(
        403,
        "AuthorizationFailed",
        JOIN.format("subnets/"),
        ("Forbidden", "virtualNetworks/subnets/join/action"),
        id="no right to join the subnet",
    ),
    pytest.param(
        403,
        "AuthorizationFailed",
        JOIN.format(""),
        ("Forbidden", "Microsoft.Network/virtualNetworks/join/action"),
        id="no right to join the network",
    ),
]


def refused(status: int, code: str, message: str) -> Run:
    """An open vault whose closing Azure refuses in this way."""
    answer = json.dumps({"error": {"code": code, "message": message}})
    arm = FakeArm(FakeClock(), refuses={VAULT.key: classify(status, {}, answer, VAULT)})
    return Run(Kind(closed, "Closed"), arm.put(shown(VAULT, properties=OPEN)))


@pytest.mark.rules(violated="OPS-01 OPS-02 OPS-05 RBAC-VNET-01 RBAC-SNET-01 RBAC-ROLE-01")
@pytest.mark.parametrize(("status", "code", "message", "told"), REFUSALS)
async def test_what_others_must_remove_is_told_and_the_write_repeated_slowly(
    status: int, code: str, message: str, told: tuple[str, str]
) -> None:
    """The condition names the reason, something says what to do, and Azure is not asked again at once."""
    run = refused(status, code, message)
    await run.look()
    reason, words = told
    said = json.dumps([run.condition("Closed"), run.condition("Permitted"), run.results[-1].status["findings"]])
    assert run.condition("Closed")["reason"] == reason
    assert words in said
    assert (run.condition("Permitted")["status"] == "False") is (reason == "Forbidden")
    wait = run.results[-1].requeue_after
    assert wait is not None
    assert wait >= SLOWLY


@pytest.mark.rules(met="OPS-01 OPS-02 OPS-05 RBAC-VNET-01 RBAC-SNET-01 RBAC-ROLE-01")
@pytest.mark.parametrize(("status", "code", "message", "told"), REFUSALS)
async def test_once_it_is_removed_the_write_goes_through_by_itself(
    status: int, code: str, message: str, told: tuple[str, str]
) -> None:
    """Nobody need tell the operator."""
    run = refused(status, code, message)
    await run.look()
    assert (run.arm.writes, run.condition("Closed")["reason"]) == ([], told[0])
    run.arm.refuses = {}
    await run.settle(within=timedelta(hours=1))
    assert run.arm.written() == [f"PATCH {VAULT.short}"]
    assert (run.condition("Closed")["status"], run.condition("Permitted")["status"]) == ("True", "True")


def chosen(block: Ensure, found: Present) -> Action:
    """What would be written."""
    mine = Ownership("cluster/team/fraud", frozenset())
    assessment = assess(block, found, mine)
    assert isinstance(assessment, Differs)
    return choose(block, assessment, mine)


SUBNET = NETWORK.child("subnets", "endpoints")
INSIDE = {
    "provisioningState": "Succeeded",
    "addressPrefix": "10.0.1.0/24",
    "serviceEndpoints": [{"service": "Microsoft.Sql"}],
    "delegations": [{"name": "theirs"}],
    "routeTable": {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/r"},
}


@pytest.mark.rules(violated="OPS-03")
def test_what_is_written_whole_takes_along_all_that_was_read() -> None:
    """A PUT that left the service endpoints or the route table out would take them away."""
    block = wants(SUBNET, fragment={"properties": {"privateEndpointNetworkPolicies": "Disabled"}})
    found = shown(SUBNET, etag="W/1", properties={**INSIDE, "privateEndpointNetworkPolicies": "Enabled"})
    action = chosen(block, found)
    assert (action.verb, action.if_match) == ("PUT", "W/1")
    assert action.body is not None
    assert action.body["properties"] == {**INSIDE, "privateEndpointNetworkPolicies": "Disabled"}


@pytest.mark.rules(met="OPS-03")
def test_what_is_patched_sends_nothing_but_its_own() -> None:
    """The service merges it, so nothing that stands beside can be lost."""
    block = wants(VAULT, fragment={"properties": {"publicNetworkAccess": "Disabled"}})
    found = shown(VAULT, properties={"publicNetworkAccess": "Enabled", "accessPolicies": [{"objectId": "theirs"}]})
    action = chosen(block, found)
    assert (action.verb, action.body) == ("PATCH", {"properties": {"publicNetworkAccess": "Disabled"}})
