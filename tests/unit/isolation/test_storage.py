"""Storage accounts: closed to the internet, open to the network, others' rules left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    GROUP_OF,
    LAKE,
    NETWORK,
    OWNER,
    TARGETS,
    WORKSPACE,
    account,
    added,
    drop,
    endpoint_request,
    gone,
    plan,
    put,
    serving,
    spec,
    unreadable,
    world,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Works, Write, case, check, judge_all

from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from secureml_reconcilers.azure.resource_id import ResourceId

ACLS = "properties.networkAcls"
OTHERS = [{"value": "198.51.100.0/24", "action": "Allow"}]
OURS = {"value": "203.0.113.7", "action": "Allow"}
PERIMETER = Advice("SecuredByPerimeter", ACCOUNT, "ST-TRUST-01")
MORE = Advice("UndeclaredFirewallRule", ACCOUNT, "ST-IP-01")
MORE_RESOURCES = Advice("UndeclaredFirewallRule", ACCOUNT, "ST-RIR-01")
NODES = {"id": NETWORK.child("subnets", "nodes").text, "action": "Allow"}
INSTANCE_RULE = {"tenantId": "33333333-3333-4333-8333-333333333333", "resourceId": WORKSPACE.text.lower()}


def closed(**acls: object) -> dict[str, object]:
    """The firewall of the landscape's account, which the service replaces as a whole, with these parts."""
    known = {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Deny"}
    return {**known, **acls}


CASES = [
    case("a closed account is left alone", [], [], met="ST-DENY-01 ST-TRUST-01 ST-PUB-01 ST-KIND-01 ST-SCOPE-01"),
    case(
        "an account that answers the internet is closed",
        [put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")],
        [Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})],
        violated="ST-PUB-01 ST-SCOPE-01",
    ),
    case(
        "an account that does not say whether it answers the internet does",
        [drop(ACCOUNT, "properties.publicNetworkAccess")],
        [Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})],
        violated="ST-PUB-01",
    ),
    case(
        "casing of what Azure shows is no difference",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "disabled"),
            put(ACCOUNT, f"{ACLS}.defaultAction", "deny"),
        ],
        [],
        met="ST-PUB-01 ST-DENY-01",
    ),
    case(
        "a network security perimeter is stricter and is left alone",
        [put(ACCOUNT, "properties.publicNetworkAccess", "SecuredByPerimeter")],
        [PERIMETER],
        met="ST-PUB-01",
    ),
    case(
        "a perimeter is left alone where addresses are to be let in, too",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "SecuredByPerimeter"),
            put(ACCOUNT, f"{ACLS}.ipRules", [OURS]),
        ],
        [PERIMETER],
        storage={"allowedIPRanges": ["203.0.113.7"]},
        met="ST-IP-01",
    ),
    case(
        "an account that lets everybody in by default denies, and others' rules stay",
        [put(ACCOUNT, f"{ACLS}.defaultAction", "Allow"), put(ACCOUNT, f"{ACLS}.ipRules", OTHERS)],
        [Write("Update", ACCOUNT, {"properties": {"networkAcls": closed(ipRules=OTHERS)}})],
        violated="ST-DENY-01",
    ),
    case(
        "an account without a firewall lets everybody in",
        [drop(ACCOUNT, ACLS)],
        [
            Write(
                "Update",
                ACCOUNT,
                {"properties": {"networkAcls": {"defaultAction": "Deny"}}},
            )
        ],
        violated="ST-DENY-01",
    ),
    case(
        "trusted services are let in beside others' words",
        [put(ACCOUNT, f"{ACLS}.bypass", "Logging, Metrics")],
        [
            Write(
                "Update",
                ACCOUNT,
                {"properties": {"networkAcls": closed(bypass="Logging, Metrics, AzureServices")}},
            ),
        ],
        violated="ST-TRUST-01",
    ),
    case(
        "a bypass that is not shown is the default, which trusts services",
        [drop(ACCOUNT, f"{ACLS}.bypass")],
        [],
        met="ST-TRUST-01",
    ),
    case(
        "a rule for exactly this workspace is enough",
        [put(ACCOUNT, f"{ACLS}.bypass", "None"), put(ACCOUNT, f"{ACLS}.resourceAccessRules", [INSTANCE_RULE])],
        [],
        met="ST-RIR-01 ST-TRUST-01",
    ),
    case(
        "a rule for another workspace is not",
        [
            put(ACCOUNT, f"{ACLS}.bypass", "None"),
            put(ACCOUNT, f"{ACLS}.resourceAccessRules", [{"resourceId": f"{WORKSPACE.text}2"}]),
        ],
        [
            MORE_RESOURCES,
            Write(
                "Update",
                ACCOUNT,
                {
                    "properties": {
                        "networkAcls": closed(
                            bypass="AzureServices", resourceAccessRules=[{"resourceId": f"{WORKSPACE.text}2"}]
                        )
                    }
                },
            ),
        ],
        violated="ST-RIR-01 ST-TRUST-01",
    ),
    case(
        "a rule that lets in another resource is told of though public access is off, for it holds all the same",
        [put(ACCOUNT, f"{ACLS}.resourceAccessRules", [INSTANCE_RULE, {"resourceId": f"{WORKSPACE.text}2"}])],
        [MORE_RESOURCES],
        violated="ST-RIR-01",
    ),
    case(
        "addresses are let in beside others', with a public address that denies everybody else",
        [put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"), put(ACCOUNT, f"{ACLS}.ipRules", OTHERS)],
        [MORE, Write("Update", ACCOUNT, {"properties": {"networkAcls": closed(ipRules=[*OTHERS, OURS])}})],
        storage={"allowedIPRanges": ["203.0.113.7"]},
        violated="ST-IP-01",
    ),
    case(
        "an address that the spec does not name stays, and is told of",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            put(ACCOUNT, f"{ACLS}.ipRules", [*OTHERS, OURS]),
        ],
        [MORE],
        storage={"allowedIPRanges": ["203.0.113.7"]},
        violated="ST-IP-01",
    ),
    case(
        "a subnet that is let in by its public address is told of",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            put(ACCOUNT, f"{ACLS}.ipRules", [OURS]),
            put(ACCOUNT, f"{ACLS}.virtualNetworkRules", [NODES]),
        ],
        [MORE],
        storage={"allowedIPRanges": ["203.0.113.7"]},
        violated="ST-IP-01",
    ),
    case(
        "an IPv6 address that the spec does not name is told of like any other",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            put(ACCOUNT, f"{ACLS}.ipRules", [OURS]),
            put(ACCOUNT, f"{ACLS}.ipv6Rules", [{"value": "2001:db8::/48", "action": "Allow"}]),
        ],
        [MORE],
        storage={"allowedIPRanges": ["203.0.113.7"]},
        violated="ST-IP-01",
    ),
    case(
        "an address within a range of the spec lets nobody else in",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            put(ACCOUNT, f"{ACLS}.ipRules", [OURS, {"value": "203.0.113.0/24", "action": "Allow"}]),
        ],
        [],
        storage={"allowedIPRanges": ["203.0.113.0/24"]},
        met="ST-IP-01",
    ),
    case(
        "an account that is off is never switched on, and somebody must",
        [put(ACCOUNT, f"{ACLS}.ipRules", [*OTHERS, OURS])],
        [Finding("PublicAccessDisabled", ACCOUNT)],
        storage={"allowedIPRanges": ["203.0.113.7"]},
    ),
    case(
        "addresses that are let in already are left alone",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            put(ACCOUNT, f"{ACLS}.ipRules", [OURS]),
        ],
        [],
        storage={"allowedIPRanges": ["203.0.113.7"]},
        met="ST-IP-01",
    ),
    case(
        "a first generation account is reported, gets no endpoint and is not closed",
        [
            put(ACCOUNT, "kind", "Storage"),
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            gone(ENDPOINT["blob"]),
        ],
        [
            Finding("StorageKindUnsupported", ACCOUNT, "ST-KIND-01"),
            Waits("Create", ENDPOINT["blob"], "storageAccounts/frauddata can have private endpoints"),
            Waits("Create", GROUP_OF["blob"], "storageAccounts/frauddata can have private endpoints"),
            Waits("Update", ACCOUNT, "storageAccounts/frauddata can have private endpoints"),
        ],
        violated="ST-KIND-01",
    ),
    case(
        "an account that is gone is reported",
        [gone(ACCOUNT)],
        [Finding("StorageNotFound", ACCOUNT)],
        violated="ST-SCOPE-01",
    ),
    case(
        "an account that may not be read is neither closed nor taken for absent",
        [unreadable(ACCOUNT)],
        [Finding("Forbidden")],
    ),
    case(
        "nothing is written while the service works on the account",
        [
            put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
            put(ACCOUNT, "properties.provisioningState", "ResolvingDNS"),
        ],
        [Works(ACCOUNT)],
    ),
]

