"""Studio's way to the data: the workspace's identity, its roles, and what studio cannot do at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    GROUP_OF,
    LAKE,
    OWNER,
    SUBSCRIPTION,
    TARGETS,
    WORKSPACE,
    account,
    added,
    drop,
    endpoint,
    endpoint_request,
    gone,
    plan,
    put,
    serving,
    spec,
    world,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check, judge_all, told

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
from secureml_reconcilers.isolation.roles import Grant, Role, is_made_by_us
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.arm import Body
    from secureml_reconcilers.azure.resource_id import ResourceId

IDENTITY = "74c5a32f-8764-4f6c-85b7-ac02a8f9a1c4"
"""The one that the workspace of the landscape has."""

OTHERS = "00000000-0000-4000-8000-00000000000a"
READER, OWNS = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB_READER, BLOB_WRITER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
FILE_WRITER = "69566ab7-960f-475b-8e7c-b3118f30c6bd"
NAMES = {READER: "Reader", BLOB_READER: "Storage Blob Data Reader", BLOB_WRITER: "Storage Blob Data Contributor"}
STUDIO: dict[str, Any] = {"studio": {"enabled": True}}
GRANTS: dict[str, Any] = {"studio": {"enabled": True, "grantRoles": True}}
OPEN = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")
CLOSE = {"properties": {"publicNetworkAccess": "Disabled"}}
ENDPOINTS = (ENDPOINT["blob"], ENDPOINT["file"])


def ours(role: str, scope: ResourceId) -> ResourceId:
    """The assignment that the operator makes."""
    return Grant(IDENTITY, Role("", role), scope, ()).assignment


def definition(role: str) -> str:
    """A role's id."""
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def assignment(role: str, scope: str, *, principal: str = IDENTITY, name: str = "", condition: str = "") -> Body:
    """An assignment as Azure shows it (the recording of one on a storage account)."""
    named = name or "99999999-0000-4000-8000-000000000001"
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{named}",
        "name": named,
        "properties": {
            "roleDefinitionId": definition(role),
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "scope": scope,
            "condition": condition or None,
        },
    }


def made(role: str, scope: ResourceId) -> Body:
    """One that we made."""
    return assignment(role, scope.text, name=ours(role, scope).name)


def request(role: str) -> Body:
    """What a new assignment is made of."""
    asked = {
        "roleDefinitionId": definition(role),
        "principalId": IDENTITY,
        "principalType": "ServicePrincipal",
        "description": "Made by the secureml operator",
    }
    return {"properties": asked}


def assigns(role: str, scope: ResourceId) -> Write:
    """The assignment that is due."""
    return Write("Create", ours(role, scope), request(role))


def lacks(scope: ResourceId, rule: str) -> Finding:
    """A role that is missing."""
    return Finding("RoleMissing", scope, rule)


ALL_OURS = added(made(READER, ACCOUNT), made(BLOB_READER, ACCOUNT), *(made(READER, each) for each in ENDPOINTS))
MISSING = [
    lacks(ACCOUNT, "STUDIO-RBAC-01"),
    lacks(ACCOUNT, "STUDIO-RBAC-02"),
    *(lacks(each, "STUDIO-RBAC-03") for each in ENDPOINTS),
]
BY_OWNER = added(assignment(OWNS, GROUP.text), assignment(OWNS, ENDPOINT["blob"].group.text, name=OTHERS))
USER_ONLY = put(WORKSPACE, "identity", {"type": "UserAssigned", "userAssignedIdentities": {}})
PRIMARY = "/subscriptions/x/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/fraud"
NAMED = (
    put(
        WORKSPACE,
        "identity",
        {"type": "UserAssigned", "userAssignedIdentities": {PRIMARY.upper(): {"principalId": IDENTITY}}},
    ),
    put(WORKSPACE, "properties.primaryUserAssignedIdentity", PRIMARY),
)
LAKE_WAYS = tuple(serving(plan(), PrivateLinkTarget(LAKE, "blob")))
MORE_DATA = (added(account(LAKE), *LAKE_WAYS),)

