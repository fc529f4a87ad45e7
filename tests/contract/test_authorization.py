"""Role assignments, definitions, permissions and locks as resources; witnesses are named per test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arm_emulator.config import Client as Application
from arm_emulator.config import Grant

from .client import GROUP, REGION, Client, refusal
from .landscape import ACCOUNT, account_body, full

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SUBSCRIPTION = GROUP.rpartition("/resourceGroups")[0]
ROLES = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
READER, CONTRIBUTOR = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/trainer"
FIRST, SECOND = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
VISITOR = Application(
    "55555555-5555-4555-8555-555555555555",
    "55555555-0000-4555-8555-555555555555",
    grants=(Grant(GROUP, role_definition_id=READER),),
)


@pytest.fixture
async def guarded() -> AsyncIterator[Client]:
    """Like `azure`, with a visitor who may only read the group."""
    client = await Client.start(VISITOR)
    yield client
    await client.stop()
    assert client.problems == []


def assignment(scope: str, name: str) -> str:
    """URL path of a role assignment."""
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"


def grant(principal: str, role: str = READER, **more: str) -> dict[str, dict[str, str]]:
    """Body of a role assignment."""
    return {"properties": {"roleDefinitionId": f"{ROLES}/{role}", "principalId": principal, **more}}


async def principal_of(azure: Client) -> str:
    """A fresh user-assigned identity's principal."""
    made = await azure.put(IDENTITY, {"location": REGION})
    return str(made.body["properties"]["principalId"])


async def test_a_new_identity_is_not_known_at_once(azure: Client) -> None:
    """Behaviour 25: PrincipalNotFound unless principalType is sent; known after a while."""
    principal = await principal_of(azure)
    assert refusal(await azure.put(assignment(GROUP, FIRST), grant(principal))) == (400, "PrincipalNotFound")
    typed = await azure.put(assignment(GROUP, FIRST), grant(principal, principalType="ServicePrincipal"))
    assert typed.status == 201
    azure.wait(60)
    assert (await azure.put(assignment(GROUP, SECOND), grant(principal, CONTRIBUTOR))).status == 201


async def test_assignments_are_written_once(azure: Client) -> None:
    """Wire examples, section 12: same content under another name, other content under the same name."""
    principal = await principal_of(azure)
    azure.wait()
    assert (await azure.put(assignment(GROUP, FIRST), grant(principal))).status == 201
    again = await azure.put(assignment(GROUP, SECOND), grant(principal))
    assert refusal(again) == (409, "RoleAssignmentExists")
    assert FIRST.replace("-", "") in again.body["error"]["message"]
    other = await azure.put(assignment(GROUP, FIRST), grant(principal, CONTRIBUTOR))
    assert refusal(other) == (400, "RoleAssignmentUpdateNotPermitted")


async def test_deletion_returns_what_was_deleted(azure: Client) -> None:
    """Recording Test_Authorization_RoleAssignment_OnStorageAccount_CRUD: 200 with the body, then 404 and 204."""
    principal = await principal_of(azure)
    azure.wait()
    place = assignment(GROUP, FIRST)
    await azure.put(place, grant(principal))
    gone = await azure.delete(place)
    assert (gone.status, gone.body["properties"]["principalId"]) == (200, principal)
    assert refusal(await azure.get(place)) == (404, "RoleAssignmentNotFound")
    assert (await azure.delete(place)).status == 204


async def test_the_creator_is_named_from_the_first_read_on(azure: Client) -> None:
    """The recording: createdBy is null in the answer to PUT."""
    principal = await principal_of(azure)
    azure.wait()
    made = await azure.put(assignment(GROUP, FIRST), grant(principal))
    assert made.body["properties"]["createdBy"] is None
    assert (await azure.get(assignment(GROUP, FIRST))).body["properties"]["createdBy"]


@pytest.mark.parametrize(
    ("principal", "role", "expected"),
    [
        pytest.param("nobody", READER, (400, "InvalidPrincipalId"), id="no guid"),
        pytest.param(FIRST, FIRST, (404, "RoleDefinitionDoesNotExist"), id="no such role"),
        pytest.param(FIRST, READER, (400, "PrincipalNotFound"), id="no such principal"),
    ],
)
async def test_refused_assignments(azure: Client, principal: str, role: str, expected: tuple[int, str]) -> None:
    """Wire examples, section 12."""
    answer = await azure.put(assignment(GROUP, FIRST), grant(principal, role), judged=False)
    assert refusal(answer) == expected