LAKE_SPEC: dict[str, Any] = {
    "storage": {
        "allowedIPRanges": ["203.0.113.7"],
        "additionalAccounts": [{"accountID": LAKE.text, "subResources": ["table", "queue"]}],
    }
}
LAKE_TARGETS = (PrivateLinkTarget(LAKE, "table"), PrivateLinkTarget(LAKE, "queue"))
LAKE_SERVED = added(*(body for target in LAKE_TARGETS for body in serving(plan(**LAKE_SPEC), target)))
DEFAULT_LETS_IN = (
    put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"),
    put(ACCOUNT, f"{ACLS}.ipRules", [OURS]),
)

FURTHER = [
    case(
        "a further account is held to the same rules, those for addresses included",
        [*DEFAULT_LETS_IN, LAKE_SERVED, added(account(LAKE, publicNetworkAccess="Enabled"))],
        [Write("Update", LAKE, {"properties": {"networkAcls": closed(ipRules=[OURS])}})],
        violated="ST-SCOPE-01 ST-IP-01",
        **LAKE_SPEC,
    ),
    case(
        "a further account that is as declared is left alone",
        [
            *DEFAULT_LETS_IN,
            LAKE_SERVED,
            added(account(LAKE, publicNetworkAccess="Enabled", networkAcls=closed(ipRules=[OURS]))),
        ],
        [],
        met="ST-SCOPE-01 ST-IP-01 ST-PE-03 ST-PE-04",
        **LAKE_SPEC,
    ),
    case(
        "a further account of the spec that does not exist is reported",
        [*DEFAULT_LETS_IN, LAKE_SERVED],
        [Finding("StorageNotFound", LAKE)],
        violated="ST-SCOPE-01",
        **LAKE_SPEC,
    ),
    case(
        "the default account keeps its parts where the spec lists it among the further ones, too",
        [put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"), gone(ENDPOINT["file"])],
        [
            Write("Create", ENDPOINT["file"], endpoint_request(TARGETS["file"])),
            Waits("Create", GROUP_OF["file"], ENDPOINT["file"]),
            Waits("Update", ACCOUNT, ENDPOINT["file"]),
        ],
        violated="ST-PE-02",
        storage={"additionalAccounts": [{"accountID": ACCOUNT.text}]},
    ),
]


TENANT = put(WORKSPACE, "properties.tenantId", INSTANCE_RULE["tenantId"])
LET_IN = {"tenantId": INSTANCE_RULE["tenantId"], "resourceId": WORKSPACE.text}
RULED = put(ACCOUNT, f"{ACLS}.resourceAccessRules", [LET_IN])
ONLY: dict[str, Any] = {"storage": {"trustedAccess": "WorkspaceOnly"}}
KEYLESS = put(ACCOUNT, "properties.allowSharedKeyAccess", value=False)
ANONYMOUS = put(ACCOUNT, "properties.allowBlobPublicAccess", value=True)


def of_kind(kind: str) -> Any:  # noqa: ANN401 - JSON
    """An account of another kind."""
    return put(ACCOUNT, "kind", kind)


SETTINGS = [
    case("who reads anonymously is left as it is", [ANONYMOUS], []),
    case(
        "nobody does where the spec says so, whatever the account waits for",
        [ANONYMOUS, put(ACCOUNT, "properties.publicNetworkAccess", "Enabled"), gone(ENDPOINT["file"])],
        [
            Write("Create", ENDPOINT["file"], endpoint_request(TARGETS["file"])),
            Waits("Create", GROUP_OF["file"], ENDPOINT["file"]),
            Write("Update", ACCOUNT, {"properties": {"allowBlobPublicAccess": False}}),
            Waits("Update", ACCOUNT, ENDPOINT["file"]),
        ],
        violated="ST-PUB-01",
        storage={"anonymousAccess": "Disable"},
    ),
    case("an account that admits nobody already", [], [], met="ST-PUB-01", storage={"anonymousAccess": "Disable"}),
    case(
        "the workspace gets a rule of its own before other services are shut out",
        [TENANT],
        [
            Write("Update", ACCOUNT, {"properties": {"networkAcls": closed(resourceAccessRules=[LET_IN])}}),
            Waits("Update", ACCOUNT, ACCOUNT),
        ],
        violated="ST-RIR-01 ST-TRUST-01",
        **ONLY,
    ),
    case(
        "then these pass no more",
        [TENANT, RULED],
        [
            Write(
                "Update",
                ACCOUNT,
                {"properties": {"networkAcls": closed(bypass="None", resourceAccessRules=[LET_IN])}},
            )
        ],
        violated="ST-RIR-01",
        **ONLY,
    ),
    case(
        "but what Azure logs and measures",
        [TENANT, RULED, put(ACCOUNT, f"{ACLS}.bypass", "Logging, AzureServices, Metrics")],
        [
            Write(
                "Update",
                ACCOUNT,
                {"properties": {"networkAcls": closed(bypass="Logging, Metrics", resourceAccessRules=[LET_IN])}},
            )
        ],
        violated="ST-RIR-01",
        **ONLY,
    ),
    case(
        "where the workspace passes alone nothing is written",
        [TENANT, RULED, put(ACCOUNT, f"{ACLS}.bypass", "None")],
        [],
        met="ST-RIR-01 ST-TRUST-01",
        **ONLY,
    ),
    case(
        "going back leaves the rule, with which the workspace passes",
        [TENANT, RULED, put(ACCOUNT, f"{ACLS}.bypass", "None")],
        [],
        met="ST-TRUST-01",
    ),
    case(
        "datastores that sign in by a key that is switched off are told of",
        [KEYLESS],
        [Advice("KeysSwitchedOff", ACCOUNT, "WS-DSAUTH-01")],
        violated="WS-DSAUTH-01",
    ),
    case(
        "those that sign in as identities need no key",
        [KEYLESS, put(WORKSPACE, "properties.systemDatastoresAuthMode", "identity")],
        [],
        met="WS-DSAUTH-01",
    ),
    *(
        case(
            f"an account of kind {kind} has no endpoint for {part}, and says so",
            [of_kind(kind), gone(ENDPOINT[part], GROUP_OF[part])],
            [
                Finding("StorageKindUnsupported", ACCOUNT, "ST-KIND-01"),
                Waits("Create", ENDPOINT[part], f"{ACCOUNT.short} has a sub-resource {part}"),
                Waits("Create", GROUP_OF[part], f"{ACCOUNT.short} has a sub-resource {part}"),
            ],
            violated="ST-KIND-01",
        )
        for kind, part in (("BlobStorage", "file"), ("BlockBlobStorage", "file"), ("FileStorage", "blob"))
    ),
    case(
        "an endpoint that the kind has is made",
        [of_kind("BlockBlobStorage"), gone(ENDPOINT["blob"], GROUP_OF["blob"])],
        [
            Write("Create", ENDPOINT["blob"], endpoint_request(TARGETS["blob"])),
            Waits("Create", GROUP_OF["blob"], ENDPOINT["blob"]),
        ],
        met="ST-KIND-01",
    ),
]


@pytest.mark.parametrize("row", SETTINGS)
def test_what_else_is_set_of_an_account(row: Case) -> None:
    """Each by a write of its own, and only where the spec asks for it."""
    check(row)


@pytest.mark.parametrize("row", CASES)
def test_the_default_account(row: Case) -> None:
    """Every difference is repaired by the narrowest patch, and nothing else is touched."""
    check(row)


@pytest.mark.parametrize("row", FURTHER)
def test_further_accounts(row: Case) -> None:
    """What holds for the default account holds for every other one."""
    check(row)


@pytest.mark.parametrize(
    ("account_id", "advice"),
    [
        pytest.param(
            ACCOUNT,
            "The workspace names it; restore it, or make the workspace anew.",
            id="its own",
        ),
        pytest.param(
            LAKE,
            "Correct spec.storage.additionalAccounts, which names it, or restore the account.",
            id="one of the spec",
        ),
    ],
)
def test_who_names_an_account_that_is_gone_is_said(account_id: ResourceId, advice: str) -> None:
    """A typing error in the spec is no reason to make a workspace anew."""
    parts = {"storage": {"additionalAccounts": [{"accountID": LAKE.text}]}}
    changes = [added(account(LAKE)), LAKE_SERVED, gone(account_id)]
    evaluation = judge_all(SecureWorkspaces().declare(spec(**parts), OWNER), world(*changes))
    found = [problem for said in evaluation.composed for problem in said.problems]
    assert {(each.reason, each.advice) for each in found if each.target == account_id} == {
        ("StorageNotFound", advice),
        ("StorageNotFound", advice),
    }
