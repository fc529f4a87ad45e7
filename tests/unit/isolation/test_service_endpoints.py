"""Accounts and vaults reached by service endpoint: the subnet, then the rule, then everybody else is denied."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ENDPOINT,
    ETAG,
    GROUP_OF,
    LAKE,
    NETWORK,
    VAULT,
    WORKSPACE,
    account,
    added,
    body,
    cluster,
    gone,
    network,
    put,
    subnet,
    unreadable,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check

NODES = NETWORK.child("subnets", "nodes")
CLUSTER = WORKSPACE.child("computes", "train")
BY_RULE: dict[str, Any] = {"access": "ServiceEndpoint", "allowedSubnetIDs": [NODES.text]}
LET_IN: dict[str, Any] = {"allowedSubnetIDs": [NODES.text]}
RULES = "properties.networkAcls.virtualNetworkRules"
OURS = {"id": NODES.text, "action": "Allow"}
THEIRS = {"id": NETWORK.child("subnets", "theirs").text, "action": "Allow", "state": "Succeeded"}
DENIES = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": []}


def opened(target: Any, *rules: dict[str, str], action: str = "Allow") -> Any:  # noqa: ANN401 - JSON
    """It answers everybody, or whom these rules let in."""

    def change(answers: Any) -> None:  # noqa: ANN401 - JSON
        put(target, "properties.publicNetworkAccess", "Enabled")(answers)
        put(target, "properties.networkAcls.defaultAction", action)(answers)
        put(target, RULES, list(rules))(answers)

    return change


def nodes(*services: str) -> Any:  # noqa: ANN401 - JSON
    """The subnet of computes, with these service endpoints."""
    shown = [{"service": each, "provisioningState": "Succeeded", "locations": ["*"]} for each in services]
    return added(subnet(NODES, "10.20.4.0/22", serviceEndpoints=shown))


def written(*services: str) -> dict[str, Any]:
    """The whole subnet as it is sent back."""
    there = subnet(NODES, "10.20.4.0/22")["properties"]
    known = [{"service": each, "provisioningState": "Succeeded", "locations": ["*"]} for each in services[:-1]]
    return {"properties": {**there, "serviceEndpoints": [*known, {"service": services[-1]}]}}


def acls(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The firewall as it is written."""
    return {"properties": {"networkAcls": {"bypass": "AzureServices", "ipRules": [], **more}}}


