"""What is told of the estate and holds nothing up: shown anyway, or asked for by `spec.advice: Full`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.asking import batches
from tests.unit.isolation.bodies import (
    ACCOUNT,
    GROUP,
    NETWORK,
    NETWORK_GROUP,
    OWNER,
    SUBNET,
    SUBSCRIPTION,
    VAULT,
    WORKSPACE,
    added,
    body,
    gone,
    network,
    put,
    spec,
    subnet,
    unreadable,
    world,
)
from tests.unit.isolation.telling import Advice, Case, case, check

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.questions import Resource
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Body, Change

FULL: dict[str, Any] = {"advice": "Full"}
TABLE = NETWORK_GROUP.resource("Microsoft.Network/routeTables", "ml-routes")
INSIGHTS = GROUP.resource("Microsoft.Insights/components", "fraud-insights")
SCOPE = GROUP.resource("Microsoft.Insights/privateLinkScopes", "monitoring")
REGION = resource_id(f"{SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope")


def route(name: str, prefix: str, hop: str = "VirtualAppliance") -> Body:
    """A route of the endpoint subnet's table."""
    return {"name": name, "properties": {"addressPrefix": prefix, "nextHopType": hop}}


def routed(*routes: Body, policies: str = "Disabled") -> tuple[Change, ...]:
    """The endpoint subnet has a table with these routes."""
    shown = {"routeTable": {"id": TABLE.text}, "privateEndpointNetworkPolicies": policies}
    return added(subnet(**shown)), added(body(TABLE, properties={"routes": list(routes)}))


def offered(*types: str) -> Change:
    """What the region offers private endpoints for."""
    return added(
        *(
            body(
                REGION.child("availablePrivateEndpointTypes", kind.replace("/", ".")),
                properties={},
                resourceName=kind,
            )
            for kind in types
        )
    )


def network_with(*subnets: Body, **properties: Any) -> Change:  # noqa: ANN401 - JSON
    """The network with these subnets besides the endpoints'."""
    shown = network(NETWORK, subnet(), *subnets)
    shown["properties"].update({"virtualNetworkPeerings": [], **properties})
    return added(shown)


def peered(*, gateways: bool) -> Change:
    """The network is peered with a hub."""
    return network_with(virtualNetworkPeerings=[{"name": "hub", "properties": {"useRemoteGateways": gateways}}])


def named(name: str, **properties: Any) -> Body:  # noqa: ANN401 - JSON
    """A subnet of the network by name."""
    return subnet(NETWORK.child("subnets", name), "10.20.9.0/24", **properties)


def scope(query: str = "Open", ingestion: str = "Open") -> Body:
    """A private link scope of Azure Monitor."""
    modes = {"queryAccessMode": query, "ingestionAccessMode": ingestion, "exclusions": []}
    return body(SCOPE, location="Global", properties={"accessModeSettings": modes})


def insights(*scopes: str, **properties: Any) -> tuple[Change, ...]:  # noqa: ANN401 - JSON
    """The workspace's Application Insights, in these scopes."""
    listed = [{"ResourceId": each, "ScopeId": "7f1b"} for each in scopes]
    shown = {"IngestionMode": "LogAnalytics", "WorkspaceResourceId": "/x", "PrivateLinkScopedResources": listed}
    return (
        put(WORKSPACE, "properties.applicationInsights", INSIGHTS.text),
        added(body(INSIGHTS, kind="web", properties={**shown, **properties})),
    )


def online(name: str, access: str) -> Body:
    """A managed online endpoint."""
    return body(WORKSPACE.child("onlineEndpoints", name), properties={"publicNetworkAccess": access})


def compute(name: str, kind: str) -> Body:
    """A compute that is attached."""
    return body(WORKSPACE.child("computes", name), properties={"computeType": kind})


RESOLVER = named(
    "resolver", delegations=[{"name": "r", "properties": {"serviceName": "Microsoft.Network/dnsResolvers"}}]
)
TIDY = (
    network_with(named("AzureBastionSubnet")),
    *routed(route("out", "0.0.0.0/0")),
    offered("Microsoft.Storage/storageAccounts", "Microsoft.MachineLearningServices/workspaces"),
)
"""An estate of which nothing need be said."""

