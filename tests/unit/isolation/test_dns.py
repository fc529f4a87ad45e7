"""Private names: whose zones are used, which networks see them, and what the zone groups have written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.engine.building import known
from tests.unit.isolation.bodies import (
    ACCOUNT,
    ADDRESSES,
    API_ZONE,
    BLOB_ZONE,
    ENDPOINT,
    ETAG,
    FILE_ZONE,
    GROUP_OF,
    LINK,
    NETWORK,
    NOTEBOOK_ZONE,
    OFFICE,
    OWNER,
    RECORDS,
    SUBNET,
    SUBSCRIPTION,
    TARGETS,
    WORKSPACE,
    ZONE,
    added,
    drop,
    endpoint_request,
    gone,
    link,
    link_request,
    plan,
    put,
    record,
    sent_back,
    spec,
    unreadable,
    world,
    zone,
    zone_group,
    zone_group_request,
    zone_request,
)
from tests.unit.isolation.telling import Case, Finding, Soon, Waits, Works, Write, case, check, judge_all

from secureml_reconcilers.azure.arm import NotFound
from secureml_reconcilers.azure.resource_id import resource_id
from secureml_reconcilers.engine.assessment import Blocked
from secureml_reconcilers.engine.blocks import StatusField
from secureml_reconcilers.engine.questions import GraphRows
from secureml_reconcilers.engine.view import Unread
from secureml_reconcilers.isolation.clouds import CHINA, GOVERNMENT, PUBLIC, cloud_of
from secureml_reconcilers.isolation.zones import Zone, zone_used
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.engine.view import View
    from secureml_reconcilers.isolation.clouds import Cloud

HUB = resource_id(f"{SUBSCRIPTION}/resourceGroups/hub")
HUB_BLOB = HUB.resource("Microsoft.Network/privateDnsZones", BLOB_ZONE)
HUB_LINK = HUB_BLOB.child("virtualNetworkLinks", "ml")
HUB_ROWS = ({"id": HUB_LINK.text, "network": NETWORK.text},)
OFFICE_SPEC: dict[str, Any] = {"network": {"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]}}
OFFICE_LINK = {name: plan().link(where, OFFICE) for name, where in ZONE.items()}
BLOB_GROUP = GROUP_OF["blob"]
REWRITTEN = {"properties": {"privateDnsZoneConfigs": sent_back(BLOB_GROUP, ZONE[BLOB_ZONE])}}


def hub(*, records: bool = True) -> tuple[Change, ...]:
    """The network is linked to a zone of the hub, and the account's endpoint writes into it."""
    written = {"frauddata": ["10.20.0.7"]} if records else {}
    return (
        gone(ZONE[BLOB_ZONE]),
        added(
            zone(HUB_BLOB, tags={}),
            link(HUB_LINK, tags={}),
            zone_group(BLOB_GROUP, {HUB_BLOB: written}),
            *(record(HUB_BLOB, name, *addresses) for name, addresses in written.items()),
        ),
    )


def office(*names: str) -> Change:
    """The office's network is linked to these zones."""
    return added(*(link(OFFICE_LINK[name], OFFICE) for name in names or ZONE))


RENAMED = [
    {
        "name": "blob",
        "properties": {
            "privateDnsZoneId": ZONE[BLOB_ZONE].text,
            "recordSets": [{"recordType": "A", "recordSetName": "frauddata", "ipAddresses": ["10.20.0.7"]}],
        },
    }
]
OPEN_ACCOUNT = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")

