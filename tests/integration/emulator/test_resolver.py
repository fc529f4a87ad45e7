"""Names as seen from a network, and whether a service is reached by them.

Sources: the articles on private endpoint DNS, private DNS zones, fall-back to the internet, storage private
endpoints, virtual network peering, service endpoints, and Azure Machine Learning with a custom DNS server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arm_emulator.resolver import reach, resolve

from .estates import (
    BLOB,
    REGISTRY,
    STORAGE,
    VAULT,
    WORKSPACE,
    account,
    alias,
    base,
    closed,
    endpoint_in,
    firewall,
    gone,
    judged,
    linked,
    network_id,
    peered,
    put,
    record,
    registry,
    servers,
    serviced,
    unfinished,
    vault,
    workspace,
    written,
    zone,
)

if TYPE_CHECKING:
    from .client import Azure
    from .estates import Step

SPOKE = network_id("spoke")
NAME = "sa1.blob.core.windows.net"
PRIVATE = ("10.0.1.4",)
OTHERS = (endpoint_in("far"),)
"""Another team's endpoint: the account's public name is an alias from then on."""
PLAIN = (endpoint_in("spoke"), zone(), written(), linked("spoke"))
"""An endpoint in the client's own network, its record, and the link."""
HUB = (endpoint_in("hub"), zone(), written(), linked("hub"))
BOTH = (peered("spoke", "hub"), peered("hub", "spoke"))
FALLS_BACK = "NxDomainRedirect"

