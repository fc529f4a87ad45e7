"""Networks that ask DNS servers of their own: nothing counts that such a server was not shown to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.isolation.bodies import (
    ACCOUNT,
    BLOB_ZONE,
    LINK,
    NETWORK,
    NETWORK_GROUP,
    OFFICE,
    OWNER,
    SUBNET,
    ZONE,
    added,
    gone,
    link,
    link_request,
    network,
    peering,
    plan,
    put,
    spec,
    world,
)
from tests.unit.isolation.telling import Advice, Case, Finding, Waits, Write, case, check, judge_all
from tests.unit.isolation.test_zone_contents import peered

from secureml_reconcilers.engine.blocks import StatusField
from secureml_reconcilers.isolation.clouds import CHINA, GOVERNMENT, PUBLIC
from secureml_reconcilers.secure_workspace import SecureWorkspaces

if TYPE_CHECKING:
    from tests.unit.isolation.bodies import Change

    from secureml_reconcilers.azure.resource_id import ResourceId
    from secureml_reconcilers.isolation.clouds import Cloud

HUB = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "hub")
FIREWALL = NETWORK_GROUP.resource("Microsoft.Network/virtualNetworks", "firewall")
SERVER = "10.0.0.4"
OPEN = put(ACCOUNT, "properties.publicNetworkAccess", "Enabled")
CLOSE = Write("Update", ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}})
SHOWN = "ml-vnet in network asks servers that are shown to see the zones"
NAMED: dict[str, Any] = {"dns": {"serverNetworkIDs": [HUB.text]}}
HUB_LINK = {name: plan().link(where, HUB) for name, where in ZONE.items()}


def asks(*servers: str, of: ResourceId = NETWORK) -> Change:
    """A network asks these DNS servers."""
    return put(of, "properties.dhcpOptions", {"dnsServers": list(servers)})


def there(target: ResourceId, space: str) -> tuple[Change, ...]:
    """A network with this range, peered with nobody yet."""
    return added(network(target)), put(target, "properties.addressSpace.addressPrefixes", [space])


def both(one: ResourceId, other: ResourceId, **properties: Any) -> tuple[Change, ...]:  # noqa: ANN401 - JSON
    """Two networks are peered in both directions."""
    return peered(peering(other, **properties), on=one), peered(peering(one, **properties), on=other)


HUB_IS_THERE = (*there(HUB, "10.0.0.0/16"), *both(NETWORK, HUB))
HUB_IS_LINKED = (gone(*LINK.values()), added(*(link(each, HUB) for each in HUB_LINK.values())))

CASES = [
    case("a network that asks Azure needs nothing more", [OPEN], [CLOSE], met="DNS-01 DNS-07 GEN-CON-04"),
    case("nor does one that names Azure's own server", [asks("168.63.129.16"), OPEN], [CLOSE], met="DNS-01"),
    case(
        "nothing is closed while it asks a server that was not shown to see the zones",
        [asks(SERVER), OPEN],
        [Finding("CustomDNSServer", NETWORK, "DNS-01"), Waits("Update", ACCOUNT, SHOWN)],
        violated="DNS-01 DNS-07 GEN-CON-04",
    ),
    case(
        "nor is a link written that nobody would see",
        [asks(SERVER), gone(LINK[BLOB_ZONE])],
        [Finding("CustomDNSServer", NETWORK, "DNS-01"), Waits("Create", LINK[BLOB_ZONE], SHOWN)],
    ),
    case(
        "Azure's own beside it answers only those whom it is asked first",
        [asks(SERVER, "168.63.129.16"), OPEN],
        [Finding("CustomDNSServer", NETWORK, "DNS-01"), Waits("Update", ACCOUNT, SHOWN)],
    ),
    case(
        "the network in which the server lives is linked in its place",
        [asks(SERVER), *HUB_IS_THERE, *HUB_IS_LINKED, gone(HUB_LINK[BLOB_ZONE]), OPEN],
        [
            Write("Create", HUB_LINK[BLOB_ZONE], link_request(HUB)),
            Waits("Update", ACCOUNT, HUB_LINK[BLOB_ZONE]),
        ],
        **NAMED,
    ),
    case(
        "and everything is closed then",
        [asks(SERVER), *HUB_IS_THERE, *HUB_IS_LINKED, OPEN],
        [CLOSE],
        met="DNS-01 DNS-07 GEN-CON-04",
        **NAMED,
    ),
    case(
        "where the network asks Azure as well, both are linked",
        [
            asks(SERVER, "168.63.129.16"),
            *HUB_IS_THERE,
            *HUB_IS_LINKED,
            added(*map(link, LINK.values())),
            gone(LINK[BLOB_ZONE]),
        ],
        [Write("Create", LINK[BLOB_ZONE], link_request())],
        **NAMED,
    ),
    case(
        "a server that lies in none of the networks named is not shown to see the zones",
        [asks(SERVER, "10.9.0.4"), *HUB_IS_THERE, *HUB_IS_LINKED, OPEN],
        [Finding("CustomDNSServer", NETWORK, "DNS-01"), Waits("Update", ACCOUNT, SHOWN)],
        violated="DNS-07",
        **NAMED,
    ),
    case(
        "nor is one in a network that does not exist",
        [asks(SERVER), OPEN],
        [Finding("CustomDNSServer", NETWORK, "DNS-01"), Waits("Update", ACCOUNT, SHOWN)],
        **NAMED,
    ),
    case(
        "a server that its network does not reach answers nothing",
        [asks(SERVER), *there(HUB, "10.0.0.0/16"), *HUB_IS_LINKED, OPEN],
        [
            Finding("CustomDNSServer", NETWORK, "DNS-07"),
            Waits("Update", ACCOUNT, "ml-vnet in network reaches its name servers in hub"),
        ],
        violated="DNS-07 GEN-CON-04",
        **NAMED,
    ),
    case(
        "one behind a hub that forwards may answer, which cannot be told",
        [
            asks(SERVER),
            *there(HUB, "10.0.0.0/16"),
            *there(FIREWALL, "10.1.0.0/16"),
            peered(peering(FIREWALL, allowForwardedTraffic=True)),
            peered(peering(FIREWALL, allowForwardedTraffic=True), on=HUB),
            *HUB_IS_LINKED,
            OPEN,
        ],
        [Advice("PathNotTold", NETWORK, "GEN-CON-04"), CLOSE],
        **NAMED,
    ),
    case(
        "a server in a network of the resource itself needs no peering with it",
        [asks("10.20.5.4"), OPEN],
        [CLOSE],
        met="DNS-07",
        dns={"serverNetworkIDs": [NETWORK.text]},
    ),
]


@pytest.mark.parametrize("row", CASES)
def test_names_that_a_server_of_ones_own_answers(row: Case) -> None:
    """F1 of the field reports."""
    check(row)


def test_a_network_of_clients_that_asks_a_server_of_its_own_holds_its_own_links_only() -> None:
    """The endpoints' own network converges meanwhile."""
    wanted = spec(network={"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]})
    azure = world(
        *there(OFFICE, "10.8.0.0/16"), *both(NETWORK, OFFICE), asks(SERVER, of=OFFICE), gone(LINK[BLOB_ZONE])
    )
    evaluation = judge_all(SecureWorkspaces().declare(wanted, OWNER), azure)
    assert [action.id for action in evaluation.actions] == [LINK[BLOB_ZONE]]
    assert {plan().link(each, OFFICE).key for each in ZONE.values()} <= set(evaluation.waiting)


def test_the_links_of_one_server_wait_for_every_network_that_asks_it() -> None:
    """One link answers all of them, so that it comes when each of them can use the answers."""
    wanted = spec(
        network={"endpointSubnetID": SUBNET.text, "clientNetworkIDs": [OFFICE.text]},
        dns={"serverNetworkIDs": [HUB.text]},
    )
    azure = world(*HUB_IS_THERE, *there(OFFICE, "10.8.0.0/16"), asks(SERVER), asks(SERVER, "10.9.0.4", of=OFFICE))
    evaluation = judge_all(SecureWorkspaces().declare(wanted, OWNER), azure)
    assert {plan().link(each, HUB).key for each in ZONE.values()} <= set(evaluation.waiting)


@pytest.mark.parametrize(
    ("cloud", "some"),
    [
        (
            PUBLIC,
            {"api.azureml.ms", "instances.azureml.ms", "vault.azure.net", "vaultcore.azure.net", "azurecr.io"},
        ),
        (GOVERNMENT, {"api.ml.azure.us", "instances.azureml.us", "blob.core.usgovcloudapi.net", "azurecr.us"}),
        (CHINA, {"notebooks.chinacloudapi.cn", "inference.ml.azure.cn", "vault.azure.cn", "aznbcontent.net"}),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_what_such_a_server_forwards_is_listed_while_one_is_asked(cloud: Cloud, some: set[str]) -> None:
    """Its keeper copies the list (DNS-07); the private zones themselves are not forwarded."""
    blocks = judge_all(SecureWorkspaces(cloud).declare(spec(), OWNER), world(asks(SERVER))).blocks()
    listed = [block.value for block in blocks if isinstance(block, StatusField) and block.path == "dnsForwarders"]
    assert some <= set(listed)
    assert len(set(listed)) == len(listed)
    assert [each for each in listed if "privatelink" in each] == []
    blocks = judge_all(SecureWorkspaces(cloud).declare(spec(), OWNER), world()).blocks()
    assert [block for block in blocks if isinstance(block, StatusField) and block.path == "dnsForwarders"] == []