OPEN: dict[str, Any] = {"publicAccess": {"workspace": "Enabled"}}
LEFT_OPEN = Advice("PublicAccessAllowed", WORKSPACE, "WS-PE-03")
PUBLIC = Advice("StaysPublic", WORKSPACE, "GEN-CP-01")
NO_WAY_IN = Advice("NoWayIn", NETWORK, "GEN-DEV-01")
FORWARD = Advice("SitesNeedForwarding", NETWORK, "GEN-CON-04")
NO_FIREWALL = Advice("NoFirewallInFront", SUBNET, "FW-01")
OVER = Advice("RouteOverEndpoints", SUBNET, "UDR-10")
OBEYED = Advice("SecurityGroupApplies", SUBNET, "WS-PE-02")
MANAGED = Advice("ManagedNetworkEnabled", WORKSPACE, "WS-MNET-01")
WAYS = "GEN-DEV-01 GEN-CON-01 GEN-CON-02 GEN-CON-03"

BRIEF = [
    case("nothing is said of an ordinary estate", [], [], met=f"{WAYS} GEN-CON-04 GEN-CP-01 GEN-BROWSER-01 FW-01"),
    case(
        "a managed network that is not there yet is told of",
        [put(WORKSPACE, "properties.managedNetwork", {"isolationMode": "AllowInternetOutbound"})],
        [MANAGED, Advice("ManagedNetworkNotProvisioned", WORKSPACE, "WS-MNET-02")],
        violated="WS-MNET-02",
    ),
    case(
        "one that is there is not",
        [
            put(
                WORKSPACE,
                "properties.managedNetwork",
                {"isolationMode": "AllowInternetOutbound", "status": {"status": "Active"}},
            )
        ],
        [MANAGED],
        met="WS-MNET-02",
    ),
    case(
        "a perimeter around the vault counts in place of its bypass",
        [put(VAULT, "properties.publicNetworkAccess", "SecuredByPerimeter")],
        [Advice("SecuredByPerimeter", VAULT, "KV-BYP-01")],
        violated="KV-BYP-01",
    ),
    case(
        "and one around the account",
        [put(ACCOUNT, "properties.publicNetworkAccess", "SecuredByPerimeter")],
        [Advice("SecuredByPerimeter", ACCOUNT, "ST-TRUST-01")],
    ),
    case(
        "a route as long as the network's prefix leads past the endpoints where policies include routes",
        routed(route("hub", "10.20.0.0/16"), policies="RouteTableEnabled"),
        [OVER, OBEYED],
        violated="UDR-10",
    ),
    case(
        "a shorter one does not",
        routed(route("hub", "10.0.0.0/8"), policies="RouteTableEnabled"),
        [OBEYED],
        met="UDR-10",
    ),
    case(
        "nor one to somewhere else, or to a service tag",
        routed(route("lab", "10.99.0.0/16"), route("tag", "AzureMonitor"), policies="Enabled"),
        [OBEYED],
        met="UDR-10",
    ),
    case("nor any where policies leave routes out", routed(route("hub", "10.20.0.0/24")), [], met="UDR-10"),
    case(
        "routes that cannot be read are no clean bill",
        [*routed(policies="Enabled"), unreadable(TABLE)],
        [Advice("AdviceIncomplete", WORKSPACE), OBEYED],
    ),
]

