"""What stands in the way: each has its condition, its reason and its advice, harms nothing else, and heals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import SUBSCRIPTION, TENANT, Driver, World, drive
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes

from secureml_reconcilers.api import SecureWorkspaceSpec
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.isolation.clouds import PUBLIC
from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
from secureml_reconcilers.isolation.workspace_context import WorkspaceContext
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Act = Callable[[World], Awaitable[None]]

POLICY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/strict"
SERVICES = {alice.WORKSPACE, alice.STORAGE, alice.VAULT, alice.REGISTRY}
NOBODY: set[str] = set()

HEALING = timedelta(minutes=9)
"""The longest pause of what somebody else must mend is six minutes with its spread; then the work itself."""


@dataclass(frozen=True)
class Problem:
    """One row."""

    trouble: Act
    heal: Act
    condition: str
    reason: str
    advice: str
    """Words of the condition's message."""

    closed: set[str]
    """The services that are isolated all the same."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    workspace: str = "fraud"


def closed(world: World) -> set[str]:
    """The services of the workspace that nobody reaches from the internet any more."""
    return {
        kind
        for kind in SERVICES
        if alice.shown(world, kind, "fraud")["properties"].get("publicNetworkAccess") == "Disabled"
    }


def network(name: str) -> str:
    """The id of a network beside that of the landscape."""
    return landscape.network_id(SUBSCRIPTION).replace("ml-vnet", name)


def subnet_of(name: str, **properties: Any) -> Act:  # noqa: ANN401 - JSON
    """She writes a subnet."""

    async def act(world: World) -> None:
        await alice.creates(
            world, landscape.subnet_id(SUBSCRIPTION, name), landscape.NETWORK, properties=properties
        )

    return act


async def nothing(_: World) -> None:
    """She does nothing: the spec alone is wrong."""


async def churn_is_made(world: World) -> None:
    """She creates the workspace that was missing, and what it leans on."""
    items = landscape.landscape(SUBSCRIPTION, TENANT, ("churn",))
    await landscape.load(world.alice, [item for item in items if "/resourceGroups/ml/" in item.id])


async def hub_is_made(world: World) -> None:
    """She creates the network that was missing."""
    space = {"addressSpace": {"addressPrefixes": ["10.30.0.0/16"]}}
    subnet = {"name": "endpoints", "properties": {"addressPrefix": "10.30.0.0/24"}}
    properties = {**space, "subnets": [subnet]}
    await alice.creates(world, network("hub"), landscape.NETWORK, location="westeurope", properties=properties)


def forbidden(*actions: str) -> Act:
    """She takes rights away; none gives all back."""

    async def act(world: World) -> None:
        alice.forbids(world, *actions)

    return act


def denied(kind: str, **rule: str) -> Act:
    """She assigns a policy that denies what matches."""

    async def act(world: World) -> None:
        properties = {"displayName": "No endpoints", "emulatorDeny": {"type": kind.lower(), **rule}}
        await alice.creates(world, POLICY, "2025-03-01", properties=properties)

    return act


async def allowed(world: World) -> None:
    """She takes the policy away."""
    await alice.vanishes(world, POLICY, "2025-03-01")


def locked(kind: str) -> Act:
    """She locks a service."""

    async def act(world: World) -> None:
        await alice.locks(world, alice.one(world, kind), "ReadOnly")

    return act


def unlocked(kind: str) -> Act:
    """She unlocks it."""

    async def act(world: World) -> None:
        await alice.unlocks(world, alice.one(world, kind))

    return act


def sized(sku: str) -> Act:
    """She changes what the registry costs."""

    async def act(world: World) -> None:
        await alice.patches(world, alice.REGISTRY, {"sku": {"name": sku}})

    return act


async def vault_endpoint_is_taken(world: World) -> None:
    """She has an endpoint of her own under the very name that ours would have."""
    await alice.creates(world, own_endpoint(world), landscape.NETWORK, **endpoint_to_vault(world))


async def vault_endpoint_is_freed(world: World) -> None:
    """She deletes it."""
    await alice.vanishes(world, own_endpoint(world), landscape.NETWORK)


def own_endpoint(world: World) -> str:
    """The id of the endpoint that the operator would make for the vault."""
    plan = WorkspaceContext.of(SecureWorkspaceSpec.parse(world.spec()), PUBLIC, "team-a/fraud").plan
    return plan.endpoint(PrivateLinkTarget(resource_id(alice.one(world, alice.VAULT)), "vault")).text


def endpoint_to_vault(world: World, subnet: str = "endpoints") -> dict[str, Any]:
    """The body of an endpoint to the vault."""
    connection = {
        "name": "vault",
        "properties": {"privateLinkServiceId": alice.one(world, alice.VAULT), "groupIds": ["vault"]},
    }
    return {
        "location": "westeurope",
        "properties": {
            "subnet": {"id": landscape.subnet_id(SUBSCRIPTION, subnet)},
            "privateLinkServiceConnections": [connection],
        },
    }


async def account_approves(world: World) -> None:
    """She approves both connections on the account."""
    for part in ("-blob-", "-file-"):
        await alice.judges(world, alice.STORAGE, part, "Approved")


ROWS = {
    "the workspace does not exist": Problem(
        nothing,
        churn_is_made,
        "WorkspaceFound",
        "WorkspaceNotFound",
        "Create the workspace",
        NOBODY,
        workspace="churn",
    ),
    "the network does not exist": Problem(
        nothing,
        hub_is_made,
        "PrivateLinkReady",
        "NetworkNotFound",
        "Create the network",
        NOBODY,
        {"network": {"endpointSubnetID": f"{network('hub')}/subnets/endpoints"}},
    ),
    "the subnet does not exist": Problem(
        nothing,
        subnet_of("more", addressPrefix="10.20.8.0/24"),
        "PrivateLinkReady",
        "SubnetNotFound",
        "Create the subnet",
        NOBODY,
        {"network": {"endpointSubnetID": landscape.subnet_id(SUBSCRIPTION, "more")}},
    ),
    "the subnet is too small": Problem(
        subnet_of("small", addressPrefix="10.20.8.0/29"),
        subnet_of("small", addressPrefix="10.20.8.0/26"),
        "PrivateLinkReady",
        "SubnetFull",
        "has 3 free addresses and 8 are needed. Widen it",
        NOBODY,
        {"network": {"endpointSubnetID": landscape.subnet_id(SUBSCRIPTION, "small")}},
    ),
    "the subnet is delegated": Problem(
        subnet_of(
            "lent",
            addressPrefix="10.20.8.0/24",
            delegations=[
                {"name": "aci", "properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}
            ],
        ),
        subnet_of("lent", addressPrefix="10.20.8.0/24", delegations=[]),
        "PrivateLinkReady",
        "SubnetDelegated",
        "Take the delegation off",
        NOBODY,
        {"network": {"endpointSubnetID": landscape.subnet_id(SUBSCRIPTION, "lent")}},
    ),
    "the operator may not create endpoints": Problem(
        forbidden("Microsoft.Network/privateEndpoints/write"),
        forbidden(),
        "PrivateLinkReady",
        "Forbidden",
        "Microsoft.Network/privateEndpoints/write",
        NOBODY,
    ),
    "the operator may not use the subnet": Problem(
        forbidden("Microsoft.Network/virtualNetworks/subnets/join/action"),
        forbidden(),
        "PrivateLinkReady",
        "Forbidden",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        NOBODY,
    ),
    "the operator may not see the vault": Problem(
        forbidden("Microsoft.KeyVault/vaults/read"),
        forbidden(),
        "PrivateLinkReady",
        "Forbidden",
        "Microsoft.KeyVault/vaults/read",
        SERVICES - {alice.VAULT},
    ),
    "the operator may not write the account": Problem(
        forbidden("Microsoft.Storage/storageAccounts/write"),
        forbidden(),
        "StorageIsolated",
        "Forbidden",
        "Microsoft.Storage/storageAccounts/write",
        SERVICES - {alice.STORAGE},
    ),
    "a policy denies endpoints": Problem(
        denied(alice.ENDPOINT),
        allowed,
        "PrivateLinkReady",
        "DeniedByPolicy",
        "exempt this resource from the policy assignment",
        NOBODY,
    ),
    "a policy denies closed accounts": Problem(
        denied(alice.STORAGE, field="properties.publicNetworkAccess", value="Disabled"),
        allowed,
        "StorageIsolated",
        "DeniedByPolicy",
        "exempt this resource from the policy assignment",
        SERVICES - {alice.STORAGE},
    ),
    "the vault is locked": Problem(
        locked(alice.VAULT),
        unlocked(alice.VAULT),
        "KeyVaultIsolated",
        "Locked",
        "Remove the lock",
        SERVICES - {alice.VAULT},
    ),
    "the registry is Basic": Problem(
        sized("Basic"),
        sized("Premium"),
        "PrivateLinkReady",
        "RegistryNotPremium",
        "az acr update",
        SERVICES - {alice.REGISTRY},
    ),
    "our name is taken by somebody's endpoint": Problem(
        vault_endpoint_is_taken,
        vault_endpoint_is_freed,
        "NamesResolved",
        "ZoneGroupIncomplete",
        "Ask its owner to add that zone",
        SERVICES - {alice.VAULT},
    ),
    "nobody has approved the account's endpoints": Problem(
        forbidden(
            "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action",
            "Microsoft.Storage/storageAccounts/privateEndpointConnections/write",
        ),
        account_approves,
        "PrivateLinkReady",
        "Forbidden",
        "Microsoft.Storage/storageAccounts/privateEndpointConnections",
        SERVICES - {alice.STORAGE},
    ),
}


@pytest.mark.parametrize("problem", [pytest.param(row, id=name) for name, row in ROWS.items()])
async def test_a_problem_is_told_harms_nothing_else_and_heals(world: World, problem: Problem) -> None:
    """No change of the spec is needed: when the world is in order, everything is in order soon after."""
    await problem.trouble(world)
    driver = drive(world, world.spec(problem.workspace, **problem.spec))
    with pytest.raises(TimeoutError):
        await driver.settle()
    condition = driver.condition(problem.condition)
    # A service that cannot be closed is Exposed, whatever the reason, which its message tells.
    exposed = problem.condition.endswith("Isolated")
    assert (condition["status"], condition["reason"]) == ("False", "Exposed" if exposed else problem.reason)
    assert problem.advice in condition["message"]
    assert driver.condition("Ready")["status"] == "False"
    assert driver.condition("Permitted")["status"] == ("False" if problem.reason == "Forbidden" else "True")
    assert closed(world) == problem.closed
    told = [event.reason for event in driver.events if event.type == "Warning"]
    assert told.count(problem.reason) <= 3, "told on a transition only"

    await problem.heal(world)
    await driver.settle(HEALING)
    assert driver.condition("Ready")["status"] == "True"
    assert driver.condition("Permitted")["status"] == "True"
    others = [each for each in driver.status.get("findings", []) if each["rule"] != "DiagnosedByAzure"]
    assert others[1:] == []


async def test_a_rejected_endpoint_is_told_and_its_approval_found(world: World, ready: Driver) -> None:
    """Only the owner of a service may say yes: nothing is written meanwhile."""
    await alice.judges(world, alice.VAULT, "vault", "Rejected")
    start = last(world)
    with pytest.raises(TimeoutError):
        await ready.settle()
    condition = ready.condition("PrivateLinkReady")
    assert (condition["status"], condition["reason"]) == ("False", "PrivateEndpointRejected")
    assert "az network private-endpoint-connection approve" in condition["message"]
    assert names(writes(world, start)) == []
    await alice.judges(world, alice.VAULT, "vault", "Approved")
    await ready.settle(HEALING)
    assert ready.condition("Ready")["status"] == "True"
    assert names(writes(world, start)) == []


async def test_an_endpoint_under_our_name_is_adopted_when_the_spec_says_so(world: World) -> None:
    """With adoption Adopt it is used as it is, but for the tag that says who uses it, and made whole."""
    await vault_endpoint_is_taken(world)
    driver = drive(world, world.spec(adoption="Adopt"))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert closed(world) == SERVICES
    assert names(writes(world)).count("PUT privateendpoints/kv-fraud-vault") == 1


async def test_what_adoption_added_goes_again_with_delete(world: World) -> None:
    """Our name, the zone group, and with its record the zone and its link; the endpoint stays as it was."""
    await vault_endpoint_is_taken(world)
    driver = drive(world, world.spec(adoption="Adopt", deletionPolicy="Delete"))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    driver.delete()
    assert (await driver.settle()).released
    (left,) = world.emulator.ctx.of_type(alice.ENDPOINT)
    assert (left.id.text, left.body.get("tags")) == (own_endpoint(world), {})
    assert [list(world.emulator.ctx.of_type(kind)) for kind in (alice.GROUP, alice.LINK, alice.ZONE)] == [[]] * 3


async def test_a_pending_connection_of_ours_is_approved_by_us(world: World) -> None:
    """Azure left it pending, and we may approve: nobody else need act."""
    alice.forbids(world, "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action")
    driver = drive(world, world.spec())
    for _ in range(40):
        outcome = await driver.step()
        if any("-blob-" in call.target and call.method == "PUT" for call in writes(world)):
            break
        world.emulator.clock.advance((outcome.requeue_after or timedelta(seconds=1)).total_seconds())
    alice.forbids(world)
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert [call for call in writes(world) if "/privateendpointconnections/" in call.target] != []


async def test_a_workspace_without_a_registry_is_ready_and_gets_its_registry_isolated_later(world: World) -> None:
    """Azure ML makes a registry when it first needs one: the next resync isolates it (ACR-EXIST-01)."""
    body = alice.shown(world, alice.WORKSPACE)
    registry = body["properties"]["containerRegistry"]
    resource = world.emulator.ctx.find(body["id"])
    assert resource is not None
    world.emulator.ctx.set_properties(resource, containerRegistry=None)
    driver = drive(world, world.spec())
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert [each["rule"] for each in driver.status["findings"]] == ["ACR-EXIST-01"]
    assert closed(world) == SERVICES - {alice.REGISTRY}

    world.emulator.ctx.set_properties(world.emulator.ctx.find(body["id"]), containerRegistry=registry)
    await driver.resync()
    assert driver.condition("Ready")["status"] == "True"
    assert closed(world) == SERVICES


async def test_a_zone_that_others_have_linked_is_used_and_not_doubled(world: World) -> None:
    """A network sees one zone of a name only (DNS-04)."""
    zone = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml/providers/{alice.ZONE}/privatelink.vaultcore.azure.net"
    )
    properties = {"virtualNetwork": {"id": landscape.network_id(SUBSCRIPTION)}, "registrationEnabled": False}
    await alice.creates(world, zone, alice.DNS, location="global")
    await alice.creates(
        world, f"{zone}/virtualNetworkLinks/hub", alice.DNS, location="global", properties=properties
    )
    world.emulator.clock.advance(60)
    driver = drive(world, world.spec())
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    assert "PUT privatednszones/privatelink.vaultcore.azure.net" not in names(writes(world))
    assert alice.one(world, alice.RECORD, "vaultcore").lower().startswith(zone.lower())
    assert zone not in {each["id"] for each in driver.status["inventory"]}


async def test_an_endpoint_of_others_is_used_and_not_doubled(world: World) -> None:
    """It serves in the network already; that it writes no names is its owner's to mend."""
    theirs = landscape.network_id(SUBSCRIPTION).replace("virtualNetworks/ml-vnet", "privateEndpoints/theirs")
    await alice.creates(world, theirs, landscape.NETWORK, **endpoint_to_vault(world, "training"))
    driver = drive(world, world.spec())
    with pytest.raises(TimeoutError):
        await driver.settle()
    condition = driver.condition("NamesResolved")
    assert (condition["reason"], closed(world)) == ("ZoneGroupIncomplete", SERVICES - {alice.VAULT})
    assert "Ask its owner" in condition["message"]

    config = {"name": "vault", "properties": {"privateDnsZoneId": alice.one(world, alice.ZONE, "vaultcore")}}
    await alice.creates(
        world,
        f"{theirs}/privateDnsZoneGroups/default",
        landscape.NETWORK,
        properties={"privateDnsZoneConfigs": [config]},
    )
    await driver.settle(HEALING)
    assert driver.condition("Ready")["status"] == "True"
    assert closed(world) == SERVICES
    assert [each for each in names(writes(world)) if "-vault" in each] == []


async def test_a_lock_against_deletion_holds_up_what_it_protects_and_nothing_else(world: World) -> None:
    """Deleted with policy Delete, all that is not locked goes; the rest goes when the lock does."""
    driver = drive(world, world.spec(deletionPolicy="Delete"))
    await driver.settle()
    endpoint = alice.one(world, alice.ENDPOINT, "-blob-")
    await alice.locks(world, endpoint, "CanNotDelete")
    driver.delete()
    with pytest.raises(TimeoutError):
        await driver.settle()
    assert alice.one(world, alice.ENDPOINT) == endpoint
    assert driver.condition("PrivateEndpointsRemoved")["reason"] == "Locked"
    assert not driver.outcomes[-1].released
    await alice.unlocks(world, endpoint)
    outcome = await driver.settle(HEALING)
    assert outcome.released
    assert [each.id.text for each in world.emulator.ctx.of_type(alice.ENDPOINT)] == []
