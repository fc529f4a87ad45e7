"""The table of estates: how each was set up, what is said of it, what stays open, and what is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.integration.engine import alice
from tests.integration.engine import estates as made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _pytest.mark.structures import ParameterSet
    from tests.integration.engine.estates import Act

EVERY: Final = frozenset({"workspaces", "storageAccounts", "vaults", "registries"})
PLAIN: Final = {
    "PUT privateendpoints": 5,
    "PUT privatednszones": 6,
    "PUT virtualnetworklinks": 6,
    "PUT privatednszonegroups": 5,
    "PATCH storageaccounts": 2,
    "PATCH registries": 2,
    "PATCH vaults": 2,
    "PATCH workspaces": 1,
}
"""What a plain convergence writes: a service with a firewall is closed first, and then denies."""

NOT_CLOSED: Final = {each: 0 for each in PLAIN if each.startswith("PATCH")}
NOTHING: Final = dict.fromkeys(PLAIN, 0)
ALL: Final = "workspaces storageAccounts vaults registries"
OPEN: Final = dict.fromkeys(
    ("KeyVaultIsolated", "StorageIsolated", "RegistryIsolated", "PublicAccessClosed"), "Exposed"
)


@dataclass(frozen=True)
class Estate:
    """One row."""

    setup: Act
    said: Mapping[str, str]
    """By type, the reason of every aspect that is not met; none where it is Ready."""

    closed: frozenset[str]
    writes: Mapping[str, int]
    """Requests that Azure took, by verb and type."""

    spec: Mapping[str, Any] = field(default_factory=dict)


def row(
    sentence: str,
    setup: Act,
    said: Mapping[str, str],
    left: str = "",
    unlike: Mapping[str, int] = MappingProxyType({}),
    **spec: Any,  # noqa: ANN401 - JSON
) -> ParameterSet:
    """One row; `left` names what stays open, `unlike` what is written otherwise than in a plain convergence."""
    counts = {name: count for name, count in {**PLAIN, **unlike}.items() if count}
    return pytest.param(Estate(setup, said, EVERY - frozenset(left.split()), counts, spec), id=sentence)


ROWS: Final = [
    row(
        "hub zones in a group of its own, linked to the network",
        made.all_of(
            made.has_group("hub"), made.has_zones("hub", *made.NAMES, linked="ml-vnet", policy="NxDomainRedirect")
        ),
        {},
        "",
        {"PUT privatednszones": 0, "PUT virtualnetworklinks": 0},
        dns={"mode": "Existing", "zoneResourceGroupID": f"{made.GROUPS}/hub"},
    ),
    row(
        "hub zones, and links that do not fall back",
        made.all_of(made.has_group("hub"), made.has_zones("hub", *made.NAMES, linked="ml-vnet")),
        {},
        "",
        {"PUT privatednszones": 0, "PUT virtualnetworklinks": 0},
        dns={"zoneResourceGroupID": f"{made.GROUPS}/hub"},
    ),
    row(
        "a DNS server in a hub that is peered",
        made.all_of(made.has_network("hub", 30), made.peered("ml-vnet", "hub"), made.asks("10.30.0.4")),
        {},
        dns={"serverNetworkIDs": [made.network("hub")]},
    ),
    row(
        "a DNS server in a hub that is not peered",
        made.all_of(made.has_network("hub", 30), made.asks("10.30.0.4")),
        {**OPEN, "NamesResolved": "CustomDNSServer"},
        ALL,
        {**NOT_CLOSED, "PUT virtualnetworklinks": 0},
        dns={"serverNetworkIDs": [made.network("hub")]},
    ),
    row(
        "a DNS server in a hub that nobody named",
        made.all_of(made.has_network("hub", 30), made.peered("ml-vnet", "hub"), made.asks("10.30.0.4")),
        {**OPEN, "NamesResolved": "CustomDNSServer"},
        ALL,
        {**NOT_CLOSED, "PUT virtualnetworklinks": 0},
    ),
    row(
        "a DNS server that is nowhere in Azure",
        made.asks("192.168.1.1"),
        {**OPEN, "NamesResolved": "CustomDNSServer"},
        ALL,
        {**NOT_CLOSED, "PUT virtualnetworklinks": 0},
    ),
    row(
        "two DNS servers of which one is unknown",
        made.all_of(
            made.has_network("hub", 30), made.peered("ml-vnet", "hub"), made.asks("10.30.0.4", "192.168.1.1")
        ),
        {**OPEN, "NamesResolved": "CustomDNSServer"},
        ALL,
        {**NOT_CLOSED, "PUT virtualnetworklinks": 0},
        dns={"serverNetworkIDs": [made.network("hub")]},
    ),
    row("Azure's own DNS server named by its address", made.asks("168.63.129.16"), {}),
    row(
        "clients in a network that is peered",
        made.all_of(made.has_network("desks", 40), made.peered("desks", "ml-vnet")),
        {},
        "",
        {"PUT virtualnetworklinks": 12},
        **made.clients("desks"),
    ),
    row(
        "clients in a network that is peered one way",
        made.all_of(made.has_network("desks", 40), made.peered("desks", "ml-vnet", back=False)),
        {**OPEN, "NamesResolved": "ClientNetworkNotPeered"},
        ALL,
        NOT_CLOSED,
        **made.clients("desks"),
    ),
    row(
        "clients in a network that is not peered",
        made.has_network("desks", 40),
        {**OPEN, "NamesResolved": "ClientNetworkNotPeered"},
        ALL,
        NOT_CLOSED,
        **made.clients("desks"),
    ),
    row(
        "clients in a network whose peering lets nobody through",
        made.all_of(
            made.has_network("desks", 40), made.peered("desks", "ml-vnet", allowVirtualNetworkAccess=False)
        ),
        {**OPEN, "NamesResolved": "ClientNetworkNotPeered"},
        ALL,
        NOT_CLOSED,
        **made.clients("desks"),
    ),
    row(
        "clients in two networks of which one asks a server of its own",
        made.all_of(
            made.has_network("desks", 40),
            made.has_network("labs", 50, dhcpOptions={"dnsServers": ["10.9.9.9"]}),
            made.peered("desks", "ml-vnet"),
            made.peered("labs", "ml-vnet"),
        ),
        {**OPEN, "NamesResolved": "CustomDNSServer"},
        ALL,
        {**NOT_CLOSED, "PUT virtualnetworklinks": 12},
        **made.clients("desks", "labs"),
    ),
    row(
        "no DNS of ours at all",
        made.all_of(),
        {**OPEN, "NamesResolved": "DNSRecordsNotConfirmed"},
        ALL,
        {**NOT_CLOSED, "PUT privatednszones": 0, "PUT virtualnetworklinks": 0, "PUT privatednszonegroups": 0},
        dns={"mode": "None"},
    ),
    row(
        "a zone that leads our account elsewhere",
        made.all_of(made.has_zones("network", made.NAMES[2]), made.has_record(made.NAMES[2], "", "10.99.0.4")),
        {"NamesResolved": "DNSRecordTaken", "StorageIsolated": "Exposed"},
        "storageAccounts",
        {
            "PUT privatednszones": 5,
            "PUT virtualnetworklinks": 5,
            "PUT privatednszonegroups": 4,
            "PATCH storageaccounts": 0,
        },
    ),
    row(
        "a zone that leads somebody's account where nobody gets",
        made.all_of(
            made.has_zones("network", made.NAMES[2]), made.has_record(made.NAMES[2], "saleslake", "10.60.0.4")
        ),
        {"NamesResolved": "DNSRecordUnreachable", "StorageIsolated": "Exposed"},
        "storageAccounts",
        {"PUT privatednszones": 5, "PUT virtualnetworklinks": 5, "PATCH storageaccounts": 0},
    ),
    row(
        "a zone that holds somebody's record in our own network",
        made.all_of(
            made.has_zones("network", made.NAMES[2]), made.has_record(made.NAMES[2], "saleslake", "10.20.5.4")
        ),
        {},
        "",
        {"PUT privatednszones": 5},
    ),
    row(
        "a network linked to a zone of others in another group",
        made.all_of(made.has_group("hub"), made.has_zones("hub", made.NAMES[4], linked="ml-vnet")),
        {},
        "",
        {"PUT privatednszones": 5, "PUT virtualnetworklinks": 5},
    ),
    row(
        "an account that somebody closed by hand",
        made.is_set(alice.STORAGE, properties={"publicNetworkAccess": "Disabled"}),
        {},
        "",
        {"PATCH storageaccounts": 1},
    ),
    row(
        "a registry that somebody closed by hand",
        made.is_set(alice.REGISTRY, properties={"publicNetworkAccess": "Disabled"}),
        {},
        "",
        {"PATCH registries": 1},
    ),
    row(
        "an account that denies whom no rule names",
        made.is_set(
            alice.STORAGE,
            properties={"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]}},
        ),
        {},
        "",
        {"PATCH storageaccounts": 1},
    ),
    row(
        "an account that a perimeter guards",
        made.is_set(alice.STORAGE, properties={"publicNetworkAccess": "SecuredByPerimeter"}),
        {},
        "",
        {"PATCH storageaccounts": 1},
    ),
    row(
        "an account whose keys are switched off",
        made.is_set(alice.STORAGE, properties={"allowSharedKeyAccess": False}),
        {},
    ),
    row(
        "a vault that lets addresses of others in",
        made.is_set(
            alice.VAULT,
            properties={
                "networkAcls": {
                    "defaultAction": "Allow",
                    "bypass": "AzureServices",
                    "ipRules": [{"value": "20.1.2.3"}],
                }
            },
        ),
        {},
    ),
    row(
        "an endpoint of others that serves the vault",
        made.all_of(
            made.has_zones("network", made.NAMES[4], linked="ml-vnet"),
            made.has_endpoint(alice.VAULT, "vault"),
            made.has_zone_group(made.NAMES[4]),
        ),
        {},
        "",
        {
            "PUT privateendpoints": 4,
            "PUT privatednszones": 5,
            "PUT virtualnetworklinks": 5,
            "PUT privatednszonegroups": 4,
        },
    ),
    row(
        "an endpoint of others that writes no names",
        made.has_endpoint(alice.VAULT, "vault"),
        {"NamesResolved": "ZoneGroupIncomplete", "KeyVaultIsolated": "Exposed"},
        "vaults",
        {"PUT privateendpoints": 4, "PUT privatednszonegroups": 4, "PATCH vaults": 0},
    ),
    row(
        "an endpoint of others that waits for its owner",
        made.has_endpoint(alice.VAULT, "vault", manual=True),
        {
            "PrivateLinkReady": "PrivateEndpointPending",
            "NamesResolved": "ZoneGroupIncomplete",
            "KeyVaultIsolated": "Exposed",
        },
        "vaults",
        {"PUT privateendpoints": 4, "PUT privatednszonegroups": 4, "PATCH vaults": 0},
    ),
    row(
        "an endpoint of others that was rejected",
        made.all_of(made.has_endpoint(alice.VAULT, "vault"), made.judged(alice.VAULT, "Rejected")),
        {
            "PrivateLinkReady": "PrivateEndpointRejected",
            "NamesResolved": "ZoneGroupIncomplete",
            "KeyVaultIsolated": "Exposed",
        },
        "vaults",
        {"PUT privateendpoints": 4, "PUT privatednszonegroups": 4, "PATCH vaults": 0},
    ),
    row(
        "a Basic registry",
        made.is_set(alice.REGISTRY, sku={"name": "Basic"}),
        {"PrivateLinkReady": "RegistryNotPremium", "NamesResolved": "Waiting", "RegistryIsolated": "Exposed"},
        "registries",
        {"PUT privateendpoints": 4, "PUT privatednszonegroups": 4, "PATCH registries": 0},
    ),
    row(
        "a Basic registry that may be upgraded",
        made.is_set(alice.REGISTRY, sku={"name": "Basic"}),
        {},
        "",
        {"PATCH registries": 3},
        containerRegistry={"upgradeToPremium": True},
    ),
    row(
        "no registry yet",
        made.has_no_registry,
        {},
        "registries",
        {
            "PUT privateendpoints": 4,
            "PUT privatednszones": 5,
            "PUT virtualnetworklinks": 5,
            "PUT privatednszonegroups": 4,
            "PATCH registries": 0,
        },
    ),
    row(
        "a registry with a dedicated data endpoint",
        made.is_set(alice.REGISTRY, properties={"dataEndpointEnabled": True}),
        {},
    ),
    row(
        "a builder that is not there",
        made.all_of(),
        {"RegistryIsolated": "Exposed"},
        "registries",
        {"PATCH registries": 0},
        imageBuild={"computeName": "builder"},
    ),
    row("a sister workspace on the same registry", made.has_a_sister, {}),
    row(
        "a further account",
        made.has_account("saleslake"),
        {},
        "",
        {"PUT privateendpoints": 6, "PUT privatednszonegroups": 6, "PATCH storageaccounts": 4},
        storage={"additionalAccounts": [{"accountID": made.account("saleslake")}]},
    ),
    row(
        "a further account that does not exist",
        made.all_of(),
        {
            "PrivateLinkReady": "StorageNotFound",
            "NamesResolved": "Waiting",
            "StorageIsolated": "Waiting",
            "LeftoversRemoved": "Waiting",
        },
        storage={"additionalAccounts": [{"accountID": made.account("saleslake")}]},
    ),
    row(
        "queues and tables too",
        made.all_of(),
        {},
        "",
        {
            "PUT privateendpoints": 7,
            "PUT privatednszones": 8,
            "PUT virtualnetworklinks": 8,
            "PUT privatednszonegroups": 7,
        },
        storage={"subResources": ["blob", "file", "queue", "table"]},
    ),
    row(
        "a workspace that is gone",
        made.workspace_is_gone,
        {
            "WorkspaceFound": "WorkspaceNotFound",
            "PrivateLinkReady": "Waiting",
            "NamesResolved": "Waiting",
            "KeyVaultIsolated": "Waiting",
            "StorageIsolated": "Waiting",
            "RegistryIsolated": "Waiting",
            "PublicAccessClosed": "Waiting",
        },
        ALL,
        NOTHING,
    ),
    row(
        "a cluster without a subnet, which is worth holding",
        made.has_a_cluster,
        {**OPEN, "PrivateLinkReady": "ComputesStranded", "NamesResolved": "Waiting"},
        ALL,
        {**NOT_CLOSED, "PUT privateendpoints": 0, "PUT privatednszonegroups": 0},
        endpoints={"strandedComputes": "Hold"},
    ),
    row(
        "a policy that wants a tag on endpoints",
        made.denied(alice.ENDPOINT, field="tags.costCenter"),
        {**OPEN, "PrivateLinkReady": "DeniedByPolicy", "NamesResolved": "Waiting"},
        ALL,
        {**NOT_CLOSED, "PUT privateendpoints": 0, "PUT privatednszonegroups": 0},
    ),
    row(
        "a policy that denies zones",
        made.denied(alice.ZONE),
        {**OPEN, "NamesResolved": "DeniedByPolicy"},
        ALL,
        {**NOT_CLOSED, "PUT privatednszones": 0, "PUT virtualnetworklinks": 0, "PUT privatednszonegroups": 0},
    ),
    row(
        "a policy that denies accounts that are closed",
        made.denied(alice.STORAGE, field="properties.publicNetworkAccess", value="Disabled"),
        {"StorageIsolated": "Exposed"},
        "storageAccounts",
        {"PATCH storageaccounts": 0},
    ),
    row(
        "a vault that nobody may change",
        made.locked(alice.VAULT, "ReadOnly"),
        {"KeyVaultIsolated": "Exposed"},
        "vaults",
        {"PATCH vaults": 0},
    ),
    row("a vault that nobody may delete", made.locked(alice.VAULT, "CanNotDelete"), {}),
    row(
        "a subnet with room for two",
        made.has_subnet("endpoints", addressPrefix="10.20.0.0/29"),
        {**OPEN, "PrivateLinkReady": "SubnetFull", "NamesResolved": "Waiting"},
        ALL,
        {**NOT_CLOSED, "PUT privateendpoints": 0, "PUT privatednszonegroups": 0},
    ),
    row(
        "a subnet that is delegated",
        made.has_subnet(
            "endpoints",
            addressPrefix="10.20.0.0/24",
            delegations=[{"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}],
        ),
        {**OPEN, "PrivateLinkReady": "SubnetDelegated", "NamesResolved": "Waiting"},
        ALL,
        {**NOT_CLOSED, "PUT privateendpoints": 0, "PUT privatednszonegroups": 0},
    ),
    row(
        "nothing but a look",
        made.all_of(),
        {
            "PrivateLinkReady": "OutOfSync",
            "NamesResolved": "OutOfSync",
            "KeyVaultIsolated": "OutOfSync",
            "StorageIsolated": "OutOfSync",
            "RegistryIsolated": "OutOfSync",
            "PublicAccessClosed": "OutOfSync",
        },
        ALL,
        NOTHING,
        mode="Observe",
    ),
]
