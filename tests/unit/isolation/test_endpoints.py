"""Private endpoints: ours, others', approved, pending, rejected, disconnected; and the subnet that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    DELEGATED,
    ENDPOINT,
    ETAG,
    GROUP_OF,
    IN_USE,
    LAKE,
    MARK,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    RECORDS,
    SUBNET,
    TARGETS,
    UNREACHABLE,
    VAULT,
    WORKSPACE,
    ZONE,
    added,
    connection,
    endpoint,
    endpoint_request,
    endpoint_sent_back,
    gone,
    network,
    plan,
    put,
    record,
    serving,
    subnet,
    unreadable,
    zone_group,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Soon, Waits, Works, Write, case, check

from secureml_reconcilers.azure.errors import classify
from secureml_reconcilers.azure.problem import Retry
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.evaluation import problems
from secureml_reconcilers.engine.ownership_tags import user_tag
from secureml_reconcilers.isolation.network_plan import PrivateLinkTarget

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

BLOB, BLOB_GROUP = ENDPOINT["blob"], GROUP_OF["blob"]
OF_ANOTHER_TENANT = classify(401, {}, '{"error": {"code": "InvalidAuthenticationTokenTenant", "message": "…"}}')
THEIRS = NETWORK_GROUP.resource("Microsoft.Network/privateEndpoints", "data-team")
THEIR_GROUP = THEIRS.child("privateDnsZoneGroups", "theirs")
CONNECTIONS = "properties.privateEndpointConnections"
APPROVED = f"privateEndpoints/{BLOB.name} is approved"
THEIR_USE = {user_tag("team-b/churn"): "team-b/churn"}
BLOB_MISSING = (
    Write("Create", BLOB, endpoint_request(TARGETS["blob"])),
    Waits("Create", BLOB_GROUP, BLOB),
)
RECORD = ZONE[BLOB_ZONE].child("A", "frauddata")
LEADS = f"frauddata.{BLOB_ZONE} leads to privateEndpoints/data-team"
OPEN_ACCOUNT = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")
BATCH: dict[str, Any] = {"storage": {"subResources": ["blob", "file", "queue", "table"]}}
AS_THE_WORKSPACE_SPELLS_IT = PrivateLinkTarget(resource_id(VAULT.text.replace("KeyVault", "Keyvault")), "vault")
AS_SPELLED = {**TARGETS, "vault": AS_THE_WORKSPACE_SPELLS_IT}
LAKE_PART = PrivateLinkTarget(ACCOUNT, "dfs")
PARTS = [PrivateLinkTarget(ACCOUNT, "queue"), PrivateLinkTarget(ACCOUNT, "table")]


def full(free: int) -> list[dict[str, str]]:
    """So many addresses of a /28 are left (16, less 5 of Azure's own)."""
    return [{"id": f"nic-{number}"} for number in range(11 - free)]


def theirs(status: str = "Approved", **parts: Any) -> tuple[Change, ...]:  # noqa: ANN401 - of `endpoint`
    """Ours is gone, and an endpoint of others serves the account's blobs."""
    return (
        gone(BLOB),
        put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, THEIRS), connection(ACCOUNT, ENDPOINT["file"])]),
        added(
            endpoint(TARGETS["blob"], THEIRS, status=status, tags={}, **parts),
            zone_group(THEIR_GROUP, {ZONE[BLOB_ZONE]: RECORDS[BLOB_ZONE]}),
        ),
    )


PREFIX: dict[str, Any] = {"endpoints": {"namePrefix": "pe-"}}
PREFIXED = plan(**PREFIX).endpoint(TARGETS["blob"])