WAYS = [
    # what the estate has                             works, privately, and why
    pytest.param((), True, False, "public DNS leads sa1.blob", id="nothing but the public way"),
    pytest.param((closed(),), False, False, "public access to sa1 is Disabled", id="closed without an endpoint"),
    pytest.param(PLAIN, True, True, "privateEndpoints/p answers there", id="endpoint, record and link"),
    pytest.param((*PLAIN, closed()), True, True, "", id="the same, closed"),
    pytest.param(
        (endpoint_in("spoke"), zone(), written()), True, False, "public DNS", id="no link: the public way stays"
    ),
    pytest.param((*OTHERS, zone(), linked("spoke")), False, False, "lacks", id="linked zone without the record"),
    pytest.param((zone(), linked("spoke")), True, False, "", id="linked zone, but nobody has an endpoint"),
    pytest.param(
        (*OTHERS, zone(), linked("spoke", policy=FALLS_BACK)), True, False, "falls back", id="link that falls back"
    ),
    pytest.param(
        (*OTHERS, zone(), linked("spoke", policy="Default")), False, False, "lacks", id="link of policy Default"
    ),
    pytest.param(
        (*OTHERS, zone(), linked("spoke", policy=FALLS_BACK), closed()),
        False,
        False,
        "public access to sa1 is Disabled",
        id="falls back to what is closed",
    ),
    pytest.param(
        (*OTHERS, zone(), written(), linked("spoke", policy=FALLS_BACK)),
        False,
        True,
        "10.2.1.4 lies in far, out of reach of spoke: spoke has no peering with far",
        id="a record of another team's endpoint: nothing falls back",
    ),
    pytest.param(
        (endpoint_in("spoke"), endpoint_in("spoke", group="file", name="f"), zone(), linked("spoke"),
         record("sa1", "10.0.1.5")),
        False,
        True,
        "answers for file, not for blob",
        id="a record of the endpoint of another group",
    ),
    pytest.param((*PLAIN, record("sa1", "10.0.1.99")), False, True, "nobody has", id="a record of a free address"),
    pytest.param(
        (*PLAIN, record("sa1", "10.0.1.4", "10.0.1.99")), False, True, "nobody has", id="one of two is dead"
    ),
    pytest.param(
        (*PLAIN, record("sa1", "10.0.1.99", "10.0.1.4")), False, True, "nobody has", id="the other of two is dead"
    ),
    pytest.param(
        (*PLAIN, account("sa2"), endpoint_in("spoke", f"{STORAGE[:-1]}2", name="q"), record("sa1", "10.0.1.5")),
        False,
        True,
        "q has no connection to sa1",
        id="a record of another account's endpoint",
    ),
    pytest.param(
        (*PLAIN, account("sa2"), zone("blob.core.windows.net"), linked("spoke", "blob.core.windows.net"),
         alias("sa1", "sa2.example", zone_name="blob.core.windows.net")),
        False,
        False,
        "public DNS does not know sa2.example",
        id="an alias of what is not there",
    ),
    pytest.param(
        (*PLAIN, registry(), zone("blob.core.windows.net"), linked("spoke", "blob.core.windows.net"),
         alias("sa1", "registry1.azurecr.io", zone_name="blob.core.windows.net")),
        False,
        False,
        "which is that of",
        id="an alias of another service",
    ),
    pytest.param((*PLAIN, record("sa1", "8.8.8.8")), False, True, "in no network", id="an address from elsewhere"),
    pytest.param((*PLAIN, judged("Rejected")), True, False, "public DNS", id="rejected: the alias is gone"),
    pytest.param(
        (*PLAIN, *(endpoint_in("far", name="q"),), judged("Rejected")),
        False,
        True,
        "the connection of p to sa1 is Rejected",
        id="rejected, and another team has an endpoint",
    ),
    pytest.param(
        (*OTHERS, endpoint_in("spoke", name="m", manual=True), zone(), linked("spoke"), record("sa1", "10.0.1.4")),
        False,
        True,
        "the connection of m to sa1 is Pending",
        id="pending",
    ),
    pytest.param((*HUB, linked("spoke"), *BOTH), True, True, "", id="endpoint in a peered network"),
    pytest.param(
        (*HUB, linked("spoke")), False, True, "spoke has no peering with hub", id="a network not peered"
    ),
    pytest.param(
        (*HUB, linked("spoke"), peered("spoke", "hub")),
        False,
        True,
        "the peering to-hub of spoke is Initiated",
        id="peered on one side",
    ),
    pytest.param(
        (*HUB, linked("spoke"), *BOTH, gone(f"{network_id('hub')}/virtualNetworkPeerings/to-spoke")),
        False,
        True,
        "the peering to-hub of spoke is Disconnected",
        id="the other side of the peering is gone",
    ),
    pytest.param(
        (*HUB, linked("spoke"), peered("spoke", "hub"), peered("hub", "spoke", allowVirtualNetworkAccess=False)),
        False,
        True,
        "does not allow virtual network access",
        id="a peering that lets no traffic in",
    ),
    pytest.param(
        (*OTHERS, zone(), written(), linked("spoke"), *BOTH, peered("hub", "far"), peered("far", "hub")),
        False,
        True,
        "spoke has no peering with far",
        id="peering is not transitive",
    ),
    pytest.param((servers("168.63.129.16"), *PLAIN), True, True, "Azure's", id="Azure's resolver by address"),
    pytest.param(
        (servers("10.1.2.10"), endpoint_in("spoke"), zone(), written(), linked("spoke"), *BOTH, closed()),
        False,
        False,
        "the DNS server 10.1.2.10 in hub, which sees its zones",
        id="F1: DNS server in the hub, zone linked to the spoke alone",
    ),
    pytest.param(
        (servers("10.1.2.10"), endpoint_in("spoke"), zone(), written(), linked("hub"), *BOTH, closed()),
        True,
        True,
        "",
        id="DNS server in the hub, zone linked to the hub",
    ),
    pytest.param(
        (servers("10.1.2.10"), endpoint_in("spoke"), zone(), written(), linked("hub")),
        False,
        False,
        "the DNS server 10.1.2.10 in hub cannot be reached: spoke has no peering with hub",
        id="DNS server in a network not peered",
    ),
    pytest.param((servers("10.0.2.10"), *PLAIN), True, True, "10.0.2.10 in spoke", id="DNS server in the network"),
    pytest.param(
        (servers("192.168.7.7"), *PLAIN), True, False, "knows public names only", id="DNS server on the premises"
    ),
    pytest.param((servers("8.8.8.8"), *PLAIN, closed()), False, False, "names only", id="public server, closed"),
    pytest.param(
        (servers("10.1.2.10", "168.63.129.16"), *PLAIN), True, True, "cannot be", id="second of two servers"
    ),
    pytest.param(
        (servers("8.8.8.8", "168.63.129.16"), *PLAIN), True, False, "names only", id="the first of two servers"
    ),
    pytest.param((servers("dns.example"), *PLAIN), False, False, "is no address", id="server that is no address"),
    pytest.param(
        (*PLAIN, zone("blob.core.windows.net"), linked("spoke", "blob.core.windows.net")),
        False,
        False,
        "the zone /subscriptions",
        id="a zone of the public name shadows it",
    ),
    pytest.param(
        (*PLAIN, zone("blob.core.windows.net"), linked("spoke", "blob.core.windows.net", policy=FALLS_BACK)),
        False,
        False,
        "the zone /subscriptions",
        id="a zone of the public name does not fall back",
    ),
    pytest.param(
        (*PLAIN, zone("blob.core.windows.net"), linked("spoke", "blob.core.windows.net"),
         alias("sa1", f"sa1.{BLOB}", zone_name="blob.core.windows.net")),
        True,
        True,
        "",
        id="the zone with the longest suffix answers",
    ),
    pytest.param((*PLAIN, unfinished("spoke")), True, False, "public DNS", id="a link that is still being made"),
    pytest.param(
        (*PLAIN, zone("core.windows.net"), linked("spoke", "core.windows.net"),
         record("*", "10.0.1.4", zone_name="core.windows.net"),
         record("blob", "10.0.1.4", zone_name="core.windows.net")),
        False,
        False,
        "lacks sa1.blob.core.windows.net",
        id="a wildcard does not reach below a name that exists",
    ),
    pytest.param(
        (*PLAIN, zone("sa1.blob.core.windows.net"), linked("spoke", "sa1.blob.core.windows.net"),
         record("@", "10.0.1.4", zone_name="sa1.blob.core.windows.net")),
        True,
        True,
        "sa1.blob.core.windows.net leads",
        id="a zone of the very name, record at its top",
    ),
    pytest.param(
        (endpoint_in("spoke"), zone(), linked("spoke"), alias("sa1", f"ours.{BLOB}"), record("ours", "10.0.1.4")),
        True,
        True,
        "an alias of ours",
        id="an alias inside the zone",
    ),
    pytest.param(
        (endpoint_in("spoke"), zone(), linked("spoke"), alias("sa1", f"b.{BLOB}"), alias("b", f"sa1.{BLOB}")),
        False,
        False,
        "have no end",
        id="aliases without end",
    ),
    pytest.param((endpoint_in("spoke"), zone(), linked("spoke"), record("*", "10.0.1.4")), True, True, "",
                 id="a wildcard record"),
    pytest.param(
        (endpoint_in("spoke"), zone(), linked("spoke"), record("*", "10.0.1.4"), record("x.sa1", "10.0.1.9")),
        False,
        False,
        "but no address of it",
        id="a name with something below it takes no wildcard",
    ),
    pytest.param(
        (*OTHERS, zone(), linked("spoke"), record("sa1")), False, False, "lacks", id="a record set without records"
    ),
    pytest.param(
        (*OTHERS, zone(), linked("spoke"),
         put(f"{network_id('spoke').rsplit('/', 2)[0]}/privateDnsZones/{BLOB}/TXT/sa1",
             {"properties": {"ttl": 10, "txtRecords": [{"value": ["x"]}]}})),
        False,
        False,
        "but no address of it",
        id="a name with other records only: nothing falls back",
    ),
    pytest.param(
        (serviced("Microsoft.Storage"), closed(networkAcls=firewall("work"))),
        True,
        False,
        "the firewall of sa1 lets in work",
        id="service endpoint and subnet rule",
    ),
    pytest.param(
        (serviced("Microsoft.Storage"), closed(networkAcls=firewall("work")), serviced()),
        False,
        False,
        "lets in no subnet",
        id="a subnet rule whose service endpoint is gone",
    ),
    pytest.param(
        (serviced("Microsoft.Storage"), closed(networkAcls=firewall())),
        False,
        False,
        "lets in no subnet",
        id="a service endpoint without a rule",
    ),
    pytest.param(
        (closed(networkAcls=firewall()),), False, False, "lets in no subnet", id="denied, without a rule"
    ),
    pytest.param(
        (serviced("Microsoft.Storage"), closed(networkAcls=firewall("work"), publicNetworkAccess="Disabled")),
        False,
        False,
        "public access to sa1 is Disabled",
        id="a subnet rule counts for nothing when public access is disabled",
    ),
    pytest.param(
        (serviced("Microsoft.Storage"), closed(networkAcls=firewall("work")), *OTHERS, zone(), written(),
         linked("spoke")),
        False,
        True,
        "lies in far",
        id="a name that turned private leaves the service endpoint behind",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("estate", "works", "private", "why"), WAYS)
async def test_ways_to_a_storage_account(
    azure: Azure, *, estate: tuple[Step, ...], works: bool, private: bool, why: str
) -> None:
    """The client in `spoke`, and how it fares with the blob name of `sa1`."""
    await base(azure)
    for step in estate:
        await step(azure)
    found = reach(azure.emulator.ctx, STORAGE, "blob", SPOKE)
    assert (found.works, found.private) == (works, private), found.why
    assert why in found.why


async def test_an_answer_tells_its_chain(azure: Azure) -> None:
    """The aliases, the zone, the server, in order (article on private endpoint DNS, the table of a lookup)."""
    await base(azure)
    for step in PLAIN:
        await step(azure)
    found = resolve(azure.emulator.ctx, "SA1.Blob.Core.Windows.Net.", SPOKE)
    zone_id = f"{SPOKE.rsplit('/', 2)[0]}/privateDnsZones/{BLOB}"
    assert (found.code, found.addresses, found.private, found.zone) == ("NOERROR", PRIVATE, True, zone_id)
    assert (found.aliases, found.server) == ((f"sa1.{BLOB}",), "168.63.129.16")
    assert found.steps == (
        "spoke asks Azure's resolver",
        f"public DNS makes {NAME} an alias of sa1.{BLOB}",
        f"the zone {zone_id} leads sa1.{BLOB} to 10.0.1.4",
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("nobody.blob.core.windows.net", "NXDOMAIN", id="no such account"),
        pytest.param(f"sa1.{BLOB}", "NXDOMAIN", id="below privatelink without an endpoint"),
        pytest.param("sa1.file.core.windows.net", "NOERROR", id="another service of the account"),
        pytest.param("sa1.vault.azure.net", "NXDOMAIN", id="the account's name elsewhere"),
    ],
)
async def test_public_names(azure: Azure, name: str, code: str) -> None:
    """What public DNS knows of an account without endpoints."""
    await base(azure)
    assert resolve(azure.emulator.ctx, name, SPOKE).code == code


