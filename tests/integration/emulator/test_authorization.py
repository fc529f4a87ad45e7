"""Who may do what: roles, inheritance, delay, locks and policy."""

from __future__ import annotations

from typing import Any

import pytest

from arm_emulator.config import Client, Config, Grant, default_clients

from .client import GROUP, NET, SUB, Azure

GUEST, OBJECT = "55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"
READER, NETWORKER = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "4d97b98b-1d4f-4787-a291-c67834d212e7"
VNET = f"{NET}/virtualNetworks/v"
LOCK = "providers/Microsoft.Authorization/locks/l"


def config(*grants: Grant, **more: Any) -> Config:  # noqa: ANN401
    """Default clients and a guest with these grants."""
    guest = Client(GUEST, OBJECT, "s", "guest", grants=grants)
    return Config(clients=(*default_clients(), guest), **more)


async def test_a_refusal_in_azures_words() -> None:
    """403 AuthorizationFailed with client, object, action and scope."""
    async with Azure.start(config()) as azure:
        await azure.group()
        reply = await azure.get(VNET, who=GUEST)
        assert (reply.status, reply.code, reply.headers["x-ms-failure-cause"]) == (
            403,
            "AuthorizationFailed",
            "gateway",
        )
        assert reply.message == (
            f"The client '{GUEST}' with object id '{OBJECT}' does not have authorization to perform action "
            f"'Microsoft.Network/virtualNetworks/read' over scope '{VNET}' or the scope is invalid. If access was "
            "recently granted, please refresh your credentials."
        )


@pytest.mark.parametrize(
    ("grant", "reads", "writes"),
    [
        pytest.param(Grant(SUB, role_definition_id=READER), True, False, id="reader of the subscription"),
        pytest.param(
            Grant(GROUP, role_definition_id=NETWORKER), True, True, id="network contributor of the group"
        ),
        pytest.param(
            Grant(f"{SUB}/resourceGroups/other", actions=("*",)), False, False, id="owner of another group"
        ),
        pytest.param(Grant(f"{SUB}/resourceGroups/r", actions=("*",)), False, False, id="a prefix is no parent"),
        pytest.param(Grant(VNET, actions=("*/read",)), True, False, id="read on the resource itself"),
        pytest.param(
            Grant(SUB, actions=("*",), not_actions=("Microsoft.Network/*/write",)),
            True,
            False,
            id="all but writes",
        ),
        pytest.param(
            Grant("/", actions=("MICROSOFT.NETWORK/virtualnetworks/*",)), True, True, id="case is ignored"
        ),
    ],
)
async def test_roles_and_scopes(grant: Grant, reads: bool, writes: bool) -> None:  # noqa: FBT001
    """Wildcards, exclusions and inheritance."""
    async with Azure.start(config(grant)) as azure:
        await azure.group()
        await azure.network()
        assert (await azure.get(VNET, who=GUEST)).status == (200 if reads else 403)
        body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
        assert (await azure.put(VNET, body, who=GUEST)).status == (200 if writes else 403)


async def test_a_role_assignment_takes_effect_later_and_ends_at_once() -> None:
    """Made over the API it acts after the configured delay (conventions 25)."""
    async with Azure.start(config(role_assignment_delay=30)) as azure:
        await azure.group()
        await azure.network()
        path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/77777777-7777-4777-8777-777777777777"
        role = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
        properties = {"roleDefinitionId": role, "principalId": OBJECT, "principalType": "ServicePrincipal"}
        assert (await azure.put(path, {"properties": properties}, version="2022-04-01")).status == 201
        assert (await azure.get(VNET, who=GUEST)).status == 403
        azure.advance(31)
        assert (await azure.get(VNET, who=GUEST)).status == 200
        await azure.delete(path, version="2022-04-01")
        assert (await azure.get(VNET, who=GUEST)).status == 403


@pytest.mark.parametrize(
    ("scope", "level", "write", "delete"),
    [
        pytest.param(VNET, "CanNotDelete", 200, 409, id="on the resource: no deletion"),
        pytest.param(GROUP, "CanNotDelete", 200, 409, id="inherited from the group"),
        pytest.param(SUB, "CanNotDelete", 200, 409, id="inherited from the subscription"),
        pytest.param(GROUP, "ReadOnly", 409, 409, id="read only: no write either"),
        pytest.param(f"{VNET}/subnets/pe", "CanNotDelete", 200, 409, id="on a child: the parent stays"),
    ],
)
async def test_locks(started: Azure, scope: str, level: str, write: int, delete: int) -> None:
    """409 ScopeLocked, naming the locked scope (conventions 25)."""
    lock = f"{scope}/{LOCK}"
    made = await started.put(lock, {"properties": {"level": level}}, version="2020-05-01")
    assert made.status in {200, 201}
    body = (await started.get(VNET)).body
    assert (await started.put(VNET, body)).status == write
    started.advance()
    refused = await started.delete(VNET)
    assert (refused.status, refused.code) == (delete, "ScopeLocked")
    assert f"'{scope}'" in refused.message
    await started.delete(lock, version="2020-05-01")
    assert (await started.delete(VNET)).status == 202


async def test_a_locked_resource_keeps_its_group(started: Azure) -> None:
    """A group with a locked resource inside is not deleted."""
    await started.put(f"{VNET}/{LOCK}", {"properties": {"level": "CanNotDelete"}}, version="2020-05-01")
    assert (await started.delete(GROUP)).code == "ScopeLocked"


async def test_a_policy_denies(started: Azure) -> None:
    """403 RequestDisallowedByPolicy with additionalInfo; the rule itself is the emulator's own device."""
    policy = f"{SUB}/providers/Microsoft.Authorization/policyAssignments/no-public"
    rule = {"type": "Microsoft.Network/publicIPAddresses", "field": "sku.name", "value": "Basic"}
    await started.put(policy, {"properties": {"displayName": "No basic addresses", "emulatorDeny": rule}})
    path = f"{NET}/publicIPAddresses/i"
    reply = await started.put(path, {"location": "westeurope", "sku": {"name": "Basic"}})
    assert (reply.status, reply.code) == (403, "RequestDisallowedByPolicy")
    violation = reply.body["error"]["additionalInfo"][0]
    assert (violation["type"], violation["info"]["policyAssignmentId"]) == ("PolicyViolation", policy)
    assert (await started.put(path, {"location": "westeurope", "sku": {"name": "Standard"}})).status == 201


async def test_subscription_lists_show_what_one_may_read() -> None:
    """Resource groups are filtered; other lists need the right on the scope they are asked at."""
    async with Azure.start(config(Grant(GROUP, role_definition_id=READER))) as azure:
        await azure.group()
        await azure.group(f"{SUB}/resourceGroups/other")
        await azure.network()
        names = [each["name"] for each in (await azure.get(f"{SUB}/resourceGroups", who=GUEST)).body["value"]]
        assert names == ["rg"]
        assert (await azure.get(f"{SUB}/providers/Microsoft.Network/virtualNetworks", who=GUEST)).status == 403
        assert (await azure.get(f"{NET}/virtualNetworks", who=GUEST)).status == 200