OURS = [
    case("endpoints that exist are used under the names that they have", [], [], **PREFIX),
    case(
        "a new one begins with the prefix",
        [gone(BLOB), put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, ENDPOINT["file"])])],
        [
            Write("Create", PREFIXED, endpoint_request(TARGETS["blob"])),
            Waits("Create", PREFIXED.child("privateDnsZoneGroups", "default"), PREFIXED),
        ],
        **PREFIX,
    ),
    case(
        "one that only the status lists needs no second: accounts show none while it is made",
        [put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, ENDPOINT["file"])])],
        [],
        inventory=[BLOB],
        **PREFIX,
    ),
    case(
        "one without its tag is known by its name, whatever prefix is in force",
        [put(BLOB, "tags", {})],
        [Write("Update", BLOB, {**endpoint_sent_back(TARGETS["blob"]), "tags": MARK}, ETAG)],
        inventory=[BLOB],
        **PREFIX,
    ),
    case(
        "another custom resource for this very workspace is told of",
        [added(endpoint(TARGETS["amlworkspace"], tags={**MARK, **THEIR_USE}))],
        [Advice("DuplicateDeclaration", ENDPOINT["amlworkspace"], "WS-PE-01")],
        violated="WS-PE-01",
    ),
    case(
        "one that shares an account, a vault or a registry is nothing to tell of",
        [
            added(
                *(
                    endpoint(target, tags={**MARK, **THEIR_USE})
                    for name, target in TARGETS.items()
                    if name != "amlworkspace"
                )
            )
        ],
        [],
    ),
    case(
        "approved endpoints are left alone",
        [],
        [],
        met="WS-PE-01 WS-PE-04 WS-PE-08 ST-PE-01 ST-PE-02 KV-MODE-01 ACR-NET-01 GEN-SEPE-02 GEN-VNET-02",
    ),
    case(
        "a network without any gets one for every service",
        [gone(*ENDPOINT.values())],
        [
            *(Write("Create", ENDPOINT[group], endpoint_request(target)) for group, target in AS_SPELLED.items()),
            *(Waits("Create", GROUP_OF[group], ENDPOINT[group]) for group in TARGETS),
        ],
        violated="WS-PE-08",
    ),
    case(
        "a Data Lake's endpoint is of no use without one for its blobs",
        [gone(BLOB), added(*serving(plan(), LAKE_PART))],
        BLOB_MISSING,
        violated="ST-PE-05",
        storage={"subResources": ["blob", "dfs"]},
    ),
    case(
        "which both are there",
        [added(*serving(plan(), LAKE_PART))],
        [],
        met="ST-PE-05",
        storage={"subResources": ["blob", "dfs"]},
    ),
    case(
        "a missing endpoint is made, and its names wait for it",
        [gone(BLOB)],
        BLOB_MISSING,
        violated="ST-PE-01 GEN-SEPE-02",
    ),
    case(
        "each part of the account has an endpoint of its own",
        [gone(ENDPOINT["file"])],
        [
            Write("Create", ENDPOINT["file"], endpoint_request(TARGETS["file"])),
            Waits("Create", GROUP_OF["file"], ENDPOINT["file"]),
        ],
        violated="ST-PE-02",
    ),
    case(
        "parts that the spec names besides get theirs",
        [
            added(*(each for target in PARTS for each in serving(plan(**BATCH), target))),
            gone(plan(**BATCH).endpoint(PARTS[1])),
        ],
        [
            Write("Create", plan(**BATCH).endpoint(PARTS[1]), endpoint_request(PARTS[1])),
            Waits(
                "Create",
                plan(**BATCH).endpoint(PARTS[1]).child("privateDnsZoneGroups", "default"),
                plan(**BATCH).endpoint(PARTS[1]),
            ),
        ],
        violated="ST-PE-03 ST-PE-04",
        **BATCH,
    ),
    case(
        "the workspace itself has one",
        [gone(ENDPOINT["amlworkspace"])],
        [
            Write("Create", ENDPOINT["amlworkspace"], endpoint_request(TARGETS["amlworkspace"])),
            Waits("Create", GROUP_OF["amlworkspace"], ENDPOINT["amlworkspace"]),
        ],
        violated="WS-PE-01",
    ),
    case(
        "the vault has one",
        [gone(ENDPOINT["vault"])],
        [
            Write("Create", ENDPOINT["vault"], endpoint_request(AS_THE_WORKSPACE_SPELLS_IT)),
            Waits("Create", GROUP_OF["vault"], ENDPOINT["vault"]),
        ],
        violated="KV-MODE-01",
    ),
    case(
        "the registry has one too",
        [gone(ENDPOINT["registry"])],
        [
            Write("Create", ENDPOINT["registry"], endpoint_request(TARGETS["registry"])),
            Waits("Create", GROUP_OF["registry"], ENDPOINT["registry"]),
        ],
        violated="ACR-NET-01",
    ),
    case(
        "an endpoint lives in its network's region, whatever the service's",
        [gone(BLOB), added(network(location="northeurope"))],
        [
            Write("Create", BLOB, endpoint_request(TARGETS["blob"], "northeurope")),
            Waits("Create", BLOB_GROUP, BLOB),
        ],
        violated="WS-PE-05",
    ),
    case(
        "an endpoint in another region than its service is as it should be",
        [put(WORKSPACE, "location", "northeurope"), put(ACCOUNT, "location", "northeurope")],
        [],
        met="WS-PE-05",
    ),
    case(
        "an endpoint that is being made is waited for",
        [put(BLOB, "properties.provisioningState", "Updating")],
        [Works(BLOB), Soon(f"privateEndpoints/{BLOB.name} and its zones are ready")],
        violated="ST-PE-01",
    ),
    case(
        "an endpoint whose creation failed is written again, without what Azure adds to it",
        [put(BLOB, "properties.provisioningState", "Failed")],
        [
            Write(
                "Update",
                BLOB,
                {
                    "location": "westeurope",
                    "tags": endpoint(TARGETS["blob"])["tags"],
                    "properties": {
                        name: value
                        for name, value in endpoint(TARGETS["blob"])["properties"].items()
                        if name not in {"provisioningState", "customDnsConfigs"}
                    },
                },
                ETAG,
            ),
            Soon(f"privateEndpoints/{BLOB.name} and its zones are ready"),
        ],
        violated="ST-PE-01",
    ),
    case(
        "an endpoint of our name that nothing says is ours is used, and not touched",
        [put(BLOB, "tags", {})],
        [Advice("NameTaken", BLOB, "ST-PE-01")],
        violated="ST-PE-01",
    ),
    case(
        "one that leads to another service is not taken over, adoption or not",
        [
            put(
                BLOB,
                "properties.privateLinkServiceConnections",
                endpoint(TARGETS["vault"])["properties"]["privateLinkServiceConnections"],
            )
        ],
        [Finding("NameTaken", BLOB, "ST-PE-01")],
        adoption="Adopt",
        violated="ST-PE-01",
    ),
    case(
        "one that the inventory lists has lost its tags, and is tagged again",
        [put(BLOB, "tags", {"costCenter": "42"})],
        [
            Write(
                "Update",
                BLOB,
                {
                    "location": "westeurope",
                    "tags": {"costCenter": "42", **MARK, **IN_USE},
                    "properties": {
                        name: value
                        for name, value in endpoint(TARGETS["blob"])["properties"].items()
                        if name not in {"provisioningState", "customDnsConfigs"}
                    },
                },
                ETAG,
            )
        ],
        violated="ST-PE-01",
        inventory=[BLOB],
    ),
    case("with adoption it is taken over", [put(BLOB, "tags", IN_USE)], [], adoption="Adopt", met="ST-PE-01"),
    case("an endpoint that may not be read is not made again", [unreadable(BLOB)], [Finding("Forbidden")]),
]