async def test_an_alias_is_made_service_by_service(azure: Azure) -> None:
    """An endpoint for blob leaves the file name as it was (storage private endpoints, access constraints)."""
    await base(azure)
    await endpoint_in("far")(azure)
    ctx = azure.emulator.ctx
    assert resolve(ctx, NAME, SPOKE).aliases == (f"sa1.{BLOB}",)
    assert resolve(ctx, "sa1.file.core.windows.net", SPOKE).aliases == ()


async def test_every_name_of_a_workspace_and_its_instances(azure: Azure) -> None:
    """API, certificate, notebooks, inference, and an instance, which follows the API (custom DNS article)."""
    await base(azure)
    zones = ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net")
    api, notebooks = ((zone(each), linked("spoke", each)) for each in zones)
    for step in (workspace(), endpoint_in("spoke", WORKSPACE, "amlworkspace"), *api, *notebooks):
        await step(azure)
    ctx = azure.emulator.ctx
    assert reach(ctx, WORKSPACE, "amlworkspace", SPOKE).works is False
    await written(zones[0])(azure)
    half = reach(ctx, WORKSPACE, "amlworkspace", SPOKE)
    assert (half.works, [each.works for each in half.ways]) == (False, [True, True, False, True])
    await written(*zones)(azure)
    whole = reach(ctx, WORKSPACE, "amlworkspace", SPOKE)
    assert (whole.works, whole.private) == (True, True)
    addresses = {each.resolution.name.split(".")[-3]: each.resolution.addresses for each in whole.ways}
    assert addresses == {"api": ("10.0.1.6",), "notebooks": ("10.0.1.5",)}
    for name in ("ci-one.westeurope.instances.azureml.ms", "ci-one-22.westeurope.instances.ml.azure.ms"):
        assert resolve(ctx, name, SPOKE).addresses == ("10.0.1.4",)
    assert resolve(ctx, "ci-one.northeurope.instances.azureml.ms", SPOKE).code == "NXDOMAIN"
    await put(f"{WORKSPACE}/onlineEndpoints/score", {"location": "westeurope", "properties": {"authMode": "Key"}})(
        azure
    )
    assert resolve(ctx, "score.westeurope.inference.ml.azure.com", SPOKE).addresses == ("10.0.1.6",)
    assert resolve(ctx, "score-22.westeurope.inference.ml.azure.com", SPOKE).code == "NXDOMAIN"


