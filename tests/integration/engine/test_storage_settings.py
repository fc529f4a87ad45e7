"""Anonymous readers and trusted services of accounts: as the spec says, and never with the workspace out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.driving import Driver, drive
from tests.integration.engine import alice
from tests.integration.engine.calls import last, names, writes

if TYPE_CHECKING:
    from tests.integration.driving import World

    from arm_emulator.changes import Change

NARROW: dict[str, Any] = {"storage": {"anonymousAccess": "Disable", "trustedAccess": "WorkspaceOnly"}}


def shown(world: World) -> tuple[bool, str, int]:
    """Whether anybody may read anonymously, which services pass, and how many resources by a rule of their own."""
    properties = alice.shown(world, alice.STORAGE)["properties"]
    acls = properties["networkAcls"]
    return properties["allowBlobPublicAccess"], acls["bypass"], len(acls.get("resourceAccessRules") or ())


@pytest.fixture
async def narrow(world: World) -> Driver:
    """Only the workspace passes, and nobody reads anonymously."""
    await alice.patches(world, alice.STORAGE, {"properties": {"allowBlobPublicAccess": True}})
    driver = drive(world, world.spec(**NARROW))
    await driver.settle()
    assert driver.condition("Ready")["status"] == "True"
    return driver


async def test_the_workspace_passes_at_every_moment(world: World) -> None:
    """Its rule is there before trusted services are shut out."""
    seen: list[bool] = []

    def observe(change: Change) -> None:
        acls = (change.after or {}).get("properties", {}).get("networkAcls")
        if change.id.type == alice.STORAGE and acls:
            seen.append("AzureServices" in acls["bypass"] or bool(acls.get("resourceAccessRules")))

    world.emulator.ctx.changes.listeners.append(observe)
    driver = drive(world, world.spec(**NARROW))
    await driver.settle()
    assert (driver.condition("Ready")["status"], set(seen)) == ("True", {True})
    assert shown(world) == (False, "None", 1)


@pytest.mark.parametrize(
    "changed",
    [{"allowBlobPublicAccess": True}, {"networkAcls": {"bypass": "AzureServices"}}],
    ids=["anonymous readers", "trusted services"],
)
async def test_what_somebody_opens_is_closed_again(world: World, narrow: Driver, changed: dict[str, Any]) -> None:
    """And told as drift."""
    acls = alice.shown(world, alice.STORAGE)["properties"]["networkAcls"]
    properties = {
        **changed,
        **({"networkAcls": {**acls, **changed["networkAcls"]}} if "networkAcls" in changed else {}),
    }
    await alice.patches(world, alice.STORAGE, {"properties": properties})
    before = last(world)
    await narrow.resync()
    assert len(names(writes(world, before))) == 1
    assert (shown(world), narrow.condition("InSync")["status"]) == ((False, "None", 1), "True")


async def test_what_the_spec_asks_for_no_more_opens_nothing(world: World, narrow: Driver) -> None:
    """Nobody reads anonymously again, and the rule with which the workspace passes stays."""
    narrow.edit(world.spec())
    before = last(world)
    await narrow.settle()
    assert (names(writes(world, before)), shown(world)) == ([], (False, "None", 1))
    assert narrow.condition("Ready")["status"] == "True"