MANUAL: dict[str, Any] = {"endpoints": {"connection": "Manual", "requestMessage": "Ticket 4711"}}
ASKED = {"privateLinkServiceId": ACCOUNT.text, "groupIds": ["blob"], "requestMessage": "Ticket 4711"}


def fixed(*addresses: tuple[str, str, str]) -> dict[str, Any]:
    """A spec that chooses addresses: group, member and address of each."""
    chosen = [dict(zip(("group", "member", "address"), each, strict=True)) for each in addresses]
    return {"endpoints": {"staticAddresses": chosen}}


CHOSEN = ("blob", "blob", "10.20.0.20")
STATIC = [
    case(
        "a new endpoint has the addresses that the spec chooses",
        [gone(BLOB)],
        [
            Write(
                "Create",
                BLOB,
                {
                    **endpoint_request(TARGETS["blob"]),
                    "properties": {
                        **endpoint_request(TARGETS["blob"])["properties"],
                        "ipConfigurations": [
                            {
                                "name": "blob",
                                "properties": {
                                    "groupId": "blob",
                                    "memberName": "blob",
                                    "privateIPAddress": "10.20.0.20",
                                },
                            }
                        ],
                    },
                },
            ),
            Waits("Create", BLOB_GROUP, BLOB),
        ],
        met="WS-PE-01",
        **fixed(CHOSEN),
    ),
    case(
        "an address for which no endpoint is declared is told of",
        [],
        [Advice("StaticAddressNotUsed", WORKSPACE, "WS-PE-01")],
        violated="WS-PE-01",
        **fixed(("queue", "queue", "10.20.0.20")),
    ),
    case(
        "one that exists keeps its own",
        [],
        [Advice("StaticAddressNotUsed", BLOB, "WS-PE-01")],
        violated="WS-PE-01",
        **fixed(CHOSEN),
    ),
    case(
        "nobody is told to delete it for an address that the subnet does not give",
        [],
        [Advice("StaticAddressOutsideSubnet", SUBNET, "WS-PE-01")],
        violated="WS-PE-01",
        **fixed(("blob", "blob", "10.99.0.20")),
    ),
]
INCOMPLETE = [
    pytest.param(
        "amlworkspace",
        fixed(("amlworkspace", "default", "10.20.0.20")),
        "default, notebook, inference",
        id="workspace",
    ),
    pytest.param("vault", fixed(("vault", "vault", "10.20.0.20")), "each of default", id="vault"),
    pytest.param(
        "registry",
        fixed(("registry", "registry", "10.20.0.20")),
        "registry, registry_data_westeurope",
        id="registry",
    ),
]
OUTSIDE = ["10.21.0.20", "10.20.0.0", "10.20.0.3", "10.20.0.15"]