MANAGED = [
    case(
        "zones, links, groups and records that are as declared are left alone",
        [],
        [],
        met="DNS-02 DNS-03 DNS-05 WS-DNS-01",
    ),
    case(
        "a missing zone is made with its link, and the group waits for the zone",
        [gone(ZONE[BLOB_ZONE], BLOB_GROUP)],
        [
            Write("Create", ZONE[BLOB_ZONE], zone_request()),
            Waits("Create", LINK[BLOB_ZONE], ZONE[BLOB_ZONE]),
            Soon(f"privateEndpoints/{ENDPOINT['blob'].name} and its zones are ready"),
        ],
        violated="DNS-02 DNS-03 WS-DNS-01",
    ),
    case(
        "a missing link is made",
        [gone(LINK[BLOB_ZONE])],
        [Write("Create", LINK[BLOB_ZONE], link_request())],
        violated="WS-DNS-01 DNS-03",
    ),
    case(
        "a link that registers machines is corrected",
        [put(LINK[BLOB_ZONE], "properties.registrationEnabled", value=True)],
        [Write("Update", LINK[BLOB_ZONE], {"properties": {"registrationEnabled": False}}, '"1"')],
        violated="DNS-03",
    ),
    case(
        "a link that is not completed is looked at again",
        [put(LINK[BLOB_ZONE], "properties.virtualNetworkLinkState", "InProgress")],
        [Soon(f"link of {BLOB_ZONE} to ml-vnet is completed")],
        violated="WS-DNS-01",
    ),
    case(
        "a link that shows no state is completed",
        [drop(LINK[BLOB_ZONE], "properties.virtualNetworkLinkState")],
        [],
    ),
    case(
        "a link that is being made is waited for, and the group is written beside it",
        [put(LINK[BLOB_ZONE], "properties.provisioningState", "Creating"), gone(BLOB_GROUP)],
        [Works(LINK[BLOB_ZONE]), Write("Create", BLOB_GROUP, zone_group_request(ZONE[BLOB_ZONE]))],
        violated="DNS-03 DNS-05",
    ),
    case(
        "a link that may not be read is neither made nor counted on",
        [unreadable(LINK[BLOB_ZONE])],
        [Finding("Forbidden")],
    ),
    case(
        "both zones of the workspace are asked for at once",
        [gone(GROUP_OF["amlworkspace"])],
        [Write("Create", GROUP_OF["amlworkspace"], zone_group_request(ZONE[API_ZONE], ZONE[NOTEBOOK_ZONE]))],
        violated="DNS-02",
    ),
    case(
        "a second zone joins the group beside the first",
        [added(zone_group(GROUP_OF["amlworkspace"], {ZONE[API_ZONE]: RECORDS[API_ZONE]}))],
        [
            Write(
                "Update",
                GROUP_OF["amlworkspace"],
                {
                    "properties": {
                        "privateDnsZoneConfigs": [
                            *sent_back(GROUP_OF["amlworkspace"], ZONE[API_ZONE]),
                            *zone_group_request(ZONE[NOTEBOOK_ZONE])["properties"]["privateDnsZoneConfigs"],
                        ]
                    }
                },
                ETAG,
            ),
            Soon(f"records of privateEndpoints/{ENDPOINT['amlworkspace'].name} in {NOTEBOOK_ZONE} are written"),
        ],
        violated="DNS-02",
    ),
    case(
        "a zone that somebody added to the group stays",
        [
            added(
                zone_group(
                    BLOB_GROUP, {ZONE[BLOB_ZONE]: RECORDS[BLOB_ZONE], HUB_BLOB: {"frauddata": ["10.20.0.7"]}}
                ),
                record(HUB_BLOB, "frauddata", "10.20.0.7"),
            )
        ],
        [],
        met="DNS-02 DNS-05",
    ),
    case(
        "casing of a zone's id is no difference",
        [
            put(
                BLOB_GROUP,
                "properties.privateDnsZoneConfigs",
                [
                    {
                        "name": "privatelink-blob-core-windows-net",
                        "properties": {
                            "privateDnsZoneId": ZONE[BLOB_ZONE].text.upper(),
                            "recordSets": [
                                {"recordType": "A", "recordSetName": "frauddata", "ipAddresses": ["10.20.0.7"]}
                            ],
                        },
                    }
                ],
            )
        ],
        [],
        met="DNS-02",
    ),
    case(
        "a config of another name that leads to the right zone is not renamed, for that drops its records",
        [put(BLOB_GROUP, "properties.privateDnsZoneConfigs", RENAMED)],
        [],
        met="DNS-02",
    ),
    case(
        "a record that is missing is written by writing its group again",
        [gone(ZONE[BLOB_ZONE].child("A", "frauddata"))],
        [Write("Update", BLOB_GROUP, REWRITTEN, ETAG)],
        violated="DNS-02",
    ),
    case(
        "a record that leads elsewhere is, too",
        [added(record(ZONE[BLOB_ZONE], "frauddata", "10.20.0.99"))],
        [Write("Update", BLOB_GROUP, REWRITTEN, ETAG)],
        violated="DNS-05",
    ),
    case(
        "a group that has written nothing yet is looked at again",
        [added(zone_group(BLOB_GROUP, {ZONE[BLOB_ZONE]: {}}))],
        [Soon(f"records of privateEndpoints/{ENDPOINT['blob'].name} in {BLOB_ZONE} are written")],
        violated="DNS-03",
    ),
    case(
        "so is one that has written into one of its two zones",
        [
            added(
                zone_group(GROUP_OF["amlworkspace"], {ZONE[API_ZONE]: RECORDS[API_ZONE], ZONE[NOTEBOOK_ZONE]: {}})
            )
        ],
        [Soon(f"records of privateEndpoints/{ENDPOINT['amlworkspace'].name} in {NOTEBOOK_ZONE} are written")],
        violated="DNS-03",
    ),
    case(
        "zones stand in the group that the spec names",
        [],
        [
            *(
                made
                for name in ZONE
                for made in (
                    Write("Create", plan(dns={"zoneResourceGroupID": HUB.text}).zone(name), zone_request()),
                    Waits(
                        "Create",
                        plan().link(plan(dns={"zoneResourceGroupID": HUB.text}).zone(name), NETWORK),
                        plan(dns={"zoneResourceGroupID": HUB.text}).zone(name),
                    ),
                )
            ),
            *(Soon(f"privateEndpoints/{where.name} and its zones are ready") for where in ENDPOINT.values()),
        ],
        violated="DNS-02",
        dns={"zoneResourceGroupID": HUB.text},
    ),
]