CASES = [
    case(
        "what studio needs is told by role and resource, and the account is closed all the same",
        [OPEN],
        [Write("Update", ACCOUNT, CLOSE), *MISSING],
        violated="STUDIO-RBAC-01 STUDIO-RBAC-02 STUDIO-RBAC-03 ST-TRUST-03",
        met="STUDIO-MI-01 STUDIO-STG-01 STUDIO-IP-01 WS-MIROLE-01",
        **STUDIO,
    ),
    case(
        "where the spec lets us, each is assigned, and the account closes afterwards",
        [OPEN],
        [
            Waits("Update", ACCOUNT, ours(READER, ACCOUNT)),
            assigns(READER, ACCOUNT),
            assigns(BLOB_READER, ACCOUNT),
            *(assigns(READER, each) for each in ENDPOINTS),
        ],
        violated="STUDIO-RBAC-01 STUDIO-RBAC-02 STUDIO-RBAC-03 ST-TRUST-03 OPS-07",
        **GRANTS,
    ),
    case(
        "what we assigned is enough",
        [OPEN, ALL_OURS],
        [Write("Update", ACCOUNT, CLOSE)],
        met="STUDIO-RBAC-01 STUDIO-RBAC-02 STUDIO-RBAC-03 ST-TRUST-03 OPS-07",
        **GRANTS,
    ),
    case("and stays so when the spec lets us assign no more", [ALL_OURS], [], met="STUDIO-RBAC-01", **STUDIO),
    case(
        "a broader role above the account and the endpoints is enough, save for data",
        [BY_OWNER],
        [lacks(ACCOUNT, "STUDIO-RBAC-02")],
        met="STUDIO-RBAC-01 STUDIO-RBAC-03",
        violated="STUDIO-RBAC-02",
        **STUDIO,
    ),
    case(
        "what others assigned is not assigned again",
        [BY_OWNER, added(assignment(BLOB_WRITER, ACCOUNT.text))],
        [],
        met="STUDIO-RBAC-02",
        **GRANTS,
    ),
    *(
        case(
            sentence,
            [added(shown), ALL_OURS, gone(ours(READER, ACCOUNT))],
            [lacks(ACCOUNT, "STUDIO-RBAC-01")],
            **STUDIO,
        )
        for sentence, shown in (
            ("another identity's role does not count", assignment(READER, ACCOUNT.text, principal=OTHERS)),
            ("nor one on something beside it", assignment(READER, f"{ACCOUNT.text}2")),
            ("nor one that holds under a condition only", assignment(READER, ACCOUNT.text, condition="@Resource")),
        )
    ),
    *(
        case(sentence, [ALL_OURS, gone(ours(READER, ACCOUNT)), added(shown)], [], met="STUDIO-RBAC-01", **STUDIO)
        for sentence, shown in (
            (
                "one of a management group counts",
                {
                    **assignment(READER, SUBSCRIPTION),
                    "properties": {
                        **assignment(READER, SUBSCRIPTION)["properties"],
                        "scope": "/providers/Microsoft.Management/managementGroups/contoso",
                    },
                },
            ),
            ("and one of the subscription in another casing", assignment(READER.upper(), SUBSCRIPTION.upper())),
        )
    ),
    case(
        "an endpoint that is not there yet gets its role once it is",
        [ALL_OURS, gone(ENDPOINT["blob"], GROUP_OF["blob"], ours(READER, ENDPOINT["blob"]))],
        [
            Write("Create", ENDPOINT["blob"], endpoint_request(TARGETS["blob"])),
            Waits("Create", GROUP_OF["blob"], ENDPOINT["blob"]),
            Waits("Create", ours(READER, ENDPOINT["blob"]), ENDPOINT["blob"]),
        ],
        **GRANTS,
    ),
    case(
        "and nothing is missing on it before, where others assign",
        [ALL_OURS, gone(ENDPOINT["blob"], GROUP_OF["blob"], ours(READER, ENDPOINT["blob"]))],
        [
            Write("Create", ENDPOINT["blob"], endpoint_request(TARGETS["blob"])),
            Waits("Create", GROUP_OF["blob"], ENDPOINT["blob"]),
        ],
        **STUDIO,
    ),
    case(
        "datastores that sign in as identities need to write, too",
        [ALL_OURS],
        [
            lacks(ACCOUNT, "WS-DSAUTH-01"),
            Waits("Update", WORKSPACE, f"the workspace's identity is {NAMES[BLOB_WRITER]} of {ACCOUNT.short}"),
        ],
        violated="WS-DSAUTH-01",
        storage={"datastoreAuth": "Identity"},
        **STUDIO,
    ),
    case(
        "and what they need is enough for reading",
        [ALL_OURS, added(made(BLOB_WRITER, ACCOUNT), made(FILE_WRITER, ACCOUNT))],
        [Write("Update", WORKSPACE, {"properties": {"systemDatastoresAuthMode": "Identity"}})],
        violated="WS-DSAUTH-01",
        storage={"datastoreAuth": "Identity"},
        **STUDIO,
    ),
    case(
        "a further account needs the same, on its own endpoints",
        [ALL_OURS, *MORE_DATA],
        [
            lacks(LAKE, "STUDIO-RBAC-01"),
            lacks(LAKE, "STUDIO-RBAC-02"),
            lacks(plan().endpoint(PrivateLinkTarget(LAKE, "blob")), "STUDIO-RBAC-03"),
        ],
        violated="STUDIO-RBAC-01",
        storage={"additionalAccounts": [{"accountID": LAKE.text}]},
        **STUDIO,
    ),
    *(
        case(
            sentence,
            [change, OPEN],
            [Write("Update", ACCOUNT, CLOSE), Finding("WorkspaceIdentityMissing", WORKSPACE, "STUDIO-MI-01")],
            violated="STUDIO-MI-01",
            **STUDIO,
        )
        for sentence, change in (
            ("a workspace without identity has nobody to read as", put(WORKSPACE, "identity", {"type": "None"})),
            ("one that shows none is such a one", drop(WORKSPACE, "identity")),
            ("so is one that has user-assigned ones and names none as its own", USER_ONLY),
        )
    ),
    case(
        "a user-assigned identity that the workspace names as its own will do",
        [*NAMED, ALL_OURS],
        [],
        met="STUDIO-MI-01",
        **STUDIO,
    ),
    case(
        "an identity to which Azure gives no role is told of",
        [put(WORKSPACE, "properties.allowRoleAssignmentOnRG", False)],  # noqa: FBT003 - JSON
        [Advice("WorkspaceIdentityWithoutRoles", WORKSPACE, "WS-MIROLE-01"), *MISSING],
        violated="WS-MIROLE-01",
        **STUDIO,
    ),
    case(
        "labeling needs another account than the default one",
        [ALL_OURS],
        [Advice("LabelingNeedsAccount", ACCOUNT, "STUDIO-LABEL-01")],
        violated="STUDIO-LABEL-01",
        studio={"enabled": True, "labeling": True},
    ),
    case(
        "which the spec names",
        [ALL_OURS, *MORE_DATA, BY_OWNER, added(assignment(BLOB_READER, LAKE.text))],
        [],
        met="STUDIO-LABEL-01",
        studio={"enabled": True, "labeling": True},
        storage={"additionalAccounts": [{"accountID": LAKE.text}]},
    ),
    case(
        "an account without a blob endpoint is not reached by studio, whatever addresses it lets in",
        [
            ALL_OURS,
            OPEN,
            put(ACCOUNT, "properties.networkAcls.ipRules", [{"value": "203.0.113.7", "action": "Allow"}]),
        ],
        [Advice("StudioShutOut", ACCOUNT, "STUDIO-STG-01")],
        violated="STUDIO-STG-01 STUDIO-IP-01",
        storage={"subResources": ["file"], "allowedIPRanges": ["203.0.113.7"]},
        **STUDIO,
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_studio(row: Case) -> None:
    """Missing roles are the author's to grant, or ours where the spec says so."""
    check(row)


def test_the_command_names_identity_role_and_resource() -> None:
    """It is copied as it stands."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(**STUDIO), OWNER), world())
    said = next(each for each in evaluation.composed if each.aspect.condition == "StudioUsable")
    advice = [block.advice for block in said.blocks if getattr(block, "reason", "") == "RoleMissing"]  # type: ignore[union-attr]
    assert (
        f"(az role assignment create --role {READER} --assignee-object-id {IDENTITY} --assignee-principal-type"
        f" ServicePrincipal --scope {ACCOUNT.text})" in advice[0]
    )


@pytest.mark.parametrize(
    ("changed", "is_ours"),
    [
        pytest.param({}, True, id="as we made it"),
        pytest.param({"principalId": OTHERS}, False, id="another identity"),
        pytest.param({"scope": LAKE.text}, False, id="another resource"),
        pytest.param({"roleDefinitionId": definition(OWNS)}, False, id="another role"),
        pytest.param({"scope": ACCOUNT.text.upper()}, True, id="another casing"),
    ],
)
def test_whose_an_assignment_is_its_name_tells(changed: dict[str, str], *, is_ours: bool) -> None:
    """It carries no tag, and nobody else derives names this way."""
    shown = made(READER, ACCOUNT)
    assert is_made_by_us({**shown, "properties": {**shown["properties"], **changed}}) is is_ours


@pytest.mark.parametrize("name", ["", OTHERS])
def test_only_what_has_our_name_is_removed(name: str) -> None:
    """Listed or not: what somebody made under a listed name in between is theirs."""
    mine = ours(READER, ACCOUNT)
    shown = made(READER, ACCOUNT)
    if name:
        shown["properties"]["principalId"] = name
    removal = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, Remembered((mine.text,)))
    evaluation = judge_all(removal, world(added(shown)), (mine,))
    assert told(evaluation) == ((Advice("Kept", mine),) if name else (Write("Delete", mine),))


def test_what_studio_no_longer_needs_goes_and_what_it_needs_stays() -> None:
    """With studio switched off; not with granting alone, for studio would break."""
    mine = tuple(resource_id(each["id"]) for each in (made(READER, ACCOUNT), made(BLOB_READER, ACCOUNT)))
    inventory = tuple(each.text for each in mine)
    for parts, expected in (({}, set(mine)), (STUDIO, set())):
        declared = SecureWorkspaces().declare(spec(deletionPolicy="Delete", **parts), OWNER, Remembered(inventory))
        evaluation = judge_all(declared, world(ALL_OURS), mine)
        assert {each.id for each in evaluation.actions if each.kind == "Delete"} == expected


def test_an_endpoint_of_others_is_read_too() -> None:
    """Whoever made the endpoint that serves, studio reads it."""
    theirs = ENDPOINT["blob"].group.resource("Microsoft.Network/privateEndpoints", "platform")
    changes: list[Change] = [
        gone(ENDPOINT["blob"]),
        added(endpoint(TARGETS["blob"], theirs, tags={})),
        put(
            ACCOUNT,
            "properties.privateEndpointConnections",
            [
                {
                    "id": f"{ACCOUNT.text}/privateEndpointConnections/x",
                    "properties": {"privateEndpoint": {"id": theirs.text}},
                }
            ],
        ),
    ]
    evaluation = judge_all(SecureWorkspaces().declare(spec(**STUDIO), OWNER), world(*changes))
    assert lacks(theirs, "STUDIO-RBAC-03") in told(evaluation)


def test_an_account_that_is_opened_again_waits_for_no_role() -> None:
    """A role takes ten minutes to be heeded, and all that time the account would answer the internet."""
    never: frozenset[str] = frozenset()
    for closed, waits in (
        ({}, True),
        ({ACCOUNT.key: never}, True),
        ({ACCOUNT.key: frozenset({"blob from network/ml-vnet"})}, False),
    ):
        evaluation = judge_all(
            SecureWorkspaces().declare(spec(**GRANTS), OWNER, Remembered(closed=closed)), world(OPEN)
        )
        assert (Write("Update", ACCOUNT, CLOSE) in told(evaluation)) is not waits
