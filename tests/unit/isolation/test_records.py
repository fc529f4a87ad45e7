"""Records in zones that many networks share: what is somebody else's is neither written over nor withdrawn."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from tests.unit.isolation.bodies import (
    ADDRESSES,
    API_ZONE,
    ENDPOINT,
    ETAG,
    GROUP_OF,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OWNER,
    SUBSCRIPTION,
    VAULT,
    VAULT_ZONE,
    ZONE,
    added,
    body,
    gone,
    link,
    put,
    record,
    sent_back,
    spec,
    unreadable,
    world,
    zone,
    zone_group,
    zone_group_request,
)
from tests.unit.isolation.telling import Case, Finding, Soon, Waits, Write, case, check, judge_all

from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.blocks import Ensure
from secureml_reconcilers.engine.evaluation import must_be_fresh
from secureml_reconcilers.isolation.clouds import private_name
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from secureml_reconcilers.azure.arm import Body

HUB = resource_id(f"{SUBSCRIPTION}/resourceGroups/hub")
VAULT_GROUP, VAULT_RECORD = GROUP_OF["vault"], ZONE[VAULT_ZONE].child("A", "fraudvault")
VAULT_NAME = f"fraudvault.{VAULT_ZONE}"
FREE = f"{VAULT_NAME} is free for privateEndpoints/{ENDPOINT['vault'].name}"
OPEN_VAULT = put(VAULT, "properties.publicNetworkAccess", "Enabled")
WILDCARD = "*.79a5ed1b.inference.westeurope"
TOLD = [{"fqdn": fqdn, "ipAddresses": found} for fqdn, found in ADDRESSES["amlworkspace"].items()]
HUB_VAULT = HUB.resource("Microsoft.Network/privateDnsZones", VAULT_ZONE)
INTERFACE = NETWORK_GROUP.resource("Microsoft.Network/networkInterfaces", "vault-nic")


def made_by(creator: str, shown: Body) -> Body:
    """A record that says who wrote it."""
    shown["properties"]["metadata"] = {"creator": creator}
    return shown


def interface(address: str) -> Body:
    """The network interface of the vault's endpoint, which tells names and addresses as well."""
    told = {"groupId": "vault", "requiredMemberName": "default", "fqdns": ["fraudvault.vault.azure.net"]}
    properties = {"privateIPAddress": address, "privateLinkConnectionProperties": told}
    return body(INTERFACE, properties={"ipConfigurations": [{"name": "one", "properties": properties}]})


BY_HUB = "created by private endpoint hub-vault with resource guid 1c1f"
BY_US = f"created by private endpoint {ENDPOINT['vault'].name.upper()} with resource guid 1c1f"
ELSEWHERE = record(ZONE[VAULT_ZONE], "fraudvault", "10.0.0.4")
VAULT_TAKEN = [
    Finding("DNSRecordTaken", VAULT_RECORD, "DNS-09"),
    Waits("Create", VAULT_GROUP, FREE),
    Waits("Update", VAULT, FREE),
]