FOREIGN = [
    case(
        "a zone of others that the network sees is used and not doubled",
        hub(),
        [],
        met="DNS-04",
        rows=HUB_ROWS,
    ),
    case(
        "our endpoint's group writes into it",
        [*hub(), gone(BLOB_GROUP)],
        [Write("Create", BLOB_GROUP, zone_group_request(HUB_BLOB))],
        violated="DNS-02",
        rows=HUB_ROWS,
    ),
    case(
        "a link of others that is not completed is looked at again, and nothing is closed",
        [*hub(), put(HUB_LINK, "properties.virtualNetworkLinkState", "InProgress"), OPEN_ACCOUNT],
        [
            Soon(f"link of {BLOB_ZONE} to ml-vnet is completed"),
            Waits("Update", ACCOUNT, f"link of {BLOB_ZONE} to ml-vnet is completed"),
        ],
        violated="WS-DNS-01",
        rows=HUB_ROWS,
    ),
    case(
        "a link of others that failed resolves no name, and its owner must act",
        [
            *hub(),
            put(HUB_LINK, "properties.virtualNetworkLinkState", "InProgress"),
            put(HUB_LINK, "properties.provisioningState", "Failed"),
            OPEN_ACCOUNT,
        ],
        [
            Finding("VirtualNetworkLinkFailed", HUB_LINK, "WS-DNS-01"),
            Waits("Update", ACCOUNT, f"link of {BLOB_ZONE} to ml-vnet is completed"),
        ],
        violated="WS-DNS-01",
        rows=HUB_ROWS,
    ),
    case(
        "a link that the graph still shows and Azure does not is no link: ours is made",
        [gone(LINK[BLOB_ZONE])],
        [Write("Create", LINK[BLOB_ZONE], link_request())],
        violated="DNS-03",
        rows=HUB_ROWS,
    ),
    case(
        "nor is one that leads to another network by now, for the graph lags behind",
        [gone(LINK[BLOB_ZONE]), added(link(HUB_LINK, OFFICE, tags={}))],
        [Write("Create", LINK[BLOB_ZONE], link_request())],
        violated="DNS-03",
        rows=HUB_ROWS,
    ),
    case(
        "a zone of others is not looked for while ours is linked",
        [added(zone(HUB_BLOB, tags={}), link(HUB_LINK, tags={}))],
        [],
        rows=HUB_ROWS,
    ),
    case(
        "a zone that the spec names is linked and used",
        [added(zone(HUB_BLOB, tags={})), gone(BLOB_GROUP, ZONE[BLOB_ZONE])],
        [
            Write("Create", plan().link(HUB_BLOB, NETWORK), link_request()),
            Write("Create", BLOB_GROUP, zone_group_request(HUB_BLOB)),
        ],
        violated="WS-DNS-01",
        dns={"zoneIDs": [HUB_BLOB.text]},
    ),
]