@pytest.mark.parametrize("row", STATIC)
def test_static_addresses(row: Case) -> None:
    """Given to a new endpoint, and told of one that has others."""
    check(row)


@pytest.mark.parametrize(("group", "parts", "members"), INCOMPLETE)
def test_addresses_are_chosen_for_every_member(group: str, parts: dict[str, Any], members: str) -> None:
    """Azure would refuse the endpoint; the message names all that it asks for."""
    row: Case = case("", [gone(ENDPOINT[group])], [], **parts).values[0]  # type: ignore[assignment]
    found = [each for each in problems(row.evaluation()) if each.reason == "StaticAddressesIncomplete"]
    assert [members in each.message for each in found] == [True]
    assert [each.retry for each in found] == [Retry.NEVER]
    assert not any(action.id == ENDPOINT[group] for action in row.evaluation().actions)


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_are_the_subnet_s_to_give(address: str) -> None:
    """Not of another range, nor one of those that Azure keeps."""
    small = added(network(NETWORK, subnet(addressPrefix="10.20.0.0/28")))
    row: Case = case("", [gone(BLOB), small], [], **fixed(("blob", "blob", address))).values[0]  # type: ignore[assignment]
    assert [each.reason for each in problems(row.evaluation())] == ["StaticAddressOutsideSubnet"]
    assert not any(action.id == BLOB for action in row.evaluation().actions)


