"""Load balancers, and who uses a public address; witness: recording Test_Networking_LoadBalancer_20240301_CRUD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import REGION, refusal
from .landscape import NETWORK, full, network

if TYPE_CHECKING:
    from .client import Client

ADDRESS = "Microsoft.Network/publicIPAddresses/way-in"
BALANCER = "Microsoft.Network/loadBalancers/front"
FRONTEND = f"{BALANCER}/frontendIPConfigurations/outside"
RULE = f"{BALANCER}/inboundNatRules/ssh"


def address_body() -> dict[str, Any]:
    """A static address."""
    return {
        "location": REGION,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static"},
    }


def balancer_body(frontend: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """A balancer with one frontend."""
    rows = [{"name": "outside", "properties": frontend}]
    return {
        "location": REGION,
        "sku": {"name": "Standard"},
        "properties": {"frontendIPConfigurations": rows, **properties},
    }


def rule_body(frontend: str = FRONTEND) -> dict[str, Any]:
    """An inbound rule."""
    return {
        "properties": {"frontendIPConfiguration": {"id": full(frontend)}, "frontendPort": 28, "backendPort": 22}
    }


async def test_a_balancer_is_finished_when_it_is_answered(azure: Client) -> None:
    """201 Succeeded, with a status URL that has ended and no Retry-After; an inbound rule likewise."""
    await azure.made(ADDRESS, address_body())
    for place, body in (
        (BALANCER, balancer_body({"publicIPAddress": {"id": full(ADDRESS)}})),
        (RULE, rule_body()),
    ):
        created = await azure.put(place, body)
        assert (created.status, created.body["properties"]["provisioningState"]) == (201, "Succeeded")
        assert "retry-after" not in created.headers
        assert (await azure.get(created.headers["azure-asyncoperation"])).body == {"status": "Succeeded"}


async def test_parts_know_each_other(azure: Client) -> None:
    """The frontend lists its rules, the address its frontend; one tag for all."""
    await azure.made(ADDRESS, address_body())
    await azure.made(BALANCER, balancer_body({"publicIPAddress": {"id": full(ADDRESS)}}))
    await azure.made(RULE, rule_body())
    body = (await azure.get(BALANCER)).body
    (frontend,) = body["properties"]["frontendIPConfigurations"]
    assert frontend["properties"]["inboundNatRules"] == [{"id": full(RULE)}]
    assert {body["etag"], frontend["etag"]} == {(await azure.get(RULE)).body["etag"]}
    assert (await azure.get(ADDRESS)).body["properties"]["ipConfiguration"] == {"id": full(FRONTEND)}
    assert refusal(await azure.delete(ADDRESS)) == (400, "PublicIPAddressCannotBeDeleted")


async def test_a_rule_names_a_frontend_that_is_there(azure: Client) -> None:
    """InvalidResourceReference, as for every reference of the network provider."""
    await azure.made(ADDRESS, address_body())
    await azure.made(BALANCER, balancer_body({"publicIPAddress": {"id": full(ADDRESS)}}))
    other = f"{BALANCER}/frontendIPConfigurations/none"
    assert refusal(await azure.put(RULE, rule_body(other))) == (400, "InvalidResourceReference")


async def test_an_inner_frontend_takes_an_address(azure: Client) -> None:
    """The lowest free one of its subnet, kept over updates; the next balancer gets another."""
    await network(azure, inside={})
    subnet = {"subnet": {"id": full(f"{NETWORK}/subnets/inside")}}
    for _ in range(2):
        made = await azure.made(BALANCER, balancer_body(subnet))
        (frontend,) = made["properties"]["frontendIPConfigurations"]
        assert frontend["properties"]["privateIPAddress"].endswith(".4")
    other = await azure.made(f"{BALANCER}2", balancer_body(subnet))
    assert other["properties"]["frontendIPConfigurations"][0]["properties"]["privateIPAddress"].endswith(".5")