EXISTING = [
    case("existing zones are used", [], [], dns={"mode": "Existing"}, met="DNS-03"),
    case(
        "a missing link is made to a zone that exists",
        [gone(LINK[BLOB_ZONE])],
        [Write("Create", LINK[BLOB_ZONE], link_request())],
        dns={"mode": "Existing"},
        violated="WS-DNS-01",
    ),
    case(
        "a zone that does not exist is reported, and never made",
        [gone(ZONE[BLOB_ZONE])],
        [
            Finding("NotFound", ZONE[BLOB_ZONE], "DNS-02"),
            Waits("Create", LINK[BLOB_ZONE], ZONE[BLOB_ZONE]),
            Soon(f"privateEndpoints/{ENDPOINT['blob'].name} and its zones are ready"),
        ],
        dns={"mode": "Existing"},
        violated="DNS-02",
    ),
]

CLIENTS = [
    case(
        "every network of clients is linked to every zone",
        [office(*(name for name in ZONE if name != BLOB_ZONE))],
        [Write("Create", OFFICE_LINK[BLOB_ZONE], link_request(OFFICE))],
        violated="DNS-03 WS-DNS-01",
        **OFFICE_SPEC,
    ),
    case("networks that are linked already are left alone", [office()], [], met="DNS-03", **OFFICE_SPEC),
    case(
        "a network that is named twice, in two casings, is one network",
        [office(*(name for name in ZONE if name != BLOB_ZONE))],
        [Write("Create", OFFICE_LINK[BLOB_ZONE], link_request(OFFICE))],
        network={
            "endpointSubnetID": SUBNET.text,
            "clientNetworkIDs": [OFFICE.text, OFFICE.text.replace("office-vnet", "Office-VNet")],
        },
    ),
    case(
        "the endpoints' own network is not linked twice",
        [],
        [],
        network={
            "endpointSubnetID": SUBNET.text,
            "clientNetworkIDs": [NETWORK.text.replace("ml-vnet", "ML-VNET")],
        },
    ),
    case(
        "a network of clients that sees another zone of the name cannot see ours, and somebody must choose",
        [
            office(*(name for name in ZONE if name != BLOB_ZONE)),
            added(zone(HUB_BLOB, tags={}), link(HUB_LINK, OFFICE, tags={})),
        ],
        [Finding("ZoneConflict", HUB_LINK, "DNS-04")],
        violated="DNS-04",
        rows=[{"id": HUB_LINK.text, "network": OFFICE.text.upper()}],
        **OFFICE_SPEC,
    ),
]

CONFIRMED = [
    {"name": name, "addresses": addresses} for told in ADDRESSES.values() for name, addresses in told.items()
]
NOT_BLOB = [each for each in CONFIRMED if ".blob." not in str(each["name"])]
UNCONFIRMED = f"the records of privateEndpoints/{ENDPOINT['blob'].name} are confirmed"
NO_ZONES = gone(*ZONE.values(), *GROUP_OF.values())

NOBODYS = [
    case(
        "with dns.mode None nothing is written, whatever zones there are",
        [NO_ZONES],
        [],
        dns={"mode": "None", "confirmedRecords": CONFIRMED},
        met="DNS-01",
    ),
    case(
        "a service is closed when its names are confirmed with their addresses",
        [NO_ZONES, OPEN_ACCOUNT],
        [Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})],
        dns={"mode": "None", "confirmedRecords": CONFIRMED},
        met="DNS-01 OPS-08",
    ),
    case(
        "one whose names nobody has confirmed is not, for nobody may know of them yet",
        [NO_ZONES, OPEN_ACCOUNT],
        [Finding("DNSRecordsNotConfirmed", ENDPOINT["blob"], "DNS-01"), Waits("Update", ACCOUNT, UNCONFIRMED)],
        dns={"mode": "None", "confirmedRecords": NOT_BLOB},
        violated="DNS-01 OPS-08",
    ),
    case(
        "nor one whose endpoint has other addresses by now",
        [NO_ZONES, OPEN_ACCOUNT],
        [Finding("DNSRecordsNotConfirmed", ENDPOINT["blob"], "DNS-01"), Waits("Update", ACCOUNT, UNCONFIRMED)],
        dns={
            "mode": "None",
            "confirmedRecords": [
                *NOT_BLOB,
                {"name": "frauddata.blob.core.windows.net", "addresses": ["10.20.0.99"]},
            ],
        },
        violated="DNS-01",
    ),
    case(
        "an endpoint that does not tell its names yet is looked at again",
        [NO_ZONES, put(ENDPOINT["blob"], "properties.customDnsConfigs", [])],
        [Soon(f"privateEndpoints/{ENDPOINT['blob'].name} tells its names")],
        dns={"mode": "None", "confirmedRecords": CONFIRMED},
        violated="DNS-01",
    ),
    case(
        "an endpoint that is missing has no names to tell yet, and is made without a zone group",
        [gone(*ZONE.values(), *GROUP_OF.values(), ENDPOINT["blob"])],
        [Write("Create", ENDPOINT["blob"], endpoint_request(TARGETS["blob"]))],
        dns={"mode": "None", "confirmedRecords": CONFIRMED},
    ),
]