async def test_a_vault(azure: Azure) -> None:
    """`vault.azure.net` leads to `privatelink.vaultcore` (zone names table); a rule needs the service endpoint."""
    await base(azure)
    await vault()(azure)
    ctx = azure.emulator.ctx
    await serviced("Microsoft.KeyVault")(azure)
    await closed(VAULT, networkAcls=firewall("work"))(azure)
    public = reach(ctx, VAULT, "vault", SPOKE)
    assert (public.works, public.subnets) == (True, (f"{SPOKE}/subnets/work",))
    assert reach(ctx, VAULT, "vault", SPOKE, f"{SPOKE}/subnets/pe").works is False
    assert reach(ctx, VAULT, "vault", network_id("hub")).works is False
    name = "privatelink.vaultcore.azure.net"
    for step in (endpoint_in("spoke", VAULT, "vault"), zone(name), written(name), linked("spoke", name)):
        await step(azure)
    private = reach(ctx, VAULT, "vault", SPOKE)
    assert (private.works, private.private, private.ways[0].resolution.aliases) == (True, True, (f"kv1.{name}",))


async def test_a_registry_and_its_data_endpoint(azure: Azure) -> None:
    """The data endpoint is a name of its own, needed once there is an endpoint (ACR-DATA-01)."""
    await base(azure)
    await registry()(azure)
    ctx, name = azure.emulator.ctx, "privatelink.azurecr.io"
    assert [each.resolution.name for each in reach(ctx, REGISTRY, "registry", SPOKE).ways] == [
        "registry1.azurecr.io"
    ]
    for step in (endpoint_in("spoke", REGISTRY, "registry"), zone(name), linked("spoke", name)):
        await step(azure)
    await record("registry1", "10.0.1.5", zone_name=name)(azure)
    half = reach(ctx, REGISTRY, "registry", SPOKE)
    assert {each.resolution.name: each.works for each in half.ways} == {
        "registry1.westeurope.data.azurecr.io": False,
        "registry1.azurecr.io": True,
    }
    await written(name)(azure)
    assert reach(ctx, REGISTRY, "registry", SPOKE).works is True


