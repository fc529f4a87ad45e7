"""What companies have before the operator comes, one function for each: how Alice set it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.integration.driving import SUBSCRIPTION, TENANT
from tests.integration.engine import alice
from tests.integration.engine.test_problems import POLICY

from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeAlias

    from tests.integration.driving import World

    Act: TypeAlias = Callable[[World], Awaitable[None]]

PRIVATE: Final = "privatelink."
NAMES: Final = (
    "api.azureml.ms",
    "notebooks.azure.net",
    "blob.core.windows.net",
    "file.core.windows.net",
    "vaultcore.azure.net",
    "azurecr.io",
)
"""The zones of a workspace with its default parts, without what they all begin with."""

GROUPS: Final = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
HOME: Final = landscape.network_id(SUBSCRIPTION)
SUBNET: Final = landscape.subnet_id(SUBSCRIPTION)
TRAINING: Final = landscape.subnet_id(SUBSCRIPTION, "training")


def network(name: str) -> str:
    """The id of a network beside the landscape's own."""
    return HOME.replace("ml-vnet", name)


def zone(name: str, group: str = "network") -> str:
    """The id of a zone."""
    return f"{GROUPS}/{group}/providers/{alice.ZONE}/{PRIVATE}{name}"


def all_of(*acts: Act) -> Act:
    """She does one thing after the other."""

    async def act(world: World) -> None:
        for each in acts:
            await each(world)
        world.emulator.clock.advance(600)

    return act


# -- networks -----------------------------------------------------------------------------------------


def has_network(name: str, number: int, **properties: Any) -> Act:  # noqa: ANN401 - JSON
    """A further network, 10.<number>.0.0/16."""

    async def act(world: World) -> None:
        subnet = {"name": "endpoints", "properties": {"addressPrefix": f"10.{number}.0.0/24"}}
        space = {"addressSpace": {"addressPrefixes": [f"10.{number}.0.0/16"]}, "subnets": [subnet]}
        body = {**space, **properties}
        await alice.creates(world, network(name), landscape.NETWORK, location="westeurope", properties=body)

    return act


def peered(one: str, other: str, *, back: bool = True, **properties: Any) -> Act:  # noqa: ANN401 - JSON
    """Two networks are peered, or one side only."""

    async def act(world: World) -> None:
        await alice.peers(world, one, other, **properties)
        if back:
            await alice.peers(world, other, one)

    return act


def asks(*servers: str) -> Act:
    """The landscape's network asks DNS servers of its own."""

    async def act(world: World) -> None:
        await alice.rewrites(world, alice.NETWORK, "ml-vnet", {"dhcpOptions": {"dnsServers": list(servers)}})

    return act


def has_subnet(name: str, **properties: Any) -> Act:  # noqa: ANN401 - JSON
    """A subnet is made or changed."""

    async def act(world: World) -> None:
        target = landscape.subnet_id(SUBSCRIPTION, name)
        await alice.creates(world, target, landscape.NETWORK, properties=properties)

    return act


# -- names --------------------------------------------------------------------------------------------


def has_group(name: str) -> Act:
    """A further resource group."""

    async def act(world: World) -> None:
        await alice.creates(world, f"{GROUPS}/{name}", landscape.GROUPS, location="westeurope")

    return act


def has_zones(group: str, *names: str, linked: str = "", policy: str = "") -> Act:
    """Zones of others, linked to a network or to none."""

    async def act(world: World) -> None:
        for name in names:
            await alice.creates(world, zone(name, group), alice.DNS, location="global")
            if linked:
                leads = {"virtualNetwork": {"id": network(linked)}, "registrationEnabled": False}
                more = {"resolutionPolicy": policy} if policy else {}
                link = f"{zone(name, group)}/virtualNetworkLinks/of-the-hub"
                await alice.creates(world, link, alice.DNS, location="global", properties={**leads, **more})

    return act


def has_record(name: str, record: str, address: str) -> Act:
    """A record of others; an empty name stands for that of the workspace's account."""

    async def act(world: World) -> None:
        label = record or alice.one(world, alice.STORAGE).rsplit("/", 1)[1]
        properties = {"ttl": 300, "aRecords": [{"ipv4Address": address}]}
        await alice.creates(world, f"{zone(name)}/A/{label}", alice.DNS, properties=properties)

    return act