@pytest.mark.parametrize("row", MANAGED)
def test_managed_names(row: Case) -> None:
    """What is missing is made, what is there is used, and records are watched."""
    check(row)


@pytest.mark.parametrize("row", FOREIGN)
def test_zones_of_others(row: Case) -> None:
    """A network sees one zone of a name, so the one that it sees already is used."""
    check(row)


@pytest.mark.parametrize("row", EXISTING)
def test_existing_zones(row: Case) -> None:
    """Zones are somebody else's to make."""
    check(row)


@pytest.mark.parametrize("row", CLIENTS)
def test_networks_of_clients(row: Case) -> None:
    """Whoever must resolve the names is linked."""
    check(row)


@pytest.mark.parametrize("row", NOBODYS)
def test_names_that_are_somebody_elses_business(row: Case) -> None:
    """The operator writes no zone, link or group."""
    check(row)


@pytest.mark.parametrize(
    ("confirmed", "said"),
    [
        pytest.param([], "frauddata.blob.core.windows.net.", id="nothing"),
        pytest.param(
            [{"name": "FraudData.blob.core.windows.net", "addresses": ["10.20.0.99", "10.20.0.98"]}],
            "frauddata.blob.core.windows.net (confirmed at 10.20.0.98, 10.20.0.99; the endpoint has 10.20.0.7).",
            id="other addresses",
        ),
    ],
)
def test_what_was_confirmed_is_said_beside_what_the_endpoint_has(
    confirmed: list[dict[str, Any]], said: str
) -> None:
    """Whoever mistyped an address reads the message with both before their eyes."""
    dns = {"mode": "None", "confirmedRecords": [*NOT_BLOB, *confirmed]}
    evaluation = judge_all(SecureWorkspaces().declare(spec(dns=dns), OWNER), world())
    found = {
        assessment.problem.message
        for assessment in evaluation.assessments.values()
        if isinstance(assessment, Blocked)
    }
    assert [message.partition("Not confirmed for frauddata: ")[2] for message in found] == [said]


INSTANCES = [
    {"name": "*.westeurope.instances.azureml.ms", "addresses": ["10.20.0.4"]},
    {"name": "*.westeurope.instances.ml.azure.ms", "addresses": ["10.20.0.4"]},
]
"""Compute instances are found at the workspace's endpoint, which does not tell their names."""