def test_an_address_of_another_account_is_not_the_workspace_s() -> None:
    """Both have blobs; the one that is named is meant."""
    chosen = fixed(CHOSEN)
    chosen["endpoints"]["staticAddresses"][0]["accountID"] = LAKE.text
    row: Case = case("", [gone(BLOB)], [], **chosen).values[0]  # type: ignore[assignment]
    made = next(action for action in row.evaluation().actions if action.id == BLOB)
    assert "ipConfigurations" not in (made.body or {})["properties"]


APPROVAL = [
    case(
        "where the spec says so a new endpoint asks for approval",
        [gone(BLOB)],
        [
            Write(
                "Create",
                BLOB,
                {
                    **endpoint_request(TARGETS["blob"]),
                    "properties": {
                        "subnet": {"id": SUBNET.text},
                        "manualPrivateLinkServiceConnections": [{"name": ACCOUNT.name, "properties": ASKED}],
                    },
                },
            ),
            Waits("Create", BLOB_GROUP, BLOB),
        ],
        **MANUAL,
    ),
    case(
        "and waits for somebody else to give it, who is named the command",
        [
            added(endpoint(TARGETS["blob"], status="Pending", manual=True)),
            put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, BLOB, "Pending")]),
            added(connection(ACCOUNT, BLOB, "Pending")),
        ],
        [Finding("PrivateEndpointPending", BLOB, "WS-PE-04")],
        violated="WS-PE-04",
        **MANUAL,
    ),
    case(
        "our pending connection is approved by us where the service shows it",
        [
            added(endpoint(TARGETS["blob"], status="Pending", manual=True)),
            put(ACCOUNT, CONNECTIONS, [connection(ACCOUNT, BLOB, "Pending")]),
            added(connection(ACCOUNT, BLOB, "Pending")),
        ],
        [
            Write(
                "Update",
                ACCOUNT.child("privateEndpointConnections", f"{BLOB.name}.c0ffee"),
                {"properties": connection(ACCOUNT, BLOB)["properties"]},
            ),
            Soon(APPROVED),
        ],
        violated="WS-PE-04",
    ),
    case(
        "a pending connection that the service does not show yet is looked at again",
        [added(endpoint(TARGETS["blob"], status="Pending")), put(ACCOUNT, CONNECTIONS, [])],
        [Soon(APPROVED)],
        violated="WS-PE-04",
    ),
    case(
        "a rejected connection needs its owner",
        [added(endpoint(TARGETS["blob"], status="Rejected"))],
        [Finding("PrivateEndpointRejected", BLOB, "WS-PE-04")],
        violated="WS-PE-04",
    ),
    case(
        "a connection that timed out needs its owner, too",
        [added(endpoint(TARGETS["blob"], status="Timeout"))],
        [Finding("PrivateEndpointTimedOut", BLOB, "WS-PE-04")],
        violated="WS-PE-04",
    ),
    case(
        "a disconnected endpoint never connects again: it is removed, to be made anew",
        [added(endpoint(TARGETS["blob"], status="Disconnected"))],
        [Write("Delete", BLOB), Finding("PrivateEndpointDisconnected", BLOB, "WS-PE-04")],
        violated="WS-PE-04",
        inventory=[BLOB],
    ),
    case(
        "one of our name that we did not make is its owner's to remove",
        [added(endpoint(TARGETS["blob"], status="Disconnected"))],
        [Finding("PrivateEndpointDisconnected", BLOB, "WS-PE-04")],
        violated="WS-PE-04",
    ),
    case(
        "casing of the status is no difference",
        [added(endpoint(TARGETS["blob"], status="approved"))],
        [],
        met="WS-PE-04",
    ),
]