EVERYTHING = [
    case(
        "of a tidy estate only what no endpoint covers is told",
        TIDY,
        [PUBLIC],
        met=f"{WAYS} GEN-CON-04 FW-01 WS-REG-01 ACR-REG-01 WS-AMPLS-01 WS-ENDPT-01 WS-SYN-01",
        violated="GEN-CP-01 GEN-BROWSER-01",
        **FULL,
    ),
    case(
        "not even that where the workspace stays open",
        TIDY,
        [LEFT_OPEN],
        met="GEN-CP-01 GEN-BROWSER-01",
        **FULL,
        **OPEN,
    ),
    case(
        "a network that nobody gets into",
        [*TIDY, network_with()],
        [PUBLIC, NO_WAY_IN],
        violated=WAYS,
        **FULL,
    ),
    case(
        "one that is peered may be got into from there",
        [
            *TIDY,
            peered(gateways=False),
        ],
        [PUBLIC],
        met=WAYS,
        **FULL,
    ),
    case(
        "sites behind its gateway have nothing to forward names to",
        [*TIDY, network_with(named("GatewaySubnet"))],
        [PUBLIC, FORWARD],
        met=WAYS,
        violated="GEN-CON-04",
        **FULL,
    ),
    case(
        "nor those behind the gateway of a peered network",
        [*TIDY, peered(gateways=True)],
        [PUBLIC, FORWARD],
        violated="GEN-CON-04",
        **FULL,
    ),
    case(
        "a resolver in the network is something to forward to",
        [*TIDY, network_with(named("GatewaySubnet"), RESOLVER)],
        [PUBLIC],
        met="GEN-CON-04",
        **FULL,
    ),
    case(
        "no route leads to a firewall",
        [*TIDY, *routed(route("out", "0.0.0.0/0", "Internet"))],
        [PUBLIC, NO_FIREWALL],
        violated="FW-01",
        **FULL,
    ),
    case(
        "the subnet has no routes at all",
        [*TIDY, added(subnet())],
        [PUBLIC, NO_FIREWALL],
        violated="FW-01",
        **FULL,
    ),
    case(
        "the region offers no private endpoints for workspaces",
        [*TIDY, gone(REGION), offered("Microsoft.Storage/storageAccounts")],
        [PUBLIC, Advice("PrivateLinkNotOffered", WORKSPACE, "WS-REG-01")],
        violated="WS-REG-01 ACR-REG-01",
        **FULL,
    ),
    case(
        "a region that lists nothing is not taken for one that offers nothing",
        [*TIDY, gone(REGION)],
        [PUBLIC],
        **FULL,
    ),
    case(
        "insights that keep their data themselves",
        [*TIDY, *insights(WorkspaceResourceId=None)],
        [PUBLIC, Advice("InsightsNotWorkspaceBased", INSIGHTS, "WS-AMPLS-01")],
        violated="WS-AMPLS-01",
        **FULL,
    ),
    case(
        "a scope of Azure Monitor that is open",
        [*TIDY, *insights(f"{SCOPE}/scopedResources/fraud-insights"), added(scope())],
        [PUBLIC],
        met="WS-AMPLS-01",
        **FULL,
    ),
    case(
        "one that takes queries from inside only",
        [*TIDY, *insights(f"{SCOPE}/scopedResources/fraud-insights"), added(scope(query="PrivateOnly"))],
        [PUBLIC, Advice("MonitorScopeNotOpen", SCOPE, "WS-AMPLS-01")],
        violated="WS-AMPLS-01",
        **FULL,
    ),
    case(
        "one that Azure names by itself",
        [*TIDY, *insights(SCOPE.text), added(scope(ingestion="PrivateOnly"))],
        [PUBLIC, Advice("MonitorScopeNotOpen", SCOPE, "WS-AMPLS-01")],
        **FULL,
    ),
    case(
        "one that may not be read",
        [*TIDY, *insights(SCOPE.text), unreadable(SCOPE)],
        [PUBLIC, Advice("AdviceIncomplete", WORKSPACE)],
        **FULL,
    ),
    case(
        "an online endpoint that answers the internet",
        [*TIDY, added(online("scores", "Enabled"), online("inner", "Disabled"))],
        [PUBLIC, Advice("OnlineEndpointPublic", WORKSPACE, "WS-ENDPT-01")],
        violated="WS-ENDPT-01",
        **FULL,
    ),
    case("one that does not", [*TIDY, added(online("inner", "Disabled"))], [PUBLIC], met="WS-ENDPT-01", **FULL),
    case(
        "a linked Synapse pool",
        [*TIDY, added(compute("spark", "SynapseSpark"), compute("prod", "Kubernetes"))],
        [PUBLIC, Advice("SynapseLinked", WORKSPACE, "WS-SYN-01")],
        violated="WS-SYN-01",
        **FULL,
    ),
]


@pytest.mark.parametrize("row", BRIEF)
def test_what_shows_anyway(row: Case) -> None:
    """Told of every estate."""
    check(row)


@pytest.mark.parametrize("row", EVERYTHING)
def test_full_advice(row: Case) -> None:
    """Told where the spec asks for all of it."""
    check(row)


def asked(**parts: Any) -> set[str]:  # noqa: ANN401 - parts of the spec
    """Everything that is asked of a tidy estate."""
    composition = SecureWorkspaces().declare(spec(**parts), OWNER)
    found = world(*TIDY, *insights(SCOPE.text), added(scope()))
    return {str(question) for batch in batches(composition, found) for question in batch}


def test_brief_advice_costs_no_request() -> None:
    """Every resync of every workspace would pay for it."""
    brief, full = asked(), asked(**FULL)
    assert brief < full
    more = {str(Resource(each)) for each in (TABLE, INSIGHTS, SCOPE)}
    assert more <= full - brief
    assert len(full - brief) == len(more) + 3  # what the region offers, online endpoints, computes