RECORDS_SHOWN = [
    pytest.param(
        world(),
        {},
        [
            {"name": f"{name}.{where}", "zone": where, "addresses": addresses}
            for target in TARGETS.values()
            for where in PUBLIC.zones[target.group]
            for name, addresses in RECORDS[where].items()
        ],
        id="records of our groups are shown with their zones",
    ),
    pytest.param(
        world(),
        {"dns": {"mode": "None"}},
        [
            {"name": "fraud.westeurope.api.azureml.ms", "addresses": ["10.20.0.4"]},
            {"name": "ml-fraud.notebooks.azure.net", "addresses": ["10.20.0.5"]},
            *INSTANCES,
            {"name": "frauddata.blob.core.windows.net", "addresses": ["10.20.0.7"]},
            {"name": "frauddata.file.core.windows.net", "addresses": ["10.20.0.8"]},
            {"name": "fraudvault.vault.azure.net", "addresses": ["10.20.0.9"]},
            {"name": "fraudimages.westeurope.data.azurecr.io", "addresses": ["10.20.0.10"]},
            {"name": "fraudimages.azurecr.io", "addresses": ["10.20.0.11"]},
        ],
        id="with dns.mode None the endpoints tell what somebody must write (DNS-01)",
    ),
    pytest.param(
        world(gone(ENDPOINT["blob"], ENDPOINT["vault"])),
        {"dns": {"mode": "None"}},
        [
            {"name": "fraud.westeurope.api.azureml.ms", "addresses": ["10.20.0.4"]},
            {"name": "ml-fraud.notebooks.azure.net", "addresses": ["10.20.0.5"]},
            *INSTANCES,
            {"name": "frauddata.file.core.windows.net", "addresses": ["10.20.0.8"]},
            {"name": "fraudimages.westeurope.data.azurecr.io", "addresses": ["10.20.0.10"]},
            {"name": "fraudimages.azurecr.io", "addresses": ["10.20.0.11"]},
        ],
        id="an endpoint that is not there yet tells nothing",
    ),
]


@pytest.mark.parametrize(("azure", "parts", "expected"), RECORDS_SHOWN)
def test_the_table_of_records(azure: View, parts: dict[str, Any], expected: list[dict[str, object]]) -> None:
    """The status lists names and addresses for the keeper of a DNS server (DNS-01)."""
    blocks = judge_all(SecureWorkspaces().declare(spec(**parts), OWNER), azure).blocks()
    assert [b.value for b in blocks if isinstance(b, StatusField) and b.path == "dnsRecords"] == expected


@pytest.mark.parametrize(
    ("cloud", "suffix", "expected"),
    [
        (
            GOVERNMENT,
            "api.ml.azure.us",
            ["*.usgovvirginia.instances.azureml.us", "*.usgovvirginia.instances.ml.azure.us"],
        ),
        (CHINA, "api.ml.azure.cn", ["*.chinaeast2.instances.azureml.cn", "*.chinaeast2.instances.ml.azure.ms"]),
    ],
    ids=["Government", "China"],
)
def test_instances_are_called_otherwise_in_other_clouds(cloud: Cloud, suffix: str, expected: list[str]) -> None:
    """Names of managed endpoints, which lead elsewhere, are none of theirs."""
    region = expected[0].split(".")[1]
    told = [
        {"fqdn": f"*.79a5.inference.{region}.{suffix}", "ipAddresses": ["10.20.0.6"]},
        {"fqdn": f"79a5.workspace.{region}.{suffix}", "ipAddresses": ["10.20.0.4"]},
    ]
    azure = world(
        put(WORKSPACE, "location", region), put(ENDPOINT["amlworkspace"], "properties.customDnsConfigs", told)
    )
    blocks = judge_all(SecureWorkspaces(cloud).declare(spec(dns={"mode": "None"}), OWNER), azure).blocks()
    shown = [each.value for each in blocks if isinstance(each, StatusField) and ".instances." in str(each.value)]
    assert shown == [{"name": name, "addresses": ["10.20.0.4"]} for name in expected]


@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        pytest.param("https://management.azure.com", PUBLIC, id="public"),
        pytest.param("https://management.usgovcloudapi.net/", GOVERNMENT, id="Government"),
        pytest.param("https://MANAGEMENT.ChinaCloudAPI.cn", CHINA, id="China"),
        pytest.param("https://127.0.0.1:8443", PUBLIC, id="an emulator is public"),
    ],
)
def test_the_cloud_of_a_host(host: str, cloud: Cloud) -> None:
    """The resource manager's address decides (GEN-CLOUD-01)."""
    assert cloud_of(host) == cloud


CLOUDS = [
    case(
        "in the public cloud the public names are used",
        [],
        [],
        met="GEN-CLOUD-01",
    ),
    case(
        "in China the same landscape lacks every zone of that cloud",
        [],
        [
            *(
                made
                for target in TARGETS.values()
                for name in CHINA.zones[target.group]
                for made in (
                    Write("Create", plan().zone(name), zone_request()),
                    Waits("Create", plan().link(plan().zone(name), NETWORK), plan().zone(name)),
                )
            ),
            *(Soon(f"privateEndpoints/{where.name} and its zones are ready") for where in ENDPOINT.values()),
        ],
        cloud=CHINA,
        violated="GEN-CLOUD-01",
    ),
]


