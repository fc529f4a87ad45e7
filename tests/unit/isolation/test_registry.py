"""The workspace's registry: Premium or reported, closed to the internet, images built by a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.bodies import (
    ENDPOINT,
    ETAG,
    GROUP_OF,
    MARK,
    NETWORK,
    OWNER,
    REGISTRY,
    REGISTRY_ZONE,
    SUBNET,
    TARGETS,
    WORKSPACE,
    ZONE,
    added,
    body,
    drop,
    endpoint_request,
    gone,
    network,
    put,
    sent_back,
    spec,
    subnet,
    unreadable,
    world,
)
from tests.unit.isolation.telling import (
    Advice,
    Case,
    Finding,
    Waits,
    Works,
    Write,
    case,
    check,
    judge_all,
    told,
)

from secureml_reconcilers.engine.blocks import Remembered
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body

RULES = "properties.networkRuleSet"
OTHERS = [{"value": "198.51.100.0/24", "action": "Allow"}]
OURS = {"value": "203.0.113.0/24", "action": "Allow"}
MORE = Advice("UndeclaredFirewallRule", REGISTRY, "ACR-LIMIT-01")
OPEN = put(REGISTRY, "properties.publicNetworkAccess", "Enabled")
BASIC = put(REGISTRY, "sku", {"name": "Basic", "tier": "Basic"})
NO_REGISTRY = put(WORKSPACE, "properties.containerRegistry", None)
SHARED = {
    "name": "Acr",
    "properties": {
        "privateLinkResourceId": f"{REGISTRY.text}/privateLinkResources/registry",
        "groupId": "registry",
    },
}
REPLICA_ID = REGISTRY.child("replications", "northeurope")
REPLICA = added(body(REPLICA_ID, location="North Europe"))
HOME = added(body(REGISTRY.child("replications", "westeurope"), location="West Europe"))


ROOM = f"subnet {SUBNET.name} has room"
MADE = [
    Write("Create", ENDPOINT["registry"], endpoint_request(TARGETS["registry"])),
    Waits("Create", GROUP_OF["registry"], ENDPOINT["registry"]),
]
FULL = [
    Finding("SubnetFull", NETWORK, "WS-PE-01"),
    Waits("Create", ENDPOINT["registry"], ROOM),
    Waits("Create", GROUP_OF["registry"], ROOM),
]


def born(public: str) -> Body:
    """What a new registry is made of."""
    properties = {
        "publicNetworkAccess": public,
        "networkRuleSet": {"defaultAction": "Deny"},
        "networkRuleBypassOptions": "AzureServices",
    }
    mark = {"managed-by": "secureml-operator", "secureml-owner": OWNER}
    return {"location": "westeurope", "sku": {"name": "Premium"}, "tags": mark, "properties": properties}


CASES = [
    case(
        "a closed registry is left alone",
        [],
        [],
        met="ACR-SKU-01 ACR-LIMIT-01 ACR-TRUST-01 ACR-PNA-01 ACR-FIND-01 ACR-EXIST-01 ACR-BUILD-01 ACR-BUILD-02",
    ),
    case(
        "a registry that answers the internet is closed",
        [put(REGISTRY, "properties.publicNetworkAccess", "Enabled")],
        [Write("Update", REGISTRY, {"properties": {"publicNetworkAccess": "Disabled"}})],
        violated="ACR-PNA-01",
    ),
    case(
        "a registry that shows none of it is open, and trusts services",
        [
            drop(REGISTRY, "properties.publicNetworkAccess"),
            drop(REGISTRY, RULES),
            drop(REGISTRY, "properties.networkRuleBypassOptions"),
        ],
        [
            Write("Update", REGISTRY, {"properties": {"publicNetworkAccess": "Disabled"}}),
            Waits("Update", REGISTRY, REGISTRY),
        ],
        violated="ACR-LIMIT-01 ACR-PNA-01",
    ),
    case(
        "a registry that lets everybody in by default denies, and others' rules stay",
        [put(REGISTRY, f"{RULES}.defaultAction", "Allow"), put(REGISTRY, f"{RULES}.ipRules", OTHERS)],
        [
            Write(
                "Update",
                REGISTRY,
                {"properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": OTHERS}}},
            )
        ],
        violated="ACR-LIMIT-01",
    ),
    case(
        "trusted services are let in",
        [put(REGISTRY, "properties.networkRuleBypassOptions", "None")],
        [
            Write("Update", REGISTRY, {"properties": {"networkRuleBypassOptions": "AzureServices"}}),
        ],
        violated="ACR-TRUST-01",
    ),
    case(
        "addresses are let in beside others'",
        [put(REGISTRY, "properties.publicNetworkAccess", "Enabled"), put(REGISTRY, f"{RULES}.ipRules", OTHERS)],
        [
            MORE,
            Write(
                "Update",
                REGISTRY,
                {
                    "properties": {
                        "networkRuleSet": {
                            "defaultAction": "Deny",
                            "ipRules": [*OTHERS, OURS],
                        },
                    }
                },
            ),
        ],
        violated="ACR-LIMIT-01",
        containerRegistry={"allowedIPRanges": ["203.0.113.0/24"]},
    ),
    case(
        "a registry that is off is never switched on, and somebody must",
        [put(REGISTRY, f"{RULES}.ipRules", [OURS])],
        [Finding("PublicAccessDisabled", REGISTRY)],
        containerRegistry={"allowedIPRanges": ["203.0.113.0/24"]},
    ),
    case(
        "an address that the spec does not name stays, and is told of",
        [
            put(REGISTRY, "properties.publicNetworkAccess", "Enabled"),
            put(REGISTRY, f"{RULES}.ipRules", [*OTHERS, OURS]),
        ],
        [MORE],
        violated="ACR-LIMIT-01",
        containerRegistry={"allowedIPRanges": ["203.0.113.0/24"]},
    ),
    case(
        "a Basic registry is reported, and nothing that needs Premium is written to it",
        [
            put(REGISTRY, "sku", {"name": "Basic", "tier": "Basic"}),
            put(REGISTRY, "properties.publicNetworkAccess", "Enabled"),
            put(REGISTRY, "properties.privateEndpointConnections", []),
            gone(ENDPOINT["registry"]),
        ],
        [
            Finding("RegistryNotPremium", REGISTRY, "ACR-SKU-01"),
            Waits("Create", ENDPOINT["registry"], "registries/fraudimages is Premium"),
            Waits("Create", GROUP_OF["registry"], "registries/fraudimages is Premium"),
            Waits("Update", REGISTRY, "registries/fraudimages is Premium"),
        ],
        violated="ACR-SKU-01",
    ),
    case(
        "a workspace that has no registry yet waits for none",
        [put(WORKSPACE, "properties.containerRegistry", None)],
        [Advice("NoRegistry", WORKSPACE, "ACR-EXIST-01")],
        violated="ACR-EXIST-01",
    ),
    case(
        "a registry that the workspace names and that is gone is reported",
        [gone(REGISTRY)],
        [Finding("RegistryNotFound", REGISTRY)],
        violated="ACR-FIND-01",
    ),
    case(
        "a registry that may not be read is not taken for absent",
        [unreadable(REGISTRY)],
        [Finding("Forbidden")],
    ),
    case(
        "a workspace without build compute is told that nothing builds its images",
        [put(WORKSPACE, "properties.imageBuildCompute", None)],
        [Advice("NoImageBuildCompute", WORKSPACE, "ACR-BUILD-02")],
        violated="ACR-BUILD-01 ACR-BUILD-02",
    ),
    case(
        "the data endpoint's record counts: where it is missing, the group writes both again",
        [gone(ZONE[REGISTRY_ZONE].child("A", "fraudimages.westeurope.data"))],
        [
            Write(
                "Update",
                GROUP_OF["registry"],
                {"properties": {"privateDnsZoneConfigs": sent_back(GROUP_OF["registry"], ZONE[REGISTRY_ZONE])}},
                ETAG,
            )
        ],
        violated="ACR-DATA-01",
    ),
    case(
        "a Basic registry is upgraded where the spec allows it, and all else follows",
        [BASIC, OPEN, put(REGISTRY, "properties.privateEndpointConnections", []), gone(ENDPOINT["registry"])],
        [
            Write("Update", REGISTRY, {"sku": {"name": "Premium"}}),
            Waits("Create", ENDPOINT["registry"], REGISTRY),
            Waits("Create", GROUP_OF["registry"], REGISTRY),
            Waits("Update", REGISTRY, REGISTRY),
        ],
        violated="ACR-SKU-01",
        containerRegistry={"upgradeToPremium": True},
    ),
    case(
        "a Premium one costs what it cost",
        [],
        [],
        met="ACR-SKU-01",
        containerRegistry={"upgradeToPremium": True},
    ),
    case(
        "a registry that exists is named on a workspace that has none",
        [NO_REGISTRY],
        [Write("Update", WORKSPACE, {"properties": {"containerRegistry": REGISTRY.text}})],
        violated="ACR-EXIST-01 ACR-FIND-01",
        containerRegistry={"registryID": REGISTRY.text},
    ),
    case(
        "a workspace that has a registry gets no other one",
        [],
        [],
        met="ACR-EXIST-01",
        containerRegistry={"registryID": f"{REGISTRY.text}2", "create": True},
    ),
    case(
        "a registry that does not exist is reported, and not made unasked",
        [NO_REGISTRY, gone(REGISTRY)],
        [Finding("RegistryNotFound", REGISTRY)],
        violated="ACR-EXIST-01",
        containerRegistry={"registryID": REGISTRY.text},
    ),
    case(
        "where the spec says so it is made, closed from the start, and then named",
        [NO_REGISTRY, gone(REGISTRY)],
        [
            Write("Create", REGISTRY, born(public="Disabled")),
            Waits("Update", WORKSPACE, REGISTRY),
        ],
        violated="ACR-EXIST-01",
        containerRegistry={"registryID": REGISTRY.text, "create": True},
    ),
    case(
        "one that is to let addresses in denies everybody else from the start",
        [NO_REGISTRY, gone(REGISTRY)],
        [Write("Create", REGISTRY, born(public="Enabled")), Waits("Update", WORKSPACE, REGISTRY)],
        containerRegistry={"registryID": REGISTRY.text, "create": True, "allowedIPRanges": ["203.0.113.7"]},
    ),
    case(
        "one that we made is named once it is ready",
        [NO_REGISTRY, put(REGISTRY, "tags", MARK), put(REGISTRY, "properties.provisioningState", "Creating")],
        [Works(REGISTRY), Waits("Update", WORKSPACE, REGISTRY)],
        containerRegistry={"registryID": REGISTRY.text, "create": True},
    ),
    case(
        "subnets that come by service endpoint are told of before they lose their way",
        [OPEN, put(REGISTRY, f"{RULES}.virtualNetworkRules", [{"id": SUBNET.text, "action": "Allow"}])],
        [
            Advice("RegistryServiceEndpoints", REGISTRY, "ACR-MODE-01"),
            Write("Update", REGISTRY, {"properties": {"publicNetworkAccess": "Disabled"}}),
        ],
        violated="ACR-MODE-01",
    ),
    case(
        "so is what lets build tasks pass",
        [put(REGISTRY, "properties.networkRuleBypassAllowedForTasks", value=True)],
        [Advice("UndeclaredFirewallRule", REGISTRY, "ACR-TASK-01")],
        violated="ACR-TASK-01",
    ),
    case(
        "and the shared private link of old templates",
        [put(WORKSPACE, "properties.sharedPrivateLinkResources", [SHARED])],
        [Advice("SharedPrivateLink", WORKSPACE, "ACR-SPL-01")],
        violated="ACR-SPL-01 ACR-SPL-02",
    ),
    case(
        "a registry as it should be has none of these",
        [put(REGISTRY, "properties.networkRuleBypassAllowedForTasks", value=False)],
        [],
        met="ACR-MODE-01 ACR-TASK-01 ACR-SPL-01 ACR-SPL-02",
    ),
    *(
        case(
            sentence,
            [
                put(REGISTRY, "properties.privateEndpointConnections", []),
                gone(ENDPOINT["registry"], GROUP_OF["registry"]),
                added(network(NETWORK, subnet(SUBNET, "10.20.0.0/28", ipConfigurations=[{}] * (11 - free)))),
                *changes,
            ],
            MADE if fits else FULL,
            **{"met" if fits else "violated": "ACR-DATA-01"},
        )
        for sentence, free, changes, fits in (
            ("an endpoint takes an address for the registry and one for its region", 2, [], True),
            ("and one more for each replica", 2, [REPLICA], False),
            ("which fits where there is room", 3, [REPLICA], True),
            ("the home region counts once, as Azure lists it too", 2, [HOME], True),
            ("replicas that may not be read are taken for none", 2, [unreadable(REPLICA_ID)], True),
        )
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_the_registry(row: Case) -> None:
    """Every difference is repaired by the narrowest patch, and nothing else is touched."""
    check(row)


def test_a_registry_that_we_made_is_never_deleted() -> None:
    """It holds images: it is kept, and said to be."""
    inventory = (REGISTRY,)
    removal = SecureWorkspaces().remove(spec(deletionPolicy="Delete"), OWNER, Remembered((REGISTRY.text,)))
    evaluation = judge_all(removal, world(put(REGISTRY, "tags", MARK)), inventory)
    assert told(evaluation) == (Advice("Kept", REGISTRY),)