OTHERS = [
    case("an endpoint of others that serves in the network is used", theirs(), [], met="ST-PE-01 WS-PE-04"),
    case("whatever the list in which it stands", theirs(manual=True), [], met="ST-PE-01"),
    case(
        "one that is not approved is its owner's business",
        theirs(status="Pending"),
        [Finding("PrivateEndpointPending", THEIRS, "WS-PE-04")],
        violated="WS-PE-04",
    ),
    case(
        "one that was rejected is, too",
        theirs(status="Rejected"),
        [Finding("PrivateEndpointRejected", THEIRS, "WS-PE-04")],
        violated="WS-PE-04",
    ),
    case(
        "one that timed out is, too",
        theirs(status="Timeout"),
        [Finding("PrivateEndpointTimedOut", THEIRS, "WS-PE-04")],
        violated="WS-PE-04",
    ),
    case("one that is disconnected serves nobody: ours is made", theirs(status="Disconnected"), BLOB_MISSING),
    case(
        "one in another network does not serve this one: ours is made",
        theirs(subnet_id=OFFICE.child("subnets", "endpoints")),
        BLOB_MISSING,
        violated="ST-PE-01 GEN-VNET-02",
    ),
    case(
        "one that writes into no zone that the network sees is its owner's business",
        [*theirs(), gone(THEIR_GROUP)],
        [Finding("ZoneGroupIncomplete", THEIRS, "DNS-02")],
        violated="DNS-02",
    ),
    case(
        "one whose record somebody deleted leads nobody to it, and only its owner can write it again",
        [*theirs(), gone(RECORD), OPEN_ACCOUNT],
        [Finding("DNSRecordMismatch", RECORD, "DNS-03"), Waits("Update", ACCOUNT, LEADS)],
        violated="DNS-03",
    ),
    case(
        "so does one whose record leads elsewhere",
        [*theirs(), added(record(ZONE[BLOB_ZONE], "frauddata", "10.99.0.1")), OPEN_ACCOUNT],
        [Finding("DNSRecordMismatch", RECORD, "DNS-03"), Waits("Update", ACCOUNT, LEADS)],
        violated="DNS-03",
    ),
    case(
        "one whose group has written nothing yet is looked at again",
        [*theirs(), added(zone_group(THEIR_GROUP, {ZONE[BLOB_ZONE]: {}}))],
        [Soon(f"records of privateEndpoints/data-team in {BLOB_ZONE} are written")],
        violated="DNS-03",
    ),
    case(
        "one elsewhere that may not be read is no evidence: ours is made",
        [*theirs(), unreadable(THEIRS)],
        BLOB_MISSING,
    ),
    case(
        "so is one of another tenant, as data factories make them: no right to grant would show it",
        [*theirs(), unreadable(THEIRS, why=OF_ANOTHER_TENANT)],
        BLOB_MISSING,
        violated="ST-PE-01",
    ),
    case(
        "one in our network that may not be read may serve already: somebody must let us see it",
        [
            *theirs(),
            unreadable(THEIRS),
            added(network(NETWORK, subnet(privateEndpoints=[{"id": THEIRS.text.upper()}]))),
        ],
        [Finding("Forbidden")],
    ),
    case(
        "one that Azure cannot show just now is waited for, or there would be two for good",
        [*theirs(), unreadable(THEIRS, why=UNREACHABLE)],
        [Finding("AzureBusy")],
    ),
    case(
        "beside our own it is left alone",
        [
            put(
                ACCOUNT,
                CONNECTIONS,
                [connection(ACCOUNT, THEIRS), *(connection(ACCOUNT, ENDPOINT[part]) for part in ("blob", "file"))],
            )
        ],
        [],
    ),
]