@pytest.mark.parametrize("row", CLOUDS)
def test_zones_of_a_cloud(row: Case) -> None:
    """Each cloud has names of its own (GEN-CLOUD-01)."""
    check(row)


@pytest.mark.parametrize("cloud", [PUBLIC, GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
def test_every_cloud_has_a_zone_for_every_group(cloud: Cloud) -> None:
    """Two for the workspace, one for all else (DNS-02)."""
    parts = ("blob", "file", "queue", "table", "dfs", "web")
    single = dict.fromkeys(("vault", "registry", *parts), 1)
    assert {group: len(zones) for group, zones in cloud.zones.items()} == {"amlworkspace": 2, **single}


POLICY_GROUP = ENDPOINT["blob"].child("privateDnsZoneGroups", "deployedByPolicy")


@pytest.mark.parametrize(
    ("zones", "reasons"),
    [
        pytest.param([ZONE[BLOB_ZONE]], set(), id="it writes into the zone that the network sees"),
        pytest.param(
            [HUB_BLOB], {"ZoneGroupIncomplete"}, id="it writes into a zone that the network does not see"
        ),
    ],
)
def test_the_group_that_a_policy_gave_our_endpoint_is_used_and_never_doubled(
    zones: list[Any], reasons: set[str]
) -> None:
    """Landing zones give every endpoint its zone group by policy; Azure takes no second one (DNS-05)."""
    group = zone_group(POLICY_GROUP, {each: {"frauddata": ["10.20.0.7"]} for each in zones})
    azure = world(gone(GROUP_OF["blob"]), added(group))
    evaluation = judge_all(SecureWorkspaces(PUBLIC).declare(spec(), OWNER), azure)
    found = {
        assessment.problem.reason
        for assessment in evaluation.assessments.values()
        if isinstance(assessment, Blocked)
    }
    assert (evaluation.actions, found) == ((), reasons)


HUB_SUBSCRIPTION = "99999999-9999-4999-8999-999999999999"
FAR_BLOB = resource_id(HUB_BLOB.text.replace(SUBSCRIPTION, f"/subscriptions/{HUB_SUBSCRIPTION}"))


@pytest.mark.parametrize(
    ("dns", "asked"),
    [
        pytest.param({}, [NETWORK.subscription], id="the network's own"),
        pytest.param(
            {"zoneResourceGroupID": f"/subscriptions/{HUB_SUBSCRIPTION}/resourceGroups/dns"},
            [NETWORK.subscription, HUB_SUBSCRIPTION],
            id="that of the group for zones",
        ),
        pytest.param(
            {"zoneIDs": [FAR_BLOB.text.replace(BLOB_ZONE, FILE_ZONE), ZONE[BLOB_ZONE].text]},
            [NETWORK.subscription, HUB_SUBSCRIPTION],
            id="those of zones, each once",
        ),
    ],
)
def test_links_are_looked_for_in_every_subscription_that_may_hold_zones(
    dns: dict[str, Any], asked: list[str]
) -> None:
    """In hub and spoke a zone and its links live in the hub's subscription: ours would have been a second zone."""
    azure = world(gone(ZONE[BLOB_ZONE]))
    declared = plan(dns=dns)
    azure.complete, azure.known = False, {**azure.known, **known({declared.zone(BLOB_ZONE): NotFound()})}
    with pytest.raises(Unread) as unread:
        zone_used(declared, azure, BLOB_ZONE, NETWORK)
    seen = [question.query.subscription for question in unread.value.questions if isinstance(question, GraphRows)]
    assert seen == asked


def test_a_zone_of_the_hub_is_found_and_used() -> None:
    """Declared by its group only, it is used under the name and link that the hub gave it."""
    far_link = FAR_BLOB.child("virtualNetworkLinks", "spoke")
    azure = world(gone(ZONE[BLOB_ZONE]), added(zone(FAR_BLOB, tags={}), link(far_link, tags={})))
    azure.rows = ({"id": far_link.text, "network": NETWORK.text},)
    declared = plan(dns={"zoneResourceGroupID": f"/subscriptions/{HUB_SUBSCRIPTION}/resourceGroups/dns"})
    assert zone_used(declared, azure, BLOB_ZONE, NETWORK) == Zone(FAR_BLOB, far_link, ours=False)