async def test_lists_inherit(azure: Client) -> None:
    """Wire examples, section 12: a list at a scope shows what applies there, `atScope()` nothing from below."""
    principal = await principal_of(azure)
    await azure.made(ACCOUNT, account_body())
    await azure.put(assignment(SUBSCRIPTION, FIRST), grant(principal))
    await azure.put(assignment(full(ACCOUNT), SECOND), grant(principal))
    of_principal = f"principalId eq '{principal}'"
    for scope, query, names in (
        (full(ACCOUNT), of_principal, {FIRST, SECOND}),
        (GROUP, of_principal, {FIRST, SECOND}),
        (GROUP, "atScope()", {FIRST}),
        (GROUP, "principalId eq 'aaaaaaaa-0000-4000-8000-00000000000f'", set()),
    ):
        place = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        found = await azure.get(place, query=f"$filter={query}")
        assert {each["name"] for each in found.body["value"]} == names, (scope, query)


async def test_roles_are_found_by_name(azure: Client) -> None:
    """Reference data, section 8: look names up where the guid is not sure."""
    found = await azure.get(ROLES, query="$filter=roleName eq 'Private DNS Zone Contributor'")
    assert [each["name"] for each in found.body["value"]] == ["b12aa53e-6015-4669-85d0-8515ebb3ae7f"]
    assert (await azure.get(f"{ROLES}/{READER}")).body["properties"]["roleName"] == "Reader"


async def test_custom_roles(azure: Client) -> None:
    """RBAC documents: a custom role can be made, assigned, and not deleted while assigned."""
    role = {
        "properties": {
            "roleName": "Approver",
            "assignableScopes": [GROUP],
            "permissions": [{"actions": ["Microsoft.Storage/storageAccounts/read"]}],
        }
    }
    place = f"{ROLES}/{SECOND}"
    assert (await azure.put(place, role)).status == 201
    principal = await principal_of(azure)
    azure.wait()
    await azure.put(assignment(GROUP, FIRST), grant(principal, SECOND))
    assert refusal(await azure.delete(place)) == (400, "RoleDefinitionHasAssignments")
    await azure.delete(assignment(GROUP, FIRST))
    assert (await azure.delete(place)).status == 200


async def test_permissions_say_what_the_caller_may(guarded: Client) -> None:
    """Wire examples, section 13: a reader sees `*/read`, an owner `*`."""
    place = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    assert [each["actions"] for each in (await guarded.get(place)).body["value"]] == [["*"]]
    visitor = await guarded.get(place, caller=VISITOR.client_id)
    assert [each["actions"] for each in visitor.body["value"]] == [["*/read"]]
    refused = await guarded.put(ACCOUNT, account_body(), caller=VISITOR.client_id)
    assert refusal(refused) == (403, "AuthorizationFailed")


async def test_locks_are_inherited(azure: Client) -> None:
    """Behaviour 25: ScopeLocked; wire examples, section 13 for the listing."""
    await azure.made(ACCOUNT, account_body())
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    made = await azure.put(lock, {"properties": {"level": "CanNotDelete"}}, version="2020-05-01")
    assert made.status == 201
    listed = await azure.get(f"{GROUP}/providers/Microsoft.Authorization/locks", version="2020-05-01")
    assert [each["properties"]["level"] for each in listed.body["value"]] == ["CanNotDelete"]
    assert refusal(await azure.delete(ACCOUNT)) == (409, "ScopeLocked")
    assert (await azure.patch(ACCOUNT, {"tags": {"a": "b"}})).status == 200
    await azure.delete(lock, version="2020-05-01")
    assert (await azure.delete(ACCOUNT)).status == 200


async def test_identities_have_three_ids(azure: Client) -> None:
    """The recording: tenant, principal and client id; the second PUT answers 200 with the same."""
    made = await azure.put(IDENTITY, {"location": REGION})
    again = await azure.put(IDENTITY, {"location": REGION, "tags": {"a": "b"}})
    assert (made.status, again.status) == (201, 200)
    assert made.body["properties"] == again.body["properties"]
