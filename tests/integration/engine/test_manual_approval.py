"""A service whose keeper approves connections: asked for, waited for, and only then closed."""

from __future__ import annotations

import pytest
from tests.integration.driving import World, drive
from tests.integration.engine import alice
from tests.integration.engine.calls import writes

KINDS = (alice.WORKSPACE, alice.STORAGE, alice.VAULT, alice.REGISTRY)
CONNECTIONS = "privateEndpointConnections"
MANUAL = {"connection": "Manual", "requestMessage": "Ticket 4711"}


def _closed(world: World) -> set[str]:
    """The services that no longer answer the internet."""
    return {
        kind for kind in KINDS if alice.shown(world, kind)["properties"].get("publicNetworkAccess") == "Disabled"
    }


async def test_what_somebody_else_approves_is_asked_for_and_waited_for(world: World) -> None:
    """Nothing is approved by us or closed before; the condition names the command, and following it is enough."""
    driver = drive(world, world.spec(endpoints=MANUAL))
    with pytest.raises(TimeoutError):
        await driver.settle()
    told = driver.condition("PrivateLinkReady")
    assert told["reason"] == "PrivateEndpointPending"
    asked = [(kind, each.id) for kind in KINDS for each in world.emulator.ctx.of_type(f"{kind}/{CONNECTIONS}")]
    assert any(
        f"az network private-endpoint-connection approve --id {target.text}" in told["message"]
        for _, target in asked
    )
    assert _closed(world) == set()
    assert [each for each in writes(world) if CONNECTIONS.lower() in each.target] == []
    for kind, target in asked:
        await alice.judges(world, kind, target.name.lower(), "Approved")
    await driver.resync()
    assert driver.condition("Ready")["status"] == "True"
    assert _closed(world) == set(KINDS)
