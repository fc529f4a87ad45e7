"""What every test here is watched for is seen when the operator is broken: each row takes a guard away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.integration.driving import SUBSCRIPTION, World, drive
from tests.integration.engine import alice
from tests.integration.engine.test_exposed import MISTYPED, denies_endpoints, look_for, opens
from tests.integration.engine.test_records_of_others import BLOBS, zone

from secureml_reconcilers.engine import conditions, evaluation, exposure
from secureml_reconcilers.isolation import closing, zone_links
from secureml_sandbox import landscape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from secureml_reconcilers.azure.problem import AzureProblem


def open_gates(*_: Any) -> bool:  # noqa: ANN401 - whatever the guard takes
    """Let everything through at once."""
    return True


def no_gates(*_: Any, **__: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    """Ask for nothing, see nothing."""
    return ()


def the_part_fails(*_: Any, problem: AzureProblem, **__: Any) -> None:  # noqa: ANN401 - as above
    """Let the whole part fail with what cannot be told.

    Raises:
        AzureProblem: always.
    """
    raise problem


def soothes(*_: Any) -> str:  # noqa: ANN401 - as above
    """Say what the first version said."""
    return ". You need do nothing: it is put right."


# -- the estates --------------------------------------------------------------------------------------


async def plain(_: World) -> None:
    """The landscape as it is."""


async def asks_a_server_of_its_own(world: World) -> None:
    """F1: the network asks a DNS server of which nobody knows what it answers."""
    await alice.rewrites(world, alice.NETWORK, "ml-vnet", {"dhcpOptions": {"dnsServers": ["10.0.0.4"]}})


async def a_zone_leads_away(world: World) -> None:
    """A zone of the group leads to an account that nobody declared, by an endpoint out of the network's reach."""
    far = landscape.network_id(SUBSCRIPTION).replace("ml-vnet", "far")
    subnet = {"name": "ends", "properties": {"addressPrefix": "10.60.0.0/24"}}
    space = {"addressSpace": {"addressPrefixes": ["10.60.0.0/16"]}, "subnets": [subnet]}
    await alice.creates(world, far, landscape.NETWORK, location="westeurope", properties=space)
    account = alice.one(world, alice.STORAGE).rsplit("/", 1)[0] + "/saleslake"
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
    await alice.creates(world, account, landscape.STORAGE, **body)
    connection = {"name": "sales", "properties": {"privateLinkServiceId": account, "groupIds": ["blob"]}}
    endpoint = far.replace("virtualNetworks/far", "privateEndpoints/sales")
    leads = {"subnet": {"id": f"{far}/subnets/ends"}, "privateLinkServiceConnections": [connection]}
    await alice.creates(world, endpoint, landscape.NETWORK, location="westeurope", properties=leads)
    await alice.creates(world, zone(world, BLOBS), alice.DNS, location="global")
    record = {"ttl": 300, "aRecords": [{"ipv4Address": "10.60.0.4"}]}
    await alice.creates(world, f"{zone(world, BLOBS)}/A/saleslake", alice.DNS, properties=record)


# -- what breaks --------------------------------------------------------------------------------------

CLIENTS: Final = {
    "network": {"endpointSubnetID": landscape.subnet_id(SUBSCRIPTION), "clientNetworkIDs": [MISTYPED]}
}
NOWHERE: Final = {"network": {"endpointSubnetID": landscape.subnet_id(SUBSCRIPTION, "nowhere")}}

CUT_OFF = [
    pytest.param((evaluation._Assessor, "lets_pass", open_gates), plain, id="closings wait for nothing"),
    pytest.param(
        (zone_links, "servers_shown", no_gates), asks_a_server_of_its_own, id="nobody looks whom a network asks"
    ),
    pytest.param((zone_links, "_usable", no_gates), a_zone_leads_away, id="nobody looks what a zone answers"),
]

SILENCE = [
    pytest.param((exposure, "exposures", no_gates), CLIENTS, "in silence", id="nothing is an exposure"),
    pytest.param((closing, "Check", the_part_fails), NOWHERE, "in silence", id="a part fails as a whole"),
    pytest.param((conditions, "_why_open", soothes), CLIENTS, "it is said", id="it is said that all is well"),
]


async def until_it_rests(world: World, **spec: Any) -> None:  # noqa: ANN401 - JSON
    """A resource is made, and looked after for an hour."""
    await look_for(drive(world, world.spec(**spec)), timedelta(hours=1))


@pytest.mark.parametrize(("broken", "estate"), CUT_OFF)
async def test_who_is_cut_off_is_seen(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    broken: tuple[Any, ...],
    estate: Callable[[World], Awaitable[None]],
) -> None:
    """With the guard in place nobody is."""
    await estate(world)
    monkeypatch.setattr(*broken)
    with pytest.raises(AssertionError, match="cut off"):
        await until_it_rests(world)


@pytest.mark.parametrize("estate", [asks_a_server_of_its_own, a_zone_leads_away])
async def test_with_the_guards_in_place_nobody_is_cut_off(
    world: World, estate: Callable[[World], Awaitable[None]]
) -> None:
    """The very estates, or a row above would prove nothing."""
    await estate(world)
    await until_it_rests(world)


@pytest.mark.parametrize(("broken", "spec", "seen"), SILENCE)
async def test_what_is_open_in_silence_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch, broken: tuple[Any, ...], spec: Mapping[str, Any], seen: str
) -> None:
    """Each spec has a mistake that keeps services open, which is told as long as the guard is in place."""
    monkeypatch.setattr(*broken)
    with pytest.raises(AssertionError, match=seen):
        await until_it_rests(world, **spec)


@pytest.mark.parametrize("spec", [CLIENTS, NOWHERE])
async def test_with_the_guards_in_place_nothing_is_open_in_silence(world: World, spec: Mapping[str, Any]) -> None:
    """As above."""
    await until_it_rests(world, **spec)


async def test_what_was_closed_and_is_opened_may_not_stay_so_in_silence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had the private way, lost it and may not have it again: the half hour after it was opened is too long."""
    driver = drive(world, world.spec())
    await driver.settle()
    await denies_endpoints(world)
    await alice.deletes(world, alice.ENDPOINT, "-blob-")
    await opens(world, alice.STORAGE)
    monkeypatch.setattr(exposure, "exposures", no_gates)
    with pytest.raises(AssertionError, match="in silence"):
        await look_for(driver, timedelta(hours=1))