SMALL = network(NETWORK, subnet(prefix="10.20.0.0/28", ipConfigurations=full(1)))
TIGHT = network(NETWORK, subnet(prefix="10.20.0.0/28", ipConfigurations=full(4)))
OTHER_SUBNET = NETWORK.child("subnets", "training")
GUARDS = {
    "networkSecurityGroup": {"id": NETWORK_GROUP.resource("Microsoft.Network/networkSecurityGroups", "ml").text},
    "routeTable": {"id": NETWORK_GROUP.resource("Microsoft.Network/routeTables", "firewall").text},
}
GUARDED = Advice("SecurityGroupApplies", SUBNET, "WS-PE-02")
POLICIES = added(subnet(privateEndpointNetworkPolicies="NetworkSecurityGroupEnabled", **GUARDS))
DISABLE = {"subnetNetworkPolicies": "Disable"}
SWITCH_OFF = Write(
    "Update",
    SUBNET,
    {
        "properties": {
            "provisioningState": "Succeeded",
            "addressPrefix": "10.20.0.0/24",
            "delegations": [],
            "ipConfigurations": [],
            **GUARDS,
            "privateEndpointNetworkPolicies": "Disabled",
        }
    },
    ETAG,
)
ROOM = "subnet endpoints has room"
FREE = "subnet endpoints is not delegated"

OLDER = NETWORK.child("subnets", "older")