CASES = [
    case(
        "the subnet gets its service endpoint first; its rule and the denial wait",
        [nodes(), opened(ACCOUNT)],
        [
            Write("Update", NODES, written("Microsoft.Storage"), ETAG),
            Waits("Update", ACCOUNT, NODES),
            Waits("Update", ACCOUNT, ACCOUNT),
        ],
        violated="ST-SE-01 GEN-SEPE-01 OPS-03 OPS-04 ST-DENY-01",
        storage=BY_RULE,
    ),
    case(
        "others' endpoints of the subnet stay",
        [nodes("Microsoft.KeyVault"), opened(ACCOUNT, OURS, action="Deny")],
        [Write("Update", NODES, written("Microsoft.KeyVault", "Microsoft.Storage"), ETAG)],
        violated="ST-SE-01",
        storage=BY_RULE,
    ),
    case(
        "then the account lets the subnet in, beside others'",
        [nodes("Microsoft.Storage"), opened(ACCOUNT, THEIRS)],
        [
            Advice("UndeclaredFirewallRule", ACCOUNT, "ST-IP-01"),
            Write("Update", ACCOUNT, acls(defaultAction="Allow", virtualNetworkRules=[THEIRS, OURS])),
            Waits("Update", ACCOUNT, ACCOUNT),
        ],
        violated="ST-SE-01 ST-DENY-01",
        storage=BY_RULE,
    ),
    case(
        "then it denies everybody else, and its public address stays",
        [nodes("Microsoft.Storage"), opened(ACCOUNT, OURS)],
        [Write("Update", ACCOUNT, acls(defaultAction="Deny", virtualNetworkRules=[OURS]))],
        met="ST-SE-01",
        violated="ST-DENY-01",
        storage=BY_RULE,
    ),
    case(
        "and that is all: no endpoint is asked for",
        [
            nodes("microsoft.storage"),
            opened(ACCOUNT, OURS, action="Deny"),
            gone(ENDPOINT["blob"], ENDPOINT["file"], GROUP_OF["blob"], GROUP_OF["file"]),
        ],
        [],
        met="ST-SE-01 GEN-SEPE-01 OPS-03 OPS-04 ST-DENY-01 ST-MODE-01 ST-VNET-01",
        storage=BY_RULE,
    ),
    case(
        "a subnet that reaches storage of every region needs no other endpoint",
        [nodes("Microsoft.Storage.Global"), opened(ACCOUNT, OURS, action="Deny")],
        [],
        met="ST-SE-01",
        storage=BY_RULE,
    ),
    case(
        "a subnet of another region gets the endpoint that reaches every region",
        [
            nodes(),
            added(network(NETWORK, subnet(NETWORK.child("subnets", "endpoints")), location="northeurope")),
            opened(ACCOUNT, OURS, action="Deny"),
        ],
        [Write("Update", NODES, written("Microsoft.Storage.Global"), ETAG)],
        violated="ST-SE-01",
        storage=BY_RULE,
    ),
    case(
        "public access that is off is never switched on, and the author is told that rules have no effect",
        [nodes("Microsoft.Storage"), put(ACCOUNT, RULES, [OURS])],
        [Finding("PublicAccessDisabled", ACCOUNT)],
        storage=BY_RULE,
    ),
    case(
        "a subnet that is not there is reported, and the account stays open as an error",
        [opened(ACCOUNT)],
        [
            Finding("SubnetNotFound", NODES, "ST-SE-01"),
            Waits("Update", ACCOUNT, f"{NODES.short} shows Microsoft.Storage where it comes from"),
            Waits("Update", ACCOUNT, ACCOUNT),
        ],
        storage=BY_RULE,
    ),
    case(
        "one that may not be read is not taken for absent",
        [unreadable(NODES), opened(ACCOUNT, OURS, action="Deny")],
        [Finding("Forbidden", NODES, "ST-SE-01")],
        storage=BY_RULE,
    ),
    case(
        "computes outside of the subnets are told of before they lose their data",
        [nodes("Microsoft.Storage"), opened(ACCOUNT, OURS, action="Deny"), added(cluster(CLUSTER))],
        [Advice("ComputesShutOut", ACCOUNT, "ST-VNET-01")],
        violated="ST-VNET-01 ST-MODE-01",
        storage=BY_RULE,
    ),
    case(
        "those inside are in order",
        [
            nodes("Microsoft.Storage"),
            opened(ACCOUNT, OURS, action="Deny"),
            added(
                body(
                    CLUSTER, properties={"computeType": "AmlCompute", "properties": {"subnet": {"id": NODES.text}}}
                )
            ),
        ],
        [],
        met="ST-VNET-01",
        storage=BY_RULE,
    ),
    case(
        "each account has its own way: the default one its endpoints, a further one its rule",
        [
            nodes("Microsoft.Storage"),
            opened(ACCOUNT, OURS, action="Deny"),
            added(account(LAKE, publicNetworkAccess="Enabled", networkAcls=DENIES)),
        ],
        [Write("Update", LAKE, acls(defaultAction="Deny", virtualNetworkRules=[OURS]))],
        violated="ST-SE-01",
        storage={**LET_IN, "additionalAccounts": [{"accountID": LAKE.text, "access": "ServiceEndpoint"}]},
    ),
    case(
        "a vault is let in the same way, after its own kind of endpoint",
        [nodes("Microsoft.Storage"), opened(VAULT), gone(ENDPOINT["vault"], GROUP_OF["vault"])],
        [
            Write("Update", NODES, written("Microsoft.Storage", "Microsoft.KeyVault"), ETAG),
            Waits("Update", VAULT, NODES),
            Waits("Update", VAULT, VAULT),
        ],
        violated="KV-NET-01 KV-LAG-01",
        keyVault=BY_RULE,
    ),
    case(
        "and denies everybody else",
        [nodes("Microsoft.KeyVault"), opened(VAULT, {"id": NODES.text}, action="Deny")],
        [],
        met="KV-NET-01 KV-LAG-01 KV-BYP-01",
        keyVault=BY_RULE,
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_service_endpoints(row: Case) -> None:
    """In any other order whoever works in the subnet loses the service, or Azure refuses the rule."""
    check(row)