TAKEN = [
    case(
        "a record that leads elsewhere before we write any is somebody's: nothing is written, nothing closed",
        [gone(VAULT_GROUP), added(ELSEWHERE), OPEN_VAULT],
        VAULT_TAKEN,
        violated="DNS-09",
    ),
    case(
        "so is one that the endpoint of another network wrote",
        [gone(VAULT_GROUP), added(made_by(BY_HUB, deepcopy(ELSEWHERE))), OPEN_VAULT],
        VAULT_TAKEN,
        violated="DNS-09",
    ),
    case(
        "when it is gone our group is written",
        [gone(VAULT_GROUP, VAULT_RECORD)],
        [Write("Create", VAULT_GROUP, zone_group_request(ZONE[VAULT_ZONE]))],
        met="DNS-09",
    ),
    case(
        "a record that leads to our endpoint is no obstacle, whoever wrote it",
        [gone(VAULT_GROUP)],
        [Write("Create", VAULT_GROUP, zone_group_request(ZONE[VAULT_ZONE]))],
        met="DNS-09",
    ),
    case(
        "nor is what our endpoint wrote when it had another address",
        [gone(VAULT_GROUP), added(made_by(BY_US, deepcopy(ELSEWHERE)))],
        [Write("Create", VAULT_GROUP, zone_group_request(ZONE[VAULT_ZONE]))],
        met="DNS-09",
    ),
    case(
        "it counts when a group that failed is written again, and had written nothing",
        [
            put(VAULT_GROUP, "properties.provisioningState", "Failed"),
            put(VAULT_GROUP, "properties.privateDnsZoneConfigs", []),
            added(ELSEWHERE),
        ],
        [Finding("DNSRecordTaken", VAULT_RECORD, "DNS-09"), Waits("Update", VAULT_GROUP, FREE)],
        violated="DNS-09",
    ),
    case(
        "and when our group is to write into a further zone: the network was linked to another one",
        [
            gone(ZONE[VAULT_ZONE]),
            added(
                zone(HUB_VAULT, tags={}),
                link(HUB_VAULT.child("virtualNetworkLinks", "ml"), tags={}),
                record(HUB_VAULT, "fraudvault", "10.0.0.4"),
                zone_group(VAULT_GROUP, {ZONE[VAULT_ZONE]: {}}),
            ),
        ],
        [
            Finding("DNSRecordTaken", HUB_VAULT.child("A", "fraudvault"), "DNS-09"),
            Waits("Update", VAULT_GROUP, FREE),
            Soon(f"records of privateEndpoints/{ENDPOINT['vault'].name} in {VAULT_ZONE} are written"),
        ],
        violated="DNS-09",
        rows=({"id": HUB_VAULT.child("virtualNetworkLinks", "ml").text, "network": NETWORK.text},),
    ),
    case(
        "a record that may not be read may be anybody's",
        [gone(VAULT_GROUP), unreadable(VAULT_RECORD)],
        [Finding("Forbidden")],
    ),
    case(
        "every name of a workspace counts, that of its online endpoints too",
        [
            gone(GROUP_OF["amlworkspace"]),
            put(
                ENDPOINT["amlworkspace"],
                "properties.customDnsConfigs",
                [
                    *TOLD,
                    {"fqdn": f"{WILDCARD}.api.azureml.ms", "ipAddresses": ["10.20.0.6"]},
                    {"fqdn": "chat.westeurope.inference.ml.azure.com", "ipAddresses": ["10.20.0.6"]},
                ],
            ),
            added(record(ZONE[API_ZONE], WILDCARD, "10.0.0.6")),
        ],
        [
            Finding("DNSRecordTaken", ZONE[API_ZONE].child("A", WILDCARD), "DNS-09"),
            Waits(
                "Create",
                GROUP_OF["amlworkspace"],
                f"{WILDCARD}.{API_ZONE} is free for privateEndpoints/{ENDPOINT['amlworkspace'].name}",
            ),
        ],
        violated="DNS-09",
    ),
    case(
        "an endpoint that tells no names is looked at again before it may write any",
        [gone(VAULT_GROUP), put(ENDPOINT["vault"], "properties.customDnsConfigs", [])],
        [
            Soon(f"privateEndpoints/{ENDPOINT['vault'].name} tells its names"),
            Waits("Create", VAULT_GROUP, f"privateEndpoints/{ENDPOINT['vault'].name} tells its names"),
        ],
    ),
    case(
        "unless its network interface tells them",
        [
            gone(VAULT_GROUP),
            put(ENDPOINT["vault"], "properties.customDnsConfigs", []),
            put(ENDPOINT["vault"], "properties.networkInterfaces", [{"id": INTERFACE.text}]),
            added(interface("10.20.0.9"), ELSEWHERE),
            OPEN_VAULT,
        ],
        VAULT_TAKEN,
        violated="DNS-09",
    ),
    case(
        "an endpoint that took a record over from us has it: two that write one record would do so for ever",
        [added(made_by(BY_HUB, deepcopy(ELSEWHERE))), OPEN_VAULT],
        [Finding("DNSRecordTaken", VAULT_RECORD, "DNS-09"), Waits("Update", VAULT, FREE)],
        violated="DNS-09",
    ),
    case(
        "one that our endpoint wrote and somebody changed is written again",
        [added(made_by(BY_US, deepcopy(ELSEWHERE)))],
        [
            Write(
                "Update",
                VAULT_GROUP,
                {"properties": {"privateDnsZoneConfigs": sent_back(VAULT_GROUP, ZONE[VAULT_ZONE])}},
                ETAG,
            )
        ],
        violated="DNS-05",
    ),
]


@pytest.mark.parametrize("row", TAKEN)
def test_records_of_others(row: Case) -> None:
    """A zone is shared by many networks: what stands in it for somebody else is neither changed nor withdrawn."""
    check(row)


@pytest.mark.parametrize(
    ("fqdn", "zone_name", "name"),
    [
        ("fraudvault.vault.azure.net", "privatelink.vaultcore.azure.net", "fraudvault"),
        ("fraudvault.vaultcore.azure.net", "privatelink.vaultcore.azure.net", "fraudvault"),
        ("fraudvault.vault.usgovcloudapi.net", "privatelink.vaultcore.usgovcloudapi.net", "fraudvault"),
        ("a.z6.web.core.chinacloudapi.cn", "privatelink.web.core.chinacloudapi.cn", "a.z6"),
        ("Images.WestEurope.data.azurecr.io", "privatelink.azurecr.io", "Images.WestEurope.data"),
        ("g.workspace.usgovvirginia.api.ml.azure.us", "privatelink.api.ml.azure.us", "g.workspace.usgovvirginia"),
        ("chat.westeurope.inference.ml.azure.com", "privatelink.api.azureml.ms", None),
        ("azurecr.io", "privatelink.azurecr.io", None),
    ],
)
def test_the_record_of_a_public_name(fqdn: str, zone_name: str, name: str | None) -> None:
    """Public names live below the zone's name without `privatelink`; a vault's below one of their own (DNS-02)."""
    assert private_name(fqdn, zone_name) == name


def test_the_records_of_a_zone_that_has_none_are_not_read() -> None:
    """A convergence of six new zones would ask for nine records that cannot be there."""
    azure = world(
        gone(VAULT_GROUP),
        put(LINK[VAULT_ZONE], "properties.provisioningState", "Creating"),
        added(zone(ZONE[VAULT_ZONE], records=1)),
        unreadable(VAULT_RECORD),
    )
    evaluation = judge_all(SecureWorkspaces().declare(spec(), OWNER), azure)
    assert [action.id for action in evaluation.actions] == [VAULT_GROUP]
    assert must_be_fresh(evaluation.actions[0]) == {ZONE[VAULT_ZONE].key}, (
        "that it is empty must be seen just before"
    )


def test_the_records_of_a_new_group_are_read_again_once_it_is_written() -> None:
    """What was read before it had written them would look like damage, and the group be written twice."""
    evaluation = judge_all(SecureWorkspaces().declare(spec(), OWNER), world(gone(VAULT_GROUP, VAULT_RECORD)))
    assert [action.block.invalidates for action in evaluation.actions if isinstance(action.block, Ensure)] == [
        (VAULT_RECORD,)
    ]
    assert must_be_fresh(evaluation.actions[0]) == {VAULT_RECORD.key}, "that it is free must be seen just before"