SUBNETS = [
    case(
        "endpoints of ours that serve from another subnet are named with it, and used",
        [added(*(endpoint(TARGETS[group], subnet_id=OLDER) for group in ("blob", "vault")))],
        [Advice("EndpointInOtherSubnet", OLDER, "WS-PE-01")],
        violated="WS-PE-01",
    ),
    case(
        "where those of others are is theirs to say",
        [*theirs(subnet_id=OLDER)],
        [],
    ),
    case(
        "a delegated subnet is reported and asked for nothing",
        [gone(BLOB), added(network(NETWORK, subnet(delegations=DELEGATED)))],
        [
            Finding("SubnetDelegated", NETWORK, "ACI-CONF-01"),
            Waits("Create", BLOB, FREE),
            Waits("Create", BLOB_GROUP, FREE),
        ],
        violated="ACI-CONF-01",
    ),
    case(
        "a subnet that is not delegated takes endpoints",
        [gone(BLOB)],
        BLOB_MISSING,
        met="ACI-CONF-01",
    ),
    case(
        "a full subnet is reported with numbers and asked for nothing: 3 addresses for the workspace",
        [gone(ENDPOINT["amlworkspace"]), added(SMALL)],
        [
            Finding("SubnetFull", NETWORK, "WS-PE-01"),
            Waits("Create", ENDPOINT["amlworkspace"], ROOM),
            Waits("Create", GROUP_OF["amlworkspace"], ROOM),
        ],
        violated="WS-PE-01",
    ),
    case(
        "every missing endpoint counts: 3 for the workspace, 2 for the registry, and 4 are free",
        [gone(ENDPOINT["amlworkspace"], ENDPOINT["registry"]), added(TIGHT)],
        [
            Finding("SubnetFull", NETWORK, "WS-PE-01"),
            Waits("Create", ENDPOINT["amlworkspace"], ROOM),
            Waits("Create", ENDPOINT["registry"], ROOM),
            Waits("Create", GROUP_OF["amlworkspace"], ROOM),
            Waits("Create", GROUP_OF["registry"], ROOM),
        ],
        violated="ACR-DATA-01",
    ),
    case(
        "a full subnet is enough when nothing is missing",
        [added(network(NETWORK, subnet(prefix="10.20.0.0/28", ipConfigurations=full(0))))],
        [],
        met="WS-PE-01 ACR-DATA-01",
    ),
    case(
        "addresses of all IPv4 prefixes count",
        [
            gone(BLOB),
            added(
                network(
                    NETWORK,
                    subnet(
                        addressPrefix=None,
                        addressPrefixes=["10.20.0.0/28", "10.20.1.0/28", "fd00::/64"],
                        ipConfigurations=full(0) + full(1),
                    ),
                )
            ),
        ],
        BLOB_MISSING,
    ),
    case(
        "a subnet that the network does not have is reported",
        [gone(BLOB), added(network(NETWORK, subnet(NETWORK.child("subnets", "training"))))],
        [Finding("SubnetNotFound", NETWORK)],
    ),
    case(
        "a declared subnet that is gone is told of where endpoints in another one serve already",
        [gone(SUBNET), added(*(endpoint(target, subnet_id=OTHER_SUBNET) for target in TARGETS.values()))],
        [Advice("SubnetNotFound", SUBNET, "WS-PE-01")],
    ),
    case(
        "a security group that applies to the endpoints is told of",
        [added(subnet(privateEndpointNetworkPolicies="NetworkSecurityGroupEnabled", **GUARDS))],
        [GUARDED],
        violated="WS-PE-02",
    ),
    case(
        "and so are routes",
        [added(subnet(privateEndpointNetworkPolicies="RouteTableEnabled", **GUARDS))],
        [GUARDED],
    ),
    case(
        "and both",
        [added(subnet(privateEndpointNetworkPolicies="Enabled", **GUARDS))],
        [GUARDED],
    ),
    case(
        "where the spec says so they are switched off, and the rest of the subnet goes along",
        [POLICIES],
        [GUARDED, SWITCH_OFF],
        violated="WS-PE-02",
        endpoints=DISABLE,
    ),
    case(
        "before that no endpoint is made, no name leads to one, and nothing is closed",
        [POLICIES, gone(BLOB), OPEN_ACCOUNT],
        [
            GUARDED,
            SWITCH_OFF,
            Waits("Create", BLOB, SUBNET),
            Waits("Create", BLOB_GROUP, SUBNET),
            Waits("Update", ACCOUNT, SUBNET),
        ],
        endpoints=DISABLE,
    ),
    case("policies that are off already need nothing", [], [], met="WS-PE-02", endpoints=DISABLE),
    case(
        "nor do they where they are said to be off",
        [added(subnet(privateEndpointNetworkPolicies="disabled", **GUARDS))],
        [],
        met="WS-PE-02",
        endpoints=DISABLE,
    ),
    case(
        "a subnet that may not be read keeps everything as it is",
        [unreadable(SUBNET), OPEN_ACCOUNT],
        [
            Finding("Forbidden"),
            Waits("Update", ACCOUNT, "blob of storageAccounts/frauddata is reached from ml-vnet-ef8bca"),
        ],
        endpoints=DISABLE,
    ),
    case(
        "a security group that does not apply to endpoints is nobody's business",
        [added(subnet(**GUARDS))],
        [],
        met="WS-PE-02",
    ),
    case(
        "nor is one where only routes would apply, and there are none",
        [
            added(
                subnet(
                    networkSecurityGroup=GUARDS["networkSecurityGroup"],
                    privateEndpointNetworkPolicies="RouteTableEnabled",
                )
            )
        ],
        [],
    ),
    case(
        "policies without anything to apply are nobody's business either",
        [added(subnet(privateEndpointNetworkPolicies="Enabled"))],
        [],
    ),
    case("a subnet that may not be read stops nothing", [unreadable(SUBNET)], []),
    case(
        "a network that does not exist is reported",
        [gone(BLOB, NETWORK)],
        [Finding("NetworkNotFound", NETWORK)],
    ),
    case(
        "the subnet's name is found in any casing",
        [gone(BLOB), added(network(NETWORK, subnet(NETWORK.child("Subnets", "Endpoints"))))],
        BLOB_MISSING,
    ),
]


@pytest.mark.parametrize("row", OURS)
def test_our_endpoints(row: Case) -> None:
    """One per private way, made once, repaired when broken, never taken from others."""
    check(row)


@pytest.mark.parametrize("row", APPROVAL)
def test_approval(row: Case) -> None:
    """An endpoint works when its connection is approved, by whoever may."""
    check(row)


@pytest.mark.parametrize("row", OTHERS)
def test_endpoints_of_others(row: Case) -> None:
    """Somebody's endpoint that serves already is used and never changed."""
    check(row)


@pytest.mark.parametrize("row", SUBNETS)
def test_the_subnet(row: Case) -> None:
    """What stands in the way of a new endpoint is said before Azure refuses it."""
    check(row)