async def test_a_small_registry_has_its_public_name(azure: Azure) -> None:
    """A Basic registry takes no endpoints and is reached in public."""
    await base(azure)
    await registry("Basic")(azure)
    assert reach(azure.emulator.ctx, REGISTRY, "registry", SPOKE).works is True


async def test_selected_addresses_let_no_network_in(azure: Azure) -> None:
    """A workspace with an address list answers those addresses, and no network's own (WS-IPALLOW-01)."""
    await base(azure)
    await workspace()(azure)
    ctx = azure.emulator.ctx
    assert reach(ctx, WORKSPACE, "amlworkspace", SPOKE).works is True
    body = {"properties": {"ipAllowlist": ["20.1.2.3"]}}
    await azure.call("PATCH", WORKSPACE, body, version="2024-10-01-preview")
    azure.advance()
    found = reach(ctx, WORKSPACE, "amlworkspace", SPOKE)
    assert (found.works, "selected public addresses only" in found.why) == (False, True)


async def test_the_control_endpoints(azure: Azure) -> None:
    """The same over HTTP; what is missing or not there is said."""
    await base(azure)
    for step in PLAIN:
        await step(azure)
    found = await azure.control("GET", f"resolve?name={NAME}&network={SPOKE}")
    assert (found["code"], found["addresses"], found["aliases"]) == ("NOERROR", ["10.0.1.4"], [f"sa1.{BLOB}"])
    reached = await azure.control("GET", f"reach?resource={STORAGE}&group=blob&network={SPOKE}")
    assert (reached["works"], reached["private"], len(reached["ways"])) == (True, True, 1)
    assert reached["ways"][0]["endpoint"].endswith("/privateEndpoints/p")
    for asked, words in (
        (f"resolve?name={NAME}", "lacks network"),
        (f"resolve?name={NAME}&network={SPOKE}x", "no virtual network"),
        (f"reach?resource={STORAGE}&group=vault&network={SPOKE}", "has no group 'vault'"),
        (f"reach?resource={STORAGE}x&group=blob&network={SPOKE}", "no service"),
        (f"reach?resource={STORAGE}&group=blob&network={SPOKE}&subnet={SPOKE}/subnets/x", "no subnet"),
    ):
        assert words in (await azure.control("GET", asked))["error"]["message"]