# -- services -----------------------------------------------------------------------------------------


def is_set(which: str, **body: Any) -> Act:  # noqa: ANN401 - JSON
    """Somebody has changed a service."""

    async def act(world: World) -> None:
        await alice.patches(world, which, body)

    return act


async def vault_is_gone(world: World) -> None:
    """Somebody has deleted the vault."""
    await alice.deletes(world, alice.VAULT)


async def workspace_is_gone(world: World) -> None:
    """Somebody has deleted the workspace, and Azure keeps its name."""
    await alice.deletes(world, alice.WORKSPACE)


async def has_no_registry(world: World) -> None:
    """The workspace never needed one."""
    found = world.emulator.ctx.find(alice.one(world, alice.WORKSPACE))
    assert found is not None
    world.emulator.ctx.set_properties(found, containerRegistry=None)


async def has_a_sister(world: World) -> None:
    """Another workspace, which nobody declares, uses the same registry from the same network."""
    registry = alice.one(world, alice.REGISTRY)
    for item in landscape.landscape(SUBSCRIPTION, TENANT, ("churn",)):
        if "/resourceGroups/ml/" in item.id and "/registries/" not in item.id:
            body = dict(item.body)
            if "/workspaces/" in item.id:
                body["properties"] = {**body["properties"], "containerRegistry": registry}
            await alice.creates(world, item.id, item.api_version, **body)


def has_account(name: str, **properties: Any) -> Act:  # noqa: ANN401 - JSON
    """A further storage account."""

    async def act(world: World) -> None:
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        await alice.creates(world, account(name), landscape.STORAGE, **body, properties=properties)

    return act


def account(name: str) -> str:
    """The id of a further storage account."""
    return f"{GROUPS}/ml/providers/{alice.STORAGE}/{name}"


def has_endpoint(kind: str, group: str, *, manual: bool = False) -> Act:
    """An endpoint of somebody's leads to a service; a manual one waits for its owner."""

    async def act(world: World) -> None:
        asked = {"privateLinkServiceId": alice.one(world, kind), "groupIds": [group]}
        named = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
        properties = {"subnet": {"id": TRAINING}, named: [{"name": "theirs", "properties": asked}]}
        target = HOME.replace("virtualNetworks/ml-vnet", "privateEndpoints/theirs")
        await alice.creates(world, target, landscape.NETWORK, location="westeurope", properties=properties)

    return act


def has_zone_group(name: str) -> Act:
    """That endpoint writes its names into a zone."""

    async def act(world: World) -> None:
        config = {"name": "default", "properties": {"privateDnsZoneId": zone(name)}}
        target = HOME.replace("virtualNetworks/ml-vnet", "privateEndpoints/theirs/privateDnsZoneGroups/default")
        properties = {"privateDnsZoneConfigs": [config]}
        await alice.creates(world, target, landscape.NETWORK, properties=properties)

    return act


def judged(kind: str, status: str) -> Act:
    """The owner of a service has judged that endpoint."""

    async def act(world: World) -> None:
        await alice.judges(world, kind, "theirs", status)

    return act


async def has_a_cluster(world: World) -> None:
    """A cluster without a subnet."""
    target = f"{alice.one(world, alice.WORKSPACE)}/computes/nightly"
    inside = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", "subnet": None}}
    await alice.creates(world, target, landscape.WORKSPACES, location="westeurope", properties=inside)


# -- who may what -------------------------------------------------------------------------------------


def denied(kind: str, **rule: str) -> Act:
    """A policy denies what matches."""

    async def act(world: World) -> None:
        properties = {"displayName": "House rules", "emulatorDeny": {"type": kind.lower(), **rule}}
        await alice.creates(world, POLICY, "2025-03-01", properties=properties)

    return act


def locked(kind: str, level: str) -> Act:
    """A lock on a service."""

    async def act(world: World) -> None:
        await alice.locks(world, alice.one(world, kind), level)

    return act


def forbidden(*actions: str) -> Act:
    """The operator lacks rights."""

    async def act(world: World) -> None:
        alice.forbids(world, *actions)

    return act


def clients(*names: str) -> Mapping[str, Any]:
    """The network section of a spec with further networks."""
    return {"network": {"endpointSubnetID": SUBNET, "clientNetworkIDs": [network(each) for each in names]}}
